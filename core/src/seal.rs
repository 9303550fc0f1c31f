//! Sealing what leaves the process: XChaCha20-Poly1305, one format for every language.

use std::fmt;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use crate::error::{Code, Error};
use crate::secret::SecretBytes;

/// 32 random bytes that only the owner of the logins knows.
#[derive(Clone)]
pub struct Key(Zeroizing<[u8; 32]>);

impl Key {
    /// Takes the key over.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[key]")
    }
}

const NONCE: usize = 24;
/// How much longer the sealed bytes are: a nonce and a tag.
pub(crate) const OVERHEAD: usize = NONCE + 16;

/// `nonce (24) ‖ ciphertext ‖ tag (16)`; `purpose` is authenticated with it.
pub(crate) fn seal(
    key: &Key,
    purpose: &[u8],
    entropy: &[u8; 32],
    plain: &[u8],
) -> Result<SecretBytes, Error> {
    let failed = |_| Error::new(Code::SealBroken, "the value could not be sealed");
    let nonce = XNonce::try_from(&entropy[..NONCE])
        .map_err(|_| Error::new(Code::SealBroken, "no nonce"))?;
    let cipher = XChaCha20Poly1305::new((&*key.0).into());
    let sealed = cipher
        .encrypt(
            &nonce,
            Payload {
                msg: plain,
                aad: purpose,
            },
        )
        .map_err(failed)?;
    let mut bytes = nonce.to_vec();
    bytes.extend(sealed);
    Ok(SecretBytes::new(bytes))
}

/// Opens what [`seal`] made for the same purpose.
pub(crate) fn open(key: &Key, purpose: &[u8], bytes: &[u8]) -> Result<SecretBytes, Error> {
    let broken = || {
        Error::new(
            Code::SealBroken,
            "the sealed value does not open with this key",
        )
    };
    let (nonce, sealed) = bytes.split_at_checked(NONCE).ok_or_else(broken)?;
    let nonce = XNonce::try_from(nonce).map_err(|_| broken())?;
    let cipher = XChaCha20Poly1305::new((&*key.0).into());
    let plain = cipher
        .decrypt(
            &nonce,
            Payload {
                msg: sealed,
                aad: purpose,
            },
        )
        .map_err(|_| broken())?;
    Ok(SecretBytes::new(plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_only_with_the_same_key_purpose_and_bytes() -> Result<(), Error> {
        let key = Key::new([1; 32]);
        let sealed = seal(&key, b"a", &[7; 32], b"hello")?;
        assert_eq!(open(&key, b"a", sealed.expose())?.expose(), b"hello");
        let mut changed = sealed.expose().to_vec();
        changed[30] ^= 1;
        for broken in [
            open(&Key::new([2; 32]), b"a", sealed.expose()),
            open(&key, b"b", sealed.expose()),
            open(&key, b"a", &changed),
            open(&key, b"a", b"short"),
        ] {
            assert_eq!(broken.map_err(|e| e.code()), Err(Code::SealBroken));
        }
        Ok(())
    }
}
