//! A registered client as it is kept, per issuer.

use serde::{Deserialize, Serialize};

use crate::error::{Code, Error};
use crate::flow::{LoginId, Now, Revision};
use crate::grant::Client;
use crate::json;
use crate::login::{Header, Kind, Plain, Sealed, write};
use crate::options::normal;
use crate::seal::Key;
use crate::secret::SecretBytes;

/// What a registration left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KeptClient {
    pub(super) client: Client,
    /// Whether the secret may be sent in the body where the header is refused.
    #[serde(default)]
    pub(super) may_post_secret: bool,
    /// When its secret expires, in milliseconds since 1970.
    #[serde(default)]
    pub(super) expires_at_ms: Option<u64>,
    /// What it was registered for.
    #[serde(default)]
    pub(super) scopes: Vec<String>,
}

impl KeptClient {
    /// True where it has not expired and was registered for these scopes.
    pub(super) fn serves(&self, scopes: &[String], now: Now) -> bool {
        let lives = self.expires_at_ms.is_none_or(|at| now.wall_ms < at);
        // A client that was registered for none is held to none.
        let all = self.scopes.is_empty() || scopes.iter().all(|s| self.scopes.contains(s));
        lives && all
    }

    /// Seals it as revision `revision` of `id`.
    pub(super) fn seal(
        &self,
        issuer: &str,
        key: &Key,
        entropy: &[u8; 32],
        id: &LoginId,
        revision: Revision,
    ) -> Result<SecretBytes, Error> {
        let header = Header {
            issuer: Some(normal(issuer)),
            client_id: self.client.id.clone(),
            ..Header::default()
        };
        let body = serde_json::to_vec(self).map(SecretBytes::new);
        let plain = Plain {
            kind: Kind::Client,
            header: &header,
            body: body
                .map_err(|_| Error::new(Code::SealBroken, "the client could not be written"))?,
        };
        write(&plain, key, entropy, id, revision)
    }

    /// Opens what a store has for `id`.
    ///
    /// Errors: `seal_broken`, `record_unreadable`.
    pub(super) fn open(
        bytes: SecretBytes,
        key: &Key,
        id: &LoginId,
        revision: Revision,
    ) -> Result<Self, Error> {
        let plain = Sealed::read(bytes)?.open(key, id, revision)?;
        json::read(plain.expose()).map_err(|_| {
            let message = "the kept client was written by another version";
            Error::new(Code::RecordUnreadable, message)
        })
    }
}
