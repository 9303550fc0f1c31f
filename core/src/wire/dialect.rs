//! How a server's wire format differs, as data: a preset fills this in, and nothing in core asks
//! which provider it is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How bodies are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BodyFormat {
    /// `application/x-www-form-urlencoded`, as RFC 6749 says.
    #[default]
    Form,
    /// A JSON object.
    Json,
}

/// The differences from RFC 8628; the default is none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Dialect {
    /// How requests are written.
    #[serde(skip_serializing_if = "is_default")]
    pub body: BodyFormat,
    /// The `grant_type` of a poll, where it is not the RFC's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant_type: Option<String>,
    /// Other names for request parameters (`"scope": "scopes"`); an empty name leaves one out.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub names: BTreeMap<String, String>,
    /// Other names for fields of answers (`"device_code": "deviceCode"`).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, String>,
    /// More parameters of the device authorization request.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub device_params: BTreeMap<String, String>,
    /// More parameters of a poll; `{user_code}` and `{scope}` stand for theirs.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub token_params: BTreeMap<String, String>,
    /// What a bare HTTP status means, as an error word of RFC 8628.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub statuses: BTreeMap<u16, String>,
    /// What a word or number of the server's own means, as an error word of RFC 8628.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub errors: BTreeMap<String, String>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Dialect {
    /// The server's name for a request parameter; empty: leave it out.
    pub(crate) fn name<'a>(&'a self, parameter: &'a str) -> &'a str {
        self.names.get(parameter).map_or(parameter, String::as_str)
    }

    /// True where a poll carries the user code, so that it has to be kept.
    pub(crate) fn polls_with_user_code(&self) -> bool {
        self.token_params.values().any(|v| v.contains(USER_CODE))
    }
}

/// The placeholder for the user code in [`Dialect::token_params`].
pub(crate) const USER_CODE: &str = "{user_code}";
/// The placeholder for the scopes that were asked for.
pub(crate) const SCOPES: &str = "{scope}";

/// The names that one field goes by in the wild; a dialect's own name comes first.
macro_rules! fields {
    ($($name:ident: $($alias:literal),+;)*) => {
        $(pub(crate) const $name: &[&str] = &[$($alias),+];)*
    };
}

fields! {
    DEVICE_CODE: "device_code", "deviceCode";
    USER_CODE_FIELD: "user_code", "userCode";
    VERIFICATION_URI: "verification_uri", "verification_url", "verificationUri", "verificationUrl";
    VERIFICATION_URI_COMPLETE: "verification_uri_complete", "verification_url_complete",
        "verificationUriComplete", "verificationUrlComplete";
    EXPIRES_IN: "expires_in", "expiresIn";
    INTERVAL: "interval";
    MESSAGE: "message";
    ACCESS_TOKEN: "access_token", "accessToken";
    REFRESH_TOKEN: "refresh_token", "refreshToken";
    REFRESH_EXPIRES_IN: "refresh_expires_in", "refresh_token_expires_in", "refreshTokenExpiresIn";
    TOKEN_TYPE: "token_type", "tokenType";
    ID_TOKEN: "id_token", "idToken";
    SCOPE: "scope", "scopes";
}

/// A field's names with the dialect's own before the common ones.
pub(crate) fn names<'a>(dialect: &'a Dialect, common: &'a [&'a str]) -> Names<'a> {
    match dialect.fields.get(common[0]) {
        None => Names::Common(common),
        Some(own) => Names::Own(
            std::iter::once(own.as_str())
                .chain(common.iter().copied())
                .collect(),
        ),
    }
}

/// Names to look for, in order.
pub(crate) enum Names<'a> {
    Common(&'a [&'a str]),
    Own(Vec<&'a str>),
}

impl<'a> std::ops::Deref for Names<'a> {
    type Target = [&'a str];
    fn deref(&self) -> &[&'a str] {
        match self {
            Self::Common(names) => names,
            Self::Own(names) => names,
        }
    }
}
