//! One exchange of a refresh token: the request, and what its answer means (RFC 6749 §6).

use std::sync::Arc;

use crate::account;
use crate::error::{Code, Error};
use crate::flow::{Now, Reason, Request, Response};
use crate::login::Record;
use crate::secret::Secret;
use crate::tokens::Tokens;
use crate::wire::answer::Answer;
use crate::wire::dialect::{self, SCOPES, USER_CODE, names};
use crate::wire::secrets::Secrets;
use crate::wire::words::{self, Meaning};
use crate::wire::{body, failure, retry_after};

/// After a failure that may pass, nobody tries again for so long, unless the server asks for more.
const REST_MS: u64 = 10_000;
/// A server that asks for more than this is asked again all the same.
const LONGEST_REST_MS: u64 = 900_000;
/// After a refusal: a person has to change something first.
const REFUSED_REST_MS: u64 = 300_000;

/// Words by which a server asks for the person, who has done nothing wrong (OpenID Connect Core
/// §3.1.2.6). The refresh token may well live on.
const PERSON: [&str; 3] = ["interaction_required", "login_required", "consent_required"];

/// What an answer leads to.
#[derive(Debug)]
pub(super) enum Outcome {
    Tokens(Box<Tokens>),
    /// The server says of the refresh token itself that it is no good.
    Gone(Error),
    /// It did not work this time; `rest_ms` is how long nobody should try again.
    Failed {
        error: Error,
        rest_ms: u64,
        passing: bool,
    },
}

/// The request; none where there is nothing to exchange.
pub(super) fn request(record: &Record, timeout_ms: u32) -> Option<Request> {
    let grant = &*record.grant;
    let refresh_token = record.tokens.refresh_token.as_ref()?;
    let mut params = vec![
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh_token.expose()),
    ];
    if let Some(resource) = &grant.resource {
        params.push(("resource", resource));
    }
    let scope = grant.scopes.join(" ");
    for (name, value) in &grant.dialect.token_params {
        // What belongs to a device code has no place here.
        if value.as_str() != USER_CODE {
            let value = if value == SCOPES { &scope } else { value };
            params.push((name, value));
        }
    }
    let url = Arc::clone(&grant.endpoints.token);
    let client = &grant.client;
    let mut request = body::post(url, &grant.dialect, client, client.auth, &params);
    request.timeout_ms = request.timeout_ms.min(timeout_ms);
    request.must_finish = true;
    Some(request)
}

/// No whole answer. It may have been issued all the same, so nothing is concluded from it.
pub(super) fn unreachable(reason: Reason) -> Outcome {
    let error = Error::new(reason.code(), "the token endpoint could not be reached");
    Outcome::Failed {
        error,
        rest_ms: REST_MS,
        passing: !matches!(reason, Reason::Tls(_)),
    }
}

/// Judges the answer to a request that was sent at `sent`.
pub(super) fn judge(record: &Record, sent: Now, now: Now, response: &Response) -> Outcome {
    let refused = |error| Outcome::Failed {
        error,
        rest_ms: REFUSED_REST_MS,
        passing: false,
    };
    if let Err(error) = failure::refuse_shape(response) {
        return refused(error);
    }
    let grant = &record.grant;
    let answer = Answer::parse(response.body.expose());
    let said = words::error(&grant.dialect, response.status, answer.as_ref());
    if let (None, Some(answer), 200..300) = (&said, &answer, response.status)
        && answer
            .get(&names(&grant.dialect, dialect::ACCESS_TOKEN))
            .is_some()
    {
        return match Tokens::read(answer, grant, sent) {
            Err(error) => refused(error),
            // The token that is kept stays: it is of the person who signed in.
            Ok(tokens) => account::still_the_same(record, &tokens).map_or_else(refused, |()| {
                let tokens = renewed(&record.tokens, tokens, answer, grant);
                Outcome::Tokens(Box::new(tokens))
            }),
        };
    }
    let own = [
        record.tokens.refresh_token.as_ref(),
        Some(&record.tokens.access_token),
    ];
    let secrets = Secrets::new(grant, &own, answer.as_ref());
    if failure::is_passing(response, &grant.dialect) {
        let asked = response.header("retry-after");
        let asked = asked.and_then(|value| retry_after::parse(value, now.wall_ms));
        return Outcome::Failed {
            error: failure::final_error(response, &grant.dialect, &secrets, "token endpoint"),
            rest_ms: asked.unwrap_or(0).clamp(REST_MS, LONGEST_REST_MS),
            passing: true,
        };
    }
    let Some(said) = said else {
        let status = response.status;
        let message =
            format!("the token endpoint refused the renewal without a word (HTTP {status})");
        return refused(Error::new(Code::RefreshRefused, message));
    };
    let told = said.for_people(&secrets);
    if PERSON.contains(&&*said.word) {
        let message = "the server wants the person to sign in again";
        return refused(Error::said(Code::LoginEnded, message, told));
    }
    match words::meaning(&grant.dialect, &said.word) {
        Some(Meaning::Unknown(Code::InvalidGrant)) => {
            let message = "the server no longer takes the refresh token";
            Outcome::Gone(Error::said(Code::LoginEnded, message, told))
        }
        Some(Meaning::Refused(code)) => {
            refused(Error::said(code, "the server refused the renewal", told))
        }
        _ => refused(Error::said(
            Code::RefreshRefused,
            "the server refused the renewal",
            told,
        )),
    }
}

/// Puts old and new together: what the server leaves out has not changed (RFC 6749 §6).
fn renewed(
    old: &Tokens,
    mut new: Tokens,
    answer: &Answer<'_>,
    grant: &crate::grant::Grant,
) -> Tokens {
    let said_scope = answer.list(&names(&grant.dialect, dialect::SCOPE));
    if said_scope.is_none_or(|scopes| scopes.is_empty()) {
        new.scopes.clone_from(&old.scopes);
    }
    if new.refresh_token.is_none() || new.refresh_token == old.refresh_token {
        new.refresh_token.clone_from(&old.refresh_token);
        new.refresh_expires_at_ms = new.refresh_expires_at_ms.or(old.refresh_expires_at_ms);
    }
    new.sub.clone_from(&old.sub);
    if new.id_token.is_none() {
        new.id_token.clone_from(&old.id_token);
    }
    new
}

/// Whether the refresh token that was sent still is the one that is kept.
pub(super) fn still_kept(sent: &Secret, kept: &Record) -> bool {
    kept.tokens.refresh_token.as_ref() == Some(sent)
}
