//! The demo server over its wire, as its clients see it.
//!
//! The HTTP here is by hand, on plain sockets: a client library would hide
//! resets, follow redirects and merge headers, which are what is looked at.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod codes;
mod errors;
mod faults;
mod http;
mod page;
mod service;
mod tokens;

use devicegrant_cli::demo::{self, Script, Server};
use http::{Answer, post};
use serde_json::Value;

const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

async fn serve(script: Script) -> Server {
    demo::start(0, script).await.unwrap()
}

/// A script without a pace, so that tests need not wait.
fn quick() -> Script {
    Script {
        interval: 0,
        ..Script::default()
    }
}

fn script(json: &str) -> Script {
    Script::from_arg(json).unwrap()
}

fn begin(server: &Server) -> Value {
    let answer = post(
        server,
        "/device_authorization",
        &[("client_id", "tv"), ("scope", "read")],
    );
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

fn poll_with(server: &Server, begun: &Value, more: &[(&str, &str)]) -> Answer {
    let code = begun["device_code"].as_str().unwrap();
    let mut form = vec![("grant_type", DEVICE_CODE), ("device_code", code)];
    form.extend_from_slice(more);
    post(server, "/token", &form)
}

fn poll(server: &Server, begun: &Value) -> Answer {
    poll_with(server, begun, &[("client_id", "tv")])
}

fn user_code(begun: &Value) -> &str {
    begun["user_code"].as_str().unwrap()
}

/// Signs in, with the approval given.
fn sign_in(server: &Server) -> Value {
    let begun = begin(server);
    assert!(server.approve(user_code(&begun)));
    let answer = poll(server, &begun);
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

fn refresh(server: &Server, token: &Value) -> Answer {
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", "tv"),
        ("refresh_token", token.as_str().unwrap()),
    ];
    post(server, "/token", &form)
}

fn whoami(server: &Server, token: &Value) -> Answer {
    let bearer = format!("Bearer {}", token.as_str().unwrap());
    http::send(
        server,
        "GET",
        "/api/whoami",
        &[("Authorization", &bearer)],
        "",
    )
    .unwrap()
}
