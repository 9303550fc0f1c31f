//! Writing a login if its revision still is the expected one.
//!
//! ```text
//!  Start ─ MakeDir … ─► Before ─ List: N is the top ─► Publishing r.(N+1) ─ Published ─┐
//!                         │ it is not                      │ Exists                    │ List
//!                         ▼                                ▼                           ▼
//!                       Done(none)                       Done(none)                  After
//!            r.N stands: clear away what is below, Done(N+1) ◄─────────────────────────┤
//!            it is gone, and a higher one is there: fenced, Done(none) ◄───────────────┘
//! ```

use super::names::{self, Listing};
use super::whole::{Shape, shape};
use super::{DiskFlow, DiskInput, DiskStep, LARGEST, LOOKS};
use crate::error::{Code, Error};
use crate::flow::{LoginId, Now, Revision, Save, out_of_turn};
use crate::secret::SecretBytes;

/// The machine behind a store's `save`: the new revision, or none for a conflict.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SaveLogin {
    id: LoginId,
    bytes: SecretBytes,
    expected: Revision,
    state: State,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum State {
    Start,
    Making(usize),
    Before,
    Publishing,
    After { looks: u8 },
    Clearing { left: Vec<String>, saved: bool },
    Ended,
}

type Next = Result<DiskStep<Option<Revision>>, Error>;

impl SaveLogin {
    /// Errors: `store_unwritable` for bytes that could not be read again.
    pub fn new(save: Save) -> Result<Self, Error> {
        let bytes = save.bytes.unwrap_or_else(names::signed_out);
        if bytes.len() > LARGEST as usize || shape(bytes.expose()) == Shape::Torn {
            let message = format!(
                "a record has at most {LARGEST} bytes, its first line says how many follow, and these {} bytes are none",
                bytes.len()
            );
            return Err(Error::new(Code::StoreUnwritable, message));
        }
        Ok(Self {
            id: save.id,
            bytes,
            expected: save.expected,
            state: State::Start,
        })
    }

    fn own(&self) -> Revision {
        self.expected.saturating_add(1)
    }

    fn make(&mut self, made: usize) -> DiskStep<Option<Revision>> {
        match names::folders(&self.id).into_iter().nth(made) {
            Some(folder) => {
                self.state = State::Making(made + 1);
                DiskStep::MakeDir(folder)
            }
            None => self.list(State::Before),
        }
    }

    fn list(&mut self, state: State) -> DiskStep<Option<Revision>> {
        self.state = state;
        DiskStep::List(names::folder(&self.id))
    }

    /// What the second listing says about the revision that was just published.
    fn judge(&mut self, listing: &Listing, looks: u8) -> DiskStep<Option<Revision>> {
        let (top, own) = (listing.top(), self.own());
        // Revisions are cleared away in ascending order. As long as r.N stands, no r.(N+1) can have
        // been there before ours and gone: ours was written over the top. (0 always stands, and so
        // proves nothing where there is a higher one.)
        let stands = listing.stands(self.expected);
        if top == own && stands {
            return self.clear(listing.below(&self.id, own), true);
        }
        if top > own {
            // What the top was written over stays: its writer looks for it.
            let saved = stands && self.expected > 0;
            return self.clear(listing.below(&self.id, top - 1), saved);
        }
        // r.N is gone, or ours is: whoever removed it stands higher, and the listing missed that.
        if looks < LOOKS {
            return self.list(State::After { looks: looks + 1 });
        }
        DiskStep::Done(None)
    }

    fn clear(&mut self, mut left: Vec<String>, saved: bool) -> DiskStep<Option<Revision>> {
        if left.is_empty() {
            return DiskStep::Done(Some(self.own()).filter(|_| saved));
        }
        let next = left.remove(0);
        self.state = State::Clearing { left, saved };
        DiskStep::Remove(next)
    }
}

impl DiskFlow for SaveLogin {
    type Output = Option<Revision>;

    fn step(&mut self, _: Now, input: DiskInput) -> Next {
        match (std::mem::replace(&mut self.state, State::Ended), input) {
            (State::Start, DiskInput::Go) => Ok(self.make(0)),
            (State::Making(made), DiskInput::Made) => Ok(self.make(made)),
            (State::Before, DiskInput::Names(names)) => {
                if Listing::parse(&self.id, &names)?.top() != self.expected {
                    return Ok(DiskStep::Done(None));
                }
                self.state = State::Publishing;
                Ok(DiskStep::Publish {
                    path: names::revision(&self.id, self.own()),
                    bytes: self.bytes.clone(),
                    durable: true,
                })
            }
            (State::Publishing, DiskInput::Published) => Ok(self.list(State::After { looks: 1 })),
            (State::Publishing, DiskInput::Exists) => Ok(DiskStep::Done(None)),
            (State::After { looks }, DiskInput::Names(names)) => {
                let listing = Listing::parse(&self.id, &names)?;
                Ok(self.judge(&listing, looks))
            }
            (State::Clearing { left, saved }, DiskInput::Removed) => Ok(self.clear(left, saved)),
            (state, _) => {
                self.state = state;
                Err(out_of_turn())
            }
        }
    }
}
