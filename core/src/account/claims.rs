//! The claims by which a person is known (OpenID Connect Core §5.1).

use crate::wire::answer::{Answer, Field};
use crate::wire::secrets::Secrets;

/// Core §2: no `sub` is longer.
const LONGEST_SUB: usize = 255;
/// RFC 5321 allows 254; a name is shorter.
const LONGEST: usize = 320;

/// What one document says of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Claims {
    pub(super) sub: String,
    pub(super) email: Option<String>,
    /// False only where the server says so, in whatever way.
    pub(super) email_verified: bool,
    pub(super) username: Option<String>,
}

impl Claims {
    /// None without a `sub` that can be one.
    pub(super) fn read(answer: &Answer<'_>) -> Option<Self> {
        // Nothing is trimmed or turned into a text here: another `sub` is another person.
        let text = |name: &'static str, most| match answer.get(&[name]) {
            Some(Field::Text(text)) if !text.is_empty() && text.len() <= most => {
                Some(text.to_string())
            }
            _ => None,
        };
        let verified = match answer.get(&["email_verified"]) {
            None | Some(Field::Bool(true)) => true,
            Some(Field::Text(said)) => said.eq_ignore_ascii_case("true"),
            Some(_) => false,
        };
        Some(Self {
            sub: text("sub", LONGEST_SUB)?,
            email: text("email", LONGEST),
            email_verified: verified,
            username: text("preferred_username", LONGEST),
        })
    }

    /// Adds what only the other document says.
    pub(super) fn or(mut self, other: Self) -> Self {
        if self.email.is_none() {
            self.email = other.email;
            self.email_verified = other.email_verified;
        }
        self.username = self.username.or(other.username);
        self
    }

    /// For a message: who it is, escaped and without the secrets.
    pub(super) fn describe(&self, secrets: &Secrets) -> String {
        let sub = format!("sub {}", secrets.quote(&self.sub));
        let unverified = if self.email_verified {
            ""
        } else {
            ", an address that the server has not verified"
        };
        match (&self.email, &self.username) {
            (Some(email), _) => format!("{} ({sub}{unverified})", secrets.quote(email)),
            (None, Some(username)) => format!("{} ({sub})", secrets.quote(username)),
            (None, None) => sub,
        }
    }
}
