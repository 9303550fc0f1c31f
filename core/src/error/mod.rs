//! Errors, sorted by what the caller should do next.

mod code;

use std::fmt;

pub use code::Code;

use crate::text;

/// What the caller can do next: one class each, the same in every language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Ask a person to sign in (again).
    SignInNeeded,
    /// The person said no.
    Denied,
    /// The code ran out before anybody approved; begin again.
    CodeExpired,
    /// The server cannot be reached or is failing; nothing is wrong with the login.
    TryLater,
    /// The server, or this library on the caller's behalf, refuses; the configuration must change.
    Refused,
    /// The place where logins are kept does not answer.
    StoreError,
    /// The call itself cannot be carried out as it was made.
    Usage,
}

impl Class {
    /// The name that every language and the documentation use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignInNeeded => "SignInNeeded",
            Self::Denied => "Denied",
            Self::CodeExpired => "CodeExpired",
            Self::TryLater => "TryLater",
            Self::Refused => "Refused",
            Self::StoreError => "StoreError",
            Self::Usage => "Usage",
        }
    }
}

/// What the server said, stripped of control characters and bounded (RFC 6749 §5.2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerError {
    /// The `error` parameter.
    pub error: String,
    /// The `error_description` parameter.
    pub error_description: Option<String>,
    /// The `error_uri` parameter, where it is an address that may be shown.
    pub error_uri: Option<String>,
}

/// Everything that can end a flow. It never holds a secret, and its texts are safe to print.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.message)]
pub struct Error(Box<Inner>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Inner {
    code: Code,
    message: String,
    server: Option<ServerError>,
    candidates: Vec<String>,
}

impl Error {
    /// An error with a code of the catalog and one sentence of what happened.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            code,
            message: message.into(),
            server: None,
            candidates: Vec::new(),
        }))
    }

    /// An error that the server put into words; they are quoted in the message.
    pub(crate) fn said(code: Code, message: &str, server: ServerError) -> Self {
        let mut words = format!("{message}: {}", text::quote(&server.error));
        if let Some(description) = &server.error_description {
            words.push_str(", ");
            words.push_str(&text::quote(description));
        }
        let mut error = Self::new(code, words);
        error.0.server = Some(server);
        error
    }

    /// Says that an answer had been lost before, which is the likely cause.
    pub(crate) fn after_a_lost_answer(mut self) -> Self {
        self.0.message.push_str(
            "; an earlier answer was lost on its way, so that the server may count the token as used twice",
        );
        self
    }

    /// Says what came of it.
    pub(crate) fn and(mut self, more: &str) -> Self {
        self.0.message.push_str(more);
        self
    }

    /// Adds the logins among which the caller has to choose.
    pub(crate) fn among(mut self, candidates: Vec<String>) -> Self {
        self.0.candidates = candidates;
        self
    }

    /// What the caller can do next.
    pub fn class(&self) -> Class {
        self.0.code.class()
    }

    /// The stable code, as `devicegrant explain CODE` takes it.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// What happened, in one sentence.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What to do next, in one sentence.
    pub fn hint(&self) -> &'static str {
        self.0.code.hint()
    }

    /// The address that explains the code: `base` and the code, where a base was given.
    pub fn help(&self, base: Option<&str>) -> Option<String> {
        base.map(|base| format!("{base}{}", self.0.code.as_str()))
    }

    /// What the server said, where it said anything.
    pub fn server(&self) -> Option<&ServerError> {
        self.0.server.as_ref()
    }

    /// The logins that fit, where the code is `ambiguous_login`.
    pub fn candidates(&self) -> &[String] {
        &self.0.candidates
    }

    /// The exit code of a command that ends with this error.
    pub fn exit(&self) -> u8 {
        match (self.0.code, self.class()) {
            (Code::AmbiguousLogin, _) | (_, Class::Usage) => 2,
            (Code::Interrupted, _) => 130,
            (_, Class::SignInNeeded) => 3,
            (_, Class::Denied) => 4,
            (_, Class::CodeExpired) => 5,
            (_, Class::TryLater) => 6,
            (_, Class::StoreError) => 7,
            (_, Class::Refused) => 8,
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(self.class().as_str())
            .field("code", &self.0.code.as_str())
            .field("message", &self.0.message)
            .field("server", &self.0.server)
            .finish()
    }
}
