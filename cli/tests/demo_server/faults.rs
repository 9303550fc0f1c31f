//! What goes wrong on request.

use std::{
    io::ErrorKind,
    time::{Duration, Instant},
};

use super::{http::try_post, *};

/// Two calls, of which only the second is struck.
async fn second_poll(with: &str) -> (Server, Value) {
    let json =
        format!(r#"{{"interval": 0, "faults": [{{"on": "poll", "at": [2], "with": {with}}}]}}"#);
    let server = serve(script(&json)).await;
    let begun = begin(&server);
    poll(&server, &begun).is_error(400, "authorization_pending");
    (server, begun)
}

fn try_poll(server: &Server, begun: &Value) -> std::io::Result<Answer> {
    let code = begun["device_code"].as_str().unwrap();
    let form = [
        ("grant_type", DEVICE_CODE),
        ("client_id", "tv"),
        ("device_code", code),
    ];
    try_post(server, "/token", &[], &form)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn slow_down_on_request_slows_for_good() {
    let (server, begun) = second_poll("\"slow_down\"").await;
    poll(&server, &begun).is_error(400, "slow_down");
    poll(&server, &begun).is_error(400, "slow_down");
    let other = begin(&server);
    poll(&server, &other).is_error(400, "authorization_pending");
    poll(&server, &other).is_error(400, "slow_down");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_page_of_html() {
    let (server, begun) = second_poll("\"bad_gateway\"").await;
    let answer = poll(&server, &begun);
    assert_eq!(answer.status, 502);
    assert!(
        answer
            .header("content-type")
            .unwrap()
            .starts_with("text/html")
    );
    assert!(answer.body.contains("<h1>502 Bad Gateway</h1>"));
    server.approve(user_code(&begun));
    assert_eq!(poll(&server, &begun).status, 200, "nothing was lost");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn busy_with_and_without_a_time() {
    let (server, begun) = second_poll(r#"{"busy": {}}"#).await;
    let answer = poll(&server, &begun);
    assert_eq!((answer.status, answer.body.as_str()), (503, ""));
    assert_eq!(answer.header("retry-after"), None);

    let (server, begun) = second_poll(r#"{"busy": {"status": 429, "retry_after": 7}}"#).await;
    let answer = poll(&server, &begun);
    assert_eq!(
        (answer.status, answer.header("retry-after")),
        (429, Some("7"))
    );

    let (server, begun) = second_poll(r#"{"busy": {"retry_after": 7, "as_date": true}}"#).await;
    let answer = poll(&server, &begun);
    let date = answer.header("retry-after").unwrap();
    assert_eq!(date.len(), "Sun, 06 Nov 1994 08:49:37 GMT".len());
    assert!(date.ends_with(" GMT"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_reset_has_no_effect_and_says_nothing() {
    let (server, begun) = second_poll("\"reset\"").await;
    server.approve(user_code(&begun));
    assert_eq!(
        try_poll(&server, &begun).unwrap_err().kind(),
        ErrorKind::ConnectionReset
    );
    assert_eq!(poll(&server, &begun).status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_stall_lasts_as_long_as_it_was_told_to() {
    let (server, begun) = second_poll(r#"{"stall": {"ms": 300}}"#).await;
    let before = Instant::now();
    assert_eq!(
        try_poll(&server, &begun).unwrap_err().kind(),
        ErrorKind::ConnectionReset
    );
    assert!(before.elapsed() >= Duration::from_millis(300));
    poll(&server, &begun).is_error(400, "authorization_pending");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_lost_answer_did_its_work() {
    let (server, begun) = second_poll("\"lost\"").await;
    server.approve(user_code(&begun));
    assert_eq!(
        try_poll(&server, &begun).unwrap_err().kind(),
        ErrorKind::ConnectionReset
    );
    poll(&server, &begun).is_error(400, "invalid_grant");

    let server = serve(script(
        r#"{"faults": [{"on": "refresh", "at": [1], "with": "lost"}]}"#,
    ))
    .await;
    let tokens = sign_in(&server);
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", "tv"),
        ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
    ];
    assert!(try_post(&server, "/token", &[], &form).is_err());
    refresh(&server, &tokens["refresh_token"]).is_error(400, "invalid_grant");
    assert_eq!(
        whoami(&server, &tokens["access_token"]).status,
        401,
        "it was spent, so all ended"
    );

    let server = serve(script(
        r#"{"faults": [{"on": "revoke", "at": [1], "with": "lost"}]}"#,
    ))
    .await;
    let tokens = sign_in(&server);
    let token = tokens["access_token"].as_str().unwrap();
    let form = [("client_id", "tv"), ("token", token)];
    assert!(try_post(&server, "/revoke", &[], &form).is_err());
    assert_eq!(whoami(&server, &tokens["access_token"]).status, 401, "gone");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn any_error_and_any_answer() {
    let with = r#"{"error": {"error": "access_denied", "description": "No.", "status": 403}}"#;
    let (server, begun) = second_poll(with).await;
    let answer = poll(&server, &begun);
    answer.is_error(403, "access_denied");
    assert_eq!(answer.json()["error_description"], "No.");
    poll(&server, &begun).is_error(400, "authorization_pending");

    let with = r#"{"answer": {"status": 307, "headers": {"Location": "http://x.example/"}, "body": "{{"}}"#;
    let (server, begun) = second_poll(with).await;
    let answer = poll(&server, &begun);
    assert_eq!((answer.status, answer.body.as_str()), (307, "{{"));
    assert_eq!(answer.header("location"), Some("http://x.example/"));
    assert_eq!(
        answer.header("content-type"),
        None,
        "nothing that was not in the script"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn every_endpoint_can_be_struck() {
    let all = [
        "metadata",
        "register",
        "device",
        "refresh",
        "revoke",
        "introspect",
        "api",
    ];
    let faults: Vec<_> = all
        .iter()
        .map(|on| format!(r#"{{"on": "{on}", "at": [1, 2], "with": "bad_gateway"}}"#))
        .collect();
    let server = serve(script(&format!(r#"{{"faults": [{}]}}"#, faults.join(",")))).await;
    let metadata = || http::get(&server, "/.well-known/openid-configuration").status;
    assert_eq!([metadata(), metadata(), metadata()], [502, 502, 200]);
    for path in [
        "/register",
        "/device_authorization",
        "/revoke",
        "/introspect",
    ] {
        let call = || post(&server, path, &[]).status;
        assert_eq!([call(), call(), call()], [502, 502, 400], "{path}");
    }
    let call = || http::get(&server, "/api/whoami").status;
    assert_eq!([call(), call(), call()], [502, 502, 401]);
    let call = || refresh(&server, &"x".into()).status;
    assert_eq!([call(), call(), call()], [502, 502, 400]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn without_numbers_it_strikes_always_and_each_code_counts_for_itself() {
    let server = serve(script(
        r#"{"faults": [{"on": "poll", "with": "bad_gateway"}]}"#,
    ))
    .await;
    let begun = begin(&server);
    for _ in 0..3 {
        assert_eq!(poll(&server, &begun).status, 502);
    }
    let (server, begun) = second_poll("\"bad_gateway\"").await;
    let other = begin(&server);
    poll(&server, &other).is_error(400, "authorization_pending");
    assert_eq!(poll(&server, &begun).status, 502);
    assert_eq!(poll(&server, &other).status, 502);
}

#[test]
fn a_script_that_makes_no_sense_is_refused() {
    for (json, says) in [
        ("{\"intervall\": 1}", "unknown field `intervall`"),
        ("{\"decide\": \"dice\"}", "unknown variant"),
        (
            "{\"decide\": {\"approve\": {\"polls\": 1}}}",
            "unknown field `polls`",
        ),
        ("{\"faults\": [{\"on\": \"poll\"}]}", "missing field `with`"),
        (
            "{\"faults\": [{\"on\": \"poll\", \"with\": {\"busy\": {\"after\": 1}}}]}",
            "unknown field",
        ),
        (
            "{\"faults\": [{\"on\": \"poll\", \"with\": {\"busy\": {\"status\": 99}}}]}",
            "a status",
        ),
        (
            "{\"faults\": [{\"on\": \"poll\", \"with\": {\"stall\": {\"ms\": 60001}}}]}",
            "a stall",
        ),
        (
            "{\"faults\": [{\"on\": \"api\", \"with\": {\"answer\": {\"status\": 200, \"headers\": {\"a b\": \"\"}}}}]}",
            "a header",
        ),
        ("{\"expires_in\": 0}", "`expires_in`"),
        ("{\"access_ttl\": 18446744073709551615}", "ten years"),
        ("{\"expires_after_ms\": 18446744073709551615}", "ten years"),
        ("{", "EOF"),
    ] {
        let error = Script::from_arg(json).unwrap_err().to_string();
        assert!(error.contains(says), "{json}: {error}");
    }
    assert!(Script::from_arg("/no/such/file").is_err());
    let file = concat!(env!("CARGO_TARGET_TMPDIR"), "/script.json");
    std::fs::write(file, r#"{"interval": 17}"#).unwrap();
    assert_eq!(script(file).interval, 17);
    assert_eq!(script("{}").interval, Script::default().interval);
}
