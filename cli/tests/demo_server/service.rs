//! The server as a whole: what it says of itself, and what it tells of others.

use std::{fmt::Write as _, net::TcpListener, time::Duration};

use devicegrant_cli::demo::{By, Event};

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn metadata_is_the_same_at_both_addresses() {
    let server = serve(Script::default()).await;
    let oauth = http::get(&server, "/.well-known/oauth-authorization-server");
    let openid = http::get(&server, "/.well-known/openid-configuration");
    assert_eq!(oauth.header("cache-control"), Some("no-store"));
    assert_eq!(oauth.header("x-content-type-options"), Some("nosniff"));
    let json = oauth.json();
    assert_eq!(json, openid.json());
    assert_eq!(json["issuer"], server.issuer);
    for (name, path) in [
        ("device_authorization_endpoint", "/device_authorization"),
        ("token_endpoint", "/token"),
        ("registration_endpoint", "/register"),
        ("revocation_endpoint", "/revoke"),
        ("introspection_endpoint", "/introspect"),
    ] {
        assert_eq!(json[name], format!("{}{path}", server.issuer));
    }
    assert!(
        json["grant_types_supported"]
            .as_array()
            .unwrap()
            .contains(&DEVICE_CODE.into())
    );
    assert_eq!(
        json["token_endpoint_auth_methods_supported"],
        serde_json::json!(["none"])
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn registration_gives_a_name_to_be_shown() {
    let server = serve(quick()).await;
    let json = [("Content-Type", "application/json")];
    let register = |body: &str| http::send(&server, "POST", "/register", &json, body).unwrap();
    let answer =
        register(r#"{"client_name": "Good\u202ename\u0007", "redirect_uris": [], "x": 1}"#);
    assert_eq!(
        (answer.status, &answer.json()["client_name"]),
        (201, &"Goodname".into())
    );
    assert_eq!(answer.json()["token_endpoint_auth_method"], "none");
    let long = format!(r#"{{"client_name": "{}"}}"#, "é".repeat(500));
    assert_eq!(register(&long).json()["client_name"], "é".repeat(80));
    let nameless = register("{}").json();
    assert_eq!(nameless["client_name"], nameless["client_id"]);
    register("[1]").is_error(400, "invalid_client_metadata");
    register("nonsense").is_error(400, "invalid_client_metadata");
    register(&"x".repeat(20_000)).is_error(413, "invalid_client_metadata");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn events_tell_what_happened_and_no_secret() {
    let json = r#"{"faults": [{"on": "poll", "at": [2], "with": "bad_gateway"}]}"#;
    let mut server = serve(script(json)).await;
    let mut events = server.events();
    http::get(&server, "/.well-known/oauth-authorization-server");
    let begun = begin(&server);
    poll(&server, &begun).is_error(400, "authorization_pending");
    poll(&server, &begun);
    server.approve(user_code(&begun));
    let tokens = poll(&server, &begun).json();
    let renewed = refresh(&server, &tokens["refresh_token"]).json();
    whoami(&server, &renewed["access_token"]);
    refresh(&server, &tokens["refresh_token"]);
    let shown = format!("{server:?}");
    server.stop().await;

    let mut told = Vec::new();
    while let Some(event) = events.recv().await {
        told.push(event);
    }
    let names: Vec<_> = told
        .iter()
        .map(|event| {
            serde_json::to_value(event).unwrap()["event"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert_eq!(
        names,
        [
            "discovered",
            "device_requested",
            "polled",
            "faulted",
            "approved",
            "polled",
            "tokens_issued",
            "refreshed",
            "api_called",
            "reuse_detected",
        ]
    );
    let code = user_code(&begun).to_owned();
    assert_eq!(
        told[4],
        Event::Approved {
            by: By::Control,
            user_code: code
        }
    );
    assert_eq!(
        told[2],
        Event::Polled {
            number: 1,
            answer: "authorization_pending".into(),
            interval: 5,
        }
    );
    let mut all = format!("{shown} {told:?}");
    for event in &told {
        write!(all, "{event} {}", serde_json::to_string(event).unwrap()).unwrap();
    }
    for secret in [
        &begun["device_code"],
        &tokens["access_token"],
        &tokens["refresh_token"],
        &renewed["access_token"],
        &renewed["refresh_token"],
    ] {
        assert!(!all.contains(secret.as_str().unwrap()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn its_port_is_free_again_when_it_stopped_and_soon_after_it_was_dropped() {
    let server = serve(quick()).await;
    let port: u16 = server.issuer.rsplit(':').next().unwrap().parse().unwrap();
    assert!(demo::start(port, quick()).await.is_err(), "taken");
    server.stop().await;
    let server = demo::start(port, quick()).await.unwrap();
    begin(&server);
    drop(server);
    for _ in 0..100 {
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("still taken after two seconds");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn it_listens_on_loopback_only() {
    let server = serve(quick()).await;
    assert!(
        server.issuer.starts_with("http://127.0.0.1:"),
        "{}",
        server.issuer
    );
}
