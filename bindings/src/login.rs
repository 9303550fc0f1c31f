//! What a sign-in brings and what is kept of it. Everything with a secret is an object.

use std::collections::HashMap;
use std::sync::Arc;

use devicegrant as dg;
use devicegrant::{Secret, SecretBytes};

use crate::error::Failure;
use crate::options::{Key, Need};
use crate::prompt::Prompt;
use crate::store::Rest;
use crate::{Fallible, entropy, now};

/// What discovery ends with.
#[derive(Debug, uniffi::Object)]
pub struct Grant(pub(crate) Arc<dg::Grant>);

#[uniffi::export]
impl Grant {
    /// Whether the client has to be found out first, by `Flow.register`.
    pub fn client_is_unknown(&self) -> bool {
        self.0.client.is_unknown()
    }

    /// All of it as JSON, besides the client's secret.
    pub fn json(&self) -> String {
        let mut value = serde_json::to_value(&*self.0).unwrap_or_default();
        if let Some(client) = value.get_mut("client").and_then(|c| c.as_object_mut()) {
            client.remove("secret");
        }
        value.to_string()
    }
}

/// A sign-in that waits for its person, as a value.
#[derive(Debug, uniffi::Object)]
#[uniffi::export(Debug)]
pub struct Pending(pub(crate) dg::Pending);

#[uniffi::export]
impl Pending {
    /// Opens what `to_bytes` sealed.
    #[uniffi::constructor]
    pub fn from_bytes(key: Arc<Key>, bytes: Vec<u8>) -> Fallible<Arc<Self>> {
        let pending = dg::Pending::from_bytes(&key.0, &bytes).map_err(Failure)?;
        Ok(Arc::new(Self(pending)))
    }

    pub fn to_bytes(&self, key: Arc<Key>, random: Vec<u8>) -> Fallible<Vec<u8>> {
        let sealed = self
            .0
            .to_bytes(&key.0, entropy(&random)?)
            .map_err(Failure)?;
        Ok(sealed.expose().to_vec())
    }

    pub fn prompt(&self) -> Option<Arc<Prompt>> {
        self.0
            .prompt()
            .map(|prompt| Arc::new(Prompt(prompt.clone())))
    }

    pub fn grant(&self) -> Arc<Grant> {
        Arc::new(Grant(Arc::clone(self.0.grant())))
    }

    pub fn expires_at_ms(&self) -> u64 {
        self.0.expires_at_ms()
    }
}

/// What a server issued.
#[derive(Debug, uniffi::Object)]
pub struct Tokens(pub(crate) dg::Tokens);

/// The fields of tokens that are no secret.
#[derive(Debug, uniffi::Record)]
pub struct TokenFields {
    pub token_type: String,
    pub expires_at_ms: Option<u64>,
    pub refresh_expires_at_ms: Option<u64>,
    pub scopes: Vec<String>,
    pub issuer: Option<String>,
    /// Whose they are, where the server said so.
    pub sub: Option<String>,
}

fn exposed(secret: Option<&Secret>) -> Option<String> {
    secret.map(|secret| secret.expose().to_owned())
}

#[uniffi::export]
impl Tokens {
    pub fn fields(&self) -> TokenFields {
        TokenFields {
            token_type: self.0.token_type.clone(),
            expires_at_ms: self.0.expires_at_ms,
            refresh_expires_at_ms: self.0.refresh_expires_at_ms,
            scopes: self.0.scopes.clone(),
            issuer: self.0.issuer.clone(),
            sub: self.0.sub.clone(),
        }
    }

    pub fn access_token(&self) -> String {
        self.0.access_token.expose().to_owned()
    }

    pub fn refresh_token(&self) -> Option<String> {
        exposed(self.0.refresh_token.as_ref())
    }

    pub fn id_token(&self) -> Option<String> {
        exposed(self.0.id_token.as_ref())
    }

    /// Every other field of the answer, as JSON.
    pub fn extra(&self) -> HashMap<String, String> {
        let extra = self.0.extra.iter();
        extra
            .map(|(name, value)| (name.clone(), value.expose().to_owned()))
            .collect()
    }
}

/// What a login is found by; kept in the clear.
#[derive(Debug, uniffi::Record)]
pub struct Header {
    pub id: String,
    pub revision: u64,
    /// `login`, `pending` or `ended`.
    pub kind: String,
    /// How a person names it, and no other, behind a command.
    pub name: String,
    pub profile: Option<String>,
    pub target: Option<String>,
    pub issuer: Option<String>,
    pub client_id: String,
    pub resource: Option<String>,
    pub account: Option<String>,
    pub scopes: Vec<String>,
    pub asked: Vec<String>,
    pub stepped_up: Vec<String>,
    pub signed_in_at_ms: u64,
    pub sign_in: String,
    pub ended: Option<String>,
    pub ended_at_ms: Option<u64>,
}

fn header(id: &dg::LoginId, revision: u64, kind: dg::Kind, header: &dg::Header) -> Header {
    let kind = serde_json::to_value(kind).unwrap_or_default();
    let header = header.clone();
    Header {
        id: id.to_string(),
        revision,
        name: header.name(),
        kind: kind.as_str().unwrap_or_default().to_owned(),
        profile: header.profile,
        target: header.target,
        issuer: header.issuer,
        client_id: header.client_id,
        resource: header.resource,
        account: header.account,
        scopes: header.scopes,
        asked: header.asked,
        stepped_up: header.stepped_up,
        signed_in_at_ms: header.signed_in_at_ms,
        sign_in: header.sign_in,
        ended_at_ms: header.ended.as_ref().map(|ended| ended.at_ms),
        ended: header.ended.map(|ended| ended.message),
    }
}

/// A kept login.
#[derive(Debug, uniffi::Object)]
pub struct Login(pub(crate) dg::Login);

#[uniffi::export]
impl Login {
    pub fn header(&self) -> Header {
        let login = &self.0;
        header(
            &login.id,
            login.revision,
            dg::Kind::Login,
            &login.record.header,
        )
    }

    pub fn tokens(&self) -> Arc<Tokens> {
        Arc::new(Tokens(self.0.record.tokens.clone()))
    }

    /// Scopes that were granted and had not been asked for.
    pub fn granted_beyond(&self) -> Vec<String> {
        let record = &self.0.record;
        record.tokens.granted_beyond(&record.grant.scopes)
    }
}

/// Something kept that fits what was named.
#[derive(Debug, uniffi::Object)]
pub struct Found(pub(crate) dg::Found);

#[uniffi::export]
impl Found {
    pub fn header(&self) -> Header {
        let found = &self.0;
        header(
            &found.id,
            found.revision,
            found.sealed.kind,
            &found.sealed.header,
        )
    }

    pub fn open(&self, key: Arc<Key>) -> Fallible<Arc<Login>> {
        let login = self.0.open(&key.0).map_err(Failure)?;
        Ok(Arc::new(Login(login)))
    }
}

/// How a session ended.
#[derive(Debug, uniffi::Object)]
pub struct Renewal(pub(crate) dg::Renewal);

#[uniffi::export]
impl Renewal {
    pub fn login(&self) -> Arc<Login> {
        Arc::new(Login(self.0.login.clone()))
    }

    pub fn rest(&self) -> Option<Rest> {
        self.0.rest.map(Rest::from)
    }

    /// Why the newest tokens could not be written.
    pub fn unsaved(&self) -> Option<Arc<Failure>> {
        self.0.unsaved.clone().map(|error| Arc::new(Failure(error)))
    }

    /// For memory; `share` is one random byte.
    pub fn cached(&self, wall_ms: u64, steady_ms: u64, share: u8) -> Arc<Cached> {
        Arc::new(Cached(dg::Cached::new(
            self.0.clone(),
            now(wall_ms, steady_ms),
            share,
        )))
    }
}

/// A login in memory.
#[derive(Debug, uniffi::Object)]
pub struct Cached(dg::Cached);

#[uniffi::export]
impl Cached {
    /// The access token, where it meets the need as it is. The hot path.
    pub fn token(&self, wall_ms: u64, steady_ms: u64, need: &Need) -> Option<String> {
        exposed(self.0.token(now(wall_ms, steady_ms), &need.0))
    }

    /// Whether `token` would give one for the usual need: nothing but numbers crosses.
    pub fn is_good(&self, wall_ms: u64, steady_ms: u64) -> bool {
        let now = now(wall_ms, steady_ms);
        self.0.token(now, &dg::Need::default()).is_some()
    }

    pub fn login(&self) -> Arc<Login> {
        Arc::new(Login(self.0.login.clone()))
    }
}

/// How a login is doing. Times are milliseconds since 1970.
#[derive(Debug, uniffi::Record)]
pub struct Health {
    /// `fresh`, `expiring`, `signed_out` or `unreachable`.
    pub state: String,
    pub at_ms: u64,
    pub code: Option<String>,
    pub reason: Option<String>,
    pub expires_at_ms: Option<u64>,
    pub refresh_expires_at_ms: Option<u64>,
    pub refreshable: bool,
    pub warnings: Vec<String>,
}

/// Judges a login, or why there is none, together with the last failure to renew it.
#[uniffi::export]
pub fn health(
    login: Option<Arc<Login>>,
    why_none: Arc<Failure>,
    failure: Option<Arc<Failure>>,
    failed_at_ms: u64,
    wall_ms: u64,
) -> Health {
    let kept = login
        .as_ref()
        .map_or(Err(&why_none.0), |login| Ok(&login.0));
    let failure = failure.as_ref().map(|failure| (&failure.0, failed_at_ms));
    let health = dg::Health::of(kept, failure, now(wall_ms, 0));
    Health {
        state: health.state.as_str().to_owned(),
        at_ms: health.at_ms,
        code: health.code.map(|code| code.as_str().to_owned()),
        reason: health.reason,
        expires_at_ms: health.expires_at_ms,
        refresh_expires_at_ms: health.refresh_expires_at_ms,
        refreshable: health.refreshable,
        warnings: health.warnings,
    }
}

/// A value of a program's own: where it is kept, and how it is sealed for there.
#[derive(Debug, uniffi::Object)]
pub struct Value(dg::Value);

#[uniffi::export]
impl Value {
    #[uniffi::constructor]
    pub fn new(collection: &str, name: &str) -> Arc<Self> {
        Arc::new(Self(dg::Value::named(collection, name)))
    }

    pub fn id(&self) -> String {
        self.0.id.to_string()
    }

    /// As the next revision of its place.
    pub fn seal(
        &self,
        key: Arc<Key>,
        random: Vec<u8>,
        revision: u64,
        bytes: Vec<u8>,
    ) -> Fallible<Vec<u8>> {
        let (random, bytes) = (entropy(&random)?, SecretBytes::new(bytes));
        let sealed = self.0.seal(&key.0, &random, revision, bytes);
        Ok(sealed.map_err(Failure)?.expose().to_vec())
    }

    pub fn open(&self, key: Arc<Key>, revision: u64, bytes: Vec<u8>) -> Fallible<Vec<u8>> {
        let opened = self.0.open(&key.0, revision, SecretBytes::new(bytes));
        Ok(opened.map_err(Failure)?.expose().to_vec())
    }
}
