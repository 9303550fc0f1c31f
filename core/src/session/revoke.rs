//! Signing out: the tokens are revoked at the server (RFC 7009), then nothing is kept of them.
//!
//! ```text
//!  Start ─ Load ─► Looking ─ nothing there ─────────────────────────────► Done
//!            ▲        ▼ Send: the refresh token, then the access token     ▲
//!            │     Asking ─ answered, or not ─► the next ─► Save nothing   │
//!            │                                                ▼            │
//!            └──────────── Conflict, at most five times ── Removing ───────┘
//! ```

use crate::error::{Code, Error};
use crate::event::{Event, Events};
use crate::flow::{
    Flow, Input, LoginId, Now, Request, Response, Revision, Save, Step, out_of_turn,
};
use crate::login::{Login, Record};
use crate::seal::Key;
use crate::secret::{Secret, SecretBytes};
use crate::wire::answer::Answer;
use crate::wire::secrets::Secrets;
use crate::wire::{body, failure, words};

/// Others may write in between; nobody does so for ever.
const TRIES: u8 = 5;
/// A person waits for it, and what is here is removed whatever the server says.
const TIMEOUT_MS: u32 = 10_000;

/// How signing out ended. Whatever it says, nothing is kept here any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revoked {
    /// Nobody was signed in.
    Nothing,
    /// The server took the tokens back.
    AtServer,
    /// The server has no revocation endpoint, so the tokens live until they expire.
    NotOffered,
    /// The server did not take them back; they live until they expire.
    Failed(Error),
}

/// The machine behind `logout`.
#[derive(Debug)]
pub struct Revoke {
    id: LoginId,
    key: Key,
    left: Vec<(&'static str, Secret)>,
    record: Option<Box<Record>>,
    outcome: Revoked,
    revision: Revision,
    tries: u8,
    state: State,
    events: Events,
}

#[derive(Debug)]
enum State {
    Start,
    Looking,
    Asking,
    Removing,
    Ended,
}

type Next = Result<Step<Revoked>, Error>;

impl Revoke {
    /// Signs the login in `id` out.
    pub fn new(id: LoginId, key: Key) -> Self {
        Self {
            id,
            key,
            left: Vec::new(),
            record: None,
            outcome: Revoked::Nothing,
            revision: 0,
            tries: 0,
            state: State::Start,
            events: Events::default(),
        }
    }

    fn load(&mut self) -> Next {
        if self.tries == TRIES {
            let message = format!("the login changed {TRIES} times while it was being removed");
            return Err(Error::new(Code::StoreBusy, message));
        }
        self.tries += 1;
        self.state = State::Looking;
        Ok(Step::Load(self.id.clone()))
    }

    fn looked(&mut self, bytes: Option<SecretBytes>, revision: Revision) -> Next {
        self.revision = revision;
        if bytes.is_none() {
            return Ok(Step::Done(self.outcome.clone()));
        }
        match Login::open(&self.key, &self.id, bytes, revision) {
            Ok(Some(login)) => self.begin(login.record),
            // A newer program's login is not ours to remove.
            Err(error) if error.code() == Code::RecordUnreadable => Err(error),
            // Sealed by a key that is lost: nobody can revoke it, and nobody should call it revoked.
            Err(error) if error.code() == Code::SealBroken => {
                self.outcome = Revoked::Failed(error);
                Ok(self.remove())
            }
            // Ended by the server: there is nothing left to revoke.
            _ => Ok(self.remove()),
        }
    }

    fn begin(&mut self, record: Record) -> Next {
        let tokens = &record.tokens;
        self.outcome = Revoked::NotOffered;
        if record.grant.endpoints.revocation.is_some() {
            self.outcome = Revoked::AtServer;
            // The last is asked first: with the refresh token most servers end the access token too.
            self.left = vec![("access_token", tokens.access_token.clone())];
            self.left
                .extend(tokens.refresh_token.clone().map(|t| ("refresh_token", t)));
        }
        self.record = Some(Box::new(record));
        self.next()
    }

    fn next(&mut self) -> Next {
        let Some((hint, token)) = self.left.pop() else {
            return Ok(self.remove());
        };
        let record = self.record.as_ref().ok_or_else(out_of_turn)?;
        let request = request(record, hint, &token).ok_or_else(out_of_turn)?;
        self.state = State::Asking;
        Ok(Step::Send(request))
    }

    fn remove(&mut self) -> Step<Revoked> {
        self.state = State::Removing;
        Step::Save(Save {
            id: self.id.clone(),
            bytes: None,
            expected: self.revision,
        })
    }

    fn failed(&mut self, error: Error) -> Next {
        if !matches!(self.outcome, Revoked::Failed(_)) {
            self.outcome = Revoked::Failed(error);
        }
        self.next()
    }

    /// RFC 7009 §2.2: 200 also for a token that is no good any more.
    fn answered(&mut self, response: &Response) -> Next {
        if (200..300).contains(&response.status) {
            self.events.push(Event::Revoked);
            return self.next();
        }
        let record = self.record.as_ref().ok_or_else(out_of_turn)?;
        let dialect = &record.grant.dialect;
        let answer = Answer::parse(response.body.expose());
        let said = words::error(dialect, response.status, answer.as_ref());
        if said.is_some_and(|said| said.word == "unsupported_token_type") {
            // §2.2.1: this kind of token it does not revoke; the other one it does.
            return self.next();
        }
        let tokens = &record.tokens;
        let own = [Some(&tokens.access_token), tokens.refresh_token.as_ref()];
        let secrets = Secrets::new(&record.grant, &own, answer.as_ref());
        let error = failure::final_error(response, dialect, &secrets, "revocation endpoint");
        self.failed(error)
    }
}

fn request(record: &Record, hint: &str, token: &Secret) -> Option<Request> {
    let url = record.grant.endpoints.revocation.as_deref()?;
    let mut request = body::revocation(url, &record.grant, hint, token);
    request.timeout_ms = TIMEOUT_MS;
    Some(request)
}

impl Flow for Revoke {
    type Output = Revoked;

    fn step(&mut self, _: Now, input: Input) -> Next {
        match (std::mem::replace(&mut self.state, State::Ended), input) {
            (State::Start, Input::Go) | (State::Removing, Input::Conflict) => self.load(),
            (State::Looking, Input::Loaded { bytes, revision }) => self.looked(bytes, revision),
            (State::Asking, Input::Response(response)) => self.answered(&response),
            (State::Asking, Input::Unreachable(reason)) => {
                let message = "the revocation endpoint could not be reached";
                self.failed(Error::new(reason.code(), message))
            }
            (State::Removing, Input::Saved(_)) => Ok(Step::Done(self.outcome.clone())),
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
