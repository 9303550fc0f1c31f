//! The two files that say how a home's logins are sealed, for [`crate::key`].

use devicegrant_core::disk::DiskInput;
use devicegrant_core::{Code, Error, SecretBytes};

use super::files;
use crate::home_folder::Home;

/// No honest file of a home is larger, in bytes.
const LARGEST: u32 = 64 * 1024;

/// Reads a file of the home; none where it, or the home, is absent.
pub(crate) fn read(home: &Home, name: &str) -> Result<Option<SecretBytes>, Error> {
    match files::read(&home.path().join(name), LARGEST)? {
        DiskInput::Bytes(bytes) => Ok(Some(bytes)),
        DiskInput::Unsafe(why) => Err(Error::new(Code::StoreUnsafe, why)),
        _ => Ok(None),
    }
}

/// Publishes a file of the home, which is made where it is absent. False where the name is taken.
pub(crate) fn publish(home: &Home, name: &str, bytes: &SecretBytes) -> Result<bool, Error> {
    files::make_dir(home.path())?;
    files::publish(&home.path().join(name), bytes.expose(), true)
}
