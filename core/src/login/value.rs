//! A value of a program's own, sealed and kept as a login is: for key-value adapters, beside the
//! logins and never taken for one.

use super::{Header, Kind, Plain, Sealed, write};
use crate::error::{Code, Error};
use crate::flow::{LoginId, Revision};
use crate::options::value_folder;
use crate::seal::Key;
use crate::secret::SecretBytes;

/// A value's place, and how it is sealed for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// Its folder. The names that it is made of do not show.
    pub id: LoginId,
}

impl Value {
    /// The value of that name, of a collection of that name.
    pub fn named(collection: &str, name: &str) -> Self {
        Self {
            id: value_folder(collection, name),
        }
    }

    /// Seals it as the next revision of its place. `entropy` is 32 fresh random bytes.
    ///
    /// Errors: `store_unwritable` for what is larger than any store has to keep (64 KiB).
    pub fn seal(
        &self,
        key: &Key,
        entropy: &[u8; 32],
        revision: Revision,
        bytes: SecretBytes,
    ) -> Result<SecretBytes, Error> {
        let plain = Plain {
            kind: Kind::Value,
            header: &Header::default(),
            body: bytes,
        };
        write(&plain, key, entropy, &self.id, revision)
    }

    /// Opens what a store has there.
    ///
    /// Errors: `seal_broken`, also for a value that was put in another's place;
    /// `record_unreadable`.
    pub fn open(
        &self,
        key: &Key,
        revision: Revision,
        bytes: SecretBytes,
    ) -> Result<SecretBytes, Error> {
        let sealed = Sealed::read(bytes)?;
        if sealed.kind != Kind::Value {
            let message = "what is kept there is no value";
            return Err(Error::new(Code::RecordUnreadable, message));
        }
        sealed.open(key, &self.id, revision)
    }
}
