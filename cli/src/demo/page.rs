//! The approval page: enter the code, see who asks for what, decide.
//!
//! ```text
//! GET /device ─▶ enter ──code──▶ compare and consent ──decision──▶ the end
//!                  ▲  wrong code        │ somebody was faster
//!                  └────────────────────┘
//! ```
//!
//! An address that brings the code along only fills it in: the person still
//! compares it with the device (RFC 8628 §3.3.1, §5.4), and the page says
//! nothing about the code before the form is sent, so that guesses are counted
//! in one place.

mod view;
mod words;

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    extract::{Query, State, rejection::QueryRejection},
    http::{
        HeaderMap, HeaderName, HeaderValue, StatusCode,
        header::{
            CONTENT_SECURITY_POLICY, REFERRER_POLICY, RETRY_AFTER, SET_COOKIE, X_FRAME_OPTIONS,
        },
    },
    response::{Html, IntoResponse, Response},
};

use super::{
    app::App,
    code,
    event::{By, Event},
    grant,
    params::Params,
    reply::Refusal,
    session::Session,
};
use view::{Consent, Notice};

/// `GET /device`
pub(super) async fn open(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    query: Result<Query<HashMap<String, String>>, QueryRejection>,
) -> Result<Response, Refusal> {
    let session = Session::open(&app, &headers)?;
    let given = query
        .as_ref()
        .ok()
        .and_then(|Query(query)| query.get("user_code"));
    let code = given.and_then(|typed| code::normalise(typed));
    app.emit(Event::PageOpened {
        prefilled: code.is_some(),
    });
    let csrf = session.csrf(&app);
    let page = match code {
        Some(code) => view::compare(&csrf, &code),
        None => view::enter(&csrf, "", None),
    };
    let mut response = show(&app, StatusCode::OK, page);
    if let Some(cookie) = session
        .cookie(&app)
        .and_then(|c| HeaderValue::try_from(c).ok())
    {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    Ok(response)
}

/// `POST /device`: the code.
pub(super) async fn enter(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    params: Params,
) -> Response {
    let Some(session) = Session::of_form(&app, &headers, params.get("csrf")) else {
        return stale(&app);
    };
    let typed = params.get("user_code").unwrap_or_default();
    let csrf = session.csrf(&app);
    match look(&app, typed) {
        Ok(consent) => {
            app.emit(Event::CodeEntered { found: true });
            show(
                &app,
                StatusCode::OK,
                view::consent(&csrf, &consent, &app.script),
            )
        }
        Err(notice) => {
            app.emit(Event::CodeEntered { found: false });
            again(&app, &csrf, typed, notice)
        }
    }
}

/// `POST /device/decision`
pub(super) async fn decide(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    params: Params,
) -> Response {
    let Some(session) = Session::of_form(&app, &headers, params.get("csrf")) else {
        return stale(&app);
    };
    let typed = params.get("user_code").unwrap_or_default();
    let csrf = session.csrf(&app);
    let approve = match params.get("decision") {
        Some("approve") => true,
        Some("deny") => false,
        _ => return stale(&app),
    };
    // The same door as for entering: this must not become a way to guess.
    match look(&app, typed) {
        Ok(consent) if app.decide(typed, approve, By::Person) => {
            show(&app, StatusCode::OK, view::end(&consent, approve))
        }
        Ok(_) => again(&app, &csrf, typed, Notice::Used),
        Err(notice) => again(&app, &csrf, typed, notice),
    }
}

/// Finds a code that waits for a decision. Counts those that do not exist.
fn look(app: &App, typed: &str) -> Result<Consent, Notice> {
    let now = Instant::now();
    let mut state = app.state();
    if let Some(wait) = state.guesses.pause(now) {
        return Err(Notice::Pause(wait));
    }
    let code = code::normalise(typed).ok_or(Notice::Misshapen)?;
    let Some(grant) = state.grants.find(&code) else {
        state.guesses.wrong(now);
        return Err(Notice::Unknown);
    };
    if grant.state != grant::State::Waiting {
        return Err(Notice::Used);
    }
    if !grant.waits(now) {
        return Err(Notice::Expired);
    }
    Ok(Consent {
        user_code: code,
        client_id: grant.ask.client_id.clone(),
        client_name: grant.ask.client_name.clone(),
        scope: app
            .script
            .grant_scope
            .clone()
            .unwrap_or_else(|| grant.ask.scope.clone()),
        left: grant.expires_at.saturating_duration_since(now),
    })
}

/// The first page once more, with what went wrong.
fn again(app: &App, csrf: &str, typed: &str, notice: Notice) -> Response {
    let status = match notice {
        Notice::Pause(_) => StatusCode::TOO_MANY_REQUESTS,
        _ => StatusCode::BAD_REQUEST,
    };
    let mut response = show(app, status, view::enter(csrf, typed, Some(notice)));
    if let Notice::Pause(wait) = notice {
        response
            .headers_mut()
            .insert(RETRY_AFTER, seconds(wait).into());
    }
    response
}

fn stale(app: &App) -> Response {
    show(app, StatusCode::FORBIDDEN, view::stale())
}

fn show(app: &App, status: StatusCode, page: String) -> Response {
    let mut response = (status, Html(page)).into_response();
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::try_from(&app.policy) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    let fixed = [
        (X_FRAME_OPTIONS, "DENY"),
        // Not `no-referrer`: browsers would then send `Origin: null`.
        (REFERRER_POLICY, "same-origin"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Whole seconds, rounded up, so that nobody is told to come back too early.
fn seconds(time: Duration) -> u64 {
    time.as_millis()
        .div_ceil(1000)
        .try_into()
        .unwrap_or(u64::MAX)
}
