//! Events to observe: one of each kind, and those of a whole sign-in.

use devicegrant::{
    ClientAuth, DeviceGrant, Discover, Error, Event, Flow, Input, Now, Options, Reason, Response,
    Secret, SecretBytes, Step,
};

/// Every secret of [`sign_in`] holds it, so it must not come out of any observer.
pub(crate) const CANARY: &str = "canary5f2a";

/// The events of a whole sign-in in which everything that can be secret holds [`CANARY`]; the
/// server is slow, failing, and echoes what it was sent.
pub(crate) fn sign_in() -> Result<Vec<Event>, Error> {
    let options = Options {
        device_endpoint: Some("https://auth.example.com/device".to_owned()),
        token_endpoint: Some("https://auth.example.com/token".to_owned()),
        client_id: Some("app".to_owned()),
        client_secret: Some(Secret::new(format!("secret-{CANARY}"))),
        client_auth: Some(ClientAuth::Basic),
        ..Options::default()
    };
    let code = format!(
        r#"{{"device_code":"device-{CANARY}","user_code":"BCDF-GHJK","expires_in":900,
            "verification_uri":"https://auth.example.com/go","interval":5}}"#
    );
    let waits = format!(
        r#"{{"error":"authorization_pending","error_description":"device-{CANARY} waits"}}"#
    );
    let tokens = format!(
        r#"{{"access_token":"access-{CANARY}","refresh_token":"refresh-{CANARY}",
            "token_type":"Bearer","expires_in":3600}}"#
    );
    let failing = format!("device-{CANARY}");
    let mut replies = [
        Ok((200, code)),
        Err(Reason::TimedOut),
        Ok((503, failing)),
        Ok((400, waits.replace("authorization_pending", "slow_down"))),
        Ok((400, waits)),
        Ok((200, tokens)),
    ]
    .into_iter();
    let mut events = Vec::new();
    let grant = play(Discover::new(options, None)?, &mut replies, &mut events)?;
    play(
        DeviceGrant::login(grant, [7; 32]),
        &mut replies,
        &mut events,
    )?;
    assert_eq!(replies.len(), 0, "the sign-in did not take every reply");
    Ok(events)
}

type Reply = Result<(u16, String), Reason>;

/// Plays the host of a flow, with a clock that jumps.
fn play<F: Flow>(
    mut flow: F,
    replies: &mut impl Iterator<Item = Reply>,
    events: &mut Vec<Event>,
) -> Result<F::Output, Error> {
    let mut now = Now {
        wall_ms: 1_700_000_000_000,
        steady_ms: 1_000,
    };
    let mut input = Input::Go;
    loop {
        let step = flow.step(now, input);
        events.extend(flow.take_events());
        input = match step? {
            Step::Done(output) => return Ok(output),
            Step::Send(_) => match replies.next() {
                Some(Ok((status, body))) => Input::Response(Response {
                    status,
                    headers: vec![("content-type".to_owned(), "application/json".to_owned())],
                    body: SecretBytes::from(body),
                }),
                Some(Err(reason)) => Input::Unreachable(reason),
                None => Input::Unreachable(Reason::NotSent),
            },
            Step::Wait { until } => {
                now.wall_ms += until.saturating_sub(now.steady_ms);
                now.steady_ms = now.steady_ms.max(until);
                Input::Go
            }
            _ => Input::Go,
        };
    }
}

pub(crate) fn all() -> Vec<Event> {
    vec![
        Event::Discovered {
            url: "https://auth.example.com/.well-known/openid-configuration".to_owned(),
        },
        Event::CodeIssued {
            expires_in: 900,
            interval: 5,
        },
        Event::Pending,
        Event::Pending,
        Event::SlowDown { interval: 10 },
        Event::Unreachable {
            reason: "timed_out",
        },
        Event::ServerFailing { status: 503 },
        Event::ClientAuthChanged,
        Event::TokenIssued {
            expires_in: Some(3600),
            refreshable: true,
        },
        Event::Saved,
        Event::Refreshed {
            ms: 250,
            rotated: true,
        },
        Event::Refreshed {
            ms: 750,
            rotated: false,
        },
        Event::RefreshFailed {
            code: "login_ended",
            ms: 40,
        },
        Event::RefreshJoined,
        Event::Anomaly {
            kind: "refresh_storm",
        },
        Event::SignedOut,
        Event::Revoked,
    ]
}
