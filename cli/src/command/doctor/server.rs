//! Checks of a server: whether it answers, offers the device grant, and agrees about the time.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use devicegrant::store::MemoryStore;
use devicegrant::{
    BoxFuture, Code, Discover, Error, Found, Header, Home, Host, Http, LoginId, Method, Options,
    Reason, Request, Response, SecretBytes, Transport, drive,
};

use super::Check;
use crate::args::Place;
use crate::client::roots;
use crate::log::{Events, Logged};

/// More servers than this are not asked at once.
const MOST: usize = 20;
/// Seconds. Tokens are renewed and certificates judged by the clock.
const WRONG: u64 = 30;
const FAR_WRONG: u64 = 300;

/// The servers of the logins that are kept, each once.
pub(super) fn of(kept: Vec<(LoginId, Result<Found, Error>)>) -> Vec<Options> {
    let mut targets = Vec::new();
    for (_, found) in kept {
        let Ok(found) = found else { continue };
        let options = target(&found.sealed.header);
        if !targets.contains(&options) && targets.len() < MOST {
            targets.push(options);
        }
    }
    targets
}

/// Where a login is kept for.
pub(super) fn target(header: &Header) -> Options {
    let target = header.target.clone();
    match (target, header.issuer.clone()) {
        (Some(name), _) if !name.contains("://") => Options {
            provider: Some(name),
            ..Options::default()
        },
        (_, Some(issuer)) => Options {
            issuer: Some(issuer),
            ..Options::default()
        },
        // It was signed in to by its endpoints, of which the clear part names one.
        (endpoint, None) => Options {
            device_endpoint: endpoint.clone(),
            token_endpoint: endpoint,
            ..Options::default()
        },
    }
}

/// Keeps how far apart the clocks are, by the `Date` of each answer.
struct Dated {
    inner: Logged,
    seen: Mutex<Option<Seen>>,
}

#[derive(Clone, Copy)]
struct Seen {
    /// Seconds that the server is apart; none where it does not say.
    apart: Option<u64>,
}

impl Transport for Dated {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, Reason>> {
        Box::pin(async move {
            let answer = self.inner.send(request).await?;
            let mut headers = answer.headers.iter();
            let date = headers.find(|(name, _)| name.eq_ignore_ascii_case("date"));
            let date = date.and_then(|(_, value)| httpdate::parse_http_date(value).ok());
            let apart = date.map(|date| {
                let here = SystemTime::now();
                let apart = date.duration_since(here).unwrap_or_else(|e| e.duration());
                apart.as_secs()
            });
            *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(Seen { apart });
            Ok(answer)
        })
    }
}

pub(super) async fn check(
    mut options: Options,
    place: &Place,
) -> Result<(Check, Option<Check>), Error> {
    let transport = Arc::new(Dated {
        inner: Logged(Http::new(&roots(place)?)?),
        seen: Mutex::default(),
    });
    // Nothing is asked in a client's name.
    options.client_id.get_or_insert_with(|| "doctor".to_owned());
    let own = match options.provider_name() {
        Some(name) => Home::find(place.home.clone())?.provider(&name)?,
        None => None,
    };
    let name = [&options.target, &options.issuer, &options.provider];
    let name = name.into_iter().flatten().next();
    let name = name.or(options.device_endpoint.as_ref()).cloned();
    let name = name.unwrap_or_default();
    let host = Host {
        transport: Arc::clone(&transport) as _,
        store: Arc::new(MemoryStore::default()),
        prompter: None,
        observer: Some(Arc::new(Events)),
    };
    let machine = match Discover::new(options, own.as_deref()) {
        Ok(machine) => machine,
        Err(error) => return Ok((Check::fail("server", &error), None)),
    };
    let server = match drive(machine, &host).await {
        Err(error) => Check::fail("server", &error),
        Ok(grant) => {
            let seen = |()| {
                *transport
                    .seen
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
            };
            if seen(()).is_none() {
                // Its endpoints are known beforehand: any answer at all will do.
                let _ = transport.send(bare(&grant.endpoints.token)).await;
            }
            if seen(()).is_some() {
                Check::ok(
                    "server",
                    format!("{name} answers, and has the device grant"),
                )
            } else {
                let message = format!("{} could not be reached", grant.endpoints.token);
                Check::fail("server", &Error::new(Code::Unreachable, message))
            }
        }
    };
    let seen = *transport
        .seen
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    let clock = seen
        .and_then(|seen| seen.apart)
        .map(|apart| clock(apart, &name));
    Ok((server, clock))
}

fn bare(url: &str) -> Request {
    Request {
        method: Method::Get,
        url: url.into(),
        headers: Vec::new(),
        body: SecretBytes::default(),
        timeout_ms: 10_000,
        max_body: 64 * 1024,
        must_finish: false,
    }
}

fn clock(apart: u64, server: &str) -> Check {
    let about = format!("{apart} s apart from the clock of {server}");
    let remedy = "Set this machine's clock, for example by turning its time synchronisation on.";
    match apart {
        FAR_WRONG.. => Check {
            // By the clock a token that lives looks dead, and a certificate that is good expired.
            state: super::State::Fail,
            exit: Error::new(Code::TlsExpired, "").exit(),
            ..Check::warn("clock", about, remedy)
        },
        WRONG.. => Check::warn("clock", about, remedy),
        _ => Check::ok("clock", about),
    }
}
