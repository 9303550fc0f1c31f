//! Reading a login.
//!
//! ```text
//!  Start ─ List ─► Listing ─ Read the top ─► Reading ─ whole ──► Done
//!                   ▲  ▲ nothing: look again    │ │ torn: Read the next lower
//!                   └──┴────── vanished ────────┘ └─► Reading
//! ```

use super::names::{self, Listing};
use super::whole::{Shape, shape};
use super::{DiskFlow, DiskInput, DiskStep, EMPTY_LOOKS, LARGEST, LOOKS, refused};
use crate::error::{Code, Error};
use crate::flow::{LoginId, Now, Revision, out_of_turn};
use crate::secret::SecretBytes;

/// A login as it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Found {
    /// The record; none where there is none, or it was signed out.
    pub bytes: Option<SecretBytes>,
    /// What a save has to expect: the highest number there is, a torn file's too.
    pub revision: Revision,
}

/// The machine behind a store's `load`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LoadLogin {
    id: LoginId,
    looks: u8,
    state: State,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum State {
    Start,
    Listing,
    Reading { top: Revision, lower: Vec<Revision> },
    Ended,
}

impl LoadLogin {
    /// Reads the newest revision of a login.
    pub fn new(id: LoginId) -> Self {
        Self {
            id,
            looks: 0,
            state: State::Start,
        }
    }

    fn list(&mut self) -> DiskStep<Found> {
        self.looks += 1;
        self.state = State::Listing;
        DiskStep::List(names::folder(&self.id))
    }

    fn read(&mut self, top: Revision, mut left: Vec<Revision>) -> DiskStep<Found> {
        let Some(next) = left.pop() else {
            // Nothing whole: a crash tore the very first revision.
            return DiskStep::Done(Found {
                bytes: None,
                revision: top,
            });
        };
        self.state = State::Reading { top, lower: left };
        DiskStep::Read {
            path: names::revision(&self.id, next),
            max: LARGEST,
        }
    }
}

impl DiskFlow for LoadLogin {
    type Output = Found;

    fn step(&mut self, _: Now, input: DiskInput) -> Result<DiskStep<Found>, Error> {
        match (std::mem::replace(&mut self.state, State::Ended), input) {
            (State::Start, DiskInput::Go) => Ok(self.list()),
            (State::Listing, DiskInput::Names(names)) => {
                let listing = Listing::parse(&self.id, &names)?;
                match listing.top() {
                    0 if self.looks < EMPTY_LOOKS => Ok(self.list()),
                    top => Ok(self.read(top, listing.revisions)),
                }
            }
            (State::Reading { top, lower }, DiskInput::Bytes(bytes)) => {
                match shape(bytes.expose()) {
                    Shape::Torn => Ok(self.read(top, lower)),
                    shape => Ok(DiskStep::Done(Found {
                        bytes: Some(bytes).filter(|_| shape == Shape::Record),
                        revision: top,
                    })),
                }
            }
            // A newer revision came in between, and this one was cleared away.
            (State::Reading { .. }, DiskInput::Absent) if self.looks < LOOKS => Ok(self.list()),
            (State::Reading { .. }, DiskInput::Absent) => {
                let message = format!("{} of the home keeps changing", names::folder(&self.id));
                Err(Error::new(Code::StoreBusy, message))
            }
            (State::Reading { .. }, DiskInput::Unsafe(why)) => Err(refused(why)),
            (state, _) => {
                self.state = state;
                Err(out_of_turn())
            }
        }
    }
}
