//! The key of a home, or of a store that has none.

use devicegrant_core::home::{
    Answer as Told, Effect, Fresh, KeyFlow as Machine, OpenHome, Opened as Home, Silence,
    VariableKey, Wish,
};
use devicegrant_core::{Error, SecretBytes};
use wasm_bindgen::prelude::*;

use crate::made;
use crate::options::Key;
use crate::step::{self, Answer, Kind};
use crate::{Fallible, entropy, getters};

/// A text or bytes that hold a key.
#[wasm_bindgen]
pub struct Hidden(SecretBytes);

getters!(Hidden {
    bytes bytes: Vec<u8> = |hidden| hidden.expose().to_vec();
    text text: String = |hidden| String::from_utf8_lossy(hidden.expose()).into_owned();
});

/// A home that is open.
#[wasm_bindgen]
pub struct Opened(Home);

getters!(Opened {
    key key: Key = |home| Key(home.key.clone());
    homeId home_id: String = |home| home.home_id.clone();
    source source: String = |home| home.source.as_str().to_owned();
    keyId key_id: String = |home| home.key_id.clone();
    created created: bool = |home| home.created;
    protects protects: String = |home| home.protects().to_owned();
});

/// A machine that ends with a key.
#[wasm_bindgen]
pub struct KeyFlow(Box<dyn FnMut(Told) -> Result<Effect<JsValue>, Error>>);

fn run<F: Machine + 'static>(mut flow: F, end: impl Fn(F::Output) -> JsValue + 'static) -> KeyFlow {
    KeyFlow(Box::new(move |answer| {
        flow.step(answer).map(|effect| effect.map(&end))
    }))
}

fn told(answer: &Answer) -> Option<Told> {
    let text = || answer.text().map(devicegrant_core::Secret::new);
    Some(match answer.kind() {
        Kind::Go => Told::Go,
        Kind::File => Told::File(answer.bytes().map(SecretBytes::new)),
        Kind::Published => Told::Published,
        Kind::Exists => Told::Exists,
        Kind::Text => Told::Text(text()),
        Kind::Kept => Told::Kept,
        Kind::Silent => Told::Silent(match answer.why()?.as_str() {
            "absent" => Silence::Absent,
            "locked" => Silence::Locked,
            "volatile" => Silence::Volatile,
            "timed_out" => Silence::TimedOut,
            words => Silence::Failed(words.to_owned()),
        }),
        _ => return None,
    })
}

#[wasm_bindgen]
impl KeyFlow {
    /// `home` is the folder, for messages; `random` are 64 bytes. With `unattended` the key has to
    /// be one that a program without a desktop session can reach.
    pub fn open(
        source: Option<String>,
        create: bool,
        home: String,
        random: &[u8],
        unattended: Option<bool>,
    ) -> Fallible<Self> {
        let source = source.map(|word| word.parse()).transpose()?;
        let machine = OpenHome::new(
            Wish {
                source,
                create,
                home,
                unattended: unattended.unwrap_or_default(),
            },
            Fresh::new(entropy(random)?),
        );
        Ok(run(machine, |opened| opened.map(Opened).into()))
    }

    pub fn variables() -> Self {
        run(VariableKey::new(), |key| Key(key).into())
    }

    pub fn step(&mut self, answer: &Answer) -> Fallible<JsValue> {
        Ok(match (self.0)(told(answer).ok_or_else(step::no_answer)?)? {
            Effect::Read(name) => made::read_name(name),
            Effect::Publish { name, bytes } => made::publish_name(name, Hidden(bytes)),
            Effect::Variable(name) => made::variable(name),
            Effect::Run { argv, timeout_ms } => made::run(argv, timeout_ms),
            Effect::Recall {
                account,
                timeout_ms,
            } => made::recall(&account, timeout_ms),
            Effect::Remember {
                account,
                text,
                timeout_ms,
            } => made::remember(
                &account,
                Hidden(text.expose().to_owned().into()),
                timeout_ms,
            ),
            Effect::Done(output) => made::done(output),
        })
    }
}
