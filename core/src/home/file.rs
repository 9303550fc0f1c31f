//! `home.json`: read strictly, because what is misread here locks somebody out.

use base64ct::{Base64UrlUnpadded, Encoding};
use serde::{Deserialize, Serialize};

use super::{HOME_FILE, Source};
use crate::error::{Code, Error};
use crate::json;
use crate::secret::SecretBytes;

/// The version that this program writes, and the newest that it reads.
const FORMAT: u32 = 1;

/// What `home.json` says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct HomeFile {
    format: u32,
    /// The home's id.
    pub(super) id: String,
    pub(super) key: KeyLine,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct KeyLine {
    pub(super) source: Source,
    /// The key's id.
    pub(super) id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    salt: Option<String>,
}

#[derive(Deserialize)]
struct Version {
    format: u32,
}

impl HomeFile {
    pub(super) fn new(id: String, source: Source, key_id: String, salt: Option<[u8; 16]>) -> Self {
        let salt = salt.map(|salt| Base64UrlUnpadded::encode_string(&salt));
        let key = KeyLine {
            source,
            id: key_id,
            salt,
        };
        Self {
            format: FORMAT,
            id,
            key,
        }
    }

    pub(super) fn to_bytes(&self) -> Result<SecretBytes, Error> {
        let mut bytes = serde_json::to_vec(self)
            .map_err(|_| Error::new(Code::HomeUnreadable, "home.json could not be written"))?;
        bytes.push(b'\n');
        Ok(SecretBytes::new(bytes))
    }

    /// `home` names the folder in messages. Errors: `home_unreadable`.
    pub(super) fn read(bytes: &[u8], home: &str) -> Result<Self, Error> {
        let unreadable = |why: &str| {
            let message = format!("{HOME_FILE} in {home} {why}");
            Error::new(Code::HomeUnreadable, message)
        };
        let damaged = || unreadable("is damaged");
        // First the version: a newer file need not look like ours.
        let version: Version = json::read(bytes).map_err(|_| damaged())?;
        if version.format > FORMAT {
            let why = format!(
                "has format {}, and this program knows formats up to {FORMAT}",
                version.format
            );
            return Err(unreadable(&why));
        }
        let file: Self = json::read(bytes).map_err(|_| damaged())?;
        let needs_salt = file.key.source == Source::Passphrase;
        let sound = file.format == FORMAT
            && is_id(&file.id)
            && is_id(&file.key.id)
            && file.salt().is_some() == needs_salt
            && file.key.salt.is_some() == needs_salt;
        if sound { Ok(file) } else { Err(damaged()) }
    }

    pub(super) fn salt(&self) -> Option<[u8; 16]> {
        let text = self.key.salt.as_ref()?;
        let bytes = Base64UrlUnpadded::decode_vec(text).ok()?;
        bytes.try_into().ok()
    }

    /// The account of its entry in the system's keyring.
    pub(super) fn account(&self) -> Box<str> {
        account(&self.id)
    }
}

pub(super) fn account(home_id: &str) -> Box<str> {
    format!("key-{home_id}").into()
}

/// 16 characters of base32: 10 bytes.
fn is_id(text: &str) -> bool {
    text.len() == 16 && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'2'..=b'7'))
}
