//! Requests to an OAuth endpoint: parameters as a form or as JSON, the client's authentication,
//! the limits every request goes by.

use std::sync::Arc;

use base64ct::{Base64, Encoding};
use form_urlencoded::byte_serialize;
use serde::Serialize;

use super::dialect::{BodyFormat, Dialect};
use crate::flow::{HeaderValue, Method, Request};
use crate::grant::{Client, ClientAuth, Grant};
use crate::secret::{Secret, SecretBytes};

/// From the first byte sent to the last received; a request ends within 20 s (DESIGN §5.1).
pub(crate) const TIMEOUT_MS: u32 = 20_000;
/// No honest OAuth answer is larger.
pub(crate) const MAX_BODY: u32 = 1024 * 1024;

const JSON: HeaderValue = HeaderValue::Plain("application/json");
const FORM: HeaderValue = HeaderValue::Plain("application/x-www-form-urlencoded");

/// A GET for a JSON document.
pub(crate) fn get(url: Arc<str>) -> Request {
    Request {
        method: Method::Get,
        url,
        headers: vec![("accept", JSON)],
        body: SecretBytes::default(),
        timeout_ms: TIMEOUT_MS,
        max_body: MAX_BODY,
        must_finish: false,
    }
}

/// A POST of parameters by a client. Names go through the dialect, which may leave one out; a
/// parameter without a value is left out too (RFC 6749 §3.1).
pub(crate) fn post(
    url: Arc<str>,
    dialect: &Dialect,
    client: &Client,
    auth: ClientAuth,
    params: &[(&str, &str)],
) -> Request {
    let mut body = Body::new(dialect);
    for (name, value) in params {
        body.add(name, value);
    }
    let mut headers = Vec::with_capacity(3);
    headers.push(("accept", JSON));
    match (auth, &client.secret) {
        (ClientAuth::Basic, Some(secret)) => {
            headers.push((
                "authorization",
                HeaderValue::Secret(basic(&client.id, secret)),
            ));
        }
        (ClientAuth::Post, Some(secret)) => {
            body.add("client_id", &client.id);
            body.add("client_secret", secret.expose());
        }
        _ => body.add("client_id", &client.id),
    }
    headers.push((
        "content-type",
        match dialect.body {
            BodyFormat::Form => FORM,
            BodyFormat::Json => JSON,
        },
    ));
    Request {
        method: Method::Post,
        url,
        headers,
        body: body.finish(),
        timeout_ms: TIMEOUT_MS,
        max_body: MAX_BODY,
        must_finish: false,
    }
}

/// A POST that takes a token back (RFC 7009 §2.1); `hint` says what kind it is.
pub(crate) fn revocation(url: &str, grant: &Grant, hint: &str, token: &Secret) -> Request {
    let params = [("token", token.expose()), ("token_type_hint", hint)];
    let client = &grant.client;
    post(url.into(), &grant.dialect, client, client.auth, &params)
}

/// A POST of a JSON document by nobody in particular.
pub(crate) fn post_json(url: Arc<str>, document: &impl Serialize) -> Request {
    Request {
        method: Method::Post,
        headers: vec![("accept", JSON), ("content-type", JSON)],
        body: SecretBytes::new(serde_json::to_vec(document).unwrap_or_default()),
        ..get(url)
    }
}

fn basic(id: &str, secret: &Secret) -> Secret {
    Secret::new(format!("Basic {}", credentials(id, secret).expose()))
}

/// RFC 6749 §2.3.1: both parts are form-encoded first, which most clients forget.
pub(crate) fn credentials(id: &str, secret: &Secret) -> Secret {
    let mut pair: String = byte_serialize(id.as_bytes()).collect();
    pair.push(':');
    pair.extend(byte_serialize(secret.expose().as_bytes()));
    let pair = SecretBytes::from(pair);
    Secret::new(Base64::encode_string(pair.expose()))
}

enum Body<'a> {
    Form(&'a Dialect, String),
    Json(&'a Dialect, Vec<u8>),
}

impl<'a> Body<'a> {
    fn new(dialect: &'a Dialect) -> Self {
        match dialect.body {
            // A poll with its long grant type and a JWT-free code fits, so that nothing is moved
            // and left unwiped.
            BodyFormat::Form => Self::Form(dialect, String::with_capacity(256)),
            BodyFormat::Json => Self::Json(dialect, Vec::with_capacity(256)),
        }
    }

    fn add(&mut self, name: &str, value: &str) {
        let (Self::Form(dialect, _) | Self::Json(dialect, _)) = self;
        let name = dialect.name(name);
        if name.is_empty() || value.is_empty() {
            return;
        }
        match self {
            Self::Form(_, text) => {
                if !text.is_empty() {
                    text.push('&');
                }
                text.extend(byte_serialize(name.as_bytes()));
                text.push('=');
                text.extend(byte_serialize(value.as_bytes()));
            }
            Self::Json(_, bytes) => {
                for (before, text) in [
                    (if bytes.is_empty() { b'{' } else { b',' }, name),
                    (b':', value),
                ] {
                    bytes.push(before);
                    // A text always becomes JSON, and memory takes it.
                    let _ = serde_json::to_writer(&mut *bytes, text);
                }
            }
        }
    }

    fn finish(self) -> SecretBytes {
        match self {
            Self::Form(_, text) => text.into(),
            Self::Json(_, mut bytes) => {
                if bytes.is_empty() {
                    bytes.push(b'{');
                }
                bytes.push(b'}');
                SecretBytes::new(bytes)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_encodes_both_parts_first() {
        let header = basic("a:b c", &Secret::new("p%:é"));
        let sent = Base64::encode_string(b"a%3Ab+c:p%25%3A%C3%A9");
        assert_eq!(header.expose(), format!("Basic {sent}"));
    }
}
