//! Every login and sign-in that a store keeps, in its clear part. A registered client is neither.
//!
//! ```text
//!  Start ─ List ─► Listing ─ Load each ─► Looking ─ none left ─► Done
//! ```

use super::{Found, Kind, Sealed};
use crate::error::Error;
use crate::event::Event;
use crate::flow::{Flow, Input, LoginId, Now, Step, out_of_turn};
use crate::text::sorted;

/// More than anybody keeps; a folder of somebody else's making must not be read for ever.
pub(super) const MOST: usize = 1000;

/// The machine that lists what is kept. What cannot be read is an error in its place.
#[derive(Debug, Default)]
pub struct Survey {
    seen: Vec<(LoginId, Result<Found, Error>)>,
    state: State,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Start,
    Listing,
    Looking {
        now: LoginId,
        left: Vec<LoginId>,
    },
    Ended,
}

type All = Vec<(LoginId, Result<Found, Error>)>;

impl Survey {
    fn look(&mut self, mut left: Vec<LoginId>) -> Step<All> {
        let Some(next) = left.pop() else {
            return Step::Done(std::mem::take(&mut self.seen));
        };
        self.state = State::Looking {
            now: next.clone(),
            left,
        };
        Step::Load(next)
    }
}

impl Flow for Survey {
    type Output = All;

    fn step(&mut self, _: Now, input: Input) -> Result<Step<All>, Error> {
        match (std::mem::replace(&mut self.state, State::Ended), input) {
            (State::Start, Input::Go) => {
                self.state = State::Listing;
                Ok(Step::List)
            }
            (State::Listing, Input::Listed(mut ids)) => {
                ids.truncate(MOST);
                let mut ids = sorted(ids);
                ids.reverse();
                Ok(self.look(ids))
            }
            (State::Looking { now, left }, Input::Loaded { bytes, revision }) => {
                if let Some(bytes) = bytes {
                    let found = Sealed::read(bytes).map(|sealed| Found {
                        id: now.clone(),
                        revision,
                        sealed,
                    });
                    let is_client = found
                        .as_ref()
                        .is_ok_and(|found| found.sealed.kind == Kind::Client);
                    if !is_client {
                        self.seen.push((now, found));
                    }
                }
                Ok(self.look(left))
            }
            (State::Looking { now, left }, Input::Failed(error)) => {
                self.seen.push((now, Err(error)));
                Ok(self.look(left))
            }
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
