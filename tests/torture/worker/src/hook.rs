//! Counts the steps of this process, and ends or stops it before one of them.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::clock;

/// Longer than a lease: so long the clocks of a process have gone on when it is continued.
pub(crate) const STOPPED_MS: u64 = 46_000;

/// What happens before the chosen step.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Act {
    /// As by a crash: SIGKILL.
    Kill,
    /// As by a debugger, a suspended machine, a starved container: SIGSTOP until SIGCONT.
    Stop,
}

#[derive(Debug)]
pub(crate) struct Hook {
    act: Option<(usize, Act)>,
    steps: Mutex<Vec<String>>,
    sent: AtomicUsize,
}

impl Hook {
    pub(crate) fn new(act: Option<(usize, Act)>) -> Self {
        Self {
            act,
            steps: Mutex::default(),
            sent: AtomicUsize::new(0),
        }
    }

    /// Whether steps are looked at one by one.
    pub(crate) fn is_set(&self) -> bool {
        self.act.is_some()
    }

    pub(crate) fn steps(&self) -> Vec<String> {
        let steps = self.steps.lock();
        steps.unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn sent(&self) -> usize {
        self.sent.load(Ordering::SeqCst)
    }

    pub(crate) fn sends(&self) {
        self.sent.fetch_add(1, Ordering::SeqCst);
    }

    /// To be called before each step; the first is 1.
    pub(crate) fn before(&self, step: &str) {
        let mut steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        steps.push(step.to_owned());
        let count = steps.len();
        drop(steps);
        match self.act {
            Some((at, act)) if at == count => self::act(act),
            _ => {}
        }
    }
}

#[cfg(unix)]
fn act(act: Act) {
    use rustix::process::{Signal, getpid, kill_process};
    let signal = match act {
        Act::Kill => Signal::KILL,
        Act::Stop => Signal::STOP,
    };
    // Nobody may keep a process from signalling itself.
    let _ = kill_process(getpid(), signal);
    clock::jump(STOPPED_MS);
}

#[cfg(not(unix))]
fn act(act: Act) {
    if let Act::Kill = act {
        std::process::abort();
    }
    clock::jump(STOPPED_MS);
}
