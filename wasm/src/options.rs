//! What a caller wishes, and keys.

use devicegrant_core::{Code, Error, Provider, Secret, builtin_provider, provider_names};
use wasm_bindgen::prelude::*;

use crate::plain::{json, texts, whole};
use crate::{Fallible, entropy, getters};

/// The wishes of a caller, read once.
#[wasm_bindgen]
pub struct Options(pub(crate) devicegrant_core::Options);

#[wasm_bindgen]
impl Options {
    #[wasm_bindgen(constructor)]
    pub fn new(plain: &JsValue) -> Fallible<Self> {
        Ok(Self(devicegrant_core::Options::parse(&json(plain))?))
    }

    /// For what takes one over.
    pub fn copy(&self) -> Self {
        Self(self.0.clone())
    }

    #[wasm_bindgen(js_name = loginId)]
    pub fn login_id(&self) -> Fallible<Option<String>> {
        Ok(self.0.login_id()?.map(|id| id.to_string()))
    }

    #[wasm_bindgen(js_name = providerName)]
    pub fn provider_name(&self) -> Option<String> {
        self.0.provider_name()
    }

    #[wasm_bindgen(js_name = helpBase)]
    pub fn help_base(&self, own_provider: Option<String>) -> Option<String> {
        let of_provider = || {
            let name = self.0.provider_name()?;
            let text = own_provider
                .as_deref()
                .or_else(|| builtin_provider(&name))?;
            Provider::parse(&name, text).ok()?.help_base
        };
        self.0.help_base.clone().or_else(of_provider)
    }
}

/// The names of the presets that come along.
#[wasm_bindgen(js_name = providerNames)]
pub fn names() -> JsValue {
    texts(provider_names())
}

/// What a caller needs of a token.
#[wasm_bindgen]
pub struct Need(pub(crate) devicegrant_core::Need);

#[wasm_bindgen]
impl Need {
    #[wasm_bindgen(constructor)]
    pub fn new(
        min_ttl_ms: f64,
        reject: Option<String>,
        scopes: Vec<String>,
        force: bool,
        challenge: Option<String>,
    ) -> Fallible<Self> {
        let challenge = challenge.as_deref().map(devicegrant_core::Challenge::parse);
        Ok(Self(devicegrant_core::Need {
            min_ttl_ms: whole(min_ttl_ms),
            reject: reject.map(Secret::new),
            scopes,
            challenge: challenge.transpose()?,
            force,
        }))
    }
}

/// What logins are sealed with.
#[wasm_bindgen]
pub struct Key(pub(crate) devicegrant_core::Key);

#[wasm_bindgen]
impl Key {
    /// Of 32 bytes.
    #[wasm_bindgen(constructor)]
    pub fn new(bytes: &[u8]) -> Fallible<Self> {
        Ok(Self(devicegrant_core::Key::new(entropy(bytes)?)))
    }

    /// Of the 43 characters that `DEVICEGRANT_KEY` takes.
    #[wasm_bindgen(js_name = fromText)]
    pub fn from_text(text: &str) -> Fallible<Self> {
        let key = devicegrant_core::Key::from_text(text).ok_or_else(|| {
            let message = "a key is 32 bytes as 43 characters of base64url";
            Error::new(Code::BadOption, message)
        });
        Ok(Self(key?))
    }
}

getters!(Key {
    id id: String = |key| key.id();
    text text: String = |key| key.text().expose().to_owned();
});
