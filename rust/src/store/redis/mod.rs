//! Logins on a Redis server, shared by programs on several machines (docs/REDIS.md).
//!
//! What is asked and what an answer means is decided in [`devicegrant_core::redis`].

mod link;

use std::sync::Arc;

use devicegrant_core::redis::{self as script, Calls, Held};
use devicegrant_core::{Error, Lease, Lock, LoginId, Rest, Revision, Save, Secret};

use self::link::Link;
use crate::client::entropy;
use crate::clock;
use crate::traits::{BoxFuture, Loaded, Locked, Store};

/// A Redis server that keeps logins, from version 5 on, or Valkey. Clones share the connection.
///
/// The connection comes back by itself. Every call ends within 5 seconds; while the server is away
/// or restarting, a call tries again for that long. Records must be sealed before they get here.
#[derive(Clone)]
pub struct RedisStore {
    calls: Calls,
    link: Arc<Link>,
}

impl RedisStore {
    /// Connects, and asks one question, so that a wrong password shows here and not in the night.
    ///
    /// `url` is `rediss://USER:PASSWORD@HOST:PORT/DB` (TLS, trusting what the platform trusts) or
    /// `redis://…` (clear text: for this machine or a network of your own). Every key starts with
    /// `prefix`, or with `devicegrant:`.
    ///
    /// Errors: `bad_option` for an address or a prefix that cannot be used; `store_unreachable`;
    /// `store_refused`.
    pub async fn connect(url: Secret, prefix: Option<&str>) -> Result<Self, Error> {
        Self::connect_trusting(url, prefix, &[]).await
    }

    /// As [`connect`](Self::connect), where the server's certificate was issued by an authority of
    /// your own: `roots` are its certificates in PEM, which are trusted in place of the platform's.
    pub async fn connect_trusting(
        url: Secret,
        prefix: Option<&str>,
        roots: &[u8],
    ) -> Result<Self, Error> {
        let store = Self {
            calls: Calls::new(prefix)?,
            link: Arc::new(Link::new(&url, roots)?),
        };
        drop(url);
        store.read(&LoginId("nobody".into())).await?;
        Ok(store)
    }

    async fn read(&self, id: &LoginId) -> Result<Loaded, Error> {
        let answer = self.link.ask(|_| self.calls.load(id)).await?;
        let (bytes, revision) = script::loaded(answer)?;
        Ok(Loaded { bytes, revision })
    }

    async fn write(&self, save: Save) -> Result<Option<Revision>, Error> {
        self.link.ask(|_| self.calls.enlist(&save.id)).await?;
        let answer = self.link.ask(|again| self.calls.save(&save, again)).await?;
        script::saved(&save, &answer)
    }

    async fn take(&self, lock: Lock) -> Result<Locked, Error> {
        let lease = script::lease(&lock.id, &entropy()?);
        let call = self.calls.lock(&lock, &lease)?;
        let answer = self.link.ask(|_| call.clone()).await?;
        Ok(match script::locked(lease, &answer, clock::now())? {
            Held::Yes(lease) => Locked::Yes(lease),
            Held::Busy { since } => Locked::Busy { since },
            Held::Resting(rest) => Locked::Resting(rest),
        })
    }

    async fn give_back(&self, lease: Lease, rest: Option<Rest>) -> Result<(), Error> {
        let call = self.calls.unlock(&lease, rest, clock::now())?;
        let answer = self.link.ask(|_| call.clone()).await?;
        script::unlocked(&answer).map(drop)
    }

    async fn names(&self) -> Result<Vec<LoginId>, Error> {
        script::listed(&self.link.ask(|_| self.calls.list()).await?)
    }
}

impl Store for RedisStore {
    fn load(&self, id: LoginId) -> BoxFuture<'_, Result<Loaded, Error>> {
        Box::pin(async move { self.read(&id).await })
    }

    fn save(&self, save: Save) -> BoxFuture<'_, Result<Option<Revision>, Error>> {
        Box::pin(self.write(save))
    }

    fn lock(&self, lock: Lock) -> BoxFuture<'_, Result<Locked, Error>> {
        Box::pin(self.take(lock))
    }

    fn unlock(&self, lease: Lease, rest: Option<Rest>) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(self.give_back(lease, rest))
    }

    fn list(&self) -> BoxFuture<'_, Result<Vec<LoginId>, Error>> {
        Box::pin(self.names())
    }

    fn describe(&self) -> String {
        self.link.place().to_owned()
    }
}

/// The address may hold a password, so only the place is shown.
impl std::fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisStore")
            .field("place", &self.link.place())
            .field("calls", &self.calls)
            .finish()
    }
}
