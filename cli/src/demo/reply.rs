//! Answers as OAuth shapes them.

use std::borrow::Cow;

use axum::{
    Json,
    http::{
        HeaderValue, StatusCode,
        header::{CACHE_CONTROL, PRAGMA, WWW_AUTHENTICATE},
    },
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::json;

/// An OAuth error answer (RFC 6749 §5.2).
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    error: Cow<'static, str>,
    description: Cow<'static, str>,
    interval: Option<u64>,
}

impl Refusal {
    /// With status 400, as nearly all of them.
    pub(super) fn new(
        error: impl Into<Cow<'static, str>>,
        description: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            error: error.into(),
            description: description.into(),
            interval: None,
        }
    }

    pub(super) fn invalid_request(description: impl Into<Cow<'static, str>>) -> Self {
        Self::new("invalid_request", description)
    }

    pub(super) fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// Names the new interval beside `slow_down`.
    pub(super) fn interval(mut self, seconds: Option<u64>) -> Self {
        self.interval = seconds;
        self
    }

    /// The value of `error`.
    pub(super) fn error(&self) -> &str {
        &self.error
    }
}

impl From<getrandom::Error> for Refusal {
    fn from(_: getrandom::Error) -> Self {
        Self::new("server_error", "The system gives no randomness.")
            .status(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut body = json!({"error": self.error, "error_description": self.description});
        if let Some(seconds) = self.interval {
            body["interval"] = seconds.into();
        }
        let mut response = json_reply(self.status, &body);
        if self.status == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static("Basic realm=\"devicegrant demo\"");
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

/// JSON that nobody may keep.
pub(super) fn json_reply(status: StatusCode, body: &impl Serialize) -> Response {
    let headers = [(CACHE_CONTROL, "no-store"), (PRAGMA, "no-cache")];
    (status, headers, Json(body)).into_response()
}
