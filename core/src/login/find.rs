//! Finding the login that a caller means.
//!
//! ```text
//!  Start ─ Load its own folder ─► Exact ─ there, and it fits ─────────────► Done(Found)
//!    │                              │ not there                               ▲
//!    └─ nothing named ──────────────┴─ List ─► Listed ─ Load each ─► one fits ┘
//!                                                       none: no_login; several: ambiguous_login
//! ```
//!
//! Only clear headers are read: no key is needed to say which login is meant.

use super::survey::MOST;
use super::wanted::Wanted;
use super::{Header, Kind, Login, Sealed};
use crate::error::{Code, Error};
use crate::event::Event;
use crate::flow::{Flow, Input, LoginId, Now, Revision, Step, out_of_turn};
use crate::options::Options;
use crate::seal::Key;
use crate::secret::SecretBytes;
use crate::text::{clean, sorted};

/// Something kept that fits what was named.
#[derive(Clone, Debug)]
pub struct Found {
    /// Its folder.
    pub id: LoginId,
    /// The revision of the store that holds it.
    pub revision: Revision,
    /// Its clear header, and what is sealed.
    pub sealed: Sealed,
}

impl Found {
    /// Opens a login. Errors: `seal_broken`, `record_unreadable`, `login_ended`.
    pub fn open(&self, key: &Key) -> Result<Login, Error> {
        Ok(Login {
            id: self.id.clone(),
            revision: self.revision,
            record: self.sealed.login(key, &self.id, self.revision)?,
        })
    }
}

/// The machine that finds a login, or a sign-in that waits, by what the caller named.
#[derive(Debug)]
pub struct Find {
    wanted: Wanted,
    pending: bool,
    own: Option<LoginId>,
    found: Vec<Found>,
    /// Logins that the server ended, where those are wanted too.
    ended: Option<Vec<Found>>,
    /// A record that could not be read; told only where nothing else fits.
    trouble: Option<Error>,
    state: State,
}

#[derive(Debug)]
enum State {
    Start,
    Exact(LoginId),
    Listing,
    Looking { now: LoginId, left: Vec<LoginId> },
    Ended,
}

impl Find {
    /// Finds a login; one that the server ended counts only where no other fits.
    ///
    /// Errors: those of options that contradict themselves.
    pub fn login(options: &Options) -> Result<Self, Error> {
        Self::new(options, options.login_id()?, false)
    }

    /// Finds a login, or where none fits one that the server has ended: to say how it ended, or to
    /// remove what is kept of it.
    ///
    /// Errors: those of options that contradict themselves.
    pub fn login_even_ended(options: &Options) -> Result<Self, Error> {
        Ok(Self {
            ended: Some(Vec::new()),
            ..Self::login(options)?
        })
    }

    /// Finds a sign-in that waits for its person.
    ///
    /// Errors: those of options that contradict themselves.
    pub fn pending(options: &Options) -> Result<Self, Error> {
        Self::new(options, options.pending_id()?, true)
    }

    fn new(options: &Options, own: Option<LoginId>, pending: bool) -> Result<Self, Error> {
        Ok(Self {
            wanted: Wanted::new(options)?,
            pending,
            own,
            found: Vec::new(),
            ended: None,
            trouble: None,
            state: State::Start,
        })
    }

    fn list(&mut self) -> Step<Found> {
        self.state = State::Listing;
        Step::List
    }

    fn look(&mut self, mut left: Vec<LoginId>) -> Result<Step<Found>, Error> {
        let Some(next) = left.pop() else {
            return self.end();
        };
        self.state = State::Looking {
            now: next.clone(),
            left,
        };
        Ok(Step::Load(next))
    }

    fn take(&mut self, id: LoginId, bytes: Option<SecretBytes>, revision: Revision) {
        let Some(bytes) = bytes else {
            return;
        };
        match Sealed::read(bytes) {
            Err(error) => self.trouble = Some(error),
            Ok(sealed) if sealed.kind == Kind::Client => {}
            Ok(sealed) if !self.wanted.fits(&sealed.header) => {}
            Ok(sealed) => {
                let (why, kind) = (sealed.ended(), sealed.kind);
                let found = Found {
                    id,
                    revision,
                    sealed,
                };
                match (why, &mut self.ended) {
                    (Some(_), Some(ended)) if !self.pending => ended.push(found),
                    (Some(error), None) if !self.pending => self.trouble = Some(error),
                    _ if self.pending == (kind == Kind::Pending) => self.found.push(found),
                    _ => {}
                }
            }
        }
    }

    fn end(&mut self) -> Result<Step<Found>, Error> {
        if self.found.is_empty() {
            self.found = self.ended.take().unwrap_or_default();
        }
        if self.found.len() > 1 {
            let headers = self.found.iter().map(|found| &found.sealed.header);
            let names = sorted(headers.map(Header::name).collect());
            let message = format!("{} logins fit: {}", names.len(), names.join("; "));
            return Err(Error::new(Code::AmbiguousLogin, message).among(names));
        }
        if let Some(found) = self.found.pop() {
            return Ok(Step::Done(found));
        }
        Err(self.trouble.take().unwrap_or_else(|| self.nothing()))
    }

    fn nothing(&self) -> Error {
        let (code, what) = if self.pending {
            (Code::NoPending, "no sign-in waits")
        } else {
            (Code::NoLogin, "nobody has signed in")
        };
        let message = match clean(&self.wanted.describe(), 300) {
            which if which.is_empty() && self.pending => what.to_owned(),
            which if which.is_empty() => format!("{what} yet"),
            which => format!("{what} for {which}"),
        };
        Error::new(code, message)
    }
}

impl Flow for Find {
    type Output = Found;

    fn step(&mut self, _: Now, input: Input) -> Result<Step<Found>, Error> {
        match (std::mem::replace(&mut self.state, State::Ended), input) {
            (State::Start, Input::Go) => match self.own.clone() {
                Some(id) => {
                    self.state = State::Exact(id.clone());
                    Ok(Step::Load(id))
                }
                None => Ok(self.list()),
            },
            (State::Exact(id), Input::Loaded { bytes, revision }) => {
                self.take(id, bytes, revision);
                // Its own folder is its identity: nothing else needs to be looked at.
                let ended = self.ended.as_ref().is_some_and(|ended| !ended.is_empty());
                if self.found.is_empty() && !ended && self.trouble.is_none() {
                    Ok(self.list())
                } else {
                    self.end()
                }
            }
            (State::Listing, Input::Listed(mut ids)) => {
                ids.truncate(MOST);
                self.look(ids)
            }
            (State::Looking { now, left }, Input::Loaded { bytes, revision }) => {
                self.take(now, bytes, revision);
                self.look(left)
            }
            // One login that cannot be read must not hide another.
            (State::Looking { left, .. }, Input::Failed(error)) => {
                self.trouble = Some(error);
                self.look(left)
            }
            (_, Input::Failed(error)) => Err(error),
            (state, _) => {
                self.state = state;
                Err(out_of_turn())
            }
        }
    }

    fn take_events(&mut self) -> Vec<Event> {
        Vec::new()
    }
}
