//! The store on Redis as data: the scripts to call, and what their answers mean.

use devicegrant_core::redis::{self, Answer, Failure as Trouble, Held};
use devicegrant_core::{Lease, Lock, LoginId, SecretBytes};
use js_sys::{Array, Uint8Array};
use wasm_bindgen::prelude::*;

use crate::made;
use crate::plain::{number, object, texts};
use crate::step;
use crate::{Fallible, entropy, now};

/// Makes the calls of one store, and reads their answers.
#[wasm_bindgen]
pub struct Redis(redis::Calls);

fn call(call: &redis::Call) -> JsValue {
    let args = call.args.iter().map(|arg| Uint8Array::from(arg.expose()));
    object(&[
        ("script", call.script.into()),
        ("keys", texts(&call.keys)),
        ("args", args.collect::<Array>().into()),
    ])
}

/// Nothing that a script does not answer is taken for a login.
fn answer(value: &JsValue) -> Answer {
    if let Some(parts) = value.dyn_ref::<Array>() {
        return Answer::List(parts.iter().map(|part| answer(&part)).collect());
    }
    if let Some(bytes) = value.dyn_ref::<Uint8Array>() {
        return Answer::Bytes(SecretBytes::new(bytes.to_vec()));
    }
    match (value.as_string(), value.as_f64()) {
        (Some(text), _) => Answer::Bytes(text.into()),
        #[allow(clippy::cast_possible_truncation, reason = "`as` saturates")]
        (None, Some(number)) => Answer::Number(number as i64),
        (None, None) => Answer::Nothing,
    }
}

#[wasm_bindgen]
impl Redis {
    #[wasm_bindgen(constructor)]
    pub fn new(prefix: Option<String>) -> Fallible<Self> {
        Ok(Self(redis::Calls::new(prefix.as_deref())?))
    }

    pub fn load(&self, id: String) -> JsValue {
        call(&self.0.load(&LoginId(id.into())))
    }

    pub fn loaded(&self, value: &JsValue) -> Fallible<JsValue> {
        let (record, revision) = redis::loaded(answer(value))?;
        Ok(step::loaded(record, revision))
    }

    pub fn enlist(&self, id: String) -> JsValue {
        call(&self.0.enlist(&LoginId(id.into())))
    }

    /// `again` where the answer to the same save was lost.
    pub fn save(&self, id: String, bytes: Option<Vec<u8>>, expected: f64, again: bool) -> JsValue {
        call(&self.0.save(&step::save(id, bytes, expected), again))
    }

    pub fn saved(&self, expected: f64, value: &JsValue) -> Fallible<JsValue> {
        let asked = step::save(String::new(), None, expected);
        Ok(step::saved(redis::saved(&asked, &answer(value))?))
    }

    pub fn lease(&self, id: String, random: &[u8]) -> Fallible<String> {
        Ok(redis::lease(&LoginId(id.into()), &entropy(random)?)
            .0
            .into())
    }

    pub fn lock(&self, id: String, ttl_ms: u32, force: bool, lease: String) -> Fallible<JsValue> {
        let lock = Lock {
            id: LoginId(id.into()),
            ttl_ms,
            force,
        };
        Ok(call(&self.0.lock(&lock, &Lease(lease.into()))?))
    }

    pub fn locked(
        &self,
        lease: String,
        value: &JsValue,
        wall_ms: f64,
        steady_ms: f64,
    ) -> Fallible<JsValue> {
        let now = now(wall_ms, steady_ms);
        Ok(
            match redis::locked(Lease(lease.into()), &answer(value), now)? {
                Held::Yes(lease) => made::locked(&lease.0),
                Held::Busy { since } => made::busy(number(since)),
                Held::Resting(rest) => step::resting(rest),
            },
        )
    }

    pub fn unlock(
        &self,
        lease: String,
        until_ms: Option<f64>,
        code: String,
        wall_ms: f64,
    ) -> Fallible<JsValue> {
        let rest = until_ms.map(|until_ms| step::rest_of(until_ms, &code));
        Ok(call(&self.0.unlock(
            &Lease(lease.into()),
            rest,
            now(wall_ms, 0.0),
        )?))
    }

    pub fn unlocked(&self, value: &JsValue) -> Fallible<JsValue> {
        redis::unlocked(&answer(value))?;
        Ok(made::go())
    }

    pub fn list(&self) -> JsValue {
        call(&self.0.list())
    }

    pub fn listed(&self, value: &JsValue) -> Fallible<JsValue> {
        Ok(step::ids(redis::listed(&answer(value))?))
    }

    /// The error of a call that failed, and whether it may pass. `said` is true where the server
    /// answered with these words, false where the system did.
    pub fn failed(&self, place: &str, words: &str, said: bool) -> JsValue {
        let trouble = if said {
            Trouble::Said(words)
        } else {
            Trouble::NoAnswer(words)
        };
        let failure = crate::error::Failure(redis::failed(place, trouble));
        object(&[
            ("failure", failure.into()),
            ("passes", trouble.passes().into()),
        ])
    }
}
