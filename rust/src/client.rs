//! The friendly face: one value that signs a person in and finds their token again.

use std::path::PathBuf;
use std::sync::Arc;

use devicegrant_core::{
    Code, DeviceGrant, Discover, Error, Find, Grant, Keep, Login, Options, Pending, Provider,
    Record, Request, Response, Secret, SignIn, Tokens, builtin_provider,
};

use crate::clock;
use crate::driver::{Host, drive};
use crate::home::Home;
use crate::http::Http;
use crate::store::FileStore;
use crate::terminal::Terminal;
use crate::traits::{Observer, Prompter, Store, Transport};

/// Signs a person in at one place, as one client. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Client {
    options: Arc<Options>,
    host: Host,
    own_provider: Option<Arc<str>>,
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
        ClientBuilder {
            options,
            ..ClientBuilder::default()
        }
    }

    /// Signs a person in, keeps the login, and returns its tokens (RFC 8628).
    ///
    /// Errors: every class. Without a prompter of one's own and without a terminal on stderr
    /// `no_prompt`, before anything is asked of the server.
    pub async fn login(&self) -> Result<Tokens, Error> {
        Ok(self.sign_in().await?.record.tokens)
    }

    /// As [`login`](Self::login), and returns all that is kept.
    pub async fn sign_in(&self) -> Result<Login, Error> {
        if self.host.prompter.is_none() {
            let message = "there is neither a prompt nor a terminal to ask a person through";
            return Err(Error::new(Code::NoPrompt, message));
        }
        let grant = self.discover().await?;
        let machine = DeviceGrant::login(Arc::clone(&grant), entropy()?);
        match drive(machine, &self.host).await? {
            SignIn::Tokens(tokens) => self.keep(grant, *tokens).await,
            // A login machine has no other end; a caller could poll on.
            SignIn::Pending(_) => Err(Error::new(Code::OutOfTurn, "the sign-in did not end")),
        }
    }

    /// Asks for a code and returns at once: a login that can be kept, sealed, and polled anywhere.
    pub async fn begin(&self) -> Result<Pending, Error> {
        let grant = self.discover().await?;
        match drive(DeviceGrant::begin(grant, entropy()?), &self.host).await? {
            SignIn::Pending(pending) => Ok(*pending),
            SignIn::Tokens(_) => Err(Error::new(Code::OutOfTurn, "the sign-in did not begin")),
        }
    }

    /// Polls once; before its time it sends nothing. Tokens are kept before they are returned.
    pub async fn poll(&self, pending: Pending) -> Result<SignIn, Error> {
        let grant = Arc::clone(pending.grant());
        match drive(DeviceGrant::poll(pending), &self.host).await? {
            SignIn::Tokens(tokens) => {
                let login = self.keep(grant, *tokens).await?;
                Ok(SignIn::Tokens(Box::new(login.record.tokens)))
            }
            pending @ SignIn::Pending(_) => Ok(pending),
        }
    }

    /// The login that is kept for these options.
    ///
    /// Errors: `no_login`; `ambiguous_login` with the logins that fit.
    pub async fn find(&self) -> Result<Login, Error> {
        drive(Find::new(&self.options)?, &self.host).await
    }

    /// The access token that is kept, ready to stand behind `Bearer`. Never asks a person.
    ///
    /// Errors: as [`find`](Self::find), and `token_expired`.
    pub async fn token(&self) -> Result<Secret, Error> {
        let tokens = self.find().await?.record.tokens;
        if tokens
            .expires_at_ms
            .is_some_and(|at| at <= clock::now().wall_ms)
        {
            return Err(Error::new(
                Code::TokenExpired,
                "the access token has expired",
            ));
        }
        Ok(tokens.access_token)
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

    /// The start of the address that explains an error's code, where the provider has one.
    pub fn help_base(&self) -> Option<String> {
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

    async fn discover(&self) -> Result<Arc<Grant>, Error> {
        let machine = Discover::new((*self.options).clone(), self.own_provider.as_deref())?;
        drive(machine, &self.host).await
    }

    async fn keep(&self, grant: Arc<Grant>, tokens: Tokens) -> Result<Login, Error> {
        let record = Record::new(&self.options, grant, tokens)?;
        drive(Keep::new(&self.options, record)?, &self.host).await
    }
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

/// What a [`Client`] is made of; everything has a default.
#[must_use]
#[derive(Default)]
pub struct ClientBuilder {
    options: Options,
    home: Option<PathBuf>,
    roots: Vec<u8>,
    transport: Option<Arc<dyn Transport>>,
    store: Option<Arc<dyn Store>>,
    prompter: Option<Arc<dyn Prompter>>,
    observer: Option<Arc<dyn Observer>>,
}

impl std::fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("ClientBuilder");
        shown
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl ClientBuilder {
    /// The client identifier.
    pub fn client_id(mut self, id: impl Into<String>) -> Self {
        self.options.client_id = Some(id.into());
        self
    }

    /// The client secret, for a confidential client.
    pub fn client_secret(mut self, secret: Secret) -> Self {
        self.options.client_secret = Some(secret);
        self
    }

    /// One more scope to ask for.
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.options.scopes.push(scope.into());
        self
    }

    /// A name for the login.
    pub fn profile(mut self, name: impl Into<String>) -> Self {
        self.options.profile = Some(name.into());
        self
    }

    /// The folder for logins and providers, before `DEVICEGRANT_HOME` and the platform's.
    pub fn home(mut self, folder: impl Into<PathBuf>) -> Self {
        self.home = Some(folder.into());
        self
    }

    /// More root certificates to trust, in PEM.
    pub fn roots(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.roots = pem.into();
        self
    }

    /// Sends requests in place of reqwest.
    pub fn transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.transport = Some(transport);
        self
    }

    /// Keeps logins in place of files.
    pub fn store(mut self, store: Arc<dyn Store>) -> Self {
        self.store = Some(store);
        self
    }

    /// Asks the person in place of the terminal.
    pub fn prompter(mut self, prompter: Arc<dyn Prompter>) -> Self {
        self.prompter = Some(prompter);
        self
    }

    /// Listens to what happens.
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// Puts it together; nothing is asked of any server yet.
    ///
    /// Errors: `bad_option` for roots that are none, `malformed_provider` for the user's own
    /// provider file, `store_unreadable` where no folder can be found.
    pub fn build(self) -> Result<Client, Error> {
        let home = Home::find(self.home)?;
        let own_provider = match self.options.provider_name() {
            Some(name) => home.provider(&name)?.map(Arc::from),
            None => None,
        };
        let terminal = || Terminal::is_there().then(|| Arc::new(Terminal) as Arc<dyn Prompter>);
        let transport = match self.transport {
            Some(transport) => transport,
            None => Arc::new(Http::new(&self.roots)?),
        };
        let store = self
            .store
            .unwrap_or_else(|| Arc::new(FileStore::new(&home)));
        Ok(Client {
            options: Arc::new(self.options),
            own_provider,
            host: Host {
                transport,
                store,
                prompter: self.prompter.or_else(terminal),
                observer: self.observer,
            },
        })
    }
}
