//! The system's keyring. A call runs in a thread of its own and is given up when its time is over:
//! a bus that never answers, or a locked keychain over SSH, must block neither a call nor the end
//! of the program.

#[cfg(all(feature = "keyring", any(target_os = "macos", windows)))]
#[path = "native.rs"]
mod system;
#[cfg(all(
    feature = "keyring",
    unix,
    not(any(target_os = "macos", target_os = "ios", target_os = "android"))
))]
#[path = "secret_service.rs"]
mod system;
#[cfg(not(all(
    feature = "keyring",
    any(windows, unix),
    not(any(target_os = "ios", target_os = "android"))
)))]
#[path = "none.rs"]
mod system;

use std::sync::mpsc;
use std::time::Duration;

use devicegrant_core::Secret;
use devicegrant_core::home::{Answer, SERVICE, Silence};

pub(super) fn recall(account: Box<str>, timeout_ms: u32) -> Answer {
    bounded(timeout_ms, move || {
        system::recall(SERVICE, &account).map(Answer::Text)
    })
}

pub(super) fn remember(account: Box<str>, text: Secret, timeout_ms: u32) -> Answer {
    bounded(timeout_ms, move || {
        system::remember(SERVICE, &account, &text).map(|()| Answer::Kept)
    })
}

fn bounded(
    timeout_ms: u32,
    work: impl FnOnce() -> Result<Answer, Silence> + Send + 'static,
) -> Answer {
    let (done, wait) = mpsc::channel();
    let thread = std::thread::Builder::new().name("keyring".to_owned());
    if thread.spawn(move || done.send(work())).is_err() {
        return Answer::Silent(Silence::Failed("cannot be asked: no thread".to_owned()));
    }
    match wait.recv_timeout(Duration::from_millis(timeout_ms.into())) {
        Ok(answer) => answer.unwrap_or_else(Answer::Silent),
        Err(mpsc::RecvTimeoutError::Timeout) => Answer::Silent(Silence::TimedOut),
        // The thread ended without a word: a panic in the system's library.
        Err(mpsc::RecvTimeoutError::Disconnected) => {
            Answer::Silent(Silence::Failed("failed while it was asked".to_owned()))
        }
    }
}
