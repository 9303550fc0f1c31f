//! What every request passes: the name it calls the server by, the script's
//! faults, and the headers that every answer carries.

use std::sync::Arc;

use axum::{
    extract::{ConnectInfo, Request, State},
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{CACHE_CONTROL, HOST, X_CONTENT_TYPE_OPTIONS},
    },
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{
    app::App,
    fault::{On, Trouble},
    metadata, trouble,
    wire::Cut,
};

pub(super) async fn guard(
    State(app): State<Arc<App>>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    request: Request,
    next: Next,
) -> Response {
    if !calls_us_loopback(request.headers()) {
        let text = "This server answers to 127.0.0.1 and localhost only.\n";
        return (StatusCode::MISDIRECTED_REQUEST, text).into_response();
    }
    let mut response = match kind(request.uri().path()).and_then(|on| app.strike(on)) {
        None => next.run(request).await,
        Some(Trouble::Lost) => {
            let mut response = next.run(request).await;
            trouble::afflict(&mut response, Trouble::Lost);
            response
        }
        Some(trouble) => return trouble::perform(&trouble, &app, &cut).await,
    };
    if let Some(trouble) = trouble::of(&mut response) {
        return trouble::perform(&trouble, &app, &cut).await;
    }
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Which fault a path can meet. `/token` is not here: it knows by the form
/// whether it is polled or asked for a refresh.
fn kind(path: &str) -> Option<On> {
    match path {
        metadata::OAUTH | metadata::OPENID => Some(On::Metadata),
        "/register" => Some(On::Register),
        "/device_authorization" => Some(On::Device),
        "/revoke" => Some(On::Revoke),
        "/introspect" => Some(On::Introspect),
        "/api/whoami" => Some(On::Api),
        _ => None,
    }
}

/// Whether the address names this machine. A page on `evil.example` can have
/// its name resolve to 127.0.0.1, and would then share an origin with us. Any
/// port will do: a test may put a proxy in front.
fn calls_us_loopback(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(HOST).and_then(|host| host.to_str().ok()) else {
        return false;
    };
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    matches!(name, "127.0.0.1" | "localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_names() {
        let with = |host: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, HeaderValue::from_static(host));
            calls_us_loopback(&headers)
        };
        assert!(with("127.0.0.1:8080") && with("localhost:1") && with("127.0.0.1"));
        for wrong in [
            "evil.example",
            "evil.example:80",
            "127.0.0.1.evil.example:80",
            "",
            ":80",
        ] {
            assert!(!with(wrong), "{wrong}");
        }
        assert!(!calls_us_loopback(&HeaderMap::new()));
    }
}
