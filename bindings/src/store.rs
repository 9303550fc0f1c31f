//! The home of a machine's logins, its key, and the stores.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use devicegrant as dg;
use devicegrant::{Code, Lock, LoginId, Save, SecretBytes, Store as _};

use crate::Fallible;
use crate::error::Failure;
use crate::options::Key;

/// Why a renewal that failed is not tried again at once.
#[derive(Clone, Debug, uniffi::Record)]
pub struct Rest {
    pub until_ms: u64,
    pub code: String,
}

impl From<dg::Rest> for Rest {
    fn from(rest: dg::Rest) -> Self {
        Self {
            until_ms: rest.until_ms,
            code: rest.code.as_str().to_owned(),
        }
    }
}

impl TryFrom<Rest> for dg::Rest {
    type Error = Arc<Failure>;

    fn try_from(rest: Rest) -> Fallible<Self> {
        let code = Code::from_name(&rest.code);
        let code = code.ok_or_else(|| Failure::bad("a rest has a code of the catalog"))?;
        Ok(Self {
            until_ms: rest.until_ms,
            code,
        })
    }
}

/// A login as it stands in a store.
#[derive(Debug, uniffi::Record)]
pub struct Loaded {
    pub bytes: Option<Vec<u8>>,
    pub revision: u64,
}

/// The answer to a wish for the lease.
#[derive(Debug, uniffi::Enum)]
pub enum Locked {
    Yes { lease: String },
    Busy { since: u64 },
    Resting { rest: Rest },
}

impl From<dg::Locked> for Locked {
    fn from(locked: dg::Locked) -> Self {
        match locked {
            dg::Locked::Yes(lease) => Self::Yes {
                lease: lease.0.into(),
            },
            dg::Locked::Busy { since } => Self::Busy { since },
            dg::Locked::Resting(rest) => Self::Resting { rest: rest.into() },
        }
    }
}

/// A home that is open.
#[derive(Debug, uniffi::Record)]
pub struct Opened {
    pub key: Arc<Key>,
    pub home_id: String,
    pub source: String,
    pub key_id: String,
    pub created: bool,
    pub protects: String,
}

/// The folder that holds logins and the user's own providers.
#[derive(Debug, uniffi::Object)]
pub struct Home(dg::Home);

#[uniffi::export]
impl Home {
    /// The folder that is given, else `DEVICEGRANT_HOME`, else the platform's.
    #[uniffi::constructor]
    pub fn new(given: Option<String>) -> Fallible<Arc<Self>> {
        let home = dg::Home::find(given.map(Into::into)).map_err(Failure)?;
        Ok(Arc::new(Self(home)))
    }

    pub fn path(&self) -> String {
        self.0.path().display().to_string()
    }

    /// The user's own `NAME.json`.
    pub fn provider(&self, name: String) -> Fallible<Option<String>> {
        Ok(self.0.provider(&name).map_err(Failure)?)
    }

    /// Opens the home; with `create` one that is not there is made. With `unattended` its key must
    /// be one that a service can have. Blocks for some seconds where a keyring or a command does.
    pub fn open(
        &self,
        source: Option<String>,
        create: bool,
        unattended: bool,
    ) -> Fallible<Option<Opened>> {
        let source = source
            .map(|word| word.parse())
            .transpose()
            .map_err(Failure)?;
        let wish = dg::home::Wish {
            source,
            create,
            unattended,
            home: self.path(),
        };
        let opened = dg::key::open_as(&self.0, wish).map_err(Failure)?;
        Ok(opened.map(|opened| Opened {
            protects: opened.protects().to_owned(),
            key: Arc::new(Key(opened.key)),
            home_id: opened.home_id,
            source: opened.source.as_str().to_owned(),
            key_id: opened.key_id,
            created: opened.created,
        }))
    }
}

#[uniffi::export]
impl Home {
    /// The source that the home's key was chosen to come from, be it silent now.
    pub fn chosen(&self) -> Fallible<Option<String>> {
        let source = dg::key::chosen(&self.0).map_err(Failure)?;
        Ok(source.map(|source| source.as_str().to_owned()))
    }
}

/// Logins in files, for any number of processes. Its methods block as files do.
#[derive(Debug, uniffi::Object)]
pub struct FileStore(dg::store::FileStore);

/// Logins in this process alone.
#[derive(Debug, uniffi::Object)]
pub struct MemoryStore(dg::store::MemoryStore);

#[uniffi::export]
impl FileStore {
    #[uniffi::constructor]
    pub fn new(home: Arc<Home>) -> Arc<Self> {
        Arc::new(Self(dg::store::FileStore::new(&home.0)))
    }

    /// Where they are, for a person.
    pub fn describe(&self) -> String {
        self.0.folder().display().to_string()
    }
}

#[uniffi::export]
impl MemoryStore {
    #[uniffi::constructor]
    pub fn new() -> Arc<Self> {
        Arc::new(Self(dg::store::MemoryStore::default()))
    }

    /// Where they are, for a person.
    pub fn describe(&self) -> String {
        self.0.describe()
    }
}

trait Answer<T> {
    fn now(self) -> Result<T, dg::Error>;
}

impl<T> Answer<T> for Result<T, dg::Error> {
    fn now(self) -> Self {
        self
    }
}

/// A store in memory has its answer at once.
impl<T> Answer<T> for Pin<Box<dyn Future<Output = Result<T, dg::Error>> + Send + '_>> {
    fn now(mut self) -> Result<T, dg::Error> {
        match self.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(answer) => answer,
            Poll::Pending => Err(dg::Error::new(Code::OutOfTurn, "a store in memory waits")),
        }
    }
}

macro_rules! store {
    ($store:ident, |$value:ident| $lend:expr) => {
        #[uniffi::export]
        impl $store {
            pub fn load(&self, id: String) -> Fallible<Loaded> {
                let $value = LoginId(id.into());
                let loaded = self.0.load($lend).now().map_err(Failure)?;
                Ok(Loaded {
                    bytes: loaded.bytes.map(|bytes| bytes.expose().to_vec()),
                    revision: loaded.revision,
                })
            }

            /// None where the revision was not the expected one.
            pub fn save(
                &self,
                id: String,
                bytes: Option<Vec<u8>>,
                expected: u64,
            ) -> Fallible<Option<u64>> {
                let (id, bytes) = (LoginId(id.into()), bytes.map(SecretBytes::new));
                let $value = Save {
                    id,
                    bytes,
                    expected,
                };
                Ok(self.0.save($lend).now().map_err(Failure)?)
            }

            pub fn lock(&self, id: String, ttl_ms: u32, force: bool) -> Fallible<Locked> {
                let id = LoginId(id.into());
                let $value = Lock { id, ttl_ms, force };
                Ok(self.0.lock($lend).now().map_err(Failure)?.into())
            }

            pub fn unlock(&self, lease: String, rest: Option<Rest>) -> Fallible<()> {
                let rest = rest.map(TryInto::try_into).transpose()?;
                let $value = dg::Lease(lease.into());
                Ok(self.0.unlock($lend, rest).now().map_err(Failure)?)
            }

            pub fn list(&self) -> Fallible<Vec<String>> {
                let ids = self.0.list().now().map_err(Failure)?;
                Ok(ids.iter().map(ToString::to_string).collect())
            }
        }
    };
}

store!(FileStore, |value| &value);
store!(MemoryStore, |value| value);
