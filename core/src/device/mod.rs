//! The device authorization grant (RFC 8628) as one machine.
//!
//! ```text
//!            begin, login                          poll
//!                 │                                  │
//!                 ▼                                  │ before its time: Done(Pending), nothing sent
//!   ┌──────── Asking ◄────── Pausing                 │
//!   │   Send   │  │  passing failure ▲               │
//!   │          │  └──────────────────┘               │
//!   │          ▼ device code                         ▼
//!   │  begin: Done(Pending)       login: Show ──► Waiting ◄───────┐
//!   │                                                │ time       │ pending, slow_down,
//!   │                                           Send ▼            │ unreachable, failing
//!   │                                             Polling ────────┘ (poll: Done(Pending))
//!   │                                                │
//!   ▼ refused                   denied, expired, refused │  tokens
//!  Ended ◄────────────────────────────────────────────┤   ├──────► Done(Tokens)
//!                                                     │   ▼ an account is expected
//!                                         Revoking ◄──── Checking: ID token, userinfo
//!                                             │  not the account       │ the account
//!                                      error  ▼                        ▼
//!                                           Ended                  Done(Tokens)
//! ```

mod authorization;
mod pace;
mod pending;
mod poll;

use std::sync::Arc;

pub use pending::Pending;

use crate::account::{self, Approval};
use crate::error::{Code, Error};
use crate::event::{Event, Events};
use crate::flow::{Flow, Input, Now, Reason, Response, Step, out_of_turn};
use crate::grant::{ClientAuth, Grant};
use crate::pkce;
use crate::secret::Secret;
use crate::tokens::Tokens;
use crate::wire::answer::Answer;
use crate::wire::failure;
use crate::wire::secrets::Secrets;
use crate::wire::words::{self, Meaning};
use poll::Outcome;

/// How a [`DeviceGrant`] ends, besides an error.
#[derive(Debug)]
pub enum SignIn {
    /// Nobody has approved yet (`begin`, `poll`).
    Pending(Box<Pending>),
    /// The server issued tokens (`poll`, `login`).
    Tokens(Box<Tokens>),
}

/// The machine behind `begin`, `poll` and `login`.
#[derive(Debug)]
pub struct DeviceGrant {
    mode: Mode,
    state: State,
    auth: ClientAuth,
    /// Why the secret in the header was refused, once it goes into the body.
    refused: Option<Error>,
    /// The server issued tokens: no later poll can bring others.
    spent: bool,
    events: Events,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Begin,
    Poll,
    Login,
}

#[derive(Debug)]
enum State {
    /// Before the device authorization request, or before it is made again at `until`.
    Pausing {
        ask: Ask,
        until: u64,
    },
    /// The device authorization request is on its way.
    Asking {
        ask: Ask,
        sent: Now,
    },
    /// The next poll is planned.
    Waiting(Pending),
    /// A poll is on its way.
    Polling {
        pending: Pending,
        sent: Now,
    },
    /// The tokens are here, and nobody has been given them yet.
    Approving(Approval),
    Ended,
}

/// What the device authorization request needs until it is answered.
#[derive(Debug)]
struct Ask {
    grant: Arc<Grant>,
    verifier: Option<Secret>,
    attempt: u8,
}

type Next = Result<Step<SignIn>, Error>;

impl DeviceGrant {
    /// Asks for a code and ends with a [`Pending`]. `entropy` is 32 fresh random bytes.
    pub fn begin(grant: Arc<Grant>, entropy: [u8; 32]) -> Self {
        Self::asking(Mode::Begin, grant, entropy)
    }

    /// Asks for a code, shows it, and polls until the end. `entropy` is 32 fresh random bytes.
    pub fn login(grant: Arc<Grant>, entropy: [u8; 32]) -> Self {
        Self::asking(Mode::Login, grant, entropy)
    }

    /// Polls once; before its time it sends nothing and gives the pending login back unchanged.
    pub fn poll(pending: Pending) -> Self {
        Self::waiting(Mode::Poll, pending)
    }

    /// Shows the prompt of a pending login again, where it still has one, and polls until the end.
    pub fn resume(pending: Pending) -> Self {
        Self::waiting(Mode::Login, pending)
    }

    fn asking(mode: Mode, grant: Arc<Grant>, entropy: [u8; 32]) -> Self {
        let verifier = grant.pkce.then(|| pkce::verifier(&entropy));
        Self {
            mode,
            auth: grant.client.auth,
            state: State::Pausing {
                ask: Ask {
                    grant,
                    verifier,
                    attempt: 0,
                },
                until: 0,
            },
            refused: None,
            spent: false,
            events: Events::default(),
        }
    }

    fn waiting(mode: Mode, pending: Pending) -> Self {
        Self {
            mode,
            auth: pending.grant.client.auth,
            state: State::Waiting(pending),
            refused: None,
            spent: false,
            events: Events::default(),
        }
    }

    fn ask(&mut self, ask: Ask, now: Now) -> Next {
        let request = authorization::request(&ask.grant, self.auth, ask.verifier.as_ref())?;
        self.state = State::Asking { ask, sent: now };
        Ok(Step::Send(request))
    }

    /// Asks again after a pause, or ends with `error` where that is no use.
    fn ask_again(
        &mut self,
        mut ask: Ask,
        now: Now,
        response: Option<&Response>,
        error: Error,
    ) -> Next {
        let Some(pause) = failure::pause(ask.attempt, response, now) else {
            return Err(error);
        };
        ask.attempt += 1;
        let until = now.steady_ms.saturating_add(pause);
        self.state = State::Pausing { ask, until };
        Ok(Step::Wait { until })
    }

    fn asked_in_vain(&mut self, ask: Ask, now: Now, reason: Reason) -> Next {
        self.events.push(Event::Unreachable {
            reason: reason.as_str(),
        });
        let error = Error::new(
            reason.code(),
            "the device authorization endpoint could not be reached",
        );
        match reason {
            Reason::Tls(_) => Err(error),
            _ => self.ask_again(ask, now, None, error),
        }
    }

    fn answered(&mut self, ask: Ask, sent: Now, now: Now, response: &Response) -> Next {
        failure::refuse_shape(response)?;
        let grant = Arc::clone(&ask.grant);
        let answer = Answer::parse(response.body.expose());
        let said = words::error(&grant.dialect, response.status, answer.as_ref());
        if let (200..300, None, Some(answer)) = (response.status, &said, &answer) {
            let pending = authorization::read(answer, &grant, ask.verifier, sent, now)?;
            return Ok(self.issued(pending, now));
        }
        let meaning = said.and_then(|said| words::meaning(&grant.dialect, &said.word));
        let secrets = Secrets::new(&grant, &[ask.verifier.as_ref()], answer.as_ref());
        let asked = "device authorization endpoint";
        let error = failure::final_error(response, &grant.dialect, &secrets, asked);
        if self.auth == ClientAuth::Basic && grant.may_post_secret && wants_secret_in_body(meaning)
        {
            self.events.push(Event::ClientAuthChanged);
            self.auth = ClientAuth::Post;
            self.refused = Some(error);
            return self.ask(ask, now);
        }
        if failure::is_passing(response, &grant.dialect) {
            self.events.push(Event::ServerFailing {
                status: response.status,
            });
            return self.ask_again(ask, now, Some(response), error);
        }
        match self.refused.take() {
            // The body was no way in either: the first refusal says what is wrong.
            Some(first) if error.code() == Code::InvalidRequest => Err(first),
            _ => Err(error),
        }
    }

    fn issued(&mut self, mut pending: Pending, now: Now) -> Step<SignIn> {
        if self.auth != pending.grant.client.auth {
            // What worked here is what the polls, and a refresh one day, have to use.
            Arc::make_mut(&mut pending.grant).client.auth = self.auth;
        }
        let left = pending.pace.ends_at_ms().saturating_sub(now.wall_ms);
        self.events.push(Event::CodeIssued {
            expires_in: left.div_ceil(1000),
            interval: pending.pace.interval(),
        });
        if self.mode == Mode::Begin {
            return Step::Done(SignIn::Pending(Box::new(pending)));
        }
        self.wait(pending, now)
    }

    /// Shows what has not been shown yet, then waits for the next poll's time.
    fn wait(&mut self, mut pending: Pending, now: Now) -> Step<SignIn> {
        if self.mode == Mode::Login
            && let Some(prompt) = pending.prompt.take()
        {
            self.state = State::Waiting(pending);
            return Step::Show(prompt);
        }
        match pending.pace.wait_until(now) {
            Some(_) if self.mode == Mode::Poll => Step::Done(SignIn::Pending(Box::new(pending))),
            Some(until) => {
                self.state = State::Waiting(pending);
                Step::Wait { until }
            }
            None => {
                let mut request = poll::request(&pending, self.auth);
                // A stored login's poll may bring the tokens, and nobody else will get them.
                request.must_finish = self.mode == Mode::Poll;
                self.state = State::Polling { pending, sent: now };
                Step::Send(request)
            }
        }
    }

    fn polled(&mut self, pending: Pending, now: Now, outcome: Outcome) -> Next {
        if let Outcome::TooFast(_) = outcome {
            self.events.push(Event::Anomaly {
                kind: "polling_too_fast",
            });
        }
        match outcome {
            Outcome::Failed(error) => Err(error),
            Outcome::Tokens(tokens) => {
                self.events.push(tokens.issued(now));
                self.spent = true;
                let next = Approval::begin(&pending.grant, tokens, now, &mut self.events);
                self.approved(next)
            }
            Outcome::Again(event) | Outcome::TooFast(event) => {
                self.events.push(event);
                if self.mode == Mode::Poll {
                    return Ok(Step::Done(SignIn::Pending(Box::new(pending))));
                }
                Ok(self.wait(pending, now))
            }
        }
    }
}

impl DeviceGrant {
    /// True once the server has taken the code for tokens, whatever became of them.
    pub(crate) fn has_spent_code(&self) -> bool {
        self.spent
    }

    fn approved(&mut self, next: account::Next) -> Next {
        let (open, step) = next.step(self.mode == Mode::Poll, SignIn::Tokens);
        if let Some(approval) = open {
            self.state = State::Approving(approval);
        }
        step
    }
}

/// Some servers read the secret at the device endpoint only from the body.
fn wants_secret_in_body(meaning: Option<Meaning>) -> bool {
    let refused = [Code::InvalidClient, Code::UnauthorizedClient].map(Meaning::Refused);
    meaning.is_some_and(|meaning| refused.contains(&meaning))
}

impl Flow for DeviceGrant {
    type Output = SignIn;

    fn step(&mut self, now: Now, input: Input) -> Next {
        match (std::mem::replace(&mut self.state, State::Ended), input) {
            (State::Pausing { ask, until }, Input::Go) if now.steady_ms < until => {
                self.state = State::Pausing { ask, until };
                Ok(Step::Wait { until })
            }
            (State::Pausing { ask, .. }, Input::Go) if ask.grant.client.is_unknown() => {
                let message = "the client has to be registered before it asks for a code";
                Err(Error::new(Code::NoClientId, message))
            }
            (State::Pausing { ask, .. }, Input::Go) => self.ask(ask, now),
            (State::Asking { ask, sent }, Input::Response(response)) => {
                self.answered(ask, sent, now, &response)
            }
            (State::Asking { ask, .. }, Input::Unreachable(reason)) => {
                self.asked_in_vain(ask, now, reason)
            }
            (State::Waiting(pending), Input::Go) => Ok(self.wait(pending, now)),
            (State::Polling { mut pending, sent }, Input::Response(response)) => {
                let outcome = poll::judge(&mut pending, sent, now, &response);
                self.polled(pending, now, outcome)
            }
            (State::Polling { mut pending, .. }, Input::Unreachable(reason)) => {
                let outcome = poll::unreachable(&mut pending, now, reason);
                self.polled(pending, now, outcome)
            }
            (State::Approving(approval), input) => {
                let next = approval.step(now, input, &mut self.events);
                self.approved(next)
            }
            (state, _) => {
                self.state = state;
                Err(out_of_turn())
            }
        }
    }

    fn take_events(&mut self) -> Vec<Event> {
        self.events.take()
    }
}
