//! What a machine asks and what it is answered: `{ kind, … }`, made by `plain.js` and read here.

use devicegrant_core::{
    Code, Error, Input, Lease, LoginId, Reason, Response, Rest, Save, SecretBytes, Step, TlsProblem,
};
use wasm_bindgen::prelude::*;

use crate::error::{self, Failure};
use crate::login::Prompt;
use crate::made;
use crate::plain::{number, whole};

/// The words that answers begin with, of any machine.
#[wasm_bindgen]
#[derive(Clone, Copy)]
pub enum Kind {
    Go = "go",
    Response = "response",
    Unreachable = "unreachable",
    Loaded = "loaded",
    Listed = "listed",
    Saved = "saved",
    Conflict = "conflict",
    Locked = "locked",
    Busy = "busy",
    Resting = "resting",
    Failed = "failed",
    Made = "made",
    Names = "names",
    Bytes = "bytes",
    Absent = "absent",
    Unsafe = "unsafe",
    Published = "published",
    Exists = "exists",
    Removed = "removed",
    Dead = "dead",
    Alive = "alive",
    Unknown = "unknown",
    File = "file",
    Text = "text",
    Kept = "kept",
    Silent = "silent",
}

#[wasm_bindgen]
extern "C" {
    /// A host's answer, of any machine.
    pub type Answer;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn kind(this: &Answer) -> Kind;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn why(this: &Answer) -> Option<String>;
    #[wasm_bindgen(method, getter)]
    fn status(this: &Answer) -> Option<u16>;
    #[wasm_bindgen(method, getter)]
    fn headers(this: &Answer) -> JsValue;
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

pub(crate) fn rest_of(until_ms: f64, code: &str) -> Rest {
    Rest {
        until_ms: whole(until_ms),
        // Another program may know codes that this one does not.
        code: Code::from_name(code).unwrap_or(Code::RenewalResting),
    }
}

pub(crate) fn rest(rest: Option<Rest>) -> JsValue {
    let plain = |rest: Rest| made::rest(number(rest.until_ms), rest.code.as_str());
    rest.map_or(JsValue::NULL, plain)
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
    Some(match answer.kind() {
        Kind::Go => Input::Go,
        Kind::Response => {
            let lines = made::lines(&answer.headers());
            let mut lines = lines.split('\n').map(str::to_owned);
            let pairs = std::iter::from_fn(|| lines.next().zip(lines.next()));
            Input::Response(Response {
                status: answer.status()?,
                headers: pairs.collect(),
                body: SecretBytes::new(answer.bytes().unwrap_or_default()),
            })
        }
        Kind::Unreachable => Input::Unreachable(reason(&answer.why()?)?),
        Kind::Loaded => Input::Loaded {
            bytes: answer.bytes().map(SecretBytes::new),
            revision: whole(answer.revision()?),
        },
        Kind::Listed => {
            let names = answer.names()?.into_iter();
            Input::Listed(names.map(|id| LoginId(id.into())).collect())
        }
        Kind::Saved => Input::Saved(whole(answer.revision()?)),
        Kind::Conflict => Input::Conflict,
        Kind::Locked => Input::Locked(Lease(answer.lease()?.into())),
        Kind::Busy => Input::Busy {
            since: whole(answer.since()?),
        },
        Kind::Resting => Input::Resting(rest_of(answer.until_ms()?, &answer.code()?)),
        Kind::Failed => Input::Failed(error::told(&answer.code()?, answer.message()?)),
        _ => return None,
    })
}

pub(crate) fn shown(step: Step<JsValue>) -> JsValue {
    match step {
        Step::Send(request) => {
            let mut head = format!("{}\n{}", request.method.as_str(), request.url);
            for (name, value) in &request.headers {
                head = head + "\n" + name + "\n" + value.expose();
            }
            let (body, most) = (request.body.expose().to_vec(), request.max_body);
            made::send(&head, body, request.timeout_ms, most, request.must_finish)
        }
        Step::Show(prompt) => made::show(Prompt(*prompt)),
        Step::Wait { until } => made::wait(number(until)),
        Step::Load(id) => made::load(&id.0),
        Step::List => made::list(),
        Step::Save(save) => made::save(&save.id.0, exposed(save.bytes), number(save.expected)),
        Step::Lock(wish) => made::lock(&wish.id.0, wish.ttl_ms, wish.force),
        Step::Unlock { lease, rest: why } => made::unlock(&lease.0, rest(why)),
        Step::Done(output) => made::done(output),
    }
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

fn exposed(bytes: Option<SecretBytes>) -> Option<Vec<u8>> {
    bytes.map(|sealed| sealed.expose().to_vec())
}

pub(crate) fn loaded(record: Option<SecretBytes>, revision: u64) -> JsValue {
    made::loaded(exposed(record), number(revision))
}

pub(crate) fn ids(ids: Vec<LoginId>) -> JsValue {
    made::listed(ids.into_iter().map(|id| id.0.into()).collect())
}

pub(crate) fn saved(revision: Option<u64>) -> JsValue {
    made::saved(revision.map(number))
}

pub(crate) fn resting(rest: Rest) -> JsValue {
    made::resting(number(rest.until_ms), rest.code.as_str())
}
