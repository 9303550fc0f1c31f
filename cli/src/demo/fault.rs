//! What goes wrong, where and when.

use std::{collections::BTreeMap, io};

use axum::http::{HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};

use super::script::{MAX_SECONDS, nonsense};

/// Below the time after which an idle connection is closed anyway.
const MAX_STALL_MS: u64 = 60_000;

/// One thing that goes wrong.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// At which kind of request.
    pub on: On,
    /// At which of them, counted from 1: polls by device code, all others since
    /// the start. Empty: at every one.
    #[serde(default)]
    pub at: Vec<u32>,
    /// What happens then.
    pub with: Trouble,
}

/// The kinds of request that a fault can strike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum On {
    /// Either metadata document of the authorization server.
    Metadata,
    /// `/register`.
    Register,
    /// `/device_authorization`.
    Device,
    /// `/token` with a device code that this server gave out.
    Poll,
    /// `/token` with a refresh token.
    Refresh,
    /// `/revoke`.
    Revoke,
    /// `/introspect`.
    Introspect,
    /// `/api/whoami`.
    Api,
}

/// What can go wrong. Except for `lost`, the request has no effect then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Trouble {
    /// 400 `slow_down`; on a poll, the interval grows by 5 seconds.
    SlowDown,
    /// 502 with a page of HTML, as a proxy gives it.
    BadGateway,
    /// A bare 503 or 429.
    Busy {
        /// The status.
        #[serde(default = "unavailable")]
        status: u16,
        /// `Retry-After` in seconds; none: no such header.
        #[serde(default)]
        retry_after: Option<u64>,
        /// Whether `Retry-After` names a date instead.
        #[serde(default)]
        as_date: bool,
    },
    /// The connection is reset without a word.
    Reset,
    /// Nothing at all for so long, then a reset. At most 60 000.
    Stall {
        /// Milliseconds.
        ms: u64,
    },
    /// The work is done, and its answer is lost by a reset.
    Lost,
    /// An OAuth error.
    Error {
        /// The value of `error`.
        error: String,
        /// The value of `error_description`.
        #[serde(default)]
        description: Option<String>,
        /// The status.
        #[serde(default = "bad_request")]
        status: u16,
    },
    /// Any answer at all, word for word.
    Answer {
        /// The status.
        status: u16,
        /// Header fields.
        #[serde(default)]
        headers: BTreeMap<String, String>,
        /// The body.
        #[serde(default)]
        body: String,
    },
}

fn unavailable() -> u16 {
    503
}

fn bad_request() -> u16 {
    400
}

impl Trouble {
    /// Refuses what HTTP or the clock would not bear.
    pub(super) fn check(&self) -> io::Result<()> {
        if let Self::Busy { status, .. } | Self::Error { status, .. } | Self::Answer { status, .. } =
            self
            && !(200..=599).contains(status)
        {
            return Err(nonsense("a status outside 200 to 599"));
        }
        match self {
            Self::Stall { ms } if *ms > MAX_STALL_MS => Err(nonsense("a stall beyond 60000 ms")),
            Self::Busy {
                retry_after: Some(s),
                ..
            } if *s > MAX_SECONDS => Err(nonsense("a `retry_after` of more than ten years")),
            Self::Answer { headers, .. } => headers.iter().try_for_each(|(name, value)| {
                let named = HeaderName::try_from(name).is_ok();
                if named && HeaderValue::try_from(value).is_ok() {
                    Ok(())
                } else {
                    Err(nonsense("a header field that HTTP does not allow"))
                }
            }),
            _ => Ok(()),
        }
    }
}
