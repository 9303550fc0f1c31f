//! The friendly face: one value that signs a person in and keeps their token fresh.

mod builder;
mod flight;
mod keep;
mod keys;
#[cfg(feature = "rmcp")]
mod outside;
mod paste;
mod several;
mod sign_in;

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use devicegrant_core::home::Opened;
use devicegrant_core::{
    Cached, Code, Error, Find, Found, Health, Key, Login, LoginId, Need, Options, Provider,
    Request, Response, Revoke, Revoked, Secret, Session, Survey, builtin_provider,
};

pub use builder::ClientBuilder;

use crate::clock;
use crate::driver::{Host, drive, drive_within};
use crate::stretch::{Outstanding, Stretch, run};
use crate::traits::Store;
use flight::Flight;
use keys::Keys;

/// Signs a person in at one place, as one client, and keeps the token fresh. Cheap to clone;
/// clones share what they know.
#[derive(Clone, Debug)]
pub struct Client {
    options: Arc<Options>,
    host: Host,
    own_provider: Option<Arc<str>>,
    keys: Arc<Keys>,
    memory: Arc<Memory>,
}

/// What a client knows without asking its store.
#[derive(Debug, Default)]
struct Memory {
    cached: RwLock<Option<Arc<Cached>>>,
    id: Mutex<Option<LoginId>>,
    /// Tokens that could not be written.
    unwritten: Mutex<Option<(Login, Error)>>,
    /// The last renewal that failed, and when.
    failure: Mutex<Option<(Error, u64)>>,
    flight: Flight,
    outstanding: Outstanding,
}

impl Client {
    /// Starts with an issuer's address, or a provider as `NAME` or `NAME/ARGUMENT`.
    pub fn to(target: impl Into<String>) -> ClientBuilder {
        Self::with(Options {
            target: Some(target.into()),
            ..Options::default()
        })
    }

    /// Starts with every option at once.
    pub fn with(options: Options) -> ClientBuilder {
        ClientBuilder::new(options)
    }

    /// The login that is kept for these options, as it is kept.
    ///
    /// Errors: `no_login`; `ambiguous_login` with the logins that fit; `login_ended`; those of the
    /// store and its key.
    pub async fn find(&self) -> Result<Login, Error> {
        let found = self.look().await?;
        found.open(&self.keys.key(false).await?)
    }

    /// The same without its tokens: no key is needed.
    pub async fn look(&self) -> Result<Found, Error> {
        drive(Find::login(&self.options)?, &self.host).await
    }

    /// As [`look`](Self::look), and finds also a login that the server has ended, where no other
    /// fits.
    pub async fn look_even_ended(&self) -> Result<Found, Error> {
        drive(Find::login_even_ended(&self.options)?, &self.host).await
    }

    /// Everything that the store keeps, in the clear part; a record that cannot be read is an
    /// error in its place.
    pub async fn all(&self) -> Result<Vec<(LoginId, Result<Found, Error>)>, Error> {
        drive(Survey::default(), &self.host).await
    }

    /// How the login is doing; no server is asked.
    pub async fn health(&self) -> Health {
        let login = self.find().await;
        let failure = locked(&self.memory.failure).clone();
        let failure = failure.as_ref().map(|(error, at)| (error, *at));
        Health::of(login.as_ref(), failure, clock::now())
    }

    /// Signs out: the tokens are revoked at the server (RFC 7009), and nothing is kept of them,
    /// whatever the server says.
    ///
    /// Errors: those of finding the login and of the store.
    pub async fn logout(&self) -> Result<Revoked, Error> {
        let found = match self.look_even_ended().await {
            Err(error) if error.code() == Code::NoLogin => return Ok(Revoked::Nothing),
            found => found?,
        };
        // A key that is gone must not keep anybody from signing out.
        let key = self.keys.key(false).await;
        let revoke = Revoke::new(found.id, key.clone().unwrap_or(Key::new([0; 32])));
        let outcome = drive(revoke, &self.host).await;
        self.forget();
        match (outcome?, key) {
            (Revoked::Failed(_), Err(error)) => Ok(Revoked::Failed(error)),
            (outcome, _) => Ok(outcome),
        }
    }

    fn forget(&self) {
        *self
            .memory
            .cached
            .write()
            .unwrap_or_else(PoisonError::into_inner) = None;
        *locked(&self.memory.id) = None;
        *locked(&self.memory.unwritten) = None;
        *locked(&self.memory.failure) = None;
    }

    /// Gets an address of an API with a token, as the API's own client would. Mostly for a first
    /// try: a program has an HTTP client of its own.
    ///
    /// Errors: `bad_option` for an address that is neither https nor this machine's; `unreachable`.
    pub async fn get(&self, url: &str, token: &Secret) -> Result<Response, Error> {
        let request = Request::get(url, token)?;
        let sent = self.host.transport.send(request).await;
        sent.map_err(|_| Error::new(Code::Unreachable, format!("{url} could not be reached")))
    }

    /// The start of the address that explains an error's code, where the options or the provider
    /// name one.
    pub fn help_base(&self) -> Option<String> {
        if let Some(base) = &self.options.help_base {
            return Some(base.clone());
        }
        let name = self.options.provider_name()?;
        let text = self
            .own_provider
            .as_deref()
            .or_else(|| builtin_provider(&name))?;
        Provider::parse(&name, text).ok()?.help_base
    }

    /// Where logins are kept.
    pub fn store(&self) -> &dyn Store {
        &*self.host.store
    }

    /// How the home's key was chosen; none for a store without a home, or where there is no home
    /// yet. With `create` the home is made, and its key chosen.
    ///
    /// Errors: `key_unreachable`, `key_wrong`, `home_unreadable`, and those of the files.
    pub async fn home_key(&self, create: bool) -> Result<Option<&Opened>, Error> {
        self.keys.opened(create).await
    }

    /// Waits until every exchange that is on its way has been kept, at most half a minute: to be
    /// called before the runtime ends, where calls were given up.
    pub async fn finish(&self) {
        self.memory.outstanding.settled().await;
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// 32 fresh random bytes.
pub(crate) fn entropy() -> Result<[u8; 32], Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|why| {
        Error::new(
            Code::NoEntropy,
            format!("the system gave no random bytes: {why}"),
        )
    })?;
    Ok(bytes)
}
