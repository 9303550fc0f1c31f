//! What the server says of itself (RFC 8414, RFC 9728), and who registers with
//! it (RFC 7591).

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use axum::{
    Json,
    extract::{State, rejection::JsonRejection},
    http::StatusCode,
    response::Response,
};
use devicegrant::clean;
use serde::Deserialize;
use serde_json::json;

use super::{
    app::App,
    code,
    event::Event,
    reply::{Refusal, json_reply},
    token::DEVICE_CODE,
};

pub(super) const OAUTH: &str = "/.well-known/oauth-authorization-server";
pub(super) const OPENID: &str = "/.well-known/openid-configuration";
pub(super) const RESOURCE: &str = "/.well-known/oauth-protected-resource/api/whoami";

const MAX_CLIENTS: usize = 1000;
const MAX_NAME: usize = 80;

/// The metadata of the authorization server. There is no
/// `authorization_endpoint`: it has no other grant.
pub(super) async fn server(State(app): State<Arc<App>>) -> Response {
    let issuer = &app.issuer;
    let methods = match app.script.client_secret {
        Some(_) => vec!["client_secret_basic", "client_secret_post"],
        None => vec!["none"],
    };
    app.emit(Event::Discovered);
    let body = json!({
        "issuer": issuer,
        "device_authorization_endpoint": format!("{issuer}/device_authorization"),
        "token_endpoint": format!("{issuer}/token"),
        "registration_endpoint": format!("{issuer}/register"),
        "revocation_endpoint": format!("{issuer}/revoke"),
        "introspection_endpoint": format!("{issuer}/introspect"),
        "grant_types_supported": [DEVICE_CODE, "refresh_token"],
        "response_types_supported": [],
        "token_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_methods_supported": methods,
        "introspection_endpoint_auth_methods_supported": methods,
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": ["read", "write", "offline_access"],
    });
    json_reply(StatusCode::OK, &body)
}

/// The metadata of the protected resource.
pub(super) async fn resource(State(app): State<Arc<App>>) -> Response {
    let body = json!({
        "resource": format!("{}/api/whoami", app.issuer),
        "authorization_servers": [app.issuer],
        "scopes_supported": ["read", "write"],
        "bearer_methods_supported": ["header"],
    });
    json_reply(StatusCode::OK, &body)
}

/// What of a registration is listened to. RFC 7591 §2 lets a server ignore
/// the rest.
#[derive(Debug, Deserialize)]
pub(super) struct Registration {
    client_name: Option<String>,
}

/// Registers a public client, whatever it asked to be.
pub(super) async fn register(
    State(app): State<Arc<App>>,
    body: Result<Json<Registration>, JsonRejection>,
) -> Result<Response, Refusal> {
    let Json(wish) = body.map_err(|e| {
        Refusal::new("invalid_client_metadata", "A JSON object is expected.").status(
            if e.status() == StatusCode::PAYLOAD_TOO_LARGE {
                e.status()
            } else {
                StatusCode::BAD_REQUEST
            },
        )
    })?;
    let id = code::secret()?;
    let client_id = format!("demo-{}", &id[..16]);
    let asked = clean(wish.client_name.as_deref().unwrap_or_default(), usize::MAX);
    let name: String = asked.chars().take(MAX_NAME).collect();
    let client_name = if name.is_empty() {
        client_id.clone()
    } else {
        name
    };
    {
        let mut state = app.state();
        if state.clients.len() >= MAX_CLIENTS {
            return Err(
                Refusal::new("temporarily_unavailable", "Too many clients already.")
                    .status(StatusCode::SERVICE_UNAVAILABLE),
            );
        }
        state.clients.insert(client_id.clone(), client_name.clone());
    }
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    let answer = json!({
        "client_id": client_id,
        "client_id_issued_at": now,
        "client_name": client_name,
        "grant_types": [DEVICE_CODE, "refresh_token"],
        "token_endpoint_auth_method": "none",
        "application_type": "native",
    });
    app.emit(Event::Registered {
        client_id,
        client_name,
    });
    Ok(json_reply(StatusCode::CREATED, &answer))
}
