//! What an answer that is not the wanted one means before there is a code to lose: at discovery
//! and at the device authorization endpoint.

use super::answer::Answer;
use super::body::MAX_BODY;
use super::dialect::Dialect;
use super::retry_after;
use super::secrets::Secrets;
use super::words::{self, Meaning};
use crate::error::{Code, Error};
use crate::flow::{Now, Response};

/// How many times a request that may fail by chance is made.
pub(crate) const ATTEMPTS: u8 = 3;
/// The longest `Retry-After` that is waited out before there is a code.
const LONGEST_WAIT_MS: u64 = 30_000;

/// Refuses what no answer may be: a redirect or a body over the limit.
pub(crate) fn refuse_shape(response: &Response) -> Result<(), Error> {
    if (300..400).contains(&response.status) && response.status != 304 {
        let message = format!(
            "the server answered with a redirect (HTTP {})",
            response.status
        );
        return Err(Error::new(Code::RedirectRefused, message));
    }
    if response.body.len() > MAX_BODY as usize && response.status < 500 {
        let message = format!("the server's answer is larger than {} KiB", MAX_BODY / 1024);
        return Err(Error::new(Code::BodyTooLarge, message));
    }
    Ok(())
}

/// How long to wait before the next of [`ATTEMPTS`], in milliseconds; none where it is no use.
pub(crate) fn pause(attempt: u8, response: Option<&Response>, now: Now) -> Option<u64> {
    let asked = response
        .and_then(|r| r.header("retry-after"))
        .and_then(|value| retry_after::parse(value, now.wall_ms));
    let wait = asked.unwrap_or(0).max(1000 << attempt.min(4));
    (attempt + 1 < ATTEMPTS && wait <= LONGEST_WAIT_MS).then_some(wait)
}

/// True for an answer that another try may change.
pub(crate) fn is_passing(response: &Response, dialect: &Dialect) -> bool {
    let answer = Answer::parse(response.body.expose());
    let said = words::error(dialect, response.status, answer.as_ref());
    match said.and_then(|said| words::meaning(dialect, &said.word)) {
        Some(meaning) => matches!(meaning, Meaning::Failing | Meaning::SlowDown),
        None => matches!(response.status, 408 | 429 | 500..),
    }
}

/// The code of an error that says this, where it ends a conversation.
pub(crate) fn code(meaning: Option<Meaning>) -> Code {
    match meaning {
        Some(Meaning::Refused(code) | Meaning::Unknown(code)) => code,
        Some(Meaning::Denied) => Code::AccessDenied,
        Some(Meaning::SlowDown) => Code::RateLimited,
        Some(Meaning::Failing) => Code::ServerFailing,
        Some(Meaning::Pending | Meaning::Expired) | None => Code::ServerRefused,
    }
}

/// The error that a request ends with when no further try is left.
pub(crate) fn final_error(
    response: &Response,
    dialect: &Dialect,
    secrets: &Secrets,
    asked: &str,
) -> Error {
    let status = response.status;
    let answer = Answer::parse(response.body.expose());
    if let Some(said) = words::error(dialect, status, answer.as_ref()) {
        let code = code(words::meaning(dialect, &said.word));
        return Error::said(
            code,
            &format!("the {asked} refused"),
            said.for_people(secrets),
        );
    }
    let (code, what) = match status {
        429 => (Code::RateLimited, "asks for fewer requests"),
        408 | 500.. => (Code::ServerFailing, "is failing"),
        _ => (
            Code::UnreadableAnswer,
            "gave an answer that OAuth does not know",
        ),
    };
    Error::new(code, format!("the {asked} {what} (HTTP {status})"))
}
