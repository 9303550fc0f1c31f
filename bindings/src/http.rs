//! Requests and answers as data. Printed, they show neither headers nor bodies.

use std::collections::HashMap;
use std::fmt;

use devicegrant::{Reason, SecretBytes, TlsProblem};

/// A whole request; sent as it is, without following redirects.
#[derive(uniffi::Record)]
#[uniffi::export(Debug, Display)]
pub struct Request {
    pub method: String,
    pub url: String,
    pub headers: HashMap<String, String>,
    pub body: Vec<u8>,
    pub timeout_ms: u32,
    /// The host hands over at most one byte more.
    pub max_body: u32,
    /// A caller who gives up must not cut this off.
    pub must_finish: bool,
}

/// A whole answer. Of a header that comes twice, the first; but several `www-authenticate` are one,
/// joined by commas (RFC 9110 §5.3).
#[derive(uniffi::Record)]
#[uniffi::export(Debug, Display)]
pub struct Response {
    pub status: u16,
    pub headers: HashMap<String, String>,
    pub body: Vec<u8>,
}

/// Why there is no whole answer, as far as the host can tell.
#[derive(Clone, Copy, Debug, uniffi::Enum)]
pub enum Unreachable {
    NotSent,
    MaybeSent,
    TimedOut,
    TlsUntrusted,
    TlsExpired,
    TlsWrongHost,
    TlsOther,
}

impl From<devicegrant::Request> for Request {
    fn from(request: devicegrant::Request) -> Self {
        let headers = request.headers.iter();
        Self {
            method: request.method.as_str().to_owned(),
            url: request.url.to_string(),
            headers: headers
                .map(|(name, value)| ((*name).to_owned(), value.expose().to_owned()))
                .collect(),
            body: request.body.expose().to_vec(),
            timeout_ms: request.timeout_ms,
            max_body: request.max_body,
            must_finish: request.must_finish,
        }
    }
}

impl From<Response> for devicegrant::Response {
    fn from(response: Response) -> Self {
        Self {
            status: response.status,
            headers: response.headers.into_iter().collect(),
            body: SecretBytes::new(response.body),
        }
    }
}

impl From<Unreachable> for Reason {
    fn from(why: Unreachable) -> Self {
        match why {
            Unreachable::NotSent => Self::NotSent,
            Unreachable::MaybeSent => Self::MaybeSent,
            Unreachable::TimedOut => Self::TimedOut,
            Unreachable::TlsUntrusted => Self::Tls(TlsProblem::Untrusted),
            Unreachable::TlsExpired => Self::Tls(TlsProblem::Expired),
            Unreachable::TlsWrongHost => Self::Tls(TlsProblem::WrongHost),
            Unreachable::TlsOther => Self::Tls(TlsProblem::Other),
        }
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.url)
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Request({self})")
    }
}

impl fmt::Display for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} with {} bytes", self.status, self.body.len())
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Response({self})")
    }
}
