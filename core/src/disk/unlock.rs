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

/// How many of the newest claims on a revision stay. Whoever stood still since it listed the claims
/// may publish a name once more that was cleared away; for its next listing to show nothing newer,
/// this many claims would have to come and go while it runs.
const KEPT_CLAIMS: u64 = 8;

/// The machine behind a store's `unlock`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UnlockLogin {
    id: LoginId,
    claim: (Revision, u64),
    rest: Option<Rest>,
    kept: u64,
    state: State,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum State {
    Start,
    Listing,
    Publishing { old: Vec<String> },
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
            kept: KEPT_CLAIMS,
            state: State::Start,
        })
    }

    /// For the exploration, which cannot go through as many claims as are kept.
    #[doc(hidden)]
    #[must_use]
    pub fn keeping(mut self, claims: u64) -> Self {
        self.kept = claims;
        self
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
                // An outage of hours must not pile up files.
                let old = |claim: &&(Revision, u64)| claim.0 == n && claim.1 + self.kept <= k + 1;
                let old = listing.claims.iter().filter(old);
                self.state = State::Publishing {
                    old: old.map(|claim| names::claim(&self.id, *claim)).collect(),
                };
                Ok(DiskStep::Publish {
                    path: names::claim(&self.id, (n, k + 1)),
                    bytes: Claim::Free(self.rest).to_bytes()?,
                    durable: false,
                })
            }
            (State::Publishing { old }, DiskInput::Published) => Ok(self.clear(old)),
            (State::Publishing { .. }, DiskInput::Exists) => Ok(DiskStep::Done(())),
            (State::Clearing { left }, DiskInput::Removed) => Ok(self.clear(left)),
            (state, _) => {
                self.state = state;
                Err(out_of_turn())
            }
        }
    }
}
