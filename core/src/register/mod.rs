//! Registration: who a client is at a server that nobody registered it at.
//!
//! ```text
//!  Start ─ client given, or named by its document ──────────────────────► Done
//!    │                                                                     ▲
//!    └─ Load ─► Loading ─ one is kept, and serves ─────────────────────────┤
//!                  │ none                                                  │
//!                  ▼ Send (RFC 7591)                                       │
//!               Asking ◄─► Pausing                                         │
//!                  ▼ client                                                │
//!               Saving ─ Saved ────────────────────────────────────────────┤
//!                  └─ Conflict: Load ─► Comparing ─ theirs serves, or Save ┘
//! ```
//!
//! What a registration left is kept per issuer, so that another login asks for no other client. For
//! a sign-in by a pasted address each login has a client of its own, kept with nothing but it: a
//! server that has forgotten one tells that to the browser alone, and nobody here would notice.

mod answer;
mod kept;

use std::sync::Arc;

use crate::entropy::Entropy;
use crate::error::{Code, Error};
use crate::event::{Event, Events};
use crate::flow::{Flow, Input, LoginId, Now, Reason, Response, Revision, Save, Step, out_of_turn};
use crate::grant::{Client, ClientAuth, Grant};
use crate::options::{Options, client_folder};
use crate::seal::Key;
use crate::secret::SecretBytes;
use crate::wire::answer::Answer;
use crate::wire::dialect::Dialect;
use crate::wire::failure;
use crate::wire::secrets::Secrets;
use kept::KeptClient;

/// Others may register in between; nobody does so for ever.
const TRIES: u8 = 5;

/// A grant whose client the server knows.
#[derive(Clone, Debug)]
pub struct Registered {
    /// What a device grant needs.
    pub grant: Arc<Grant>,
    from: From,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum From {
    /// The caller, or a provider.
    Given,
    /// The address of the client's own metadata.
    Document,
    /// The store: the server may have forgotten it meanwhile.
    Kept,
    /// The server, just now.
    Server,
}

/// The machine that finds out who the client is, or has it registered.
#[derive(Debug)]
pub struct Register {
    grant: Arc<Grant>,
    document: Option<String>,
    key: Key,
    entropy: Entropy,
    /// The client that the server no longer knows.
    refused: Option<String>,
    fresh: Option<Box<KeptClient>>,
    /// What the client is registered for.
    scopes: Vec<String>,
    revision: Revision,
    tries: u8,
    state: State,
    events: Events,
}

#[derive(Debug)]
enum State {
    Start,
    Loading,
    Pausing { attempt: u8, until: u64 },
    Asking { attempt: u8, sent: Now },
    Saving,
    Comparing,
    Ended,
}

type Next = Result<Step<Registered>, Error>;

impl Register {
    /// Takes what discovery ended with; a grant that has its client comes back unchanged.
    /// `entropy` is 32 fresh random bytes.
    ///
    /// Errors: `bad_option` for a document's address that no server could fetch.
    pub fn new(
        options: &Options,
        grant: Arc<Grant>,
        key: Key,
        entropy: [u8; 32],
    ) -> Result<Self, Error> {
        let document = options.client_document()?.map(str::to_owned);
        Ok(Self::of(grant, document, None, key, entropy))
    }

    /// The client anew, where the device authorization endpoint answered with `error` and did so
    /// because it no longer knows the client that was kept. None where that is not the reason: the
    /// error stands. `entropy` is 32 fresh random bytes.
    pub fn anew(
        registered: &Registered,
        error: &Error,
        key: Key,
        entropy: [u8; 32],
    ) -> Option<Self> {
        let unknown = matches!(error.code(), Code::InvalidClient | Code::UnauthorizedClient);
        if !unknown || registered.from != From::Kept {
            return None;
        }
        let grant = Arc::clone(&registered.grant);
        let refused = Some(grant.client.id.clone());
        Some(Self::of(grant, None, refused, key, entropy))
    }

    fn of(
        grant: Arc<Grant>,
        document: Option<String>,
        refused: Option<String>,
        key: Key,
        entropy: [u8; 32],
    ) -> Self {
        Self {
            scopes: grant.scopes.clone(),
            grant,
            document,
            key,
            entropy: Entropy::new(entropy),
            refused,
            fresh: None,
            revision: 0,
            tries: 0,
            state: State::Start,
            events: Events::default(),
        }
    }

    fn start(&mut self, now: Now) -> Next {
        if self.refused.is_none() && !self.grant.client.is_unknown() {
            return Ok(Step::Done(Registered {
                grant: Arc::clone(&self.grant),
                from: From::Given,
            }));
        }
        if self.grant.takes_client_documents
            && let Some(id) = self.document.take()
        {
            let client = Client {
                id,
                secret: None,
                auth: ClientAuth::None,
            };
            return Ok(self.done(client, false, From::Document));
        }
        if self.grant.code_flow.is_some() {
            return self.ask(0, now);
        }
        let id = self.folder()?;
        self.state = State::Loading;
        Ok(Step::Load(id))
    }

    fn done(&self, client: Client, may_post_secret: bool, from: From) -> Step<Registered> {
        let grant = Arc::new(Grant {
            client,
            may_post_secret,
            ..(*self.grant).clone()
        });
        Step::Done(Registered { grant, from })
    }

    fn issuer(&self) -> Result<&str, Error> {
        let issuer = self.grant.endpoints.issuer.as_deref();
        issuer.ok_or_else(|| self.no_client())
    }

    fn folder(&self) -> Result<LoginId, Error> {
        Ok(client_folder(self.issuer()?))
    }

    /// What was tried, where nothing gave a client.
    fn no_client(&self) -> Error {
        let endpoints = &self.grant.endpoints;
        let server = endpoints.issuer.as_deref();
        let server = server.unwrap_or(&endpoints.token);
        let document = match (&self.document, self.grant.takes_client_documents) {
            (Some(_), _) => "takes no client metadata document",
            (None, true) => "takes a client metadata document, of which none was given",
            (None, false) => "takes no client metadata document either",
        };
        let message = format!(
            "no client identifier was given, and {server} offers no registration and {document}"
        );
        Error::new(Code::NoClientId, message)
    }

    fn kept(
        &self,
        bytes: Option<SecretBytes>,
        revision: Revision,
    ) -> Result<Option<KeptClient>, Error> {
        let Some(bytes) = bytes else {
            return Ok(None);
        };
        KeptClient::open(bytes, &self.key, &self.folder()?, revision).map(Some)
    }

    fn serves(&self, kept: &KeptClient, now: Now) -> bool {
        kept.serves(&self.grant.scopes, now)
            && self.refused.as_ref().is_none_or(|id| *id != kept.client.id)
    }

    fn loaded(&mut self, now: Now, bytes: Option<SecretBytes>, revision: Revision) -> Next {
        self.revision = revision;
        if let Some(kept) = self.kept(bytes, revision)? {
            if self.serves(&kept, now) {
                return Ok(self.done(kept.client, kept.may_post_secret, From::Kept));
            }
            // Two logins with scopes of their own must not take the client from each other.
            let before = kept.scopes.into_iter();
            let more: Vec<_> = before.filter(|s| !self.scopes.contains(s)).collect();
            self.scopes.extend(more);
        }
        self.ask(0, now)
    }

    fn ask(&mut self, attempt: u8, now: Now) -> Next {
        let endpoint = self.grant.endpoints.registration.as_deref();
        let endpoint = endpoint.ok_or_else(|| self.no_client())?;
        let flow = self.grant.code_flow.as_ref();
        let request = answer::request(endpoint, &self.scopes, flow);
        self.state = State::Asking { attempt, sent: now };
        Ok(Step::Send(request))
    }

    fn answered(&mut self, attempt: u8, sent: Now, now: Now, response: &Response) -> Next {
        failure::refuse_shape(response)?;
        let dialect = Dialect::default();
        let answer = Answer::parse(response.body.expose());
        if let Some(answer) = answer.filter(|_| matches!(response.status, 200 | 201)) {
            let scopes = std::mem::take(&mut self.scopes);
            let client = answer::read(&answer, scopes, sent)?;
            self.events.push(Event::Registered);
            if self.grant.code_flow.is_some() {
                return Ok(self.done(client.client, client.may_post_secret, From::Server));
            }
            self.fresh = Some(Box::new(client));
            return self.save();
        }
        let secrets = Secrets::default();
        let error = failure::final_error(response, &dialect, &secrets, "registration endpoint");
        if failure::is_passing(response, &dialect) {
            self.events.push(Event::ServerFailing {
                status: response.status,
            });
            return self.again(attempt, now, Some(response), error);
        }
        Err(error)
    }

    fn again(&mut self, attempt: u8, now: Now, response: Option<&Response>, error: Error) -> Next {
        let pause = failure::pause(attempt, response, now).ok_or(error)?;
        let until = now.steady_ms.saturating_add(pause);
        self.state = State::Pausing {
            attempt: attempt + 1,
            until,
        };
        Ok(Step::Wait { until })
    }

    fn unreachable(&mut self, attempt: u8, now: Now, reason: Reason) -> Next {
        self.events.push(Event::Unreachable {
            reason: reason.as_str(),
        });
        let endpoint = self.grant.endpoints.registration.as_deref();
        let endpoint = endpoint.unwrap_or_default();
        let error = Error::new(reason.code(), format!("{endpoint} could not be reached"));
        match reason {
            Reason::Tls(_) => Err(error),
            _ => self.again(attempt, now, None, error),
        }
    }

    fn save(&mut self) -> Next {
        let entropy = self.entropy.draw();
        let fresh = self.fresh.as_ref().ok_or_else(out_of_turn)?;
        let (id, issuer) = (self.folder()?, self.issuer()?);
        let bytes = fresh.seal(issuer, &self.key, &entropy, &id, self.revision + 1)?;
        self.state = State::Saving;
        Ok(Step::Save(Save {
            id,
            bytes: Some(bytes),
            expected: self.revision,
        }))
    }

    fn saved(&mut self) -> Next {
        let fresh = self.fresh.take().ok_or_else(out_of_turn)?;
        Ok(self.done(fresh.client, fresh.may_post_secret, From::Server))
    }

    /// Somebody else wrote meanwhile. Two processes go on with one client, where they can.
    fn compare(&mut self, now: Now, bytes: Option<SecretBytes>, revision: Revision) -> Next {
        self.revision = revision;
        match self.kept(bytes, revision)? {
            Some(kept) if self.serves(&kept, now) => {
                Ok(self.done(kept.client, kept.may_post_secret, From::Kept))
            }
            _ => self.save(),
        }
    }

    fn conflict(&mut self) -> Next {
        self.tries += 1;
        if self.tries == TRIES {
            let message = format!("the client changed {TRIES} times while it was being written");
            return Err(Error::new(Code::StoreBusy, message));
        }
        let id = self.folder()?;
        self.state = State::Comparing;
        Ok(Step::Load(id))
    }
}

impl Flow for Register {
    type Output = Registered;

    fn step(&mut self, now: Now, input: Input) -> Next {
        match (std::mem::replace(&mut self.state, State::Ended), input) {
            (State::Start, Input::Go) => self.start(now),
            (State::Loading, Input::Loaded { bytes, revision }) => {
                self.loaded(now, bytes, revision)
            }
            (State::Pausing { attempt, until }, Input::Go) if now.steady_ms < until => {
                self.state = State::Pausing { attempt, until };
                Ok(Step::Wait { until })
            }
            (State::Pausing { attempt, .. }, Input::Go) => self.ask(attempt, now),
            (State::Asking { attempt, sent }, Input::Response(response)) => {
                self.answered(attempt, sent, now, &response)
            }
            (State::Asking { attempt, .. }, Input::Unreachable(reason)) => {
                self.unreachable(attempt, now, reason)
            }
            (State::Saving, Input::Saved(_)) => self.saved(),
            (State::Saving, Input::Conflict) => self.conflict(),
            (State::Comparing, Input::Loaded { bytes, revision }) => {
                self.compare(now, bytes, revision)
            }
            (_, Input::Failed(error)) => Err(error),
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
