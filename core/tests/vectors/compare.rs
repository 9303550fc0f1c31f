//! What a vector expects against what there is. A field that a vector does not name is free,
//! except in a request, where an unnamed parameter is one too many.

use std::collections::BTreeMap;

use devicegrant_core::{
    Error, Event, Finished, Grant, Pending, Prompt, Renewal, Request, Revoked, Secret, SignIn,
    Step, Tokens,
};
use serde_json::{Map, Value, json};

use crate::replay::Result_;
use crate::vector::Outcome;

type Checked = Result<(), String>;

pub(crate) fn describe<T>(step: &Step<T>) -> String {
    match step {
        Step::Send(request) => {
            let body = String::from_utf8_lossy(request.body.expose());
            format!("send {} {} {body}", request.method.as_str(), request.url)
        }
        Step::Show(prompt) => format!("show {prompt:?}"),
        Step::Wait { until } => format!("wait until {until}"),
        Step::Load(id) => format!("load {id}"),
        Step::List => "list".to_owned(),
        Step::Save(save) => format!("save {} over {}", save.id, save.expected),
        Step::Lock(lock) => format!("lock {}", lock.id),
        Step::Unlock { rest, .. } => format!("unlock {rest:?}"),
        Step::Done(_) => "the end".to_owned(),
    }
}

pub(crate) fn fields(wanted: &Map<String, Value>, actual: &Value) -> Checked {
    for (name, value) in wanted {
        let there = actual.get(name).unwrap_or(&Value::Null);
        if there != value {
            return Err(format!("{name} is {there} instead of {value}"));
        }
    }
    Ok(())
}

pub(crate) fn request(wanted: &Value, request: &Request, last: Option<&Request>) -> Checked {
    if wanted == "same" {
        let last = last.ok_or("there was no request before")?;
        return if last == request {
            Ok(())
        } else {
            Err(format!("it is not the same as {last:?}"))
        };
    }
    let method = wanted
        .get("method")
        .and_then(Value::as_str)
        .unwrap_or("POST");
    if request.method.as_str() != method || wanted["url"] != *request.url {
        return Err("another method or address".to_owned());
    }
    if request.timeout_ms > 20_000 || request.max_body > 1024 * 1024 {
        return Err("a request without a limit".to_owned());
    }
    let must_finish = wanted
        .get("must_finish")
        .and_then(Value::as_bool)
        .unwrap_or(false);
    if request.must_finish != must_finish {
        return Err(format!("must_finish is {}", request.must_finish));
    }
    headers(wanted, request)?;
    body(wanted, request)
}

fn headers(wanted: &Value, request: &Request) -> Checked {
    let kind = match (wanted.get("form"), wanted.get("json")) {
        (Some(_), None) => Some("application/x-www-form-urlencoded"),
        (None, Some(_)) => Some("application/json"),
        _ => None,
    };
    let mut expected = BTreeMap::from([("accept".to_owned(), json!("application/json"))]);
    expected.extend(kind.map(|kind| ("content-type".to_owned(), json!(kind))));
    let more = wanted
        .get("headers")
        .and_then(Value::as_object)
        .into_iter()
        .flatten();
    expected.extend(more.map(|(k, v)| (k.clone(), v.clone())));
    let there = request
        .headers
        .iter()
        .map(|(k, v)| ((*k).to_owned(), json!(v.expose())));
    let there: BTreeMap<String, Value> = there.collect();
    if there == expected {
        Ok(())
    } else {
        Err(format!("headers {there:?} instead of {expected:?}"))
    }
}

fn body(wanted: &Value, request: &Request) -> Checked {
    let bytes = request.body.expose();
    let there = match (wanted.get("form"), wanted.get("json")) {
        (Some(_), _) => {
            let pairs: Vec<_> = form_urlencoded::parse(bytes).into_owned().collect();
            let map: Map<String, Value> =
                pairs.iter().map(|(k, v)| (k.clone(), json!(v))).collect();
            if map.len() != pairs.len() {
                return Err("a parameter stands twice (RFC 6749 §3.1)".to_owned());
            }
            Value::Object(map)
        }
        (None, Some(_)) => serde_json::from_slice(bytes).map_err(|e| e.to_string())?,
        (None, None) if bytes.is_empty() => Value::Null,
        (None, None) => return Err("a body was not expected".to_owned()),
    };
    let expected = wanted
        .get("form")
        .or(wanted.get("json"))
        .unwrap_or(&Value::Null);
    if there == *expected {
        Ok(())
    } else {
        Err(format!("parameters {there} instead of {expected}"))
    }
}

pub(crate) fn prompt(wanted: &Map<String, Value>, prompt: &Prompt) -> Checked {
    fields(wanted, &prompt_json(prompt))
}

fn prompt_json(prompt: &Prompt) -> Value {
    let mut value = serde_json::to_value(prompt).unwrap();
    value["text"] = json!(prompt.text());
    value["plain"] = json!(prompt.plain());
    value["spoken"] = json!(prompt.spoken());
    value["qr_size"] = json!(prompt.qr().map(|qr| qr.size()));
    value
}

pub(crate) fn pending(wanted: &Map<String, Value>, pending: &Pending) -> Checked {
    let mut there = pending.prompt().map_or_else(|| json!({}), prompt_json);
    there["expires_at_ms"] = json!(pending.expires_at_ms());
    let printed = format!("{pending:?}");
    let shows = |text: &str| printed.contains(text);
    if !shows(&pending.grant().endpoints.token) || shows("device-code-1") || shows("WDJB-MJHT") {
        return Err(format!("it is printed as {printed}"));
    }
    fields(wanted, &there)
}

pub(crate) fn outcome(wanted: &Outcome, there: &Result_) -> Checked {
    match (wanted, there) {
        (Outcome::Tokens(wanted), Result_::SignIn(SignIn::Tokens(tokens))) => {
            fields(wanted, &tokens_json(tokens))
        }
        (
            Outcome::Pending(wanted),
            Result_::SignIn(SignIn::Pending(there)) | Result_::Finished(Finished::Waiting(there)),
        ) => pending(wanted, there),
        (Outcome::Grant(wanted), Result_::Grant(grant)) => fields(wanted, &grant_json(grant)),
        (Outcome::Error(wanted), Result_::Error(error)) => fields(wanted, &error_json(error)),
        (Outcome::Renewal(wanted), Result_::Renewal(renewal)) => {
            fields(wanted, &renewal_json(renewal))
        }
        (Outcome::Revoked(wanted), Result_::Revoked(revoked)) => {
            fields(wanted, &revoked_json(revoked))
        }
        (Outcome::Tokens(wanted), Result_::Finished(Finished::Login(login))) => {
            fields(wanted, &tokens_json(&login.record.tokens))
        }
        (_, Result_::Renewal(renewal)) => Err(format!("it ended with {renewal:?}")),
        (_, Result_::Revoked(revoked)) => Err(format!("it ended with {revoked:?}")),
        (_, Result_::Finished(finished)) => Err(format!("it ended with {finished:?}")),
        (_, Result_::Error(error)) => Err(format!("it ended with {error:?}")),
        (_, Result_::Grant(grant)) => Err(format!("it ended with {grant:?}")),
        (_, Result_::SignIn(sign_in)) => Err(format!("it ended with {sign_in:?}")),
    }
}

pub(crate) fn tokens_json(tokens: &Tokens) -> Value {
    let secret = |secret: &Option<Secret>| json!(secret.as_ref().map(Secret::expose));
    let extra = tokens
        .extra
        .iter()
        .map(|(k, v)| (k.clone(), serde_json::from_str(v.expose()).unwrap()));
    json!({
        "access_token": tokens.access_token.expose(),
        "token_type": tokens.token_type,
        "expires_at_ms": tokens.expires_at_ms,
        "refresh_token": secret(&tokens.refresh_token),
        "refresh_expires_at_ms": tokens.refresh_expires_at_ms,
        "id_token": secret(&tokens.id_token),
        "scopes": tokens.scopes,
        "issuer": tokens.issuer,
        "sub": tokens.sub,
        "extra": extra.collect::<Map<String, Value>>(),
    })
}

fn renewal_json(renewal: &Renewal) -> Value {
    let mut value = tokens_json(&renewal.login.record.tokens);
    value["revision"] = json!(renewal.login.revision);
    value["rest"] = json!(renewal.rest.map(|rest| rest.code.as_str()));
    value["unsaved"] = json!(renewal.unsaved.as_ref().map(|error| error.code().as_str()));
    value
}

fn revoked_json(revoked: &Revoked) -> Value {
    match revoked {
        Revoked::Nothing => json!({"how": "nothing"}),
        Revoked::AtServer => json!({"how": "at_server"}),
        Revoked::NotOffered => json!({"how": "not_offered"}),
        Revoked::Failed(error) => json!({"how": "failed", "code": error.code().as_str()}),
    }
}

fn grant_json(grant: &Grant) -> Value {
    let mut value = serde_json::to_value(grant).unwrap();
    let endpoints = value["endpoints"].take();
    let client = value["client"].take();
    value["auth"] = client["auth"].clone();
    value["client_id"] = client["id"].clone();
    for (name, endpoint) in endpoints.as_object().unwrap() {
        value[name] = endpoint.clone();
    }
    value
}

pub(crate) fn error_json(error: &Error) -> Value {
    let server = error.server();
    json!({
        "class": error.class().as_str(),
        "code": error.code().as_str(),
        "exit": error.exit(),
        "message": error.message(),
        "error": server.map(|s| s.error.clone()),
        "error_description": server.and_then(|s| s.error_description.clone()),
        "error_uri": server.and_then(|s| s.error_uri.clone()),
    })
}

pub(crate) fn event_name(event: &Event) -> String {
    serde_json::to_value(event).unwrap()["event"]
        .as_str()
        .unwrap()
        .to_owned()
}
