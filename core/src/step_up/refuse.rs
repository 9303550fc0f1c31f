//! What a step-up ends with where no sign-in, or nothing but a sign-in, would help.

use super::unite;
use crate::challenge::Challenge;
use crate::error::{Code, Error};
use crate::login::Record;
use crate::secret::Secret;
use crate::text::clean;

/// Whether the login that is kept meets the challenge that `reject`, one of its tokens, was
/// answered with: where it has a newer token with the scopes that are demanded.
///
/// Errors: `more_scopes`, or `scope_loop` where asking a person would be one.
pub(crate) fn judge(
    challenge: &Challenge,
    record: &Record,
    reject: Option<&Secret>,
) -> Result<(), Error> {
    if !challenge.is_step_up() {
        return Ok(());
    }
    let (demanded, granted) = (&challenge.scopes, &record.tokens.scopes);
    let is_in = |all: &[String]| demanded.iter().all(|scope| all.contains(scope));
    let another = reject != Some(&record.tokens.access_token);
    // What the server does not name, only another token than the refused one can have.
    let known = reject.is_some() || !demanded.is_empty();
    if another && known && is_in(granted) {
        return Ok(());
    }
    let mut asked = record.grant.scopes.clone();
    unite(&mut asked, granted);
    if demanded.is_empty() || !is_in(&asked) {
        return Err(more_scopes(demanded, &asked));
    }
    Err(scope_loop(demanded, granted))
}

fn more_scopes(demanded: &[String], asked: &[String]) -> Error {
    let mut missing = demanded.to_vec();
    missing.retain(|scope| !asked.contains(scope));
    let what = match &*missing {
        [] => "more scopes, and does not say which".to_owned(),
        missing => format!(
            "scopes that this login was never asked for: {}",
            list(missing)
        ),
    };
    let mut all = asked.to_vec();
    unite(&mut all, demanded);
    let message = format!(
        "the server demands {what}; a new sign-in would ask for {}",
        list(&all)
    );
    Error::new(Code::MoreScopes, message)
}

/// The error for scopes that were all asked for before.
pub(super) fn scope_loop(demanded: &[String], granted: &[String]) -> Error {
    let denied: Vec<_> = demanded
        .iter()
        .filter(|scope| !granted.contains(scope))
        .cloned()
        .collect();
    let message = if demanded.is_empty() {
        "the server says that the token has too few scopes, and not which it wants".to_owned()
    } else if denied.is_empty() {
        format!(
            "the server demands {}, which it has granted to this login already",
            list(demanded)
        )
    } else {
        format!(
            "the server demands {}, which this login was asked for and not granted",
            list(&denied)
        )
    };
    Error::new(Code::ScopeLoop, message)
}

fn list(scopes: &[String]) -> String {
    clean(&scopes.join(" "), 300)
}
