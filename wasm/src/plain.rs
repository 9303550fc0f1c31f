//! Plain values, both ways.

use js_sys::{Array, Object, Reflect};
use serde::Serialize;
use wasm_bindgen::prelude::*;

/// A whole number from one of JavaScript's. Above 2^53 neither side is exact.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` saturates, and NaN is 0"
)]
pub(crate) fn whole(number: f64) -> u64 {
    number as u64
}

#[allow(clippy::cast_precision_loss, reason = "see `whole`")]
pub(crate) fn number(whole: u64) -> f64 {
    whole as f64
}

/// Null for none.
pub(crate) fn or_null<T: Into<JsValue>>(value: Option<T>) -> JsValue {
    value.map_or(JsValue::NULL, Into::into)
}

/// A plain object with these fields, for what is seldom asked.
pub(crate) fn object(fields: &[(&str, JsValue)]) -> JsValue {
    let object = Object::new();
    for (name, value) in fields {
        // A fresh object takes any field.
        let _ = Reflect::set(&object, &(*name).into(), value);
    }
    object.into()
}

pub(crate) fn texts(texts: impl IntoIterator<Item = impl AsRef<str>>) -> JsValue {
    let texts = texts
        .into_iter()
        .map(|text| JsValue::from_str(text.as_ref()));
    texts.collect::<Array>().into()
}

/// What core knows as JSON, as the same plain value.
pub(crate) fn give(value: &impl Serialize) -> JsValue {
    let text = serde_json::to_string(value).unwrap_or_default();
    js_sys::JSON::parse(&text).unwrap_or(JsValue::NULL)
}

/// The other way: a plain value as JSON.
pub(crate) fn json(value: &JsValue) -> String {
    let text = js_sys::JSON::stringify(value).map(String::from);
    text.unwrap_or_default()
}
