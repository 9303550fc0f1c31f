//! No keyring: the platform has none that we know, or the feature `keyring` is off.

use devicegrant_core::Secret;
use devicegrant_core::home::Silence;

const NONE: &str = "cannot be reached by this build of the program";

pub(super) fn recall(_: &str, _: &str) -> Result<Option<Secret>, Silence> {
    Err(Silence::Failed(NONE.to_owned()))
}

pub(super) fn remember(_: &str, _: &str, _: &Secret) -> Result<(), Silence> {
    Err(Silence::Failed(NONE.to_owned()))
}
