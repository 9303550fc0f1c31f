//! Requests that are wrong, by accident or on purpose.

use super::{http::post_with, *};

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_request_needs_what_it_needs() {
    let server = serve(quick()).await;
    let begun = begin(&server);
    let code = begun["device_code"].as_str().unwrap();
    post(&server, "/device_authorization", &[]).is_error(400, "invalid_request");
    post(&server, "/device_authorization", &[("client_id", "")]).is_error(400, "invalid_request");
    post(&server, "/token", &[("client_id", "tv")]).is_error(400, "invalid_request");
    poll_with(&server, &begun, &[]).is_error(400, "invalid_request");
    let form = [("grant_type", DEVICE_CODE), ("client_id", "tv")];
    post(&server, "/token", &form).is_error(400, "invalid_request");
    let form = [("grant_type", "password"), ("client_id", "tv")];
    post(&server, "/token", &form).is_error(400, "unsupported_grant_type");
    let form = [
        ("grant_type", DEVICE_CODE),
        ("client_id", "tv"),
        ("device_code", "guessed"),
    ];
    post(&server, "/token", &form).is_error(400, "invalid_grant");
    let other = poll_with(&server, &begun, &[("client_id", "another")]);
    other.is_error(400, "invalid_grant");
    let twice = poll_with(
        &server,
        &begun,
        &[("client_id", "tv"), ("device_code", code)],
    );
    twice.is_error(400, "invalid_request");
    let ok = [
        ("client_id", "tv"),
        ("resource", "https://a.example"),
        ("resource", "https://b.example"),
    ];
    assert_eq!(
        post(&server, "/device_authorization", &ok).status,
        200,
        "RFC 8707 allows these"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn odd_bodies_are_refused_and_large_ones_not_read() {
    let server = serve(quick()).await;
    let path = "/device_authorization";
    let json = [("Content-Type", "application/json")];
    http::send(&server, "POST", path, &json, "{}")
        .unwrap()
        .is_error(400, "invalid_request");
    http::send(&server, "POST", path, &[], "client_id=tv")
        .unwrap()
        .is_error(400, "invalid_request");
    let large = "x".repeat(20_000);
    post(&server, path, &[("client_id", &large)]).is_error(413, "invalid_request");
    let many = vec![("resource", "x"); 65];
    post(&server, path, &many).is_error(400, "invalid_request");
    for id in ["tv\n", "t\u{e9}", "\u{1b}[31m", &"x".repeat(201)] {
        post(&server, path, &[("client_id", id)]).is_error(400, "invalid_request");
    }
    for scope in ["a\"b", "a\\b", "é", "a\tb", &"x".repeat(1001)] {
        let form = [("client_id", "tv"), ("scope", scope)];
        post(&server, path, &form).is_error(400, "invalid_scope");
    }
    assert_eq!(http::get(&server, path).status, 405);
    assert_eq!(http::get(&server, "/nothing").status, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn only_those_who_call_it_by_a_loopback_name_are_served() {
    let server = serve(quick()).await;
    let path = "/.well-known/oauth-authorization-server";
    let ask = |host| {
        http::send(&server, "GET", path, &[("Host", host)], "")
            .unwrap()
            .status
    };
    assert_eq!(ask("evil.example"), 421);
    assert_eq!(ask("127.0.0.1.evil.example:80"), 421);
    assert_eq!(ask("localhost:1"), 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn any_client_is_welcome_unless_the_script_says_otherwise() {
    let strict = r#"{"clients": {"tv": "My TV"}, "only_known_clients": true}"#;
    let server = serve(script(strict)).await;
    begin(&server);
    let ask = |id| post(&server, "/device_authorization", &[("client_id", id)]);
    ask("stranger").is_error(401, "invalid_client");
    let json = [("Content-Type", "application/json")];
    let body = r#"{"client_name": "A Robot"}"#;
    let registered = http::send(&server, "POST", "/register", &json, body)
        .unwrap()
        .json();
    assert_eq!(ask(registered["client_id"].as_str().unwrap()).status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_secret_comes_by_basic_or_in_the_form_but_not_both() {
    let server = serve(script(r#"{"client_secret": "s&c +:"}"#)).await;
    let path = "/device_authorization";
    let form = [("client_id", "tv"), ("client_secret", "s&c +:")];
    assert_eq!(post(&server, path, &form).status, 200);
    post(&server, path, &[("client_id", "tv")]).is_error(401, "invalid_client");
    let wrong = [("client_id", "tv"), ("client_secret", "wrong")];
    post(&server, path, &wrong).is_error(401, "invalid_client");
    // "tv:s%26c+%2B%3A"
    let basic = [("Authorization", "Basic dHY6cyUyNmMrJTJCJTNB")];
    assert_eq!(post_with(&server, path, &basic, &[]).status, 200);
    assert_eq!(
        post_with(&server, path, &basic, &[("client_id", "tv")]).status,
        200
    );
    post_with(&server, path, &basic, &form).is_error(400, "invalid_request");
    let other = [("client_id", "other")];
    post_with(&server, path, &basic, &other).is_error(400, "invalid_request");
    // "tv:s&c +:", not form-encoded
    let raw = [("Authorization", "Basic dHY6cyZjICs6")];
    post_with(&server, path, &raw, &[]).is_error(401, "invalid_client");
    let methods = &http::get(&server, "/.well-known/openid-configuration").json()["token_endpoint_auth_methods_supported"];
    assert_eq!(
        *methods,
        serde_json::json!(["client_secret_basic", "client_secret_post"])
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_challenge_must_be_met_at_every_poll() {
    let server = serve(quick()).await;
    let form = [
        ("client_id", "tv"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let begun = post(&server, "/device_authorization", &form).json();
    let with = |verifier| {
        poll_with(
            &server,
            &begun,
            &[("client_id", "tv"), ("code_verifier", verifier)],
        )
    };
    poll(&server, &begun).is_error(400, "invalid_grant");
    with(CHALLENGE).is_error(400, "invalid_grant");
    with(VERIFIER).is_error(400, "authorization_pending");
    server.approve(user_code(&begun));
    poll(&server, &begun).is_error(400, "invalid_grant");
    with("wrong").is_error(400, "invalid_grant");
    assert_eq!(with(VERIFIER).status, 200, "the wrong ones spent nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn pkce_is_s256_and_never_half() {
    let server = serve(quick()).await;
    let ask = |form: &[(&str, &str)]| {
        let mut all = vec![("client_id", "tv")];
        all.extend_from_slice(form);
        post(&server, "/device_authorization", &all)
    };
    ask(&[("code_challenge", CHALLENGE)]).is_error(400, "invalid_request");
    ask(&[("code_challenge_method", "S256")]).is_error(400, "invalid_request");
    let plain = [
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "plain"),
    ];
    ask(&plain).is_error(400, "invalid_request");
    let short = [
        ("code_challenge", "short"),
        ("code_challenge_method", "S256"),
    ];
    ask(&short).is_error(400, "invalid_request");
    let begun = ask(&[]).json();
    let stray = [("client_id", "tv"), ("code_verifier", VERIFIER)];
    poll_with(&server, &begun, &stray).is_error(400, "invalid_grant");

    let server = serve(Script {
        require_pkce: true,
        ..quick()
    })
    .await;
    let form = [("client_id", "tv")];
    post(&server, "/device_authorization", &form).is_error(400, "invalid_request");
}
