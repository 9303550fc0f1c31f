//! What a flow has to tell besides its result: telemetry as data, never with a secret in it.

use serde::Serialize;

/// One thing that happened. Durations are seconds, except where a field is named `ms`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// Authorization server metadata was found (RFC 8414).
    Discovered {
        /// Where.
        url: String,
    },
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
    /// The login was renewed without a person (RFC 6749 §6).
    Refreshed {
        /// How long the exchange and its save took, in milliseconds.
        ms: u64,
        /// Whether the server issued a new refresh token too.
        rotated: bool,
    },
    /// A renewal ended without a new token.
    RefreshFailed {
        /// The code of the catalog that it ended with.
        code: &'static str,
        /// How long the try took, in milliseconds.
        ms: u64,
    },
    /// Somebody else was renewing the login, and their token was taken.
    RefreshJoined,
    /// Something that an honest run does not show, such as a token that was used twice.
    Anomaly {
        /// What it is, in `snake_case`.
        kind: &'static str,
    },
    /// The login was taken out of the store.
    SignedOut,
    /// The server was told that the tokens are no longer used (RFC 7009).
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
