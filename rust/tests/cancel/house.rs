//! A login in real files, and a server in this process that counts and takes its time.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use devicegrant::store::FileStore;
use devicegrant::{
    BoxFuture, Client, Endpoints, Error, Grant, Home, Host, Keep, Key, Lease, Loaded, Lock, Locked,
    LoginId, Now, Options, Reason, Record, Request, Response, Rest, Revision, Save, Secret,
    SecretBytes, Store, Tokens, Transport, drive,
};

pub(crate) type TestResult = Result<(), Box<dyn std::error::Error>>;

/// Who gives up is released within this.
pub(crate) const AT_ONCE: Duration = Duration::from_millis(100);
/// The access token before any renewal.
pub(crate) const OLD: &str = "access-0";
/// Longer than any test waits for something to happen.
const PATIENCE: Duration = Duration::from_secs(20);

/// The server: each renewal rotates both tokens.
#[derive(Debug)]
struct Server {
    delay: Duration,
    sent: AtomicUsize,
    answered: AtomicUsize,
}

impl Transport for Server {
    fn send(&self, _: Request) -> BoxFuture<'_, Result<Response, Reason>> {
        Box::pin(async {
            let n = self.sent.fetch_add(1, Ordering::SeqCst) + 1;
            tokio::time::sleep(self.delay).await;
            self.answered.fetch_add(1, Ordering::SeqCst);
            let body = format!(
                r#"{{"access_token":"access-{n}","refresh_token":"refresh-{n}","token_type":"Bearer","expires_in":3600}}"#
            );
            Ok(Response {
                status: 200,
                headers: vec![("content-type".into(), "application/json".into())],
                body: SecretBytes::new(body.into_bytes()),
            })
        })
    }
}

/// The files, and one method that takes its time.
#[derive(Debug)]
pub(crate) struct SlowStore {
    files: FileStore,
    slow_load: AtomicUsize,
    slow_lock: AtomicUsize,
    loads: AtomicUsize,
    locks: AtomicUsize,
    full: AtomicBool,
}

impl SlowStore {
    /// The n-th load from now takes its time.
    pub(crate) fn slow_load(&self, n: usize) {
        self.slow_load.store(n, Ordering::SeqCst);
    }

    pub(crate) fn slow_lock(&self) {
        self.slow_lock.store(1, Ordering::SeqCst);
    }

    /// From now on nothing can be written, or again it can.
    pub(crate) fn fill(&self, full: bool) {
        self.full.store(full, Ordering::SeqCst);
    }

    pub(crate) fn loads(&self) -> usize {
        self.loads.load(Ordering::SeqCst)
    }

    pub(crate) fn locks(&self) -> usize {
        self.locks.load(Ordering::SeqCst)
    }
}

async fn pause(now: bool) {
    if now {
        tokio::time::sleep(Duration::from_millis(600)).await;
    }
}

impl Store for SlowStore {
    fn load(&self, id: LoginId) -> BoxFuture<'_, Result<Loaded, Error>> {
        let n = self.loads.fetch_add(1, Ordering::SeqCst) + 1;
        Box::pin(async move {
            pause(n == self.slow_load.load(Ordering::SeqCst)).await;
            Store::load(&self.files, id).await
        })
    }

    fn save(&self, save: Save) -> BoxFuture<'_, Result<Option<Revision>, Error>> {
        if self.full.load(Ordering::SeqCst) {
            let error = Error::new(devicegrant::Code::StoreUnwritable, "no space is left");
            return Box::pin(async { Err(error) });
        }
        Store::save(&self.files, save)
    }

    fn lock(&self, lock: Lock) -> BoxFuture<'_, Result<Locked, Error>> {
        let n = self.locks.fetch_add(1, Ordering::SeqCst) + 1;
        Box::pin(async move {
            pause(n == self.slow_lock.load(Ordering::SeqCst)).await;
            Store::lock(&self.files, lock).await
        })
    }

    fn unlock(&self, lease: Lease, rest: Option<Rest>) -> BoxFuture<'_, Result<(), Error>> {
        Store::unlock(&self.files, lease, rest)
    }

    fn list(&self) -> BoxFuture<'_, Result<Vec<LoginId>, Error>> {
        Store::list(&self.files)
    }

    fn describe(&self) -> String {
        self.files.describe()
    }
}

/// One login, its folder, its server.
pub(crate) struct House {
    folder: tempfile::TempDir,
    id: LoginId,
    server: Arc<Server>,
}

impl House {
    /// A login whose token has expired.
    pub(crate) async fn with_answer_after(delay: Duration) -> Result<Self, Error> {
        Self::new(delay, 0).await
    }

    /// A login whose token is good.
    pub(crate) async fn fresh(delay: Duration) -> Result<Self, Error> {
        Self::new(delay, 3_600_000).await
    }

    async fn new(delay: Duration, left_ms: u64) -> Result<Self, Error> {
        let folder = tempfile::tempdir()
            .map_err(|why| Error::new(devicegrant::Code::StoreUnwritable, why.to_string()))?;
        let server = Arc::new(Server {
            delay,
            sent: AtomicUsize::new(0),
            answered: AtomicUsize::new(0),
        });
        let wall = SystemTime::now().duration_since(UNIX_EPOCH);
        let wall_ms = u64::try_from(wall.unwrap_or_default().as_millis()).unwrap_or(u64::MAX);
        let grant = grant();
        let tokens = Tokens {
            access_token: Secret::new(OLD),
            token_type: "Bearer".into(),
            issued_at_ms: wall_ms - 3_600_000,
            expires_at_ms: Some(wall_ms + left_ms),
            refresh_token: Some(Secret::new("refresh-0")),
            refresh_expires_at_ms: None,
            id_token: None,
            sub: None,
            scopes: Vec::new(),
            issuer: None,
            extra: std::collections::BTreeMap::new(),
        };
        let now = Now {
            wall_ms,
            steady_ms: 0,
        };
        let record = Record::new(&options(), Arc::new(grant), tokens, now)?;
        let keep = Keep::login(&options(), record, key(), [1; 32])?;
        let host = Host {
            transport: Arc::clone(&server) as Arc<dyn Transport>,
            store: Arc::new(files(&folder)?),
            prompter: None,
            observer: None,
        };
        let kept = drive(keep, &host).await?;
        assert_eq!(kept.revision, 1);
        Ok(Self {
            folder,
            id: kept.id,
            server,
        })
    }

    fn builder(&self) -> devicegrant::ClientBuilder {
        Client::with(options())
            .key(key())
            .home(home(&self.folder))
            .transport(Arc::clone(&self.server) as Arc<dyn Transport>)
    }

    pub(crate) fn client(&self) -> Result<Client, Error> {
        self.builder().build()
    }

    pub(crate) fn client_of_a_slow_store(&self) -> Result<(Client, Arc<SlowStore>), Error> {
        let store = Arc::new(SlowStore {
            files: files(&self.folder)?,
            slow_load: AtomicUsize::new(0),
            slow_lock: AtomicUsize::new(0),
            loads: AtomicUsize::new(0),
            locks: AtomicUsize::new(0),
            full: AtomicBool::new(false),
        });
        let client = self.builder().store(Arc::clone(&store) as Arc<dyn Store>);
        Ok((client.build()?, store))
    }

    pub(crate) fn sent(&self) -> usize {
        self.server.sent.load(Ordering::SeqCst)
    }

    pub(crate) fn answered(&self) -> usize {
        self.server.answered.load(Ordering::SeqCst)
    }

    pub(crate) async fn until_sent(&self, count: usize) {
        let begun = Instant::now();
        while self.sent() < count {
            assert!(begun.elapsed() < PATIENCE, "no exchange was begun");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// The access token and the refresh token in the files, read by a client of its own.
    pub(crate) async fn kept(&self) -> Result<(String, String), Error> {
        let tokens = self.client()?.find().await?.record.tokens;
        let refresh_token = tokens.refresh_token.as_ref().map(Secret::expose);
        let kept = (
            tokens.access_token.expose(),
            refresh_token.unwrap_or_default(),
        );
        Ok((kept.0.to_owned(), kept.1.to_owned()))
    }

    /// Takes the lease as a program would that stays alive and does nothing.
    pub(crate) fn hold_the_lease(&self) -> Result<Lease, Box<dyn std::error::Error>> {
        let lock = Lock {
            id: self.id.clone(),
            ttl_ms: 45_000,
            force: false,
        };
        match files(&self.folder)?.lock(&lock)? {
            Locked::Yes(lease) => Ok(lease),
            other => Err(format!("the lease is not to be had: {other:?}").into()),
        }
    }

    pub(crate) fn give_back(&self, lease: &Lease) -> Result<(), Error> {
        files(&self.folder)?.unlock(lease, None)
    }

    /// Nothing runs on this runtime but the test, `revision` is the newest, and its lease is to be
    /// had by the next who asks.
    pub(crate) async fn nothing_runs_or_is_held(&self, revision: Revision) -> TestResult {
        let metrics = tokio::runtime::Handle::current().metrics();
        let begun = Instant::now();
        // A task counts until the runtime has swept it away.
        while metrics.num_alive_tasks() > 0 {
            assert!(
                begun.elapsed() < AT_ONCE,
                "{} tasks",
                metrics.num_alive_tasks()
            );
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert_eq!(files(&self.folder)?.load(&self.id)?.revision, revision);
        let lease = self.hold_the_lease()?;
        self.give_back(&lease)?;
        Ok(())
    }
}

fn key() -> Key {
    Key::new([7; 32])
}

/// Of its own: a temporary folder may be open to others.
fn home(folder: &tempfile::TempDir) -> PathBuf {
    folder.path().join("home")
}

fn files(folder: &tempfile::TempDir) -> Result<FileStore, Error> {
    Ok(FileStore::new(&Home::find(Some(home(folder)))?))
}

fn options() -> Options {
    Options {
        device_endpoint: Some("https://as.example/device".into()),
        token_endpoint: Some("https://as.example/token".into()),
        client_id: Some("c".into()),
        ..Options::default()
    }
}

fn grant() -> Grant {
    Grant {
        endpoints: Endpoints {
            issuer: None,
            device_authorization: Some("https://as.example/device".into()),
            token: "https://as.example/token".into(),
            revocation: None,
            introspection: None,
            userinfo: None,
            registration: None,
        },
        client: devicegrant_core::Client {
            id: "c".into(),
            secret: None,
            auth: devicegrant::ClientAuth::None,
        },
        may_post_secret: false,
        takes_client_documents: false,
        stepped_up: Vec::new(),
        in_place_of: None,
        scopes: Vec::new(),
        resource: None,
        params: Vec::new(),
        pkce: false,
        dialect: devicegrant::Dialect::default(),
        code_flow: None,
        expected: None,
        offline_access_unasked: false,
    }
}
