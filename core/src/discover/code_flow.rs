//! Whether a person can sign in by a pasted address: the authorization code flow (RFC 6749 §4.1)
//! with PKCE, which the metadata has to promise.

use std::sync::Arc;

use super::metadata::Metadata;
use super::resource::may_ask;
use crate::address;
use crate::error::{Code, Error};
use crate::grant::CodeFlow;
use crate::options::Options;
use crate::text::quote;

/// Nobody listens there. An address and not `localhost`, and any port will do (RFC 8252 §7.3, §8.3);
/// always the same one, for the servers that compare it letter by letter.
const REDIRECT_URI: &str = "http://127.0.0.1:28628/callback";

/// Where the browser is sent in the end.
///
/// Errors: `bad_option` for what shows no address in a browser, or would send the code elsewhere.
pub(super) fn redirect_uri(options: &Options) -> Result<Box<str>, Error> {
    let uri = options.redirect_uri.as_deref().unwrap_or(REDIRECT_URI);
    // RFC 6749 §3.1.2: no fragment.
    if address::check(uri, true).is_ok() && !uri.contains('#') {
        return Ok(uri.into());
    }
    let message = format!(
        "the redirect URI {} is neither an https address nor one of this machine",
        quote(uri)
    );
    Err(Error::new(Code::BadOption, message))
}

impl Metadata {
    /// What a sign-in by a pasted address needs.
    ///
    /// Errors: `no_code_flow` with what is missing, `unsafe_endpoint`.
    pub(super) fn code_flow(&self, redirect_uri: &str) -> Result<CodeFlow, Error> {
        let lacks = |what: &str| {
            let message = format!("{} {what}", self.issuer);
            Error::new(Code::NoCodeFlow, message)
        };
        let authorization = self.authorization.as_deref();
        let authorization =
            authorization.ok_or_else(|| lacks("advertises no authorization endpoint"))?;
        // RFC 6749 §3.1: its query stays, and a fragment it must not have.
        if !may_ask(authorization, &self.issuer) || authorization.contains('#') {
            let message = format!(
                "the metadata of {} names {} as authorization_endpoint",
                self.issuer,
                quote(authorization)
            );
            return Err(Error::new(Code::UnsafeEndpoint, message));
        }
        // Without a word the server may ignore the challenge, and whoever gets hold of the pasted
        // address has the tokens.
        if !self.challenge_methods.iter().any(|one| one == "S256") {
            return Err(lacks(
                "does not say that it checks PKCE by S256 (code_challenge_methods_supported)",
            ));
        }
        Ok(CodeFlow {
            authorization: Arc::from(authorization),
            redirect_uri: redirect_uri.into(),
            names_issuer: self.names_issuer,
        })
    }

    /// Whether this server is worth naming to somebody who cannot sign in by a code.
    pub(super) fn takes_a_paste(&self) -> bool {
        self.token.is_some() && self.code_flow(REDIRECT_URI).is_ok()
    }
}
