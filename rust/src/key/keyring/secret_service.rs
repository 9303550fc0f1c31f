//! The Secret Service (GNOME Keyring, KWallet, KeePassXC) over the session's bus, with the
//! attributes by which keyring-rs, `@napi-rs/keyring` and Python's keyring find an entry.
//!
//! Nothing here ever asks to unlock: that opens a dialog, which nobody answers in three seconds
//! and which nobody sees where the program is a service.

use std::collections::HashMap;

use devicegrant_core::Secret;
use devicegrant_core::home::Silence;
use secret_service::blocking::SecretService;
use secret_service::{EncryptionType, Error};

/// Of this collection the specification says that it does not outlive the session.
const VOLATILE: &str = "/org/freedesktop/secrets/collection/session";

fn attributes<'a>(service: &'a str, account: &'a str) -> HashMap<&'a str, &'a str> {
    HashMap::from([("service", service), ("username", account)])
}

fn connect() -> Result<SecretService<'static>, Silence> {
    SecretService::connect(EncryptionType::Dh).map_err(|why| silence(&why))
}

pub(super) fn recall(service: &str, account: &str) -> Result<Option<Secret>, Silence> {
    let keyring = connect()?;
    let found = keyring
        .search_items(attributes(service, account))
        .map_err(|why| silence(&why))?;
    match (found.unlocked.first(), found.locked.is_empty()) {
        (Some(item), _) => {
            let bytes = item.get_secret().map_err(|why| silence(&why))?;
            let text = String::from_utf8(bytes);
            let text = text.map_err(|_| Silence::Failed("holds no text there".to_owned()))?;
            Ok(Some(Secret::new(text)))
        }
        (None, false) => Err(Silence::Locked),
        (None, true) => Ok(None),
    }
}

pub(super) fn remember(service: &str, account: &str, text: &Secret) -> Result<(), Silence> {
    let keyring = connect()?;
    let collection = keyring
        .get_default_collection()
        .map_err(|why| silence(&why))?;
    if collection.collection_path.as_str() == VOLATILE {
        return Err(Silence::Volatile);
    }
    if collection.is_locked().map_err(|why| silence(&why))? {
        return Err(Silence::Locked);
    }
    collection
        .create_item(
            "devicegrant: the key of your logins",
            attributes(service, account),
            text.expose().as_bytes(),
            true,
            "text/plain",
        )
        .map_err(|why| silence(&why))?;
    Ok(())
}

fn silence(why: &Error) -> Silence {
    match why {
        // No result: the service is there and has no collection to keep anything in.
        Error::Unavailable | Error::NoResult => Silence::Absent,
        Error::Zbus(why) if is_absent(why) => Silence::Absent,
        Error::Locked | Error::Prompt | Error::PromptDisconnected => Silence::Locked,
        why => Silence::Failed(format!("failed: {why}")),
    }
}

/// No bus at the address, or no keyring on it and none that it could start.
fn is_absent(why: &zbus::Error) -> bool {
    use std::io::ErrorKind::{ConnectionRefused, NotFound};
    match why {
        zbus::Error::Connection(why, _) => matches!(why.kind(), NotFound | ConnectionRefused),
        zbus::Error::MethodError(name, _, _) => matches!(
            name.as_str(),
            "org.freedesktop.DBus.Error.ServiceUnknown"
                | "org.freedesktop.DBus.Error.NameHasNoOwner"
        ),
        zbus::Error::FDO(why) => matches!(
            **why,
            zbus::fdo::Error::ServiceUnknown(_) | zbus::fdo::Error::NameHasNoOwner(_)
        ),
        _ => false,
    }
}
