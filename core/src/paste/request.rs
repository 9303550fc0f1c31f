//! The authorization request (RFC 6749 §4.1.1), as an address for a browser.

use form_urlencoded::Serializer;

use crate::grant::{CodeFlow, Grant};
use crate::pkce;
use crate::secret::Secret;
use crate::text::clean;

pub(super) fn address(grant: &Grant, flow: &CodeFlow, nonce: &Secret, verifier: &Secret) -> String {
    let scope = grant.scopes.join(" ");
    let challenge = pkce::challenge(verifier);
    let mut query = Serializer::new(String::new());
    query
        .append_pair("response_type", "code")
        .append_pair("client_id", &grant.client.id)
        .append_pair("redirect_uri", &flow.redirect_uri)
        .append_pair("state", nonce.expose())
        .append_pair("code_challenge", &challenge)
        .append_pair("code_challenge_method", "S256");
    if !scope.is_empty() {
        query.append_pair("scope", &scope);
    }
    if let Some(resource) = &grant.resource {
        query.append_pair("resource", resource);
    }
    let given = |name: &str| grant.params.iter().any(|(key, _)| key == name);
    let asks_to_stay = grant.scopes.iter().any(|scope| scope == "offline_access");
    if asks_to_stay && !given("prompt") {
        // OpenID Connect Core §11: without it the scope is ignored.
        query.append_pair("prompt", "consent");
    }
    for (name, value) in grant.params.iter().filter(|(_, value)| !value.is_empty()) {
        query.append_pair(name, value);
    }
    let endpoint = &flow.authorization;
    // RFC 6749 §3.1: a query of the endpoint's own stays.
    let joint = match endpoint.split_once('?') {
        None => "?",
        Some((_, own)) if own.is_empty() || own.ends_with('&') => "",
        Some(_) => "&",
    };
    format!("{endpoint}{joint}{}", query.finish())
}

/// What is asked for, for a person.
pub(super) fn scopes(grant: &Grant) -> Vec<String> {
    grant.scopes.iter().map(|scope| clean(scope, 200)).collect()
}
