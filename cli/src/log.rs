//! `-v`: what is asked of servers and what happens, without secrets and codes.

use std::time::Instant;

use devicegrant::{BoxFuture, Event, Http, Observer, Reason, Request, Response, Transport};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Only our own words: what the libraries below say at such levels may hold a whole request.
pub(crate) fn start(verbose: u8) {
    let level = match verbose {
        0 => return,
        1 => LevelFilter::DEBUG,
        2.. => LevelFilter::TRACE,
    };
    let filter = Targets::new().with_target("devicegrant", level);
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(false);
    tracing_subscriber::registry()
        .with(lines)
        .with(filter)
        .init();
}

/// Says what happens.
#[derive(Debug)]
pub(crate) struct Events;

impl Observer for Events {
    fn event(&self, event: &Event) {
        tracing::debug!("{event:?}");
    }
}

/// Says what is sent and received.
#[derive(Debug)]
pub(crate) struct Logged(pub(crate) Http);

impl Transport for Logged {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, Reason>> {
        let what = format!(
            "{} {}",
            request.method.as_str(),
            without_query(&request.url)
        );
        tracing::debug!("{what}");
        if !request.body.is_empty() {
            tracing::trace!("{what} with {}", parameters(request.body.expose()));
        }
        let started = Instant::now();
        Box::pin(async move {
            let answer = self.0.send(request).await;
            let ms = started.elapsed().as_millis();
            match &answer {
                Ok(got) => {
                    let (status, bytes) = (got.status, got.body.len());
                    tracing::debug!("{what}: HTTP {status}, {bytes} bytes, {ms} ms");
                }
                Err(reason) => tracing::debug!("{what}: {reason:?}, {ms} ms"),
            }
            answer
        })
    }
}

/// A query of an endpoint's address is the caller's own, and may be a secret.
fn without_query(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or_default()
}

/// A form's parameters: values only of those that everybody may know.
fn parameters(body: &[u8]) -> String {
    const PUBLIC: [&str; 6] = [
        "grant_type",
        "client_id",
        "scope",
        "audience",
        "resource",
        "code_challenge_method",
    ];
    if body.starts_with(b"{") {
        return format!("{} bytes of JSON", body.len());
    }
    let shown = form_urlencoded::parse(body).map(|(name, value)| {
        if PUBLIC.contains(&&*name) {
            format!("{name}={value:?}")
        } else {
            format!("{name}=[redacted]")
        }
    });
    shown.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_named_one_by_one_before_they_are_shown() {
        let body = b"client_id=me&device_code=hunter2&client_secret=hunter2&scope=a+b&own=hunter2";
        let shown = parameters(body);
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(
            shown.contains("client_id=\"me\"") && shown.contains("scope=\"a b\""),
            "{shown}"
        );
        assert_eq!(parameters(b"{\"a\":1}"), "7 bytes of JSON");
        assert_eq!(
            without_query("https://a.example/x?key=hunter2"),
            "https://a.example/x"
        );
    }
}
