//! The registration request and its response (RFC 7591 §2, §3.2.1).

use std::sync::Arc;

use serde::Serialize;

use super::kept::KeptClient;
use crate::error::{Code, Error};
use crate::flow::{Now, Request};
use crate::grant::{Client, ClientAuth};
use crate::secret::Secret;
use crate::text::quote;
use crate::wire::answer::Answer;
use crate::wire::body;

/// No honest client identifier or secret is longer, in bytes.
const LONGEST: usize = 4096;

/// What a client says of itself (RFC 7591 §2).
#[derive(Serialize)]
struct Metadata {
    client_name: &'static str,
    grant_types: [&'static str; 2],
    /// Left out, it means the code flow.
    response_types: [&'static str; 0],
    token_endpoint_auth_method: &'static str,
    application_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
}

pub(super) fn request(url: &str, scopes: &[String]) -> Request {
    let metadata = Metadata {
        client_name: "devicegrant",
        grant_types: [
            "urn:ietf:params:oauth:grant-type:device_code",
            "refresh_token",
        ],
        response_types: [],
        token_endpoint_auth_method: "none",
        application_type: "native",
        scope: (!scopes.is_empty()).then(|| scopes.join(" ")),
    };
    body::post_json(Arc::from(url), &metadata)
}

/// Reads the response; `sent` is when it was asked for.
pub(super) fn read(
    answer: &Answer<'_>,
    scopes: Vec<String>,
    sent: Now,
) -> Result<KeptClient, Error> {
    let unusable = |what: &str| {
        let message = format!("the registration endpoint's answer {what}");
        Error::new(Code::UnreadableAnswer, message)
    };
    let text = |name: &str| {
        let text = answer.text(&[name]);
        match text {
            Some(text) if text.len() > LONGEST || text.chars().any(char::is_control) => {
                Err(unusable(&format!("has an unusable {name}")))
            }
            text => Ok(text),
        }
    };
    let id = text("client_id")?.ok_or_else(|| unusable("has no client_id"))?;
    let secret = text("client_secret")?.map(Secret::new);
    let method = answer.text(&["token_endpoint_auth_method"]);
    let auth = match (method, &secret) {
        (Some("none"), _) | (None, None) => ClientAuth::None,
        // Left out, it is client_secret_basic (RFC 7591 §2).
        (Some("client_secret_basic") | None, Some(_)) => ClientAuth::Basic,
        (Some("client_secret_post"), Some(_)) => ClientAuth::Post,
        (Some(method), _) => {
            return Err(unusable(&format!(
                "wants the client to authenticate by {}, without what that needs",
                quote(method)
            )));
        }
    };
    let may_post_secret = method.is_none() && secret.is_some();
    let secret = secret.filter(|_| auth != ClientAuth::None);
    // 0 is never (RFC 7591 §3.2.1); without a secret nothing expires.
    let expires = answer.positive(&["client_secret_expires_at"]);
    let expires = expires.filter(|_| secret.is_some());
    let expires_at_ms = expires.map(|at| at.saturating_mul(1000));
    if expires_at_ms.is_some_and(|at| at <= sent.wall_ms) {
        return Err(unusable("has a client_secret that has expired already"));
    }
    Ok(KeptClient {
        client: Client {
            id: id.to_owned(),
            secret,
            auth,
        },
        may_post_secret,
        expires_at_ms,
        scopes,
    })
}
