//! Form parameters, read strictly: RFC 6749 §3.2 allows each of them once.

use axum::{
    Form,
    extract::{FromRequest, Request},
    http::StatusCode,
};

use super::reply::Refusal;

/// More parameters than any grant has.
const MAX_PARAMS: usize = 64;
/// RFC 8707 lets these come more than once.
const REPEATABLE: [&str; 2] = ["resource", "audience"];

/// The parameters of one request.
#[derive(Debug)]
pub(super) struct Params(Vec<(String, String)>);

impl Params {
    /// The value of a parameter. An empty one counts as left out (§3.1).
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(n, v)| n == name && !v.is_empty())
            .map(|(_, v)| v.as_str())
    }

    /// The same, where the request makes no sense without it.
    pub(super) fn need(&self, name: &'static str) -> Result<&str, Refusal> {
        self.get(name)
            .ok_or_else(|| Refusal::invalid_request(format!("Missing parameter: {name}")))
    }
}

impl<S: Send + Sync> FromRequest<S> for Params {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let Form(pairs) = Form::<Vec<(String, String)>>::from_request(request, state)
            .await
            .map_err(|e| {
                let status = match e.status() {
                    StatusCode::PAYLOAD_TOO_LARGE => StatusCode::PAYLOAD_TOO_LARGE,
                    _ => StatusCode::BAD_REQUEST,
                };
                Refusal::invalid_request("A form-encoded body of at most 16 KiB is expected.")
                    .status(status)
            })?;
        if pairs.len() > MAX_PARAMS {
            return Err(Refusal::invalid_request("Too many parameters."));
        }
        let twice = pairs.iter().enumerate().any(|(i, (name, _))| {
            !REPEATABLE.contains(&name.as_str()) && pairs.iter().skip(i + 1).any(|(n, _)| n == name)
        });
        if twice {
            return Err(Refusal::invalid_request("A parameter came twice."));
        }
        Ok(Self(pairs))
    }
}
