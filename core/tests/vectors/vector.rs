//! One vector as it stands in its file.

use std::path::Path;

use devicegrant_core::Options;
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
    pub(crate) options: Options,
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
}

/// One effect that is expected, and what the host answers.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expected {
    pub(crate) send: Option<Value>,
    pub(crate) show: Option<Map<String, Value>>,
    pub(crate) wait_ms: Option<u64>,
    pub(crate) pending: Option<Map<String, Value>>,
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
}

impl Vector {
    pub(crate) fn read(file: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(file).map_err(|e| e.to_string())?;
        let vector: Self = serde_json::from_str(&text).map_err(|e| e.to_string())?;
        let needed: &[&str] = match &vector.outcome {
            Outcome::Tokens(_) => &["access_token"],
            Outcome::Error(_) => &["class", "code"],
            Outcome::Grant(_) => &["device_authorization", "token"],
            Outcome::Pending(_) => &["user_code"],
        };
        let (Outcome::Tokens(map)
        | Outcome::Error(map)
        | Outcome::Grant(map)
        | Outcome::Pending(map)) = &vector.outcome;
        for field in needed {
            if !map.contains_key(*field) {
                return Err(format!("the outcome expects nothing of {field}"));
            }
        }
        if vector.about.is_empty() {
            return Err("it does not say what it is about".to_owned());
        }
        for (index, step) in vector.steps.iter().enumerate() {
            let effects = [
                step.send.is_some(),
                step.show.is_some(),
                step.wait_ms.is_some(),
                step.pending.is_some(),
            ];
            if effects.iter().filter(|there| **there).count() != 1 {
                return Err(format!("step {index} expects none or several effects"));
            }
            if step.send.is_some() != step.reply.is_some() {
                return Err(format!(
                    "step {index}: a send, and only a send, has a reply"
                ));
            }
        }
        Ok(vector)
    }
}
