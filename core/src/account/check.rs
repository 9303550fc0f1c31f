//! Tokens that came, until it is known who approved.

use std::sync::Arc;

use super::claims::Claims;
use super::{Expected, TakeBack, Verdict, id_token, secrets, userinfo};
use crate::error::{Code, Error};
use crate::flow::{Now, Reason, Request, Response};
use crate::grant::Grant;
use crate::tokens::Tokens;
use crate::wire::dialect::Dialect;
use crate::wire::failure;

/// All of the asking. With the poll before it and the revocation behind it, it ends within the
/// lease of a sign-in that is kept (45 s).
const LONGEST_MS: u64 = 15_000;
const TIMEOUT_MS: u64 = 10_000;

/// Tokens that nobody gets before it is known who approved.
#[derive(Debug)]
pub(crate) struct Check {
    grant: Arc<Grant>,
    expected: Expected,
    tokens: Box<Tokens>,
    /// Of the ID token, where there was one.
    claims: Option<Claims>,
    attempt: u8,
    /// By the steady clock.
    ends: u64,
    /// Nothing is sent before.
    pub(crate) until: u64,
}

/// What comes next.
#[derive(Debug)]
pub(crate) enum Found {
    /// The tokens are the expected account's, or nobody's in particular was expected.
    Right(Box<Tokens>),
    /// The userinfo endpoint has to be asked.
    Ask(Box<Check>, Request),
    /// And again after a pause.
    Pause(Box<Check>),
    /// They are another's, or nobody knows whose.
    Wrong(Box<TakeBack>),
}

impl Check {
    /// Judges tokens that came just now.
    pub(crate) fn begin(grant: &Arc<Grant>, mut tokens: Box<Tokens>, now: Now) -> Found {
        let id_token = tokens.id_token.as_ref();
        let read = id_token.map(|token| id_token::read(token, grant, Some(now)));
        let Some(expected) = grant.expected.clone() else {
            // What cannot be believed is not kept as anybody's name.
            tokens.sub = read.and_then(Result::ok).map(|claims| claims.sub);
            return Found::Right(tokens);
        };
        let check = Self {
            grant: Arc::clone(grant),
            expected,
            tokens,
            claims: None,
            attempt: 0,
            ends: now.steady_ms.saturating_add(LONGEST_MS),
            until: 0,
        };
        match read {
            None => check.ask(now),
            Some(Err(why)) => check.unknown(format!("the ID token {why}")),
            Some(Ok(claims)) => {
                let last = check.grant.endpoints.userinfo.is_none();
                check.judge(claims, last, now)
            }
        }
    }

    fn judge(mut self, claims: Claims, last: bool, now: Now) -> Found {
        match self.expected.judge(&claims, last) {
            Verdict::Right => {
                self.tokens.sub = Some(claims.sub);
                Found::Right(self.tokens)
            }
            Verdict::Other => {
                let who = claims.describe(&secrets(&self.grant, &self.tokens));
                let expected = self.expected.describe();
                let message = format!("the account {expected} was expected, and {who} approved");
                self.wrong(Error::new(Code::WrongAccount, message))
            }
            Verdict::Unsaid if last => {
                let who = claims.describe(&secrets(&self.grant, &self.tokens));
                let what = if self.expected.is_email() {
                    "no e-mail address: ask for the scope email"
                } else {
                    "no preferred_username: ask for the scope profile"
                };
                self.unknown(format!(
                    "the server names {who} as who approved, and {what}"
                ))
            }
            Verdict::Unsaid => {
                self.claims = Some(claims);
                self.ask(now)
            }
        }
    }

    /// Asks the userinfo endpoint, the first time or once more.
    pub(crate) fn ask(self, now: Now) -> Found {
        let Some(url) = self.grant.endpoints.userinfo.clone() else {
            let message = "the server sent no ID token and has no userinfo endpoint";
            return self.unknown(message.to_owned());
        };
        let left = self.ends.saturating_sub(now.steady_ms).clamp(1, TIMEOUT_MS);
        let left = u32::try_from(left).unwrap_or(u32::MAX);
        let request = userinfo::request(&url, &self.tokens.access_token, left);
        Found::Ask(Box::new(self), request)
    }

    pub(crate) fn answered(mut self, now: Now, response: &Response) -> Found {
        let dialect = Dialect::default();
        if !(200..400).contains(&response.status) {
            let secrets = secrets(&self.grant, &self.tokens);
            let asked = "userinfo endpoint";
            let error = failure::final_error(response, &dialect, &secrets, asked);
            if failure::is_passing(response, &dialect) {
                return self.again(now, Some(response), error);
            }
            return self.unknown(error.message().to_owned());
        }
        let said = match userinfo::read(response) {
            Ok(said) => said,
            Err(why) => return self.unknown(format!("the userinfo endpoint {why}")),
        };
        match self.claims.take() {
            // Core §5.3.2: then its answer must not be used.
            Some(claims) if claims.sub != said.sub => {
                self.unknown("the userinfo endpoint names another sub than the ID token".to_owned())
            }
            Some(claims) => self.judge(claims.or(said), true, now),
            None => self.judge(said, true, now),
        }
    }

    pub(crate) fn unreachable(self, now: Now, reason: Reason) -> Found {
        let message = "the userinfo endpoint could not be reached";
        let error = Error::new(reason.code(), message);
        match reason {
            Reason::Tls(_) => self.wrong(error),
            _ => self.again(now, None, error),
        }
    }

    /// The code is spent and the tokens are here, so a server that stumbles is asked again.
    fn again(mut self, now: Now, response: Option<&Response>, error: Error) -> Found {
        let pause = failure::pause(self.attempt, response, now);
        let until = pause.map(|pause| now.steady_ms.saturating_add(pause));
        match until.filter(|until| until.saturating_add(1000) <= self.ends) {
            Some(until) => {
                self.attempt += 1;
                self.until = until;
                Found::Pause(Box::new(self))
            }
            None => self.wrong(error),
        }
    }

    fn unknown(self, message: String) -> Found {
        self.wrong(Error::new(Code::AccountUnknown, message))
    }

    fn wrong(self, error: Error) -> Found {
        Found::Wrong(Box::new(TakeBack::new(self.grant, &self.tokens, error)))
    }
}
