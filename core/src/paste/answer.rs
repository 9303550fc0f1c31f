//! The authorization response (RFC 6749 §4.1.2), as a person pastes it: a whole address, or its
//! query alone.

use subtle::ConstantTimeEq;

use crate::error::{Code, Error};
use crate::grant::{CodeFlow, Grant};
use crate::secret::Secret;
use crate::text::quote;
use crate::wire::answer::Answer;
use crate::wire::failure;
use crate::wire::secrets::Secrets;
use crate::wire::words;

pub(super) const NOTHING: &str = "nothing was pasted";

/// Some codes are encrypted and long; no address bar holds more.
const LONGEST: usize = 16 * 1024;

/// What was pasted.
pub(super) enum Pasted {
    Code(Secret),
    /// Something else; what, in words that hold nothing of it. Another try does no harm.
    Wrong(String),
    /// The server's definite no, or an answer that is not this server's.
    Failed(Error),
}

pub(super) fn judge(text: &str, grant: &Grant, flow: &CodeFlow, nonce: &Secret) -> Pasted {
    let wrong = |what: &str| Pasted::Wrong(what.to_owned());
    let text = text.trim().trim_matches(['"', '\'', '<', '>']).trim();
    if text.is_empty() {
        return wrong(NOTHING);
    }
    if text.len() > LONGEST {
        return wrong("that is longer than any address");
    }
    let query = text.split_once('?').map_or(text, |(_, query)| query);
    let query = query.split('#').next().unwrap_or_default();
    if !query.contains('=') {
        return wrong("that is no address with an answer in it");
    }
    let answer = Answer::query(query);
    let of = |name: &str| answer.text(&[name]);
    // RFC 6749 §3.1. Which of two would be meant is anybody's guess, an attacker's among them.
    for name in ["state", "code", "iss", "error"] {
        if answer.iter().filter(|(there, _)| *there == name).count() > 1 {
            return Pasted::Wrong(format!("the address has {name} twice"));
        }
    }
    if of("code_challenge").is_some() {
        return wrong(
            "that is the address to open; what is wanted is the one that the browser is sent to afterwards",
        );
    }
    match of("state") {
        None => return wrong("the address lacks its state: copy all of it"),
        Some(state) if !same(state, nonce.expose()) => {
            return wrong("the address belongs to another sign-in");
        }
        Some(_) => {}
    }
    // RFC 9207 §2.4: before anything else of it is believed.
    match of("iss") {
        Some(iss) if grant.endpoints.issuer.as_deref() != Some(iss) => {
            let asked = grant.endpoints.issuer.as_deref().unwrap_or_default();
            let message = format!(
                "{asked} was asked, and the address that was pasted is an answer of {}",
                quote(iss)
            );
            return Pasted::Failed(Error::new(Code::IssuerMismatch, message));
        }
        None if flow.names_issuer => {
            return wrong(
                "the address lacks its iss, which this server always sends: copy all of it",
            );
        }
        _ => {}
    }
    if let Some(said) = words::error(&grant.dialect, 400, Some(&answer)) {
        let code = failure::code(words::meaning(&grant.dialect, &said.word));
        let told = said.for_people(&Secrets::new(grant, &[Some(nonce)], None));
        let message = match code {
            Code::AccessDenied => "the sign-in was denied",
            _ => "the authorization endpoint refused",
        };
        return Pasted::Failed(Error::said(code, message, told));
    }
    match of("code") {
        Some(code) => Pasted::Code(Secret::new(code)),
        None => wrong("the address has neither a code nor an error: copy all of it"),
    }
}

/// How long it takes says nothing of where two texts differ.
fn same(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}
