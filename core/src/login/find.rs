//! Finding the login that a caller means.
//!
//! ```text
//!  Start ─ Load its own folder ─► Exact ─ there, and it fits ─────────────► Done(Login)
//!    │                              │ not there                               ▲
//!    └─ nothing named ──────────────┴─ List ─► Listed ─ Load each ─► one fits ┘
//!                                                       none: no_login; several: ambiguous_login
//! ```

use super::wanted::{self, Wanted};
use super::{Login, Record};
use crate::error::{Code, Error};
use crate::event::Event;
use crate::flow::{Flow, Input, LoginId, Now, Revision, Step, out_of_turn};
use crate::options::Options;
use crate::secret::SecretBytes;
use crate::text::clean;

/// More than anybody keeps; a folder of somebody else's making must not be read for ever.
const MOST: usize = 1000;

/// The machine that finds a login by what the caller named.
#[derive(Debug)]
pub struct Find {
    wanted: Wanted,
    own: Option<LoginId>,
    found: Vec<Login>,
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
    /// Errors: those of options that contradict themselves.
    pub fn new(options: &Options) -> Result<Self, Error> {
        Ok(Self {
            wanted: Wanted::new(options)?,
            own: options.login_id()?,
            found: Vec::new(),
            trouble: None,
            state: State::Start,
        })
    }

    fn list(&mut self) -> Step<Login> {
        self.state = State::Listing;
        Step::List
    }

    fn look(&mut self, mut left: Vec<LoginId>) -> Result<Step<Login>, Error> {
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
        match Record::from_bytes(bytes.expose()) {
            Err(error) => self.trouble = Some(error),
            Ok(record) if self.wanted.fits(&record.header) => self.found.push(Login {
                id,
                revision,
                record,
            }),
            Ok(_) => {}
        }
    }

    fn end(&mut self) -> Result<Step<Login>, Error> {
        if self.found.len() > 1 {
            let headers = self.found.iter().map(|found| &found.record.header);
            let mut names: Vec<_> = headers
                .map(|header| clean(&wanted::name(header), 500))
                .collect();
            names.sort();
            let message = format!("{} logins fit: {}", names.len(), names.join("; "));
            return Err(Error::new(Code::AmbiguousLogin, message).among(names));
        }
        if let Some(found) = self.found.pop() {
            return Ok(Step::Done(found));
        }
        Err(self.trouble.take().unwrap_or_else(|| {
            let message = match clean(&self.wanted.describe(), 300) {
                what if what.is_empty() => "nobody has signed in yet".to_owned(),
                what => format!("nobody has signed in for {what}"),
            };
            Error::new(Code::NoLogin, message)
        }))
    }
}

impl Flow for Find {
    type Output = Login;

    fn step(&mut self, _: Now, input: Input) -> Result<Step<Login>, Error> {
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
                if self.found.is_empty() && self.trouble.is_none() {
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
