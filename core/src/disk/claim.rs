//! What stands in a claim, and the name of a lease.

use serde::{Deserialize, Serialize};

use crate::error::{Code, Error};
use crate::flow::{Lease, LoginId, Rest, Revision};
use crate::json;
use crate::secret::SecretBytes;

/// No claim is larger, in bytes.
pub(super) const LARGEST_CLAIM: u32 = 4096;

/// A process, told apart from every other that ever had its number.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Owner {
    /// Its number.
    pub pid: u32,
    /// When it was started, in the system's own words; none where the host cannot tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    /// Where that number means this process: on Linux the boot and the pid namespace, elsewhere
    /// the machine's name.
    pub space: String,
}

/// What a host knows about a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Liveness {
    /// It has certainly ended: no such number, a zombie, or another start. Only ever of one's own
    /// space.
    Dead,
    /// It certainly runs.
    Alive,
    /// The host cannot tell: another space, or a start that cannot be compared.
    Unknown,
}

/// A claim as it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Claim {
    Owned(Owner),
    Free(Option<Rest>),
    /// Torn, or nothing we know: somebody may well be behind it.
    Damaged,
}

#[derive(Serialize, Deserialize)]
struct Written {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    owner: Option<Owner>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    free: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retry_at_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code: Option<String>,
}

impl Claim {
    pub(super) fn from_bytes(bytes: &[u8]) -> Self {
        match json::read::<Written>(bytes) {
            Ok(Written {
                owner: Some(owner), ..
            }) => Self::Owned(owner),
            Ok(Written {
                free: true,
                retry_at_ms,
                code,
                ..
            }) => Self::Free(retry_at_ms.map(|until_ms| {
                Rest {
                    until_ms,
                    // A newer program may know codes that this one does not.
                    code: code
                        .and_then(|name| Code::from_name(&name))
                        .unwrap_or(Code::RenewalResting),
                }
            })),
            _ => Self::Damaged,
        }
    }

    pub(super) fn to_bytes(&self) -> Result<SecretBytes, Error> {
        let (owner, rest) = match self {
            Self::Owned(owner) => (Some(owner.clone()), None),
            Self::Free(rest) => (None, *rest),
            Self::Damaged => (None, None),
        };
        let written = Written {
            free: owner.is_none(),
            owner,
            retry_at_ms: rest.map(|rest| rest.until_ms),
            code: rest.map(|rest| rest.code.as_str().to_owned()),
        };
        serde_json::to_vec(&written)
            .map(SecretBytes::new)
            .map_err(|_| Error::new(Code::StoreUnwritable, "the claim could not be written"))
    }
}

/// The lease that a claim gives: the claim's place under the folder of all logins.
pub(super) fn lease(id: &LoginId, (n, k): (Revision, u64)) -> Lease {
    Lease(format!("{id}/l.{n}.{k}").into())
}

/// Errors: `out_of_turn` for a lease that is not of this store.
pub(super) fn parse_lease(lease: &Lease) -> Result<(LoginId, (Revision, u64)), Error> {
    let parts = || {
        let (id, claim) = lease.0.split_once("/l.")?;
        let (n, k) = claim.split_once('.')?;
        let claim = (n.parse().ok()?, k.parse().ok()?);
        Some((LoginId(id.into()), claim))
    };
    parts().ok_or_else(|| Error::new(Code::OutOfTurn, "the lease is none of this store's"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_are_read_as_they_are_written() -> Result<(), Error> {
        let owner = Owner {
            pid: 7,
            start: Some("123".to_owned()),
            space: "boot".to_owned(),
        };
        let rest = Rest {
            until_ms: 9,
            code: Code::Unreachable,
        };
        for (claim, text) in [
            (
                Claim::Owned(owner),
                r#"{"owner":{"pid":7,"start":"123","space":"boot"}}"#,
            ),
            (Claim::Free(None), r#"{"free":true}"#),
            (
                Claim::Free(Some(rest)),
                r#"{"free":true,"retry_at_ms":9,"code":"unreachable"}"#,
            ),
        ] {
            assert_eq!(claim.to_bytes()?.expose(), text.as_bytes());
            assert_eq!(Claim::from_bytes(text.as_bytes()), claim);
            let torn = &text.as_bytes()[..text.len() - 1];
            assert_eq!(Claim::from_bytes(torn), Claim::Damaged);
        }
        assert_eq!(Claim::from_bytes(b"{}"), Claim::Damaged);
        let lease = lease(&LoginId("x".into()), (3, 4));
        assert_eq!(parse_lease(&lease)?, (LoginId("x".into()), (3, 4)));
        Ok(())
    }
}
