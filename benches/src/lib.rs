//! One conversation for both sides, so that they are measured on the same words.

use std::sync::Arc;

use devicegrant_core::{
    DeviceGrant, Discover, Error, Flow, Grant, Input, Now, Options, Pending, Request, Response,
    SecretBytes, SignIn, Step,
};
use oauth2::basic::BasicClient;
use oauth2::{
    ClientId, DeviceAuthorizationUrl, EndpointNotSet, EndpointSet,
    StandardDeviceAuthorizationResponse, TokenUrl,
};

/// The server's answer to the device authorization request (RFC 8628 §3.2).
pub const DEVICE_ANSWER: &str = r#"{"device_code":"GmRhmhcxhwAzkoEqiMEg_DnyEysNkuNhszIySk9eS","user_code":"WDJB-MJHT","verification_uri":"https://auth.example.com/device","verification_uri_complete":"https://auth.example.com/device?user_code=WDJB-MJHT","expires_in":1800,"interval":5}"#;
/// The answer to a poll that nobody has approved yet (RFC 8628 §3.5).
pub const PENDING_ANSWER: &str = r#"{"error":"authorization_pending","error_description":"The authorization request is still pending"}"#;

/// What every login at one server shares.
pub fn grant() -> Result<Arc<Grant>, Error> {
    let options = Options {
        device_endpoint: Some("https://auth.example.com/device_authorization".to_owned()),
        token_endpoint: Some("https://auth.example.com/token".to_owned()),
        client_id: Some("client-1".to_owned()),
        scopes: vec!["read".to_owned()],
        ..Options::default()
    };
    match Discover::new(options, None)?.step(Now::default(), Input::Go)? {
        Step::Done(grant) => Ok(grant),
        _ => Ok(unexpected("both endpoints are given")),
    }
}

/// An answer as a host hands it over.
pub fn answer(status: u16, body: &str) -> Input {
    Input::Response(Response {
        status,
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: SecretBytes::new(body.as_bytes().to_vec()),
    })
}

/// A login that has shown its prompt and waits for the first poll's time.
pub fn waiting(grant: &Arc<Grant>) -> Result<(DeviceGrant, u64), Error> {
    let now = Now::default();
    let mut login = DeviceGrant::login(Arc::clone(grant), [7; 32]);
    login.step(now, Input::Go)?;
    login.step(now, answer(200, DEVICE_ANSWER))?;
    login.take_events();
    match login.step(now, Input::Go)? {
        Step::Wait { until } => Ok((login, until)),
        _ => Ok(unexpected("the prompt was shown before")),
    }
}

/// The same as a value, with its prompt.
pub fn pending(grant: &Arc<Grant>) -> Result<Pending, Error> {
    let now = Now::default();
    let mut begin = DeviceGrant::begin(Arc::clone(grant), [7; 32]);
    begin.step(now, Input::Go)?;
    match begin.step(now, answer(200, DEVICE_ANSWER))? {
        Step::Done(SignIn::Pending(pending)) => Ok(*pending),
        _ => Ok(unexpected("begin ends with a pending login")),
    }
}

/// The next poll's request, at its time.
pub fn poll(login: &mut DeviceGrant, now: &mut Now, until: u64) -> Result<Request, Error> {
    now.wall_ms += until - now.steady_ms;
    now.steady_ms = until;
    match login.step(*now, Input::Go)? {
        Step::Send(request) => Ok(request),
        _ => Ok(unexpected("it is time to poll")),
    }
}

/// The client of the `oauth2` crate for the same server.
pub type Peer =
    BasicClient<EndpointNotSet, EndpointSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

/// The `oauth2` crate's client.
pub fn peer() -> Result<Peer, Box<dyn std::error::Error>> {
    let device =
        DeviceAuthorizationUrl::new("https://auth.example.com/device_authorization".to_owned())?;
    Ok(BasicClient::new(ClientId::new("client-1".to_owned()))
        .set_token_uri(TokenUrl::new("https://auth.example.com/token".to_owned())?)
        .set_device_authorization_url(device))
}

/// The `oauth2` crate's reading of the same answer.
pub fn peer_pending() -> Result<StandardDeviceAuthorizationResponse, serde_json::Error> {
    serde_json::from_str(DEVICE_ANSWER)
}

#[allow(
    clippy::panic,
    reason = "a benchmark of the wrong thing must not go on"
)]
fn unexpected<T>(what: &str) -> T {
    panic!("{what}")
}
