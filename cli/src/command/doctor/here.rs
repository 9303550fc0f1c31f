//! Checks of this machine: the home, the key, the keyring, the store.

use std::io::Write;
use std::path::Path;

use devicegrant::key::{self, Source};
use devicegrant::{Client, Code, Error, Home, Lock, Locked, LoginId};

use super::Check;
use crate::args::{Place, StoreName};

/// For the probe of a store on a server. A lease is all that is written, and it is given back.
const PROBE_MS: u32 = 5_000;

pub(super) async fn checks(client: &Client, place: &Place) -> Vec<Check> {
    let home = match Home::find(place.home.clone()) {
        Ok(home) => home,
        Err(error) => return vec![Check::fail("home", &error)],
    };
    let of_a_home = matches!(place.store, StoreName::Auto | StoreName::File);
    let mut checks = Vec::new();
    if of_a_home {
        checks.push(folder(home.path()));
        checks.push(home_key(client, &home).await);
        checks.push(keyring(&home).await);
    } else if place.store == StoreName::Redis {
        checks.push(variable_key().await);
    }
    checks.push(match store(client, place, &home).await {
        Ok(()) => Check::ok("store", client.store().describe()),
        Err(error) => Check::fail("store", &error),
    });
    checks
}

fn folder(path: &Path) -> Check {
    let unsafe_for = |why: &str| {
        let message = format!("{} {why}", path.display());
        Check::fail("home", &Error::new(Code::StoreUnsafe, message))
    };
    let about = match std::fs::symlink_metadata(path) {
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => {
            let about = format!(
                "{} is not there yet; the first login makes it",
                path.display()
            );
            return Check::ok("home", about);
        }
        Err(why) => {
            let message = format!("{} cannot be looked at: {why}", path.display());
            return Check::fail("home", &Error::new(Code::StoreUnreadable, message));
        }
        Ok(about) => about,
    };
    if !about.is_dir() {
        return unsafe_for("is no folder of its own");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        if about.uid() != rustix::process::geteuid().as_raw() {
            return unsafe_for("belongs to another user");
        }
        if about.mode() & 0o077 != 0 {
            return unsafe_for(&format!(
                "is open to others (mode {:o})",
                about.mode() & 0o777
            ));
        }
    }
    Check::ok("home", path.display().to_string())
}

async fn home_key(client: &Client, home: &Home) -> Check {
    let source = match (client.home_key(false).await, key::chosen(home)) {
        (Ok(Some(opened)), _) => opened.source,
        (Ok(None), _) => {
            return Check::ok("key", "not chosen yet; the first login chooses it");
        }
        (Err(error), Ok(Some(Source::Keyring))) => return in_a_session(&error),
        (Err(error), _) => return Check::fail("key", &error),
    };
    if source.reachable_unattended() {
        return Check::ok("key", format!("{source}: {}", source.protects()));
    }
    Check::warn(
        "key",
        format!("{source}: {}", source.protects()),
        "A service has no desktop session to reach it from; for one, use another home: --home DIR --key file.",
    )
}

fn in_a_session(error: &Error) -> Check {
    let check = Check::fail("key", error);
    let remedy = "Run this inside the desktop session; for a service, use another home: --home DIR --key file.";
    Check {
        remedy: Some(remedy.to_owned()),
        ..check
    }
}

async fn variable_key() -> Check {
    match off(key::from_variables).await {
        Ok(_) => Check::ok("key", "from DEVICEGRANT_KEY or DEVICEGRANT_KEY_COMMAND"),
        Err(error) => Check::fail("key", &error),
    }
}

/// A home that has its key elsewhere needs none.
async fn keyring(home: &Home) -> Check {
    let asked = off(|| Ok(key::ask_keyring())).await;
    let needed = key::chosen(home).is_ok_and(|source| source == Some(Source::Keyring));
    match asked {
        Ok(Ok(())) => Check::ok("keyring", "the system's keyring answers"),
        Ok(Err(why)) if needed => Check::warn(
            "keyring",
            format!("the system's keyring {why}"),
            "Unlock it, or run this inside the desktop session.",
        ),
        Ok(Err(why)) => {
            let about = format!("the system's keyring {why}; nothing here needs it");
            Check::ok("keyring", about)
        }
        Err(error) => Check::fail("keyring", &error),
    }
}

/// A real reading and writing that leaves nothing behind.
async fn store(client: &Client, place: &Place, home: &Home) -> Result<(), Error> {
    for (_, found) in client.all().await? {
        found?;
    }
    match place.store {
        StoreName::Memory => Ok(()),
        StoreName::Redis => lease(client).await,
        StoreName::Auto | StoreName::File => {
            let path = home.path().to_owned();
            off(move || write(&path)).await
        }
    }
}

async fn lease(client: &Client) -> Result<(), Error> {
    let store = client.store();
    let lock = Lock {
        // No login's: those are 26 characters.
        id: LoginId(format!("doctor-{}", std::process::id()).into()),
        ttl_ms: PROBE_MS,
        force: true,
    };
    match store.lock(lock).await? {
        Locked::Yes(lease) => store.unlock(lease, None).await,
        _ => Ok(()),
    }
}

/// In the folder of the logins, or where it would be made.
fn write(home: &Path) -> Result<(), Error> {
    let logins = home.join("logins");
    let folder = logins.ancestors().find(|folder| folder.exists());
    let folder = folder.unwrap_or(Path::new("."));
    let probe = || {
        let mut file = tempfile::Builder::new()
            .prefix(".new-")
            .tempfile_in(folder)?;
        file.write_all(b"probe\n")?;
        file.as_file().sync_all()
    };
    probe().map_err(|why: std::io::Error| {
        let message = format!("{} cannot be written: {why}", folder.display());
        Error::new(Code::StoreUnwritable, message)
    })
}

/// Keyrings, commands and files block.
async fn off<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_| Err(Error::new(Code::Interrupted, "interrupted")))
}
