//! What must finish, finishes (DESIGN §4): an exchange whose caller gave up still rotates the
//! token at the server, so its save has to follow, in a task that the client owns.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use devicegrant_core::{Code, Error};
use tokio::sync::watch;
use tokio::task::AbortHandle;

/// A stretch ends by itself within 25 s; a little more for the disk.
const LONGEST: Duration = Duration::from_secs(30);

/// It must not be cut off now.
const RAISED: u8 = 1;
/// Nobody waits for it any more.
const GIVEN_UP: u8 = 2;

/// Whether a flow is where it must not be cut off: from the exchange to its save and unlock.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stretch(Arc<AtomicU8>);

impl Stretch {
    pub(crate) fn raise_if(&self, must_finish: bool) {
        if must_finish {
            self.0.fetch_or(RAISED, Ordering::SeqCst);
        }
    }

    pub(crate) fn lower_if(&self, over: bool) {
        if over {
            self.0.fetch_and(!RAISED, Ordering::SeqCst);
        }
    }

    /// Errors: `interrupted` where everybody left while it was raised, and it is no longer.
    pub(crate) fn end_if_given_up(&self) -> Result<(), Error> {
        match self.0.load(Ordering::SeqCst) {
            GIVEN_UP => Err(cut_off()),
            _ => Ok(()),
        }
    }

    /// True where it can be cut off at once.
    fn give_up(&self) -> bool {
        self.0.fetch_or(GIVEN_UP, Ordering::SeqCst) & RAISED == 0
    }
}

/// Ends the work when its last caller is gone, unless it must finish.
#[derive(Debug)]
pub(crate) struct Unless {
    stretch: Stretch,
    work: AbortHandle,
}

impl Unless {
    pub(crate) fn new(stretch: Stretch, work: AbortHandle) -> Self {
        Self { stretch, work }
    }
}

impl Drop for Unless {
    fn drop(&mut self) {
        if self.stretch.give_up() {
            self.work.abort();
        }
    }
}

/// How much work that must finish is still on its way.
#[derive(Clone, Debug)]
pub(crate) struct Outstanding(watch::Sender<usize>);

impl Default for Outstanding {
    fn default() -> Self {
        Self(watch::Sender::new(0))
    }
}

impl Outstanding {
    pub(crate) fn one(&self) -> One {
        self.0.send_modify(|n| *n += 1);
        One(self.0.clone())
    }

    /// Returns when nothing is on its way any more, or after half a minute.
    pub(crate) async fn settled(&self) {
        let mut count = self.0.subscribe();
        let _ = tokio::time::timeout(LONGEST, count.wait_for(|n| *n == 0)).await;
    }
}

/// One piece of work, until it is dropped.
#[derive(Debug)]
pub(crate) struct One(watch::Sender<usize>);

impl Drop for One {
    fn drop(&mut self) {
        self.0.send_modify(|n| *n = n.saturating_sub(1));
    }
}

/// Runs work in a task of its own. A caller who is dropped ends it, unless it must finish.
pub(crate) async fn run<T: Send + 'static>(
    outstanding: &Outstanding,
    stretch: Stretch,
    work: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> Result<T, Error> {
    let one = outstanding.one();
    let task = tokio::spawn(async move {
        let _one = one;
        work.await
    });
    let _unless = Unless::new(stretch, task.abort_handle());
    task.await.unwrap_or_else(|_| Err(cut_off()))
}

pub(crate) fn cut_off() -> Error {
    Error::new(
        Code::Interrupted,
        "nobody waited for the work any more, or the runtime ended before it did",
    )
}
