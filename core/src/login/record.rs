//! What is kept of a login: absolute times, the issuer and the endpoints, so that a restart needs
//! no discovery (DESIGN §5).

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::error::{Code, Error};
use crate::grant::Grant;
use crate::options::{Options, normal};
use crate::secret::SecretBytes;
use crate::tokens::Tokens;

/// The version of the format that this program writes, and the newest that it reads.
const FORMAT: u32 = 1;

/// What a login is found by. There is no secret in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Header {
    /// The name that the caller gave it.
    pub profile: Option<String>,
    /// What the caller named, normalised: an issuer's address, a provider, a device endpoint.
    pub target: Option<String>,
    /// Who issued the tokens.
    pub issuer: Option<String>,
    /// The client identifier.
    pub client_id: String,
    /// The resource indicator (RFC 8707).
    pub resource: Option<String>,
    /// Whose login it is, where the server said so.
    pub account: Option<String>,
    /// What was granted.
    pub scopes: Vec<String>,
}

/// A login as it is kept. Printed, it shows no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// What it is found by.
    pub header: Header,
    /// With whom and how the tokens are renewed.
    pub grant: Arc<Grant>,
    /// What the server issued.
    pub tokens: Tokens,
}

#[derive(Serialize, Deserialize)]
struct Written {
    devicegrant: u32,
    header: Header,
    grant: Arc<Grant>,
    tokens: Tokens,
}

#[derive(Deserialize)]
struct Version {
    devicegrant: u32,
}

impl Record {
    /// The record of a sign-in that `options` asked for.
    ///
    /// Errors: those of options that name no one place, which discovery would have met first.
    pub fn new(options: &Options, grant: Arc<Grant>, tokens: Tokens) -> Result<Self, Error> {
        let header = Header {
            profile: options.profile.clone(),
            target: options.target_name()?,
            issuer: tokens.issuer.as_deref().map(normal),
            client_id: grant.client.id.clone(),
            resource: grant.resource.clone(),
            account: None,
            scopes: tokens.scopes.clone(),
        };
        Ok(Self {
            header,
            grant,
            tokens,
        })
    }

    /// The bytes to keep. They hold secrets.
    pub(crate) fn to_bytes(&self) -> Result<SecretBytes, Error> {
        let written = Written {
            devicegrant: FORMAT,
            header: self.header.clone(),
            grant: Arc::clone(&self.grant),
            tokens: self.tokens.clone(),
        };
        serde_json::to_vec(&written)
            .map(SecretBytes::new)
            .map_err(|_| Error::new(Code::RecordUnreadable, "the login could not be written"))
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// Errors: `record_unreadable`.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        refuse_newer(bytes)?;
        let written: Written = serde_json::from_slice(bytes)
            .map_err(|_| Error::new(Code::RecordUnreadable, "the kept login is damaged"))?;
        Ok(Self {
            header: written.header,
            grant: written.grant,
            tokens: written.tokens,
        })
    }
}

/// A newer program's record is refused, and so never written over.
pub(super) fn refuse_newer(bytes: &[u8]) -> Result<(), Error> {
    match serde_json::from_slice::<Version>(bytes) {
        Ok(version) if version.devicegrant > FORMAT => {
            let message = format!(
                "the kept login has format {}, and this program knows formats up to {FORMAT}",
                version.devicegrant
            );
            Err(Error::new(Code::RecordUnreadable, message))
        }
        _ => Ok(()),
    }
}
