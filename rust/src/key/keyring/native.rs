//! The keychain of macOS and the credentials of Windows, as keyring-rs names their entries.

use std::sync::Arc;

use devicegrant_core::Secret;
use devicegrant_core::home::Silence;
use keyring_core::{Entry, Error};

#[cfg(target_os = "macos")]
use apple_native_keyring_store::keychain::Store;
#[cfg(windows)]
use windows_native_keyring_store::Store;

fn entry(service: &str, account: &str) -> Result<Entry, Error> {
    let store: Arc<keyring_core::CredentialStore> = Store::new()?;
    store.build(service, account, None)
}

pub(super) fn recall(service: &str, account: &str) -> Result<Option<Secret>, Silence> {
    match entry(service, account).and_then(|entry| entry.get_password()) {
        Ok(text) => Ok(Some(Secret::new(text))),
        Err(Error::NoEntry) => Ok(None),
        Err(why) => Err(silence(&why)),
    }
}

pub(super) fn remember(service: &str, account: &str, text: &Secret) -> Result<(), Silence> {
    entry(service, account)
        .and_then(|entry| entry.set_password(text.expose()))
        .map_err(|why| silence(&why))
}

/// Only of the kinds that hold no secret is anything repeated.
fn silence(why: &Error) -> Silence {
    match why {
        Error::NoStorageAccess(_) => Silence::Locked,
        Error::PlatformFailure(why) => Silence::Failed(format!("failed: {why}")),
        Error::Ambiguous(_) => Silence::Failed("has several entries of that name".to_owned()),
        _ => Silence::Failed("holds something else under that name".to_owned()),
    }
}
