//! The file store on a real file system.
#![cfg(feature = "store")]

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use devicegrant::store::FileStore;
use devicegrant::{Code, Error, Home, Lock, Locked, LoginId, Save, SecretBytes};

type TestResult = Result<(), Box<dyn std::error::Error>>;

fn id() -> LoginId {
    LoginId("abcdefghijklmnopqrstuvwxyz".into())
}

/// A record as the store takes it: its first line says how many bytes follow.
fn record(text: &str) -> SecretBytes {
    format!("{{\"sealed\":{}}}\n{text}", text.len()).into()
}

fn save(text: &str, expected: u64) -> Save {
    Save {
        id: id(),
        bytes: Some(record(text)),
        expected,
    }
}

fn sign_out(expected: u64) -> Save {
    Save {
        id: id(),
        bytes: None,
        expected,
    }
}

fn wish() -> Lock {
    Lock {
        id: id(),
        ttl_ms: 45_000,
        force: false,
    }
}

fn at(folder: &Path) -> Result<FileStore, Error> {
    Ok(FileStore::new(&Home::find(Some(folder.join("home")))?))
}

#[test]
fn a_save_is_conditional_and_a_sign_out_is_a_revision() -> TestResult {
    let folder = tempfile::tempdir()?;
    let store = at(folder.path())?;
    let nothing = store.load(&id())?;
    assert_eq!((nothing.bytes, nothing.revision), (None, 0));
    assert_eq!(store.save(&save("one", 0))?, Some(1));
    assert_eq!(store.save(&save("other", 0))?, None);
    assert_eq!(store.save(&save("two", 1))?, Some(2));
    let loaded = store.load(&id())?;
    assert_eq!(loaded.bytes, Some(record("two")));
    assert_eq!(store.list()?, [id()]);
    assert_eq!(store.save(&sign_out(2))?, Some(3));
    let out = store.load(&id())?;
    assert_eq!((out.bytes, out.revision), (None, 3));
    Ok(())
}

#[test]
fn of_many_who_read_the_same_revision_one_writes() -> TestResult {
    let folder = tempfile::tempdir()?;
    let store = at(folder.path())?;
    for revision in 0..20 {
        let won: usize = std::thread::scope(|scope| {
            let writers: Vec<_> = (0..8)
                .map(|n| {
                    let store = &store;
                    scope.spawn(move || store.save(&save(&format!("writer {n}"), revision)))
                })
                .collect();
            let outcomes = writers.into_iter().map(std::thread::ScopedJoinHandle::join);
            outcomes
                .filter(|outcome| matches!(outcome, Ok(Ok(Some(_)))))
                .count()
        });
        assert_eq!(won, 1, "revision {revision}");
    }
    Ok(())
}

#[test]
fn a_lease_belongs_to_one() -> TestResult {
    let folder = tempfile::tempdir()?;
    let (one, other) = (at(folder.path())?, at(folder.path())?);
    let Locked::Yes(lease) = one.lock(&wish())? else {
        return Err("the first has it".into());
    };
    for store in [&one, &other] {
        assert!(matches!(store.lock(&wish())?, Locked::Busy { .. }));
    }
    one.unlock(&lease, None)?;
    assert!(matches!(other.lock(&wish())?, Locked::Yes(_)));
    // The first has nothing left to give back.
    one.unlock(&lease, None)?;
    assert!(matches!(one.lock(&wish())?, Locked::Busy { .. }));
    Ok(())
}

#[test]
fn of_many_threads_one_at_a_time_has_the_lease() -> TestResult {
    let folder = tempfile::tempdir()?;
    let (held, leases) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let one = |store: &FileStore| -> Result<(), Error> {
        loop {
            if let Locked::Yes(lease) = store.lock(&wish())? {
                assert_eq!(held.fetch_add(1, Ordering::SeqCst), 0);
                leases.fetch_add(1, Ordering::SeqCst);
                let found = store.load(&id())?;
                held.fetch_sub(1, Ordering::SeqCst);
                // The save ends the lease. Whoever is overtaken before it can look hears of a
                // conflict; that every save was written is told by the last revision.
                let saved = store.save(&save("x", found.revision))?;
                assert!(saved.is_none_or(|revision| revision == found.revision + 1));
                return store.unlock(&lease, None);
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    };
    std::thread::scope(|scope| -> TestResult {
        let threads: Vec<_> = (0..32)
            .map(|_| {
                let store = at(folder.path())?;
                Ok(scope.spawn(move || one(&store)))
            })
            .collect::<Result<_, Error>>()?;
        for thread in threads {
            thread.join().map_err(|_| "a thread panicked")??;
        }
        Ok(())
    })?;
    assert_eq!(leases.into_inner(), 32);
    assert_eq!(at(folder.path())?.load(&id())?.revision, 32);
    Ok(())
}

#[test]
fn a_torn_file_is_passed_over_and_numbered_past() -> TestResult {
    let folder = tempfile::tempdir()?;
    let store = at(folder.path())?;
    store.save(&save("one", 0))?;
    let whole = store.folder().join(&*id().0).join("r.1");
    let torn = whole.with_file_name("r.2");
    // A copy keeps the mode.
    fs::copy(&whole, &torn)?;
    fs::write(&torn, "{\"sealed\":3}\nx")?;
    let found = store.load(&id())?;
    assert_eq!((found.bytes, found.revision), (Some(record("one")), 2));
    assert!(matches!(store.lock(&wish())?, Locked::Busy { .. }));
    assert_eq!(store.save(&save("three", 2))?, Some(3));
    assert_eq!(store.load(&id())?.bytes, Some(record("three")));
    Ok(())
}

#[test]
fn what_could_not_be_read_again_is_not_written() -> TestResult {
    let folder = tempfile::tempdir()?;
    let store = at(folder.path())?;
    for bytes in ["plain".to_owned(), "x".repeat(70_000)] {
        let wrong = Save {
            bytes: Some(bytes.into()),
            ..sign_out(0)
        };
        let refused = store.save(&wrong).map_err(|e| e.code());
        assert_eq!(refused, Err(Code::StoreUnwritable));
    }
    assert_eq!(store.list()?, []);
    Ok(())
}

#[test]
fn a_place_that_cannot_be_written_is_named() -> TestResult {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("file");
    fs::write(&file, "no folder")?;
    let store = at(&file)?;
    let refused = store.save(&save("one", 0)).map(|_| ()).err();
    let refused = refused.ok_or("it was written")?;
    assert_eq!(refused.code(), Code::StoreUnwritable);
    assert!(refused.message().contains("file/home"), "{refused}");
    Ok(())
}

#[test]
fn what_a_crash_left_behind_is_removed_after_an_hour() -> TestResult {
    let folder = tempfile::tempdir()?;
    let store = at(folder.path())?;
    store.save(&save("one", 0))?;
    let login = store.folder().join(&*id().0);
    let (old, fresh) = (login.join(".new-1"), login.join(".new-2"));
    for path in [&old, &fresh] {
        fs::write(path, "half")?;
    }
    let two_hours_ago = SystemTime::now() - Duration::from_secs(7200);
    fs::File::options()
        .write(true)
        .open(&old)?
        .set_modified(two_hours_ago)?;
    assert_eq!(store.load(&id())?.revision, 1);
    assert_eq!((old.exists(), fresh.exists()), (false, true));
    Ok(())
}

#[cfg(unix)]
mod on_unix {
    use super::{Code, TestResult, at, id, save};
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn only_the_owner_can_read_and_nothing_is_left_lying_about() -> TestResult {
        let folder = tempfile::tempdir()?;
        let store = at(folder.path())?;
        store.save(&save("one", 0))?;
        store.save(&save("two", 1))?;
        let login = store.folder().join(&*id().0);
        let names: Vec<_> = fs::read_dir(&login)?
            .map(|entry| entry.map(|entry| entry.file_name()))
            .collect::<Result<_, _>>()?;
        assert_eq!(names, ["r.2"]);
        let mode =
            |path: &std::path::Path| fs::metadata(path).map(|m| m.permissions().mode() & 0o777);
        assert_eq!(mode(&login.join("r.2"))?, 0o600);
        for folder in [&login, store.folder(), &folder.path().join("home")] {
            assert_eq!(mode(folder)?, 0o700);
        }
        Ok(())
    }

    #[test]
    fn what_is_open_to_others_is_refused_and_named() -> TestResult {
        let folder = tempfile::tempdir()?;
        let store = at(folder.path())?;
        store.save(&save("one", 0))?;
        let file = store.folder().join(&*id().0).join("r.1");
        fs::set_permissions(&file, Permissions::from_mode(0o640))?;
        let error = store.load(&id()).map(|_| ()).err().ok_or("it was read")?;
        assert_eq!(error.code(), Code::StoreUnsafe);
        assert!(error.message().contains("r.1"), "{error}");
        fs::set_permissions(store.folder(), Permissions::from_mode(0o755))?;
        let error = store
            .save(&save("two", 1))
            .map(|_| ())
            .err()
            .ok_or("it was written")?;
        assert_eq!(error.code(), Code::StoreUnsafe);
        Ok(())
    }

    #[test]
    fn a_link_is_not_followed() -> TestResult {
        let folder = tempfile::tempdir()?;
        let store = at(folder.path())?;
        store.save(&save("one", 0))?;
        let elsewhere = folder.path().join("elsewhere");
        fs::write(&elsewhere, "another's")?;
        fs::set_permissions(&elsewhere, Permissions::from_mode(0o600))?;
        symlink(&elsewhere, store.folder().join(&*id().0).join("r.9"))?;
        assert_eq!(
            store.load(&id()).map(|_| ()).map_err(|e| e.code()),
            Err(Code::StoreUnsafe)
        );
        Ok(())
    }

    #[test]
    fn a_pipe_keeps_nobody_waiting() -> TestResult {
        let folder = tempfile::tempdir()?;
        let store = at(folder.path())?;
        store.save(&save("one", 0))?;
        let pipe = store.folder().join(&*id().0).join("r.2");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status()?;
        assert!(made.success());
        fs::set_permissions(&pipe, Permissions::from_mode(0o600))?;
        let refused = store.load(&id()).map(|_| ()).map_err(|e| e.code());
        assert_eq!(refused, Err(Code::StoreUnsafe));
        Ok(())
    }

    #[test]
    fn another_users_file_is_refused() -> TestResult {
        let folder = tempfile::tempdir()?;
        let store = at(folder.path())?;
        store.save(&save("one", 0))?;
        let file = store.folder().join(&*id().0).join("r.1");
        match std::os::unix::fs::chown(&file, Some(65_534), None) {
            Ok(()) => {
                let refused = store.load(&id()).map(|_| ()).err().ok_or("it was read")?;
                assert_eq!(refused.code(), Code::StoreUnsafe);
                assert!(refused.message().contains("another user"), "{refused}");
            }
            // Only the administrator can give a file away.
            Err(why) => assert_eq!(why.kind(), std::io::ErrorKind::PermissionDenied),
        }
        Ok(())
    }

    #[test]
    fn a_home_behind_a_link_is_not_written() -> TestResult {
        let folder = tempfile::tempdir()?;
        let elsewhere = folder.path().join("elsewhere");
        fs::create_dir(&elsewhere)?;
        fs::set_permissions(&elsewhere, Permissions::from_mode(0o700))?;
        symlink(&elsewhere, folder.path().join("home"))?;
        let store = at(folder.path())?;
        let refused = store.save(&save("one", 0)).map_err(|e| e.code());
        assert_eq!(refused, Err(Code::StoreUnsafe));
        assert_eq!(fs::read_dir(&elsewhere)?.count(), 0);
        Ok(())
    }

    /// A small file system of one's own, for as long as this lives.
    #[cfg(target_os = "linux")]
    struct Mounted<'a>(&'a std::path::Path);

    #[cfg(target_os = "linux")]
    impl Drop for Mounted<'_> {
        fn drop(&mut self) {
            let _ = std::process::Command::new("umount").arg(self.0).status();
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_full_disk_loses_nothing_and_leaves_nothing() -> TestResult {
        let folder = tempfile::tempdir()?;
        let mount = std::process::Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"])
            .arg(folder.path())
            .output()?;
        if !mount.status.success() {
            // Only the administrator may mount.
            assert!(!mount.stderr.is_empty());
            return Ok(());
        }
        let _mounted = Mounted(folder.path());
        let store = at(folder.path())?;
        store.save(&save("one", 0))?;
        let filler = folder.path().join("filler");
        let full = fs::write(&filler, vec![0; 100_000]).map_err(|why| why.kind());
        assert_eq!(full, Err(std::io::ErrorKind::StorageFull));
        let refused = store.save(&save("two", 1)).map(|_| ()).err();
        let refused = refused.ok_or("it was written")?;
        assert_eq!(refused.code(), Code::StoreUnwritable);
        assert!(refused.message().contains("r.2: No space"), "{refused}");
        let login = store.folder().join(&*id().0);
        assert_eq!(fs::read_dir(&login)?.count(), 1);
        assert_eq!(store.load(&id())?.bytes, Some(super::record("one")));
        fs::remove_file(&filler)?;
        assert_eq!(store.save(&save("two", 1))?, Some(2));
        Ok(())
    }
}
