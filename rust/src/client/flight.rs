//! Single flight: a thousand callers, one exchange, and all of them get its result.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use devicegrant_core::{Cached, Error, Need};
use tokio::sync::watch;

use crate::stretch::{Outstanding, Stretch, Unless, cut_off};

type Outcome = Result<Arc<Cached>, Error>;

/// The renewal that is on its way, if any.
#[derive(Debug, Default)]
pub(super) struct Flight(Mutex<Option<Running>>);

/// How a caller came by a renewal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seat {
    Own,
    Joined,
    /// Begun for another demand: why it failed is nothing to whoever joined.
    Anothers,
}

/// Every caller holds the same [`Unless`]: the last one to go ends the work, unless it must finish.
#[derive(Debug)]
struct Running {
    need: Need,
    done: watch::Receiver<Option<Outcome>>,
    callers: std::sync::Weak<Unless>,
}

impl Flight {
    /// Joins the renewal that is on its way, or starts one for `need`.
    pub(super) async fn join<F>(
        &self,
        outstanding: &Outstanding,
        need: &Need,
        start: impl FnOnce(Stretch) -> F,
    ) -> (Seat, Outcome)
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        let (seat, mut done, caller) = self.enter(outstanding, need, start);
        let outcome = done.wait_for(Option::is_some).await;
        let outcome = outcome.ok().and_then(|outcome| outcome.clone());
        drop(caller);
        (seat, outcome.unwrap_or_else(|| Err(cut_off())))
    }

    fn enter<F>(
        &self,
        outstanding: &Outstanding,
        need: &Need,
        start: impl FnOnce(Stretch) -> F,
    ) -> (Seat, watch::Receiver<Option<Outcome>>, Option<Arc<Unless>>)
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(on_its_way) = running.as_ref()
            && on_its_way.done.borrow().is_none()
            && on_its_way.done.has_changed().is_ok()
        {
            // Its callers may all have given up; a stretch that must finish goes on without any.
            let caller = on_its_way.callers.upgrade();
            let seat = if on_its_way.need.demands_as(need) {
                Seat::Joined
            } else {
                Seat::Anothers
            };
            return (seat, on_its_way.done.clone(), caller);
        }
        let stretch = Stretch::default();
        let work = start(stretch.clone());
        let (tell, done) = watch::channel(None);
        let one = outstanding.one();
        let task = tokio::spawn(async move {
            let _one = one;
            let outcome = work.await;
            tell.send_replace(Some(outcome));
        });
        let caller = Arc::new(Unless::new(stretch, task.abort_handle()));
        *running = Some(Running {
            need: need.clone(),
            done: done.clone(),
            callers: Arc::downgrade(&caller),
        });
        (Seat::Own, done, Some(caller))
    }
}
