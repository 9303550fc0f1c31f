//! What is thrown, and the catalog of codes.

use devicegrant_core::{Code, Error};
use js_sys::Array;
use wasm_bindgen::prelude::*;

use crate::plain::{object, texts};

/// Whatever ends a flow. Thrown as it is; the package makes an `Error` of it.
#[wasm_bindgen]
pub struct Failure(pub(crate) Error);

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

/// An error of the host's; a code that is unknown becomes `store_unreachable`.
pub(crate) fn told(code: &str, message: String) -> Error {
    Error::new(
        Code::from_name(code).unwrap_or(Code::StoreUnreachable),
        message,
    )
}

#[wasm_bindgen]
impl Failure {
    #[wasm_bindgen(constructor)]
    pub fn new(code: &str, message: String) -> Self {
        Self(told(code, message))
    }

    /// Everything that is known of it; nothing in it is a secret.
    pub fn details(&self) -> JsValue {
        let error = &self.0;
        let server = error.server();
        object(&[
            ("class", error.class().as_str().into()),
            ("code", error.code().as_str().into()),
            ("message", error.message().into()),
            ("hint", error.hint().into()),
            ("exit", error.exit().into()),
            ("error", server.map(|s| s.error.clone()).into()),
            (
                "error_description",
                server.and_then(|s| s.error_description.clone()).into(),
            ),
            ("error_uri", server.and_then(|s| s.error_uri.clone()).into()),
            ("candidates", texts(error.candidates())),
        ])
    }
}

/// Every code with what it means and what to do about it.
#[wasm_bindgen]
pub fn catalog() -> JsValue {
    let explain = |code: &Code| {
        object(&[
            ("code", code.as_str().into()),
            ("class", code.class().as_str().into()),
            ("exit", Error::new(*code, "").exit().into()),
            ("meaning", code.meaning().into()),
            ("hint", code.hint().into()),
        ])
    };
    Code::ALL.iter().map(explain).collect::<Array>().into()
}
