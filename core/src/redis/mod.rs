//! The store on Redis as data: its scripts, how they are called, and what their answers mean, so
//! that Rust, Python and Node share one store. A host only sends and receives.
//!
//! | key | what is in it |
//! |---|---|
//! | `P{ID}:login` | hash: `revision`, and `record` unless signed out; never expires |
//! | `P{ID}:lease` | `MILLISECONDS TOKEN`; expires with the lease |
//! | `P{ID}:rest` | a code of the catalog; expires when the rest is over |
//! | `Plogins` | set of ids; ids are never taken out of it |
//!
//! `P` is the prefix. The braces make the keys of one login one slot of a Redis Cluster, so that a
//! script may touch them together; the set belongs to all logins and thus to another slot, so it is
//! written by a call of its own, before the save: a name without a login does no harm, a login
//! without a name would not be found.
//!
//! Only durations cross the wire. What ends, ends by the server's clock, which all programs share;
//! how wrong a program's own clock is does not matter.

mod answer;
mod failure;

pub use answer::{Answer, Held, listed, loaded, locked, saved, unlocked};
pub use failure::{Failure, failed};

use base64ct::{Base64UrlUnpadded, Encoding};

use crate::error::{Code, Error};
use crate::flow::{Lease, Lock, LoginId, Now, Rest, Save};
use crate::secret::SecretBytes;

/// Reads a login.
pub const LOAD: &str = include_str!("load.lua");
/// Writes a login if its revision still is the expected one.
pub const SAVE: &str = include_str!("save.lua");
/// Takes the lease.
pub const LOCK: &str = include_str!("lock.lua");
/// Gives the lease back.
pub const UNLOCK: &str = include_str!("unlock.lua");
/// Adds a login to the set of ids.
pub const ENLIST: &str = include_str!("enlist.lua");
/// Reads the set of ids.
pub const LIST: &str = include_str!("list.lua");

/// What every key starts with where nothing else is said.
pub const PREFIX: &str = "devicegrant:";

/// Longer ones only cost memory.
const LONGEST_PREFIX: usize = 64;

/// One call of a script: `EVALSHA`, and `EVAL` where the server answers `NOSCRIPT`. Every call may
/// be repeated when its answer was lost.
#[derive(Clone, Debug)]
pub struct Call {
    /// The script's text.
    pub script: &'static str,
    /// Its `KEYS`.
    pub keys: Vec<String>,
    /// Its `ARGV`.
    pub args: Vec<SecretBytes>,
}

/// Makes the calls of one store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calls {
    prefix: Box<str>,
}

impl Calls {
    /// With that prefix, or [`PREFIX`].
    ///
    /// Errors: `bad_option` for one that is empty, longer than 64 characters, or holds anything but
    /// visible ASCII without braces and the `*?[]\` of patterns.
    pub fn new(prefix: Option<&str>) -> Result<Self, Error> {
        let prefix = prefix.unwrap_or(PREFIX);
        let fits = |c: char| c.is_ascii_graphic() && !"{}*?[]\\".contains(c);
        if prefix.is_empty() || prefix.len() > LONGEST_PREFIX || !prefix.chars().all(fits) {
            let message = "the prefix of the store's keys must be 1 to 64 visible ASCII characters, \
                           none of them { } * ? [ ] or \\";
            return Err(Error::new(Code::BadOption, message));
        }
        Ok(Self {
            prefix: prefix.into(),
        })
    }

    /// For [`loaded`].
    pub fn load(&self, id: &LoginId) -> Call {
        call(LOAD, vec![self.key(id, "login")], [])
    }

    /// To be sent before each save; its answer means nothing.
    pub fn enlist(&self, id: &LoginId) -> Call {
        call(ENLIST, vec![self.logins()], [text(&*id.0)])
    }

    /// For [`saved`]. `again` where the same save was sent before and its answer was lost: then a
    /// record that is there already, as that very revision, is taken for ours.
    pub fn save(&self, save: &Save, again: bool) -> Call {
        let keys = vec![self.key(&save.id, "login"), self.key(&save.id, "rest")];
        let (kind, bytes) = match &save.bytes {
            Some(bytes) => ("record", bytes.clone()),
            None => ("none", SecretBytes::default()),
        };
        let args = [
            text(&save.expected),
            text(&save.expected.saturating_add(1)),
            text(kind),
            bytes,
            text(if again { "again" } else { "first" }),
        ];
        call(SAVE, keys, args)
    }

    /// For [`locked`].
    pub fn lock(&self, lock: &Lock, lease: &Lease) -> Result<Call, Error> {
        let (id, token) = parts(lease)?;
        let args = [
            text(token),
            text(&lock.ttl_ms.max(1)),
            text(if lock.force { "force" } else { "heed" }),
        ];
        Ok(call(LOCK, self.lease_and_rest(&id), args))
    }

    /// For [`unlocked`]. The rest is sent as what is left of it at `now`.
    pub fn unlock(&self, lease: &Lease, rest: Option<Rest>, now: Now) -> Result<Call, Error> {
        let (id, token) = parts(lease)?;
        let left = rest.map_or(0, |rest| rest.until_ms.saturating_sub(now.wall_ms));
        let code = rest.map_or("", |rest| rest.code.as_str());
        let args = [text(token), text(&left), text(code)];
        Ok(call(UNLOCK, self.lease_and_rest(&id), args))
    }

    /// For [`listed`].
    pub fn list(&self) -> Call {
        call(LIST, vec![self.logins()], [])
    }

    fn key(&self, id: &LoginId, what: &str) -> String {
        format!("{}{{{id}}}:{what}", self.prefix)
    }

    fn lease_and_rest(&self, id: &LoginId) -> Vec<String> {
        vec![self.key(id, "lease"), self.key(id, "rest")]
    }

    fn logins(&self) -> String {
        format!("{}logins", self.prefix)
    }
}

/// The lease that a [`Calls::lock`] asks for: nobody else can name it, since `entropy` is 32 fresh
/// random bytes from the host. The same one for every repetition of one call.
pub fn lease(id: &LoginId, entropy: &[u8; 32]) -> Lease {
    Lease(format!("{id}.{}", Base64UrlUnpadded::encode_string(entropy)).into())
}

fn parts(lease: &Lease) -> Result<(LoginId, &str), Error> {
    let (id, token) = lease.0.rsplit_once('.').ok_or_else(|| {
        Error::new(
            Code::OutOfTurn,
            "the lease is not one that this store has given",
        )
    })?;
    Ok((LoginId(id.into()), token))
}

fn call<const N: usize>(script: &'static str, keys: Vec<String>, args: [SecretBytes; N]) -> Call {
    Call {
        script,
        keys,
        args: args.into(),
    }
}

fn text(value: &(impl ToString + ?Sized)) -> SecretBytes {
    SecretBytes::from(value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id() -> LoginId {
        LoginId("abcdefghijklmnopqrstuvwxyz".into())
    }

    fn words(call: &Call) -> Vec<String> {
        let args = call.args.iter();
        args.map(|bytes| String::from_utf8_lossy(bytes.expose()).into_owned())
            .collect()
    }

    #[test]
    fn the_keys_of_a_login_share_a_hash_tag_and_nothing_else_does() -> Result<(), Error> {
        let calls = Calls::new(None)?;
        let lease = lease(&id(), &[7; 32]);
        let lock = Lock {
            id: id(),
            ttl_ms: 5,
            force: false,
        };
        let save = Save {
            id: id(),
            bytes: None,
            expected: 0,
        };
        let unlock = calls.unlock(&lease, None, Now::default())?;
        for call in [
            calls.load(&id()),
            calls.save(&save, false),
            calls.lock(&lock, &lease)?,
            unlock,
        ] {
            let tag = "devicegrant:{abcdefghijklmnopqrstuvwxyz}:";
            assert!(call.keys.iter().all(|key| key.starts_with(tag)), "{call:?}");
        }
        assert_eq!(calls.list().keys, ["devicegrant:logins"]);
        assert_eq!(calls.enlist(&id()).keys, ["devicegrant:logins"]);
        Ok(())
    }

    #[test]
    fn a_rest_is_sent_as_a_duration_and_a_past_one_as_none() -> Result<(), Error> {
        let calls = Calls::new(Some("app/"))?;
        let lease = lease(&id(), &[7; 32]);
        let rest = Rest {
            until_ms: 1_700_000_030_000,
            code: Code::ServerFailing,
        };
        let at = |wall_ms| Now {
            wall_ms,
            steady_ms: 0,
        };
        let left = calls.unlock(&lease, Some(rest), at(1_700_000_000_000))?;
        assert_eq!(words(&left)[1..], ["30000", "server_failing"]);
        let past = calls.unlock(&lease, Some(rest), at(1_800_000_000_000))?;
        assert_eq!(words(&past)[1], "0");
        assert_eq!(left.keys[0], "app/{abcdefghijklmnopqrstuvwxyz}:lease");
        Ok(())
    }

    #[test]
    fn a_lease_is_of_its_entropy_and_only_ours_is_taken() -> Result<(), Error> {
        assert_ne!(lease(&id(), &[1; 32]), lease(&id(), &[2; 32]));
        let strange = Lease("strange".into());
        let refused = Calls::new(None)?.unlock(&strange, None, Now::default());
        assert_eq!(
            refused.map(|_| ()).map_err(|e| e.code()),
            Err(Code::OutOfTurn)
        );
        Ok(())
    }

    #[test]
    fn a_prefix_that_would_break_the_tag_or_a_pattern_is_refused() {
        for prefix in ["", "a{b}", "a*", "a b", "ä", &"a".repeat(65)] {
            let refused = Calls::new(Some(prefix)).map_err(|e| e.code());
            assert_eq!(refused, Err(Code::BadOption), "{prefix}");
        }
    }
}
