//! What a flow has to tell besides its result: telemetry as data, never with a secret in it.

use serde::Serialize;

/// One thing that happened. Durations are seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// Authorization server metadata was found (RFC 8414).
    Discovered {
        /// Where.
        url: String,
    },
    /// The server registered the client (RFC 7591).
    Registered,
    /// The server issued a device code (RFC 8628 §3.2).
    CodeIssued {
        /// How long it lives.
        expires_in: u64,
        /// The least time between two polls.
        interval: u64,
    },
    /// The server was asked, and nobody has approved yet.
    Pending,
    /// The server asks for a slower pace (RFC 8628 §3.5).
    SlowDown {
        /// The new least time between two polls.
        interval: u64,
    },
    /// A request had no whole answer and will be sent again.
    Unreachable {
        /// `not_sent`, `maybe_sent`, `timed_out` or `tls`.
        reason: &'static str,
    },
    /// The server answered that it is failing, or something that is not OAuth; it is asked again.
    ServerFailing {
        /// The HTTP status.
        status: u16,
    },
    /// The server wants the client's secret in the body instead of the header.
    ClientAuthChanged,
    /// The server issued tokens (RFC 6749 §5.1).
    TokenIssued {
        /// How long the access token lives, where the server says so.
        expires_in: Option<u64>,
        /// Whether it can be renewed without a person.
        refreshable: bool,
    },
    /// The login was written to the store.
    Saved,
    /// The access token was renewed (RFC 6749 §6).
    Refreshed {
        /// From the request to the save, in milliseconds.
        ms: u64,
        /// Whether the server issued another refresh token.
        rotated: bool,
    },
    /// The access token could not be renewed.
    RefreshFailed {
        /// The code of the error, as [`Code::as_str`](crate::Code::as_str).
        code: &'static str,
        /// From the request to the end, in milliseconds.
        ms: u64,
    },
    /// Another program renewed the token while this one waited for it.
    RefreshJoined,
    /// Something that an operator should look at.
    Anomaly {
        /// `polling_too_fast`, `response_lost`, `repeated_refusal`, `refresh_storm`, `fenced`,
        /// `not_saved` or `wrong_account`.
        kind: &'static str,
    },
    /// The server ended the login, and what was kept of it was removed.
    SignedOut,
    /// The server was asked to revoke a token (RFC 7009).
    Revoked,
}

/// Events that wait to be taken; bounded, for a host that never takes them.
#[derive(Debug, Default)]
pub(crate) struct Events(Vec<Event>);

impl Events {
    const MOST: usize = 64;

    pub(crate) fn push(&mut self, event: Event) {
        if self.0.len() < Self::MOST {
            self.0.push(event);
        }
    }

    pub(crate) fn take(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.0)
    }
}
