//! The system's keyring in every state that a person's machine has: each ends in the right source
//! or the right error, and soon.

use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use devicegrant::Key;

use crate::probe::{Probe, Said};
use crate::session::Session;
use crate::{Checked, Test, has, same};

const TESTS: &[Test] = &[
    ("keyring_unlocked", unlocked),
    ("keyring_of_many_first_saves_one_chooses", many),
    ("keyring_locked", locked),
    ("keyring_forgets_at_logout", volatile),
    ("keyring_without_a_bus", without_a_bus),
    ("keyring_not_on_the_bus", not_on_the_bus),
    ("keyring_bus_hangs", bus_hangs),
    ("keyring_hangs", hangs),
];

/// All of them, unless somebody said that this machine has no keyring.
pub(crate) fn wanted() -> Vec<Test> {
    let without = std::env::var("DEVICEGRANT_WITHOUT").unwrap_or_default();
    if without.split(',').any(|word| word == "keyring") {
        println!("SKIPPED the keyring's tests: DEVICEGRANT_WITHOUT names keyring");
        return Vec::new();
    }
    let missing = [
        "gnome-keyring-daemon",
        "dbus-daemon",
        "dbus-send",
        "secret-tool",
    ];
    let missing = missing.into_iter().find(|name| {
        let started = Command::new(name)
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        started.is_err()
    });
    match missing {
        None => TESTS.to_vec(),
        Some(_) => vec![("keyring", not_installed)],
    }
}

fn not_installed() -> Checked {
    Err(
        "the keyring is missing: apt-get install --no-install-recommends dbus gnome-keyring \
         libsecret-tools, or set DEVICEGRANT_WITHOUT=keyring to leave its tests out"
            .into(),
    )
}

type Looked = Result<Said, Box<dyn std::error::Error>>;

/// A look over that bus. Whatever state the keyring is in, nobody waits long for it.
fn look(address: Option<&str>, home: &Path, wish: &str, create: bool) -> Looked {
    let probe = Probe::of(home, wish, create)?;
    let probe = match address {
        Some(address) => probe.env("DBUS_SESSION_BUS_ADDRESS", address),
        None => probe,
    };
    let said = probe.look()?;
    if said.took > Duration::from_secs(4) {
        return Err(format!("it took {:?}: {said:?}", said.took).into());
    }
    Ok(said)
}

/// A home that a keyring sealed, in a session that has ended.
fn sealed(folder: &Path) -> Result<String, Box<dyn std::error::Error>> {
    let session = Session::unlocked(folder)?;
    let first = look(Some(&session.address), &folder.join("home"), "", true)?;
    same("the source", &first.get("source"), &"keyring")?;
    Ok(first.get("key_id").to_owned())
}

/// What must hold wherever there is no keyring to be had.
fn goes_without(address: Option<&str>, folder: &Path, why: &str) -> Checked {
    let existing = look(address, &folder.join("home"), "", true)?;
    same("the code", &existing.get("code"), &"key_unreachable")?;
    has(
        existing.get("message"),
        &format!("the system's keyring, which {why}"),
    )?;
    has(
        existing.get("message"),
        "run this inside the desktop session",
    )?;
    let wished = look(address, &folder.join("wished"), "keyring", true)?;
    same("the code", &wished.get("code"), &"key_unreachable")?;
    has(
        wished.get("message"),
        &format!("--key keyring takes the key from the system's keyring, which {why}"),
    )?;
    same("a home was made", &folder.join("wished").exists(), &false)?;
    let new = look(address, &folder.join("new"), "", true)?;
    same("the source", &new.get("source"), &"file")?;
    has(
        &std::fs::read_to_string(folder.join("new/home.json"))?,
        r#""source":"file""#,
    )
}

fn unlocked() -> Checked {
    let folder = tempfile::tempdir()?;
    let home = folder.path().join("home");
    let session = Session::unlocked(folder.path())?;
    let bus = Some(session.address.as_str());
    let first = look(bus, &home, "", true)?;
    same("the source", &first.get("source"), &"keyring")?;
    same("created", &first.get("created"), &"true")?;
    has(
        &std::fs::read_to_string(home.join("home.json"))?,
        r#""source":"keyring""#,
    )?;
    same("there is a key file", &home.join("key").exists(), &false)?;
    let account = format!("key-{}", first.get("home_id"));
    let key = Key::from_text(&session.lookup(&account)?).ok_or("no key in the keyring")?;
    same("the key's id", &key.id().as_str(), &first.get("key_id"))?;
    let again = look(bus, &home, "", false)?;
    same("the key's id", &again.get("key_id"), &first.get("key_id"))?;
    same("created", &again.get("created"), &"false")?;
    let other = look(bus, &folder.path().join("other"), "keyring", true)?;
    same(
        "two homes share a key",
        &(other.get("key_id") == first.get("key_id")),
        &false,
    )?;
    same(
        "the first still opens",
        &look(bus, &home, "", false)?.get("key_id"),
        &first.get("key_id"),
    )?;
    session.clear(&account)?;
    let gone = look(bus, &home, "", true)?;
    same("the code", &gone.get("code"), &"key_unreachable")?;
    has(gone.get("message"), &format!("has no entry {account}"))
}

fn many() -> Checked {
    let folder = tempfile::tempdir()?;
    let session = Session::unlocked(folder.path())?;
    let home = folder.path().join("home");
    let said = std::thread::scope(|scope| {
        let probes: Vec<_> = (0..6)
            .map(|_| {
                scope.spawn(|| {
                    look(Some(&session.address), &home, "", true).map_err(|e| e.to_string())
                })
            })
            .collect();
        let joined = probes
            .into_iter()
            .map(|probe| probe.join().map_err(|_| "a probe panicked".to_owned())?);
        joined.collect::<Result<Vec<Said>, String>>()
    })?;
    let created = said
        .iter()
        .filter(|said| said.get("created") == "true")
        .count();
    same("how many chose", &created, &1)?;
    for one in &said {
        same("the key's id", &one.get("key_id"), &said[0].get("key_id"))?;
    }
    Ok(())
}

fn locked() -> Checked {
    let folder = tempfile::tempdir()?;
    let id = sealed(folder.path())?;
    {
        let session = Session::locked(folder.path())?;
        goes_without(Some(&session.address), folder.path(), "is locked")?;
    }
    // Nothing was lost meanwhile.
    let session = Session::unlocked(folder.path())?;
    let again = look(
        Some(&session.address),
        &folder.path().join("home"),
        "",
        false,
    )?;
    same("the key's id", &again.get("key_id"), &id.as_str())
}

fn volatile() -> Checked {
    let folder = tempfile::tempdir()?;
    let session = Session::unlocked(folder.path())?;
    session.forget_at_logout()?;
    let bus = Some(session.address.as_str());
    let first = look(bus, &folder.path().join("home"), "", true)?;
    same("the source", &first.get("source"), &"file")?;
    let wished = look(bus, &folder.path().join("wished"), "keyring", true)?;
    same("the code", &wished.get("code"), &"key_unreachable")?;
    has(wished.get("message"), "forgets what it holds at logout")
}

fn without_a_bus() -> Checked {
    let folder = tempfile::tempdir()?;
    sealed(folder.path())?;
    goes_without(None, folder.path(), "is not there")?;
    // A bus that has ended leaves its address behind in a terminal that lives on.
    let ended = Session::bare(folder.path())?.address.clone();
    let again = look(Some(&ended), &folder.path().join("home"), "", false)?;
    has(again.get("message"), "which is not there")
}

fn not_on_the_bus() -> Checked {
    let folder = tempfile::tempdir()?;
    sealed(folder.path())?;
    let session = Session::bare(folder.path())?;
    goes_without(Some(&session.address), folder.path(), "is not there")
}

/// A bus that takes the connection and says nothing, ever.
fn bus_hangs() -> Checked {
    let folder = tempfile::tempdir()?;
    sealed(folder.path())?;
    let socket = folder.path().join("mute");
    let bus = UnixListener::bind(&socket)?;
    std::thread::spawn(move || {
        let mut open = Vec::new();
        for connection in bus.incoming() {
            open.push(connection);
        }
    });
    let address = format!("unix:path={}", socket.display());
    goes_without(
        Some(&address),
        folder.path(),
        "did not answer within 3 seconds",
    )
}

/// A keyring on a good bus that does not answer.
fn hangs() -> Checked {
    let folder = tempfile::tempdir()?;
    sealed(folder.path())?;
    let session = Session::unlocked(folder.path())?;
    session.freeze()?;
    goes_without(
        Some(&session.address),
        folder.path(),
        "did not answer within 3 seconds",
    )
}
