//! Writing a fresh login over whatever is there: a person has just signed in, so it wins.
//!
//! ```text
//!  Start ─ Load ─► Loading ─ Save at that revision ─► Saving ─ Saved ─► Done
//!                     ▲                                  │
//!                     └────────── Conflict ──────────────┘ at most five times
//! ```

use super::{Login, Record, record};
use crate::error::{Code, Error};
use crate::event::{Event, Events};
use crate::flow::{Flow, Input, LoginId, Now, Save, Step, out_of_turn};
use crate::options::Options;
use crate::secret::SecretBytes;

/// Others may write in between; nobody does so for ever.
const TRIES: u8 = 5;

/// The machine that keeps a fresh login.
#[derive(Debug)]
pub struct Keep {
    id: LoginId,
    record: Option<Record>,
    bytes: SecretBytes,
    tries: u8,
    state: State,
    events: Events,
}

#[derive(Debug)]
enum State {
    Start,
    Loading,
    Saving,
    Ended,
}

impl Keep {
    /// Keeps `record` as the login that `options` name.
    ///
    /// Errors: `no_target` where they name none.
    pub fn new(options: &Options, record: Record) -> Result<Self, Error> {
        let id = options.login_id()?.ok_or_else(|| {
            Error::new(
                Code::NoTarget,
                "nothing names the login that is to be kept: give a profile",
            )
        })?;
        Ok(Self {
            id,
            bytes: record.to_bytes()?,
            record: Some(record),
            tries: 0,
            state: State::Start,
            events: Events::default(),
        })
    }

    fn load(&mut self) -> Result<Step<Login>, Error> {
        if self.tries == TRIES {
            let message = format!("the login changed {TRIES} times while it was being written");
            return Err(Error::new(Code::StoreBusy, message));
        }
        self.tries += 1;
        self.state = State::Loading;
        Ok(Step::Load(self.id.clone()))
    }
}

impl Flow for Keep {
    type Output = Login;

    fn step(&mut self, _: Now, input: Input) -> Result<Step<Login>, Error> {
        match (std::mem::replace(&mut self.state, State::Ended), input) {
            (State::Start, Input::Go) | (State::Saving, Input::Conflict) => self.load(),
            (State::Loading, Input::Loaded { bytes, revision }) => {
                if let Some(bytes) = &bytes {
                    record::refuse_newer(bytes.expose())?;
                }
                self.state = State::Saving;
                Ok(Step::Save(Save {
                    id: self.id.clone(),
                    bytes: Some(self.bytes.clone()),
                    expected: revision,
                }))
            }
            (State::Saving, Input::Saved(revision)) => {
                self.events.push(Event::Saved);
                let record = self.record.take().ok_or_else(out_of_turn)?;
                Ok(Step::Done(Login {
                    id: self.id.clone(),
                    revision,
                    record,
                }))
            }
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
