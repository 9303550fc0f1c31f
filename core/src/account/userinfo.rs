//! The userinfo endpoint (OpenID Connect Core §5.3): asked with the fresh access token, within
//! limits, and believed only as far as the ID token is.

use std::sync::Arc;

use super::claims::Claims;
use crate::flow::{HeaderValue, Request, Response};
use crate::secret::Secret;
use crate::wire::answer::Answer;
use crate::wire::body;

/// A person's claims are no novel.
const MAX_BODY: u32 = 64 * 1024;

/// The request, to be answered within `timeout_ms`.
pub(super) fn request(url: &str, token: &Secret, timeout_ms: u32) -> Request {
    let mut request = body::get(Arc::from(url));
    let bearer = Secret::new(format!("Bearer {}", token.expose()));
    let bearer = HeaderValue::Secret(bearer);
    request.headers.push(("authorization", bearer));
    request.timeout_ms = timeout_ms;
    request.max_body = MAX_BODY;
    request
}

/// The claims of a good answer; or why it is none, as the end of a sentence.
pub(super) fn read(response: &Response) -> Result<Claims, &'static str> {
    if (300..400).contains(&response.status) {
        return Err("answered with a redirect");
    }
    if response.body.len() > MAX_BODY as usize {
        return Err("gave an answer that is larger than 64 KiB");
    }
    let answer = Answer::json(response.body.expose()).ok_or("gave an answer that is no JSON")?;
    Claims::read(&answer).ok_or("names no sub")
}
