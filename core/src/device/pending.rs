//! A login that waits for its person, as a value: begun here, finished anywhere.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::pace::Pace;
use crate::error::{Code, Error};
use crate::flow::Now;
use crate::grant::Grant;
use crate::json;
use crate::prompt::Prompt;
use crate::seal::{self, Key};
use crate::secret::{Secret, SecretBytes, exposed, exposed_option};

/// A pending login. Printed, it shows neither the device code nor the user code.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    pub(super) grant: Arc<Grant>,
    #[serde(with = "exposed")]
    pub(super) device_code: Secret,
    #[serde(with = "exposed_option")]
    pub(super) verifier: Option<Secret>,
    /// Only where the server wants it with each poll.
    pub(super) user_code: Option<Box<str>>,
    /// Handed to the host by `Show`, so that a server with many logins keeps only what it needs.
    pub(super) prompt: Option<Box<Prompt>>,
    pub(super) pace: Pace,
    /// An answer was lost on its way, so a code that is unknown now may have been spent by it.
    pub(super) answer_lost: bool,
    /// How many answers in a row were nothing that OAuth knows.
    pub(super) unreadable: u8,
}

/// What the sealed bytes are for; part of what is authenticated.
const PURPOSE: &[u8] = b"devicegrant pending 1";

impl Pending {
    /// What a person is shown. None once a `login` has shown it.
    pub fn prompt(&self) -> Option<&Prompt> {
        self.prompt.as_deref()
    }

    /// What the login was begun with.
    pub fn grant(&self) -> &Arc<Grant> {
        &self.grant
    }

    /// When the code ends, in milliseconds since 1970 by this machine's clock.
    pub fn expires_at_ms(&self) -> u64 {
        self.pace.ends_at_ms()
    }

    /// None when it is time to poll, else until when the steady clock has to wait.
    pub(crate) fn wait_until(&mut self, now: Now) -> Option<u64> {
        self.pace.wait_until(now)
    }

    /// Seals the login, so that another process, request or replica can finish it.
    /// `entropy` is 32 fresh random bytes, never used before.
    pub fn to_bytes(&self, key: &Key, entropy: [u8; 32]) -> Result<SecretBytes, Error> {
        let plain = serde_json::to_vec(self)
            .map(SecretBytes::new)
            .map_err(|_| Error::new(Code::SealBroken, "the pending login could not be written"))?;
        seal::seal(key, PURPOSE, &entropy, plain.expose())
    }

    /// Opens what [`to_bytes`](Self::to_bytes) sealed. The steady deadline starts again from what
    /// is left on the wall clock.
    ///
    /// Errors: `seal_broken` for another key or changed bytes.
    pub fn from_bytes(key: &Key, bytes: &[u8]) -> Result<Self, Error> {
        let plain = seal::open(key, PURPOSE, bytes)?;
        json::read(plain.expose()).map_err(|_| {
            Error::new(
                Code::SealBroken,
                "the pending login was written by another version",
            )
        })
    }
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending")
            .field("token_endpoint", &self.grant.endpoints.token)
            .field("expires_at_ms", &self.pace.ends_at_ms())
            .finish_non_exhaustive()
    }
}
