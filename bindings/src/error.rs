//! Errors, and the catalog of their codes.

use std::sync::Arc;

use devicegrant::{Code, Error};

/// What ended a flow.
#[derive(Clone, Debug, uniffi::Object)]
#[uniffi::export(Debug, Display)]
pub struct Failure(pub(crate) Error);

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Failure {}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl Failure {
    pub(crate) fn bad(message: &str) -> Arc<Self> {
        Arc::new(Self(Error::new(Code::BadOption, message)))
    }
}

/// Everything that is known of an error.
#[derive(Debug, uniffi::Record)]
pub struct Details {
    pub class: String,
    pub code: String,
    pub message: String,
    pub hint: String,
    pub exit: u8,
    pub error: Option<String>,
    pub error_description: Option<String>,
    pub error_uri: Option<String>,
    pub candidates: Vec<String>,
}

#[uniffi::export]
impl Failure {
    /// An error of the host's, by its code; one that is unknown becomes `store_unreachable`.
    #[uniffi::constructor]
    pub fn new(code: String, message: String) -> Arc<Self> {
        let code = Code::from_name(&code).unwrap_or(Code::StoreUnreachable);
        Arc::new(Self(Error::new(code, message)))
    }

    pub fn details(&self) -> Details {
        let server = self.0.server();
        Details {
            class: self.0.class().as_str().to_owned(),
            code: self.0.code().as_str().to_owned(),
            message: self.0.message().to_owned(),
            hint: self.0.hint().to_owned(),
            exit: self.0.exit(),
            error: server.map(|server| server.error.clone()),
            error_description: server.and_then(|server| server.error_description.clone()),
            error_uri: server.and_then(|server| server.error_uri.clone()),
            candidates: self.0.candidates().to_vec(),
        }
    }
}

/// One line of the catalog.
#[derive(Debug, uniffi::Record)]
pub struct Explanation {
    pub code: String,
    pub class: String,
    pub exit: u8,
    pub meaning: String,
    pub hint: String,
}

/// The whole catalog.
#[uniffi::export]
pub fn catalog() -> Vec<Explanation> {
    let explain = |code: &Code| Explanation {
        code: code.as_str().to_owned(),
        class: code.class().as_str().to_owned(),
        exit: Error::new(*code, "").exit(),
        meaning: code.meaning().to_owned(),
        hint: code.hint().to_owned(),
    };
    Code::ALL.iter().map(explain).collect()
}
