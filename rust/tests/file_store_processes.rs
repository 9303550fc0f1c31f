//! Real processes that race for the lease of one login, and that end while they hold it.
#![cfg(all(feature = "store", unix))]

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use devicegrant::store::FileStore;
use devicegrant::{Error, Home, Lock, Locked, LoginId, Save};

type TestResult = Result<(), Box<dyn std::error::Error>>;

/// Where a process that a test has started finds the test's folder. The test starts its own
/// program again, which runs that one test and finds this set.
const FOLDER: &str = "DEVICEGRANT_TEST_FOLDER";

fn parents_folder() -> Option<PathBuf> {
    std::env::var_os(FOLDER).map(PathBuf::from)
}

fn start_again(test: &str, folder: &Path) -> std::io::Result<Child> {
    Command::new(std::env::current_exe()?)
        .args(["--exact", test, "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
}

fn at(folder: &Path) -> Result<FileStore, Error> {
    Ok(FileStore::new(&Home::find(Some(folder.join("home")))?))
}

fn wish() -> Lock {
    Lock {
        id: LoginId("abcdefghijklmnopqrstuvwxyz".into()),
        ttl_ms: 45_000,
        force: false,
    }
}

/// How often the lease was taken and something saved under it.
const LEASES: u64 = 10;

/// Takes the lease so many times; nobody else may be found to have it.
fn race(folder: &Path) -> TestResult {
    let store = at(folder)?;
    let marker = folder.join("held");
    for _ in 0..LEASES {
        let lease = loop {
            match store.lock(&wish())? {
                Locked::Yes(lease) => break lease,
                _ => std::thread::sleep(Duration::from_millis(1)),
            }
        };
        // Fails where it is there: then two hold the lease.
        fs::File::create_new(&marker)?;
        let found = store.load(&wish().id)?;
        let text = format!("{}", found.revision);
        let save = Save {
            id: wish().id,
            bytes: Some(format!("{{\"sealed\":{}}}\n{text}", text.len()).into()),
            expected: found.revision,
        };
        fs::remove_file(&marker)?;
        // The save ends the lease. Whoever is overtaken before it can look hears of a conflict; that
        // every save was written is told by the last revision.
        let saved = store.save(&save)?;
        assert!(saved.is_none_or(|revision| revision == found.revision + 1));
        store.unlock(&lease, None)?;
    }
    Ok(())
}

#[test]
fn of_many_processes_one_at_a_time_has_the_lease() -> TestResult {
    if let Some(folder) = parents_folder() {
        return race(&folder);
    }
    let folder = tempfile::tempdir()?;
    let name = "of_many_processes_one_at_a_time_has_the_lease";
    let children: Vec<_> = (0..8)
        .map(|_| start_again(name, folder.path()))
        .collect::<Result<_, _>>()?;
    for child in children {
        let ended = child.wait_with_output()?;
        let words = String::from_utf8_lossy(&ended.stdout).into_owned();
        assert!(ended.status.success(), "{words}");
    }
    assert_eq!(at(folder.path())?.load(&wish().id)?.revision, 8 * LEASES);
    Ok(())
}

/// Holds the lease until somebody ends this process.
fn hold(folder: &Path) -> TestResult {
    let Locked::Yes(_) = at(folder)?.lock(&wish())? else {
        return Err("nobody else has it".into());
    };
    fs::write(folder.join("locked"), "")?;
    let mut nothing = [0];
    std::io::stdin().read_exact(&mut nothing)?;
    Ok(())
}

fn lock_within_a_second(store: &FileStore) -> Result<Duration, Error> {
    let begun = Instant::now();
    loop {
        let answer = store.lock(&wish())?;
        if matches!(answer, Locked::Yes(_)) || begun.elapsed() > Duration::from_secs(5) {
            return Ok(begun.elapsed());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_holder_that_was_killed_keeps_nobody_waiting() -> TestResult {
    if let Some(folder) = parents_folder() {
        return hold(&folder);
    }
    // Once as a zombie, which nobody has asked after, and once gone for good.
    for zombie in [true, false] {
        if zombie && !cfg!(target_os = "linux") {
            // Elsewhere a zombie is not told from the living, and waited out.
            continue;
        }
        let folder = tempfile::tempdir()?;
        let name = "a_holder_that_was_killed_keeps_nobody_waiting";
        let mut child = Command::new(std::env::current_exe()?)
            .args(["--exact", name, "--nocapture"])
            .env(FOLDER, folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()?;
        let begun = Instant::now();
        while !folder.path().join("locked").exists() {
            assert!(begun.elapsed() < Duration::from_secs(30), "it never locked");
            std::thread::sleep(Duration::from_millis(5));
        }
        let store = at(folder.path())?;
        assert!(matches!(store.lock(&wish())?, Locked::Busy { .. }));
        child.kill()?;
        if !zombie {
            child.wait()?;
        }
        let took = lock_within_a_second(&store)?;
        child.wait()?;
        assert!(took < Duration::from_secs(1), "zombie {zombie}: {took:?}");
    }
    Ok(())
}
