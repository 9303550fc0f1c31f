//! What every store promises, whatever it keeps logins in.

use devicegrant::{Code, Lease, Lock, Locked, LoginId, Rest, Save, SecretBytes, Store};

use super::TestResult;

/// An id of the form that core makes; another letter, another login.
pub(crate) fn id(letter: char) -> LoginId {
    LoginId(letter.to_string().repeat(26).into())
}

/// A record as every store takes it: its first line says how many bytes follow.
pub(crate) fn record(body: &[u8]) -> SecretBytes {
    let mut bytes = format!("{{\"sealed\":{}}}\n", body.len()).into_bytes();
    bytes.extend_from_slice(body);
    SecretBytes::new(bytes)
}

pub(crate) fn save(letter: char, text: Option<&str>, expected: u64) -> Save {
    Save {
        id: id(letter),
        bytes: text.map(|text| record(text.as_bytes())),
        expected,
    }
}

pub(crate) fn lock(letter: char, force: bool) -> Lock {
    Lock {
        id: id(letter),
        ttl_ms: 20_000,
        force,
    }
}

fn ours(locked: Locked) -> Result<Lease, String> {
    match locked {
        Locked::Yes(lease) => Ok(lease),
        other => Err(format!("the lease should be ours: {other:?}")),
    }
}

/// The whole contract of [`Store`], on a store that is empty.
pub(crate) async fn store_contract(store: &dyn Store) -> TestResult {
    records(store).await?;
    leases(store).await?;
    rests(store).await?;
    assert!(!store.describe().is_empty());
    Ok(())
}

async fn records(store: &dyn Store) -> TestResult {
    let nothing = store.load(id('a')).await?;
    assert_eq!((nothing.bytes, nothing.revision), (None, 0));
    assert_eq!(store.list().await?, []);

    assert_eq!(store.save(save('a', Some("one"), 0)).await?, Some(1));
    for expected in [0, 2, u64::MAX] {
        let late = store.save(save('a', Some("other"), expected)).await?;
        assert_eq!(late, None, "{expected}");
    }
    let again = store.save(save('a', Some("one"), 0)).await?;
    assert_eq!(again, None, "the same bytes are another save all the same");
    assert_eq!(store.save(save('a', Some("two"), 1)).await?, Some(2));
    let loaded = store.load(id('a')).await?;
    assert_eq!((loaded.bytes, loaded.revision), (Some(record(b"two")), 2));

    assert_eq!(store.save(save('a', None, 2)).await?, Some(3));
    let out = store.load(id('a')).await?;
    assert_eq!((out.bytes, out.revision), (None, 3), "a sign-out counts on");
    assert_eq!(store.save(save('a', Some("late"), 2)).await?, None);
    assert_eq!(store.save(save('a', Some("back"), 3)).await?, Some(4));

    // Any bytes, and another login beside it.
    let body: Vec<u8> = (0..=255).cycle().take(32 * 1024).collect();
    let bytes = record(&body);
    let whole = Save {
        id: id('b'),
        bytes: Some(bytes.clone()),
        expected: 0,
    };
    assert_eq!(store.save(whole).await?, Some(1));
    assert_eq!(store.load(id('b')).await?.bytes, Some(bytes));
    assert_eq!(store.load(id('a')).await?.revision, 4);
    let mut names = store.list().await?;
    names.sort();
    assert_eq!(names, [id('a'), id('b')]);
    Ok(())
}

async fn leases(store: &dyn Store) -> TestResult {
    let first = ours(store.lock(lock('a', false)).await?)?;
    for force in [false, true] {
        let second = store.lock(lock('a', force)).await?;
        assert!(matches!(second, Locked::Busy { .. }), "{second:?}");
    }
    let elsewhere = ours(store.lock(lock('b', false)).await?)?;
    store.unlock(first.clone(), None).await?;
    let next = ours(store.lock(lock('a', false)).await?)?;
    store.unlock(next.clone(), None).await?;
    // Given back twice: no error.
    store.unlock(next, None).await?;
    store.unlock(elsewhere, None).await?;
    Ok(())
}

/// A store may keep rests or not; what it must not do is to invent one, or to keep anybody out who
/// asks with force.
async fn rests(store: &dyn Store) -> TestResult {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
    let rest = Rest {
        until_ms: u64::try_from(now.as_millis())? + 30_000,
        code: Code::ServerFailing,
    };
    let lease = ours(store.lock(lock('a', false)).await?)?;
    store.unlock(lease, Some(rest)).await?;
    match store.lock(lock('a', false)).await? {
        Locked::Resting(kept) => {
            assert_eq!(kept.code, rest.code);
            let off = kept.until_ms.abs_diff(rest.until_ms);
            assert!(off < 2_000, "{off} ms off");
        }
        other => store.unlock(ours(other)?, None).await?,
    }
    let elsewhere = ours(store.lock(lock('b', false)).await?)?;
    store.unlock(elsewhere, None).await?;
    let forced = ours(store.lock(lock('a', true)).await?)?;
    store.unlock(forced, None).await?;
    // It went well this time, so there is nothing to rest from.
    let free = ours(store.lock(lock('a', false)).await?)?;
    store.unlock(free, None).await?;
    Ok(())
}
