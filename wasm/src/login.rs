//! What a sign-in brings and what is kept of it.

use std::sync::Arc;

use devicegrant_core as dg;
use js_sys::JSON;
use wasm_bindgen::prelude::*;

use crate::error::Failure;
use crate::options::{Key, Need};
use crate::plain::{give, number, object, or_null, texts};
use crate::{Fallible, entropy, getters, now, step};

/// What a person is shown.
#[wasm_bindgen]
pub struct Prompt(pub(crate) dg::Prompt);

getters!(Prompt {
    fields fields: JsValue = |prompt| give(prompt);
    text text: String = |prompt| prompt.text();
    plain plain: String = |prompt| prompt.plain();
    spoken spoken: String = |prompt| prompt.spoken();
    qr qr: JsValue = |prompt| qr(prompt.qr());
});

/// What a person is shown who signs in by a pasted address.
#[wasm_bindgen]
pub struct PastePrompt(pub(crate) dg::PastePrompt);

getters!(PastePrompt {
    fields fields: JsValue = |prompt| give(prompt);
    text text: String = |prompt| prompt.text();
    plain plain: String = |prompt| prompt.plain();
    qr qr: JsValue = |prompt| qr(prompt.qr());
});

fn qr(qr: Option<dg::Qr>) -> JsValue {
    qr.map_or(JsValue::NULL, |qr| {
        let modules: Vec<_> = qr.modules().iter().map(|dark| u8::from(*dark)).collect();
        object(&[
            ("size", qr.size().into()),
            ("lines", texts(qr.lines())),
            ("modules", modules.into()),
        ])
    })
}

/// What discovery ends with.
#[wasm_bindgen]
pub struct Grant(pub(crate) Arc<dg::Grant>);

getters!(Grant {
    clientIsUnknown client_is_unknown: bool = |grant| grant.client.is_unknown();
    fields fields: JsValue = |grant| {
        let mut grant = (**grant).clone();
        grant.client.secret = None;
        give(&grant)
    };
});

/// A sign-in that waits for its person, as a value.
#[wasm_bindgen]
pub struct Pending(pub(crate) dg::Pending);

getters!(Pending {
    prompt prompt: Option<Prompt> = |pending| pending.prompt().cloned().map(Prompt);
    grant grant: Grant = |pending| Grant(Arc::clone(pending.grant()));
    expiresAtMs expires_at_ms: f64 = |pending| number(pending.expires_at_ms());
});

#[wasm_bindgen]
impl Pending {
    #[wasm_bindgen(js_name = toBytes)]
    pub fn to_bytes(&self, key: &Key, random: &[u8]) -> Fallible<Vec<u8>> {
        let sealed = self.0.to_bytes(&key.0, entropy(random)?)?;
        Ok(sealed.expose().to_vec())
    }

    #[wasm_bindgen(js_name = fromBytes)]
    pub fn from_bytes(key: &Key, bytes: &[u8]) -> Fallible<Self> {
        Ok(Self(dg::Pending::from_bytes(&key.0, bytes)?))
    }
}

/// What a server issued.
#[wasm_bindgen]
pub struct Tokens(pub(crate) dg::Tokens);

fn exposed(secret: Option<&dg::Secret>) -> Option<String> {
    secret.map(|secret| secret.expose().to_owned())
}

getters!(Tokens {
    accessToken access_token: String = |tokens| tokens.access_token.expose().to_owned();
    refreshToken refresh_token: Option<String> = |tokens| exposed(tokens.refresh_token.as_ref());
    idToken id_token: Option<String> = |tokens| exposed(tokens.id_token.as_ref());
    tokenType token_type: String = |tokens| tokens.token_type.clone();
    expiresAtMs expires_at_ms: JsValue = |tokens| or_null(tokens.expires_at_ms.map(number));
    refreshExpiresAtMs refresh_expires_at_ms: JsValue = |tokens| or_null(tokens.refresh_expires_at_ms.map(number));
    scopes scopes: JsValue = |tokens| texts(&tokens.scopes);
    issuer issuer: Option<String> = |tokens| tokens.issuer.clone();
    sub sub: Option<String> = |tokens| tokens.sub.clone();
    extra extra: JsValue = |tokens| {
        let object = js_sys::Object::new();
        for (name, value) in &tokens.extra {
            let value = JSON::parse(value.expose()).unwrap_or(JsValue::NULL);
            // A name such as `__proto__` is a field like any other.
            let field = js_sys::PropertyDescriptor::<JsValue>::new();
            field.set_value(&value);
            field.set_enumerable(true);
            js_sys::Object::define_property(&object, &name.into(), &field.into());
        }
        object.into()
    };
});

fn header(id: &dg::LoginId, revision: u64, kind: dg::Kind, header: &dg::Header) -> JsValue {
    object(&[
        ("id", (&*id.0).into()),
        ("revision", number(revision).into()),
        ("kind", give(&kind)),
        ("login", give(header)),
    ])
}

/// A kept login.
#[wasm_bindgen]
#[derive(Clone)]
pub struct Login(pub(crate) dg::Login);

getters!(Login {
    header header: JsValue = |login| header(&login.id, login.revision, dg::Kind::Login, &login.record.header);
    tokens tokens: Tokens = |login| Tokens(login.record.tokens.clone());
    grantedBeyond granted_beyond: JsValue = |login| texts(login.record.tokens.granted_beyond(&login.record.grant.scopes));
});

#[wasm_bindgen]
impl Login {
    /// For what takes one over.
    pub fn copy(&self) -> Self {
        self.clone()
    }
}

/// Something kept that fits what was named.
#[wasm_bindgen]
pub struct Found(pub(crate) dg::Found);

getters!(Found {
    header header: JsValue = |found| header(&found.id, found.revision, found.sealed.kind, &found.sealed.header);
});

#[wasm_bindgen]
impl Found {
    pub fn open(&self, key: &Key) -> Fallible<Login> {
        Ok(Login(self.0.open(&key.0)?))
    }
}

/// How a session ended.
#[wasm_bindgen]
pub struct Renewal(pub(crate) dg::Renewal);

getters!(Renewal {
    login login: Login = |renewal| Login(renewal.login.clone());
    rest rest: JsValue = |renewal| step::rest(renewal.rest);
    unsaved unsaved: Option<Failure> = |renewal| renewal.unsaved.clone().map(Failure);
});

#[wasm_bindgen]
impl Renewal {
    /// For memory; `share` is one random byte.
    pub fn cached(&self, wall_ms: f64, steady_ms: f64, share: u8) -> Cached {
        let now = now(wall_ms, steady_ms);
        Cached(dg::Cached::new(self.0.clone(), now, share))
    }
}

/// A login in memory.
#[wasm_bindgen]
pub struct Cached(dg::Cached);

getters!(Cached {
    login login: Login = |cached| Login(cached.login.clone());
});

#[wasm_bindgen]
impl Cached {
    /// The hot path: the access token, where it meets the need as it is.
    pub fn token(&self, wall_ms: f64, steady_ms: f64, need: &Need) -> Option<String> {
        exposed(self.0.token(now(wall_ms, steady_ms), &need.0))
    }

    /// The same without handing the text over again.
    pub fn meets(&self, wall_ms: f64, steady_ms: f64, need: &Need) -> bool {
        self.0.token(now(wall_ms, steady_ms), &need.0).is_some()
    }
}

/// How a login is doing, or why there is none, together with the last failure to renew it.
#[wasm_bindgen]
pub fn health(
    login: Option<Login>,
    why_none: &Failure,
    failure: Option<Failure>,
    failed_at_ms: f64,
    wall_ms: f64,
) -> JsValue {
    let now = now(wall_ms, 0.0);
    let kept = login
        .as_ref()
        .map_or(Err(&why_none.0), |login| Ok(&login.0));
    let at_ms = crate::plain::whole(failed_at_ms);
    let failure = failure.as_ref().map(|failure| (&failure.0, at_ms));
    let health = dg::Health::of(kept, failure, now);
    let end = |at: Option<u64>| or_null(at.map(number));
    object(&[
        ("state", health.state.as_str().into()),
        ("atMs", number(health.at_ms).into()),
        ("code", health.code.map(dg::Code::as_str).into()),
        ("reason", health.reason.into()),
        ("expiresAtMs", end(health.expires_at_ms)),
        ("refreshExpiresAtMs", end(health.refresh_expires_at_ms)),
        ("refreshable", health.refreshable.into()),
        ("warnings", texts(health.warnings)),
    ])
}
