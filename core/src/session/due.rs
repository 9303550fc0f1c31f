//! When a token has to be renewed: by its share of life, on two clocks, and by what the caller needs.

use crate::challenge::Challenge;
use crate::error::Error;
use crate::flow::{Now, Rest};
use crate::login::{Login, Record};
use crate::secret::Secret;
use crate::step_up;
use crate::tokens::Tokens;

/// A record that was written this far in the future was written before the clock was set back.
const CLOCK_SET_BACK_MS: u64 = 300_000;

/// What a caller needs of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// The least time it should live, in milliseconds; above half of its lifetime it counts as
    /// half. Where the server cannot be reached, a token that lives shorter is given all the same.
    pub min_ttl_ms: u64,
    /// The token that was just answered 401: another one is needed.
    pub reject: Option<Secret>,
    /// Scopes that have to have been asked for.
    pub scopes: Vec<String>,
    /// What `reject` was answered with. Where it is a step-up, only another token that has the
    /// scopes will do: else the error is `more_scopes`, or `scope_loop` where a person was asked
    /// for them already.
    pub challenge: Option<Challenge>,
    /// Renew, however fresh the token is and however recently that failed.
    pub force: bool,
}

impl Need {
    /// Whether both demand the same of a login, so that an error for the one answers the other too.
    #[must_use]
    pub fn demands_as(&self, other: &Self) -> bool {
        (&self.scopes, &self.challenge) == (&other.scopes, &other.challenge)
    }

    /// Errors: why a login does not have the scopes that the challenge demands.
    pub(super) fn challenged(&self, record: &Record) -> Result<(), Error> {
        let challenge = self.challenge.as_ref();
        challenge.map_or(Ok(()), |c| step_up::judge(c, record, self.reject.as_ref()))
    }
}

impl Default for Need {
    fn default() -> Self {
        Self {
            min_ttl_ms: 60_000,
            reject: None,
            scopes: Vec::new(),
            challenge: None,
            force: false,
        }
    }
}

/// How good a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verdict {
    /// Good.
    Fresh,
    /// Good, and the better renewed: nobody has to wait for it.
    Early,
    /// It lives, but shorter than is needed.
    Short,
    /// Expired, or refused by whom it was shown to.
    Dead,
}

/// From a tenth to three twentieths of the lifetime, by a random share: a thousand programs that
/// signed in together do not renew together.
fn early_ms(lifetime: u64, share: u8) -> u64 {
    lifetime / 10 + lifetime / 20 * u64::from(share) / 255
}

fn lifetime(tokens: &Tokens) -> Option<u64> {
    let ends = tokens.expires_at_ms?;
    Some(ends.saturating_sub(tokens.issued_at_ms))
}

/// Judges a token from the store, by the wall clock alone: the record says nothing of another.
pub(super) fn judge(tokens: &Tokens, now: Now, need: &Need, share: u8) -> Verdict {
    let left = tokens
        .expires_at_ms
        .map(|ends| ends.saturating_sub(now.wall_ms));
    let set_back = tokens.issued_at_ms > now.wall_ms.saturating_add(CLOCK_SET_BACK_MS);
    match verdict(tokens, left, need, share) {
        Verdict::Fresh if set_back && left.is_some() => Verdict::Early,
        verdict => verdict,
    }
}

fn verdict(tokens: &Tokens, left: Option<u64>, need: &Need, share: u8) -> Verdict {
    if need.reject.as_ref() == Some(&tokens.access_token) {
        return Verdict::Dead;
    }
    let (Some(left), Some(lifetime)) = (left, lifetime(tokens)) else {
        return if need.force {
            Verdict::Short
        } else {
            Verdict::Fresh
        };
    };
    if left == 0 {
        Verdict::Dead
    } else if need.force || left < need.min_ttl_ms.min(lifetime / 2) {
        Verdict::Short
    } else if left < early_ms(lifetime, share) {
        Verdict::Early
    } else {
        Verdict::Fresh
    }
}

/// A login in memory: answers without a store as long as its token is good.
#[derive(Clone, Debug)]
pub struct Cached {
    /// The login as it was last read or written.
    pub login: Login,
    /// Why it is not renewed before a moment.
    rest: Option<Rest>,
    /// The end by the steady clock, so that a clock that is set does not keep a dead token.
    steady_end: Option<u64>,
    share: u8,
}

impl Cached {
    /// Takes over what a [`Session`](super::Session) ended with at `now`. `share` is one random
    /// byte, so that programs that signed in together do not renew together.
    pub fn new(renewal: super::Renewal, now: Now, share: u8) -> Self {
        let ends = renewal.login.record.tokens.expires_at_ms;
        let left = ends.map(|ends| ends.saturating_sub(now.wall_ms));
        Self {
            steady_end: left.map(|left| now.steady_ms.saturating_add(left)),
            login: renewal.login,
            rest: renewal.rest,
            share,
        }
    }

    /// The access token, where it meets the need as it is. The hot path: no store is asked.
    pub fn token(&self, now: Now, need: &Need) -> Option<&Secret> {
        let tokens = &self.login.record.tokens;
        let record = &self.login.record;
        if !super::covers(record, &need.scopes) || need.challenged(record).is_err() {
            return None;
        }
        let ends = tokens.expires_at_ms.zip(self.steady_end);
        let left = ends.map(|(wall, steady)| {
            let by_wall = wall.saturating_sub(now.wall_ms);
            by_wall.min(steady.saturating_sub(now.steady_ms))
        });
        let resting = || {
            let rest = self.rest.as_ref();
            rest.is_some_and(|rest| rest.until_ms > now.wall_ms) || !self.renewable()
        };
        match verdict(tokens, left, need, self.share) {
            Verdict::Fresh => Some(&tokens.access_token),
            Verdict::Early | Verdict::Short if !need.force && resting() => {
                Some(&tokens.access_token)
            }
            _ => None,
        }
    }

    fn renewable(&self) -> bool {
        self.login.record.tokens.refresh_token.is_some()
    }
}
