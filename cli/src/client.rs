//! A client as the arguments want it, and its work as a command does it.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use devicegrant::{Client, ClientBuilder, Code, Error, Http, Options};

use crate::args::Place;
use crate::log::{Events, Logged};
use crate::output::{self, Failure};
use crate::stop::unless_stopped;
use crate::store;

/// A client whose requests are logged, where anybody wants that.
pub(crate) async fn builder(options: Options, place: &Place) -> Result<ClientBuilder, Error> {
    let transport = Arc::new(Logged(Http::new(&roots(place)?)?));
    let mut builder = Client::with(options).transport(transport);
    if let Some(home) = &place.home {
        builder = builder.home(home);
    }
    if let Some(source) = place.key {
        builder = builder.key_source(source);
    }
    store::put(builder, place).await
}

/// A client that asks nobody.
pub(crate) async fn quiet(options: Options, place: &Place) -> Result<Client, Error> {
    let builder = builder(options, place).await?;
    builder.observer(Arc::new(Events)).build()
}

pub(crate) fn roots(place: &Place) -> Result<Vec<u8>, Error> {
    let Some(file) = &place.ca else {
        return Ok(Vec::new());
    };
    let unfit = |why: &dyn std::fmt::Display| {
        let message = format!("--ca {} cannot be used: {why}", file.display());
        Error::new(Code::BadOption, message)
    };
    let roots = std::fs::read(file).map_err(|why| unfit(&why))?;
    // To the transport, no bytes are no wish for other roots; here a file was named.
    if roots.is_empty() {
        return Err(unfit(&"it is empty"));
    }
    Ok(roots)
}

/// Does work that may renew. A signal ends the waiting; what is on its way then is kept.
pub(crate) async fn work<T>(
    client: &Client,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Failure> {
    let done = unless_stopped(None, work).await;
    settle(client).await;
    done.map_err(|error| {
        let interrupted = error.code() == Code::Interrupted;
        let failure = Failure::of(error, client);
        if interrupted {
            return failure.hinting("Run the command again; nothing was lost.".to_owned());
        }
        failure
    })
}

/// Waits for the exchanges that must be kept before the process ends.
pub(crate) async fn settle(client: &Client) {
    let soon = tokio::time::timeout(Duration::from_secs(1), client.finish());
    if soon.await.is_err() {
        output::note(
            "A request is on its way, and its answer has to be kept; that takes a moment.",
        );
        client.finish().await;
    }
}
