//! Writing a fresh sign-in over whatever is there: a person has just signed in, so it wins.
//!
//! ```text
//!  Start ─ Load ─► Loading ─ Save at that revision ─► Saving ─ Saved ─► Done
//!                     ▲                                  │
//!                     └────────── Conflict ──────────────┘ at most five times
//! ```
//!
//! Of several that begin at once only the first keeps its sign-in, where it asked for that.
//!
//! After a conflict the newest may be this very sign-in, renewed meanwhile by somebody who found
//! it: then it is kept, and written over it would be a spent token.

use super::record::KeptPending;
use super::{Header, Login, Record, Sealed, sealed};
use crate::device::Pending;
use crate::entropy::Entropy;
use crate::error::{Code, Error};
use crate::event::{Event, Events};
use crate::flow::{Flow, Input, LoginId, Now, Revision, Save, Step, out_of_turn};
use crate::grant::Grant;
use crate::options::Options;
use crate::seal::Key;
use crate::secret::SecretBytes;

/// Others may write in between; nobody does so for ever.
const TRIES: u8 = 5;

/// Where something is kept now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its folder.
    pub id: LoginId,
    /// The revision that holds it.
    pub revision: Revision,
    /// The name that its header has now ([`Header::sign_in`]).
    pub sign_in: String,
}

impl Kept {
    /// The login as it stands there now, from the record that was given to be kept.
    #[must_use]
    pub fn login(self, mut record: Record) -> Login {
        record.header.sign_in = self.sign_in;
        Login {
            id: self.id,
            revision: self.revision,
            record,
        }
    }
}

/// The machine that keeps a fresh login, or a sign-in that waits for its person.
#[derive(Debug)]
pub struct Keep {
    id: LoginId,
    what: What,
    key: Key,
    entropy: Entropy,
    /// Whether a sign-in that waits already stays.
    yields: bool,
    tries: u8,
    state: State,
    events: Events,
}

#[derive(Debug)]
enum What {
    Login(Box<Record>),
    Pending(Box<KeptPending>),
}

impl What {
    fn header(&self) -> &Header {
        match self {
            Self::Login(record) => &record.header,
            Self::Pending(pending) => &pending.header,
        }
    }

    fn grant(&self) -> &Grant {
        match self {
            Self::Login(record) => &record.grant,
            Self::Pending(kept) => kept.pending.grant(),
        }
    }

    fn header_mut(&mut self) -> &mut Header {
        match self {
            Self::Login(record) => &mut record.header,
            Self::Pending(pending) => &mut pending.header,
        }
    }

    fn seal(
        &self,
        key: &Key,
        entropy: &[u8; 32],
        id: &LoginId,
        revision: Revision,
    ) -> Result<SecretBytes, Error> {
        match self {
            Self::Login(record) => record.seal(key, entropy, id, revision),
            Self::Pending(pending) => pending.seal(key, entropy, id, revision),
        }
    }
}

#[derive(Debug)]
enum State {
    Start,
    Loading,
    Saving,
    Ended,
}

impl Keep {
    /// Keeps `record` as the login that `options` name. `entropy` is 32 fresh random bytes.
    ///
    /// Errors: `no_target` where they name none.
    pub fn login(
        options: &Options,
        record: Record,
        key: Key,
        entropy: [u8; 32],
    ) -> Result<Self, Error> {
        let id = place(options, &record.grant)?;
        Ok(Self::at(id, What::Login(Box::new(record)), key, entropy))
    }

    /// Keeps a sign-in that was begun at `now`, so that any process can finish it. `entropy` is
    /// 32 fresh random bytes.
    ///
    /// Errors: `no_target` where the options name no login.
    pub fn pending(
        options: &Options,
        pending: Pending,
        now: Now,
        key: Key,
        entropy: [u8; 32],
    ) -> Result<Self, Error> {
        let login = place(options, pending.grant())?;
        let id = options.pending_id()?.ok_or_else(nothing_named)?;
        let header = Header::new(options, pending.grant(), now)?;
        let pending = KeptPending {
            header,
            login,
            pending,
        };
        Ok(Self::at(id, What::Pending(Box::new(pending)), key, entropy))
    }

    /// The same, where no other sign-in waits there that somebody could still approve and that asks
    /// for all that this one does: then that one stays, and is what comes back. So of several
    /// programs that begin at once a person is shown one code.
    ///
    /// Errors: as [`Keep::pending`].
    pub fn first_pending(
        options: &Options,
        pending: Pending,
        now: Now,
        key: Key,
        entropy: [u8; 32],
    ) -> Result<Self, Error> {
        Ok(Self {
            yields: true,
            ..Self::pending(options, pending, now, key, entropy)?
        })
    }

    fn at(id: LoginId, mut what: What, key: Key, entropy: [u8; 32]) -> Self {
        let mut entropy = Entropy::new(entropy);
        what.header_mut().sign_in = entropy.name();
        Self {
            id,
            what,
            key,
            entropy,
            yields: false,
            tries: 0,
            state: State::Start,
            events: Events::default(),
        }
    }

    fn load(&mut self) -> Result<Step<Kept>, Error> {
        if self.tries == TRIES {
            return Err(too_busy(TRIES));
        }
        self.tries += 1;
        self.state = State::Loading;
        Ok(Step::Load(self.id.clone()))
    }

    /// The sign-in that waits there, if anybody could still approve it and it would do.
    fn waits(&self, bytes: &SecretBytes, revision: Revision, now: Now) -> Option<Kept> {
        let sealed = Sealed::read(bytes.clone()).ok()?;
        let there = sealed.pending(&self.key, &self.id, revision).ok()?;
        let lives = there.pending.expires_at_ms() > now.wall_ms;
        let asked = &there.pending.grant().scopes;
        let wanted = &self.what.grant().scopes;
        let would_do = wanted.iter().all(|scope| asked.contains(scope));
        (lives && would_do).then(|| Kept {
            id: self.id.clone(),
            revision,
            sign_in: there.header.sign_in,
        })
    }

    fn save(
        &mut self,
        now: Now,
        there: Option<&SecretBytes>,
        revision: Revision,
    ) -> Result<Step<Kept>, Error> {
        if let Some(bytes) = there {
            sealed::refuse_newer(bytes.expose())?;
            if self.tries > 1
                && sealed::sign_in(bytes).as_ref() == Some(&self.what.header().sign_in)
            {
                return Ok(self.kept(revision));
            }
            if self.yields
                && let Some(kept) = self.waits(bytes, revision, now)
            {
                return Ok(Step::Done(kept));
            }
        }
        let next = revision + 1;
        let entropy = self.entropy.draw();
        let bytes = self.what.seal(&self.key, &entropy, &self.id, next)?;
        self.state = State::Saving;
        Ok(Step::Save(Save {
            id: self.id.clone(),
            bytes: Some(bytes),
            expected: revision,
        }))
    }

    fn kept(&mut self, revision: Revision) -> Step<Kept> {
        self.events.push(Event::Saved);
        Step::Done(Kept {
            id: self.id.clone(),
            revision,
            sign_in: self.what.header().sign_in.clone(),
        })
    }
}

/// Where the login goes: where the options say, or in the place of the one that it widens.
fn place(options: &Options, grant: &Grant) -> Result<LoginId, Error> {
    let widened = grant.in_place_of.as_ref();
    let place = widened.map(|place| LoginId(place.id.clone()));
    place.map_or_else(|| options.login_id()?.ok_or_else(nothing_named), Ok)
}

fn nothing_named() -> Error {
    let message = "nothing names the login that is to be kept: give a profile";
    Error::new(Code::NoTarget, message)
}

pub(super) fn too_busy(tries: u8) -> Error {
    let message = format!("the login changed {tries} times while it was being written");
    Error::new(Code::StoreBusy, message)
}

impl Flow for Keep {
    type Output = Kept;

    fn step(&mut self, now: Now, input: Input) -> Result<Step<Kept>, Error> {
        match (std::mem::replace(&mut self.state, State::Ended), input) {
            (State::Start, Input::Go) | (State::Saving, Input::Conflict) => self.load(),
            (State::Loading, Input::Loaded { bytes, revision }) => {
                self.save(now, bytes.as_ref(), revision)
            }
            (State::Saving, Input::Saved(revision)) => Ok(self.kept(revision)),
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
