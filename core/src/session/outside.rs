//! An exchange that another library makes with a login of ours: the lease around it, and its tokens
//! kept. The rules are those of a [`Session`](super::Session); only the request is not ours.
//!
//! ```text
//!  Guard:   Start ─ Lock ─► Locking ─ Locked ─► Done(Lease)
//!             ▲               │ Busy
//!             └─── Wait ──────┘ at most a minute
//!  Renewed: Start ─ Save ─► Saving ─ Saved ─► Done(Login)
//!                             │ Conflict: Load ─► Fenced ─► Done(theirs)
//! ```

use super::refresh::{self, Outcome};
use super::{LEASE_MS, LOOK_MS, PATIENCE_MS};
use crate::entropy::Entropy;
use crate::error::{Code, Error};
use crate::event::{Event, Events};
use crate::flow::{Flow, Input, Lease, Lock, LoginId, Now, Response, Save, Step, out_of_turn};
use crate::login::Login;
use crate::seal::Key;
use crate::secret::SecretBytes;

/// The machine that takes the lease on a login, and waits for it while another program renews. The
/// caller gives it back.
#[derive(Debug)]
pub struct Guard {
    id: LoginId,
    started: Option<Now>,
    looks: u8,
    locking: bool,
}

impl Guard {
    /// For the login in `id`.
    pub fn new(id: LoginId) -> Self {
        Self {
            id,
            started: None,
            looks: 0,
            locking: false,
        }
    }

    fn busy(&mut self, now: Now) -> Result<Step<Lease>, Error> {
        let started = *self.started.get_or_insert(now);
        if now.steady_ms.saturating_sub(started.steady_ms) > PATIENCE_MS {
            let message = "another program is renewing this login and has not finished";
            return Err(Error::new(Code::RenewalBusy, message));
        }
        self.looks = self.looks.saturating_add(1);
        let pause = (LOOK_MS.0 * u64::from(self.looks)).min(LOOK_MS.1);
        let until = now.steady_ms.saturating_add(pause);
        Ok(Step::Wait { until })
    }
}

impl Flow for Guard {
    type Output = Lease;

    fn step(&mut self, now: Now, input: Input) -> Result<Step<Lease>, Error> {
        match (std::mem::take(&mut self.locking), input) {
            (false, Input::Go) => {
                self.locking = true;
                // The other library does not know of rests: it asks when it has to.
                Ok(Step::Lock(Lock {
                    id: self.id.clone(),
                    ttl_ms: LEASE_MS,
                    force: true,
                }))
            }
            (true, Input::Locked(lease)) => Ok(Step::Done(lease)),
            (true, Input::Busy { .. } | Input::Resting(_)) => self.busy(now),
            (_, Input::Failed(error)) => Err(error),
            (locking, _) => {
                self.locking = locking;
                Err(out_of_turn())
            }
        }
    }

    fn take_events(&mut self) -> Vec<Event> {
        Vec::new()
    }
}

/// The machine that keeps the tokens of such an exchange, unless the login has changed since it was
/// read: then the change stands, and is what it ends with.
#[derive(Debug)]
pub struct Renewed {
    login: Login,
    answer: SecretBytes,
    key: Key,
    entropy: Entropy,
    state: State,
    events: Events,
}

#[derive(Debug)]
enum State {
    Start,
    Saving,
    Fenced,
    Ended,
}

impl Renewed {
    /// `login` as it was read under the lease; `answer` is the token response (RFC 6749 §5.1);
    /// `entropy` is 32 fresh random bytes.
    pub fn new(login: Login, answer: SecretBytes, key: Key, entropy: [u8; 32]) -> Self {
        Self {
            login,
            answer,
            key,
            entropy: Entropy::new(entropy),
            state: State::Start,
            events: Events::default(),
        }
    }

    fn save(&mut self, now: Now) -> Result<Step<Login>, Error> {
        let response = Response {
            status: 200,
            headers: Vec::new(),
            body: std::mem::take(&mut self.answer),
        };
        match refresh::judge(&self.login.record, now, now, &response) {
            Outcome::Tokens(tokens) => self.login.record.tokens = *tokens,
            Outcome::Gone(error) | Outcome::Failed { error, .. } => return Err(error),
        }
        let (login, entropy) = (&self.login, self.entropy.draw());
        let next = login.revision + 1;
        let bytes = login.record.seal(&self.key, &entropy, &login.id, next)?;
        let save = Save {
            id: login.id.clone(),
            bytes: Some(bytes),
            expected: login.revision,
        };
        self.state = State::Saving;
        Ok(Step::Save(save))
    }
}

impl Flow for Renewed {
    type Output = Login;

    fn step(&mut self, now: Now, input: Input) -> Result<Step<Login>, Error> {
        match (std::mem::replace(&mut self.state, State::Ended), input) {
            (State::Start, Input::Go) => self.save(now),
            (State::Saving, Input::Saved(revision)) => {
                self.events.push(Event::Saved);
                self.login.revision = revision;
                Ok(Step::Done(self.login.clone()))
            }
            (State::Saving, Input::Conflict) => {
                self.events.push(Event::Anomaly { kind: "fenced" });
                self.state = State::Fenced;
                Ok(Step::Load(self.login.id.clone()))
            }
            (State::Fenced, Input::Loaded { bytes, revision }) => {
                let theirs = Login::open(&self.key, &self.login.id, bytes, revision)?;
                let gone = || Error::new(Code::NoLogin, "nobody is signed in here any more");
                theirs.map(Step::Done).ok_or_else(gone)
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
