//! From a passphrase to a key: Argon2id (RFC 9106) with the least that OWASP asks for, so that it
//! runs in a browser's or a small machine's memory too.

use argon2::{Algorithm, Argon2, Params, Version};
use zeroize::Zeroizing;

use crate::error::{Code, Error};
use crate::seal::Key;

const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// The passphrase is taken as it is: a blank at its end belongs to it.
pub(super) fn derive(passphrase: &str, salt: &[u8; 16]) -> Result<Key, Error> {
    let failed = |why| {
        let message = format!("no key can be derived from DEVICEGRANT_PASSPHRASE: {why}");
        Error::new(Code::BadOption, message)
    };
    let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(32)).map_err(failed)?;
    let mut key = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.as_bytes(), salt, &mut *key)
        .map_err(failed)?;
    Ok(Key::new(*key))
}
