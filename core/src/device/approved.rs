//! What becomes of tokens once they are here: they are given, their person is looked up, or they go
//! back to the server.

use super::{DeviceGrant, Mode, Next, SignIn, State};
use crate::account::{Found, TakeBack};
use crate::event::Event;
use crate::flow::Step;

impl DeviceGrant {
    /// True once the server has taken the code for tokens, whatever became of them.
    pub(crate) fn has_spent_code(&self) -> bool {
        self.spent
    }

    pub(super) fn checked(&mut self, found: Found) -> Next {
        match found {
            Found::Right(tokens) => Ok(Step::Done(SignIn::Tokens(tokens))),
            Found::Ask(check, mut request) => {
                request.must_finish = self.mode == Mode::Poll;
                self.state = State::Checking(check);
                Ok(Step::Send(request))
            }
            Found::Pause(check) => {
                let until = check.until;
                self.state = State::CheckPausing(check);
                Ok(Step::Wait { until })
            }
            Found::Wrong(tokens) => {
                if tokens.is_of_another() {
                    self.events.push(Event::Anomaly {
                        kind: "wrong_account",
                    });
                }
                self.take_back(tokens)
            }
        }
    }

    pub(super) fn take_back(&mut self, mut tokens: Box<TakeBack>) -> Next {
        match tokens.next() {
            Some(request) => {
                self.state = State::Revoking(tokens);
                Ok(Step::Send(request))
            }
            None => Err(tokens.end()),
        }
    }
}
