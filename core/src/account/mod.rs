//! Who approved must be who was expected (DESIGN §7, "Who approves must be who asked").
//!
//! Only two claims of OpenID Connect identify a person for good: `iss` and `sub` together (Core
//! §5.7). So [`Expected::sub`] is compared with `sub` alone. [`Expected::account`] is for what a
//! person knows by heart, and is compared with
//!
//! - `sub`;
//! - `email`, where what is expected has an `@`: never where `email_verified` says anything but
//!   true, because an address that nobody verified is anybody's. Letters of ASCII in any case.
//!   Where the server names an address, it alone decides;
//! - `preferred_username`, as it is written. A server that lets people choose it freely, and the
//!   same one twice, makes it worth nothing (Core §5.1): there expect the `sub`.

mod check;
mod claims;
mod id_token;
mod take_back;
mod userinfo;

use serde::{Deserialize, Serialize};

pub(crate) use check::{Check, Found};
pub(crate) use take_back::TakeBack;

use crate::error::{Code, Error};
use crate::grant::Grant;
use crate::login::{Header, Record};
use crate::secret::Secret;
use crate::tokens::Tokens;
use crate::wire::secrets::Secrets;
use claims::Claims;

/// The account that has to approve. Every field that is given has to fit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expected {
    /// The `sub` at the issuer, exactly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sub: Option<String>,
    /// A verified `email`, a `preferred_username`, or the `sub`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) account: Option<String>,
}

/// Whether claims are those of the expected account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Right,
    Other,
    /// The claim that would say it is not there.
    Unsaid,
}

impl Expected {
    /// True where something is expected that a person knows.
    pub(crate) fn has_name(&self) -> bool {
        self.account.is_some()
    }

    /// True where an e-mail address is expected.
    pub(crate) fn is_email(&self) -> bool {
        self.account.as_deref().is_some_and(|a| a.contains('@'))
    }

    /// How the command names it.
    pub(crate) fn flags(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let sub = self.sub.as_deref().map(|sub| ("--expect-sub", sub));
        let account = self.account.as_deref();
        sub.into_iter()
            .chain(account.map(|account| ("--expect-account", account)))
    }

    /// Whether a login, or a sign-in that waits, is of this account, as its clear header says.
    pub(crate) fn fits(&self, header: &Header) -> bool {
        let kept = header.account.as_ref();
        let sub = self.sub.is_none() || self.sub.as_ref() == kept;
        let account = self.account.as_ref().is_none_or(|account| {
            let checked = header.expected.as_ref();
            let checked = checked.and_then(|checked| checked.account.as_ref());
            kept == Some(account) || checked.is_some_and(|checked| same(account, checked))
        });
        sub && account
    }

    /// `last` where no more claims will come.
    fn judge(&self, claims: &Claims, last: bool) -> Verdict {
        if self.sub.as_ref().is_some_and(|sub| *sub != claims.sub) {
            return Verdict::Other;
        }
        let Some(account) = &self.account else {
            return Verdict::Right;
        };
        let decided = |right| {
            if right {
                Verdict::Right
            } else {
                Verdict::Other
            }
        };
        if *account == claims.sub {
            return Verdict::Right;
        }
        match (&claims.email, &claims.username) {
            (Some(email), _) if self.is_email() => {
                decided(claims.email_verified && same(account, email))
            }
            // An address that is still to come would decide alone.
            (None, Some(username)) if self.is_email() && last && account == username => {
                Verdict::Right
            }
            (_, Some(username)) if !self.is_email() => decided(account == username),
            _ => Verdict::Unsaid,
        }
    }

    /// For a message; safe to print.
    pub(crate) fn describe(&self) -> String {
        let quoted = |text: &String| crate::text::quote(text);
        let sub = self.sub.as_ref().map(|sub| format!("sub {}", quoted(sub)));
        let both = self.account.as_ref().map(quoted).into_iter().chain(sub);
        both.collect::<Vec<_>>().join(" with ")
    }
}

/// An e-mail address is the same in any case; only of ASCII, so that no letter passes for another.
fn same(account: &str, other: &str) -> bool {
    account == other || (account.contains('@') && account.eq_ignore_ascii_case(other))
}

/// A renewal must not put another person in the place of the one who signed in: an ID token that
/// comes with it names the same `sub` (OpenID Connect Core §12.2).
///
/// Errors: `wrong_account`; where an account is expected, also `account_unknown`.
pub(crate) fn still_the_same(record: &Record, new: &Tokens) -> Result<(), Error> {
    let Some(id_token) = &new.id_token else {
        return Ok(());
    };
    let grant = &*record.grant;
    let brought = match (id_token::read(id_token, grant, None), &grant.expected) {
        (Ok(claims), _) => claims,
        (Err(why), Some(_)) => {
            let message = format!("the renewal brought an ID token that {why}");
            return Err(Error::new(Code::AccountUnknown, message));
        }
        // Nobody relies on it: only another name in it would matter.
        (Err(_), None) => match id_token::unchecked(id_token) {
            Some(claims) => claims,
            None => return Ok(()),
        },
    };
    match &record.header.account {
        Some(sub) if *sub != brought.sub => {
            let secrets = secrets(grant, new);
            let message = format!(
                "the renewal brought an ID token of {} for the login of sub {}",
                brought.describe(&secrets),
                secrets.quote(sub)
            );
            Err(Error::new(Code::WrongAccount, message))
        }
        _ => Ok(()),
    }
}

fn secrets(grant: &Grant, tokens: &Tokens) -> Secrets {
    let own: [Option<&Secret>; 3] = [
        Some(&tokens.access_token),
        tokens.refresh_token.as_ref(),
        tokens.id_token.as_ref(),
    ];
    Secrets::new(grant, &own, None)
}
