//! Logins in files that only their owner can read.
//!
//! A login is a folder, its revision N the file `r.N`. A revision is published under a name that
//! was never used, so that a reader sees the old one or the new one and never half of either; the
//! highest number wins. Signed out is a revision too: an empty one.

use std::collections::HashMap;
use std::fs::{File, TryLockError};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use devicegrant_core::{Code, Error, Lease, LoginId, Revision, Save};

use super::files;
use crate::home::Home;
use crate::traits::{Loaded, Locked};

/// A folder of logins. Clones share their leases.
#[derive(Clone, Debug)]
pub struct FileStore {
    folder: PathBuf,
    held: Arc<Mutex<HashMap<Box<str>, File>>>,
}

/// How often a listing that went stale is made again.
const LOOKS: u8 = 5;

impl FileStore {
    /// The logins under `home`. Nothing is created before the first save.
    pub fn new(home: &Home) -> Self {
        Self {
            folder: home.path().join("logins"),
            held: Arc::default(),
        }
    }

    /// The folder.
    pub fn folder(&self) -> &std::path::Path {
        &self.folder
    }

    fn at(&self, id: &LoginId) -> PathBuf {
        self.folder.join(&*id.0)
    }

    fn revisions(&self, id: &LoginId) -> Result<Vec<Revision>, Error> {
        let names = files::list(&self.at(id))?;
        let number = |name: &String| name.strip_prefix("r.")?.parse().ok();
        let mut revisions: Vec<Revision> = names.iter().filter_map(number).collect();
        revisions.sort_unstable();
        Ok(revisions)
    }

    /// Reads a login. Errors: `store_unreadable`, `store_unsafe`.
    pub fn load(&self, id: &LoginId) -> Result<Loaded, Error> {
        for _ in 0..LOOKS {
            let Some(&revision) = self.revisions(id)?.last() else {
                return Ok(Loaded::default());
            };
            // Absent: a newer revision came in between, and this one was cleared away.
            if let Some(bytes) = files::read(&self.at(id).join(format!("r.{revision}")))? {
                let bytes = Some(bytes).filter(|bytes| !bytes.is_empty());
                return Ok(Loaded { bytes, revision });
            }
        }
        let message = format!("{} keeps changing", self.at(id).display());
        Err(Error::new(Code::StoreBusy, message))
    }

    /// Writes a login if its revision still is the expected one. Errors: `store_unwritable`,
    /// `store_unsafe`.
    pub fn save(&self, save: &Save) -> Result<Option<Revision>, Error> {
        let folder = self.at(&save.id);
        for folder in [self.folder.parent(), Some(&self.folder), Some(&folder)] {
            folder.map(files::make_dir).transpose()?;
        }
        if self.revisions(&save.id)?.last().copied().unwrap_or(0) != save.expected {
            return Ok(None);
        }
        let revision = save.expected + 1;
        let bytes = save.bytes.as_ref().map_or(&[][..], |bytes| bytes.expose());
        if !files::publish(&folder.join(format!("r.{revision}")), bytes)? {
            return Ok(None);
        }
        for old in self.revisions(&save.id)? {
            if old < revision {
                files::remove(&folder.join(format!("r.{old}")));
            }
        }
        Ok(Some(revision))
    }

    /// Every login. Errors: `store_unreadable`.
    pub fn list(&self) -> Result<Vec<LoginId>, Error> {
        let names = files::list(&self.folder)?.into_iter();
        let is_login = |name: &String| {
            name.len() == 26
                && name
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        };
        Ok(names
            .filter(is_login)
            .map(|name| LoginId(name.into()))
            .collect())
    }

    /// Takes the lease, which the system gives back when this process ends.
    pub fn lock(&self, id: &LoginId, now_ms: u64) -> Result<Locked, Error> {
        let folder = self.at(id);
        for folder in [self.folder.parent(), Some(&self.folder), Some(&folder)] {
            folder.map(files::make_dir).transpose()?;
        }
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.contains_key(&id.0) {
            return Ok(Locked::Busy { since: now_ms });
        }
        let file = files::lock_file(&folder.join("lock"))?;
        match file.try_lock() {
            Ok(()) => {
                held.insert(id.0.clone(), file);
                Ok(Locked::Yes(Lease(id.0.clone())))
            }
            Err(TryLockError::WouldBlock) => Ok(Locked::Busy { since: now_ms }),
            Err(TryLockError::Error(why)) => {
                let message = format!("{} cannot be locked: {why}", folder.display());
                Err(Error::new(Code::StoreUnwritable, message))
            }
        }
    }

    /// Gives the lease back.
    pub fn unlock(&self, lease: &Lease) {
        self.held
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&lease.0);
    }
}

#[cfg(feature = "http")]
mod on_tokio {
    use super::FileStore;
    use crate::clock;
    use crate::traits::{BoxFuture, Loaded, Locked, Store};
    use devicegrant_core::{Code, Error, Lease, Lock, LoginId, Rest, Revision, Save};

    /// File calls run off the loop: an fsync may take seconds.
    async fn off<T: Send + 'static>(
        work: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let done = tokio::task::spawn_blocking(work).await;
        let ended = |_| Error::new(Code::StoreUnreadable, "the store was shut down meanwhile");
        done.map_err(ended)?
    }

    impl Store for FileStore {
        fn load(&self, id: LoginId) -> BoxFuture<'_, Result<Loaded, Error>> {
            let store = self.clone();
            Box::pin(off(move || store.load(&id)))
        }

        fn save(&self, save: Save) -> BoxFuture<'_, Result<Option<Revision>, Error>> {
            let store = self.clone();
            Box::pin(off(move || store.save(&save)))
        }

        fn lock(&self, lock: Lock) -> BoxFuture<'_, Result<Locked, Error>> {
            let store = self.clone();
            Box::pin(off(move || store.lock(&lock.id, clock::now().steady_ms)))
        }

        fn unlock(&self, lease: Lease, _: Option<Rest>) -> BoxFuture<'_, Result<(), Error>> {
            FileStore::unlock(self, &lease);
            Box::pin(async { Ok(()) })
        }

        fn list(&self) -> BoxFuture<'_, Result<Vec<LoginId>, Error>> {
            let store = self.clone();
            Box::pin(off(move || store.list()))
        }

        fn describe(&self) -> String {
            self.folder.display().to_string()
        }
    }
}
