//! The protocol on disk (DESIGN §5.1, `LOCKING.md`): the machines behind a store of files.
//!
//! A host performs one [`DiskStep`] after the other and decides nothing, so that every language
//! keeps logins alike and the protocol exists once. Paths are relative to the home: names joined by
//! `/`, the home itself the empty path.
//!
//! In a login's folder, names only ever get added with a number: `r.N` is revision N, and the
//! highest wins; `l.N.K` is the K-th claim to renew revision N. Nothing is replaced.

mod claim;
mod list;
mod load;
mod lock;
mod names;
mod save;
mod seen;
mod unlock;
mod whole;

use crate::error::{Code, Error};
use crate::flow::Now;
use crate::secret::SecretBytes;

pub use claim::{Liveness, Owner};
pub use list::ListLogins;
pub use load::{Found, LoadLogin};
pub use lock::{Answer, Attempt, LockLogin};
pub use save::SaveLogin;
pub use seen::{Seen, Sight};
pub use unlock::UnlockLogin;

/// No record is larger, in bytes.
pub const LARGEST: u32 = 64 * 1024;

/// A login's folder holds a handful of names, that of all logins some dozens. A host may stop
/// listing one past this many: core refuses such a folder.
pub const MOST_NAMES: usize = 10_000;

/// How often a listing that went stale is made again.
const LOOKS: u8 = 5;

/// How often a listing without any revision is made again: it may have missed what changed while
/// it ran, and "nobody has signed in" must not be said for that.
const EMPTY_LOOKS: u8 = 3;

/// A machine that decides one method of a store of files and performs nothing.
pub trait DiskFlow {
    /// What the method returns.
    type Output;

    /// Answers `input`, at `now`. The first input is [`DiskInput::Go`]; after each [`DiskStep`]
    /// comes an input named there, any other is the error `out_of_turn`. A step that the host
    /// cannot perform is an error of the host and ends the machine.
    fn step(&mut self, now: Now, input: DiskInput) -> Result<DiskStep<Self::Output>, Error>;
}

/// The one thing that a machine asks its host to do with files.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum DiskStep<T> {
    /// Make a folder with mode 0700, or see that the one there is a folder, ours, no link, and open
    /// to nobody else; then give [`DiskInput::Made`].
    MakeDir(String),
    /// Give the [`DiskInput::Names`] in a folder; none where it is absent.
    List(String),
    /// Give the [`DiskInput::Bytes`] of a regular file that is ours alone, never through a link;
    /// else [`DiskInput::Absent`] or [`DiskInput::Unsafe`].
    Read {
        /// The file.
        path: String,
        /// A larger file is [`DiskInput::Unsafe`].
        max: u32,
    },
    /// Create a file with mode 0600 that is complete or absent; then give [`DiskInput::Published`],
    /// or [`DiskInput::Exists`] where the name is taken.
    Publish {
        /// The file.
        path: String,
        /// Its whole content.
        bytes: SecretBytes,
        /// True where it must outlast a power cut: file and folder are flushed.
        durable: bool,
    },
    /// Remove a file; one that is absent, or stays, is fine. Then give [`DiskInput::Removed`].
    Remove(String),
    /// Say whether a process still lives, by [`DiskInput::Liveness`].
    Liveness(Owner),
    /// The method returns this.
    Done(T),
}

impl<T> DiskStep<T> {
    /// The same step, with its end as something else.
    pub fn map<U>(self, end: impl FnOnce(T) -> U) -> DiskStep<U> {
        match self {
            Self::Done(output) => DiskStep::Done(end(output)),
            Self::MakeDir(path) => DiskStep::MakeDir(path),
            Self::List(path) => DiskStep::List(path),
            Self::Read { path, max } => DiskStep::Read { path, max },
            Self::Publish {
                path,
                bytes,
                durable,
            } => DiskStep::Publish {
                path,
                bytes,
                durable,
            },
            Self::Remove(path) => DiskStep::Remove(path),
            Self::Liveness(owner) => DiskStep::Liveness(owner),
        }
    }
}

/// What a host answers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum DiskInput {
    /// At the start.
    Go,
    /// The folder is there.
    Made,
    /// The names in a folder. A name that came or went while it was listed may be missing.
    Names(Vec<String>),
    /// The whole content of a file.
    Bytes(SecretBytes),
    /// There is no such file.
    Absent,
    /// The file must not be used; the text names it by its full path and says why.
    Unsafe(String),
    /// The file is there now.
    Published,
    /// The name was taken already.
    Exists,
    /// The file is gone.
    Removed,
    /// Whether the process lives.
    Liveness(Liveness),
}

fn refused(why: String) -> Error {
    Error::new(Code::StoreUnsafe, why)
}
