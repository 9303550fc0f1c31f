//! What a flow saves, held against what its vector says.

use devicegrant_core::{Find, Save};
use serde_json::{Map, Value, json};

use crate::compare;
use crate::kept::{Store, key, text};

impl Store {
    /// What is saved is opened as another program would, and compared.
    pub(super) fn saved(
        &self,
        save: &Save,
        wanted: Option<&Map<String, Value>>,
    ) -> Result<(), String> {
        let wanted = wanted.ok_or("no save was expected")?;
        let of = self.name(&save.id)?;
        let (kind, fields) = wanted.iter().next().ok_or("an empty save")?;
        let Some(bytes) = &save.bytes else {
            return same(kind, fields, "nothing", &json!(of));
        };
        let shown = String::from_utf8_lossy(bytes.expose());
        for secret in ["token-", "refresh-", "device-code", "client-secret"] {
            if shown.contains(secret) {
                return Err(format!("a secret stands in the clear: {shown}"));
            }
        }
        let other = self.of_save(save);
        match (of, kind.as_str()) {
            ("pending", "pending") => {
                let found = other.find(Find::pending(self.options()).map_err(text)?)?;
                found.map(drop).map_err(text)
            }
            ("client", "client") => {
                let fields = fields.as_object().ok_or("fields")?;
                compare::fields(fields, &crate::registered::opened(bytes, save)?)
            }
            ("login", "ended") => {
                let found = other.find(Find::login(self.options()).map_err(text)?)?;
                let error = found.map(drop).err().ok_or("it is not ended")?;
                same(
                    "login_ended",
                    fields,
                    error.code().as_str(),
                    &json!(error.message()),
                )
            }
            ("login", "login") => {
                let found = other.find(Find::login(self.options()).map_err(text)?)?;
                let login = found.and_then(|found| found.open(&key())).map_err(text)?;
                let fields = fields.as_object().ok_or("fields")?;
                let header =
                    serde_json::to_value(&login.record.header).map_err(|e| e.to_string())?;
                let mut there = compare::tokens_json(&login.record.tokens);
                for name in ["asked", "stepped_up", "profile", "target"] {
                    there[name] = header.get(name).cloned().unwrap_or_else(|| json!([]));
                }
                compare::fields(fields, &there)
            }
            _ => Err(format!("{of} is saved, not {kind}")),
        }
    }
}

fn same(kind: &str, fields: &Value, there: &str, value: &Value) -> Result<(), String> {
    if kind == there && fields == value {
        return Ok(());
    }
    Err(format!("{there} {value} instead of {kind} {fields}"))
}
