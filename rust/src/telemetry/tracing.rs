//! Events as those of the crate `tracing`.

use devicegrant_core::Event;
use tracing::{debug, info, warn};

use crate::traits::Observer;

/// Hands each event to the `tracing` subscriber of the program, with the target `devicegrant`: what
/// somebody should look at as `WARN`, what changes a login as `INFO`, the rest as `DEBUG`.
///
/// The event's name is its message, in the words of the event's JSON form; its fields are fields.
#[derive(Clone, Copy, Debug, Default)]
pub struct TracingObserver;

impl Observer for TracingObserver {
    fn event(&self, event: &Event) {
        match event {
            Event::Discovered { url } => {
                debug!(target: "devicegrant", url = url.as_str(), "discovered");
            }
            Event::CodeIssued {
                expires_in,
                interval,
            } => info!(target: "devicegrant", expires_in, interval, "code_issued"),
            Event::Pending => debug!(target: "devicegrant", "pending"),
            Event::SlowDown { interval } => debug!(target: "devicegrant", interval, "slow_down"),
            Event::Unreachable { reason } => warn!(target: "devicegrant", reason, "unreachable"),
            Event::ServerFailing { status } => {
                warn!(target: "devicegrant", status, "server_failing");
            }
            Event::ClientAuthChanged => info!(target: "devicegrant", "client_auth_changed"),
            Event::TokenIssued {
                expires_in,
                refreshable,
            } => info!(target: "devicegrant", expires_in, refreshable, "token_issued"),
            Event::Saved => debug!(target: "devicegrant", "saved"),
            Event::Refreshed { ms, rotated } => {
                info!(target: "devicegrant", ms, rotated, "refreshed");
            }
            Event::RefreshFailed { code, ms } => {
                warn!(target: "devicegrant", code, ms, "refresh_failed");
            }
            Event::RefreshJoined => debug!(target: "devicegrant", "refresh_joined"),
            Event::Anomaly { kind } => warn!(target: "devicegrant", kind, "anomaly"),
            Event::SignedOut => info!(target: "devicegrant", "signed_out"),
            Event::Revoked => info!(target: "devicegrant", "revoked"),
            // One that core has learned since: told as a whole; no event holds a secret.
            other => info!(target: "devicegrant", event = ?other, "other"),
        }
    }
}
