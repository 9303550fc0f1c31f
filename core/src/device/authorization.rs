//! The device authorization request and its response (RFC 8628 §3.1, §3.2).

use std::sync::Arc;

use super::pace::Pace;
use super::pending::Pending;
use crate::address::{self, Unfit};
use crate::error::{Code, Error};
use crate::flow::{Now, Request};
use crate::grant::{ClientAuth, Grant};
use crate::pkce;
use crate::prompt::Prompt;
use crate::secret::Secret;
use crate::text::{SHOWN_AT_MOST, clean};
use crate::wire::answer::Answer;
use crate::wire::body;
use crate::wire::dialect::{self, names};
use crate::wire::secrets::Secrets;

/// No device code is longer; some are JWTs.
const LONGEST_CODE: usize = 16 * 1024;
/// A person has to type it.
const LONGEST_USER_CODE: usize = 64;

/// Errors: `no_device_endpoint` for a grant that was made for a pasted address.
pub(super) fn request(
    grant: &Grant,
    auth: ClientAuth,
    verifier: Option<&Secret>,
) -> Result<Request, Error> {
    let url = grant.endpoints.device_authorization.as_ref();
    let url = url.ok_or_else(|| {
        let message = "the grant names no device authorization endpoint";
        Error::new(Code::NoDeviceEndpoint, message)
    })?;
    let scope = grant.scopes.join(" ");
    let challenge = verifier.map(pkce::challenge);
    let mut params = vec![("scope", scope.as_str())];
    if auth == ClientAuth::Basic && grant.client.secret.is_some() {
        // RFC 8628 §3.1 wants it only of a client that does not authenticate; Django OAuth Toolkit
        // wants it of every client.
        params.push(("client_id", &grant.client.id));
    }
    if let Some(resource) = &grant.resource {
        params.push(("resource", resource));
    }
    if let Some(challenge) = &challenge {
        params.push(("code_challenge", challenge));
        params.push(("code_challenge_method", "S256"));
    }
    // A parameter of the caller's comes in place of the preset's: none may stand twice.
    let given = |name: &str| grant.params.iter().any(|(k, _)| k == name);
    let more = grant.dialect.device_params.iter();
    let more = more.filter(|(k, _)| !given(k));
    params.extend(more.map(|(k, v)| (k.as_str(), v.as_str())));
    params.extend(grant.params.iter().map(|(k, v)| (k.as_str(), v.as_str())));
    let url = Arc::clone(url);
    Ok(body::post(
        url,
        &grant.dialect,
        &grant.client,
        auth,
        &params,
    ))
}

/// Reads the response; `sent` is when the code was asked for.
pub(super) fn read(
    answer: &Answer<'_>,
    grant: &Arc<Grant>,
    verifier: Option<Secret>,
    sent: Now,
    now: Now,
) -> Result<Pending, Error> {
    let dialect = &grant.dialect;
    let text = |common| answer.text(&names(dialect, common));
    let malformed = |what| {
        Error::new(
            Code::MalformedDeviceAnswer,
            format!("the device authorization response {what}"),
        )
    };
    let code = text(dialect::DEVICE_CODE).ok_or_else(|| malformed("has no device_code"))?;
    if code.len() > LONGEST_CODE {
        return Err(malformed("has a device_code that is too long"));
    }
    let user_code = text(dialect::USER_CODE_FIELD).map(|code| clean(code, LONGEST_USER_CODE));
    let user_code = user_code
        .filter(|code| !code.is_empty())
        .ok_or_else(|| malformed("has no user_code"))?;
    let shown =
        text(dialect::VERIFICATION_URI).ok_or_else(|| malformed("has no verification_uri"))?;
    let asked = grant.endpoints.device_authorization.as_deref();
    let loopback = asked.is_some_and(address::is_loopback);
    let secrets = Secrets::new(grant, &[verifier.as_ref()], Some(answer));
    let verification_uri = address_for_people(shown, loopback, &secrets)?;
    // The plain address is enough to sign in, so a complete one that cannot be shown is left out.
    let complete = text(dialect::VERIFICATION_URI_COMPLETE);
    let complete =
        complete.and_then(|address| address_for_people(address, loopback, &secrets).ok());
    let expires_in = answer.positive(&names(dialect, dialect::EXPIRES_IN));
    let interval = answer.number(&names(dialect, dialect::INTERVAL));
    let pace = Pace::new(sent, now, expires_in, interval);
    let prompt = Prompt {
        verification_uri,
        verification_uri_complete: complete,
        expires_at_ms: pace.ends_at_ms(),
        interval: pace.interval(),
        scopes: grant.scopes.iter().map(|scope| clean(scope, 200)).collect(),
        message: text(dialect::MESSAGE)
            .map(|message| secrets.clean(message, SHOWN_AT_MOST))
            .filter(|m| !m.is_empty()),
        user_code,
    };
    Ok(Pending {
        device_code: Secret::new(code),
        user_code: dialect
            .polls_with_user_code()
            .then(|| prompt.user_code.as_str().into()),
        grant: Arc::clone(grant),
        prompt: Some(Box::new(prompt)),
        verifier,
        pace,
        answer_lost: false,
        unreadable: 0,
    })
}

/// An address that a person may be shown: https, or on this machine where the server is. One
/// without a scheme (`link.example.com/x`) gets https.
fn address_for_people(shown: &str, loopback: bool, secrets: &Secrets) -> Result<String, Error> {
    let mut address = shown.to_owned();
    let mut fit = address::check(&address, loopback);
    let schemeless = !shown.contains("://") && shown.contains('.') && !shown.starts_with('/');
    if fit.is_err() && schemeless {
        address = format!("https://{shown}");
        fit = address::check(&address, loopback);
    }
    let refuse = |what| {
        let message = format!("the address to open, {}, {what}", secrets.quote(shown));
        Err(Error::new(Code::UnsafeVerificationUri, message))
    };
    match fit {
        // A page of another machine's has no business with what runs on the person's own.
        Ok(()) if !loopback && address::is_loopback(&address) => refuse("leads to this machine"),
        Ok(()) => Ok(address),
        Err(Unfit::Scheme) => refuse("is not an https address"),
        Err(Unfit::Malformed) => refuse("is no address"),
    }
}
