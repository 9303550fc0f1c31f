//! The outer form of what a store keeps: one clear line that says whose it is, then sealed bytes.
//!
//! ```text
//! {"devicegrant":1,"kind":"login","id":"…","revision":7,"login":{…},"sealed":417}\n
//! nonce (24) ‖ ciphertext ‖ tag (16)                                    417 bytes
//! ```
//!
//! The whole line is authenticated with the sealed bytes: a record cannot be moved to another
//! login, renumbered, or given another header.

use serde::{Deserialize, Serialize};

use super::record::Header;
use crate::error::{Code, Error};
use crate::flow::{LoginId, Revision};
use crate::json;
use crate::seal::{self, Key};
use crate::secret::SecretBytes;

/// The version of the format that this program writes, and the newest that it reads.
const FORMAT: u32 = 1;
/// What the bytes are for; part of what is authenticated.
const PURPOSE: &[u8] = b"devicegrant record 1\n";
/// No store has to keep more (DESIGN §5.1).
pub(super) const LARGEST: usize = 64 * 1024;

/// What kind of thing is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A login and its tokens.
    Login,
    /// A sign-in that waits for its person.
    Pending,
    /// A login that the server has ended. Nothing is sealed behind it.
    Ended,
    /// A client that was registered at an issuer (RFC 7591), for whatever logins.
    Client,
}

#[derive(Serialize, Deserialize)]
struct Line {
    devicegrant: u32,
    kind: Kind,
    id: Box<str>,
    revision: Revision,
    login: Header,
    sealed: usize,
}

#[derive(Deserialize)]
struct Version {
    devicegrant: u32,
}

/// What is written, before it is sealed.
pub(crate) struct Plain<'a> {
    pub(crate) kind: Kind,
    pub(crate) header: &'a Header,
    pub(crate) body: SecretBytes,
}

/// Writes revision `revision` of the login `id`. `entropy` was never used before.
///
/// Errors: `store_unwritable` for what is larger than any store has to keep.
pub(crate) fn write(
    plain: &Plain<'_>,
    key: &Key,
    entropy: &[u8; 32],
    id: &LoginId,
    revision: Revision,
) -> Result<SecretBytes, Error> {
    let failed = |_| Error::new(Code::SealBroken, "the login could not be written");
    let sealed = match plain.body.len() {
        0 => 0,
        length => length + seal::OVERHEAD,
    };
    let line = Line {
        devicegrant: FORMAT,
        kind: plain.kind,
        id: id.0.clone(),
        revision,
        login: plain.header.clone(),
        sealed,
    };
    let mut bytes = serde_json::to_vec(&line).map_err(failed)?;
    let body = match sealed {
        0 => SecretBytes::default(),
        _ => seal::seal(key, &purpose(&bytes), entropy, plain.body.expose())?,
    };
    bytes.push(b'\n');
    bytes.extend_from_slice(body.expose());
    if bytes.len() > LARGEST {
        let message = format!("the login is larger than {} KiB", LARGEST / 1024);
        return Err(Error::new(Code::StoreUnwritable, message));
    }
    Ok(SecretBytes::new(bytes))
}

fn purpose(line: &[u8]) -> Vec<u8> {
    [PURPOSE, line].concat()
}

/// A kept thing whose clear line was read; what is sealed is not open yet.
#[derive(Clone, Debug)]
pub struct Sealed {
    /// What it is.
    pub kind: Kind,
    /// What it is found by.
    pub header: Header,
    id: Box<str>,
    revision: Revision,
    bytes: SecretBytes,
    body_at: usize,
}

impl Sealed {
    /// Reads the clear line. Errors: `record_unreadable` for a newer version's, or a damaged one.
    pub(crate) fn read(bytes: SecretBytes) -> Result<Self, Error> {
        refuse_newer(bytes.expose())?;
        let damaged = || Error::new(Code::RecordUnreadable, "the kept login is damaged");
        let at = bytes.expose().iter().position(|byte| *byte == b'\n');
        let (line, body) = at
            .and_then(|at| bytes.expose().split_at_checked(at + 1))
            .ok_or_else(damaged)?;
        let line: Line = json::read(line).map_err(|_| damaged())?;
        if line.sealed != body.len() {
            return Err(damaged());
        }
        Ok(Self {
            kind: line.kind,
            header: line.login,
            id: line.id,
            revision: line.revision,
            body_at: bytes.len() - body.len(),
            bytes,
        })
    }

    /// Opens what is sealed, as revision `revision` of `id`.
    ///
    /// Errors: `seal_broken` for another key, for changed bytes, and for a record that was put in
    /// another's place. An older revision may stand in for a torn one, never a newer.
    pub(crate) fn open(
        &self,
        key: &Key,
        id: &LoginId,
        revision: Revision,
    ) -> Result<SecretBytes, Error> {
        if self.id != id.0 || self.revision > revision {
            let message = "the kept login was put in another's place";
            return Err(Error::new(Code::SealBroken, message));
        }
        let (line, body) = self
            .bytes
            .expose()
            .split_at_checked(self.body_at)
            .unwrap_or_default();
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        seal::open(key, &purpose(line), body)
    }
}

/// The name of the sign-in that these bytes keep, where they can be read.
pub(super) fn sign_in(bytes: &SecretBytes) -> Option<String> {
    let sealed = Sealed::read(bytes.clone()).ok()?;
    Some(sealed.header.sign_in).filter(|name| !name.is_empty())
}

/// The name of the sign-in that the server has ended, where these bytes say so.
pub(crate) fn ended_sign_in(bytes: &SecretBytes) -> Option<String> {
    let sealed = Sealed::read(bytes.clone()).ok()?;
    let is_ended = sealed.kind == Kind::Ended;
    Some(sealed.header.sign_in).filter(|name| is_ended && !name.is_empty())
}

/// A newer program's record is refused, and so never written over.
pub(super) fn refuse_newer(bytes: &[u8]) -> Result<(), Error> {
    let line = bytes.split(|byte| *byte == b'\n').next();
    match json::read::<Version>(line.unwrap_or_default()) {
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
