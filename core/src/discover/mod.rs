//! Discovery: from what the caller asked for to a [`Grant`] (RFC 8414, OpenID Connect Discovery,
//! RFC 9728).
//!
//! ```text
//!  Start ── nothing to look up ───────────────────────────────► Done(Grant)
//!    │                                                             ▲
//!    ▼ Send                                       both endpoints   │
//!  Asking ── answer ──► Next document, or ─────────────────────────┤
//!    ▲  │ passing failure                         none left: the   │
//!    │  ▼                                         best error       ▼
//!  Pausing                                                       Error
//! ```
//!
//! What is looked at, in this order: an issuer's metadata in its several places; if there is none,
//! the address itself, for its challenge; the resource metadata that the challenge names, or that
//! at the well-known places; then the metadata of each authorization server that it lists.

mod metadata;
mod plan;
mod resource;
mod server;
mod trouble;

use std::sync::Arc;

use crate::challenge;
use crate::error::{Code, Error};
use crate::event::{Event, Events};
use crate::flow::{Flow, Input, Now, Request, Response, Step, out_of_turn};
use crate::grant::Grant;
use crate::options::Options;
use crate::step_up::Wider;
use crate::wire::answer::Answer;
use crate::wire::dialect::Dialect;
use crate::wire::secrets::Secrets;
use crate::wire::{body, failure};
use metadata::Metadata;
use plan::Plan;
use resource::Resource;

/// How often the server's own address may redirect within its origin.
const REDIRECTS: u8 = 3;
/// Of the server's own answer only the status and its headers are read.
const CHALLENGE_BODY: u32 = 16 * 1024;
const CHALLENGE_TIMEOUT_MS: u32 = 10_000;

/// The machine that finds out where and how to ask. Where nothing has to be looked up, it ends
/// at once.
#[derive(Debug)]
pub struct Discover {
    plan: Plan,
    /// The issuers that are left to look at, the next one last.
    issuers: Vec<String>,
    /// The issuer whose metadata is looked for.
    issuer: String,
    /// What is left to look at, the next one last.
    left: Vec<Look>,
    /// Metadata that is right but lacks an endpoint.
    best: Option<Metadata>,
    /// The protected resource's address, until it is looked at.
    server: Option<String>,
    redirects: u8,
    /// The scopes of the server's challenge.
    challenged: Vec<String>,
    resource: Option<Resource>,
    /// The authorization servers without a device endpoint.
    lacking: Vec<String>,
    /// The worst of what was met, for when nothing is found.
    trouble: Option<Error>,
    state: State,
    events: Events,
}

/// One document to look at.
#[derive(Clone, Debug)]
struct Look {
    url: Arc<str>,
    at: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    /// Metadata of `issuer`.
    Issuer,
    /// The protected resource itself, which should answer 401.
    Server,
    /// Its metadata.
    Resource,
}

#[derive(Debug)]
enum State {
    Start,
    Pausing { look: Look, attempt: u8, until: u64 },
    Asking { look: Look, attempt: u8 },
    Ended,
}

type Next = Result<Step<Arc<Grant>>, Error>;

impl Discover {
    /// Puts options and provider together. `own_provider` is the text of the user's own
    /// `NAME.json` for [`Options::provider_name`], where there is one; it comes before a preset.
    ///
    /// Errors: what is wrong with the options, before anything is asked.
    pub fn new(options: Options, own_provider: Option<&str>) -> Result<Self, Error> {
        Ok(Self::of(Plan::new(options, own_provider, false)?))
    }

    /// As [`new`](Self::new), and without a client identifier ends with a grant whose client is
    /// still to be registered, where an address is named: [`Register`](crate::Register) is next.
    ///
    /// Errors: what is wrong with the options, before anything is asked.
    pub fn registering(options: Options, own_provider: Option<&str>) -> Result<Self, Error> {
        Ok(Self::of(Plan::new(options, own_provider, true)?))
    }

    fn of(plan: Plan) -> Self {
        Self {
            issuers: plan.issuer.clone().into_iter().collect(),
            issuer: String::new(),
            left: Vec::new(),
            best: None,
            server: plan.server.clone(),
            redirects: 0,
            challenged: Vec::new(),
            resource: None,
            lacking: Vec::new(),
            trouble: None,
            state: State::Start,
            events: Events::default(),
            plan,
        }
    }

    /// Asks for what `wider` says besides, and follows its challenge in place of asking the server.
    #[must_use]
    pub fn wider(mut self, wider: Wider) -> Self {
        let challenge = wider.challenge.as_ref();
        if self.server.is_some() && challenge.is_some_and(|c| c.resource_metadata.is_some()) {
            // Whose metadata that is, is no issuer that was named.
            self.issuers.clear();
        }
        self.plan.widen(wider);
        self
    }

    fn start(&mut self) -> Next {
        // What an issuer would say is known; what a server says of itself is not.
        let may_be_issuer = self.plan.issuer.is_some() || self.plan.server.is_none();
        match self.plan.grant(None, None) {
            // Who approved is told by what only the metadata names.
            Some(grant) if may_be_issuer && !grant.client.is_unknown() && !self.plan.expects() => {
                Ok(Step::Done(Arc::new(grant)))
            }
            _ => self.next(),
        }
    }

    fn ask(&mut self, look: Look, attempt: u8) -> Step<Arc<Grant>> {
        let request = body::get(Arc::clone(&look.url));
        let request = match look.at {
            What::Server => Request {
                timeout_ms: CHALLENGE_TIMEOUT_MS,
                max_body: CHALLENGE_BODY,
                ..request
            },
            What::Issuer | What::Resource => request,
        };
        self.state = State::Asking { look, attempt };
        Step::Send(request)
    }

    fn next(&mut self) -> Next {
        loop {
            if let Some(look) = self.left.pop() {
                return Ok(self.ask(look, 0));
            }
            if let Some(found) = self.best.take() {
                let error = self.incomplete(&found);
                if self.resource.is_none() {
                    return Err(error);
                }
                if error.code() == Code::NoDeviceEndpoint {
                    self.lacking.push(self.issuer.clone());
                }
                self.trouble = Some(error);
            }
            if let Some(issuer) = self.issuers.pop() {
                self.look_at(metadata::addresses(&issuer), What::Issuer);
                self.issuer = issuer;
            } else if let Some(server) = self.server.take() {
                self.look_at(resource::addresses(&server), What::Resource);
                // Whoever met the challenge hands it in; the server need not say it twice.
                match self.plan.wider.challenge.clone() {
                    Some(challenge) => self.challenged(challenge)?,
                    None => self.look_first(server.into(), What::Server),
                }
            } else if let Some(grant) = self.known_without_metadata() {
                return Ok(Step::Done(Arc::new(grant)));
            } else {
                return Err(self.nothing());
            }
        }
    }

    /// Endpoints that were given do without the metadata that was looked for on behalf of the
    /// account: an ID token may say all.
    fn known_without_metadata(&self) -> Option<Grant> {
        let known = self.plan.issuer.is_some() && self.resource.is_none() && self.plan.expects();
        let grant = self.plan.grant(None, None).filter(|_| known)?;
        (!grant.client.is_unknown()).then_some(grant)
    }

    fn look_at(&mut self, mut urls: Vec<Arc<str>>, at: What) {
        urls.reverse();
        self.left = urls.into_iter().map(|url| Look { url, at }).collect();
    }

    fn look_first(&mut self, url: Arc<str>, at: What) {
        self.left.push(Look { url, at });
    }

    fn answered(&mut self, look: Look, attempt: u8, now: Now, response: &Response) -> Next {
        if look.at == What::Server {
            if response.status == 401 {
                let challenge = challenge::of(response)?;
                self.challenged(challenge)?;
                return self.next();
            }
            if self.redirected(&look, response) {
                return self.next();
            }
        }
        // Of the server's own answer the body is not read, so that no length of it matters.
        let matters = look.at != What::Server || (300..400).contains(&response.status);
        if matters && let Err(error) = failure::refuse_shape(response) {
            self.trouble = Some(error);
            return self.next();
        }
        let dialect = Dialect::default();
        if failure::is_passing(response, &dialect) {
            self.events.push(Event::ServerFailing {
                status: response.status,
            });
            let asked = match look.at {
                What::Server => "server",
                What::Issuer | What::Resource => "metadata address",
            };
            let error = failure::final_error(response, &dialect, &Secrets::default(), asked);
            return self.again(look, attempt, now, Some(response), error);
        }
        // Not there: another form of the address may be.
        let answer = Answer::parse(response.body.expose());
        let Some(answer) = answer.filter(|_| response.status == 200 && look.at != What::Server)
        else {
            return self.next();
        };
        let read = match look.at {
            What::Issuer => self.read_issuer(&answer),
            What::Server | What::Resource => self.read_resource(&answer),
        };
        match read {
            Ok(grant) => {
                self.events.push(Event::Discovered {
                    url: look.url.to_string(),
                });
                match grant {
                    Some(grant) => Ok(Step::Done(Arc::new(grant))),
                    None => self.next(),
                }
            }
            Err(error) => {
                self.trouble = Some(error);
                self.next()
            }
        }
    }

    fn read_issuer(&mut self, answer: &Answer<'_>) -> Result<Option<Grant>, Error> {
        let found = metadata::read(answer, &self.issuer)?;
        let grant = self.plan.grant(Some(&found), self.resource.as_ref());
        if grant.is_none() {
            // Some servers name the device endpoint in one of two documents only.
            self.best.get_or_insert(found);
        }
        Ok(grant)
    }
}

impl Flow for Discover {
    type Output = Arc<Grant>;

    fn step(&mut self, now: Now, input: Input) -> Next {
        let step = self.go_on(now, input)?;
        if let Step::Done(grant) = &step {
            self.plan.wider.refuse_loop(&grant.stepped_up)?;
        }
        Ok(step)
    }

    fn take_events(&mut self) -> Vec<Event> {
        self.events.take()
    }
}

impl Discover {
    fn go_on(&mut self, now: Now, input: Input) -> Next {
        match (std::mem::replace(&mut self.state, State::Ended), input) {
            (State::Start, Input::Go) => self.start(),
            (
                State::Pausing {
                    look,
                    attempt,
                    until,
                },
                Input::Go,
            ) if now.steady_ms < until => {
                self.state = State::Pausing {
                    look,
                    attempt,
                    until,
                };
                Ok(Step::Wait { until })
            }
            (State::Pausing { look, attempt, .. }, Input::Go) => Ok(self.ask(look, attempt)),
            (State::Asking { look, attempt }, Input::Response(response)) => {
                self.answered(look, attempt, now, &response)
            }
            (State::Asking { look, attempt }, Input::Unreachable(reason)) => {
                self.unreachable(look, attempt, now, reason)
            }
            (state, _) => {
                self.state = state;
                Err(out_of_turn())
            }
        }
    }
}
