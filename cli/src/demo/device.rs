//! `/device_authorization` (RFC 8628 §3.1, §3.2), and a test's way to decide.

use std::{sync::Arc, time::Instant};

use axum::{
    extract::State,
    http::{
        HeaderMap, StatusCode,
        header::{ORIGIN, RETRY_AFTER},
    },
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::{
    app::App,
    client::client,
    event::{By, Event},
    grant::Ask,
    params::Params,
    reply::{Refusal, json_reply},
};

const MAX_SCOPE: usize = 1000;

/// A device asks for a code.
pub(super) async fn authorize(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    params: Params,
) -> Result<Response, Refusal> {
    let client = client(&app, &headers, &params)?;
    let scope = scope(params.get("scope").unwrap_or_default())?;
    let challenge = challenge(&app, &params)?;
    let script = &app.script;
    let ask = Ask {
        client_id: client.id.clone(),
        client_name: client.name,
        scope: scope.clone(),
        challenge: challenge.clone(),
    };
    let begun = app.state().grants.begin(ask, script, Instant::now())?;
    let Ok((device_code, user_code)) = begun else {
        let refusal = Refusal::new("temporarily_unavailable", "Too many codes wait already.")
            .status(StatusCode::SERVICE_UNAVAILABLE);
        return Ok(([(RETRY_AFTER, "60")], refusal).into_response());
    };
    let page = format!("{}/device", app.issuer);
    let mut answer = json!({
        "device_code": device_code,
        "user_code": user_code,
        "verification_uri": page,
        "expires_in": script.expires_in,
    });
    if !script.no_interval {
        answer["interval"] = script.interval.into();
    }
    if !script.no_complete_uri {
        answer["verification_uri_complete"] = format!("{page}?user_code={user_code}").into();
    }
    app.emit(Event::DeviceRequested {
        client_id: client.id,
        scope,
        user_code,
        expires_in: script.expires_in,
        interval: script.interval,
        pkce: challenge.is_some(),
    });
    Ok(json_reply(StatusCode::OK, &answer))
}

/// A scope as RFC 6749 §3.3 writes it, each word once, in the order given.
fn scope(text: &str) -> Result<String, Refusal> {
    let fits = |b: u8| matches!(b, b' ' | 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
    if text.len() > MAX_SCOPE || !text.bytes().all(fits) {
        return Err(Refusal::new("invalid_scope", "That is no scope."));
    }
    let mut words: Vec<&str> = Vec::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        if !words.contains(&word) {
            words.push(word);
        }
    }
    Ok(words.join(" "))
}

fn challenge(app: &App, params: &Params) -> Result<Option<String>, Refusal> {
    let method = params.get("code_challenge_method");
    let Some(challenge) = params.get("code_challenge") else {
        if app.script.require_pkce || method.is_some() {
            return Err(Refusal::invalid_request(
                "Missing parameter: code_challenge",
            ));
        }
        return Ok(None);
    };
    // A missing method means `plain` (RFC 7636 §4.3), which protects nothing.
    if method != Some("S256") {
        return Err(Refusal::invalid_request(
            "code_challenge_method must be S256.",
        ));
    }
    let of_base64url = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    if challenge.len() != 43 || !challenge.bytes().all(of_base64url) {
        return Err(Refusal::invalid_request("That is no S256 code_challenge."));
    }
    Ok(Some(challenge.to_owned()))
}

/// `/demo/approve`
pub(super) async fn approve(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    params: Params,
) -> Result<Response, Refusal> {
    control(&app, &headers, &params, true)
}

/// `/demo/deny`
pub(super) async fn deny(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    params: Params,
) -> Result<Response, Refusal> {
    control(&app, &headers, &params, false)
}

fn control(
    app: &App,
    headers: &HeaderMap,
    params: &Params,
    approve: bool,
) -> Result<Response, Refusal> {
    // Only browsers send it, on behalf of whatever page is open in them.
    if headers.contains_key(ORIGIN) {
        return Err(
            Refusal::new("access_denied", "Not for browsers.").status(StatusCode::FORBIDDEN)
        );
    }
    if app.decide(params.need("user_code")?, approve, By::Control) {
        Ok(json_reply(StatusCode::OK, &json!({"approved": approve})))
    } else {
        Err(Refusal::new("not_found", "No such code waits.").status(StatusCode::NOT_FOUND))
    }
}
