//! The ID token of a token response (OpenID Connect Core §2, §3.1.3.7).
//!
//! It came straight from the token endpoint, over TLS, so that its signature proves nothing more
//! (§3.1.3.7, item 6). No nonce was sent: the device grant has no authentication request.

use base64ct::{Base64UrlUnpadded, Encoding};

use super::claims::Claims;
use crate::flow::Now;
use crate::grant::Grant;
use crate::options::normal;
use crate::secret::{Secret, SecretBytes};
use crate::text::quote;
use crate::wire::answer::{Answer, Field};

/// How far this machine's clock and the server's may lie apart, in seconds.
const SKEW_S: u64 = 300;

/// The claims, where the token is this issuer's, for this client, and at `now` not expired; or why
/// not, as the end of a sentence about the ID token.
pub(super) fn read(token: &Secret, grant: &Grant, now: Option<Now>) -> Result<Claims, String> {
    let payload = payload(token).ok_or("cannot be read")?;
    let answer = Answer::json(payload.expose()).ok_or("cannot be read")?;
    issuer_fits(&answer, grant)?;
    audience_fits(&answer, &grant.client.id)?;
    if let Some(now) = now {
        let ends = answer.number(&["exp"]).ok_or("does not say when it ends")?;
        if ends.saturating_add(SKEW_S) <= now.wall_ms / 1000 {
            return Err("has expired; is this machine's clock right?".to_owned());
        }
    }
    Claims::read(&answer).ok_or_else(|| "names no sub".to_owned())
}

/// The claims of whatever issuer and client.
pub(super) fn unchecked(token: &Secret) -> Option<Claims> {
    Claims::read(&Answer::json(payload(token)?.expose())?)
}

/// The middle one of three parts (RFC 7515 §7.1); an encrypted token has five.
fn payload(token: &Secret) -> Option<SecretBytes> {
    let mut parts = token.expose().split('.');
    let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let bytes = Base64UrlUnpadded::decode_vec(payload).ok()?;
    Some(SecretBytes::new(bytes))
}

fn issuer_fits(answer: &Answer<'_>, grant: &Grant) -> Result<(), String> {
    let Some(issuer) = &grant.endpoints.issuer else {
        return Err("cannot be checked, because no issuer is known: name it with --issuer".into());
    };
    match answer.get(&["iss"]) {
        // An empty path and `/` are the same address, as in metadata.
        Some(Field::Text(said)) if said == issuer || normal(said) == normal(issuer) => Ok(()),
        Some(Field::Text(said)) => Err(format!("is of {}, not of {}", quote(said), quote(issuer))),
        _ => Err("names no issuer".to_owned()),
    }
}

/// One audience, this client; or several, this one among them and named as the authorized party.
fn audience_fits(answer: &Answer<'_>, client: &str) -> Result<(), String> {
    let is_ours = |field: &Field<'_>| matches!(field, Field::Text(text) if text == client);
    let (among, alone) = match answer.get(&["aud"]) {
        Some(Field::List(all)) => (all.iter().any(is_ours), all.len() == 1),
        Some(one) => (is_ours(one), true),
        None => (false, true),
    };
    let party = answer.get(&["azp"]);
    let party_fits = party.map_or(alone, is_ours);
    if among && party_fits {
        return Ok(());
    }
    Err("is not for this client".to_owned())
}
