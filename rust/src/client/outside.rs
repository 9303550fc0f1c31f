//! A login that another library renews, or signed in to: for adapters.

use std::sync::Arc;

use devicegrant_core::{Discover, Guard, Keep, Lease, Record, Renewed, SecretBytes};
use tokio::runtime::Handle;

use super::{Client, Error, Login, clock, drive, entropy};

impl Client {
    /// Takes the lease on the login, where there is one: nobody else renews it until it is given
    /// back.
    pub(crate) async fn guard(&self) -> Result<Lease, Error> {
        let found = self.look().await?;
        drive(Guard::new(found.id), &self.host).await
    }

    /// Gives the lease back, in the background; [`finish`](Self::finish) waits for it. One that
    /// cannot be given back runs out.
    pub(crate) fn release(&self, lease: Lease, runtime: &Handle) {
        let (store, one) = (Arc::clone(&self.host.store), self.memory.outstanding.one());
        runtime.spawn(async move {
            let _one = one;
            let _ = store.unlock(lease, None).await;
        });
    }

    /// Keeps what the server issued for `login`, as it was read under the lease.
    pub(crate) async fn renewed(&self, login: Login, answer: SecretBytes) -> Result<Login, Error> {
        let key = self.keys.key(false).await?;
        let login = drive(Renewed::new(login, answer, key, entropy()?), &self.host).await?;
        self.forget();
        Ok(login)
    }

    /// Keeps what a server, `issuer` where that is known, issued to this client for a person's
    /// sign-in.
    pub(crate) async fn signed_in(
        &self,
        client_id: &str,
        issuer: Option<&str>,
        answer: SecretBytes,
    ) -> Result<(), Error> {
        let key = self.keys.key(true).await?;
        let mut grant = (*self.discover(Discover::registering, None).await?).clone();
        client_id.clone_into(&mut grant.client.id);
        let record = Record::of_answer(
            &self.options,
            Arc::new(grant),
            issuer,
            &answer,
            clock::now(),
        )?;
        let keep = Keep::login(&self.options, record, key, entropy()?)?;
        drive(keep, &self.host).await?;
        self.forget();
        Ok(())
    }
}
