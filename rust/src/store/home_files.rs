//! The two files that say how a home's logins are sealed, for [`crate::key`].

use devicegrant_core::{Error, SecretBytes};

use super::files;
use crate::home::Home;

/// Reads a file of the home; none where it, or the home, is absent.
pub(crate) fn read(home: &Home, name: &str) -> Result<Option<SecretBytes>, Error> {
    files::read(&home.path().join(name))
}

/// Publishes a file of the home, which is made where it is absent. False where the name is taken.
pub(crate) fn publish(home: &Home, name: &str, bytes: &SecretBytes) -> Result<bool, Error> {
    files::make_dir(home.path())?;
    files::publish(&home.path().join(name), bytes.expose())
}
