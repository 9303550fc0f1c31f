//! One code, from the request to its end, and what each poll of it is told.
//!
//! ```text
//!            decide(true)            redeem()
//! Waiting ───────────────▶ Approved ──────────▶ Redeemed
//!    │ decide(false)           │
//!    ├──────────▶ Denied       │    any of them, past its time: expired,
//!    └─────────────────────────┘    and 300 s later unknown
//! ```

use std::time::{Duration, Instant};

use super::{
    code,
    fault::{On, Trouble},
    script::{Decide, Script, When},
};

/// What each `slow_down` adds (RFC 8628 §3.5).
const SLOWER: u64 = 5;

/// What a device asks for.
#[derive(Debug, Clone)]
pub(super) struct Ask {
    pub(super) client_id: String,
    pub(super) client_name: String,
    pub(super) scope: String,
    pub(super) challenge: Option<String>,
}

/// One code and its story.
#[derive(Debug)]
pub(super) struct Grant {
    pub(super) ask: Ask,
    pub(super) user_code: String,
    pub(super) state: State,
    pub(super) expires_at: Instant,
    issued_at: Instant,
    last_poll: Option<Instant>,
    interval: u64,
    polls: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Waiting,
    Approved,
    Denied,
    /// For the tokens of this family.
    Redeemed(u64),
}

/// What a poll is told.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Told {
    Unknown,
    BadVerifier(&'static str),
    Expired,
    Waiting,
    SlowDown,
    Denied,
    /// Approved: tokens may be given, once.
    Redeem,
    /// Redeemed before, for this family.
    Again(u64),
    /// Nothing: the script struck before the server looked.
    Nothing,
}

/// A poll's answer and what is to be said of it.
#[derive(Debug)]
pub(super) struct Polled {
    pub(super) told: Told,
    pub(super) number: u32,
    pub(super) interval: u64,
    pub(super) trouble: Option<Trouble>,
    /// Set when the script decided during this very poll: the code and whether
    /// it was approved.
    pub(super) decided: Option<(String, bool)>,
}

impl Polled {
    pub(super) fn unknown() -> Self {
        Self {
            told: Told::Unknown,
            number: 0,
            interval: 0,
            trouble: None,
            decided: None,
        }
    }
}

impl Grant {
    pub(super) fn new(ask: Ask, user_code: String, script: &Script, now: Instant) -> Self {
        let life = script.expires_after_ms.map_or(
            Duration::from_secs(script.expires_in),
            Duration::from_millis,
        );
        Self {
            ask,
            user_code,
            state: State::Waiting,
            expires_at: now + life,
            issued_at: now,
            last_poll: script.strict_first.then_some(now),
            interval: script.interval,
            polls: 0,
        }
    }

    /// One poll, as the script lets it go.
    pub(super) fn poll(
        &mut self,
        client_id: &str,
        verifier: Option<&str>,
        script: &Script,
        now: Instant,
    ) -> Polled {
        self.polls = self.polls.saturating_add(1);
        let trouble = script.trouble(On::Poll, self.polls).cloned();
        let mut decided = None;
        let told = match trouble {
            None | Some(Trouble::SlowDown | Trouble::Lost) if self.ask.client_id != client_id => {
                Told::Unknown
            }
            None | Some(Trouble::SlowDown | Trouble::Lost) => {
                decided = self
                    .follow(script, now)
                    .map(|yes| (self.user_code.clone(), yes));
                self.tell(verifier, trouble == Some(Trouble::SlowDown), now)
            }
            Some(_) => Told::Nothing,
        };
        Polled {
            told,
            number: self.polls,
            interval: self.interval,
            trouble,
            decided,
        }
    }

    /// Whether a decision is still awaited.
    pub(super) fn waits(&self, now: Instant) -> bool {
        self.state == State::Waiting && now < self.expires_at
    }

    /// Does what the script decides. Gives its decision if it just fell.
    fn follow(&mut self, script: &Script, now: Instant) -> Option<bool> {
        let due = |when: When| {
            self.polls > when.after_polls
                && now.duration_since(self.issued_at) >= Duration::from_millis(when.after_ms)
        };
        if !self.waits(now) {
            return None;
        }
        match script.decide {
            Decide::Approve(when) if due(when) => {
                self.state = State::Approved;
                Some(true)
            }
            Decide::Deny(when) if due(when) => {
                self.state = State::Denied;
                Some(false)
            }
            Decide::Expire(when) if due(when) => {
                self.expires_at = now;
                None
            }
            _ => None,
        }
    }

    fn tell(&mut self, verifier: Option<&str>, slow: bool, now: Instant) -> Told {
        match (&self.ask.challenge, verifier) {
            (Some(_), None) => return Told::BadVerifier("Missing parameter: code_verifier"),
            (Some(challenge), Some(verifier)) if *challenge != code::challenge(verifier) => {
                return Told::BadVerifier("The code_verifier does not fit the code_challenge.");
            }
            // RFC 9700 §2.1.1: a verifier without a challenge smells of a downgrade.
            (None, Some(_)) => return Told::BadVerifier("There was no code_challenge."),
            _ => {}
        }
        if let State::Redeemed(family) = self.state {
            return Told::Again(family);
        }
        if now >= self.expires_at {
            return Told::Expired;
        }
        let pace = Duration::from_secs(self.interval);
        let hasty = self
            .last_poll
            .is_some_and(|last| now.duration_since(last) < pace);
        self.last_poll = Some(now);
        if slow {
            self.interval += SLOWER;
            return Told::SlowDown;
        }
        // `slow_down` is a kind of `authorization_pending` (RFC 8628 §3.5): a
        // decision is told at any pace.
        match self.state {
            State::Approved => Told::Redeem,
            State::Denied => Told::Denied,
            _ if hasty => {
                self.interval += SLOWER;
                Told::SlowDown
            }
            _ => Told::Waiting,
        }
    }
}
