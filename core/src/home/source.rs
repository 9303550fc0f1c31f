//! The five places a key can come from.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::KEY_FILE;
use crate::error::{Code, Error};
use crate::text::quote;

/// Where a home's key is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// The system's keyring.
    Keyring,
    /// `DEVICEGRANT_KEY` holds it.
    Env,
    /// What `DEVICEGRANT_KEY_COMMAND` runs prints it.
    Command,
    /// It is derived from `DEVICEGRANT_PASSPHRASE`.
    Passphrase,
    /// The file `key` in the home.
    File,
}

impl Source {
    /// Every source.
    pub const ALL: [Self; 5] = [
        Self::Keyring,
        Self::Env,
        Self::Command,
        Self::Passphrase,
        Self::File,
    ];

    /// The word for it in `home.json` and behind `--key`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Keyring => "keyring",
            Self::Env => "env",
            Self::Command => "command",
            Self::Passphrase => "passphrase",
            Self::File => "file",
        }
    }

    /// The environment variable that speaks for it.
    pub fn variable(self) -> Option<&'static str> {
        match self {
            Self::Env => Some("DEVICEGRANT_KEY"),
            Self::Command => Some("DEVICEGRANT_KEY_COMMAND"),
            Self::Passphrase => Some("DEVICEGRANT_PASSPHRASE"),
            Self::Keyring | Self::File => None,
        }
    }

    /// What it protects against, in one honest sentence.
    pub fn protects(self) -> &'static str {
        match self {
            Self::Keyring => {
                "The key is in the system's keyring: a copy of the disk or a backup does not open the logins, but any program of yours can while the keyring is unlocked."
            }
            Self::Env => {
                "The key is in the environment: a copy of the disk or a backup does not open the logins, but whoever can read this program's environment can, and so can a file that sets it."
            }
            Self::Command => {
                "The key is what a command prints: the logins are as safe as what the command asks, and any program of yours that may run it can open them."
            }
            Self::Passphrase => {
                "The key is derived from a passphrase: a copy of the disk does not open the logins unless the passphrase can be guessed, but whoever can read this program's environment can."
            }
            Self::File => {
                "The key is a file beside the logins: other users of this machine cannot read either, but whoever gets a copy of the folder, or of a backup that holds it, can open them."
            }
        }
    }

    /// Whether a program without a desktop session, such as a service, can have the key.
    pub fn reachable_unattended(self) -> bool {
        self != Self::Keyring
    }

    /// The thing itself, for a message.
    pub(super) fn thing(self) -> &'static str {
        match self {
            Self::Keyring => "the system's keyring",
            Self::Env => "DEVICEGRANT_KEY",
            Self::Command => "DEVICEGRANT_KEY_COMMAND",
            Self::Passphrase => "DEVICEGRANT_PASSPHRASE",
            Self::File => KEY_FILE,
        }
    }

    /// What to do where a home's own source is silent.
    pub(super) fn remedy(self) -> &'static str {
        match self {
            Self::Keyring => {
                "unlock it, or run this inside the desktop session, or use another home: --home DIR --key file"
            }
            Self::Env => "set it to the key that the home was made with",
            Self::Command => "set it to a command that prints the key that the home was made with",
            Self::Passphrase => "set it to the passphrase that the home was made with",
            Self::File => {
                "put the file back from a backup, or use another --home and sign in again"
            }
        }
    }

    /// What to do where there is no home yet.
    pub(super) fn first_remedy(self) -> &'static str {
        match self {
            Self::Keyring => {
                "unlock it, or run this inside the desktop session, or choose another --key"
            }
            Self::Env => "set it to a key (devicegrant doctor --new-key prints a fresh one)",
            Self::Command => "set it to a command that prints a key",
            Self::Passphrase => "set it to a passphrase",
            Self::File => "remove the file if nothing else is sealed with it, then try again",
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Source {
    type Err = Error;

    /// Errors: `bad_option`.
    fn from_str(word: &str) -> Result<Self, Error> {
        let found = Self::ALL.into_iter().find(|source| source.as_str() == word);
        found.ok_or_else(|| {
            let message = format!(
                "{} is no source of a key: --key takes keyring, env, command, passphrase or file",
                quote(word)
            );
            Error::new(Code::BadOption, message)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_source_is_found_by_its_word_and_says_what_it_protects() -> Result<(), Error> {
        for source in Source::ALL {
            assert_eq!(source.as_str().parse::<Source>()?, source);
            assert!(source.protects().ends_with('.'), "{source}");
            assert_eq!(source.reachable_unattended(), source != Source::Keyring);
        }
        let error = "Keyring".parse::<Source>().map_err(|error| error.code());
        assert_eq!(error, Err(Code::BadOption));
        Ok(())
    }
}
