//! A login that is kept: its record, how it is found again, and how it is written.

mod find;
mod keep;
mod record;
mod wanted;

pub use find::Find;
pub use keep::Keep;
pub use record::{Header, Record};

use crate::flow::{LoginId, Revision};

/// A kept login and where it stands.
#[derive(Debug)]
pub struct Login {
    /// Its folder.
    pub id: LoginId,
    /// The revision of the store that holds it.
    pub revision: Revision,
    /// What is kept.
    pub record: Record,
}
