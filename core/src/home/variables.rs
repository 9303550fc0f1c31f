//! The key of a store that has no home (Redis, a store of the caller's own): by variable only.

use super::choose::{self, Role};
use super::open::{no_key, run};
use super::{Answer, Effect, KeyFlow, Source};
use crate::error::{Code, Error};
use crate::flow::out_of_turn;
use crate::seal::Key;
use crate::secret::Secret;

/// The machine that takes a key from `DEVICEGRANT_KEY`, else from `DEVICEGRANT_KEY_COMMAND`.
/// A passphrase has no place here: there is no home that could hold its salt.
///
/// Errors: `key_needed` where neither is set, `key_unreachable` where one is and gives no key.
#[derive(Debug, Default)]
pub struct VariableKey {
    stage: Stage,
}

#[derive(Debug, Default)]
enum Stage {
    #[default]
    Start,
    Key,
    Command,
    Run,
    Ended,
}

type Next = Result<Effect<Key>, Error>;

impl VariableKey {
    /// Nothing is asked before the first step.
    pub fn new() -> Self {
        Self::default()
    }

    fn ask(&mut self, source: Source, stage: Stage) -> Next {
        self.stage = stage;
        let name = source.variable().ok_or_else(out_of_turn)?;
        Ok(Effect::Variable(name))
    }
}

impl KeyFlow for VariableKey {
    type Output = Key;

    fn step(&mut self, answer: Answer) -> Next {
        match (std::mem::replace(&mut self.stage, Stage::Ended), answer) {
            (Stage::Start, Answer::Go) => self.ask(Source::Env, Stage::Key),
            (Stage::Key, Answer::Text(text)) => match text {
                Some(text) if is_set(&text) => key(Source::Env, Some(&text)),
                _ => self.ask(Source::Command, Stage::Command),
            },
            (Stage::Command, Answer::Text(text)) => match text {
                Some(text) if is_set(&text) => {
                    self.stage = Stage::Run;
                    run(&text).map_err(|why| failed(Source::Command, why))
                }
                _ => Err(Error::new(
                    Code::KeyNeeded,
                    "this store keeps no key of its own: set DEVICEGRANT_KEY or DEVICEGRANT_KEY_COMMAND",
                )),
            },
            (Stage::Run, Answer::Text(text)) => key(Source::Command, text.as_ref()),
            (stage @ (Stage::Key | Stage::Command | Stage::Run), Answer::Silent(why)) => {
                let source = match stage {
                    Stage::Key => Source::Env,
                    _ => Source::Command,
                };
                Err(failed(source, &choose::silence(source, &why)))
            }
            (stage, _) => {
                self.stage = stage;
                Err(out_of_turn())
            }
        }
    }
}

fn is_set(text: &Secret) -> bool {
    !text.expose().trim().is_empty()
}

fn key(source: Source, text: Option<&Secret>) -> Next {
    match text.and_then(|text| Key::from_text(text.expose())) {
        Some(key) => Ok(Effect::Done(key)),
        None => Err(failed(source, no_key(source))),
    }
}

fn failed(source: Source, why: &str) -> Error {
    choose::unreachable(source, Role::Tried, "", why)
}
