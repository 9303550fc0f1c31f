//! Giving up a sign-in that was kept: whoever else polls its code learns so and stops.
//!
//! ```text
//!  Start ─ Load ─► Loading ─ Save nothing over it ─► Saving ─ Saved ─► Done(true)
//!                     ▲ │ nothing waits: Done(false)    │
//!                     └─┼──────────── Conflict ─────────┘ at most five times
//! ```

use super::keep::too_busy;
use crate::error::Error;
use crate::event::Event;
use crate::flow::{Flow, Input, LoginId, Now, Save, Step, out_of_turn};
use crate::options::Options;

/// A poll may write in between; nobody does so for ever.
const TRIES: u8 = 5;

/// The machine that gives up a kept sign-in; true where one waited.
#[derive(Debug)]
pub struct GiveUp {
    id: Option<LoginId>,
    tries: u8,
    state: State,
}

#[derive(Debug)]
enum State {
    Start,
    Loading,
    Saving,
    Ended,
}

impl GiveUp {
    /// Gives up what was kept for the login that `options` name.
    ///
    /// Errors: those of options that contradict themselves.
    pub fn new(options: &Options) -> Result<Self, Error> {
        Ok(Self {
            id: options.pending_id()?,
            tries: 0,
            state: State::Start,
        })
    }
}

impl Flow for GiveUp {
    type Output = bool;

    fn step(&mut self, _: Now, input: Input) -> Result<Step<bool>, Error> {
        let Some(id) = self.id.clone() else {
            return Ok(Step::Done(false));
        };
        match (std::mem::replace(&mut self.state, State::Ended), input) {
            (State::Start, Input::Go) | (State::Saving, Input::Conflict) => {
                if self.tries == TRIES {
                    return Err(too_busy(TRIES));
                }
                self.tries += 1;
                self.state = State::Loading;
                Ok(Step::Load(id))
            }
            (State::Loading, Input::Loaded { bytes: None, .. }) => Ok(Step::Done(false)),
            (State::Loading, Input::Loaded { revision, .. }) => {
                self.state = State::Saving;
                Ok(Step::Save(Save {
                    id,
                    bytes: None,
                    expected: revision,
                }))
            }
            (State::Saving, Input::Saved(_)) => Ok(Step::Done(true)),
            (_, Input::Failed(error)) => Err(error),
            (state, _) => {
                self.state = state;
                Err(out_of_turn())
            }
        }
    }

    fn take_events(&mut self) -> Vec<Event> {
        Vec::new()
    }
}
