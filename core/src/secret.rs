//! Values that must never reach a log, an error or a printed form.

use std::fmt;
use std::sync::Arc;

use zeroize::{Zeroize, Zeroizing};

/// A text such as a token or a device code: redacted when printed, wiped when dropped.
///
/// It has no `Serialize`, so that no derive can carry it into a file by accident; a record that is
/// sealed before it leaves core names [`exposed`] field by field.
///
/// Clones share one text, which is wiped with the last of them: the hot path gives one away at
/// every call.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Arc<Zeroizing<Box<str>>>);

impl Secret {
    /// Takes the text over.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(Arc::new(Zeroizing::new(text.into())))
    }

    /// The one way to the text. Do not print what it returns.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// Bytes that may hold a secret, such as a body or a record: printed as their length, wiped when dropped.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SecretBytes(Zeroizing<Vec<u8>>);

impl SecretBytes {
    /// Takes the bytes over.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The one way to the bytes. Do not print what it returns.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// How many bytes there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True where there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<String> for SecretBytes {
    fn from(text: String) -> Self {
        Self::new(text.into_bytes())
    }
}

impl std::hash::Hash for SecretBytes {
    fn hash<H: std::hash::Hasher>(&self, to: &mut H) {
        self.expose().hash(to);
    }
}

impl Zeroize for SecretBytes {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} bytes]", self.len())
    }
}

/// For `#[serde(with = "secret::exposed")]` on a field of something that is sealed, or kept in a
/// file only its owner can read.
pub(crate) mod exposed {
    use super::Secret;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(secret: &Secret, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(secret.expose())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Secret, D::Error> {
        String::deserialize(from).map(Secret::new)
    }
}

/// The same for a field that may be absent.
pub(crate) mod exposed_option {
    use super::Secret;
    use serde::{Deserialize, Deserializer, Serializer};

    // serde hands over `&Option<T>`, so the signature is not ours to choose.
    #[allow(clippy::ref_option)]
    pub(crate) fn serialize<S: Serializer>(
        secret: &Option<Secret>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        match secret {
            Some(secret) => to.serialize_some(secret.expose()),
            None => to.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Secret>, D::Error> {
        Ok(Option::<String>::deserialize(from)?.map(Secret::new))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_printed_shows_the_text() {
        let secret = Secret::new("hunter2");
        let bytes = SecretBytes::new(b"hunter2".to_vec());
        let printed = format!("{secret} {secret:?} {secret:#?} {bytes:?}");
        assert!(!printed.contains("hunter2"), "{printed}");
        assert_eq!(secret.expose(), "hunter2");
        assert_eq!(bytes.len(), 7);
    }
}
