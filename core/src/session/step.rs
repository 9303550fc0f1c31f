//! The match that holds the rules of a [`Session`]: which answer leads where. The diagram stands in
//! `mod.rs`, what is done in `take.rs`.

use super::due::Verdict;
use super::{After, Hold, Next, Renewal, Session, State, done, refresh};
use crate::event::Event;
use crate::flow::{Flow, Input, Now, Reason, Step, out_of_turn};

impl Flow for Session {
    type Output = Renewal;

    #[allow(clippy::too_many_lines, reason = "one match holds the rules")]
    fn step(&mut self, now: Now, input: Input) -> Next {
        match (std::mem::replace(&mut self.state, State::Ended), input) {
            (State::Start | State::Waiting, Input::Go) => Ok(self.load(State::Looking)),
            (State::Looking, Input::Loaded { bytes, revision }) => {
                let login = self.open(bytes, revision)?;
                self.looked(login, now)
            }
            (State::Locking(_), Input::Locked(lease)) => {
                self.hold = Some(Hold {
                    lease,
                    since: now,
                    tries: 0,
                    saves: 0,
                    lost: false,
                });
                Ok(self.load(State::Holding))
            }
            (State::Locking(login), Input::Busy { .. }) => self.busy(login, now),
            (State::Locking(login), Input::Resting(rest)) => self.resting(*login, now, rest),
            (State::Locking(login), Input::Failed(error)) => {
                // A store that takes no claim takes no tokens either: nothing may be spent.
                if self.verdict(&login, now) < Verdict::Dead {
                    return Ok(done(*login, None, None));
                }
                Err(error)
            }
            (State::Holding, Input::Loaded { bytes, revision }) => self.held(bytes, revision, now),
            (State::Exchanging { login, sent }, Input::Response(response)) => {
                if matches!(response.status, 408 | 500..) {
                    self.lost();
                }
                let outcome = refresh::judge(&login.record, sent, now, &response);
                self.exchanged(login, sent, now, outcome)
            }
            (State::Exchanging { login, sent }, Input::Unreachable(reason)) => {
                self.events.push(Event::Unreachable {
                    reason: reason.as_str(),
                });
                if matches!(reason, Reason::MaybeSent | Reason::TimedOut) {
                    self.lost();
                }
                self.exchanged(login, sent, now, refresh::unreachable(reason))
            }
            (State::Pausing { login, until }, Input::Go) if now.steady_ms < until => {
                self.state = State::Pausing { login, until };
                Ok(Step::Wait { until })
            }
            (State::Pausing { login, .. }, Input::Go) => self.send(login, now),
            (State::Saving(fresh), Input::Saved(revision)) => Ok(self.saved(fresh, now, revision)),
            (State::Saving(fresh), Input::Conflict) => Ok(self.load(State::Fenced(fresh))),
            (State::Saving(fresh), Input::Failed(error)) => self.not_saved(fresh, now, error),
            (State::SavePausing { fresh, until }, Input::Go) if now.steady_ms < until => {
                self.state = State::SavePausing { fresh, until };
                Ok(Step::Wait { until })
            }
            (State::SavePausing { fresh, .. }, Input::Go) => Ok(self.save(fresh)),
            (State::Fenced(fresh), Input::Loaded { bytes, revision }) => {
                Ok(if self.ended_too_early(&fresh, bytes.as_ref()) {
                    self.save_over(fresh, revision)
                } else {
                    self.fenced(bytes, revision, now)
                })
            }
            (State::Checking { login, error }, Input::Loaded { bytes, revision }) => {
                self.check(&login, error, bytes, revision, now)
            }
            (State::Ending(error), Input::Saved(_)) => {
                self.events.push(Event::SignedOut);
                Ok(self.release(After::Fail(error), None))
            }
            // A newer login came in between: theirs stands.
            (State::Ending(_), Input::Conflict) => Ok(self.release(After::Again, None)),
            (State::Checking { error, .. } | State::Ending(error), Input::Failed(_))
            | (State::Holding | State::Fenced(_), Input::Failed(error)) => {
                Ok(self.release(After::Fail(error), None))
            }
            // A lease that cannot be given back runs out.
            (State::Releasing(after), Input::Go | Input::Failed(_)) => match after {
                After::Done(renewal) => Ok(Step::Done(*renewal)),
                After::Fail(error) => Err(error),
                After::Again => self.again(),
            },
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
