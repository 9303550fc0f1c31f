//! The way to a Redis server: answers that are lost, and TLS.
#![cfg(all(feature = "redis", unix))]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use common::TestResult;
use common::contract::{id, lock, save, store_contract};
use common::redis_server::{Server, without};
use devicegrant::store::RedisStore;
use devicegrant::{Code, Locked, Secret, Store};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Answers to be lost, one after the other: the server has done what was asked, and the connection
/// ends before anybody hears of it.
const LOST: [&str; 4] = ["saved", "saved", "locked", "unlocked"];

async fn carry(client: TcpStream, port: u16, next: Arc<AtomicUsize>) -> std::io::Result<()> {
    let server = TcpStream::connect(("127.0.0.1", port)).await?;
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let there =
        tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to_server).await });
    let mut bytes = vec![0; 64 * 1024];
    loop {
        let n = from_server.read(&mut bytes).await?;
        let answer = String::from_utf8_lossy(&bytes[..n]);
        let lost = LOST.get(next.load(Ordering::SeqCst));
        if lost.is_some_and(|lost| answer.contains(&format!("\r\n{lost}\r\n"))) {
            next.fetch_add(1, Ordering::SeqCst);
            break;
        }
        if n == 0 || to_client.write_all(&bytes[..n]).await.is_err() {
            break;
        }
    }
    there.abort();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_asked_for_again_and_ours_is_known_as_ours() -> TestResult {
    if without() {
        return Ok(());
    }
    let server = Server::start("")?;
    server.store().await?;
    let proxy = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("redis://{}/0", proxy.local_addr()?);
    let next = Arc::new(AtomicUsize::new(0));
    let (port, counter) = (server.port(), Arc::clone(&next));
    let carrying = tokio::spawn(async move {
        while let Ok((client, _)) = proxy.accept().await {
            tokio::spawn(carry(client, port, Arc::clone(&counter)));
        }
    });
    let store = RedisStore::connect(Secret::new(url), None).await?;
    assert_eq!(store.save(save('a', Some("one"), 0)).await?, Some(1));
    assert_eq!(store.save(save('a', None, 1)).await?, Some(2));
    let Locked::Yes(lease) = store.lock(lock('a', false)).await? else {
        return Err("our own lease should not keep us out".into());
    };
    store.unlock(lease, None).await?;
    assert_eq!(next.load(Ordering::SeqCst), LOST.len(), "not all were lost");
    assert_eq!(store.load(id('a')).await?.revision, 2);
    assert!(matches!(
        store.lock(lock('a', false)).await?,
        Locked::Yes(_)
    ));
    carrying.abort();
    Ok(())
}

#[tokio::test]
async fn tls_trusts_the_roots_that_are_given_and_no_other() -> TestResult {
    if without() {
        return Ok(());
    }
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    let roots = made.cert.pem();
    let folder = tempfile::tempdir()?;
    let (cert, key) = (folder.path().join("cert"), folder.path().join("key"));
    std::fs::write(&cert, &roots)?;
    std::fs::write(&key, made.signing_key.serialize_pem())?;
    let server = Server::start(&format!(
        "port 0\ntls-port {{port}}\ntls-auth-clients no\ntls-cert-file {}\ntls-key-file {}",
        cert.display(),
        key.display()
    ))?;
    let url = || Secret::new(format!("rediss://localhost:{}", server.port()));
    let store = RedisStore::connect_trusting(url(), None, roots.as_bytes()).await?;
    store_contract(&store).await?;

    let started = Instant::now();
    let error = RedisStore::connect(url(), None).await.err();
    let error = error.ok_or("it trusted anybody")?;
    assert_eq!(error.code(), Code::StoreUnreachable);
    assert!(error.message().contains("certificate"), "{error}");
    assert!(
        started.elapsed() < Duration::from_secs(4),
        "it will not become better"
    );
    let wrong = RedisStore::connect_trusting(url(), None, b"no certificate").await;
    assert_eq!(wrong.err().map(|e| e.code()), Some(Code::BadOption));
    let insecure = Secret::new(format!("rediss://localhost:{}/#insecure", server.port()));
    let outcome = RedisStore::connect(insecure, None).await;
    assert_eq!(outcome.err().map(|e| e.code()), Some(Code::BadOption));
    Ok(())
}
