//! What a [`Client`] is made of; everything has a default.

use std::path::PathBuf;
use std::sync::Arc;

use devicegrant_core::{Error, Key, Options, Secret};
use tokio::sync::OnceCell;

use super::keys::Keys;
use super::{Client, Memory, entropy};
use crate::driver::Host;
use crate::home_folder::Home;
use crate::http::Http;
use crate::key::Source;
use crate::store::{FileStore, MemoryStore};
use crate::terminal::Terminal;
use crate::traits::{Observer, Prompter, Store, Transport};

/// What a [`Client`] is made of; everything has a default.
#[must_use]
#[derive(Default)]
pub struct ClientBuilder {
    options: Options,
    home: Option<PathBuf>,
    key_source: Option<Source>,
    unattended: bool,
    key: Option<Key>,
    roots: Vec<u8>,
    transport: Option<Arc<dyn Transport>>,
    store: Option<Arc<dyn Store>>,
    in_memory: bool,
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
    pub(super) fn new(options: Options) -> Self {
        Self {
            options,
            ..Self::default()
        }
    }

    /// The address of a protected resource such as an MCP server, in place of a target: no issuer
    /// is looked for there.
    pub fn server(mut self, address: impl Into<String>) -> Self {
        self.options.target = None;
        self.options.server = Some(address.into());
        self
    }

    /// Where the client's own metadata is published, for servers that take its address as the
    /// client identifier.
    pub fn client_metadata(mut self, address: impl Into<String>) -> Self {
        self.options.client_metadata = Some(address.into());
        self
    }

    /// The client identifier. Without one the client is registered, where the server allows that.
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

    /// The `sub` of the account that has to approve. Somebody else's approval is the error
    /// `wrong_account`, and nothing is kept of it.
    pub fn expected_sub(mut self, sub: impl Into<String>) -> Self {
        self.options.expected_sub = Some(sub.into());
        self
    }

    /// The same by what a person knows: a verified `email`, a `preferred_username`, or the `sub`.
    /// A program that serves several people expects the `sub`: nothing else is sure to be one
    /// person's only (OpenID Connect Core §5.7).
    pub fn expected_account(mut self, account: impl Into<String>) -> Self {
        self.options.expected_account = Some(account.into());
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

    /// Where a home that is new keeps its key; one that is there has chosen.
    pub fn key_source(mut self, source: Source) -> Self {
        self.key_source = Some(source);
        self
    }

    /// For a program that has no desktop session, such as a service: a home whose key only a
    /// session can reach is refused (`key_needs_session`), and a new one takes no such key.
    pub fn unattended(mut self) -> Self {
        self.unattended = true;
        self
    }

    /// The key of the store, in place of any source.
    pub fn key(mut self, key: Key) -> Self {
        self.key = Some(key);
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

    /// Keeps logins in place of files. They are sealed before they get there: give a
    /// [`key`](Self::key) too, or set `DEVICEGRANT_KEY` or `DEVICEGRANT_KEY_COMMAND`.
    pub fn store(mut self, store: Arc<dyn Store>) -> Self {
        self.store = Some(store);
        self
    }

    /// Keeps the login in this process alone; it is gone with it.
    pub fn in_memory(mut self) -> Self {
        self.in_memory = true;
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
        let (store, keys): (Arc<dyn Store>, Keys) = match (self.store, self.in_memory) {
            (Some(store), _) => (store, Keys::Variables(OnceCell::new())),
            (None, true) => (
                Arc::new(MemoryStore::default()),
                Keys::Given(Key::new(entropy()?)),
            ),
            (None, false) => (
                Arc::new(FileStore::new(&home)),
                Keys::Home {
                    home,
                    wish: self.key_source,
                    unattended: self.unattended,
                    opened: OnceCell::new(),
                },
            ),
        };
        Ok(Client {
            options: Arc::new(self.options),
            own_provider,
            keys: Arc::new(self.key.map_or(keys, Keys::Given)),
            memory: Arc::new(Memory::default()),
            host: Host {
                transport,
                store,
                prompter: self.prompter.or_else(terminal),
                observer: self.observer,
            },
        })
    }
}
