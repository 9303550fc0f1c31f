//! Logins in files that only their owner can read.
//!
//! What happens to them is decided in core ([`devicegrant_core::disk`], `LOCKING.md`); this is the
//! loop that performs it.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use devicegrant_core::disk::{
    Answer, DiskFlow, DiskInput, DiskStep, ListLogins, LoadLogin, LockLogin, SaveLogin, Seen,
    UnlockLogin,
};
use devicegrant_core::{Error, Lease, Lock, LoginId, Rest, Revision, Save};

use super::{files, liveness};
use crate::clock;
use crate::home_folder::Home;
use crate::traits::{Loaded, Locked};

/// A folder of logins, for any number of threads and processes. Clones share what they have seen.
///
/// The methods block for as long as the file system does, and never wait for another process.
#[derive(Clone, Debug)]
pub struct FileStore {
    home: PathBuf,
    folder: PathBuf,
    seen: Arc<Mutex<Seen>>,
}

impl FileStore {
    /// The logins under `home`. Nothing is created before the first save.
    pub fn new(home: &Home) -> Self {
        Self {
            home: home.path().to_owned(),
            folder: home.path().join("logins"),
            seen: Arc::default(),
        }
    }

    /// The folder.
    pub fn folder(&self) -> &std::path::Path {
        &self.folder
    }

    /// Reads a login. Errors: `store_unreadable`, `store_unsafe`, `store_busy`.
    pub fn load(&self, id: &LoginId) -> Result<Loaded, Error> {
        let found = self.run(LoadLogin::new(id.clone()))?;
        Ok(Loaded {
            bytes: found.bytes,
            revision: found.revision,
        })
    }

    /// Writes a login if its revision still is the expected one; none: it was not. The record's
    /// first line says how many bytes follow (`LOCKING.md`).
    ///
    /// Errors: `store_unwritable`, `store_unreadable`, `store_unsafe`.
    pub fn save(&self, save: &Save) -> Result<Option<Revision>, Error> {
        self.run(SaveLogin::new(save.clone())?)
    }

    /// Takes the lease, which is anybody's again as soon as this process has ended.
    ///
    /// Errors: as [`save`](Self::save).
    pub fn lock(&self, wish: &Lock) -> Result<Locked, Error> {
        let owner = liveness::this_process();
        let machine = LockLogin::new(wish.clone(), owner, &self.seen());
        let attempt = self.run(machine)?;
        self.seen().learn(&wish.id, attempt.sight);
        Ok(match attempt.answer {
            Answer::Yes(lease) => Locked::Yes(lease),
            Answer::Busy { since } => Locked::Busy { since },
            Answer::Resting(rest) => Locked::Resting(rest),
        })
    }

    /// Gives the lease back, and tells whoever wants it next why it should rest.
    ///
    /// Errors: as [`save`](Self::save), and `out_of_turn` for a lease of another store.
    pub fn unlock(&self, lease: &Lease, rest: Option<Rest>) -> Result<(), Error> {
        self.run(UnlockLogin::new(lease, rest)?)
    }

    /// Every login. Errors: `store_unreadable`.
    pub fn list(&self) -> Result<Vec<LoginId>, Error> {
        self.run(ListLogins::default())
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn at(&self, path: &str) -> PathBuf {
        // `join("")` would add a slash, which follows a link.
        let names = path.split('/').filter(|name| !name.is_empty());
        names.fold(self.home.clone(), |folder, name| folder.join(name))
    }

    fn run<F: DiskFlow>(&self, mut machine: F) -> Result<F::Output, Error> {
        let mut input = DiskInput::Go;
        loop {
            input = match self.perform(machine.step(clock::now(), input)?)? {
                ControlFlow::Continue(input) => input,
                ControlFlow::Break(output) => return Ok(output),
            };
        }
    }

    /// Performs one step of a machine of [`devicegrant_core::disk`], for those who bring their own
    /// loop: what to give it next, or what it ended with.
    ///
    /// Errors: those of the files, which end the machine.
    pub fn perform<T>(&self, step: DiskStep<T>) -> Result<ControlFlow<T, DiskInput>, Error> {
        Ok(ControlFlow::Continue(match step {
            DiskStep::Done(output) => return Ok(ControlFlow::Break(output)),
            DiskStep::MakeDir(path) => {
                files::make_dir(&self.at(&path))?;
                DiskInput::Made
            }
            DiskStep::List(path) => DiskInput::Names(files::list(&self.at(&path))?),
            DiskStep::Read { path, max } => files::read(&self.at(&path), max)?,
            DiskStep::Publish {
                path,
                bytes,
                durable,
            } => {
                if files::publish(&self.at(&path), bytes.expose(), durable)? {
                    DiskInput::Published
                } else {
                    DiskInput::Exists
                }
            }
            DiskStep::Remove(path) => {
                files::remove(&self.at(&path));
                DiskInput::Removed
            }
            DiskStep::Liveness(owner) => DiskInput::Liveness(liveness::of(&owner)),
        }))
    }
}

#[cfg(feature = "http")]
mod on_tokio {
    use super::FileStore;
    use crate::traits::{BoxFuture, Loaded, Locked, Store};
    use devicegrant_core::{Code, Error, Lease, Lock, LoginId, Rest, Revision, Save};

    /// File calls run off the loop: an fsync may take seconds.
    fn off<T: Send + 'static>(
        store: &FileStore,
        work: impl FnOnce(FileStore) -> Result<T, Error> + Send + 'static,
    ) -> BoxFuture<'static, Result<T, Error>> {
        let store = store.clone();
        Box::pin(async move {
            let done = tokio::task::spawn_blocking(move || work(store)).await;
            let ended = |_| Error::new(Code::StoreUnreadable, "the store was shut down meanwhile");
            done.map_err(ended)?
        })
    }

    impl Store for FileStore {
        fn load(&self, id: LoginId) -> BoxFuture<'_, Result<Loaded, Error>> {
            off(self, move |store| store.load(&id))
        }

        fn save(&self, save: Save) -> BoxFuture<'_, Result<Option<Revision>, Error>> {
            off(self, move |store| store.save(&save))
        }

        fn lock(&self, lock: Lock) -> BoxFuture<'_, Result<Locked, Error>> {
            off(self, move |store| store.lock(&lock))
        }

        fn unlock(&self, lease: Lease, rest: Option<Rest>) -> BoxFuture<'_, Result<(), Error>> {
            off(self, move |store| store.unlock(&lease, rest))
        }

        fn list(&self) -> BoxFuture<'_, Result<Vec<LoginId>, Error>> {
            off(self, |store| store.list())
        }

        fn describe(&self) -> String {
            self.folder.display().to_string()
        }
    }
}
