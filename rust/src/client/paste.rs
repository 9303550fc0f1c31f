//! Signing in by a pasted address, at a server that has no device endpoint.

use std::sync::Arc;

use devicegrant_core::{Discover, Paste, Register, Tokens};

use super::{Client, Error, Login, Stretch, drive, drive_within, entropy, run};

impl Client {
    /// Signs a person in who opens one address and pastes another, keeps the login, and returns its
    /// tokens: the authorization code grant with PKCE (RFC 6749 §4.1, RFC 7636), for servers that
    /// have no device endpoint. The prompter has to [`ask`](crate::Prompter::ask).
    ///
    /// Errors: every class. `no_code_flow` where the server does not advertise what this needs,
    /// `bad_paste` where no right address was pasted, `gave_up` after half an hour.
    pub async fn login_by_paste(&self) -> Result<Tokens, Error> {
        Ok(self.sign_in_by_paste().await?.record.tokens)
    }

    /// As [`login_by_paste`](Self::login_by_paste), and returns all that is kept.
    pub async fn sign_in_by_paste(&self) -> Result<Login, Error> {
        self.sign_in_by_paste_with(None).await
    }

    /// As [`sign_in_by_paste`](Self::sign_in_by_paste), because a server answered with this
    /// `WWW-Authenticate`: see [`login_for`](Self::login_for).
    pub async fn sign_in_by_paste_for(&self, challenge: &str) -> Result<Login, Error> {
        self.sign_in_by_paste_with(Some(challenge)).await
    }

    async fn sign_in_by_paste_with(&self, challenge: Option<&str>) -> Result<Login, Error> {
        self.ask_nobody()?;
        // Whoever cannot keep the login should not ask for it.
        let key = self.keys.key(true).await?;
        // A machine is large, and none of it is needed once it has ended.
        let grant = Box::pin(self.discover(Discover::for_paste, challenge)).await?;
        let register = Register::new(&self.options, grant, key, entropy()?)?;
        let grant = drive(register, &self.host).await?.grant;
        let paste = Paste::new(Arc::clone(&grant), entropy()?);
        let (client, stretch) = (self.clone(), Stretch::default());
        let within = stretch.clone();
        let work = async move {
            let tokens = drive_within(paste, &client.host, &within).await?;
            client.keep(grant, tokens).await
        };
        run(&self.memory.outstanding, stretch, work).await
    }
}
