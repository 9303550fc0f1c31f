//! The Redis store on a real redis-server.
#![cfg(all(feature = "redis", unix))]

mod common;

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use common::TestResult;
use common::contract::{id, lock, record, save, store_contract};
use common::redis_server::{Server, without};
use devicegrant::store::RedisStore;
use devicegrant::{Code, Error, Lease, Lock, Locked, Rest, Secret, Store};
use tokio::time::sleep;

fn lease(locked: Locked) -> Result<Lease, String> {
    match locked {
        Locked::Yes(lease) => Ok(lease),
        other => Err(format!("{other:?}")),
    }
}

fn code<T>(outcome: Result<T, Error>) -> Option<Code> {
    outcome.err().map(|error| error.code())
}

#[tokio::test]
async fn it_keeps_the_contract() -> TestResult {
    if without() {
        return Ok(());
    }
    let server = Server::start("")?;
    let store = server.store().await?;
    store_contract(&store).await?;
    assert_eq!(
        store.describe(),
        format!("Redis at 127.0.0.1:{}/0", server.port())
    );
    // Another prefix is another store.
    let other = RedisStore::connect(server.url(""), Some("other:")).await?;
    assert_eq!(other.list().await?, []);
    store_contract(&other).await
}

/// A cluster refuses a script that touches keys of two slots, and one that names too few keys.
#[tokio::test]
async fn its_keys_fit_a_cluster() -> TestResult {
    if without() {
        return Ok(());
    }
    let server = Server::start("cluster-enabled yes")?;
    let client = redis::Client::open(server.url("").expose())?;
    let mut connection = None;
    for _ in 0..100 {
        connection = client.get_multiplexed_async_connection().await.ok();
        if connection.is_some() {
            break;
        }
        sleep(Duration::from_millis(50)).await;
    }
    let mut connection = connection.ok_or("the server did not start")?;
    redis::cmd("CLUSTER")
        .arg(&["ADDSLOTSRANGE", "0", "16383"])
        .exec_async(&mut connection)
        .await?;
    store_contract(&server.store().await?).await
}

#[tokio::test(flavor = "multi_thread")]
async fn of_32_that_read_the_same_revision_one_writes() -> TestResult {
    if without() {
        return Ok(());
    }
    let server = Server::start("")?;
    // Eight programs of four tasks each.
    let mut stores = Vec::new();
    for _ in 0..8 {
        stores.push(Arc::new(server.store().await?));
    }
    for revision in 0..40 {
        let tasks: Vec<_> = (0..32)
            .map(|n| {
                let store = Arc::clone(&stores[n % 8]);
                let text = format!("task {n}");
                tokio::spawn(async move {
                    let saved = store.save(save('a', Some(&text), revision)).await;
                    saved.map(|saved| saved.map(|_| text))
                })
            })
            .collect();
        let mut winners = Vec::new();
        for task in tasks {
            winners.extend(task.await??);
        }
        assert_eq!(winners.len(), 1, "at {revision}: {winners:?}");
        let loaded = stores[0].load(id('a')).await?;
        assert_eq!(loaded.revision, revision + 1);
        assert_eq!(
            loaded.bytes,
            winners.pop().map(|text| record(text.as_bytes()))
        );
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn of_32_that_want_the_lease_one_has_it() -> TestResult {
    if without() {
        return Ok(());
    }
    let server = Server::start("")?;
    let store = Arc::new(server.store().await?);
    let tasks: Vec<_> = (0..32)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.lock(lock('a', false)).await })
        })
        .collect();
    let mut holders = 0;
    for task in tasks {
        holders += usize::from(matches!(task.await??, Locked::Yes(_)));
    }
    assert_eq!(holders, 1);
    Ok(())
}

#[tokio::test]
async fn a_lease_that_nobody_gives_back_runs_out() -> TestResult {
    if without() {
        return Ok(());
    }
    let server = Server::start("")?;
    let store = server.store().await?;
    let other = server.store().await?;
    let short = |ttl_ms| Lock {
        ttl_ms,
        ..lock('a', false)
    };
    let first = lease(store.lock(short(2_000)).await?)?;
    sleep(Duration::from_millis(300)).await;
    let Locked::Busy { since } = other.lock(short(2_000)).await? else {
        return Err("it should be busy".into());
    };
    sleep(Duration::from_millis(300)).await;
    let Locked::Busy { since: later } = other.lock(short(2_000)).await? else {
        return Err("it should be busy".into());
    };
    let moved = later.abs_diff(since);
    assert!(moved < 250, "since moved by {moved} ms");
    sleep(Duration::from_millis(1_700)).await;
    let second = lease(other.lock(short(20_000)).await?)?;
    assert_ne!(first, second);
    // The first holder comes late: no error, and the second holder's lease stays.
    let rest = Rest {
        until_ms: u64::MAX,
        code: Code::Timeout,
    };
    store.unlock(first, Some(rest)).await?;
    let third = store.lock(short(2_000)).await?;
    assert!(matches!(third, Locked::Busy { .. }), "{third:?}");
    other.unlock(second, None).await?;
    assert!(matches!(store.lock(short(2_000)).await?, Locked::Yes(_)));
    Ok(())
}

#[tokio::test]
async fn a_rest_keeps_all_out_but_those_with_force_until_it_ends() -> TestResult {
    if without() {
        return Ok(());
    }
    let server = Server::start("")?;
    let store = server.store().await?;
    let other = server.store().await?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let rest = |ms: u64| -> Result<Rest, std::num::TryFromIntError> {
        Ok(Rest {
            until_ms: u64::try_from(now.as_millis())? + ms,
            code: Code::RateLimited,
        })
    };
    let held = lease(store.lock(lock('a', false)).await?)?;
    store.unlock(held, Some(rest(2_000)?)).await?;
    let Locked::Resting(kept) = other.lock(lock('a', false)).await? else {
        return Err("it should rest".into());
    };
    assert_eq!(kept.code, Code::RateLimited);
    assert!(kept.until_ms.abs_diff(rest(2_000)?.until_ms) < 1_500);
    sleep(Duration::from_millis(2_200)).await;
    let held = lease(other.lock(lock('a', false)).await?)?;
    other.unlock(held, Some(rest(60_000)?)).await?;
    let forced = lease(store.lock(lock('a', true)).await?)?;
    store.unlock(forced, Some(rest(60_000)?)).await?;
    // A new revision, as by a person who has just signed in, ends the rest.
    assert_eq!(store.save(save('a', Some("new"), 0)).await?, Some(1));
    assert!(matches!(
        other.lock(lock('a', false)).await?,
        Locked::Yes(_)
    ));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_in_the_middle_loses_no_save_and_no_store() -> TestResult {
    if without() {
        return Ok(());
    }
    let mut server = Server::start("")?;
    let store = Arc::new(server.store().await?);
    let saving = {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            let mut revision = 0;
            let started = Instant::now();
            // Through two crashes; each save has to end as ours, and exactly one revision on.
            while started.elapsed() < Duration::from_secs(3) {
                let text = format!("revision {}", revision + 1);
                match store.save(save('a', Some(&text), revision)).await? {
                    Some(next) if next == revision + 1 => revision = next,
                    other => return Ok::<_, Error>(Err(format!("{other:?} after {revision}"))),
                }
            }
            Ok(Ok(revision))
        })
    };
    for _ in 0..2 {
        sleep(Duration::from_millis(700)).await;
        server.kill()?;
        sleep(Duration::from_millis(300)).await;
        server.resume()?;
    }
    let revision = saving.await???;
    assert!(revision > 20, "only {revision} saves");
    let loaded = store.load(id('a')).await?;
    assert_eq!(loaded.revision, revision);
    let text = format!("revision {revision}");
    assert_eq!(loaded.bytes, Some(record(text.as_bytes())));
    Ok(())
}

#[tokio::test]
async fn a_server_that_is_away_is_said_so_in_time() -> TestResult {
    if without() {
        return Ok(());
    }
    let mut server = Server::start("")?;
    let store = server.store().await?;
    server.kill()?;
    let started = Instant::now();
    let error = store.load(id('a')).await.err().ok_or("it answered")?;
    assert_eq!(error.code(), Code::StoreUnreachable);
    assert!(
        error.message().contains(&server.port().to_string()),
        "{error}"
    );
    assert_eq!(code(server.store().await), Some(Code::StoreUnreachable));
    assert!(started.elapsed() < Duration::from_secs(11));
    server.resume()?;
    assert_eq!(store.load(id('a')).await?.revision, 0);
    Ok(())
}

/// It takes connections and says nothing, as behind a firewall that drops.
#[tokio::test]
async fn a_server_that_hangs_is_not_waited_for() -> TestResult {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("redis://:hunter2@{}/0", silent.local_addr()?);
    let started = Instant::now();
    let error = RedisStore::connect(Secret::new(url), None).await;
    let error = error.err().ok_or("it connected")?;
    assert_eq!(error.code(), Code::StoreUnreachable);
    assert!(started.elapsed() < Duration::from_secs(6));
    assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
    Ok(())
}

#[tokio::test]
async fn a_wrong_password_is_refused_and_not_shown() -> TestResult {
    if without() {
        return Ok(());
    }
    let server = Server::start("requirepass right-password")?;
    let store = RedisStore::connect(server.url(":right-password@"), None).await?;
    store_contract(&store).await?;
    let shown = format!("{store:?} {store:#?} {}", store.describe());
    assert!(!shown.contains("right-password"), "{shown}");

    let started = Instant::now();
    for login in [":hunter2@", "someone:hunter2@", ""] {
        let outcome = RedisStore::connect(server.url(login), None).await;
        let error = outcome.err().ok_or("it was let in")?;
        assert_eq!(error.code(), Code::StoreRefused, "{error}");
        assert!(error.message().contains(&server.port().to_string()));
        let shown = format!("{error} {error:?} {}", error.message());
        assert!(!shown.contains("hunter2"), "{shown}");
    }
    assert!(started.elapsed() < Duration::from_secs(4));
    for url in ["redis://:hunter2@[", "https://:hunter2@host/", "hunter2"] {
        let outcome = RedisStore::connect(Secret::new(url), None).await;
        let error = outcome.err().ok_or("it was taken")?;
        assert_eq!(error.code(), Code::BadOption);
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
    }
    Ok(())
}

/// The very rules that docs/REDIS.md gives are enough, and without one of them it is said.
#[tokio::test]
async fn the_documented_rights_are_enough() -> TestResult {
    if without() {
        return Ok(());
    }
    let text = include_str!("../../docs/REDIS.md");
    let rule = text
        .lines()
        .find_map(|line| line.strip_prefix("ACL SETUSER "));
    let rule = rule.ok_or("docs/REDIS.md has no ACL rule")?;
    let rule = rule.replace("devicegrant on >PASSWORD", "app on >secret-word");
    let poorer = rule.replace("app on", "poor on").replace("+hset ", "");
    assert_ne!(poorer, rule.replace("app on", "poor on"));
    let elsewhere = rule
        .replace("app on", "far on")
        .replace("~devicegrant:*", "~other:*");
    let server = Server::start(&format!(
        "user {rule}\nuser {poorer}\nuser {elsewhere}\nuser default off"
    ))?;
    let store = RedisStore::connect(server.url("app:secret-word@"), None).await?;
    store_contract(&store).await?;

    let store = RedisStore::connect(server.url("poor:secret-word@"), None).await?;
    let outcome = store.save(save('c', Some("one"), 0)).await;
    assert_eq!(code(outcome), Some(Code::StoreRefused));
    let outcome = RedisStore::connect(server.url("far:secret-word@"), None).await;
    assert_eq!(code(outcome), Some(Code::StoreRefused));
    Ok(())
}

#[tokio::test]
async fn a_full_server_and_a_strange_key_are_told_apart() -> TestResult {
    if without() {
        return Ok(());
    }
    let server = Server::start("")?;
    let store = server.store().await?;
    let client = redis::Client::open(server.url("").expose())?;
    let mut connection = client.get_multiplexed_async_connection().await?;
    let key = format!("devicegrant:{{{}}}:login", id('a'));
    let mut set = redis::cmd("SET");
    set.arg(&key)
        .arg("strange")
        .exec_async(&mut connection)
        .await?;
    assert_eq!(code(store.load(id('a')).await), Some(Code::StoreUnreadable));
    for (setting, full, free) in [("min-replicas-to-write", "1", "0"), ("maxmemory", "1", "0")] {
        for (value, expected) in [(full, Some(Code::StoreUnwritable)), (free, None)] {
            let mut set = redis::cmd("CONFIG");
            set.arg(&["SET", setting, value]);
            set.exec_async(&mut connection).await?;
            let outcome = store.save(save('b', Some("one"), 0)).await;
            assert_eq!(code(outcome), expected, "{setting} {value}");
        }
    }
    Ok(())
}
