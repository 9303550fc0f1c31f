//! A login that is kept: its record, how it is found again, how it is written, and how a sign-in
//! that was begun elsewhere is finished.

mod find;
mod finish;
mod give_up;
mod keep;
mod record;
mod sealed;
mod survey;
mod wanted;

pub use find::{Find, Found};
pub use finish::{Finish, Finished};
pub use give_up::GiveUp;
pub use keep::{Keep, Kept};
pub use record::{Ended, Header, Record};
pub use sealed::{Kind, Sealed};
pub(crate) use sealed::{Plain, ended_sign_in, write};
pub use survey::Survey;

pub(crate) use record::seal_ended;
pub(crate) use wanted::Wanted;

use crate::error::Error;
use crate::flow::{LoginId, Revision};
use crate::seal::Key;
use crate::secret::SecretBytes;

/// A kept login and where it stands.
#[derive(Clone, Debug)]
pub struct Login {
    /// Its folder.
    pub id: LoginId,
    /// The revision of the store that holds it.
    pub revision: Revision,
    /// What is kept.
    pub record: Record,
}

impl Login {
    /// Opens what a store has for `id`; none where there is nothing, or only a sign-out.
    ///
    /// Errors: `record_unreadable`, `seal_broken`; `login_ended` where the server ended it.
    pub(crate) fn open(
        key: &Key,
        id: &LoginId,
        bytes: Option<SecretBytes>,
        revision: Revision,
    ) -> Result<Option<Self>, Error> {
        let Some(bytes) = bytes else {
            return Ok(None);
        };
        let record = Sealed::read(bytes)?.login(key, id, revision)?;
        Ok(Some(Self {
            id: id.clone(),
            revision,
            record,
        }))
    }
}
