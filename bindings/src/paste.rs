//! What is shown to a person who signs in by a pasted address, and what they paste.

use std::fmt;

use devicegrant as dg;

/// What a person is shown.
#[derive(Debug, uniffi::Object)]
pub struct PastePrompt(pub(crate) dg::PastePrompt);

/// The fields of such a prompt.
#[derive(Debug, uniffi::Record)]
pub struct PasteFields {
    pub authorization_uri: String,
    pub redirect_uri: String,
    pub scopes: Vec<String>,
    pub expires_at_ms: u64,
    pub trouble: Option<String>,
}

#[uniffi::export]
impl PastePrompt {
    pub fn fields(&self) -> PasteFields {
        let prompt = self.0.clone();
        PasteFields {
            authorization_uri: prompt.authorization_uri,
            redirect_uri: prompt.redirect_uri,
            scopes: prompt.scopes,
            expires_at_ms: prompt.expires_at_ms,
            trouble: prompt.trouble,
        }
    }

    pub fn text(&self) -> String {
        self.0.text()
    }

    pub fn plain(&self) -> String {
        self.0.plain()
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

/// What a person pasted; it may hold a code, and is not printed.
#[derive(uniffi::Record)]
#[uniffi::export(Debug, Display)]
pub struct Pasted {
    pub text: String,
}

impl fmt::Display for Pasted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.text.len())
    }
}

impl fmt::Debug for Pasted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pasted({self})")
    }
}
