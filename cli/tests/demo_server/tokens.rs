//! Tokens: given, used, renewed, revoked.

use std::{thread::sleep, time::Duration};

use super::*;

fn introspect(server: &Server, token: &Value) -> Value {
    let form = [("client_id", "tv"), ("token", token.as_str().unwrap())];
    post(server, "/introspect", &form).json()
}

fn revoke(server: &Server, client: &str, token: &Value) -> u16 {
    let form = [("client_id", client), ("token", token.as_str().unwrap())];
    post(server, "/revoke", &form).status
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_sign_in_gives_tokens_that_work() {
    let server = serve(quick()).await;
    let begun = begin(&server);
    server.approve(user_code(&begun));
    let answer = poll(&server, &begun);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let tokens = answer.json();
    assert_eq!(tokens["token_type"], "Bearer");
    assert_eq!(tokens["expires_in"], 3600);
    assert_eq!(tokens["scope"], "read");
    let me = whoami(&server, &tokens["access_token"]);
    assert_eq!(me.status, 200);
    assert_eq!(
        (&me.json()["sub"], &me.json()["scope"]),
        (&"demo-person".into(), &"read".into())
    );
    let seen = introspect(&server, &tokens["access_token"]);
    assert_eq!(
        (&seen["active"], &seen["client_id"]),
        (&true.into(), &"tv".into())
    );
    assert!(seen["exp"].as_u64().unwrap() > 1_700_000_000);
    assert_eq!(
        introspect(&server, &tokens["refresh_token"])["active"],
        true
    );
    assert_eq!(introspect(&server, &"never seen".into())["active"], false);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_resource_asks_for_a_bearer_and_says_who_gives_them() {
    let server = serve(quick()).await;
    let tokens = sign_in(&server);
    let bare = http::get(&server, "/api/whoami");
    let challenge = bare.header("www-authenticate").unwrap();
    assert_eq!(bare.status, 401);
    assert!(!challenge.contains("error"), "RFC 6750 §3.1");
    let address = challenge.split('"').nth(1).unwrap();
    let path = address.strip_prefix(&server.issuer).unwrap();
    let metadata = http::get(&server, path).json();
    assert_eq!(
        metadata["resource"],
        format!("{}/api/whoami", server.issuer)
    );
    assert_eq!(metadata["authorization_servers"][0], server.issuer);
    let wrong = whoami(&server, &"wrong".into());
    assert!(
        wrong
            .header("www-authenticate")
            .unwrap()
            .contains("error=\"invalid_token\"")
    );
    assert_eq!(
        whoami(&server, &tokens["refresh_token"]).status,
        401,
        "a refresh token is none"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn refresh_tokens_rotate_and_the_return_of_a_spent_one_ends_all() {
    let server = serve(quick()).await;
    let bystander = sign_in(&server);
    let first = sign_in(&server);
    let second = refresh(&server, &first["refresh_token"]).json();
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    assert_ne!(second["access_token"], first["access_token"]);
    let third = refresh(&server, &second["refresh_token"]).json();
    assert_eq!(whoami(&server, &third["access_token"]).status, 200);
    assert_eq!(
        introspect(&server, &first["refresh_token"])["active"],
        false,
        "spent"
    );

    refresh(&server, &first["refresh_token"]).is_error(400, "invalid_grant");
    refresh(&server, &third["refresh_token"]).is_error(400, "invalid_grant");
    for tokens in [&first, &second, &third] {
        assert_eq!(whoami(&server, &tokens["access_token"]).status, 401);
    }
    assert_eq!(whoami(&server, &bystander["access_token"]).status, 200);
    assert_eq!(refresh(&server, &bystander["refresh_token"]).status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn rotation_and_refresh_can_be_switched_off() {
    let server = serve(Script {
        rotate: false,
        ..quick()
    })
    .await;
    let tokens = sign_in(&server);
    for _ in 0..3 {
        let renewed = refresh(&server, &tokens["refresh_token"]).json();
        assert!(renewed.get("refresh_token").is_none());
        assert_eq!(whoami(&server, &renewed["access_token"]).status, 200);
    }
    let server = serve(Script {
        refresh: false,
        ..quick()
    })
    .await;
    assert!(sign_in(&server).get("refresh_token").is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn tokens_expire() {
    let server = serve(script(
        r#"{"access_ttl": 2, "refresh_ttl": 2, "rotate": false}"#,
    ))
    .await;
    let tokens = sign_in(&server);
    assert_eq!(tokens["expires_in"], 2);
    assert_eq!(whoami(&server, &tokens["access_token"]).status, 200);
    assert_eq!(refresh(&server, &tokens["refresh_token"]).status, 200);
    sleep(Duration::from_millis(2050));
    assert_eq!(whoami(&server, &tokens["access_token"]).status, 401);
    refresh(&server, &tokens["refresh_token"]).is_error(400, "invalid_grant");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_refresh_is_the_clients_own_and_grants_no_more() {
    let server = serve(Script {
        grant_scope: Some("read write".into()),
        ..quick()
    })
    .await;
    let tokens = sign_in(&server);
    assert_eq!(tokens["scope"], "read write", "more than was asked for");
    let token = tokens["refresh_token"].as_str().unwrap();
    let with = |client, scope| {
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", client),
            ("refresh_token", token),
            ("scope", scope),
        ];
        post(&server, "/token", &form)
    };
    with("another", "read").is_error(400, "invalid_grant");
    with("tv", "read admin").is_error(400, "invalid_scope");
    let less = with("tv", "write").json();
    assert_eq!(less["scope"], "write");
    assert_eq!(
        whoami(&server, &less["access_token"]).json()["scope"],
        "write"
    );
    let again = refresh(&server, &less["refresh_token"]).json();
    assert_eq!(
        again["scope"], "read write",
        "a narrower refresh narrows nothing for good"
    );
    refresh(&server, &again["access_token"]).is_error(400, "invalid_grant");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn revocation_ends_what_it_names() {
    let server = serve(quick()).await;
    let tokens = sign_in(&server);
    assert_eq!(revoke(&server, "another", &tokens["access_token"]), 200);
    assert_eq!(
        whoami(&server, &tokens["access_token"]).status,
        200,
        "not the other client's"
    );
    assert_eq!(revoke(&server, "tv", &tokens["access_token"]), 200);
    assert_eq!(whoami(&server, &tokens["access_token"]).status, 401);
    let renewed = refresh(&server, &tokens["refresh_token"]).json();
    assert_eq!(revoke(&server, "tv", &renewed["refresh_token"]), 200);
    assert_eq!(
        whoami(&server, &renewed["access_token"]).status,
        401,
        "the whole login"
    );
    refresh(&server, &renewed["refresh_token"]).is_error(400, "invalid_grant");
    assert_eq!(
        revoke(&server, "tv", &"unknown".into()),
        200,
        "RFC 7009 §2.2"
    );
    post(&server, "/revoke", &[("client_id", "tv")]).is_error(400, "invalid_request");
}
