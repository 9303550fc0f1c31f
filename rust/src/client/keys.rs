//! The key of a client's store, had once and then kept in memory.

use devicegrant_core::home::Opened;
use devicegrant_core::{Code, Error, Key};
use tokio::sync::OnceCell;

use crate::home_folder::Home;
use crate::key::{self, Source, Wish};

/// Where a client's key comes from.
#[derive(Debug)]
pub(super) enum Keys {
    /// The caller gave it.
    Given(Key),
    /// A home chooses it once, by this wish where it is new.
    Home {
        home: Home,
        wish: Option<Source>,
        unattended: bool,
        opened: OnceCell<Opened>,
    },
    /// The store has no home: a variable has to name it.
    Variables(OnceCell<Key>),
}

impl Keys {
    /// The key; with `create` a home that is not there yet is made.
    pub(super) async fn key(&self, create: bool) -> Result<Key, Error> {
        match self {
            Self::Given(key) => Ok(key.clone()),
            Self::Home { .. } => {
                let opened = self.opened(create).await?;
                opened.map(|opened| opened.key.clone()).ok_or_else(|| {
                    let message =
                        "logins are kept here and home.json, which names their key, is gone";
                    Error::new(Code::HomeUnreadable, message)
                })
            }
            Self::Variables(cell) => {
                let key = cell.get_or_try_init(|| off(key::from_variables)).await?;
                Ok(key.clone())
            }
        }
    }

    /// The home as it was opened; none where there is no home, or none yet.
    pub(super) async fn opened(&self, create: bool) -> Result<Option<&Opened>, Error> {
        let Self::Home {
            home,
            wish,
            unattended,
            opened,
        } = self
        else {
            return Ok(None);
        };
        if let Some(opened) = opened.get() {
            return Ok(Some(opened));
        }
        let home = home.clone();
        let wish = Wish {
            source: *wish,
            create,
            unattended: *unattended,
            ..Wish::default()
        };
        match off(move || key::open_as(&home, wish)).await? {
            Some(found) => Ok(Some(opened.get_or_init(|| async { found }).await)),
            None => Ok(None),
        }
    }
}

/// Keyrings, commands and files run off the loop.
async fn off<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_| Err(crate::stretch::cut_off()))
}
