//! A small, honest OAuth 2.0 authorization server on 127.0.0.1.
//!
//! It serves two masters. `devicegrant demo` signs in against it, with a real
//! approval page for a real person; and tests, of this project or of another,
//! start it with a [`Script`] that makes it slow, rude, forgetful or absent at
//! the very request they name.
//!
//! It shares no code with the client it is tried against: what both got wrong
//! in the same way would otherwise pass unseen. It protects nothing real:
//! any `client_id` is a welcome public client unless the script says
//! otherwise, whoever opens the page is "the person", and everything is
//! forgotten when it stops.
//!
//! | path | what |
//! |---|---|
//! | `/.well-known/oauth-authorization-server`, `/.well-known/openid-configuration` | metadata (RFC 8414) |
//! | `/device_authorization`, `/token` | the device grant (RFC 8628) and refresh, with rotation |
//! | `/register`, `/revoke`, `/introspect` | RFC 7591, 7009, 7662 |
//! | `/api/whoami` | a protected resource (RFC 6750, described by RFC 9728) |
//! | `/device` | the approval page |
//! | `/demo/approve`, `/demo/deny` | a person's decision for tests; only with [`Script::control`] |

mod app;
mod client;
mod code;
mod device;
mod event;
mod fault;
mod grant;
mod grants;
mod guard;
mod html;
mod metadata;
mod page;
mod params;
mod reply;
mod resource;
mod script;
mod session;
mod token;
mod tokens;
mod trouble;
mod wire;

use std::{fmt, io, net::Ipv4Addr, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware,
    response::Redirect,
    routing::{get, post},
};
use tokio::{
    net::TcpListener,
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

use app::App;
pub use event::{By, Event};
pub use fault::{Fault, On, Trouble};
pub use script::{Decide, Script, When};

/// No request this server understands comes near this size.
const MAX_BODY: usize = 16 * 1024;
/// What [`Server::stop`] grants to requests that are still being answered.
const STOP_GRACE: Duration = Duration::from_secs(1);

/// A running server. Dropping it stops it; requests in flight are finished.
pub struct Server {
    /// The issuer, `http://127.0.0.1:PORT`, without a slash at its end.
    pub issuer: String,
    app: Arc<App>,
    // Dropping the sender is the signal, so no `Drop` is needed.
    alive: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

/// Starts the server on 127.0.0.1; port 0 picks a free one.
///
/// Must be called within a tokio runtime. It is listening when this returns.
///
/// # Errors
/// The port is taken, the script makes no sense, or the system gives no
/// randomness.
pub async fn start(port: u16, script: Script) -> io::Result<Server> {
    script.check()?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let address = listener.local_addr()?;
    let issuer = format!("http://{address}");
    let app = Arc::new(App::new(issuer.clone(), address.port(), script)?);
    let service = router(Arc::clone(&app)).into_make_service_with_connect_info::<wire::Cut>();
    let (alive, dropped) = oneshot::channel::<()>();
    let task = tokio::spawn(async move {
        let served = axum::serve(wire::Gate::new(listener), service)
            .with_graceful_shutdown(async move {
                let _ = dropped.await;
            })
            .await;
        if let Err(error) = served {
            tracing::warn!(%error, "the demo server ended");
        }
    });
    Ok(Server {
        issuer,
        app,
        alive,
        task,
    })
}

impl fmt::Debug for Server {
    /// Without its state, which is full of tokens.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

impl Server {
    /// What happens from now on, in order. A second call takes over from the
    /// first receiver. A reader who falls a thousand events behind loses the
    /// newest ones: the server never waits for its audience.
    pub fn events(&mut self) -> mpsc::Receiver<Event> {
        self.app.watch()
    }

    /// Approves a pending code as the person would. False if there is none.
    pub fn approve(&self, user_code: &str) -> bool {
        self.app.decide(user_code, true, By::Control)
    }

    /// Denies a pending code as the person would. False if there is none.
    pub fn deny(&self, user_code: &str) -> bool {
        self.app.decide(user_code, false, By::Control)
    }

    /// Stops listening, grants requests in flight a second, and returns when
    /// the port is free again.
    pub async fn stop(self) {
        let Self {
            alive, mut task, ..
        } = self;
        drop(alive);
        if tokio::time::timeout(STOP_GRACE, &mut task).await.is_err() {
            task.abort();
            let _ = task.await;
        }
    }
}

fn router(app: Arc<App>) -> Router {
    let mut router = Router::new()
        .route(metadata::OAUTH, get(metadata::server))
        .route(metadata::OPENID, get(metadata::server))
        .route(metadata::RESOURCE, get(metadata::resource))
        .route("/register", post(metadata::register))
        .route("/device_authorization", post(device::authorize))
        .route("/token", post(token::token))
        .route("/revoke", post(resource::revoke))
        .route("/introspect", post(resource::introspect))
        .route("/api/whoami", get(resource::whoami))
        .route("/", get(|| async { Redirect::to("/device") }))
        .route("/device", get(page::open).post(page::enter))
        .route("/device/decision", post(page::decide));
    if app.script.control {
        router = router
            .route("/demo/approve", post(device::approve))
            .route("/demo/deny", post(device::deny));
    }
    router
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(middleware::from_fn_with_state(
            Arc::clone(&app),
            guard::guard,
        ))
        .with_state(app)
}
