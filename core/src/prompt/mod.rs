//! What a person is shown: one value, many forms (RFC 8628 §3.3).

mod paste;
mod qr;
mod spoken;
mod words;

use serde::{Deserialize, Serialize};

pub use paste::PastePrompt;
pub use qr::Qr;

/// Everything a person needs to approve. Every text is stripped of control characters, every
/// address is https or on this machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prompt {
    /// The code to enter.
    pub user_code: String,
    /// The address to open.
    pub verification_uri: String,
    /// The address that carries the code, where the server has one.
    pub verification_uri_complete: Option<String>,
    /// When the code ends, in milliseconds since 1970 by this machine's clock.
    pub expires_at_ms: u64,
    /// The least time between two polls, in seconds.
    pub interval: u64,
    /// What is asked for.
    pub scopes: Vec<String>,
    /// The server's own words for a person, in their language, where it sends any.
    pub message: Option<String>,
}

impl Prompt {
    /// Several lines for a terminal: address, code, the complete address, the scopes.
    pub fn text(&self) -> String {
        words::text(self)
    }

    /// The same as plain sentences, for a screen reader or a log that people read.
    pub fn plain(&self) -> String {
        words::plain(self)
    }

    /// The code spelled to be heard: `W, Whiskey. D, Delta. Dash. Four.`
    pub fn spoken(&self) -> String {
        spoken::spell(&self.user_code)
    }

    /// The QR code of the complete address, else of the address. None where it does not fit one.
    pub fn qr(&self) -> Option<Qr> {
        Qr::of(
            self.verification_uri_complete
                .as_deref()
                .unwrap_or(&self.verification_uri),
        )
    }
}
