//! The file store on a real file system.
#![cfg(feature = "store")]

use std::path::Path;

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
}
