//! The key that a home's logins are sealed with: chosen once, by the first save, and obeyed from
//! then on by every program (DESIGN §5).
//!
//! A machine here asks for one [`Effect`] at a time and is answered with one [`Answer`]; the host
//! performs and decides nothing. Its whole loop:
//!
//! ```text
//! answer = Go
//! loop: match machine.step(answer)? { Done(output) => return output, effect => answer = perform(effect) }
//! ```

mod choose;
mod derive;
mod file;
mod open;
mod source;
mod text;
mod variables;

use crate::error::Error;
use crate::secret::{Secret, SecretBytes};

pub use open::{OpenHome, Opened, Wish};
pub use source::Source;
pub use text::Fresh;
pub use variables::VariableKey;

/// The file that says how a home's logins are sealed. There is no secret in it.
pub const HOME_FILE: &str = "home.json";
/// The file that holds the key where its source is [`Source::File`].
pub const KEY_FILE: &str = "key";
/// What the system's keyring files its entries under.
pub const SERVICE: &str = "devicegrant";
/// How long a keyring may take; a locked one may wait for ever for somebody who is not there.
pub const KEYRING_TIMEOUT_MS: u32 = 3_000;
/// How long a key command may take.
pub const COMMAND_TIMEOUT_MS: u32 = 10_000;

/// A machine that ends with a key.
pub trait KeyFlow {
    /// What it ends with.
    type Output;

    /// The first answer is [`Answer::Go`]; after each effect comes an answer named there. Any other
    /// is the error `out_of_turn`.
    fn step(&mut self, answer: Answer) -> Result<Effect<Self::Output>, Error>;
}

/// The one thing that the host is to do. An error of a file ends the host's loop.
#[derive(Debug)]
pub enum Effect<T> {
    /// Read this file of the home: [`Answer::File`].
    Read(&'static str),
    /// Publish this file of the home, complete or not at all and never over another, and the
    /// home's folder before it: [`Answer::Published`] or [`Answer::Exists`].
    Publish {
        /// The file's name.
        name: &'static str,
        /// What is in it.
        bytes: SecretBytes,
    },
    /// Read this environment variable: [`Answer::Text`] (none where it is not set), or
    /// [`Answer::Silent`] where it is no text.
    Variable(&'static str),
    /// Run this program without a shell: [`Answer::Text`] with what it printed, or
    /// [`Answer::Silent`]. Its standard input is empty; what it says on standard error is not read.
    Run {
        /// The program and its arguments; never empty.
        argv: Vec<String>,
        /// When it is killed.
        timeout_ms: u32,
    },
    /// Read this entry of the system's keyring as a password: [`Answer::Text`] (none where there
    /// is no such entry), or [`Answer::Silent`].
    Recall {
        /// The account; the service is [`SERVICE`].
        account: Box<str>,
        /// When the host stops waiting.
        timeout_ms: u32,
    },
    /// Write an entry of the system's keyring: [`Answer::Kept`] or [`Answer::Silent`].
    Remember {
        /// The account; the service is [`SERVICE`].
        account: Box<str>,
        /// The password.
        text: Secret,
        /// When the host stops waiting.
        timeout_ms: u32,
    },
    /// The end.
    Done(T),
}

impl<T> Effect<T> {
    /// The same effect, with its end as something else.
    pub fn map<U>(self, end: impl FnOnce(T) -> U) -> Effect<U> {
        match self {
            Self::Done(output) => Effect::Done(end(output)),
            Self::Read(name) => Effect::Read(name),
            Self::Publish { name, bytes } => Effect::Publish { name, bytes },
            Self::Variable(name) => Effect::Variable(name),
            Self::Run { argv, timeout_ms } => Effect::Run { argv, timeout_ms },
            Self::Recall {
                account,
                timeout_ms,
            } => Effect::Recall {
                account,
                timeout_ms,
            },
            Self::Remember {
                account,
                text,
                timeout_ms,
            } => Effect::Remember {
                account,
                text,
                timeout_ms,
            },
        }
    }
}

/// What the host answers.
#[derive(Debug)]
pub enum Answer {
    /// At the start.
    Go,
    /// The file; none where it is absent.
    File(Option<SecretBytes>),
    /// The file is there now.
    Published,
    /// Another was there before.
    Exists,
    /// A text; none where there is nothing.
    Text(Option<Secret>),
    /// The keyring has the entry.
    Kept,
    /// The source gave no answer.
    Silent(Silence),
}

/// The source that a home's `home.json` names, given its bytes; `home` is its folder, for messages.
/// For telling a person about a key that is not to be had.
///
/// Errors: `home_unreadable`.
pub fn chosen(bytes: &[u8], home: &str) -> Result<Source, Error> {
    Ok(file::HomeFile::read(bytes, home)?.key.source)
}

impl Silence {
    /// Why, in words that follow the source's name.
    pub fn about(&self, source: Source) -> String {
        choose::silence(source, self)
    }
}

/// Why a source gave no answer, as far as the host can tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Silence {
    /// There is no keyring here: no session bus, no service on it, none in this build.
    Absent,
    /// It is locked. A host never opens a dialog to unlock it.
    Locked,
    /// It forgets at logout.
    Volatile,
    /// It did not answer in time.
    TimedOut,
    /// Anything else, in a few words that hold no secret: `ended with exit status 1`.
    Failed(String),
}
