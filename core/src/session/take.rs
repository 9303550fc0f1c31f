//! What a [`Session`] does with each answer; which answer leads here stands in `step.rs`.

use super::due::Verdict;
use super::refresh::{self, Outcome};
use super::{After, Fresh, Next, Renewal, SAVES, Session, State, TRIES};
use crate::error::{Code, Error};
use crate::event::Event;
use crate::flow::{Now, Rest, Revision, Save, Step, out_of_turn};
use crate::login::{Ended, Login, ended_sign_in, seal_ended};
use crate::secret::SecretBytes;
use crate::tokens::Tokens;

impl Session {
    pub(super) fn open(
        &self,
        bytes: Option<SecretBytes>,
        revision: Revision,
    ) -> Result<Login, Error> {
        let login = Login::open(&self.key, &self.id, bytes, revision)?;
        let login =
            login.ok_or_else(|| Error::new(Code::NoLogin, "nobody is signed in here any more"))?;
        match &self.expected {
            Some(expected) if !expected.fits(&login.record.header) => {
                let message = format!("the account {} is not signed in here", expected.describe());
                Err(Error::new(Code::NoLogin, message))
            }
            _ => Ok(login),
        }
    }

    /// The lease is ours: what is there may have been renewed since it was looked at.
    pub(super) fn held(
        &mut self,
        bytes: Option<SecretBytes>,
        revision: Revision,
        now: Now,
    ) -> Next {
        let login = match self.open(bytes, revision) {
            Ok(login) => login,
            Err(error) => return Ok(self.release(After::Fail(error), None)),
        };
        if let Some(unwritten) = self.unwritten.take_if(|u| u.revision == revision) {
            return Ok(self.save(Fresh {
                login: unwritten,
                sent: now,
                rotated: true,
            }));
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

    pub(super) fn exchanged(
        &mut self,
        login: Box<Login>,
        sent: Now,
        now: Now,
        outcome: Outcome,
    ) -> Next {
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
        self.save(Fresh {
            login,
            sent,
            rotated,
        })
    }

    pub(super) fn save(&mut self, fresh: Fresh) -> Step<Renewal> {
        let login = &fresh.login;
        let entropy = self.entropy.draw();
        let next = login.revision + 1;
        let sealed = login.record.seal(&self.key, &entropy, &self.id, next);
        let bytes = match sealed {
            Ok(bytes) => bytes,
            Err(error) => return self.finish(*fresh.login, None, Some(error)),
        };
        let save = Save {
            id: self.id.clone(),
            bytes: Some(bytes),
            expected: login.revision,
        };
        self.state = State::Saving(fresh);
        Step::Save(save)
    }

    pub(super) fn saved(
        &mut self,
        mut fresh: Fresh,
        now: Now,
        revision: Revision,
    ) -> Step<Renewal> {
        fresh.login.revision = revision;
        self.events.push(Event::Refreshed {
            ms: now.steady_ms.saturating_sub(fresh.sent.steady_ms),
            rotated: fresh.rotated,
        });
        self.events.push(Event::Saved);
        self.finish(*fresh.login, None, None)
    }

    /// The new tokens are in memory alone: a full disk may be emptied, so it is tried for a while.
    pub(super) fn not_saved(&mut self, fresh: Fresh, now: Now, error: Error) -> Next {
        let hold = self.hold.as_mut().ok_or_else(out_of_turn)?;
        hold.saves += 1;
        if hold.saves < SAVES && hold.left(now) > 1000 {
            let until = now.steady_ms.saturating_add(100 << hold.saves);
            self.state = State::SavePausing { fresh, until };
            return Ok(Step::Wait { until });
        }
        self.events.push(Event::Anomaly { kind: "not_saved" });
        Ok(self.finish(*fresh.login, None, Some(error)))
    }

    /// True where another program met `invalid_grant` and ended this very sign-in, while its tokens
    /// were on their way here: then they are the newest there are.
    pub(super) fn ended_too_early(&mut self, fresh: &Fresh, bytes: Option<&SecretBytes>) -> bool {
        let Some(hold) = self.hold.as_mut() else {
            return false;
        };
        hold.saves += 1;
        let name = &fresh.login.record.header.sign_in;
        hold.saves < SAVES && bytes.and_then(ended_sign_in).as_ref() == Some(name)
    }

    pub(super) fn save_over(&mut self, mut fresh: Fresh, revision: Revision) -> Step<Renewal> {
        fresh.login.revision = revision;
        self.save(fresh)
    }

    /// Somebody else wrote meanwhile; theirs stands.
    pub(super) fn fenced(
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
    pub(super) fn check(
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

    pub(super) fn lost(&mut self) {
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
