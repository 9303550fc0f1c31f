//! The vocabulary that every flow shares: what it may ask of a host, and what a host answers.

use std::fmt;
use std::sync::Arc;

use crate::address;
use crate::error::{Code, Error};
use crate::event::Event;
use crate::prompt::Prompt;
use crate::secret::{Secret, SecretBytes};
use crate::text::quote;
use crate::wire::body;

/// A machine that decides one conversation. It performs nothing: each [`step`](Flow::step) takes
/// what has happened and returns the one thing to do next.
pub trait Flow {
    /// What the flow ends with.
    type Output;

    /// Answers `input`, at `now`. The first input is [`Input::Go`]; after each [`Step`] comes the
    /// input named there. Any other input is the error `out_of_turn`, never a panic.
    fn step(&mut self, now: Now, input: Input) -> Result<Step<Self::Output>, Error>;

    /// What has happened since the last call, for logs and metrics. It never holds a secret.
    fn take_events(&mut self) -> Vec<Event>;
}

/// The time on two clocks, both in milliseconds.
///
/// Neither alone is right: a wall clock is stepped, a steady one stands still in a suspend and
/// drifts in virtual machines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// Since 1970-01-01T00:00:00Z.
    pub wall_ms: u64,
    /// Since any moment that stays the same while the process runs; never goes back.
    pub steady_ms: u64,
}

/// The one thing that a flow asks its host to do.
#[derive(Debug)]
pub enum Step<T> {
    /// Send this, then give [`Input::Response`] or [`Input::Unreachable`].
    Send(Request),
    /// Show this to a person, then give [`Input::Go`] at once.
    Show(Box<Prompt>),
    /// Sleep until the steady clock reads `until` milliseconds, then give [`Input::Go`].
    /// Waking early does no harm: the flow asks again.
    Wait {
        /// On the clock of [`Now::steady_ms`].
        until: u64,
    },
    /// Read a login, then give [`Input::Loaded`].
    Load(LoginId),
    /// Name every login the store can list (none, where it cannot), then give [`Input::Listed`].
    List,
    /// Write a login if its revision still is the expected one, then give [`Input::Saved`] or
    /// [`Input::Conflict`].
    Save(Save),
    /// Take the lease on a login without waiting, then give [`Input::Locked`], [`Input::Busy`] or
    /// [`Input::Resting`].
    Lock(Lock),
    /// Give the lease back, then give [`Input::Go`].
    Unlock {
        /// What [`Input::Locked`] gave.
        lease: Lease,
        /// Why nobody should take it again before a moment; none where there is no reason.
        rest: Option<Rest>,
    },
    /// The flow has ended.
    Done(T),
}

impl<T> Step<T> {
    /// The same step, with its end as something else: for hosts that keep flows of any kind.
    pub fn map<U>(self, end: impl FnOnce(T) -> U) -> Step<U> {
        match self {
            Self::Done(output) => Step::Done(end(output)),
            Self::Send(request) => Step::Send(request),
            Self::Show(prompt) => Step::Show(prompt),
            Self::Wait { until } => Step::Wait { until },
            Self::Load(id) => Step::Load(id),
            Self::List => Step::List,
            Self::Save(save) => Step::Save(save),
            Self::Lock(lock) => Step::Lock(lock),
            Self::Unlock { lease, rest } => Step::Unlock { lease, rest },
        }
    }
}

/// What a host answers.
#[derive(Debug)]
pub enum Input {
    /// At the start, and after `Show`, `Wait` and `Unlock`.
    Go,
    /// The whole answer to a request.
    Response(Response),
    /// There is no whole answer to a request.
    Unreachable(Reason),
    /// The login as it stands; none and 0 where nothing was ever written.
    Loaded {
        /// The record; none where there is none, or it was signed out.
        bytes: Option<SecretBytes>,
        /// What a save has to expect.
        revision: Revision,
    },
    /// The logins that the store can list.
    Listed(Vec<LoginId>),
    /// Written, as this revision.
    Saved(Revision),
    /// Not written: the revision was no longer the expected one.
    Conflict,
    /// The lease is ours.
    Locked(Lease),
    /// The lease is somebody else's, since this moment of the steady clock (milliseconds).
    Busy {
        /// On the clock of [`Now::steady_ms`].
        since: u64,
    },
    /// Nobody has the lease, and nobody should take it yet.
    Resting(Rest),
    /// The store could not do what was asked of it.
    Failed(Error),
}

/// A wish for the lease on a login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lock {
    /// The login.
    pub id: LoginId,
    /// How long the lease lives if nobody gives it back, in milliseconds.
    pub ttl_ms: u32,
    /// True to take it even where it is [`Input::Resting`].
    pub force: bool,
}

/// Why a renewal that failed is not tried again at once, by this program or another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rest {
    /// Until when, in milliseconds since 1970.
    pub until_ms: u64,
    /// What the last try ended with.
    pub code: Code,
}

/// The folder of one login: 26 characters of base32 (DESIGN §3, "Which login?").
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LoginId(pub Box<str>);

impl fmt::Display for LoginId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A number that grows with each write of a login; 0 is "nothing was ever written".
pub type Revision = u64;

/// A conditional write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Save {
    /// The login.
    pub id: LoginId,
    /// The record; none is a sign-out, which is a revision too.
    pub bytes: Option<SecretBytes>,
    /// The revision that was read.
    pub expected: Revision,
}

/// A lease as the store names it; opaque to core.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Lease(pub Box<str>);

/// Why there is no whole answer. The host says what it knows and decides nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Certainly nothing of the request arrived: refused, no such host, no route.
    NotSent,
    /// It may have arrived; also whenever the host cannot tell, and for a body that was cut.
    MaybeSent,
    /// As `MaybeSent`, and it was the time limit that ended it.
    TimedOut,
    /// No secure connection: nothing was sent.
    Tls(TlsProblem),
}

/// What is wrong with the certificate, as far as the host can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsProblem {
    /// Issued by nobody this machine trusts; self-signed.
    Untrusted,
    /// Expired, or not valid yet.
    Expired,
    /// For another host.
    WrongHost,
    /// Anything else, or the host cannot tell.
    Other,
}

impl Reason {
    /// The code of the error that this ends in, where it ends a flow.
    pub(crate) fn code(self) -> Code {
        match self {
            Self::NotSent | Self::MaybeSent => Code::Unreachable,
            Self::TimedOut => Code::Timeout,
            Self::Tls(TlsProblem::Untrusted) => Code::TlsUntrusted,
            Self::Tls(TlsProblem::Expired) => Code::TlsExpired,
            Self::Tls(TlsProblem::WrongHost) => Code::TlsWrongHost,
            Self::Tls(TlsProblem::Other) => Code::TlsFailed,
        }
    }

    /// For events.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotSent => "not_sent",
            Self::MaybeSent => "maybe_sent",
            Self::TimedOut => "timed_out",
            Self::Tls(_) => "tls",
        }
    }
}

/// The two methods that OAuth needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Without a body.
    Get,
    /// With a body.
    Post,
}

impl Method {
    /// As it stands on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// A whole HTTP request as data. The host sends it as it is and follows no redirect.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// An absolute address, https or loopback.
    pub url: Arc<str>,
    /// Every header there is to send, besides what HTTP itself needs.
    pub headers: Vec<(&'static str, HeaderValue)>,
    /// The body; empty for `Get`.
    pub body: SecretBytes,
    /// From the first byte sent to the last byte received.
    pub timeout_ms: u32,
    /// The host reads at most one byte more than this and hands that over: core says what it means.
    pub max_body: u32,
    /// True from an exchange to its save: a caller who gives up must not cut this off (DESIGN §4).
    pub must_finish: bool,
}

impl Request {
    /// A request for a protected resource, with the token behind `Bearer` (RFC 6750 §2.1).
    ///
    /// Errors: `bad_option` for an address that is neither https nor this machine's.
    pub fn get(url: &str, token: &Secret) -> Result<Self, Error> {
        address::check(url, true).map_err(|_| {
            let message = format!("{} is not an https address", quote(url));
            Error::new(Code::BadOption, message)
        })?;
        let mut request = body::get(url.into());
        let bearer = Secret::new(format!("Bearer {}", token.expose()));
        request
            .headers
            .push(("authorization", HeaderValue::Secret(bearer)));
        Ok(request)
    }
}

/// The value of a header: a fixed text, or a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeaderValue {
    /// A text that anybody may read.
    Plain(&'static str),
    /// Credentials.
    Secret(Secret),
}

impl HeaderValue {
    /// The text to send. Do not print what it returns.
    pub fn expose(&self) -> &str {
        match self {
            Self::Plain(text) => text,
            Self::Secret(secret) => secret.expose(),
        }
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("url", &self.url)
            .field("headers", &self.headers)
            .field("body", &self.body)
            .finish_non_exhaustive()
    }
}

/// A whole HTTP answer as data, whatever its status.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Names in any case.
    pub headers: Vec<(String, String)>,
    /// The body, cut one byte past `max_body`.
    pub body: SecretBytes,
}

impl Response {
    /// The first header of that name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter();
        found
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("body", &self.body)
            .finish_non_exhaustive()
    }
}

/// The error for an input that no step had asked for.
pub(crate) fn out_of_turn() -> Error {
    Error::new(
        Code::OutOfTurn,
        "the flow was given an input that it had not asked for",
    )
}
