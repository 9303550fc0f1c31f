//! Finishing a sign-in that was kept: in another process, request or replica than began it. It is
//! polled only under its lease, because two polls at once make some servers revoke the grant.
//!
//! ```text
//!  Start ─ Load ─► Looking ─ gone: Load the login ─► Elsewhere ─ a newer one ─► Done(Login)
//!            ▲        │ not its time: Done(Waiting); to the end: Show once, Wait
//!            │        ▼ its time
//!            │     Locking ─ Busy ─► Wait
//!            │        ▼ Locked: Load again
//!            │     Holding ─ changed meanwhile ──────────────────────────────┐
//!            │        ▼ Send                                                 │
//!            │     Polling ⟲ whose tokens? (see the device grant)            │
//!            │        ├ pending ─► Save ───────────────────┐            ▼
//!            │        │ tokens: Load, Save the login ─► Clearing ┴─ Unlock ─► Releasing ─► Done
//!            │        └ refused: Save nothing over it ──────────┘            │
//!            └───────────────────────────────────────────────────────────────┘ to the end
//! ```

use super::record::KeptPending;
use super::{Login, Record, Sealed, keep, sealed};
use crate::device::{DeviceGrant, Pending, SignIn};
use crate::entropy::Entropy;
use crate::error::{Class, Code, Error};
use crate::event::{Event, Events};
use crate::flow::{Flow, Input, Lease, Lock, LoginId, Now, Revision, Save, Step, out_of_turn};
use crate::seal::Key;
use crate::secret::SecretBytes;

/// A poll and its saves end within this, or the lease is somebody else's.
const LEASE_MS: u32 = 45_000;
/// How soon it looks again at what another process polls.
const LOOK_AGAIN_MS: u64 = 500;
/// How often a save is tried before the tokens are given up.
const TRIES: u8 = 5;

/// How a [`Finish`] ends, besides an error.
#[derive(Debug)]
pub enum Finished {
    /// Nobody has approved yet; it stays kept.
    Waiting(Box<Pending>),
    /// The login is kept in its place, whoever polled.
    Login(Box<Login>),
}

/// The machine that finishes a kept sign-in.
#[derive(Debug)]
pub struct Finish {
    id: LoginId,
    key: Key,
    entropy: Entropy,
    to_the_end: bool,
    shown: bool,
    /// What was last seen of it, and its revision.
    seen: Option<(KeptPending, Revision)>,
    lease: Option<Lease>,
    fresh: Option<Box<Record>>,
    tries: u8,
    state: State,
    events: Events,
}

#[derive(Debug)]
enum State {
    Start,
    Looking,
    Elsewhere,
    Locking,
    Holding,
    Polling(Box<DeviceGrant>),
    Renewing,
    Loading,
    Saving { pause: bool },
    Clearing(Option<Box<Login>>, Option<Error>),
    Releasing(Option<Box<Login>>, Option<Error>),
    Ended,
}

type Next = Result<Step<Finished>, Error>;

impl Finish {
    /// Polls once; before its time it sends nothing. `id` is where [`Find::pending`] found it;
    /// `entropy` is 32 fresh random bytes.
    ///
    /// [`Find::pending`]: super::Find::pending
    pub fn once(id: LoginId, key: Key, entropy: [u8; 32]) -> Self {
        Self::new(id, key, entropy, false)
    }

    /// Shows the prompt again and polls until the end.
    pub fn to_the_end(id: LoginId, key: Key, entropy: [u8; 32]) -> Self {
        Self::new(id, key, entropy, true)
    }

    fn new(id: LoginId, key: Key, entropy: [u8; 32], to_the_end: bool) -> Self {
        Self {
            id,
            key,
            entropy: Entropy::new(entropy),
            to_the_end,
            shown: false,
            seen: None,
            lease: None,
            fresh: None,
            tries: 0,
            state: State::Start,
            events: Events::default(),
        }
    }

    fn load(&mut self, id: LoginId, then: State) -> Step<Finished> {
        self.state = then;
        Step::Load(id)
    }

    fn look(&mut self) -> Step<Finished> {
        self.load(self.id.clone(), State::Looking)
    }

    fn read(&mut self, bytes: Option<SecretBytes>, revision: Revision) -> Result<bool, Error> {
        let Some(bytes) = bytes else {
            return Ok(false);
        };
        let kept = Sealed::read(bytes)?.pending(&self.key, &self.id, revision)?;
        self.seen = Some((kept, revision));
        Ok(true)
    }

    fn looked(&mut self, now: Now, bytes: Option<SecretBytes>, revision: Revision) -> Next {
        let before = self.seen.as_ref().map(|(kept, _)| kept.login.clone());
        if !self.read(bytes, revision)? {
            return match before {
                Some(login) => Ok(self.load(login, State::Elsewhere)),
                None => Err(gone()),
            };
        }
        let Some((kept, _)) = &mut self.seen else {
            return Err(gone());
        };
        if self.to_the_end && !self.shown {
            self.shown = true;
            if let Some(prompt) = kept.pending.prompt().cloned() {
                self.state = State::Start;
                return Ok(Step::Show(Box::new(prompt)));
            }
        }
        if let Some(until) = kept.pending.wait_until(now) {
            return Ok(self.wait(until));
        }
        self.state = State::Locking;
        Ok(Step::Lock(Lock {
            id: self.id.clone(),
            ttl_ms: LEASE_MS,
            force: true,
        }))
    }

    fn wait(&mut self, until: u64) -> Step<Finished> {
        if !self.to_the_end
            && let Some((kept, _)) = &self.seen
        {
            return Step::Done(Finished::Waiting(Box::new(kept.pending.clone())));
        }
        self.state = State::Start;
        Step::Wait { until }
    }

    /// The lease is ours: what is there may be newer than what was seen.
    fn held(&mut self, now: Now, bytes: Option<SecretBytes>, revision: Revision) -> Next {
        if !self.read(bytes, revision)? {
            return Ok(self.release(None, None));
        }
        let Some((kept, _)) = &self.seen else {
            return Err(gone());
        };
        let mut poll = DeviceGrant::poll(kept.pending.clone());
        let step = poll.step(now, Input::Go);
        self.polled(poll, now, step)
    }

    fn polled(
        &mut self,
        mut poll: DeviceGrant,
        now: Now,
        step: Result<Step<SignIn>, Error>,
    ) -> Next {
        for event in poll.take_events() {
            self.events.push(event);
        }
        match step {
            Ok(Step::Send(request)) => {
                self.state = State::Polling(Box::new(poll));
                Ok(Step::Send(request))
            }
            Ok(Step::Done(SignIn::Pending(pending))) => self.still(*pending),
            Ok(Step::Done(SignIn::Tokens(tokens))) => {
                let (kept, _) = self.seen.as_ref().ok_or_else(out_of_turn)?;
                let mut header = kept.header.clone();
                header.signed_in_at_ms = now.wall_ms;
                header.sign_in = self.entropy.name();
                let grant = kept.pending.grant().clone();
                let login = kept.login.clone();
                self.fresh = Some(Box::new(Record::signed_in(header, grant, *tokens)));
                Ok(self.load(login, State::Loading))
            }
            // Only once the tokens are here: the lease lasts.
            Ok(Step::Wait { until }) => {
                self.state = State::Polling(Box::new(poll));
                Ok(Step::Wait { until })
            }
            Ok(_) => Err(out_of_turn()),
            Err(error) if poll.has_spent_code() || is_final(&error) => {
                Ok(self.clear(None, Some(error)))
            }
            Err(error) => Ok(self.release(None, Some(error))),
        }
    }

    /// Nobody has approved yet: the pace that was learnt is kept.
    fn still(&mut self, pending: Pending) -> Next {
        let (kept, revision) = self.seen.as_mut().ok_or_else(out_of_turn)?;
        if kept.pending == pending {
            return Ok(self.release(None, None));
        }
        kept.pending = pending;
        let bytes = kept.seal(&self.key, &self.entropy.draw(), &self.id, *revision + 1)?;
        let save = Save {
            id: self.id.clone(),
            bytes: Some(bytes),
            expected: *revision,
        };
        self.state = State::Renewing;
        Ok(Step::Save(save))
    }

    fn save_login(&mut self, revision: Revision) -> Next {
        if self.tries == TRIES {
            return Ok(self.release(None, Some(keep::too_busy(TRIES))));
        }
        self.tries += 1;
        let (kept, _) = self.seen.as_ref().ok_or_else(out_of_turn)?;
        let record = self.fresh.as_ref().ok_or_else(out_of_turn)?;
        let next = revision + 1;
        let bytes = record.seal(&self.key, &self.entropy.draw(), &kept.login, next)?;
        let save = Save {
            id: kept.login.clone(),
            bytes: Some(bytes),
            expected: revision,
        };
        self.state = State::Saving { pause: false };
        Ok(Step::Save(save))
    }

    /// After a conflict the newest may be this very login, renewed meanwhile by whoever found it.
    fn is_ours(&self, there: Option<&SecretBytes>) -> bool {
        let fresh = self.fresh.as_ref().map(|fresh| &fresh.header.sign_in);
        self.tries > 0 && there.and_then(sealed::sign_in).as_ref() == fresh
    }

    fn saved(&mut self, revision: Revision) -> Next {
        self.events.push(Event::Saved);
        let (kept, _) = self.seen.as_ref().ok_or_else(out_of_turn)?;
        let login = Login {
            id: kept.login.clone(),
            revision,
            record: *self.fresh.take().ok_or_else(out_of_turn)?,
        };
        Ok(self.clear(Some(Box::new(login)), None))
    }

    /// Takes the sign-in out of the store; it is over.
    fn clear(&mut self, login: Option<Box<Login>>, error: Option<Error>) -> Step<Finished> {
        let expected = self.seen.as_ref().map_or(0, |(_, revision)| *revision);
        self.state = State::Clearing(login, error);
        Step::Save(Save {
            id: self.id.clone(),
            bytes: None,
            expected,
        })
    }

    fn release(&mut self, login: Option<Box<Login>>, error: Option<Error>) -> Step<Finished> {
        self.state = State::Releasing(login, error);
        match self.lease.take() {
            Some(lease) => Step::Unlock { lease, rest: None },
            None => Step::Wait { until: 0 },
        }
    }

    fn released(&mut self, now: Now, login: Option<Box<Login>>, error: Option<Error>) -> Next {
        match (login, error) {
            (_, Some(error)) => Err(error),
            (Some(login), None) => Ok(Step::Done(Finished::Login(login))),
            (None, None) if self.to_the_end => Ok(self.look()),
            (None, None) => Ok(self.wait(now.steady_ms)),
        }
    }

    /// Another process ended the sign-in; a login that is newer than its beginning came of it.
    fn elsewhere(&mut self, bytes: Option<SecretBytes>, revision: Revision) -> Next {
        let (kept, _) = self.seen.as_ref().ok_or_else(out_of_turn)?;
        let login = Login::open(&self.key, &kept.login, bytes, revision)?;
        let begun = kept.header.signed_in_at_ms;
        let expected = &kept.pending.grant().expected;
        let is_ours = |login: &Login| {
            let header = &login.record.header;
            header.signed_in_at_ms >= begun && expected.as_ref().is_none_or(|e| e.fits(header))
        };
        match login.filter(is_ours) {
            Some(login) => Ok(Step::Done(Finished::Login(Box::new(login)))),
            None => Err(gone()),
        }
    }
}

fn gone() -> Error {
    let message = "the sign-in was finished or given up elsewhere";
    Error::new(Code::NoPending, message)
}

/// True where no later poll can bring the tokens.
fn is_final(error: &Error) -> bool {
    let ended = [Class::Denied, Class::CodeExpired, Class::SignInNeeded];
    ended.contains(&error.class()) || error.server().is_some()
}

impl Flow for Finish {
    type Output = Finished;

    fn step(&mut self, now: Now, input: Input) -> Next {
        match (std::mem::replace(&mut self.state, State::Ended), input) {
            (State::Start, Input::Go) => Ok(self.look()),
            (State::Looking, Input::Loaded { bytes, revision }) => {
                self.looked(now, bytes, revision)
            }
            (State::Elsewhere, Input::Loaded { bytes, revision }) => {
                self.elsewhere(bytes, revision)
            }
            (State::Locking, Input::Locked(lease)) => {
                self.lease = Some(lease);
                Ok(self.load(self.id.clone(), State::Holding))
            }
            (State::Locking, Input::Busy { .. } | Input::Resting(_)) => {
                Ok(self.wait(now.steady_ms.saturating_add(LOOK_AGAIN_MS)))
            }
            (State::Holding, Input::Loaded { bytes, revision }) => self.held(now, bytes, revision),
            (State::Polling(mut poll), Input::Response(response)) => {
                let step = poll.step(now, Input::Response(response));
                self.polled(*poll, now, step)
            }
            (State::Polling(mut poll), Input::Unreachable(reason)) => {
                let step = poll.step(now, Input::Unreachable(reason));
                self.polled(*poll, now, step)
            }
            (State::Polling(mut poll), Input::Go) => {
                let step = poll.step(now, Input::Go);
                self.polled(*poll, now, step)
            }
            (State::Renewing, Input::Saved(_) | Input::Conflict) => Ok(self.release(None, None)),
            (State::Loading, Input::Loaded { bytes, revision }) if self.is_ours(bytes.as_ref()) => {
                self.saved(revision)
            }
            (State::Loading, Input::Loaded { revision, .. }) => self.save_login(revision),
            (State::Saving { .. }, Input::Saved(revision)) => self.saved(revision),
            (State::Saving { .. }, Input::Failed(_)) if self.tries < TRIES => {
                // A full disk may be emptied; the tokens are not issued twice.
                self.state = State::Saving { pause: true };
                let until = now.steady_ms.saturating_add(LOOK_AGAIN_MS);
                Ok(Step::Wait { until })
            }
            (State::Saving { pause: true }, Input::Go)
            | (State::Saving { .. }, Input::Conflict) => {
                let (kept, _) = self.seen.as_ref().ok_or_else(out_of_turn)?;
                Ok(self.load(kept.login.clone(), State::Loading))
            }
            // A failure here leaves a dead code behind, which the next one to look clears away.
            (
                State::Clearing(login, error),
                Input::Saved(_) | Input::Conflict | Input::Failed(_),
            ) => Ok(self.release(login, error)),
            (State::Releasing(login, error), Input::Go | Input::Failed(_)) => {
                self.released(now, login, error)
            }
            (State::Holding | State::Renewing | State::Loading, Input::Failed(error)) => {
                Ok(self.release(None, Some(error)))
            }
            (_, Input::Failed(error)) => Err(error),
            (state, _) => {
                self.state = state;
                Err(out_of_turn())
            }
        }
    }

    fn take_events(&mut self) -> Vec<Event> {
        self.events.take()
    }
}
