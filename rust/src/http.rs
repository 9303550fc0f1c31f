//! Requests over reqwest and rustls.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use devicegrant_core::{Code, Error, Method, Reason, Request, Response, SecretBytes, TlsProblem};
use reqwest::{Certificate, Url};
use rustls::CertificateError;
use rustls::crypto::{CryptoProvider, ring};

use crate::traits::{BoxFuture, Transport};

/// Under the five seconds after which uvicorn and Node's servers close a connection that nobody uses.
/// A request that meets the close may have been carried out, for all that is known here; a poll every
/// five seconds, the usual interval (RFC 8628 §3.2), would meet it again and again.
const IDLE: Duration = Duration::from_secs(4);

/// Sends requests: https only, except to this machine; no redirects; proxies from the environment.
#[derive(Clone, Debug)]
pub struct Http {
    roots: Vec<Certificate>,
    /// Made when the first request is sent: most calls find their token without any, and reading
    /// the platform's roots takes longer than all else that they do.
    clients: Arc<OnceLock<Option<Clients>>>,
}

#[derive(Clone, Debug)]
struct Clients {
    through_proxy: reqwest::Client,
    /// A proxy's loopback is never the one that is meant, and it would see clear text.
    direct: reqwest::Client,
}

impl Clients {
    /// The one for this address; none where it would be neither https nor this machine.
    fn fit(&self, url: &Url) -> Option<&reqwest::Client> {
        match url.scheme() {
            "http" | "https" if is_loopback(url) => Some(&self.direct),
            "https" => Some(&self.through_proxy),
            _ => None,
        }
    }
}

impl Http {
    /// Trusts what the platform trusts, and besides it `roots`: certificates in PEM, any number.
    ///
    /// Where the process has no default crypto provider of rustls by the first request, ring
    /// becomes it.
    ///
    /// Errors: `bad_option` for roots that are no certificates. Where TLS cannot be set up on this
    /// machine, the first request ends as one without a secure connection.
    pub fn new(roots: &[u8]) -> Result<Self, Error> {
        let no_roots = |why: &dyn std::fmt::Display| {
            let message = format!("the root certificates are not in PEM form: {why}");
            Error::new(Code::BadOption, message)
        };
        let certificates = Certificate::from_pem_bundle(roots).map_err(|why| no_roots(&why))?;
        if certificates.is_empty() && !roots.is_empty() {
            return Err(no_roots(&"no certificate is in them"));
        }
        let http = Self {
            roots: certificates,
            clients: Arc::default(),
        };
        if !roots.is_empty() && http.clients().is_none() {
            // They have the form of certificates and are none.
            return Err(no_roots(&"a certificate in them cannot be read"));
        }
        Ok(http)
    }

    /// The client of reqwest that such an address is asked with, for requests of a program's own
    /// that need more than one answer, such as a stream. It follows no redirect and has no limit of
    /// time but that of connecting.
    ///
    /// Errors: `bad_option` for an address that is neither https nor this machine's; `unreachable`
    /// where TLS cannot be set up.
    pub fn client_for(&self, url: &str) -> Result<reqwest::Client, Error> {
        let unfit = || {
            let message = format!("\"{}\" is no https address", url.escape_debug());
            Error::new(Code::BadOption, message)
        };
        let url = Url::parse(url).map_err(|_| unfit())?;
        let no_tls = || Error::new(Code::Unreachable, "TLS cannot be set up on this machine");
        let clients = self.clients().ok_or_else(no_tls)?;
        let client = clients.fit(&url).ok_or_else(unfit)?;
        Ok(client.clone())
    }

    fn clients(&self) -> Option<&Clients> {
        let made = self.clients.get_or_init(|| {
            crypto_provider();
            Some(Clients {
                through_proxy: self.builder().build().ok()?,
                direct: self.builder().no_proxy().build().ok()?,
            })
        });
        made.as_ref()
    }

    fn builder(&self) -> reqwest::ClientBuilder {
        let builder = reqwest::Client::builder()
            .user_agent(concat!("devicegrant/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(20))
            .pool_idle_timeout(IDLE)
            .referer(false);
        if self.roots.is_empty() {
            return builder;
        }
        builder.tls_certs_merge(self.roots.clone())
    }

    async fn exchange(&self, request: Request) -> Result<Response, Reason> {
        let url = Url::parse(&request.url).map_err(|_| Reason::NotSent)?;
        let clients = self.clients().ok_or(Reason::Tls(TlsProblem::Other))?;
        let client = clients.fit(&url).ok_or(Reason::NotSent)?;
        let mut outgoing = match request.method {
            Method::Get => client.get(url),
            Method::Post => client.post(url).body(request.body.expose().to_vec()),
        };
        for (name, value) in &request.headers {
            let mut value = reqwest::header::HeaderValue::from_str(value.expose())
                .map_err(|_| Reason::NotSent)?;
            value.set_sensitive(true);
            outgoing = outgoing.header(*name, value);
        }
        let limit = Duration::from_millis(request.timeout_ms.into());
        let sent = outgoing.timeout(limit).send().await;
        let mut answer = sent.map_err(|why| reason(&why))?;
        let headers = answer.headers().iter().filter_map(|(name, value)| {
            Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
        });
        let headers = headers.collect();
        let most = request.max_body as usize + 1;
        let mut body = Vec::with_capacity(4096);
        while body.len() < most {
            let Some(chunk) = answer.chunk().await.map_err(|why| reason(&why))? else {
                break;
            };
            body.extend_from_slice(&chunk[..chunk.len().min(most - body.len())]);
        }
        Ok(Response {
            status: answer.status().as_u16(),
            headers,
            body: SecretBytes::new(body),
        })
    }
}

/// Where the process has no default crypto provider of rustls yet, ring becomes it.
pub(crate) fn crypto_provider() {
    if CryptoProvider::get_default().is_none() {
        // Another thread may have been faster, which is as good.
        let _ = ring::default_provider().install_default();
    }
}

impl Transport for Http {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, Reason>> {
        Box::pin(self.exchange(request))
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let ip = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || ip
            .parse()
            .is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

fn reason(error: &reqwest::Error) -> Reason {
    if let Some(problem) = tls_problem(error) {
        return Reason::Tls(problem);
    }
    match (error.is_connect(), error.is_timeout()) {
        (true, _) => Reason::NotSent,
        (false, true) => Reason::TimedOut,
        (false, false) => Reason::MaybeSent,
    }
}

/// What rustls says, however deep it lies.
fn tls_problem(error: &reqwest::Error) -> Option<TlsProblem> {
    let mut next: Option<&dyn std::error::Error> = Some(error);
    while let Some(error_here) = next {
        if let Some(found) = error_here.downcast_ref::<rustls::Error>() {
            // Once connected, a TLS alert or a cut stream is a broken answer, not a refusal.
            return error.is_connect().then(|| judge(found));
        }
        next = match error_here.downcast_ref::<std::io::Error>() {
            // Its own error is not its source: that would be the source's source.
            Some(io) => io.get_ref().map(|inner| inner as _),
            None => error_here.source(),
        };
    }
    None
}

fn judge(error: &rustls::Error) -> TlsProblem {
    use CertificateError as Bad;
    let rustls::Error::InvalidCertificate(bad) = error else {
        return TlsProblem::Other;
    };
    match bad {
        Bad::Expired
        | Bad::ExpiredContext { .. }
        | Bad::NotValidYet
        | Bad::NotValidYetContext { .. } => TlsProblem::Expired,
        Bad::NotValidForName | Bad::NotValidForNameContext { .. } => TlsProblem::WrongHost,
        Bad::UnknownIssuer | Bad::BadSignature => TlsProblem::Untrusted,
        // A self-signed certificate that says it is an authority.
        Bad::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
            TlsProblem::Untrusted
        }
        _ => TlsProblem::Other,
    }
}
