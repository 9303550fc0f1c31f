//! The plain objects that `plain.js` makes, each in one crossing.

use wasm_bindgen::prelude::*;

use crate::home::Hidden;
use crate::login::Prompt;

#[wasm_bindgen(module = "/plain.js", js_namespace = made)]
extern "C" {
    /// `head`: the method, the address, then names and values of headers, a line each.
    pub(crate) fn send(
        head: &str,
        body: Vec<u8>,
        timeout_ms: u32,
        max_body: u32,
        must_finish: bool,
    ) -> JsValue;
    pub(crate) fn show(prompt: Prompt) -> JsValue;
    pub(crate) fn wait(until: f64) -> JsValue;
    pub(crate) fn load(id: &str) -> JsValue;
    pub(crate) fn list() -> JsValue;
    pub(crate) fn save(id: &str, bytes: Option<Vec<u8>>, expected: f64) -> JsValue;
    pub(crate) fn lock(id: &str, ttl_ms: u32, force: bool) -> JsValue;
    pub(crate) fn unlock(lease: &str, rest: JsValue) -> JsValue;
    pub(crate) fn done(output: JsValue) -> JsValue;
    pub(crate) fn rest(until_ms: f64, code: &str) -> JsValue;

    pub(crate) fn go() -> JsValue;
    pub(crate) fn loaded(bytes: Option<Vec<u8>>, revision: f64) -> JsValue;
    pub(crate) fn listed(names: Vec<String>) -> JsValue;
    pub(crate) fn saved(revision: Option<f64>) -> JsValue;
    pub(crate) fn locked(lease: &str) -> JsValue;
    pub(crate) fn busy(since: f64) -> JsValue;
    pub(crate) fn resting(until_ms: f64, code: &str) -> JsValue;

    #[wasm_bindgen(js_name = makeDir)]
    pub(crate) fn make_dir(path: &str) -> JsValue;
    #[wasm_bindgen(js_name = listDir)]
    pub(crate) fn list_dir(path: &str) -> JsValue;
    pub(crate) fn read(path: &str, max: u32) -> JsValue;
    pub(crate) fn publish(path: &str, bytes: Vec<u8>, durable: bool) -> JsValue;
    pub(crate) fn remove(path: &str) -> JsValue;
    pub(crate) fn liveness(pid: u32, start: Option<String>, space: &str) -> JsValue;

    #[wasm_bindgen(js_name = readName)]
    pub(crate) fn read_name(name: &str) -> JsValue;
    #[wasm_bindgen(js_name = publishName)]
    pub(crate) fn publish_name(name: &str, content: Hidden) -> JsValue;
    pub(crate) fn variable(name: &str) -> JsValue;
    pub(crate) fn run(argv: Vec<String>, timeout_ms: u32) -> JsValue;
    pub(crate) fn recall(account: &str, timeout_ms: u32) -> JsValue;
    pub(crate) fn remember(account: &str, content: Hidden, timeout_ms: u32) -> JsValue;

    /// Names and values of an answer's headers, a line each.
    pub(crate) fn lines(headers: &JsValue) -> String;
}
