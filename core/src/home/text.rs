//! A key as text: 32 bytes as 43 characters of base64url. It stands like this in the keyring, in
//! `DEVICEGRANT_KEY`, in the file `key` and in what a key command prints.

use base32ct::Base32Unpadded;
use base64ct::{Base64UrlUnpadded, Encoding};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::seal::Key;
use crate::secret::Secret;

/// So that the hash of a key means this and nothing else.
const ID_PURPOSE: &[u8] = b"devicegrant key id 1\n";

impl Key {
    /// Reads a key as text; blanks and a line's end around it do no harm. None where it is no key.
    pub fn from_text(text: &str) -> Option<Self> {
        let bytes = Zeroizing::new(Base64UrlUnpadded::decode_vec(text.trim()).ok()?);
        let bytes = Zeroizing::new(<[u8; 32]>::try_from(bytes.as_slice()).ok()?);
        Some(Self::new(*bytes))
    }

    /// The key as text.
    pub fn text(&self) -> Secret {
        Secret::new(Base64UrlUnpadded::encode_string(self.bytes()))
    }

    /// 16 characters of base32 by which a key is recognised. They are public: they tell a wrong key
    /// before anything fails to open, and do not lead back to the key.
    pub fn id(&self) -> String {
        let digest = Sha256::new()
            .chain_update(ID_PURPOSE)
            .chain_update(self.bytes())
            .finalize();
        base32(&digest[..10])
    }
}

pub(super) fn base32(bytes: &[u8]) -> String {
    <Base32Unpadded as base32ct::Encoding>::encode_string(bytes)
}

/// 64 fresh random bytes, and what a new home takes of them.
#[derive(Clone)]
pub struct Fresh(Zeroizing<[u8; 64]>);

impl Fresh {
    /// Takes the bytes over. They must be fresh: never used before, and never again.
    pub fn new(bytes: [u8; 64]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// A key of its own.
    pub fn key(&self) -> Key {
        let mut key = Zeroizing::new([0; 32]);
        key.copy_from_slice(&self.0[..32]);
        Key::new(*key)
    }

    pub(super) fn home_id(&self) -> String {
        base32(&self.0[32..42])
    }

    pub(super) fn salt(&self) -> [u8; 16] {
        let mut salt = [0; 16];
        salt.copy_from_slice(&self.0[42..58]);
        salt
    }
}

impl std::fmt::Debug for Fresh {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[fresh bytes]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_survives_its_text_and_nothing_else_is_a_key() {
        let text = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE";
        let key = Key::from_text(&format!(" {text}\r\n"));
        assert_eq!(
            key.as_ref()
                .map(|key| key.text().expose().to_owned())
                .as_deref(),
            Some(text)
        );
        // By Python's hashlib and base64.
        assert_eq!(key.map(|key| key.id()).as_deref(), Some("onzlalyflneldbam"));
        for other in [
            "",
            &text[1..],
            &format!("{text}="),
            &format!("{text}AAAA"),
            // The last character has bits that no byte holds.
            "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQF",
            "AQEBAQEBAQEBAQEBAQEB AQEBAQEBAQEBAQEBAQEBAQ",
        ] {
            assert!(Key::from_text(other).is_none(), "{other:?}");
        }
    }
}
