//! Tokens that nobody may have, until the server took them back (RFC 7009) or could not.

use std::sync::Arc;

use crate::error::{Code, Error};
use crate::flow::{Request, Response};
use crate::grant::Grant;
use crate::secret::Secret;
use crate::tokens::Tokens;
use crate::wire::answer::Answer;
use crate::wire::{body, words};

/// Somebody waits for the error behind it.
const TIMEOUT_MS: u32 = 5_000;

/// The revocation of tokens that came for the wrong account.
#[derive(Debug)]
pub(crate) struct TakeBack {
    grant: Arc<Grant>,
    left: Vec<(&'static str, Secret)>,
    failed: bool,
    error: Error,
}

impl TakeBack {
    pub(super) fn new(grant: Arc<Grant>, tokens: &Tokens, error: Error) -> Self {
        // The last is asked first: with the refresh token most servers end the access token too.
        let mut left = vec![("access_token", tokens.access_token.clone())];
        let refresh_token = tokens.refresh_token.clone();
        left.extend(refresh_token.map(|token| ("refresh_token", token)));
        Self {
            failed: grant.endpoints.revocation.is_none(),
            grant,
            left,
            error,
        }
    }

    /// True where somebody else approved than was expected.
    pub(crate) fn is_of_another(&self) -> bool {
        self.error.code() == Code::WrongAccount
    }

    /// The next request; none when all is done, or nothing can be.
    pub(crate) fn next(&mut self) -> Option<Request> {
        let url = self.grant.endpoints.revocation.as_deref()?;
        let (hint, token) = self.left.pop()?;
        let mut request = body::revocation(url, &self.grant, hint, &token);
        request.timeout_ms = TIMEOUT_MS;
        // Whoever gave up must not leave a token behind that works.
        request.must_finish = true;
        Some(request)
    }

    /// RFC 7009 §2.2. True where the server took the token back.
    pub(crate) fn answered(&mut self, response: &Response) -> bool {
        if (200..300).contains(&response.status) {
            return true;
        }
        let answer = Answer::parse(response.body.expose());
        let said = words::error(&self.grant.dialect, response.status, answer.as_ref());
        // §2.2.1: this kind of token it does not revoke; the other one it does.
        self.failed |= said.is_none_or(|said| said.word != "unsupported_token_type");
        false
    }

    pub(crate) fn unreachable(&mut self) {
        self.failed = true;
    }

    /// Why they were taken back, and whether.
    pub(crate) fn end(self) -> Error {
        if self.failed {
            let more = "; nothing was kept, but the server did not take the tokens back, so that they live until they expire";
            return self.error.and(more);
        }
        self.error
            .and("; nothing was kept, and the server took the tokens back")
    }
}
