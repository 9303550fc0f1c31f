//! Signing in by a pasted address, for servers without a device endpoint: the authorization code
//! grant (RFC 6749 §4.1) with PKCE (RFC 7636), whose redirect leads to where nobody listens. The
//! person copies the address from the browser and pastes it here.
//!
//! ```text
//!  Start ─ Ask ─► Asking ─ pasted ─► Exchanging ─ tokens ─► Approving ─ the account ─► Done
//!             ▲      │                 ▲  │  └─ refused, lost: the error
//!             │      │                 │  │ certainly not sent
//!             └──────┘                 │  ▼
//!          another address:         Pausing
//!        told, five times in all
//! ```
//!
//! A code is sent again only where nothing of the first request arrived: it is good for once, and
//! some servers revoke what it brought when they see it twice (RFC 6749 §4.1.2).

mod answer;
mod exchange;
mod request;

use std::sync::Arc;

use base64ct::{Base64UrlUnpadded, Encoding};

use crate::account::{self, Approval};
use crate::entropy::Entropy;
use crate::error::{Code, Error};
use crate::event::{Event, Events};
use crate::flow::{Flow, Input, Now, Reason, Response, Step, out_of_turn};
use crate::grant::{CodeFlow, Grant};
use crate::pkce;
use crate::prompt::PastePrompt;
use crate::secret::Secret;
use crate::tokens::Tokens;
use crate::wire::failure;
use answer::Pasted;

/// How many addresses may be pasted.
const TRIES: u8 = 5;
/// How long somebody is waited for: a login and a second factor fit, and codes live for 10 minutes
/// at most (RFC 6749 §4.1.2).
const LIFETIME_MS: u64 = 1_800_000;

/// The machine behind `login --paste`.
#[derive(Debug)]
pub struct Paste {
    grant: Arc<Grant>,
    /// The `state` of RFC 6749 §4.1.1: an answer to another sign-in has another.
    nonce: Secret,
    verifier: Secret,
    tries: u8,
    /// What was wrong with what was pasted last.
    trouble: Option<String>,
    /// On both clocks, in milliseconds.
    ends: Now,
    state: State,
    events: Events,
}

#[derive(Debug)]
enum State {
    Start,
    /// The person has the address.
    Asking,
    Pausing {
        code: Secret,
        attempt: u8,
        until: u64,
    },
    Exchanging {
        code: Secret,
        attempt: u8,
        sent: Now,
    },
    /// The tokens are here, and nobody has been given them yet.
    Approving(Approval),
    Ended,
}

type Next = Result<Step<Tokens>, Error>;

impl Paste {
    /// Takes what [`Discover::for_paste`](crate::Discover::for_paste) ended with, its client
    /// registered where that was left to do. `entropy` is 32 fresh random bytes.
    pub fn new(grant: Arc<Grant>, entropy: [u8; 32]) -> Self {
        let drawn = Entropy::new(entropy).draw();
        Self {
            grant,
            // 128 bits cannot be guessed, and a shorter address is easier to copy.
            nonce: Secret::new(Base64UrlUnpadded::encode_string(&drawn[..16])),
            verifier: pkce::verifier(&entropy),
            tries: 0,
            trouble: None,
            ends: Now::default(),
            state: State::Start,
            events: Events::default(),
        }
    }

    fn code_flow(&self) -> Result<&CodeFlow, Error> {
        self.grant.code_flow.as_ref().ok_or_else(|| {
            let message = "the grant was not looked for with a pasted address in mind";
            Error::new(Code::NoCodeFlow, message)
        })
    }

    fn start(&mut self, now: Now) -> Next {
        if self.grant.client.is_unknown() {
            let message = "the client has to be registered before anybody signs in";
            return Err(Error::new(Code::NoClientId, message));
        }
        self.ends = Now {
            wall_ms: now.wall_ms.saturating_add(LIFETIME_MS),
            steady_ms: now.steady_ms.saturating_add(LIFETIME_MS),
        };
        self.ask()
    }

    fn ask(&mut self) -> Next {
        let flow = self.code_flow()?;
        let prompt = PastePrompt {
            authorization_uri: request::address(&self.grant, flow, &self.nonce, &self.verifier),
            redirect_uri: flow.redirect_uri.to_string(),
            scopes: request::scopes(&self.grant),
            expires_at_ms: self.ends.wall_ms,
            trouble: self.trouble.clone(),
        };
        self.state = State::Asking;
        Ok(Step::Ask {
            prompt: Box::new(prompt),
            until: self.ends.steady_ms,
        })
    }

    fn pasted(&mut self, text: &Secret, now: Now) -> Next {
        let flow = self.code_flow()?;
        match answer::judge(text.expose(), &self.grant, flow, &self.nonce) {
            Pasted::Code(code) => Ok(self.exchange(code, 0, now)),
            Pasted::Failed(error) => Err(error),
            Pasted::Wrong(trouble) => {
                self.tries += 1;
                if self.tries == TRIES {
                    let message = format!("{trouble}; that was the last of {TRIES} tries");
                    return Err(Error::new(Code::BadPaste, message));
                }
                if now.steady_ms >= self.ends.steady_ms {
                    return Err(too_late());
                }
                self.trouble = Some(trouble);
                self.ask()
            }
        }
    }

    /// There is nothing more to be read, or the time is over.
    fn nothing_came(&mut self, now: Now) -> Error {
        match self.trouble.take() {
            _ if now.steady_ms >= self.ends.steady_ms => too_late(),
            Some(trouble) => Error::new(Code::BadPaste, trouble),
            None => Error::new(Code::BadPaste, answer::NOTHING),
        }
    }

    fn exchange(&mut self, code: Secret, attempt: u8, now: Now) -> Step<Tokens> {
        let redirect = self.grant.code_flow.as_ref();
        let redirect = redirect.map(|flow| &*flow.redirect_uri);
        let request = exchange::request(
            &self.grant,
            redirect.unwrap_or_default(),
            &code,
            &self.verifier,
        );
        self.state = State::Exchanging {
            code,
            attempt,
            sent: now,
        };
        Step::Send(request)
    }

    fn answered(&mut self, code: &Secret, sent: Now, now: Now, response: &Response) -> Next {
        let secrets = [Some(code), Some(&self.verifier), Some(&self.nonce)];
        let tokens = exchange::judge(&self.grant, &secrets, sent, response)?;
        self.events.push(tokens.issued(now));
        let next = Approval::begin(&self.grant, Box::new(tokens), now, &mut self.events);
        self.approved(next)
    }

    /// Who approved must be who was expected. The code is spent, so all of it must finish.
    fn approved(&mut self, next: account::Next) -> Next {
        let (open, step) = next.step(true, |tokens| *tokens);
        if let Some(approval) = open {
            self.state = State::Approving(approval);
        }
        step
    }

    fn unreachable(&mut self, code: Secret, attempt: u8, now: Now, reason: Reason) -> Next {
        self.events.push(Event::Unreachable {
            reason: reason.as_str(),
        });
        let pause = match reason {
            Reason::MaybeSent | Reason::TimedOut => {
                self.events.push(Event::Anomaly {
                    kind: "response_lost",
                });
                return Err(exchange::lost(""));
            }
            Reason::NotSent => failure::pause(attempt, None, now),
            Reason::Tls(_) => None,
        };
        let unreachable = || {
            let message = "the token endpoint could not be reached";
            Error::new(reason.code(), message)
        };
        let until = now.steady_ms.saturating_add(pause.ok_or_else(unreachable)?);
        self.state = State::Pausing {
            code,
            attempt: attempt + 1,
            until,
        };
        Ok(Step::Wait { until })
    }
}

fn too_late() -> Error {
    let message = format!(
        "nobody pasted the right address within {} minutes",
        LIFETIME_MS / 60_000
    );
    Error::new(Code::GaveUp, message)
}

impl Flow for Paste {
    type Output = Tokens;

    fn step(&mut self, now: Now, input: Input) -> Next {
        match (std::mem::replace(&mut self.state, State::Ended), input) {
            (State::Start, Input::Go) => self.start(now),
            (State::Asking, Input::Pasted(text)) => self.pasted(&text, now),
            (State::Asking, Input::Go) => Err(self.nothing_came(now)),
            (
                State::Pausing {
                    code,
                    attempt,
                    until,
                },
                Input::Go,
            ) if now.steady_ms < until => {
                self.state = State::Pausing {
                    code,
                    attempt,
                    until,
                };
                Ok(Step::Wait { until })
            }
            (State::Pausing { code, attempt, .. }, Input::Go) => {
                Ok(self.exchange(code, attempt, now))
            }
            (State::Exchanging { code, sent, .. }, Input::Response(response)) => {
                self.answered(&code, sent, now, &response)
            }
            (State::Exchanging { code, attempt, .. }, Input::Unreachable(reason)) => {
                self.unreachable(code, attempt, now, reason)
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
