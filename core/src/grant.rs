//! What a flow needs to know of server and client, with nothing left to look up.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::account::Expected;
use crate::secret::{Secret, exposed_option};
use crate::wire::dialect::Dialect;

/// How the client proves who it is (RFC 6749 §2.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClientAuth {
    /// A public client: only its identifier, in the body.
    #[default]
    #[serde(rename = "none")]
    None,
    /// The `Authorization` header, both parts form-encoded first (§2.3.1).
    #[serde(rename = "client_secret_basic", alias = "basic")]
    Basic,
    /// Identifier and secret in the body.
    #[serde(rename = "client_secret_post", alias = "post")]
    Post,
}

/// The client as it is registered at the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// The client identifier; empty where the client is still to be registered.
    pub id: String,
    /// The client secret, for a confidential client.
    #[serde(
        with = "exposed_option",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub secret: Option<Secret>,
    /// How the secret is sent.
    #[serde(default)]
    pub auth: ClientAuth,
}

impl Client {
    /// True where the server does not know this client yet: it has to be registered first.
    pub fn is_unknown(&self) -> bool {
        self.id.is_empty()
    }
}

/// The endpoints of an authorization server (RFC 8414 §2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoints {
    /// The issuer, where one is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// `device_authorization_endpoint` (RFC 8628 §4).
    pub device_authorization: Arc<str>,
    /// `token_endpoint`.
    pub token: Arc<str>,
    /// `revocation_endpoint` (RFC 7009).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revocation: Option<String>,
    /// `introspection_endpoint` (RFC 7662).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub introspection: Option<String>,
    /// `userinfo_endpoint` (OpenID Connect).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub userinfo: Option<String>,
    /// `registration_endpoint` (RFC 7591).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration: Option<String>,
}

/// Everything a device grant needs. Cheap to share between many logins behind an [`Arc`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "independent facts of a server"
)]
pub struct Grant {
    /// Where to ask.
    pub endpoints: Endpoints,
    /// Who asks.
    pub client: Client,
    /// True where the server takes a secret in the body as well as in the header, or did not say.
    #[serde(default)]
    pub may_post_secret: bool,
    /// What is asked for.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// The resource indicator (RFC 8707), sent with every request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// More parameters of the device authorization request, such as `audience`.
    #[serde(default)]
    pub params: Vec<(String, String)>,
    /// Whether a PKCE challenge goes along (RFC 7636, S256).
    #[serde(default)]
    pub pkce: bool,
    /// How this server's wire format differs.
    #[serde(default)]
    pub dialect: Dialect,
    /// True where the server takes the address of a client's own metadata as its identifier.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub takes_client_documents: bool,
    /// Who has to approve, where that matters. It belongs to the pending login, so that whoever
    /// finishes it checks it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<Expected>,
    /// True where the server lists `offline_access` and nobody asked for it.
    #[serde(default)]
    pub offline_access_unasked: bool,
    /// What the resource has demanded beyond what was first asked for (RFC 6750 §3.1): every later
    /// sign-in asks for it too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stepped_up: Vec<String>,
    /// The login that a wider one replaces, where its folder is not the one that the caller's
    /// options name. It belongs to the pending login, so that whoever finishes it keeps it there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_place_of: Option<Place>,
}

/// Where a login is kept, and what it goes by there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Its folder.
    pub id: Box<str>,
    /// The name that its caller gave it.
    pub profile: Option<String>,
    /// What its caller named.
    pub target: Option<String>,
}
