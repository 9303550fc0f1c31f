//! Logins that end with the process: for tests, and for programs that want exactly that.

use std::collections::HashMap;
use std::future::ready;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use devicegrant_core::{Error, Lease, Lock, LoginId, Rest, Revision, Save, SecretBytes};

use crate::clock;
use crate::traits::{BoxFuture, Loaded, Locked, Store};

/// Keeps logins in memory. Clones share them. It is never chosen by itself.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    logins: HashMap<LoginId, Login>,
    leases: u64,
}

#[derive(Debug, Default)]
struct Login {
    bytes: Option<SecretBytes>,
    revision: Revision,
    held: Option<Held>,
    rest: Option<Rest>,
}

#[derive(Debug)]
struct Held {
    lease: Lease,
    since: u64,
    until: u64,
}

impl MemoryStore {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn done<T: Send + 'static>(answer: T) -> BoxFuture<'static, Result<T, Error>> {
    Box::pin(ready(Ok(answer)))
}

impl Store for MemoryStore {
    fn load(&self, id: LoginId) -> BoxFuture<'_, Result<Loaded, Error>> {
        let kept = self.kept();
        let login = kept.logins.get(&id).map(|login| Loaded {
            bytes: login.bytes.clone(),
            revision: login.revision,
        });
        done(login.unwrap_or_default())
    }

    fn save(&self, save: Save) -> BoxFuture<'_, Result<Option<Revision>, Error>> {
        let mut kept = self.kept();
        let login = kept.logins.entry(save.id).or_default();
        if login.revision != save.expected {
            return done(None);
        }
        login.bytes = save.bytes;
        login.revision += 1;
        login.rest = None;
        done(Some(login.revision))
    }

    fn lock(&self, wish: Lock) -> BoxFuture<'_, Result<Locked, Error>> {
        let now = clock::now();
        let mut kept = self.kept();
        kept.leases += 1;
        let lease = Lease(format!("{}/{}", wish.id, kept.leases).into());
        let login = kept.logins.entry(wish.id).or_default();
        if let Some(held) = login
            .held
            .as_ref()
            .filter(|held| now.steady_ms < held.until)
        {
            return done(Locked::Busy { since: held.since });
        }
        if let Some(rest) = login.rest
            && rest.until_ms > now.wall_ms
            && !wish.force
        {
            return done(Locked::Resting(rest));
        }
        login.held = Some(Held {
            lease: lease.clone(),
            since: now.steady_ms,
            until: now.steady_ms.saturating_add(wish.ttl_ms.into()),
        });
        done(Locked::Yes(lease))
    }

    fn unlock(&self, lease: Lease, rest: Option<Rest>) -> BoxFuture<'_, Result<(), Error>> {
        let mut kept = self.kept();
        let is_held = |login: &&mut Login| login.held.as_ref().is_some_and(|h| h.lease == lease);
        // One that ran out and was taken over is nobody's to give back.
        if let Some(login) = kept.logins.values_mut().find(is_held) {
            login.held = None;
            login.rest = rest;
        }
        done(())
    }

    fn list(&self) -> BoxFuture<'_, Result<Vec<LoginId>, Error>> {
        let mut ids: Vec<_> = self.kept().logins.keys().cloned().collect();
        ids.sort();
        done(ids)
    }

    fn describe(&self) -> String {
        "this process's memory".to_owned()
    }
}
