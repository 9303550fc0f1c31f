//! The key that logins are sealed with, from where it is kept. Core decides; what is here looks,
//! runs and writes. Every call blocks, at most for the 10 s of a key command or a few times the
//! 3 s of a keyring: an async program calls them off its loop.

mod command;
mod keyring;

use std::env::VarError;

use devicegrant_core::home::{
    self as core_home, Answer, Effect, Fresh, HOME_FILE, KEYRING_TIMEOUT_MS, KeyFlow, OpenHome,
    Silence, VariableKey,
};
use devicegrant_core::{Code, Error, Key, Secret};

pub use devicegrant_core::home::{Opened, Source, Wish};

use crate::home_folder::Home;
use crate::store::home_files;

/// Opens a home with the key that its `home.json` names. With `create`, as a first save does, a
/// home that is not there yet is made, and its key chosen: by `wish`, else by a variable that is
/// set, else the system's keyring, else a file. Without it, none where there is no home.
///
/// Errors: `key_unreachable`, `key_wrong`, `home_unreadable`, `bad_option`, `no_entropy`, and those
/// of the files: `store_unreadable`, `store_unwritable`, `store_unsafe`.
pub fn open(home: &Home, wish: Option<Source>, create: bool) -> Result<Option<Opened>, Error> {
    open_as(
        home,
        Wish {
            source: wish,
            create,
            ..Wish::default()
        },
    )
}

/// The same with every wish; its `home` is filled in.
///
/// Errors: as [`open`], and `key_needs_session`.
pub fn open_as(home: &Home, mut wish: Wish) -> Result<Option<Opened>, Error> {
    wish.home = home.path().display().to_string();
    drive(OpenHome::new(wish, fresh()?), Some(home))
}

/// The source that a home has chosen, also where it is silent now; none where there is no home.
///
/// Errors: `home_unreadable`, and those of the files: `store_unreadable`, `store_unsafe`.
pub fn chosen(home: &Home) -> Result<Option<Source>, Error> {
    let file = home_files::read(home, HOME_FILE)?;
    let place = home.path().display().to_string();
    file.map(|file| core_home::chosen(file.expose(), &place))
        .transpose()
}

/// Asks the system's keyring for an entry that is not there, within 3 s; why it gave no answer, in
/// words that follow "the keyring".
///
/// # Errors
/// The words.
pub fn ask_keyring() -> Result<(), String> {
    match keyring::recall("doctor".into(), KEYRING_TIMEOUT_MS) {
        Answer::Silent(why) => Err(why.about(Source::Keyring)),
        _ => Ok(()),
    }
}

/// The key of a store that has no home: by `DEVICEGRANT_KEY`, else by `DEVICEGRANT_KEY_COMMAND`.
///
/// Errors: `key_needed` where neither is set, `key_unreachable` where one is and gives no key.
pub fn from_variables() -> Result<Key, Error> {
    drive(VariableKey::new(), None)
}

/// A new random key as the text that `DEVICEGRANT_KEY` takes. It is kept nowhere.
///
/// Errors: `no_entropy`.
pub fn fresh_text() -> Result<Secret, Error> {
    Ok(fresh()?.key().text())
}

fn fresh() -> Result<Fresh, Error> {
    let mut bytes = [0; 64];
    getrandom::fill(&mut bytes).map_err(|why| {
        let message = format!("the system gave no random bytes: {why}");
        Error::new(Code::NoEntropy, message)
    })?;
    Ok(Fresh::new(bytes))
}

/// There is no decision in it. Only a machine that has a home asks for files.
fn drive<F: KeyFlow>(mut flow: F, home: Option<&Home>) -> Result<F::Output, Error> {
    let files = || home.ok_or_else(|| Error::new(Code::OutOfTurn, "there is no home"));
    let mut answer = Answer::Go;
    loop {
        answer = match flow.step(answer)? {
            Effect::Done(output) => return Ok(output),
            Effect::Read(name) => Answer::File(home_files::read(files()?, name)?),
            Effect::Publish { name, bytes } => {
                if home_files::publish(files()?, name, &bytes)? {
                    Answer::Published
                } else {
                    Answer::Exists
                }
            }
            Effect::Variable(name) => variable(name),
            Effect::Run { argv, timeout_ms } => command::run(&argv, timeout_ms),
            Effect::Recall {
                account,
                timeout_ms,
            } => keyring::recall(account, timeout_ms),
            Effect::Remember {
                account,
                text,
                timeout_ms,
            } => keyring::remember(account, text, timeout_ms),
        };
    }
}

fn variable(name: &str) -> Answer {
    match std::env::var(name) {
        Ok(text) => Answer::Text(Some(Secret::new(text))),
        Err(VarError::NotPresent) => Answer::Text(None),
        Err(VarError::NotUnicode(_)) => Answer::Silent(Silence::Failed("is not UTF-8".to_owned())),
    }
}
