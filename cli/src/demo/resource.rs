//! What tokens are good for, and how they end: a protected resource, RFC 7009
//! and RFC 7662.

use std::{
    sync::Arc,
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use axum::{
    extract::State,
    http::{
        HeaderMap, StatusCode,
        header::{AUTHORIZATION, WWW_AUTHENTICATE},
    },
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::{
    app::App,
    client::client,
    event::Event,
    metadata,
    params::Params,
    reply::{Refusal, json_reply},
    tokens::Kind,
};

/// Whoever opened the page.
const SUBJECT: &str = "demo-person";

/// Tells the holder of an access token who they are.
pub(super) async fn whoami(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let bearer = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| {
            let (scheme, token) = value.split_once(' ')?;
            scheme
                .eq_ignore_ascii_case("bearer")
                .then_some(token.trim())
        });
    let body = bearer.and_then(|token| {
        let state = app.state();
        let seen = state.tokens.look(token, Instant::now())?;
        (seen.kind == Kind::Access).then(|| {
            json!({
                "sub": SUBJECT,
                "client_id": seen.client_id,
                "scope": seen.scope,
                "expires_in": seen.left.map(|left| left.as_secs()),
            })
        })
    });
    app.emit(Event::ApiCalled {
        accepted: body.is_some(),
    });
    if let Some(body) = body {
        return json_reply(StatusCode::OK, &body);
    }
    // RFC 6750 §3.1: no error code for those who brought no token at all.
    let error = if bearer.is_some() {
        "error=\"invalid_token\", "
    } else {
        ""
    };
    let challenge = format!(
        "Bearer {error}resource_metadata=\"{}{}\"",
        app.issuer,
        metadata::RESOURCE
    );
    let refusal = json_reply(StatusCode::UNAUTHORIZED, &json!({"error": "invalid_token"}));
    ([(WWW_AUTHENTICATE, challenge)], refusal).into_response()
}

/// Revocation. An unknown token is revoked already (RFC 7009 §2.2).
pub(super) async fn revoke(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    params: Params,
) -> Result<Response, Refusal> {
    let client = client(&app, &headers, &params)?;
    let token = params.need("token")?;
    let known = app.state().tokens.revoke(token, &client.id, Instant::now());
    app.emit(Event::Revoked { known });
    Ok(StatusCode::OK.into_response())
}

/// Introspection. A real server asks who wants to know; here any client may,
/// since only a holder of the token can name it.
pub(super) async fn introspect(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    params: Params,
) -> Result<Response, Refusal> {
    client(&app, &headers, &params)?;
    let token = params.need("token")?;
    let body = app.state().tokens.look(token, Instant::now()).map(|seen| {
        let mut body = json!({
            "active": true,
            "client_id": seen.client_id,
            "scope": seen.scope,
            "sub": SUBJECT,
            "iss": app.issuer,
        });
        if seen.kind == Kind::Access {
            body["token_type"] = "Bearer".into();
        }
        let today = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        if let Some(left) = seen.left {
            body["exp"] = (today + left).as_secs().into();
        }
        body
    });
    app.emit(Event::Introspected {
        active: body.is_some(),
    });
    Ok(json_reply(
        StatusCode::OK,
        &body.unwrap_or_else(|| json!({"active": false})),
    ))
}
