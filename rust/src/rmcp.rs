//! The logins kept here for rmcp's own authorization: its `AuthorizationManager` finds what the
//! command or a [`Client`] signed in, and renews it under the same lease as they do.
//!
//! ```no_run
//! # async fn share() -> Result<(), Box<dyn std::error::Error>> {
//! let address = "https://mcp.example.com/mcp";
//! let logins = devicegrant::rmcp::Credentials::new(devicegrant::Client::to(address).build()?);
//! let Some(manager) = logins.manager(address).await? else {
//!     // Nobody has signed in: `devicegrant login`, or `client.login()`.
//!     return Ok(());
//! };
//! let token = manager.get_access_token().await?;
//! # Ok(()) }
//! ```
//!
//! A manager of the program's own takes [`Credentials`] as its store too. It looks for the token
//! endpoint itself, where an MCP server may answer what it likes: so it is given access tokens alone,
//! renewed here, and never the refresh token.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use devicegrant_core::{Class, Error, Lease, Login, SecretBytes};
use rmcp::transport::auth::{AuthorizationMetadata, OAuthTokenResponse};
use rmcp::transport::{
    AuthError, AuthorizationManager, CredentialRefreshGuard, CredentialStore, StoredCredentials,
};
use serde_json::json;
use tokio::runtime::Handle;

use crate::Client;

/// The login of a [`Client`] as rmcp's credential store.
///
/// A manager that [`manager`](Self::manager) made exchanges the token itself. Under its refresh guard
/// nobody else renews the login, and what it saves there is written only if the login is still the
/// one that was loaded: a person who signs in meanwhile wins.
#[derive(Clone, Debug)]
pub struct Credentials {
    client: Client,
    /// What was loaded under the guard; none where nobody holds it.
    held: Arc<Mutex<Option<Held>>>,
    /// Its manager asks the login's own token endpoint, and so may have the refresh token.
    bound: bool,
}

#[derive(Debug, Default)]
struct Held(Option<Login>);

impl Credentials {
    /// The login that the client's options name. To be made before rmcp's manager: where the
    /// process has no default crypto provider of rustls yet, ring becomes it here.
    pub fn new(client: Client) -> Self {
        crate::http::crypto_provider();
        Self {
            client,
            held: Arc::default(),
            bound: false,
        }
    }

    /// rmcp's manager for the MCP server at `address`, with the login's own token endpoint in place of
    /// what it would look for. None where nobody has signed in.
    ///
    /// Errors: rmcp's, and `CredentialStoreError` for a store that fails.
    pub async fn manager(&self, address: &str) -> Result<Option<AuthorizationManager>, AuthError> {
        let Some(login) = self.find().await? else {
            return Ok(None);
        };
        let endpoints = &login.record.grant.endpoints;
        let mut metadata = AuthorizationMetadata::default();
        metadata.token_endpoint = endpoints.token.to_string();
        // It wants one, and a manager that renews sends nobody there.
        metadata.authorization_endpoint = endpoints.token.to_string();
        metadata.issuer.clone_from(&endpoints.issuer);
        let mut manager = AuthorizationManager::new(address).await?;
        manager.set_metadata(metadata);
        manager.set_credential_store(Self {
            bound: true,
            ..self.clone()
        });
        Ok(manager.initialize_from_store().await?.then_some(manager))
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Option<Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn find(&self) -> Result<Option<Login>, AuthError> {
        match self.client.find().await {
            Ok(login) => Ok(Some(login)),
            Err(error) if error.class() == Class::SignInNeeded => Ok(None),
            Err(error) => Err(trouble(&error)),
        }
    }
}

fn trouble(error: &Error) -> AuthError {
    AuthError::CredentialStoreError(format!("{}: {error}", error.code().as_str()))
}

#[async_trait]
impl CredentialStore for Credentials {
    async fn load(&self) -> Result<Option<StoredCredentials>, AuthError> {
        if !self.bound
            && let Err(error) = self.client.token().await
            && error.class() != Class::SignInNeeded
        {
            return Err(trouble(&error));
        }
        let login = self.find().await?;
        let credentials = login.as_ref().map(|login| credentials(login, self.bound));
        let credentials = credentials.transpose()?;
        // Who holds the guard loads after it was taken; another's look may have begun before.
        if let (Some(held), Some(login)) = (&mut *self.held(), login) {
            let newer = |there: &Login| login.revision > there.revision;
            if held.0.as_ref().is_none_or(newer) {
                held.0 = Some(login);
            }
        }
        Ok(credentials)
    }

    async fn save(&self, credentials: StoredCredentials) -> Result<(), AuthError> {
        let Some(token) = &credentials.token_response else {
            return Ok(());
        };
        let answer = serde_json::to_vec(token).map(SecretBytes::new);
        let unfit = |_| AuthError::InternalError("the tokens could not be written".to_owned());
        let answer = answer.map_err(unfit)?;
        let held = self.held().as_mut().and_then(|held| held.0.take());
        let issuer = credentials.issuer.as_deref();
        let id = &credentials.client_id;
        let kept = match held {
            Some(login) => self.client.renewed(login, answer).await.map(drop),
            None => self.client.signed_in(id, issuer, answer).await,
        };
        kept.map_err(|error| trouble(&error))
    }

    /// Does nothing: rmcp clears its store where a server names another issuer than before, and no
    /// server's word ends a login that other programs share. [`Client::logout`] does.
    async fn clear(&self) -> Result<(), AuthError> {
        Ok(())
    }

    async fn acquire_refresh_guard(&self) -> Result<Option<CredentialRefreshGuard>, AuthError> {
        let lease = match self.client.guard().await {
            Ok(lease) => lease,
            Err(error) if error.class() == Class::SignInNeeded => return Ok(None),
            Err(error) => return Err(trouble(&error)),
        };
        *self.held() = Some(Held::default());
        Ok(Some(CredentialRefreshGuard::new(Release {
            store: self.clone(),
            lease: Some(lease),
            runtime: Handle::current(),
        })))
    }
}

/// Gives the lease back when rmcp lets go of it.
struct Release {
    store: Credentials,
    lease: Option<Lease>,
    runtime: Handle,
}

impl Drop for Release {
    fn drop(&mut self) {
        *self.store.held() = None;
        if let Some(lease) = self.lease.take() {
            self.store.client.release(lease, &self.runtime);
        }
    }
}

fn credentials(login: &Login, refresh_too: bool) -> Result<StoredCredentials, AuthError> {
    let tokens = &login.record.tokens;
    let lifetime = tokens
        .expires_at_ms
        .map(|ends| ends.saturating_sub(tokens.issued_at_ms) / 1000);
    let mut answer = json!({
        "access_token": tokens.access_token.expose(),
        "token_type": "bearer",
        "scope": tokens.scopes.join(" "),
    });
    if let Some(seconds) = lifetime {
        answer["expires_in"] = seconds.into();
    }
    if let Some(refresh) = tokens.refresh_token.as_ref().filter(|_| refresh_too) {
        answer["refresh_token"] = refresh.expose().into();
    }
    let unfit = |_| AuthError::InternalError("the login has no form that rmcp knows".to_owned());
    let answer: OAuthTokenResponse = serde_json::from_value(answer).map_err(unfit)?;
    let grant = &login.record.grant;
    let received = tokens.issued_at_ms / 1000;
    let scopes = login.record.header.scopes.clone();
    let stored = StoredCredentials::new(
        grant.client.id.clone(),
        Some(answer),
        scopes,
        Some(received),
    );
    Ok(stored.with_issuer(grant.endpoints.issuer.clone()))
}
