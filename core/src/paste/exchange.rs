//! The exchange of a code for tokens (RFC 6749 §4.1.3, §4.1.4, RFC 7636 §4.5).

use std::sync::Arc;

use crate::error::{Code, Error};
use crate::flow::{Now, Request, Response};
use crate::grant::Grant;
use crate::secret::Secret;
use crate::text::SHOWN_AT_MOST;
use crate::tokens::{Tokens, unsupported_type};
use crate::wire::answer::Answer;
use crate::wire::dialect::{self, names};
use crate::wire::secrets::Secrets;
use crate::wire::words;
use crate::wire::{body, failure};

pub(super) fn request(
    grant: &Grant,
    redirect_uri: &str,
    code: &Secret,
    verifier: &Secret,
) -> Request {
    let mut params = vec![
        ("grant_type", "authorization_code"),
        ("code", code.expose()),
        ("redirect_uri", redirect_uri),
        ("code_verifier", verifier.expose()),
    ];
    if let Some(resource) = &grant.resource {
        params.push(("resource", resource));
    }
    let (url, client) = (Arc::clone(&grant.endpoints.token), &grant.client);
    let mut request = body::post(url, &grant.dialect, client, client.auth, &params);
    request.must_finish = true;
    request
}

/// The tokens, or why there are none.
pub(super) fn judge(
    grant: &Arc<Grant>,
    secrets: &[Option<&Secret>],
    sent: Now,
    response: &Response,
) -> Result<Tokens, Error> {
    failure::refuse_shape(response)?;
    let status = response.status;
    let answer = Answer::parse(response.body.expose());
    let said = words::error(&grant.dialect, status, answer.as_ref());
    let secrets = Secrets::new(grant, secrets, answer.as_ref());
    match (&said, &answer, status) {
        (None, Some(answer), 200..300) => Tokens::read(answer, grant, sent).map_err(|error| {
            if error.code() != Code::UnsupportedTokenType {
                return error;
            }
            // The type is the server's own word, in which a token may stand.
            let said = answer.text(&names(&grant.dialect, dialect::TOKEN_TYPE));
            unsupported_type(&secrets.clean(said.unwrap_or_default(), SHOWN_AT_MOST))
        }),
        // A gateway may have lost the answer of a server behind it.
        (None, _, 408 | 500..) => Err(lost(&format!(" (HTTP {status})"))),
        _ => {
            let asked = "token endpoint";
            Err(failure::final_error(
                response,
                &grant.dialect,
                &secrets,
                asked,
            ))
        }
    }
}

pub(super) fn lost(how: &str) -> Error {
    let message = format!(
        "the answer to the exchange of the code was lost on its way{how}, and a code is good for once"
    );
    Error::new(Code::ResponseLost, message)
}
