//! `/token`: polls (RFC 8628 §3.4, §3.5) and refreshes (RFC 6749 §6).

use std::{sync::Arc, time::Instant};

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::{
    app::App,
    client::client,
    event::{By, Event},
    fault::{On, Trouble},
    grant::{Polled, Told},
    params::Params,
    reply::{Refusal, json_reply},
    tokens::{Issued, Renewed},
    trouble::afflict,
};

pub(super) const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// The token endpoint.
pub(super) async fn token(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    params: Params,
) -> Result<Response, Refusal> {
    let kind = params.need("grant_type")?;
    let client_id = client(&app, &headers, &params)?.id;
    match kind {
        DEVICE_CODE => poll(&app, &client_id, &params),
        "refresh_token" => refresh(&app, &client_id, &params),
        _ => Err(Refusal::new(
            "unsupported_grant_type",
            "Not one of this server's grants.",
        )),
    }
}

fn poll(app: &App, client_id: &str, params: &Params) -> Result<Response, Refusal> {
    let device_code = params.need("device_code")?;
    let now = Instant::now();
    let mut state = app.state();
    let verifier = params.get("code_verifier");
    let polled = state
        .grants
        .poll((device_code, client_id, verifier), &app.script, now);
    let mut reused = false;
    let result = match polled.told {
        Told::Redeem => {
            let asked = state
                .grants
                .ask(device_code, client_id)
                .map(|ask| ask.scope.clone());
            let scope = app.script.grant_scope.clone().or(asked).unwrap_or_default();
            let (family, issued) = state.tokens.begin(client_id, &scope, &app.script, now)?;
            state.grants.redeem(device_code, family);
            Ok(issued)
        }
        Told::Again(family) => {
            // As with a code of RFC 6749 §4.1.2: who else has it?
            state.tokens.end(family);
            reused = true;
            Err(Refusal::new(
                "invalid_grant",
                "The device code was redeemed before.",
            ))
        }
        _ => Err(refuse(&polled, app.script.tell_interval)),
    };
    drop(state);
    tell(app, &polled, &result, reused);
    let mut response = match result {
        Ok(issued) => answer(app, &issued),
        Err(refusal) => refusal.into_response(),
    };
    // The pace is already part of the answer above.
    if let Some(trouble) = polled.trouble.filter(|t| *t != Trouble::SlowDown) {
        afflict(&mut response, trouble);
    }
    Ok(response)
}

fn refuse(polled: &Polled, tell_interval: bool) -> Refusal {
    match polled.told {
        Told::Waiting => Refusal::new("authorization_pending", "The person has not decided yet."),
        Told::SlowDown => {
            let text = format!(
                "Wait {} seconds between polls from now on.",
                polled.interval
            );
            Refusal::new("slow_down", text).interval(tell_interval.then_some(polled.interval))
        }
        Told::Denied => Refusal::new("access_denied", "The person denied the request."),
        Told::Expired => Refusal::new("expired_token", "The code has expired: ask for a new one."),
        Told::BadVerifier(text) => Refusal::new("invalid_grant", text),
        _ => Refusal::new("invalid_grant", "This client has no such device code."),
    }
}

fn tell(app: &App, polled: &Polled, result: &Result<Issued, Refusal>, reused: bool) {
    let number = polled.number;
    if let Some(with) = polled.trouble.clone() {
        app.emit(Event::Faulted {
            on: On::Poll,
            number,
            with,
        });
    }
    if polled.told == Told::Nothing {
        return;
    }
    if let Some((user_code, approved)) = polled.decided.clone() {
        app.emit(Event::decided(By::Script, user_code, approved));
    }
    let answer = result
        .as_ref()
        .map_or_else(Refusal::error, |_| "approved")
        .to_owned();
    app.emit(Event::Polled {
        number,
        answer,
        interval: polled.interval,
    });
    if reused {
        app.emit(Event::ReuseDetected);
    }
    if let Ok(issued) = result {
        app.emit(Event::TokensIssued {
            scope: issued.scope.clone(),
            expires_in: app.script.access_ttl,
            refreshable: issued.refresh.is_some(),
        });
    }
}

fn refresh(app: &App, client_id: &str, params: &Params) -> Result<Response, Refusal> {
    let token = params.need("refresh_token")?;
    let trouble = app.strike(On::Refresh);
    let mut response = match &trouble {
        None | Some(Trouble::Lost) => match renew(app, client_id, token, params.get("scope")) {
            Ok(issued) => answer(app, &issued),
            Err(refusal) => refusal.into_response(),
        },
        // A place for the trouble to strike.
        Some(_) => StatusCode::NO_CONTENT.into_response(),
    };
    if let Some(trouble) = trouble {
        afflict(&mut response, trouble);
    }
    Ok(response)
}

fn renew(app: &App, client_id: &str, token: &str, scope: Option<&str>) -> Result<Issued, Refusal> {
    let renewed =
        app.state()
            .tokens
            .renew((token, client_id, scope), &app.script, Instant::now())?;
    let (event, result) = match renewed {
        Renewed::Fresh(issued) => (
            Event::Refreshed {
                rotated: issued.refresh.is_some(),
            },
            Ok(issued),
        ),
        Renewed::Unknown => (
            Event::RefreshRefused,
            Err(("invalid_grant", "This client has no such refresh token.")),
        ),
        Renewed::Reused => (
            Event::ReuseDetected,
            Err((
                "invalid_grant",
                "It was spent before, and now its login has been ended.",
            )),
        ),
        Renewed::WrongScope => (
            Event::RefreshRefused,
            Err((
                "invalid_scope",
                "That is more than was granted at the sign-in.",
            )),
        ),
    };
    app.emit(event);
    result.map_err(|(error, text)| Refusal::new(error, text))
}

fn answer(app: &App, issued: &Issued) -> Response {
    let mut body = json!({
        "access_token": issued.access,
        "token_type": "Bearer",
        "expires_in": app.script.access_ttl,
        "scope": issued.scope,
    });
    if let Some(refresh) = &issued.refresh {
        body["refresh_token"] = refresh.as_str().into();
    }
    json_reply(StatusCode::OK, &body)
}
