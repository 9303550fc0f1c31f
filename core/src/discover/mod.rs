//! Discovery: from what the caller asked for to a [`Grant`] (RFC 8414, OpenID Connect Discovery).
//!
//! ```text
//!  Start ── nothing to look up ─────────────────────────────► Done(Grant)
//!    │                                                           ▲
//!    ▼ Send                                     both endpoints   │
//!  Asking ── answer ──► Next address, or ────────────────────────┤
//!    ▲  │ passing failure                       none left: the   │
//!    │  ▼                                       best error       ▼
//!  Pausing                                                     Error
//! ```

mod metadata;
mod plan;

use std::sync::Arc;

use crate::error::{Code, Error};
use crate::event::{Event, Events};
use crate::flow::{Flow, Input, Now, Reason, Response, Step, out_of_turn};
use crate::grant::Grant;
use crate::options::Options;
use crate::wire::answer::Answer;
use crate::wire::dialect::Dialect;
use crate::wire::secrets::Secrets;
use crate::wire::{body, failure};
use metadata::Metadata;
use plan::Plan;

/// The machine that finds out where and how to ask. Where nothing has to be looked up, it ends
/// at once.
#[derive(Debug)]
pub struct Discover {
    plan: Plan,
    /// What is left to look at, the next one last.
    left: Vec<Arc<str>>,
    /// Metadata that is right but lacks an endpoint.
    best: Option<Metadata>,
    /// The worst of what was met, for when nothing is found.
    trouble: Option<Error>,
    state: State,
    events: Events,
}

#[derive(Debug)]
enum State {
    Start,
    Pausing {
        url: Arc<str>,
        attempt: u8,
        until: u64,
    },
    Asking {
        url: Arc<str>,
        attempt: u8,
    },
    Ended,
}

type Next = Result<Step<Arc<Grant>>, Error>;

impl Discover {
    /// Puts options and provider together. `own_provider` is the text of the user's own
    /// `NAME.json` for [`Options::provider_name`], where there is one; it comes before a preset.
    ///
    /// Errors: what is wrong with the options, before anything is asked.
    pub fn new(options: Options, own_provider: Option<&str>) -> Result<Self, Error> {
        let plan = Plan::new(options, own_provider)?;
        let mut left = plan
            .issuer
            .as_deref()
            .map(metadata::addresses)
            .unwrap_or_default();
        left.reverse();
        Ok(Self {
            plan,
            left,
            best: None,
            trouble: None,
            state: State::Start,
            events: Events::default(),
        })
    }

    fn ask(&mut self, url: Arc<str>, attempt: u8) -> Step<Arc<Grant>> {
        let request = body::get(Arc::clone(&url));
        self.state = State::Asking { url, attempt };
        Step::Send(request)
    }

    fn next(&mut self) -> Next {
        if let Some(url) = self.left.pop() {
            return Ok(self.ask(url, 0));
        }
        let issuer = self.plan.issuer.as_deref().unwrap_or_default();
        let found = self.best.as_ref();
        let device_known = self.plan.device.is_some();
        if found.is_some_and(|found| device_known || found.device_authorization.is_some()) {
            let message = format!("the metadata of {issuer} names no token endpoint");
            return Err(Error::new(Code::MalformedMetadata, message));
        }
        if self.best.is_some() {
            return Err(plan::no_device_endpoint(issuer));
        }
        Err(self.trouble.take().unwrap_or_else(|| {
            let message = format!("{issuer} publishes no authorization server metadata");
            Error::new(Code::NoMetadata, message)
        }))
    }

    fn again(
        &mut self,
        url: Arc<str>,
        attempt: u8,
        now: Now,
        response: Option<&Response>,
        error: Error,
    ) -> Next {
        match failure::pause(attempt, response, now) {
            Some(pause) => {
                let until = now.steady_ms.saturating_add(pause);
                self.state = State::Pausing {
                    url,
                    attempt: attempt + 1,
                    until,
                };
                Ok(Step::Wait { until })
            }
            // A server that cannot be reached at one address cannot at another of the same host.
            None if response.is_none() => Err(error),
            None => {
                self.trouble.get_or_insert(error);
                self.next()
            }
        }
    }

    fn answered(&mut self, url: Arc<str>, attempt: u8, now: Now, response: &Response) -> Next {
        let dialect = Dialect::default();
        if let Err(error) = failure::refuse_shape(response) {
            self.trouble = Some(error);
            return self.next();
        }
        if failure::is_passing(response, &dialect) {
            self.events.push(Event::ServerFailing {
                status: response.status,
            });
            let error =
                failure::final_error(response, &dialect, &Secrets::default(), "metadata address");
            return self.again(url, attempt, now, Some(response), error);
        }
        // Not there: another form of the address may be.
        let Some(answer) = Answer::parse(response.body.expose()).filter(|_| response.status == 200)
        else {
            return self.next();
        };
        let issuer = self.plan.issuer.as_deref().unwrap_or_default();
        match metadata::read(&answer, issuer) {
            Err(error) => {
                self.trouble = Some(error);
                self.next()
            }
            Ok(found) => {
                self.events.push(Event::Discovered {
                    url: url.to_string(),
                });
                if let Some(grant) = self.plan.grant(Some(&found)) {
                    return Ok(Step::Done(Arc::new(grant)));
                }
                // Some servers name the device endpoint in one of two documents only.
                self.best.get_or_insert(found);
                self.next()
            }
        }
    }

    fn unreachable(&mut self, url: Arc<str>, attempt: u8, now: Now, reason: Reason) -> Next {
        self.events.push(Event::Unreachable {
            reason: reason.as_str(),
        });
        let error = Error::new(reason.code(), format!("{url} could not be reached"));
        match reason {
            Reason::Tls(_) => Err(error),
            _ => self.again(url, attempt, now, None, error),
        }
    }
}

impl Flow for Discover {
    type Output = Arc<Grant>;

    fn step(&mut self, now: Now, input: Input) -> Next {
        match (std::mem::replace(&mut self.state, State::Ended), input) {
            (State::Start, Input::Go) => match self.plan.grant(None) {
                Some(grant) => Ok(Step::Done(Arc::new(grant))),
                None => self.next(),
            },
            (
                State::Pausing {
                    url,
                    attempt,
                    until,
                },
                Input::Go,
            ) if now.steady_ms < until => {
                self.state = State::Pausing {
                    url,
                    attempt,
                    until,
                };
                Ok(Step::Wait { until })
            }
            (State::Pausing { url, attempt, .. }, Input::Go) => Ok(self.ask(url, attempt)),
            (State::Asking { url, attempt }, Input::Response(response)) => {
                self.answered(url, attempt, now, &response)
            }
            (State::Asking { url, attempt }, Input::Unreachable(reason)) => {
                self.unreachable(url, attempt, now, reason)
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
