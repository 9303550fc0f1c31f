//! What a person is shown who signs in by a pasted address.

use serde::{Deserialize, Serialize};

use super::Qr;

/// What a person needs to open one address and to bring back another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastePrompt {
    /// The address to open. It is for one sign-in and one person.
    pub authorization_uri: String,
    /// What the address to bring back begins with.
    pub redirect_uri: String,
    /// What is asked for.
    pub scopes: Vec<String>,
    /// Until when an address is waited for, in milliseconds since 1970 by this machine's clock.
    pub expires_at_ms: u64,
    /// What was wrong with what was pasted before; none at the first time.
    pub trouble: Option<String>,
}

impl PastePrompt {
    /// Several lines for a terminal; after something wrong was pasted, only what was wrong.
    pub fn text(&self) -> String {
        if self.trouble.is_some() {
            return self.plain();
        }
        let mut lines = vec![
            "To sign in, open this address in a browser on any device:".to_owned(),
            String::new(),
            format!("    {}", self.authorization_uri),
            String::new(),
            "Then the browser is sent to an address that begins with".to_owned(),
            String::new(),
            format!("    {}", self.redirect_uri),
            String::new(),
            "It need not find a page there. Copy that whole address, and paste it here.".to_owned(),
        ];
        if !self.scopes.is_empty() {
            lines.push(String::new());
            lines.push(format!("It asks for: {}", self.scopes.join(" ")));
        }
        lines.join("\n")
    }

    /// The same as plain sentences, for a screen reader or a log that people read.
    pub fn plain(&self) -> String {
        let again = format!(
            "Copy the whole address that begins with {} from the browser, and paste it here.",
            self.redirect_uri
        );
        if let Some(trouble) = &self.trouble {
            return format!("That did not work: {trouble}.\n{again}");
        }
        let mut lines = vec![
            format!("To sign in, open {}", self.authorization_uri),
            format!(
                "Then the browser is sent to an address that begins with {} and need not find a page there.",
                self.redirect_uri
            ),
            "Copy that whole address, and paste it here.".to_owned(),
        ];
        if !self.scopes.is_empty() {
            lines.push(format!("It asks for: {}", self.scopes.join(", ")));
        }
        lines.join("\n")
    }

    /// The QR code of the address to open. None where it does not fit one.
    pub fn qr(&self) -> Option<Qr> {
        Qr::of(&self.authorization_uri)
    }
}
