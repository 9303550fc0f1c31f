//! The store on Redis as data: the scripts to call, and what their answers mean. A language only
//! sends and receives.

use std::sync::Arc;

use devicegrant as dg;
use devicegrant::redis;
use devicegrant::{Lock, LoginId, Save, SecretBytes};

use crate::error::Failure;
use crate::store::{Loaded, Locked, Rest};
use crate::{Fallible, entropy, now};

/// One call of a script: `EVALSHA`, and `EVAL` where the server answers `NOSCRIPT`.
#[derive(Debug, uniffi::Record)]
pub struct Call {
    pub script: String,
    pub keys: Vec<String>,
    pub args: Vec<Vec<u8>>,
}

impl From<redis::Call> for Call {
    fn from(call: redis::Call) -> Self {
        let args = call.args.iter().map(|bytes| bytes.expose().to_vec());
        Self {
            script: call.script.to_owned(),
            keys: call.keys,
            args: args.collect(),
        }
    }
}

/// One part of an answer: bytes, a number, or nothing. A script answers with one, or a list.
#[derive(Debug, uniffi::Record)]
pub struct Part {
    pub bytes: Option<Vec<u8>>,
    pub number: Option<i64>,
}

impl From<Part> for redis::Answer {
    fn from(part: Part) -> Self {
        match (part.bytes, part.number) {
            (Some(bytes), _) => Self::Bytes(SecretBytes::new(bytes)),
            (None, Some(number)) => Self::Number(number),
            (None, None) => Self::Nothing,
        }
    }
}

fn list(parts: Vec<Part>) -> redis::Answer {
    redis::Answer::List(parts.into_iter().map(Into::into).collect())
}

fn save(id: String, bytes: Option<Vec<u8>>, expected: u64) -> Save {
    let bytes = bytes.map(SecretBytes::new);
    Save {
        id: LoginId(id.into()),
        bytes,
        expected,
    }
}

/// Makes the calls of one store, and reads their answers.
#[derive(Debug, uniffi::Object)]
pub struct RedisCalls(redis::Calls);

#[uniffi::export]
#[allow(clippy::unused_self, reason = "one object speaks for the store")]
impl RedisCalls {
    #[uniffi::constructor]
    pub fn new(prefix: Option<String>) -> Fallible<Arc<Self>> {
        let calls = redis::Calls::new(prefix.as_deref()).map_err(Failure)?;
        Ok(Arc::new(Self(calls)))
    }

    pub fn load(&self, id: String) -> Call {
        self.0.load(&LoginId(id.into())).into()
    }

    pub fn loaded(&self, answer: Vec<Part>) -> Fallible<Loaded> {
        let (bytes, revision) = redis::loaded(list(answer)).map_err(Failure)?;
        let bytes = bytes.map(|bytes| bytes.expose().to_vec());
        Ok(Loaded { bytes, revision })
    }

    /// To be sent before each save.
    pub fn enlist(&self, id: String) -> Call {
        self.0.enlist(&LoginId(id.into())).into()
    }

    /// `again` where the answer to the same save was lost.
    pub fn save(&self, id: String, bytes: Option<Vec<u8>>, expected: u64, again: bool) -> Call {
        self.0.save(&save(id, bytes, expected), again).into()
    }

    pub fn saved(&self, expected: u64, answer: Part) -> Fallible<Option<u64>> {
        let asked = save(String::new(), None, expected);
        Ok(redis::saved(&asked, &answer.into()).map_err(Failure)?)
    }

    /// A lease of 32 fresh random bytes, for one lock and its repetitions.
    pub fn lease(&self, id: String, random: Vec<u8>) -> Fallible<String> {
        let lease = redis::lease(&LoginId(id.into()), &entropy(&random)?);
        Ok(lease.0.into())
    }

    pub fn lock(&self, id: String, ttl_ms: u32, force: bool, lease: String) -> Fallible<Call> {
        let id = LoginId(id.into());
        let lock = Lock { id, ttl_ms, force };
        let call = self.0.lock(&lock, &dg::Lease(lease.into()));
        Ok(call.map_err(Failure)?.into())
    }

    pub fn locked(
        &self,
        lease: String,
        answer: Vec<Part>,
        wall_ms: u64,
        steady_ms: u64,
    ) -> Fallible<Locked> {
        let now = now(wall_ms, steady_ms);
        let held = redis::locked(dg::Lease(lease.into()), &list(answer), now);
        Ok(match held.map_err(Failure)? {
            redis::Held::Yes(lease) => Locked::Yes {
                lease: lease.0.into(),
            },
            redis::Held::Busy { since } => Locked::Busy { since },
            redis::Held::Resting(rest) => Locked::Resting { rest: rest.into() },
        })
    }

    pub fn unlock(&self, lease: String, rest: Option<Rest>, wall_ms: u64) -> Fallible<Call> {
        let rest = rest.map(TryInto::try_into).transpose()?;
        let call = self
            .0
            .unlock(&dg::Lease(lease.into()), rest, now(wall_ms, 0));
        Ok(call.map_err(Failure)?.into())
    }

    pub fn list(&self) -> Call {
        self.0.list().into()
    }

    pub fn listed(&self, answer: Vec<Part>) -> Fallible<Vec<String>> {
        let ids = redis::listed(&list(answer)).map_err(Failure)?;
        Ok(ids.iter().map(ToString::to_string).collect())
    }
}

/// Why a call had no answer: none came, the server let nobody in, or it said this.
fn why(no_answer: bool, refused: bool, text: &str) -> redis::Failure<'_> {
    match (no_answer, refused) {
        (true, _) => redis::Failure::NoAnswer(text),
        (false, true) => redis::Failure::NotLetIn,
        (false, false) => redis::Failure::Said(text),
    }
}

/// Whether the same call may succeed in a moment.
#[uniffi::export]
pub fn redis_passes(no_answer: bool, refused: bool, text: String) -> bool {
    why(no_answer, refused, &text).passes()
}

/// The error for a call that failed, at a store that is named without user and password.
#[uniffi::export]
pub fn redis_failed(place: String, no_answer: bool, refused: bool, text: String) -> Arc<Failure> {
    Arc::new(Failure(redis::failed(
        &place,
        why(no_answer, refused, &text),
    )))
}
