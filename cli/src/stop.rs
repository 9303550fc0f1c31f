//! Ends that come from outside: a signal, or the time that the caller allowed.

use std::future::Future;
use std::time::Duration;

use devicegrant::{Code, Error};

/// Does the work unless a signal or the time comes first. The work is dropped then, so that
/// whatever it holds, such as the terminal, is put back.
pub(crate) async fn unless_stopped<T>(
    limit: Option<Duration>,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let time = async {
        match limit {
            Some(limit) => tokio::time::sleep(limit).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        done = work => done,
        () = time => {
            let message = "the time allowed by --timeout ran out before anybody approved";
            Err(Error::new(Code::GaveUp, message))
        }
        () = signal() => Err(Error::new(Code::Interrupted, "interrupted")),
    }
}

/// Returns when the process is asked to end: SIGINT, SIGTERM, or the terminal hangs up.
#[cfg(unix)]
pub(crate) async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let kinds = [
        SignalKind::interrupt(),
        SignalKind::terminate(),
        SignalKind::hangup(),
    ];
    let [Ok(mut interrupt), Ok(mut terminate), Ok(mut hangup)] = kinds.map(signal) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = hangup.recv() => {}
    }
}

#[cfg(not(unix))]
pub(crate) async fn signal() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
