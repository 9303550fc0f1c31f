//! What all handlers share.

use std::{
    collections::{BTreeMap, VecDeque},
    io,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::mpsc;

use super::{
    code,
    event::{By, Event},
    fault::{On, Trouble},
    grants::Grants,
    html,
    script::Script,
    tokens::Tokens,
};

/// Events that may wait for their reader.
const BACKLOG: usize = 1024;
/// RFC 8628 §5.2: so many wrong codes, in such a time, and then a pause. With
/// 34.5 bits a guesser then needs years, for codes that live minutes.
const MAX_GUESSES: usize = 10;
const GUESS_WINDOW: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(super) struct App {
    pub(super) issuer: String,
    pub(super) script: Script,
    /// The cookie's name: browsers share cookies between ports.
    pub(super) cookie: String,
    /// From which the CSRF tokens are made.
    pub(super) page_key: String,
    pub(super) policy: String,
    state: Mutex<State>,
    watcher: Mutex<Option<mpsc::Sender<Event>>>,
}

/// What changes.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) grants: Grants,
    pub(super) tokens: Tokens,
    /// Names of registered clients, by id.
    pub(super) clients: BTreeMap<String, String>,
    pub(super) guesses: Guesses,
    counts: BTreeMap<On, u32>,
}

/// The wrong codes that were entered lately, whoever entered them: on a
/// loopback server there is no telling people apart.
#[derive(Debug, Default)]
pub(super) struct Guesses(VecDeque<Instant>);

impl App {
    pub(super) fn new(issuer: String, port: u16, script: Script) -> io::Result<Self> {
        Ok(Self {
            issuer,
            script,
            cookie: format!("devicegrant_demo_{port}"),
            page_key: code::secret().map_err(io::Error::other)?,
            policy: html::policy(),
            state: Mutex::default(),
            watcher: Mutex::default(),
        })
    }

    /// The state. A panic elsewhere leaves it whole: no change spans a call
    /// that can panic.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn emit(&self, event: Event) {
        let watcher = self.watcher.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = watcher.as_ref() {
            // A full or abandoned channel is its reader's loss.
            let _ = sender.try_send(event);
        }
    }

    pub(super) fn watch(&self) -> mpsc::Receiver<Event> {
        let (sender, receiver) = mpsc::channel(BACKLOG);
        *self.watcher.lock().unwrap_or_else(PoisonError::into_inner) = Some(sender);
        receiver
    }

    /// Counts a request of this kind. Gives what the script has in store for it.
    pub(super) fn strike(&self, on: On) -> Option<Trouble> {
        let number = {
            let mut state = self.state();
            let count = state.counts.entry(on).or_default();
            *count = count.saturating_add(1);
            *count
        };
        let trouble = self.script.trouble(on, number).cloned()?;
        self.emit(Event::Faulted {
            on,
            number,
            with: trouble.clone(),
        });
        Some(trouble)
    }

    /// A decision about a waiting code, as it was typed. False if none waits.
    pub(super) fn decide(&self, typed: &str, approve: bool, by: By) -> bool {
        let Some(user_code) = code::normalise(typed) else {
            return false;
        };
        let done = self
            .state()
            .grants
            .decide(&user_code, approve, Instant::now());
        if done {
            self.emit(Event::decided(by, user_code, approve));
        }
        done
    }
}

impl Guesses {
    /// How long nobody may try another code, if at all.
    pub(super) fn pause(&mut self, now: Instant) -> Option<Duration> {
        while self
            .0
            .front()
            .is_some_and(|&at| now.duration_since(at) >= GUESS_WINDOW)
        {
            self.0.pop_front();
        }
        let oldest = *self.0.front()?;
        (self.0.len() >= MAX_GUESSES)
            .then(|| GUESS_WINDOW.saturating_sub(now.duration_since(oldest)))
    }

    pub(super) fn wrong(&mut self, now: Instant) {
        self.0.push_back(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guesses_pause_and_resume() {
        let start = Instant::now();
        let at = |s: u64| start + Duration::from_secs(s);
        let mut guesses = Guesses::default();
        for s in 0..10 {
            assert_eq!(guesses.pause(at(s)), None);
            guesses.wrong(at(s));
        }
        assert_eq!(guesses.pause(at(10)), Some(Duration::from_secs(50)));
        assert_eq!(guesses.pause(at(59)), Some(Duration::from_secs(1)));
        assert_eq!(guesses.pause(at(60)), None, "the first is a minute ago");
        guesses.wrong(at(60));
        assert_eq!(guesses.pause(at(60)), Some(Duration::from_secs(1)));
    }
}
