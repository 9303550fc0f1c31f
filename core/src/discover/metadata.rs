//! Authorization server metadata (RFC 8414 §2, OpenID Connect Discovery §3).

use std::sync::Arc;

use super::resource::may_ask;
use crate::address;
use crate::error::{Code, Error};
use crate::options::normal;
use crate::text::quote;
use crate::wire::answer::{Answer, Field};

/// What is read of the metadata; everything else is left alone.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Metadata {
    pub(super) issuer: String,
    pub(super) device_authorization: Option<Arc<str>>,
    /// As it stands there: only a sign-in by a pasted address asks whether it may be shown.
    pub(super) authorization: Option<String>,
    /// `code_challenge_methods_supported` (RFC 7636).
    pub(super) challenge_methods: Vec<String>,
    /// `authorization_response_iss_parameter_supported` (RFC 9207 §3).
    pub(super) names_issuer: bool,
    pub(super) token: Option<Arc<str>>,
    pub(super) revocation: Option<String>,
    pub(super) introspection: Option<String>,
    pub(super) userinfo: Option<String>,
    pub(super) registration: Option<String>,
    pub(super) scopes: Vec<String>,
    /// Whether a client may name itself by the address of its own metadata.
    pub(super) client_documents: bool,
    /// None where the server does not say.
    pub(super) auth_methods: Option<Vec<String>>,
}

/// The addresses to look at, in order: RFC 8414 §3.1, then OpenID with the path behind, then
/// before the well-known part. The last form is no RFC's, but Okta's.
pub(super) fn addresses(issuer: &str) -> Vec<Arc<str>> {
    let Ok((origin, path)) = address::origin_and_path(issuer) else {
        return Vec::new();
    };
    let path = path.trim_end_matches('/');
    let (oauth, openid) = (
        "/.well-known/oauth-authorization-server",
        "/.well-known/openid-configuration",
    );
    let mut all = vec![
        format!("{origin}{oauth}{path}"),
        format!("{origin}{openid}{path}"),
    ];
    if !path.is_empty() {
        all.push(format!("{origin}{path}{openid}"));
        all.push(format!("{origin}{path}{oauth}"));
    }
    all.into_iter().map(Arc::from).collect()
}

/// Reads a document that was found for `issuer`.
pub(super) fn read(answer: &Answer<'_>, issuer: &str) -> Result<Metadata, Error> {
    let said = answer.text(&["issuer"]).unwrap_or_default();
    // RFC 8414 §3.3 wants them identical; an empty path and `/` are the same address (RFC 3986
    // §6.2.3), and people type the one where the server says the other.
    if said != issuer && (said.is_empty() || normal(said) != normal(issuer)) {
        let message = format!("the metadata of {issuer} names the issuer {}", quote(said));
        return Err(Error::new(Code::IssuerMismatch, message));
    }
    let endpoint = |name: &'static str| match answer.text(&[name]) {
        None => Ok(None),
        Some(address) if may_ask(address, issuer) => Ok(Some(address)),
        Some(address) => {
            let message = format!(
                "the metadata of {issuer} names {} as {name}",
                quote(address)
            );
            Err(Error::new(Code::UnsafeEndpoint, message))
        }
    };
    let is_true = |name| answer.get(&[name]) == Some(&Field::Bool(true));
    let optional = |name| Ok::<_, Error>(endpoint(name)?.map(str::to_owned));
    Ok(Metadata {
        issuer: said.to_owned(),
        device_authorization: endpoint("device_authorization_endpoint")?.map(Arc::from),
        authorization: answer.text(&["authorization_endpoint"]).map(str::to_owned),
        challenge_methods: answer
            .list(&["code_challenge_methods_supported"])
            .unwrap_or_default(),
        names_issuer: is_true("authorization_response_iss_parameter_supported"),
        token: endpoint("token_endpoint")?.map(Arc::from),
        revocation: optional("revocation_endpoint")?,
        introspection: optional("introspection_endpoint")?,
        userinfo: optional("userinfo_endpoint")?,
        registration: optional("registration_endpoint")?,
        scopes: answer.list(&["scopes_supported"]).unwrap_or_default(),
        client_documents: is_true("client_id_metadata_document_supported"),
        auth_methods: answer.list(&["token_endpoint_auth_methods_supported"]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn well_known_addresses_in_order() {
        let at = |issuer| {
            addresses(issuer)
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            at("https://a.example"),
            [
                "https://a.example/.well-known/oauth-authorization-server",
                "https://a.example/.well-known/openid-configuration",
            ]
        );
        assert_eq!(
            at("https://a.example/t/1/"),
            [
                "https://a.example/.well-known/oauth-authorization-server/t/1",
                "https://a.example/.well-known/openid-configuration/t/1",
                "https://a.example/t/1/.well-known/openid-configuration",
                "https://a.example/t/1/.well-known/oauth-authorization-server",
            ]
        );
    }
}
