//! What a caller may bring of their own: how requests are sent, where logins are kept, how a
//! person is asked, who listens.

use std::future::Future;
use std::pin::Pin;

use devicegrant_core::{
    Code, Error, Event, Lease, Lock, LoginId, PastePrompt, Prompt, Reason, Request, Response, Rest,
    Revision, Save, Secret, SecretBytes,
};

/// What an async method of a trait object returns.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Sends one request.
pub trait Transport: Send + Sync {
    /// Sends it as it is: follows no redirect, ends within `timeout_ms`, reads at most one byte
    /// more than `max_body`. Where there is no whole answer it says why.
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, Reason>>;
}

/// A login as it stands in a store: none and 0 where nothing was ever written.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The record; none where there is none, or it was signed out.
    pub bytes: Option<SecretBytes>,
    /// What a save has to expect.
    pub revision: Revision,
}

/// The answer to [`Store::lock`].
#[derive(Debug)]
pub enum Locked {
    /// The lease is ours.
    Yes(Lease),
    /// It is somebody else's, since that moment of the steady clock (milliseconds).
    Busy {
        /// On the clock of [`devicegrant_core::Now::steady_ms`].
        since: u64,
    },
    /// Nobody has it, and nobody should take it yet. A store that keeps no rests never says so.
    Resting(Rest),
}

/// Keeps logins. No method waits for another process. Errors are those of the class `StoreError`.
pub trait Store: Send + Sync {
    /// Reads a login.
    fn load(&self, id: LoginId) -> BoxFuture<'_, Result<Loaded, Error>>;
    /// Writes a login if its revision still is the expected one; none: it was not.
    fn save(&self, save: Save) -> BoxFuture<'_, Result<Option<Revision>, Error>>;
    /// Takes the lease on a login for at most `ttl_ms` milliseconds.
    fn lock(&self, lock: Lock) -> BoxFuture<'_, Result<Locked, Error>>;
    /// Gives the lease back; one that has run out is no error. A store that can keeps the rest for
    /// whoever wants the lease next.
    fn unlock(&self, lease: Lease, rest: Option<Rest>) -> BoxFuture<'_, Result<(), Error>>;
    /// Every login there is. A store that cannot list has none to tell.
    fn list(&self) -> BoxFuture<'_, Result<Vec<LoginId>, Error>> {
        Box::pin(async { Ok(Vec::new()) })
    }
    /// Where it keeps them, for a person.
    fn describe(&self) -> String;
}

/// Shows a prompt to a person.
pub trait Prompter: Send + Sync {
    /// Shows it and returns at once; the sign-in waits, not the prompt. An error ends the sign-in.
    fn show(&self, prompt: Prompt) -> BoxFuture<'_, Result<(), Error>>;
    /// Shows it and returns one line of the person's; none where there is nothing more to be read.
    /// Dropped when the time is over. An error ends the sign-in.
    ///
    /// Only a sign-in by a pasted address asks; whoever does not offer one need not answer.
    fn ask(&self, _prompt: PastePrompt) -> BoxFuture<'_, Result<Option<Secret>, Error>> {
        let message = "this prompt only shows, and takes no address";
        Box::pin(async move { Err(Error::new(Code::NoPrompt, message)) })
    }
}

/// Listens to what happens. No event holds a secret.
pub trait Observer: Send + Sync {
    /// Must return at once.
    fn event(&self, event: &Event);
}
