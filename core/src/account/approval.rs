//! What becomes of tokens once they are here: they are given, their person is looked up, or they go
//! back to the server.

use std::sync::Arc;

use super::{Check, Found, TakeBack};
use crate::error::Error;
use crate::event::{Event, Events};
use crate::flow::{Input, Now, Request, Step, out_of_turn};
use crate::grant::Grant;
use crate::tokens::Tokens;

/// Tokens that nobody has been given yet.
#[derive(Debug)]
pub(crate) enum Approval {
    /// The userinfo endpoint is asked whose they are.
    Checking(Box<Check>),
    /// The same, before it is asked again.
    Pausing(Box<Check>),
    /// They are another's and on their way back.
    Revoking(Box<TakeBack>),
}

/// What comes next.
#[derive(Debug)]
pub(crate) enum Next {
    /// They are the expected account's, or nobody's in particular was expected.
    Tokens(Box<Tokens>),
    Send(Approval, Request),
    /// By the steady clock.
    Wait(Approval, u64),
    Failed(Error),
    OutOfTurn(Approval),
}

impl Next {
    /// As the step of the flow that the tokens came in, and what of the approval is still open: that
    /// is the flow's state. Where it `must_finish`, so must every request.
    pub(crate) fn step<T>(
        self,
        must_finish: bool,
        done: impl FnOnce(Box<Tokens>) -> T,
    ) -> (Option<Approval>, Result<Step<T>, Error>) {
        match self {
            Self::Tokens(tokens) => (None, Ok(Step::Done(done(tokens)))),
            Self::Send(approval, mut request) => {
                request.must_finish |= must_finish;
                (Some(approval), Ok(Step::Send(request)))
            }
            Self::Wait(approval, until) => (Some(approval), Ok(Step::Wait { until })),
            Self::Failed(error) => (None, Err(error)),
            Self::OutOfTurn(approval) => (Some(approval), Err(out_of_turn())),
        }
    }
}

impl Approval {
    /// Takes tokens that came just now.
    pub(crate) fn begin(
        grant: &Arc<Grant>,
        tokens: Box<Tokens>,
        now: Now,
        events: &mut Events,
    ) -> Next {
        found(Check::begin(grant, tokens, now), events)
    }

    pub(crate) fn step(self, now: Now, input: Input, events: &mut Events) -> Next {
        match (self, input) {
            (Self::Pausing(check), Input::Go) if now.steady_ms < check.until => {
                found(Found::Pause(check), events)
            }
            (Self::Pausing(check), Input::Go) => found(check.ask(now), events),
            (Self::Checking(check), Input::Response(response)) => {
                found(check.answered(now, &response), events)
            }
            (Self::Checking(check), Input::Unreachable(reason)) => {
                events.push(Event::Unreachable {
                    reason: reason.as_str(),
                });
                found(check.unreachable(now, reason), events)
            }
            (Self::Revoking(mut tokens), Input::Response(response)) => {
                if tokens.answered(&response) {
                    events.push(Event::Revoked);
                }
                take_back(tokens)
            }
            (Self::Revoking(mut tokens), Input::Unreachable(_)) => {
                tokens.unreachable();
                take_back(tokens)
            }
            (approval, _) => Next::OutOfTurn(approval),
        }
    }
}

fn found(found: Found, events: &mut Events) -> Next {
    match found {
        Found::Right(tokens) => Next::Tokens(tokens),
        Found::Ask(check, request) => Next::Send(Approval::Checking(check), request),
        Found::Pause(check) => {
            let until = check.until;
            Next::Wait(Approval::Pausing(check), until)
        }
        Found::Wrong(tokens) => {
            if tokens.is_of_another() {
                events.push(Event::Anomaly {
                    kind: "wrong_account",
                });
            }
            take_back(tokens)
        }
    }
}

fn take_back(mut tokens: Box<TakeBack>) -> Next {
    match tokens.next() {
        Some(request) => Next::Send(Approval::Revoking(tokens), request),
        None => Next::Failed(tokens.end()),
    }
}
