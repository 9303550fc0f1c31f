//! One poll: the request, and what its answer means at that time (RFC 8628 §3.4, §3.5).

use std::sync::Arc;

use super::pace::Passed;
use super::pending::Pending;
use crate::error::{Class, Code, Error};
use crate::event::Event;
use crate::flow::{Now, Reason, Request, Response};
use crate::grant::ClientAuth;
use crate::text::SHOWN_AT_MOST;
use crate::tokens::{Tokens, unsupported_type};
use crate::wire::answer::Answer;
use crate::wire::dialect::{self, SCOPES, USER_CODE, names};
use crate::wire::failure::refuse_shape;
use crate::wire::secrets::Secrets;
use crate::wire::words::{self, Meaning};
use crate::wire::{body, retry_after};

const DEVICE_CODE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// How many answers in a row may be something that is not OAuth. A proxy's page must not lose an
/// approved code; a wrong address must not be polled for half an hour.
const UNREADABLE_AT_MOST: u8 = 5;

const EXPIRED: &str = "the code expired before anybody approved it";

/// What an answer leads to.
pub(super) enum Outcome {
    /// Go on; the next poll is planned.
    Again(Event),
    /// The same, and somebody else polls too, or a clock runs fast.
    TooFast(Event),
    Tokens(Box<Tokens>),
    Failed(Error),
}

pub(super) fn request(pending: &Pending, auth: ClientAuth) -> Request {
    let grant = &*pending.grant;
    let dialect = &grant.dialect;
    let mut params = Vec::with_capacity(6);
    params.push((
        "grant_type",
        dialect.grant_type.as_deref().unwrap_or(DEVICE_CODE_GRANT),
    ));
    params.push(("device_code", pending.device_code.expose()));
    if let Some(verifier) = &pending.verifier {
        params.push(("code_verifier", verifier.expose()));
    }
    if let Some(resource) = &grant.resource {
        params.push(("resource", resource));
    }
    let scope = if dialect.token_params.is_empty() {
        String::new()
    } else {
        grant.scopes.join(" ")
    };
    for (name, value) in &dialect.token_params {
        let value = match (value.as_str(), &pending.user_code) {
            (USER_CODE, Some(code)) => code,
            (SCOPES, _) => scope.as_str(),
            (value, _) => value,
        };
        params.push((name, value));
    }
    body::post(
        Arc::clone(&grant.endpoints.token),
        dialect,
        &grant.client,
        auth,
        &params,
    )
}

/// No whole answer: the code may live on, so the login does.
pub(super) fn unreachable(pending: &mut Pending, now: Now, reason: Reason) -> Outcome {
    match reason {
        Reason::Tls(_) => {
            let error = Error::new(reason.code(), "no secure connection to the token endpoint");
            return Outcome::Failed(error);
        }
        Reason::NotSent => {}
        Reason::MaybeSent | Reason::TimedOut => {
            pending.answer_lost = true;
            pending.pace.double();
        }
    }
    again(
        pending,
        now,
        0,
        Event::Unreachable {
            reason: reason.as_str(),
        },
    )
}

/// Judges an answer to a poll that was sent at `sent`.
pub(super) fn judge(pending: &mut Pending, sent: Now, now: Now, response: &Response) -> Outcome {
    if let Err(error) = refuse_shape(response) {
        return Outcome::Failed(error);
    }
    let grant = Arc::clone(&pending.grant);
    let status = response.status;
    let answer = Answer::parse(response.body.expose());
    let asked = response.header("retry-after");
    let asked = asked
        .and_then(|value| retry_after::parse(value, now.wall_ms))
        .unwrap_or(0);
    let said = words::error(&grant.dialect, status, answer.as_ref());
    let secrets = |pending: &Pending| {
        let own = [Some(&pending.device_code), pending.verifier.as_ref()];
        Secrets::new(&grant, &own, answer.as_ref())
    };
    let meaning = said
        .as_ref()
        .and_then(|said| words::meaning(&grant.dialect, &said.word));
    if let (None, Some(answer), 200..300) = (&said, &answer, status)
        && answer
            .get(&names(&grant.dialect, dialect::ACCESS_TOKEN))
            .is_some()
    {
        return match Tokens::read(answer, &grant, sent) {
            Ok(tokens) => Outcome::Tokens(Box::new(tokens)),
            Err(error) if error.code() == Code::UnsupportedTokenType => {
                // The type is the server's own word, in which a token may stand.
                let said = answer.text(&names(&grant.dialect, dialect::TOKEN_TYPE));
                let said = secrets(pending).clean(said.unwrap_or_default(), SHOWN_AT_MOST);
                Outcome::Failed(unsupported_type(&said))
            }
            Err(error) => Outcome::Failed(error),
        };
    }
    let failing = Event::ServerFailing { status };
    match (meaning, said) {
        (Some(Meaning::Pending), _) => {
            pending.unreadable = 0;
            // A code that still waits was not spent by an answer that was lost before.
            pending.answer_lost = false;
            again(pending, now, asked, Event::Pending)
        }
        (Some(Meaning::SlowDown), _) => {
            pending.unreadable = 0;
            let servers = answer
                .as_ref()
                .and_then(|a| a.number(&names(&grant.dialect, dialect::INTERVAL)));
            slow_down(pending, now, servers, asked)
        }
        (Some(Meaning::Failing), _) => again(pending, now, asked, failing),
        (_, Some(_)) if status >= 500 => again(pending, now, asked, failing),
        (meaning, Some(said)) => {
            let words = said.for_people(&secrets(pending));
            let code = match meaning {
                Some(Meaning::Expired) => Code::ExpiredToken,
                Some(Meaning::Denied) => Code::AccessDenied,
                Some(Meaning::Unknown(code) | Meaning::Refused(code)) => code,
                _ if status == 404 => Code::InvalidGrant,
                _ => Code::ServerRefused,
            };
            let gone =
                matches!(meaning, Some(Meaning::Denied | Meaning::Unknown(_))) || status == 404;
            Outcome::Failed(refusal(pending, now, code, gone, words))
        }
        (_, None) if matches!(status, 408 | 504) => {
            pending.answer_lost = true;
            pending.pace.double();
            again(pending, now, asked, failing)
        }
        // A whole server asks for rest: that says nothing of this login's pace.
        (_, None) if status == 429 => match slow_down(pending, now, None, asked) {
            Outcome::TooFast(event) => Outcome::Again(event),
            outcome => outcome,
        },
        (_, None) if status >= 500 => {
            // A gateway may have lost the answer of a server behind it.
            pending.answer_lost = true;
            again(pending, now, asked, failing)
        }
        // Without a word, but at that time it means the same as with one (PROVIDERS.md).
        (_, None) if status == 404 && pending.pace.passed(now) != Passed::No => {
            Outcome::Failed(Error::new(Code::ExpiredToken, EXPIRED))
        }
        (_, None) => {
            pending.unreadable += 1;
            if pending.unreadable < UNREADABLE_AT_MOST {
                return again(pending, now, asked, failing);
            }
            let message =
                format!("the token endpoint gave answers that OAuth does not know (HTTP {status})");
            Outcome::Failed(Error::new(Code::UnreadableAnswer, message))
        }
    }
}

fn slow_down(pending: &mut Pending, now: Now, servers: Option<u64>, asked: u64) -> Outcome {
    let before = pending.pace.slow_down(servers);
    let interval = pending.pace.interval();
    match again(pending, now, asked, Event::SlowDown { interval }) {
        Outcome::Again(event) if before => Outcome::TooFast(event),
        outcome => outcome,
    }
}

/// Plans the next poll, unless the code's time is over by both clocks.
fn again(pending: &mut Pending, now: Now, asked: u64, event: Event) -> Outcome {
    if pending.pace.passed(now) == Passed::ByBoth {
        return Outcome::Failed(Error::new(Code::ExpiredToken, EXPIRED));
    }
    pending.pace.schedule(now, asked);
    Outcome::Again(event)
}

/// What a definite refusal means at this time. A server that no longer knows a code says so in
/// many words, so that at or after the deadline it means *expired* (PROVIDERS.md).
fn refusal(
    pending: &mut Pending,
    now: Now,
    code: Code,
    gone: bool,
    words: crate::error::ServerError,
) -> Error {
    if code.class() == Class::CodeExpired || (gone && pending.pace.passed(now) != Passed::No) {
        return Error::said(Code::ExpiredToken, EXPIRED, words);
    }
    if gone && pending.answer_lost && code != Code::AccessDenied {
        return Error::said(
            Code::ResponseLost,
            "an earlier answer was lost and the code is spent",
            words,
        );
    }
    let message = if code == Code::AccessDenied {
        "the sign-in was denied"
    } else {
        "the server refused the sign-in"
    };
    Error::said(code, message, words)
}
