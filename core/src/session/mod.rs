//! Keeping a token fresh: by the record where that will do, else by one exchange under the lease.
//!
//! The lease spans read again, exchange, save: a lock around the file alone does not keep two
//! processes from spending one refresh token (DESIGN §5).
//!
//! ```text
//!  Start ─ Load ─► Looking ─ good, or nothing to renew it with ───────────────► Done
//!            ▲        │ due                                                      ▲
//!            │     Locking ─ Resting, Busy: good enough ─────────────────────────┤
//!            │        │    └ Busy ─► Waiting ─► Load                             │
//!            │        ▼ Locked: Load again                                       │
//!            │     Holding ─ renewed meanwhile ───────────────────► Releasing ───┤
//!            │        ▼ Send                                           ▲         │
//!            │     Exchanging ─ may pass ─► Pausing ─► Send            │         ▼
//!            │        │ tokens: Save            │ no more tries: rest  │    or the error
//!            │        ▼                         └──────────────────────┤
//!            │     Saving ─ Saved ─────────────────────────────────────┤
//!            │        │ Conflict: Load ─► Fenced: the winner's, or ────┤
//!            │        │   over an end that was told too early: Save    │
//!            │        │ invalid_grant: Load ─► Checking ─ another now ─┤
//!            │        │                           │ the same: Save     │
//!            │        │                        Ending ─────────────────┘
//!            └────────┴── still not good: once more
//! ```

mod due;
mod health;
mod outside;
mod refresh;
mod revoke;
mod step;
mod take;

pub use due::{Cached, Need};
pub use health::{Health, HealthState};
pub use outside::{Guard, Renewed};
pub use revoke::{Revoke, Revoked};

use crate::account::Expected;
use crate::entropy::Entropy;
use crate::error::{Class, Code, Error};
use crate::event::{Event, Events};
use crate::flow::{Lease, Lock, LoginId, Now, Rest, Step, out_of_turn};
use crate::login::{Login, Record};
use crate::options::Options;
use crate::seal::Key;
use due::Verdict;

/// A stalled holder's lease is taken over after this; it must be longer than the whole exchange.
const LEASE_MS: u32 = 45_000;
/// From the lease to its end; whoever gave up on the call waits for nothing else (DESIGN §4).
const STRETCH_MS: u64 = 25_000;
/// How long one waits for another program: longer than a stalled one keeps its lease.
const PATIENCE_MS: u64 = 60_000;
/// How soon a waiter looks for the new revision, and how slowly after a while.
const LOOK_MS: (u64, u64) = (5, 50);
/// How often an exchange is tried under one lease, where the token in hand is no good.
const TRIES: u8 = 3;
/// How often a save is tried before the tokens are only in memory.
const SAVES: u8 = 6;
/// Whoever renews a token that is younger than this does so too often.
const STORM_MS: u64 = 3_000;
/// How often it begins anew, when others keep changing the login.
const ROUNDS: u8 = 4;

/// How a [`Session`] ends, besides an error.
#[derive(Clone, Debug)]
pub struct Renewal {
    /// The login, with the best token there is.
    pub login: Login,
    /// Why nobody should try to renew it before a moment, where the last try failed.
    pub rest: Option<Rest>,
    /// Why the newest tokens could not be written to the store; they are in `login` alone. Give
    /// that login to the next session, which writes it.
    pub unsaved: Option<Error>,
}

/// The machine that answers with a token that is good, renewing it where that is needed.
#[derive(Debug)]
pub struct Session {
    id: LoginId,
    key: Key,
    need: Need,
    entropy: Entropy,
    share: u8,
    expected: Option<Expected>,
    /// Tokens that an earlier session could not write.
    unwritten: Option<Box<Login>>,
    started: Option<Now>,
    rounds: u8,
    looks: u8,
    hold: Option<Hold>,
    state: State,
    events: Events,
}

/// What lasts as long as the lease.
#[derive(Debug)]
struct Hold {
    lease: Lease,
    since: Now,
    tries: u8,
    saves: u8,
    /// An answer was lost: the server may have taken the token as used.
    lost: bool,
}

#[derive(Debug)]
enum State {
    Start,
    Looking,
    Locking(Box<Login>),
    Waiting,
    Holding,
    Exchanging { login: Box<Login>, sent: Now },
    Pausing { login: Box<Login>, until: u64 },
    Saving(Fresh),
    SavePausing { fresh: Fresh, until: u64 },
    Fenced(Fresh),
    Checking { login: Box<Login>, error: Error },
    Ending(Error),
    Releasing(After),
    Ended,
}

/// Tokens that are not in the store yet.
#[derive(Debug)]
struct Fresh {
    login: Box<Login>,
    /// When they were asked for.
    sent: Now,
    rotated: bool,
}

/// What comes once the lease is given back.
#[derive(Debug)]
enum After {
    Done(Box<Renewal>),
    Fail(Error),
    Again,
}

type Next = Result<Step<Renewal>, Error>;

impl Session {
    /// Renews the login in `id` where `need` asks for it. `entropy` is 32 fresh random bytes.
    pub fn new(id: LoginId, key: Key, need: Need, entropy: [u8; 32]) -> Self {
        let mut entropy = Entropy::new(entropy);
        let share = entropy.draw()[0];
        Self {
            id,
            key,
            need,
            entropy,
            share,
            expected: None,
            unwritten: None,
            started: None,
            rounds: 0,
            looks: 0,
            hold: None,
            state: State::Start,
            events: Events::default(),
        }
    }

    /// Writes these tokens first, which an earlier session could not (see [`Renewal::unsaved`]),
    /// unless the store has moved on.
    #[must_use]
    pub fn unwritten(mut self, login: Option<Login>) -> Self {
        self.unwritten = login.map(Box::new);
        self
    }

    /// Gives only a login of the account that these options expect: another person may have signed
    /// in at the same place since it was found. Then the error is `no_login`.
    ///
    /// Errors: `bad_option`, as any use of the options.
    pub fn expecting(mut self, options: &Options) -> Result<Self, Error> {
        self.expected = options.expected()?;
        Ok(self)
    }

    fn load(&mut self, then: State) -> Step<Renewal> {
        self.state = then;
        Step::Load(self.id.clone())
    }

    fn verdict(&self, login: &Login, now: Now) -> Verdict {
        let verdict = due::judge(&login.record.tokens, now, &self.need, self.share);
        // What was asked for at the sign-in and is missing since may come back with a renewal.
        let missing = |scope| !login.record.tokens.scopes.contains(scope);
        match verdict {
            Verdict::Fresh | Verdict::Early
                if self.rounds == 0 && narrowed(login) && self.need.scopes.iter().any(missing) =>
            {
                Verdict::Short
            }
            verdict => verdict,
        }
    }

    fn lock(&mut self, login: Box<Login>) -> Step<Renewal> {
        self.state = State::Locking(login);
        Step::Lock(Lock {
            id: self.id.clone(),
            ttl_ms: LEASE_MS,
            force: self.need.force,
        })
    }

    fn looked(&mut self, login: Login, now: Now) -> Next {
        if !covers(&login.record, &self.need.scopes) {
            return Err(more_scopes(&login, &self.need.scopes));
        }
        self.need.challenged(&login.record)?;
        // Where the store has moved on, what was not written is out of date.
        self.unwritten
            .take_if(|unwritten| unwritten.revision != login.revision);
        if self.unwritten.is_some() {
            return Ok(self.lock(Box::new(login)));
        }
        let verdict = self.verdict(&login, now);
        if self.looks > 0 && verdict <= Verdict::Early {
            self.events.push(Event::RefreshJoined);
        }
        match (verdict, &login.record.tokens.refresh_token) {
            (Verdict::Fresh, _) | (Verdict::Early | Verdict::Short, None) => {
                Ok(done(login, None, None))
            }
            (Verdict::Dead, None) => Err(self.not_renewable(&login)),
            _ => Ok(self.lock(Box::new(login))),
        }
    }

    fn not_renewable(&self, login: &Login) -> Error {
        if self.need.reject.as_ref() == Some(&login.record.tokens.access_token) {
            let message = "the access token was refused, and the server gave no refresh token";
            return Error::new(Code::TokenRefused, message);
        }
        let message = "the access token has expired, and the server gave no refresh token";
        Error::new(Code::TokenExpired, message)
    }

    /// The lease is another's. What is good enough is given; else the work of the other is awaited.
    fn busy(&mut self, login: Box<Login>, now: Now) -> Next {
        if self.verdict(&login, now) <= Verdict::Early && self.unwritten.is_none() {
            return Ok(done(*login, None, None));
        }
        let started = *self.started.get_or_insert(now);
        if now.steady_ms.saturating_sub(started.steady_ms) > PATIENCE_MS {
            let message = "another program is renewing this login and has not finished";
            return Err(Error::new(Code::RenewalBusy, message));
        }
        self.looks = self.looks.saturating_add(1);
        self.state = State::Waiting;
        let pause = (LOOK_MS.0 * u64::from(self.looks)).min(LOOK_MS.1);
        let until = now.steady_ms.saturating_add(pause);
        Ok(Step::Wait { until })
    }

    fn resting(&mut self, login: Login, now: Now, rest: Rest) -> Next {
        if self.verdict(&login, now) < Verdict::Dead {
            return Ok(done(login, Some(rest), None));
        }
        if rest.code.class() == Class::Refused {
            self.events.push(Event::Anomaly {
                kind: "repeated_refusal",
            });
        }
        let seconds = rest.until_ms.saturating_sub(now.wall_ms).div_ceil(1000);
        let why = rest.code.as_str();
        let message =
            format!("a renewal failed a moment ago ({why}); the next one is in {seconds} s");
        // Whoever has to act on the first failure has to act on this one too.
        let code = match rest.code.class() {
            Class::TryLater | Class::StoreError => Code::RenewalResting,
            _ => rest.code,
        };
        Err(Error::new(code, message))
    }

    fn send(&mut self, login: Box<Login>, now: Now) -> Next {
        let hold = self.hold.as_mut().ok_or_else(out_of_turn)?;
        let left = hold.left(now);
        // After a stall somebody else may hold the lease by now; nothing may be spent on the old one.
        if left == 0 {
            return Ok(self.release(After::Again, None));
        }
        hold.tries += 1;
        let left = u32::try_from(left).unwrap_or(u32::MAX);
        match refresh::request(&login.record, left) {
            Some(request) => {
                if now.wall_ms.saturating_sub(login.record.tokens.issued_at_ms) < STORM_MS {
                    self.events.push(Event::Anomaly {
                        kind: "refresh_storm",
                    });
                }
                self.state = State::Exchanging { login, sent: now };
                Ok(Step::Send(request))
            }
            None => Ok(self.release(After::Fail(self.not_renewable(&login)), None)),
        }
    }

    fn release(&mut self, after: After, rest: Option<Rest>) -> Step<Renewal> {
        self.state = State::Releasing(after);
        match self.hold.take() {
            Some(hold) => Step::Unlock {
                lease: hold.lease,
                rest,
            },
            None => Step::Wait { until: 0 },
        }
    }

    /// Begins anew, because others changed the login meanwhile.
    fn again(&mut self) -> Next {
        self.rounds += 1;
        if self.rounds == ROUNDS {
            let message = format!("the login changed {ROUNDS} times while it was being renewed");
            return Err(Error::new(Code::RenewalBusy, message));
        }
        Ok(self.load(State::Looking))
    }
}

impl Hold {
    /// How much of the stretch is left, in milliseconds, by the clock that is further.
    fn left(&self, now: Now) -> u64 {
        let steady = now.steady_ms.saturating_sub(self.since.steady_ms);
        let wall = now.wall_ms.saturating_sub(self.since.wall_ms);
        STRETCH_MS.saturating_sub(steady.max(wall))
    }
}

fn done(login: Login, rest: Option<Rest>, unsaved: Option<Error>) -> Step<Renewal> {
    Step::Done(Renewal {
        login,
        rest,
        unsaved,
    })
}

/// Whether every scope was asked for at the sign-in, or granted since. Asking a server again for
/// what it did not grant is a loop.
fn covers(record: &Record, scopes: &[String]) -> bool {
    let known = |scope| record.grant.scopes.contains(scope) || record.tokens.scopes.contains(scope);
    scopes.iter().all(known)
}

/// Whether the token has fewer scopes than the sign-in brought.
fn narrowed(login: &Login) -> bool {
    let signed_in = login.record.header.scopes.iter();
    let mut missing = signed_in.filter(|scope| !login.record.tokens.scopes.contains(scope));
    missing.next().is_some()
}

fn more_scopes(login: &Login, scopes: &[String]) -> Error {
    let record = &login.record;
    let known = |scope: &&String| {
        !record.grant.scopes.contains(scope) && !record.tokens.scopes.contains(scope)
    };
    let missing: Vec<_> = scopes.iter().filter(known).map(String::as_str).collect();
    let message = format!("the login was never asked for: {}", missing.join(" "));
    Error::new(Code::MoreScopes, crate::text::clean(&message, 500))
}
