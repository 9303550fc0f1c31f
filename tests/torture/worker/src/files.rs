//! The store of files with a hook before each of its primitives: the machines of core, performed
//! by what performs them in the product.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

use devicegrant::disk::{
    Answer, DiskFlow, DiskInput, DiskStep, ListLogins, LoadLogin, LockLogin, SaveLogin, Seen,
    UnlockLogin,
};
use devicegrant::store::{FileStore, this_process};
use devicegrant::{
    BoxFuture, Error, Home, Lease, Loaded, Lock, Locked, LoginId, Rest, Revision, Save, Store,
};

use crate::clock;
use crate::hook::Hook;

pub(crate) struct Files {
    disk: FileStore,
    seen: Mutex<Seen>,
    hook: Arc<Hook>,
}

impl Files {
    pub(crate) fn new(home: &Home, hook: &Arc<Hook>) -> Self {
        Self {
            disk: FileStore::new(home),
            seen: Mutex::default(),
            hook: Arc::clone(hook),
        }
    }

    fn run<F: DiskFlow>(&self, method: &str, mut machine: F) -> Result<F::Output, Error> {
        let mut input = DiskInput::Go;
        loop {
            let step = machine.step(clock::now(), input)?;
            if let Some(name) = name(&step) {
                self.hook.before(&format!("{method}: {name}"));
            }
            input = match self.disk.perform(step)? {
                ControlFlow::Continue(input) => input,
                ControlFlow::Break(output) => return Ok(output),
            };
        }
    }

    fn take(&self, lock: Lock) -> Result<Locked, Error> {
        let id = lock.id.clone();
        let seen = || self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let machine = LockLogin::new(lock, this_process(), &seen());
        let attempt = self.run("lock", machine)?;
        seen().learn(&id, attempt.sight);
        Ok(match attempt.answer {
            Answer::Yes(lease) => Locked::Yes(lease),
            Answer::Busy { since } => Locked::Busy { since },
            Answer::Resting(rest) => Locked::Resting(rest),
        })
    }
}

/// A step's name for people: what it does, and to a revision (`r`) or a claim (`l`).
fn name<T>(step: &DiskStep<T>) -> Option<String> {
    let kind = |path: &str| {
        let name = path.rsplit('/').next().unwrap_or_default();
        name.chars().take(1).collect::<String>()
    };
    Some(match step {
        DiskStep::Done(_) => return None,
        DiskStep::MakeDir(_) => "make folder".to_owned(),
        DiskStep::List(_) => "list".to_owned(),
        DiskStep::Read { path, .. } => format!("read {}", kind(path)),
        DiskStep::Publish { path, .. } => format!("publish {}", kind(path)),
        DiskStep::Remove(path) => format!("remove {}", kind(path)),
        DiskStep::Liveness(_) => "liveness".to_owned(),
    })
}

impl Store for Files {
    fn load(&self, id: LoginId) -> BoxFuture<'_, Result<Loaded, Error>> {
        Box::pin(async {
            let found = self.run("load", LoadLogin::new(id))?;
            Ok(Loaded {
                bytes: found.bytes,
                revision: found.revision,
            })
        })
    }

    fn save(&self, save: Save) -> BoxFuture<'_, Result<Option<Revision>, Error>> {
        Box::pin(async { self.run("save", SaveLogin::new(save)?) })
    }

    fn lock(&self, lock: Lock) -> BoxFuture<'_, Result<Locked, Error>> {
        Box::pin(async { self.take(lock) })
    }

    fn unlock(&self, lease: Lease, rest: Option<Rest>) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async move { self.run("unlock", UnlockLogin::new(&lease, rest)?) })
    }

    fn list(&self) -> BoxFuture<'_, Result<Vec<LoginId>, Error>> {
        Box::pin(async { self.run("list", ListLogins::default()) })
    }

    fn describe(&self) -> String {
        self.disk.folder().display().to_string()
    }
}
