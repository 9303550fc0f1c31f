//! Which client is asking.

use axum::{
    extract::Query,
    http::{HeaderMap, StatusCode, Uri, header::AUTHORIZATION},
};
use data_encoding::BASE64;

use super::{app::App, params::Params, reply::Refusal};

const MAX_ID: usize = 200;

/// A client that may go on.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) id: String,
    pub(super) name: String,
}

/// Finds the client by HTTP Basic or in the form, never both (RFC 6749 §2.3).
pub(super) fn client(app: &App, headers: &HeaderMap, params: &Params) -> Result<Client, Refusal> {
    let wrong = || {
        Refusal::new("invalid_client", "Unknown client, or wrong secret.")
            .status(StatusCode::UNAUTHORIZED)
    };
    let (id, secret) = match headers.get(AUTHORIZATION) {
        Some(_) if params.get("client_secret").is_some() => {
            return Err(Refusal::invalid_request(
                "A client proves itself in one way, not two.",
            ));
        }
        Some(value) => {
            let (id, secret) = value.to_str().ok().and_then(basic).ok_or_else(wrong)?;
            if params.get("client_id").is_some_and(|other| other != id) {
                return Err(Refusal::invalid_request("Two different client ids."));
            }
            (id, Some(secret))
        }
        None => (
            params.need("client_id")?.to_owned(),
            params.get("client_secret").map(str::to_owned),
        ),
    };
    // RFC 6749 appendix A.1. It ends up on a page and on a terminal.
    if id.is_empty() || id.len() > MAX_ID || !id.bytes().all(|b| (0x20..=0x7e).contains(&b)) {
        return Err(Refusal::invalid_request(
            "A client_id has 1 to 200 printable ASCII letters.",
        ));
    }
    if app.script.client_secret.is_some() && app.script.client_secret != secret {
        return Err(wrong());
    }
    let known = app.script.clients.get(&id).cloned();
    let name = known.or_else(|| app.state().clients.get(&id).cloned());
    if name.is_none() && app.script.only_known_clients {
        return Err(wrong());
    }
    Ok(Client {
        name: name.unwrap_or_else(|| id.clone()),
        id,
    })
}

/// Id and secret of an HTTP Basic header, each form-encoded (RFC 6749 §2.3.1).
fn basic(value: &str) -> Option<(String, String)> {
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(BASE64.decode(encoded.trim().as_bytes()).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    // A query string is form-encoded too, and axum has a decoder for that.
    let query = Uri::try_from(format!("/?id={id}&secret={secret}")).ok()?;
    let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(&query).ok()?;
    match <[_; 2]>::try_from(pairs).ok()? {
        [(_, id), (_, secret)] => Some((id, secret)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(text: &str) -> String {
        format!("Basic {}", BASE64.encode(text.as_bytes()))
    }

    #[test]
    fn basic_is_form_decoded() {
        let both = |a: &str, b: &str| Some((a.to_owned(), b.to_owned()));
        assert_eq!(basic(&header("id:secret")), both("id", "secret"));
        assert_eq!(
            basic(&header("my+id%3A1:a%26b%2Bc%25")),
            both("my id:1", "a&b+c%")
        );
        assert_eq!(basic(&header("id:")), both("id", ""));
        for wrong in [
            "Bearer abc",
            "Basic",
            "Basic !",
            &header("no colon"),
            &header("i:s&x=y"),
        ] {
            assert_eq!(basic(wrong), None, "{wrong}");
        }
    }
}
