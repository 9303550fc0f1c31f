//! What a [`Session`] does with each answer; the diagram stands in `mod.rs`.

use super::due::Verdict;
use super::refresh::{self, Outcome};
use super::{After, Hold, Next, Renewal, SAVES, Session, State, TRIES, done};
use crate::error::{Code, Error};
use crate::event::Event;
use crate::flow::{Flow, Input, Now, Rest, Revision, Save, Step, out_of_turn};
use crate::login::{Ended, Login, ended_sign_in, seal_ended};
use crate::secret::SecretBytes;
use crate::tokens::Tokens;

impl Session {
    fn open(&self, bytes: Option<SecretBytes>, revision: Revision) -> Result<Login, Error> {
        let login = Login::open(&self.key, &self.id, bytes, revision)?;
        login.ok_or_else(|| Error::new(Code::NoLogin, "nobody is signed in here any more"))
    }

    /// The lease is ours: what is there may have been renewed since it was looked at.
    fn held(&mut self, bytes: Option<SecretBytes>, revision: Revision, now: Now) -> Next {
        let login = match self.open(bytes, revision) {
            Ok(login) => login,
            Err(error) => return Ok(self.release(After::Fail(error), None)),
        };
        if let Some(unwritten) = self.unwritten.take_if(|u| u.revision == revision) {
            return Ok(self.save(unwritten, now, true));
        }
        if self.verdict(&login, now) == Verdict::Fresh {
            self.events.push(Event::RefreshJoined);
            return Ok(self.finish(login, None, None));
        }
        self.send(Box::new(login), now)
    }

    fn finish(
        &mut self,
        login: Login,
        rest: Option<Rest>,
        unsaved: Option<Error>,
    ) -> Step<Renewal> {
        let renewal = Renewal {
            login,
            rest,
            unsaved,
        };
        self.release(After::Done(Box::new(renewal)), rest)
    }

    fn exchanged(&mut self, login: Box<Login>, sent: Now, now: Now, outcome: Outcome) -> Next {
        let ms = now.steady_ms.saturating_sub(sent.steady_ms);
        match outcome {
            Outcome::Tokens(tokens) => Ok(self.take_tokens(login, sent, now, *tokens)),
            Outcome::Gone(mut error) => {
                if self.hold.as_ref().is_some_and(|hold| hold.lost) {
                    // What the person is told has to name the likely cause.
                    self.events.push(Event::Anomaly {
                        kind: "response_lost",
                    });
                    error = error.after_a_lost_answer();
                }
                self.events.push(failed(&error, ms));
                Ok(self.load(State::Checking { login, error }))
            }
            Outcome::Failed {
                error,
                rest_ms,
                passing,
            } => {
                self.events.push(failed(&error, ms));
                let usable = self.verdict(&login, now) < Verdict::Dead;
                let hold = self.hold.as_ref().ok_or_else(out_of_turn)?;
                let pause = 1000 << hold.tries.min(4).saturating_sub(1);
                // Where the token in hand still works, nobody has to wait for a better one.
                let again = passing && !usable && hold.tries < TRIES;
                if again && pause < hold.left(now) && rest_ms <= 10_000 {
                    let until = now.steady_ms.saturating_add(pause);
                    self.state = State::Pausing { login, until };
                    return Ok(Step::Wait { until });
                }
                let rest = Some(Rest {
                    until_ms: now.wall_ms.saturating_add(rest_ms),
                    code: error.code(),
                });
                if usable {
                    return Ok(self.finish(*login, rest, None));
                }
                Ok(self.release(After::Fail(error), rest))
            }
        }
    }

    fn take_tokens(
        &mut self,
        mut login: Box<Login>,
        sent: Now,
        now: Now,
        tokens: Tokens,
    ) -> Step<Renewal> {
        let rotated = tokens.refresh_token != login.record.tokens.refresh_token;
        let expires_in = tokens
            .expires_at_ms
            .map(|at| at.saturating_sub(now.wall_ms).div_ceil(1000));
        self.events.push(Event::TokenIssued {
            expires_in,
            refreshable: tokens.refresh_token.is_some(),
        });
        login.record.tokens = tokens;
        self.save(login, sent, rotated)
    }

    fn save(&mut self, login: Box<Login>, sent: Now, rotated: bool) -> Step<Renewal> {
        let entropy = self.entropy.draw();
        let next = login.revision + 1;
        let sealed = login.record.seal(&self.key, &entropy, &self.id, next);
        let bytes = match sealed {
            Ok(bytes) => bytes,
            Err(error) => return self.finish(*login, None, Some(error)),
        };
        let save = Save {
            id: self.id.clone(),
            bytes: Some(bytes),
            expected: login.revision,
        };
        self.state = State::Saving {
            login,
            sent,
            rotated,
        };
        Step::Save(save)
    }

    fn saved(
        &mut self,
        mut login: Login,
        sent: Now,
        now: Now,
        rotated: bool,
        revision: Revision,
    ) -> Step<Renewal> {
        login.revision = revision;
        self.events.push(Event::Refreshed {
            ms: now.steady_ms.saturating_sub(sent.steady_ms),
            rotated,
        });
        self.events.push(Event::Saved);
        self.finish(login, None, None)
    }

    /// The new tokens are in memory alone: a full disk may be emptied, so it is tried for a while.
    fn not_saved(
        &mut self,
        login: Box<Login>,
        sent: Now,
        rotated: bool,
        now: Now,
        error: Error,
    ) -> Next {
        let hold = self.hold.as_mut().ok_or_else(out_of_turn)?;
        hold.saves += 1;
        if hold.saves < SAVES && hold.left(now) > 1000 {
            let until = now.steady_ms.saturating_add(100 << hold.saves);
            self.state = State::SavePausing {
                login,
                sent,
                rotated,
                until,
            };
            return Ok(Step::Wait { until });
        }
        self.events.push(Event::Anomaly { kind: "not_saved" });
        Ok(self.finish(*login, None, Some(error)))
    }

    /// True where another program met `invalid_grant` and ended this very sign-in, while its tokens
    /// were on their way here: then they are the newest there are.
    fn ended_too_early(&mut self, login: &Login, bytes: Option<&SecretBytes>) -> bool {
        let Some(hold) = self.hold.as_mut() else {
            return false;
        };
        hold.saves += 1;
        let name = &login.record.header.sign_in;
        hold.saves < SAVES && bytes.and_then(ended_sign_in).as_ref() == Some(name)
    }

    fn save_over(
        &mut self,
        mut login: Box<Login>,
        sent: Now,
        rotated: bool,
        revision: Revision,
    ) -> Step<Renewal> {
        login.revision = revision;
        self.save(login, sent, rotated)
    }

    /// Somebody else wrote meanwhile; theirs stands.
    fn fenced(
        &mut self,
        bytes: Option<SecretBytes>,
        revision: Revision,
        now: Now,
    ) -> Step<Renewal> {
        self.events.push(Event::Anomaly { kind: "fenced" });
        match self.open(bytes, revision) {
            Err(error) => self.release(After::Fail(error), None),
            Ok(login) if self.verdict(&login, now) <= Verdict::Early => {
                self.finish(login, None, None)
            }
            Ok(_) => self.release(After::Again, None),
        }
    }

    /// The server refused a refresh token for good: only the very one that is kept counts.
    fn check(
        &mut self,
        login: &Login,
        error: Error,
        bytes: Option<SecretBytes>,
        revision: Revision,
        now: Now,
    ) -> Next {
        let kept = match self.open(bytes, revision) {
            Ok(kept) => kept,
            Err(error) => return Ok(self.release(After::Fail(error), None)),
        };
        let sent = login.record.tokens.refresh_token.as_ref();
        if !sent.is_some_and(|sent| refresh::still_kept(sent, &kept.record)) {
            return Ok(self.release(After::Again, None));
        }
        let mut header = kept.record.header;
        header.ended = Some(Ended {
            at_ms: now.wall_ms,
            message: error.message().to_owned(),
        });
        let bytes = seal_ended(&header, &self.key, &self.id, revision + 1)?;
        self.state = State::Ending(error);
        Ok(Step::Save(Save {
            id: self.id.clone(),
            bytes: Some(bytes),
            expected: revision,
        }))
    }

    fn lost(&mut self) {
        if let Some(hold) = &mut self.hold {
            hold.lost = true;
        }
    }
}

fn failed(error: &Error, ms: u64) -> Event {
    Event::RefreshFailed {
        code: error.code().as_str(),
        ms,
    }
}

impl Flow for Session {
    type Output = Renewal;

    #[allow(clippy::too_many_lines, reason = "one match holds the rules")]
    fn step(&mut self, now: Now, input: Input) -> Next {
        use crate::flow::Reason;
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
            (
                State::Saving {
                    login,
                    sent,
                    rotated,
                },
                Input::Saved(revision),
            ) => Ok(self.saved(*login, sent, now, rotated, revision)),
            (
                State::Saving {
                    login,
                    sent,
                    rotated,
                },
                Input::Conflict,
            ) => Ok(self.load(State::Fenced {
                login,
                sent,
                rotated,
            })),
            (
                State::Saving {
                    login,
                    sent,
                    rotated,
                },
                Input::Failed(error),
            ) => self.not_saved(login, sent, rotated, now, error),
            (
                State::SavePausing {
                    login,
                    sent,
                    rotated,
                    until,
                },
                Input::Go,
            ) if now.steady_ms < until => {
                self.state = State::SavePausing {
                    login,
                    sent,
                    rotated,
                    until,
                };
                Ok(Step::Wait { until })
            }
            (
                State::SavePausing {
                    login,
                    sent,
                    rotated,
                    ..
                },
                Input::Go,
            ) => Ok(self.save(login, sent, rotated)),
            (
                State::Fenced {
                    login,
                    sent,
                    rotated,
                },
                Input::Loaded { bytes, revision },
            ) => Ok(if self.ended_too_early(&login, bytes.as_ref()) {
                self.save_over(login, sent, rotated, revision)
            } else {
                self.fenced(bytes, revision, now)
            }),
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
            | (State::Holding | State::Fenced { .. }, Input::Failed(error)) => {
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
