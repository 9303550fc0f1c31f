//! What a caller asks for.

use std::collections::HashMap;
use std::sync::Arc;

use devicegrant::{Code, Error, Secret};
use serde_json::Value;

use crate::Fallible;
use crate::error::Failure;

/// The caller's wishes. Every field may be left out.
#[derive(Debug, uniffi::Object)]
pub struct Options(pub(crate) devicegrant::Options);

#[uniffi::export]
impl Options {
    #[uniffi::constructor(default(
        target = None, issuer = None, provider = None, device_endpoint = None,
        token_endpoint = None, client_id = None, client_secret = None, client_auth = None,
        scopes = [], audience = None, resource = None, params = None, pkce = None, profile = None, help_base = None,
        server = None, client_metadata = None, expected_sub = None, expected_account = None
    ))]
    #[allow(clippy::too_many_arguments, reason = "named in every language")]
    pub fn new(
        target: Option<String>,
        issuer: Option<String>,
        provider: Option<String>,
        device_endpoint: Option<String>,
        token_endpoint: Option<String>,
        client_id: Option<String>,
        client_secret: Option<String>,
        client_auth: Option<String>,
        scopes: Vec<String>,
        audience: Option<String>,
        resource: Option<String>,
        params: Option<HashMap<String, String>>,
        pkce: Option<bool>,
        profile: Option<String>,
        help_base: Option<String>,
        server: Option<String>,
        client_metadata: Option<String>,
        expected_sub: Option<String>,
        expected_account: Option<String>,
    ) -> Fallible<Arc<Self>> {
        let client_auth = client_auth
            .map(|word| serde_json::from_value(Value::String(word)))
            .transpose()
            .map_err(|_| {
                Failure::bad("client_auth is client_secret_basic, client_secret_post or none")
            })?;
        Ok(Arc::new(Self(devicegrant::Options {
            target,
            issuer,
            provider,
            device_endpoint,
            token_endpoint,
            client_id,
            client_secret: client_secret.map(Secret::new),
            client_auth,
            scopes,
            audience,
            resource,
            params: params.unwrap_or_default().into_iter().collect(),
            pkce,
            profile,
            help_base,
            server,
            client_metadata,
            expected_sub,
            expected_account,
        })))
    }

    /// The folder of the login that is named; none where nothing is.
    pub fn login_id(&self) -> Fallible<Option<String>> {
        let id = self.0.login_id().map_err(Failure)?;
        Ok(id.map(|id| id.to_string()))
    }

    /// The provider whose `NAME.json` may be the user's own.
    pub fn provider_name(&self) -> Option<String> {
        self.0.provider_name()
    }

    /// The start of the address that explains an error's code, where the provider has one.
    pub fn help_base(&self, own_provider: Option<String>) -> Option<String> {
        if let Some(base) = &self.0.help_base {
            return Some(base.clone());
        }
        let name = self.0.provider_name()?;
        let text = own_provider.as_deref();
        let text = text.or_else(|| devicegrant::builtin_provider(&name))?;
        devicegrant::Provider::parse(&name, text).ok()?.help_base
    }
}

/// What a caller needs of a token.
#[derive(Debug, uniffi::Object)]
pub struct Need(pub(crate) devicegrant::Need);

#[uniffi::export]
impl Need {
    /// `reject` is the token that was just answered 401 or 403, `challenge` the `WWW-Authenticate`
    /// of that answer.
    #[uniffi::constructor(default(challenge = None))]
    pub fn new(
        min_ttl_ms: u64,
        reject: Option<String>,
        scopes: Vec<String>,
        force: bool,
        challenge: Option<String>,
    ) -> Fallible<Arc<Self>> {
        let challenge = challenge.as_deref().map(devicegrant::Challenge::parse);
        Ok(Arc::new(Self(devicegrant::Need {
            min_ttl_ms,
            reject: reject.map(Secret::new),
            scopes,
            challenge: challenge.transpose().map_err(Failure)?,
            force,
        })))
    }
}

/// What logins are sealed with.
#[derive(Debug, uniffi::Object)]
pub struct Key(pub(crate) devicegrant::Key);

#[uniffi::export]
impl Key {
    /// Of 32 bytes.
    #[uniffi::constructor]
    pub fn new(bytes: Vec<u8>) -> Fallible<Arc<Self>> {
        let key = devicegrant::Key::new(crate::entropy(&bytes)?);
        Ok(Arc::new(Self(key)))
    }

    /// Of the 43 characters that `DEVICEGRANT_KEY` takes.
    #[uniffi::constructor]
    pub fn from_text(text: String) -> Fallible<Arc<Self>> {
        let key = devicegrant::Key::from_text(&text);
        let key = key.ok_or_else(|| {
            let message = "a key is 32 bytes as 43 characters of base64url";
            Failure(Error::new(Code::BadOption, message))
        })?;
        Ok(Arc::new(Self(key)))
    }

    /// The key of a store without a home, from the environment.
    #[uniffi::constructor]
    pub fn from_variables() -> Fallible<Arc<Self>> {
        let key = devicegrant::key::from_variables().map_err(Failure)?;
        Ok(Arc::new(Self(key)))
    }

    /// By which it is recognised; public.
    pub fn id(&self) -> String {
        self.0.id()
    }
}

/// The names of the presets that come along.
#[uniffi::export]
pub fn provider_names() -> Vec<String> {
    let names = devicegrant::provider_names().iter();
    names.map(|name| (*name).to_owned()).collect()
}
