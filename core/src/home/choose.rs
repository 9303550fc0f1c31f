//! Messages of what went wrong between a home and its key, and the order of choice.

use super::{KEY_FILE, Silence, Source};
use crate::error::{Code, Error};
use crate::text::clean;

/// The order where nobody has said `--key`. DESIGN names the keyring first; here a variable wins,
/// because somebody has set it, and the keyring just happens to be there.
pub(super) const ORDER: [Source; 5] = [
    Source::Env,
    Source::Command,
    Source::Passphrase,
    Source::Keyring,
    Source::File,
];

/// What a source has to do with the home.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// `home.json` names it.
    Obeyed,
    /// `--key` names it, and there is no home yet.
    Wished,
    /// It is its turn, and there is no home yet.
    Tried,
}

/// Why there is no key, in words that follow the source's name.
pub(super) fn silence(source: Source, why: &Silence) -> String {
    let is_command = source == Source::Command;
    match why {
        Silence::Absent => "is not there".to_owned(),
        Silence::Locked => "is locked".to_owned(),
        Silence::Volatile => "forgets what it holds at logout".to_owned(),
        Silence::TimedOut if is_command => "did not end within 10 seconds".to_owned(),
        Silence::TimedOut => "did not answer within 3 seconds".to_owned(),
        Silence::Failed(words) => clean(words, 200),
    }
}

/// `key_unreachable`: `why` is what [`silence`] says.
pub(super) fn unreachable(source: Source, role: Role, home: &str, why: &str) -> Error {
    let thing = match source {
        Source::File => format!("the file {KEY_FILE} in {home}"),
        source => source.thing().to_owned(),
    };
    let message = match role {
        Role::Obeyed => format!(
            "the logins in {home} are sealed with a key from {thing}, which {why}: {}",
            source.remedy()
        ),
        Role::Wished => format!(
            "--key {source} takes the key from {thing}, which {why}: {}",
            source.first_remedy()
        ),
        Role::Tried if source.variable().is_some() => {
            format!("{thing} {why}: {}, or unset it", source.first_remedy())
        }
        Role::Tried => format!("{thing} {why}: {}", source.first_remedy()),
    };
    Error::new(Code::KeyUnreachable, message)
}

/// `key_needs_session`: an unattended program will not have the key.
pub(super) fn needs_session(source: Source, role: Role, home: &str) -> Error {
    let thing = source.thing();
    let message = match role {
        Role::Obeyed => format!(
            "the logins in {home} are sealed with a key from {thing}, which an unattended program cannot reach"
        ),
        Role::Wished | Role::Tried => format!(
            "--key {source} takes the key from {thing}, which an unattended program cannot reach"
        ),
    };
    Error::new(Code::KeyNeedsSession, message)
}

/// `key_wrong`: there is a key, and it is another.
pub(super) fn wrong(source: Source, home: &str, wanted: &str, there: &str) -> Error {
    let thing = match source {
        Source::File => format!("the file {KEY_FILE}"),
        source => source.thing().to_owned(),
    };
    let message = format!(
        "the logins in {home} are sealed with the key {wanted}, and {thing} gives the key {there}: {}",
        source.remedy()
    );
    Error::new(Code::KeyWrong, message)
}

/// `bad_option`: the wish contradicts the home.
pub(super) fn contradicts(wish: Source, source: Source, home: &str) -> Error {
    let message = format!(
        "--key {wish} was given, and the logins in {home} are sealed with a key from {source}: leave --key out, or use another --home"
    );
    Error::new(Code::BadOption, message)
}
