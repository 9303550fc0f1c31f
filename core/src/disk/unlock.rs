//! Giving a lease back, perhaps with a reason to rest.
//!
//! ```text
//!  Start ─ List ─► Listing ─ ours is the top ─► Publishing l.N.(K+1) free ─► Clearing ─► Done
//!                     │ a save moved on, or somebody took over       │ Exists
//!                     ▼                                              ▼
//!                    Done                                           Done
//! ```

use super::claim::{self, Claim};
use super::names::{self, Listing};
use super::{DiskFlow, DiskInput, DiskStep};
use crate::error::Error;
use crate::flow::{Lease, LoginId, Now, Rest, Revision, out_of_turn};

/// The machine behind a store's `unlock`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UnlockLogin {
    id: LoginId,
    claim: (Revision, u64),
    rest: Option<Rest>,
    state: State,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum State {
    Start,
    Listing,
    Publishing { lower: Vec<String> },
    Clearing { left: Vec<String> },
    Ended,
}

impl UnlockLogin {
    /// Errors: `out_of_turn` for a lease that is not of this store.
    pub fn new(lease: &Lease, rest: Option<Rest>) -> Result<Self, Error> {
        let (id, claim) = claim::parse_lease(lease)?;
        Ok(Self {
            id,
            claim,
            rest,
            state: State::Start,
        })
    }

    fn clear(&mut self, mut left: Vec<String>) -> DiskStep<()> {
        if left.is_empty() {
            return DiskStep::Done(());
        }
        let next = left.remove(0);
        self.state = State::Clearing { left };
        DiskStep::Remove(next)
    }
}

impl DiskFlow for UnlockLogin {
    type Output = ();

    fn step(&mut self, _: Now, input: DiskInput) -> Result<DiskStep<()>, Error> {
        match (std::mem::replace(&mut self.state, State::Ended), input) {
            (State::Start, DiskInput::Go) => {
                self.state = State::Listing;
                Ok(DiskStep::List(names::folder(&self.id)))
            }
            (State::Listing, DiskInput::Names(names)) => {
                let listing = Listing::parse(&self.id, &names)?;
                let (n, k) = self.claim;
                if (listing.top(), listing.top_claim(n)) != (n, k) {
                    return Ok(DiskStep::Done(()));
                }
                // An outage of hours must not pile up files. Ascending, and never the newest: a
                // claim is proven by the one below it still standing.
                let ours = listing.claims.iter().filter(|claim| **claim <= (n, k));
                self.state = State::Publishing {
                    lower: ours.map(|claim| names::claim(&self.id, *claim)).collect(),
                };
                Ok(DiskStep::Publish {
                    path: names::claim(&self.id, (n, k + 1)),
                    bytes: Claim::Free(self.rest).to_bytes()?,
                    durable: false,
                })
            }
            (State::Publishing { lower }, DiskInput::Published) => Ok(self.clear(lower)),
            (State::Publishing { .. }, DiskInput::Exists) => Ok(DiskStep::Done(())),
            (State::Clearing { left }, DiskInput::Removed) => Ok(self.clear(left)),
            (state, _) => {
                self.state = state;
                Err(out_of_turn())
            }
        }
    }
}
