//! One vector as it stands in its file.

use std::path::Path;

use devicegrant_core::Options;
use devicegrant_core::home::Source;
use serde::Deserialize;
use serde_json::{Map, Value};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Vector {
    /// What it shows, in a sentence.
    pub(crate) about: String,
    /// The rows of `rows.json` that it covers.
    #[serde(default)]
    pub(crate) rows: Vec<String>,
    pub(crate) flow: FlowName,
    #[serde(default)]
    pub(crate) options: Options,
    /// What the caller wants of a home.
    pub(crate) home: Option<HomeCall>,
    /// What answers discovery, before the conversation begins.
    pub(crate) metadata: Option<Value>,
    /// The login that the store has at the start.
    pub(crate) kept: Option<Kept>,
    /// The sign-in that waits in the store at the start.
    pub(crate) waiting: Option<Kept>,
    /// The client that the store has at the start.
    pub(crate) registered: Option<RegisteredClient>,
    /// The `WWW-Authenticate` that led to the sign-in.
    pub(crate) challenge: Option<String>,
    /// What the caller needs of a token.
    pub(crate) need: Option<NeedCall>,
    /// The token response that another library got.
    pub(crate) given: Option<Value>,
    /// A user's own provider file.
    pub(crate) own_provider: Option<Value>,
    /// Whether a pending login is sealed and opened again between two polls, with the steady
    /// clock of another process.
    #[serde(default)]
    pub(crate) sealed: bool,
    pub(crate) steps: Vec<Expected>,
    pub(crate) outcome: Outcome,
    /// The names of all events, in order, where they matter.
    pub(crate) events: Option<Vec<String>>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FlowName {
    Discover,
    Login,
    Begin,
    BeginPoll,
    BeginLogin,
    Home,
    VariableKey,
    Session,
    Revoke,
    Finish,
    FinishOnce,
    Register,
    RegisterBegin,
    StepUp,
    StepUpKeep,
    DiscoverPaste,
    Paste,
    RegisterPaste,
    Outside,
}

impl FlowName {
    /// Whether it is about a home's key, and not a sign-in.
    pub(crate) fn is_about_key(self) -> bool {
        matches!(self, Self::Home | Self::VariableKey)
    }

    /// Whether it begins with something that a store has.
    pub(crate) fn is_about_a_kept_login(self) -> bool {
        matches!(
            self,
            Self::Session | Self::Revoke | Self::Finish | Self::FinishOnce | Self::Outside
        )
    }

    /// Whether it may have to ask for more than the options say.
    pub(crate) fn steps_up(self) -> bool {
        matches!(self, Self::StepUp | Self::StepUpKeep)
    }

    /// Whether the client may have to be registered first.
    pub(crate) fn registers(self) -> bool {
        matches!(
            self,
            Self::Register | Self::RegisterBegin | Self::RegisterPaste
        )
    }

    /// Whether a person signs in by a pasted address.
    pub(crate) fn is_by_paste(self) -> bool {
        matches!(
            self,
            Self::DiscoverPaste | Self::Paste | Self::RegisterPaste
        )
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct HomeCall {
    /// `--key`.
    pub(crate) key: Option<Source>,
    pub(crate) create: bool,
    pub(crate) unattended: bool,
}

/// A login that a sign-in left in the store, or a sign-in that waits there.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Kept {
    /// The response that it came from: of the token endpoint, or of the device endpoint.
    pub(crate) answer: Value,
    /// How long before the start it was asked for.
    #[serde(default)]
    pub(crate) ago_ms: u64,
    #[serde(default = "one")]
    pub(crate) revision: u64,
    /// Whether it was begun for whatever account, and not for the one that the options expect.
    #[serde(default)]
    pub(crate) anybody: bool,
    /// The challenge that led to it.
    pub(crate) challenge: Option<String>,
    /// The options that it was signed in with, where they are others.
    pub(crate) options: Option<Options>,
}

/// A client that was registered before, and is kept.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RegisteredClient {
    /// The registration response that it came from.
    pub(crate) answer: Value,
    pub(crate) issuer: String,
    /// What it was registered for.
    #[serde(default)]
    pub(crate) scopes: Vec<String>,
    /// How long before the start it was registered.
    #[serde(default)]
    pub(crate) ago_ms: u64,
    #[serde(default = "one")]
    pub(crate) revision: u64,
}

fn one() -> u64 {
    1
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct NeedCall {
    pub(crate) min_ttl_ms: Option<u64>,
    pub(crate) reject: Option<String>,
    pub(crate) scopes: Vec<String>,
    pub(crate) challenge: Option<String>,
    pub(crate) force: bool,
}

/// One effect that is expected, and what the host answers.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expected {
    pub(crate) send: Option<Value>,
    pub(crate) show: Option<Map<String, Value>>,
    pub(crate) ask: Option<Map<String, Value>>,
    pub(crate) wait_ms: Option<u64>,
    pub(crate) pending: Option<Map<String, Value>>,
    pub(crate) read: Option<String>,
    pub(crate) publish: Option<Value>,
    pub(crate) variable: Option<String>,
    pub(crate) run: Option<Vec<String>>,
    pub(crate) recall: Option<String>,
    pub(crate) remember: Option<Value>,
    pub(crate) load: Option<String>,
    pub(crate) list: Option<Value>,
    pub(crate) lock: Option<Value>,
    pub(crate) save: Option<Map<String, Value>>,
    pub(crate) unlock: Option<Value>,
    pub(crate) reply: Option<Value>,
    pub(crate) takes: Option<Takes>,
    /// For readers.
    #[allow(dead_code)]
    pub(crate) why: Option<String>,
}

/// How far the clocks go on before the host answers.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Takes {
    Both(u64),
    Each { wall_ms: i64, steady_ms: u64 },
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Outcome {
    Tokens(Map<String, Value>),
    Pending(Map<String, Value>),
    Grant(Map<String, Value>),
    Error(Map<String, Value>),
    Opened(Map<String, Value>),
    NoHome(Map<String, Value>),
    Renewal(Map<String, Value>),
    Revoked(Map<String, Value>),
}

impl Vector {
    pub(crate) fn read(file: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(file).map_err(|e| e.to_string())?;
        let vector: Self = serde_json::from_str(&text).map_err(|e| e.to_string())?;
        let needed: &[&str] = match &vector.outcome {
            Outcome::Tokens(_) | Outcome::Renewal(_) => &["access_token"],
            Outcome::Error(_) => &["class", "code"],
            Outcome::Grant(_) => &["device_authorization", "token"],
            Outcome::Pending(_) => &["user_code"],
            Outcome::Opened(_) => &["key"],
            Outcome::NoHome(_) => &[],
            Outcome::Revoked(_) => &["how"],
        };
        let (Outcome::Tokens(map)
        | Outcome::Error(map)
        | Outcome::Grant(map)
        | Outcome::Pending(map)
        | Outcome::Opened(map)
        | Outcome::NoHome(map)
        | Outcome::Renewal(map)
        | Outcome::Revoked(map)) = &vector.outcome;
        for field in needed {
            if !map.contains_key(*field) {
                return Err(format!("the outcome expects nothing of {field}"));
            }
        }
        if vector.about.is_empty() {
            return Err("it does not say what it is about".to_owned());
        }
        for (index, step) in vector.steps.iter().enumerate() {
            let answered = [
                step.send.is_some(),
                step.ask.is_some(),
                step.read.is_some(),
                step.publish.is_some(),
                step.variable.is_some(),
                step.run.is_some(),
                step.recall.is_some(),
                step.remember.is_some(),
            ];
            let answered = answered.iter().filter(|there| **there).count();
            let effects = [
                step.show.is_some(),
                step.wait_ms.is_some() && step.ask.is_none(),
                step.pending.is_some(),
            ];
            let stored = [
                step.load.is_some(),
                step.list.is_some(),
                step.lock.is_some(),
                step.save.is_some(),
                step.unlock.is_some(),
            ];
            // A store answers from what it has, unless the step says otherwise.
            if stored.iter().filter(|there| **there).count() == 1
                && answered == 0
                && !effects.contains(&true)
            {
                continue;
            }
            if effects.iter().filter(|there| **there).count() + answered != 1 {
                return Err(format!("step {index} expects none or several effects"));
            }
            if (answered == 1) != step.reply.is_some() {
                return Err(format!(
                    "step {index}: show, wait_ms and pending have no reply, the others have one"
                ));
            }
        }
        Ok(vector)
    }
}
