//! The store in memory keeps the same contract.
#![cfg(feature = "store")]

use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use devicegrant::store::MemoryStore;
use devicegrant::{BoxFuture, Code, Error, Lock, Locked, LoginId, Rest, Save, SecretBytes, Store};

type TestResult = Result<(), Box<dyn std::error::Error>>;

/// It never waits for anything.
fn now<T>(mut future: BoxFuture<'_, Result<T, Error>>) -> Result<T, Box<dyn std::error::Error>> {
    match future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(done) => Ok(done?),
        Poll::Pending => Err("it waits".into()),
    }
}

fn id() -> LoginId {
    LoginId("abcdefghijklmnopqrstuvwxyz".into())
}

fn save(text: Option<&str>, expected: u64) -> Save {
    Save {
        id: id(),
        bytes: text.map(|text| SecretBytes::from(text.to_owned())),
        expected,
    }
}

fn wish(ttl_ms: u32, force: bool) -> Lock {
    Lock {
        id: id(),
        ttl_ms,
        force,
    }
}

#[test]
fn a_save_is_conditional_and_a_sign_out_is_a_revision() -> TestResult {
    let store = MemoryStore::default();
    let nothing = now(store.load(id()))?;
    assert_eq!((nothing.bytes, nothing.revision), (None, 0));
    assert_eq!(now(store.save(save(Some("one"), 0)))?, Some(1));
    assert_eq!(now(store.save(save(Some("other"), 0)))?, None);
    assert_eq!(
        now(store.clone().load(id()))?.bytes,
        save(Some("one"), 0).bytes
    );
    assert_eq!(now(store.save(save(None, 1)))?, Some(2));
    let out = now(store.load(id()))?;
    assert_eq!((out.bytes, out.revision), (None, 2));
    assert_eq!(now(store.list())?, [id()]);
    Ok(())
}

#[test]
fn a_lease_runs_out_and_is_then_nobodys_to_give_back() -> TestResult {
    let store = MemoryStore::default();
    let Locked::Yes(first) = now(store.lock(wish(30, false)))? else {
        return Err("nobody has it".into());
    };
    assert!(matches!(
        now(store.lock(wish(30, true)))?,
        Locked::Busy { .. }
    ));
    std::thread::sleep(Duration::from_millis(40));
    let Locked::Yes(second) = now(store.lock(wish(45_000, false)))? else {
        return Err("it has run out".into());
    };
    now(store.unlock(first, None))?;
    assert!(matches!(
        now(store.lock(wish(30, false)))?,
        Locked::Busy { .. }
    ));
    now(store.unlock(second, None))?;
    assert!(matches!(now(store.lock(wish(30, false)))?, Locked::Yes(_)));
    Ok(())
}

#[test]
fn a_rest_is_told_unless_forced_and_ends_with_a_save() -> TestResult {
    let store = MemoryStore::default();
    let in_a_minute = SystemTime::now().duration_since(UNIX_EPOCH)? + Duration::from_secs(60);
    let rest = Rest {
        until_ms: u64::try_from(in_a_minute.as_millis())?,
        code: Code::Unreachable,
    };
    for force in [false, true] {
        let Locked::Yes(lease) = now(store.lock(wish(45_000, force)))? else {
            return Err("nobody has it".into());
        };
        now(store.unlock(lease, Some(rest)))?;
        match now(store.lock(wish(45_000, false)))? {
            Locked::Resting(told) => assert_eq!(told, rest),
            other => return Err(format!("{other:?}").into()),
        }
    }
    now(store.save(save(Some("new"), 0)))?;
    assert!(matches!(
        now(store.lock(wish(45_000, false)))?,
        Locked::Yes(_)
    ));
    Ok(())
}
