//! When to poll: the pace a server asks for, on two clocks that may disagree (RFC 8628 §3.5).

use std::num::NonZeroU64;

use serde::{Deserialize, Serialize};

use crate::flow::Now;

/// RFC 8628 §3.2: the interval where the server names none.
const DEFAULT_INTERVAL_S: u64 = 5;
/// A server that says 0 still gets a moment's rest.
const LEAST_INTERVAL_S: u64 = 1;
/// What `slow_down` adds (RFC 8628 §3.5).
const SLOW_DOWN_S: u64 = 5;
/// Where doubling after timeouts ends, unless the server asked for more.
const DOUBLED_AT_MOST_MS: u64 = 30_000;
/// For a server that does not say how long its code lives; the common values are 5 to 30 minutes,
/// and a code that dies earlier is told by the server.
const DEFAULT_LIFETIME_S: u64 = 1800;
/// Ten years: beyond it lies only nonsense, and sums would overflow.
const LONGEST_S: u64 = 315_360_000;
/// How far past the deadline the last poll may be moved to keep the pace.
const PAST_DEADLINE_MS: u64 = 30_000;

/// A moment on both clocks, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Both {
    wall: u64,
    /// None in a process that has not set it yet: the steady clock of another process means nothing.
    /// One more than the clock says, which takes no more room than the clock itself.
    #[serde(skip)]
    steady: Option<NonZeroU64>,
}

impl Both {
    fn after(now: Now, ms: u64) -> Self {
        Self {
            wall: now.wall_ms.saturating_add(ms),
            steady: Some(NonZeroU64::MIN.saturating_add(now.steady_ms.saturating_add(ms))),
        }
    }

    /// Starts the steady clock again from what is left on the wall.
    fn settle(&mut self, now: Now) -> u64 {
        let left = self.wall.saturating_sub(now.wall_ms);
        let planned = NonZeroU64::MIN.saturating_add(now.steady_ms.saturating_add(left));
        self.steady.get_or_insert(planned).get() - 1
    }

    /// True in a process that has not set it yet, where the wall clock says that it is further
    /// away than it was ever planned to be: then that clock was set back, and nothing else is known.
    fn further_than(&self, now: Now, ms: u64) -> bool {
        self.steady.is_none() && self.wall.saturating_sub(now.wall_ms) > ms
    }

    /// What is left by the wall clock and by the steady one.
    fn left(&mut self, now: Now) -> (u64, u64) {
        let steady = self.settle(now);
        (
            self.wall.saturating_sub(now.wall_ms),
            steady.saturating_sub(now.steady_ms),
        )
    }
}

/// Whether the deadline has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passed {
    /// By no clock.
    No,
    /// By one clock: poll, and do not believe it yet.
    ByOne,
    /// By both.
    ByBoth,
}

/// The pace of one login.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pace {
    /// Never shrinks.
    interval_ms: u64,
    slowed: bool,
    next: Both,
    /// How far away `next` was when it was planned.
    wait_ms: u64,
    ends: Both,
}

impl Pace {
    /// The pace of a code that was asked for at `sent`; the first poll waits one interval.
    pub(super) fn new(sent: Now, now: Now, expires_in: Option<u64>, interval: Option<u64>) -> Self {
        let lifetime = expires_in.unwrap_or(DEFAULT_LIFETIME_S).min(LONGEST_S);
        let interval = interval.unwrap_or(DEFAULT_INTERVAL_S);
        let mut pace = Self {
            interval_ms: interval.clamp(LEAST_INTERVAL_S, LONGEST_S) * 1000,
            slowed: false,
            next: Both::after(now, 0),
            wait_ms: 0,
            // From when it was asked for: the server's own clock started later, never earlier.
            ends: Both::after(sent, lifetime * 1000),
        };
        // A first poll after the deadline could never bring a token.
        pace.plan(now, 0, 0);
        pace
    }

    /// The interval in whole seconds.
    pub(super) fn interval(&self) -> u64 {
        self.interval_ms.div_ceil(1000)
    }

    /// When the code ends, by the wall clock.
    pub(super) fn ends_at_ms(&self) -> u64 {
        self.ends.wall
    }

    /// `slow_down`: five seconds more, or the server's own interval if that is larger. True where
    /// it was not the first: the pace that the server asked for was kept, and is too fast again.
    pub(super) fn slow_down(&mut self, servers: Option<u64>) -> bool {
        let servers = servers.unwrap_or(0).min(LONGEST_S) * 1000;
        self.interval_ms = (self.interval_ms + SLOW_DOWN_S * 1000)
            .max(servers)
            .min(LONGEST_S * 1000);
        std::mem::replace(&mut self.slowed, true)
    }

    /// RFC 8628 §3.5: a timeout doubles the interval. The cap never pushes it below what it was.
    pub(super) fn double(&mut self) {
        let doubled = (self.interval_ms * 2).min(DOUBLED_AT_MOST_MS);
        self.interval_ms = self.interval_ms.max(doubled);
    }

    /// Plans the next poll: one interval with a margin from now, at least `asked` milliseconds.
    ///
    /// The last poll comes at the deadline, so that an approval in the last second counts. A poll
    /// after which no further one would fit before the deadline is moved there.
    pub(super) fn schedule(&mut self, now: Now, asked: u64) {
        self.plan(now, asked, PAST_DEADLINE_MS);
    }

    fn plan(&mut self, now: Now, asked: u64, at_most_late: u64) {
        // Polled at exactly the interval, some servers say slow_down: clocks drift, and requests
        // are stamped when they are processed. What the best clients add is a fifth.
        let margin = if self.slowed { 14 } else { 12 };
        let wait = (self.interval_ms * margin / 10).max(asked);
        let floor = self.interval_ms.max(asked);
        let (by_wall, by_steady) = self.ends.left(now);
        let left = match (by_wall, by_steady) {
            (0, other) | (other, 0) => other,
            (wall, steady) => wall.min(steady),
        };
        let wait = if left == 0 || wait.saturating_add(floor) <= left {
            wait
        } else if floor <= left {
            left
        } else if floor <= left.saturating_add(at_most_late) {
            floor
        } else {
            left
        };
        self.next = Both::after(now, wait);
        self.wait_ms = wait;
    }

    /// None when it is time to poll, else until when the steady clock has to wait.
    ///
    /// Both clocks have to agree, because in some virtual machines the steady one runs fast; but
    /// a wall clock that was set back holds a poll up by one more interval at the most.
    pub(super) fn wait_until(&mut self, now: Now) -> Option<u64> {
        // In a process that has just opened the login, its steady deadline starts here too.
        self.ends.settle(now);
        if self
            .next
            .further_than(now, self.wait_ms.saturating_add(self.interval_ms))
        {
            self.next = Both::after(now, 0);
        }
        let steady = self.next.settle(now);
        if now.steady_ms < steady {
            return Some(steady);
        }
        let behind = self.next.wall.saturating_sub(now.wall_ms);
        let at_most = steady.saturating_add(self.interval_ms);
        (behind > 0 && now.steady_ms < at_most)
            .then(|| now.steady_ms.saturating_add(behind).min(at_most))
    }

    /// Whether the code's time is over.
    pub(super) fn passed(&mut self, now: Now) -> Passed {
        match self.ends.left(now) {
            (0, 0) => Passed::ByBoth,
            (0, _) | (_, 0) => Passed::ByOne,
            _ => Passed::No,
        }
    }
}
