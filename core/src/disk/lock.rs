//! Taking the lease to renew a login, without waiting for anybody.
//!
//! ```text
//!  Start ─ MakeDir … ─► Listing ─ no claim on N ─► ReadingTop ─ whole ──────────┐
//!              ▲           │                          │ torn: as an owner that   │
//!              │           ▼ claim K                  │ may live                 │
//!              │        ReadingClaim ─ free ──────────┼──────────────────────────┤
//!              │           │    └ it rests: Resting   ▼                          ▼
//!              │           ▼ an owner   Alive, Unknown: Busy, for 45 s    Publishing l.N.(K+1)
//!              │         Asking ─ Dead ───────────────┼──────────────────────────┤
//!              └─ vanished, Exists: look again        │                          ▼
//!                                                     └──────────────► Checking: List
//!                          N, K+1 the highest, r.N and l.N.K still there: Yes; else Busy
//! ```

use super::claim::{self, Claim, LARGEST_CLAIM, Liveness, Owner};
use super::names::{self, Listing};
use super::seen::{Seen, Sight, UNCHANGED_MS};
use super::whole::{Shape, shape};
use super::{DiskFlow, DiskInput, DiskStep, EMPTY_LOOKS, LARGEST, LOOKS, refused};
use crate::error::Error;
use crate::flow::{Lease, Lock, LoginId, Now, Rest, Revision, out_of_turn};
use crate::secret::SecretBytes;

/// What an attempt to lock has come to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    /// The lease is ours.
    Yes(Lease),
    /// It is somebody else's, since we first saw it so (milliseconds of the steady clock).
    Busy {
        /// On the clock of [`Now::steady_ms`].
        since: u64,
    },
    /// Nobody has it, and nobody should take it yet.
    Resting(Rest),
}

/// The answer, and what the store has to remember: give it to [`Seen::learn`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Attempt {
    /// The answer.
    pub answer: Answer,
    /// The claim that stood in the way.
    pub sight: Option<Sight>,
}

/// The machine behind a store's `lock`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LockLogin {
    id: LoginId,
    force: bool,
    unchanged_ms: u64,
    owner: Owner,
    known: Option<Sight>,
    looks: u8,
    state: State,
}

/// Revision and number of a claim.
type At = (Revision, u64);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum State {
    Start,
    Making(usize),
    Listing,
    ReadingTop(Revision),
    ReadingClaim(At),
    Asking(At, SecretBytes),
    Publishing(At),
    Checking(At),
    Ended,
}

type Next = Result<DiskStep<Attempt>, Error>;

impl LockLogin {
    /// Takes the lease for `owner`, which is the host's own process.
    pub fn new(wish: Lock, owner: Owner, seen: &Seen) -> Self {
        Self {
            known: seen.of(&wish.id),
            id: wish.id,
            force: wish.force,
            unchanged_ms: UNCHANGED_MS.max(wish.ttl_ms.into()),
            owner,
            looks: 0,
            state: State::Start,
        }
    }

    fn make(&mut self, made: usize) -> DiskStep<Attempt> {
        match names::folders(&self.id).into_iter().nth(made) {
            Some(folder) => {
                self.state = State::Making(made + 1);
                DiskStep::MakeDir(folder)
            }
            None => self.list(State::Listing),
        }
    }

    fn list(&mut self, state: State) -> DiskStep<Attempt> {
        self.looks += 1;
        self.state = state;
        DiskStep::List(names::folder(&self.id))
    }

    /// What was seen has changed meanwhile.
    fn look_again(&mut self, now: Now) -> DiskStep<Attempt> {
        if self.looks < LOOKS {
            self.list(State::Listing)
        } else {
            busy(now.steady_ms, None)
        }
    }

    fn looked(&mut self, listing: &Listing) -> Next {
        let n = listing.top();
        if n == 0 && self.looks < EMPTY_LOOKS {
            return Ok(self.list(State::Listing));
        }
        Ok(match listing.top_claim(n) {
            0 if n == 0 => return self.publish((0, 1)),
            // A file that somebody may still be writing, where there are no links.
            0 => {
                self.state = State::ReadingTop(n);
                DiskStep::Read {
                    path: names::revision(&self.id, n),
                    max: LARGEST,
                }
            }
            k => {
                self.state = State::ReadingClaim((n, k));
                DiskStep::Read {
                    path: names::claim(&self.id, (n, k)),
                    max: LARGEST_CLAIM,
                }
            }
        })
    }

    fn publish(&mut self, at: At) -> Next {
        self.state = State::Publishing(at);
        Ok(DiskStep::Publish {
            path: names::claim(&self.id, at),
            bytes: Claim::Owned(self.owner.clone()).to_bytes()?,
            durable: false,
        })
    }

    /// Somebody may be behind this file: it must have stood unchanged before `at` is claimed.
    fn wait_out(&mut self, now: Now, path: &str, bytes: &[u8], at: At) -> Next {
        let sight = Sight::of(path, bytes, now.steady_ms, self.known.as_ref());
        if now.steady_ms - sight.since() >= self.unchanged_ms {
            return self.publish(at);
        }
        Ok(busy(sight.since(), Some(sight)))
    }

    fn read_claim(&mut self, now: Now, (n, k): At, bytes: SecretBytes) -> Next {
        match Claim::from_bytes(bytes.expose()) {
            Claim::Free(Some(rest)) if rest.until_ms > now.wall_ms && !self.force => {
                Ok(done(Answer::Resting(rest), None))
            }
            Claim::Free(_) => self.publish((n, k + 1)),
            Claim::Owned(owner) => {
                self.state = State::Asking((n, k), bytes);
                Ok(DiskStep::Liveness(owner))
            }
            Claim::Damaged => self.hold_off(now, (n, k), &bytes),
        }
    }

    fn hold_off(&mut self, now: Now, (n, k): At, bytes: &SecretBytes) -> Next {
        let path = names::claim(&self.id, (n, k));
        self.wait_out(now, &path, bytes.expose(), (n, k + 1))
    }

    /// Whether the claim that was just published is the lease.
    fn check(&self, now: Now, (n, k): At, listing: &Listing) -> DiskStep<Attempt> {
        // Claims are cleared away in ascending order, and only after a newer one or a newer
        // revision: what ours was built on still stands, so ours was never there before.
        let built_on = k == 1 || listing.claims.binary_search(&(n, k - 1)).is_ok();
        let highest = (listing.top(), listing.top_claim(n)) == (n, k);
        if highest && built_on {
            done(Answer::Yes(claim::lease(&self.id, (n, k))), None)
        } else {
            busy(now.steady_ms, None)
        }
    }
}

fn done(answer: Answer, sight: Option<Sight>) -> DiskStep<Attempt> {
    DiskStep::Done(Attempt { answer, sight })
}

fn busy(since: u64, sight: Option<Sight>) -> DiskStep<Attempt> {
    done(Answer::Busy { since }, sight)
}

impl DiskFlow for LockLogin {
    type Output = Attempt;

    fn step(&mut self, now: Now, input: DiskInput) -> Next {
        match (std::mem::replace(&mut self.state, State::Ended), input) {
            (State::Start, DiskInput::Go) => Ok(self.make(0)),
            (State::Making(made), DiskInput::Made) => Ok(self.make(made)),
            (State::Listing, DiskInput::Names(names)) => {
                self.looked(&Listing::parse(&self.id, &names)?)
            }
            (State::ReadingTop(n), DiskInput::Bytes(bytes)) => match shape(bytes.expose()) {
                Shape::Torn => {
                    let path = names::revision(&self.id, n);
                    self.wait_out(now, &path, bytes.expose(), (n, 1))
                }
                _ => self.publish((n, 1)),
            },
            (State::ReadingClaim(at), DiskInput::Bytes(bytes)) => self.read_claim(now, at, bytes),
            (State::Asking((n, k), bytes), DiskInput::Liveness(liveness)) => match liveness {
                Liveness::Dead => self.publish((n, k + 1)),
                Liveness::Alive | Liveness::Unknown => self.hold_off(now, (n, k), &bytes),
            },
            (State::Publishing(at), DiskInput::Published) => Ok(self.list(State::Checking(at))),
            (State::Checking(at), DiskInput::Names(names)) => {
                let listing = Listing::parse(&self.id, &names)?;
                Ok(self.check(now, at, &listing))
            }
            (State::ReadingTop(_) | State::ReadingClaim(_), DiskInput::Absent)
            | (State::Publishing(_), DiskInput::Exists) => Ok(self.look_again(now)),
            (State::ReadingTop(_) | State::ReadingClaim(_), DiskInput::Unsafe(why)) => {
                Err(refused(why))
            }
            (state, _) => {
                self.state = state;
                Err(out_of_turn())
            }
        }
    }
}
