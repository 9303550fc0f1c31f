//! What a person is shown who signs in on any device.

use devicegrant as dg;

/// What a person is shown.
#[derive(Debug, uniffi::Object)]
pub struct Prompt(pub(crate) dg::Prompt);

/// The fields of a prompt.
#[derive(Debug, uniffi::Record)]
pub struct PromptFields {
    pub user_code: String,
    pub verification_uri: String,
    pub verification_uri_complete: Option<String>,
    pub expires_at_ms: u64,
    pub interval: u64,
    pub scopes: Vec<String>,
    pub message: Option<String>,
}

#[uniffi::export]
impl Prompt {
    pub fn fields(&self) -> PromptFields {
        let prompt = self.0.clone();
        PromptFields {
            user_code: prompt.user_code,
            verification_uri: prompt.verification_uri,
            verification_uri_complete: prompt.verification_uri_complete,
            expires_at_ms: prompt.expires_at_ms,
            interval: prompt.interval,
            scopes: prompt.scopes,
            message: prompt.message,
        }
    }

    pub fn text(&self) -> String {
        self.0.text()
    }

    pub fn plain(&self) -> String {
        self.0.plain()
    }

    pub fn spoken(&self) -> String {
        self.0.spoken()
    }

    /// The QR code as lines of half blocks, white on black.
    pub fn qr_lines(&self) -> Option<Vec<String>> {
        self.0.qr().map(|qr| qr.lines())
    }

    /// The QR code row by row, true where dark.
    pub fn qr_modules(&self) -> Option<Vec<bool>> {
        self.0.qr().map(|qr| qr.modules().to_vec())
    }
}
