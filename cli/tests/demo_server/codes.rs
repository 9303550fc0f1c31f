//! Codes: how they are given, how they wait, and how each of them ends.

use std::{thread::sleep, time::Duration};

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_code_looks_as_rfc_8628_says() {
    let server = serve(Script::default()).await;
    let begun = begin(&server);
    assert_eq!(
        begun["device_code"].as_str().unwrap().len(),
        43,
        "32 bytes as base64url"
    );
    let code = user_code(&begun);
    assert_eq!(code.len(), 9);
    assert!(code.bytes().enumerate().all(|(i, b)| match i {
        4 => b == b'-',
        _ => b"BCDFGHJKLMNPQRSTVWXZ".contains(&b),
    }));
    assert_eq!(
        begun["verification_uri"],
        format!("{}/device", server.issuer)
    );
    let complete = format!("{}/device?user_code={code}", server.issuer);
    assert_eq!(begun["verification_uri_complete"], complete);
    assert_eq!(
        (&begun["expires_in"], &begun["interval"]),
        (&600.into(), &5.into())
    );
    assert_ne!(begin(&server)["device_code"], begun["device_code"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn interval_and_complete_address_can_be_left_out() {
    let server = serve(script(r#"{"no_interval": true, "no_complete_uri": true}"#)).await;
    let begun = begin(&server);
    assert!(begun.get("interval").is_none() && begun.get("verification_uri_complete").is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_poll_too_soon_slows_the_pace_down() {
    let server = serve(script(r#"{"interval": 1, "tell_interval": true}"#)).await;
    let begun = begin(&server);
    poll(&server, &begun).is_error(400, "authorization_pending");
    let slow = poll(&server, &begun);
    slow.is_error(400, "slow_down");
    assert_eq!(slow.json()["interval"], 6);
    sleep(Duration::from_millis(1100));
    let slow = poll(&server, &begun);
    slow.is_error(400, "slow_down");
    assert_eq!(slow.json()["interval"], 11, "1 s is no longer enough");
    assert!(server.approve(user_code(&begun)));
    assert_eq!(
        poll(&server, &begun).status,
        200,
        "an approval is told at any pace"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn slow_down_says_no_interval_unless_told_to() {
    let server = serve(Script::default()).await;
    let begun = begin(&server);
    poll(&server, &begun).is_error(400, "authorization_pending");
    let slow = poll(&server, &begun);
    slow.is_error(400, "slow_down");
    assert!(slow.json().get("interval").is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_denial_stays_one() {
    let server = serve(quick()).await;
    let begun = begin(&server);
    assert!(server.deny(user_code(&begun)));
    assert!(!server.approve(user_code(&begun)), "decided is decided");
    poll(&server, &begun).is_error(400, "access_denied");
    poll(&server, &begun).is_error(400, "access_denied");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_code_may_die_before_it_was_said_to() {
    let server = serve(script(r#"{"interval": 0, "expires_after_ms": 150}"#)).await;
    let begun = begin(&server);
    assert_eq!(begun["expires_in"], 600);
    poll(&server, &begun).is_error(400, "authorization_pending");
    sleep(Duration::from_millis(200));
    poll(&server, &begun).is_error(400, "expired_token");
    assert!(!server.approve(user_code(&begun)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_script_decides_after_so_many_polls() {
    for (decide, end) in [
        ("approve", None),
        ("deny", Some("access_denied")),
        ("expire", Some("expired_token")),
    ] {
        let json = format!(r#"{{"interval": 0, "decide": {{"{decide}": {{"after_polls": 2}}}}}}"#);
        let server = serve(script(&json)).await;
        let begun = begin(&server);
        poll(&server, &begun).is_error(400, "authorization_pending");
        poll(&server, &begun).is_error(400, "authorization_pending");
        match end {
            Some(error) => poll(&server, &begun).is_error(400, error),
            None => assert_eq!(poll(&server, &begun).json()["token_type"], "Bearer"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_script_decides_after_a_time_or_at_once() {
    let server = serve(script(
        r#"{"interval": 0, "decide": {"approve": {"after_ms": 150}}}"#,
    ))
    .await;
    let begun = begin(&server);
    poll(&server, &begun).is_error(400, "authorization_pending");
    sleep(Duration::from_millis(200));
    assert_eq!(poll(&server, &begun).status, 200);

    let server = serve(script(r#"{"decide": {"approve": {}}}"#)).await;
    assert_eq!(poll(&server, &begin(&server)).status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_person_who_was_faster_than_the_script_is_right() {
    let server = serve(script(
        r#"{"interval": 0, "decide": {"approve": {"after_polls": 1}}}"#,
    ))
    .await;
    let begun = begin(&server);
    assert!(server.deny(user_code(&begun)));
    poll(&server, &begun).is_error(400, "access_denied");
    poll(&server, &begun).is_error(400, "access_denied");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_code_is_redeemed_once_and_its_return_ends_the_login() {
    let server = serve(quick()).await;
    let begun = begin(&server);
    server.approve(user_code(&begun));
    let tokens = poll(&server, &begun).json();
    assert_eq!(whoami(&server, &tokens["access_token"]).status, 200);
    poll(&server, &begun).is_error(400, "invalid_grant");
    assert_eq!(whoami(&server, &tokens["access_token"]).status, 401);
    refresh(&server, &tokens["refresh_token"]).is_error(400, "invalid_grant");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn tests_in_any_language_may_decide_where_the_script_opens_the_door() {
    let closed = serve(quick()).await;
    let begun = begin(&closed);
    let form = [("user_code", user_code(&begun))];
    assert_eq!(post(&closed, "/demo/approve", &form).status, 404);

    let open = serve(Script {
        control: true,
        ..quick()
    })
    .await;
    let begun = begin(&open);
    let typed = user_code(&begun).to_lowercase().replace('-', " ");
    let form = [("user_code", typed.as_str())];
    let browser = [("Origin", open.issuer.as_str())];
    http::post_with(&open, "/demo/approve", &browser, &form).is_error(403, "access_denied");
    assert_eq!(post(&open, "/demo/approve", &form).json()["approved"], true);
    post(&open, "/demo/deny", &form).is_error(404, "not_found");
    assert_eq!(poll(&open, &begun).status, 200);

    let begun = begin(&open);
    let form = [("user_code", user_code(&begun))];
    assert_eq!(post(&open, "/demo/deny", &form).json()["approved"], false);
    poll(&open, &begun).is_error(400, "access_denied");
}
