//! What a flow asks and what it is answered: `{ kind, … }`, and a request as a class.

use devicegrant_core::{
    Code, Error, HeaderValue, Input, Lease, LoginId, Reason, Response, Rest, Save, Secret,
    SecretBytes, Step, TlsProblem,
};
use js_sys::Array;
use wasm_bindgen::prelude::*;

use crate::error::{self, Failure};
use crate::getters;
use crate::login::{PastePrompt, Prompt};
use crate::plain::{bytes, number, object, whole};

#[wasm_bindgen]
extern "C" {
    /// A host's answer, of any machine.
    pub type Answer;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn kind(this: &Answer) -> Option<String>;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn why(this: &Answer) -> Option<String>;
    #[wasm_bindgen(method, getter)]
    fn status(this: &Answer) -> Option<u16>;
    #[wasm_bindgen(method, getter)]
    fn headers(this: &Answer) -> Option<Vec<String>>;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn bytes(this: &Answer) -> Option<Vec<u8>>;
    #[wasm_bindgen(method, getter)]
    fn revision(this: &Answer) -> Option<f64>;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn names(this: &Answer) -> Option<Vec<String>>;
    #[wasm_bindgen(method, getter)]
    fn lease(this: &Answer) -> Option<String>;
    #[wasm_bindgen(method, getter)]
    fn since(this: &Answer) -> Option<f64>;
    #[wasm_bindgen(method, getter, js_name = untilMs)]
    fn until_ms(this: &Answer) -> Option<f64>;
    #[wasm_bindgen(method, getter)]
    fn code(this: &Answer) -> Option<String>;
    #[wasm_bindgen(method, getter)]
    fn message(this: &Answer) -> Option<String>;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn text(this: &Answer) -> Option<String>;
}

/// An HTTP request. Headers and body may hold credentials.
#[wasm_bindgen]
pub struct Request(devicegrant_core::Request);

getters!(Request {
    method method: String = |request| request.method.as_str().to_owned();
    url url: String = |request| request.url.to_string();
    headers headers: Array = |request| {
        let pair = |(name, value): &(&str, HeaderValue)| Array::of2(&(*name).into(), &value.expose().into());
        request.headers.iter().map(pair).collect()
    };
    body body: Vec<u8> = |request| request.body.expose().to_vec();
    timeoutMs timeout_ms: u32 = |request| request.timeout_ms;
    maxBody max_body: u32 = |request| request.max_body;
    mustFinish must_finish: bool = |request| request.must_finish;
});

pub(crate) fn rest_of(until_ms: f64, code: &str) -> Rest {
    Rest {
        until_ms: whole(until_ms),
        // Another program may know codes that this one does not.
        code: Code::from_name(code).unwrap_or(Code::RenewalResting),
    }
}

pub(crate) fn rest(rest: Option<Rest>) -> JsValue {
    rest.map_or(JsValue::NULL, |rest| {
        object([
            ("untilMs", number(rest.until_ms)),
            ("code", rest.code.as_str().into()),
        ])
    })
}

fn reason(why: &str) -> Option<Reason> {
    Some(match why {
        "not_sent" => Reason::NotSent,
        "maybe_sent" => Reason::MaybeSent,
        "timed_out" => Reason::TimedOut,
        "tls_untrusted" => Reason::Tls(TlsProblem::Untrusted),
        "tls_expired" => Reason::Tls(TlsProblem::Expired),
        "tls_wrong_host" => Reason::Tls(TlsProblem::WrongHost),
        "tls" => Reason::Tls(TlsProblem::Other),
        _ => return None,
    })
}

/// None where it is no answer at all.
pub(crate) fn input(answer: &Answer) -> Option<Input> {
    Some(match answer.kind()?.as_str() {
        "go" => Input::Go,
        "pasted" => Input::Pasted(Secret::new(answer.text()?)),
        "response" => {
            let mut texts = answer.headers().unwrap_or_default().into_iter();
            let pairs = std::iter::from_fn(|| texts.next().zip(texts.next()));
            Input::Response(Response {
                status: answer.status()?,
                headers: pairs.collect(),
                body: SecretBytes::new(answer.bytes().unwrap_or_default()),
            })
        }
        "unreachable" => Input::Unreachable(reason(&answer.why()?)?),
        "loaded" => Input::Loaded {
            bytes: answer.bytes().map(SecretBytes::new),
            revision: whole(answer.revision()?),
        },
        "listed" => {
            let names = answer.names()?.into_iter();
            Input::Listed(names.map(|id| LoginId(id.into())).collect())
        }
        "saved" => Input::Saved(whole(answer.revision()?)),
        "conflict" => Input::Conflict,
        "locked" => Input::Locked(Lease(answer.lease()?.into())),
        "busy" => Input::Busy {
            since: whole(answer.since()?),
        },
        "resting" => Input::Resting(rest_of(answer.until_ms()?, &answer.code()?)),
        "failed" => Input::Failed(error::told(&answer.code()?, answer.message()?)),
        _ => return None,
    })
}

pub(crate) fn shown(step: Step<JsValue>) -> JsValue {
    match step {
        Step::Send(request) => one("send", "request", Request(request).into()),
        Step::Show(prompt) => one("show", "prompt", Prompt(*prompt).into()),
        Step::Ask { prompt, until } => object([
            ("kind", "ask".into()),
            ("prompt", PastePrompt(*prompt).into()),
            ("until", number(until)),
        ]),
        Step::Wait { until } => one("wait", "until", number(until)),
        Step::Load(id) => one("load", "id", (&*id.0).into()),
        Step::List => object([("kind", "list".into())]),
        Step::Save(save) => object([
            ("kind", "save".into()),
            ("id", (&*save.id.0).into()),
            (
                "bytes",
                save.bytes
                    .map_or(JsValue::NULL, |sealed| bytes(sealed.expose())),
            ),
            ("expected", number(save.expected)),
        ]),
        Step::Lock(lock) => object([
            ("kind", "lock".into()),
            ("id", (&*lock.id.0).into()),
            ("ttlMs", lock.ttl_ms.into()),
            ("force", lock.force.into()),
        ]),
        Step::Unlock { lease, rest: why } => object([
            ("kind", "unlock".into()),
            ("lease", (&*lease.0).into()),
            ("rest", rest(why)),
        ]),
        Step::Done(output) => one("done", "output", output),
    }
}

pub(crate) fn one(kind: &str, name: &str, value: JsValue) -> JsValue {
    object([("kind", kind.into()), (name, value)])
}

pub(crate) fn no_answer() -> Failure {
    let message = "a machine was given something that is no answer, or one that lacks a field";
    Error::new(Code::OutOfTurn, message).into()
}

// What a store's methods take and answer, the same for files and Redis.

pub(crate) fn save(id: String, bytes: Option<Vec<u8>>, expected: f64) -> Save {
    Save {
        id: LoginId(id.into()),
        bytes: bytes.map(SecretBytes::new),
        expected: whole(expected),
    }
}

pub(crate) fn loaded(record: Option<SecretBytes>, revision: u64) -> JsValue {
    object([
        ("kind", "loaded".into()),
        (
            "bytes",
            record.map_or(JsValue::UNDEFINED, |sealed| bytes(sealed.expose())),
        ),
        ("revision", number(revision)),
    ])
}

pub(crate) fn saved(revision: Option<u64>) -> JsValue {
    match revision {
        Some(revision) => one("saved", "revision", number(revision)),
        None => object([("kind", "conflict".into())]),
    }
}

pub(crate) fn resting(rest: Rest) -> JsValue {
    object([
        ("kind", "resting".into()),
        ("untilMs", number(rest.until_ms)),
        ("code", rest.code.as_str().into()),
    ])
}
