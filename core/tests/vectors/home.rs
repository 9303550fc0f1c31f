//! Plays the host of a conversation about a home's key (the flows `home` and `variable_key`).

use devicegrant_core::home::{
    Answer, COMMAND_TIMEOUT_MS, Effect, Fresh, KEYRING_TIMEOUT_MS, KeyFlow, OpenHome, Opened,
    Silence, VariableKey, Wish,
};
use devicegrant_core::{Key, Secret, SecretBytes};
use serde_json::{Map, Value, json};

use crate::compare;
use crate::vector::{Expected, FlowName, Outcome, Vector};

/// The folder that every vector's messages name, and the entropy.
const HOME: &str = "/home/ada/.local/share/devicegrant";
const ENTROPY: &[u8; 64] = b"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

pub(crate) fn replay(vector: &Vector) -> Result<(), String> {
    let call = vector.home.clone().unwrap_or_default();
    let wish = Wish {
        source: call.key,
        create: call.create,
        unattended: call.unattended,
        home: HOME.to_owned(),
    };
    match vector.flow {
        FlowName::VariableKey => drive(vector, VariableKey::new(), |key| {
            Some(Map::from_iter([("key".to_owned(), text(key))]))
        }),
        _ => drive(
            vector,
            OpenHome::new(wish, Fresh::new(*ENTROPY)),
            |opened| opened.as_ref().map(opened_json),
        ),
    }
}

fn drive<F: KeyFlow + std::fmt::Debug>(
    vector: &Vector,
    mut flow: F,
    shown: impl Fn(&F::Output) -> Option<Map<String, Value>>,
) -> Result<(), String>
where
    F::Output: std::fmt::Debug,
{
    let mut answer = Answer::Go;
    let mut steps = vector.steps.iter().enumerate();
    let mut secrets = vec!["MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY".to_owned()];
    let (outcome, printed) = loop {
        let step = flow.step(answer);
        let printed = format!("{flow:?} {step:?}");
        match step {
            Ok(Effect::Done(output)) => break (Ok(shown(&output)), printed),
            Err(error) => break (Err(error), printed),
            Ok(effect) => {
                hides(&secrets, &printed)?;
                let Some((index, expected)) = steps.next() else {
                    return Err(format!("after the last step it asks for {effect:?}"));
                };
                check(&effect, expected)
                    .map_err(|why| format!("step {index}: {why}; it asks for {effect:?}"))?;
                let reply = expected.reply.as_ref().ok_or("no reply")?;
                // A command line is no secret: the system shows it to everybody.
                if !matches!(effect, Effect::Variable("DEVICEGRANT_KEY_COMMAND")) {
                    let text = reply.get("text").and_then(Value::as_str);
                    secrets.extend(text.map(|text| text.trim().to_owned()));
                }
                answer = reply_of(&effect, reply)?;
            }
        }
    };
    hides(&secrets, &printed)?;
    if let Some((index, step)) = steps.next() {
        return Err(format!(
            "it ended with {outcome:?} before step {index}: {step:?}"
        ));
    }
    match (&vector.outcome, outcome) {
        (Outcome::Opened(wanted), Ok(Some(there))) => compare::fields(wanted, &there.into()),
        (Outcome::NoHome(_), Ok(None)) => Ok(()),
        (Outcome::Error(wanted), Err(error)) => {
            compare::fields(wanted, &compare::error_json(&error))
        }
        (_, outcome) => Err(format!("it ended with {outcome:?}")),
    }
}

/// Nothing that is printed shows a key or a passphrase.
fn hides(secrets: &[String], printed: &str) -> Result<(), String> {
    let shown = secrets
        .iter()
        .find(|secret| secret.len() > 5 && printed.contains(secret.as_str()));
    shown.map_or(Ok(()), |_| Err(format!("a secret stands in {printed}")))
}

fn check<T>(effect: &Effect<T>, expected: &Expected) -> Result<(), String> {
    let (wanted, there) = match effect {
        Effect::Read(name) => (json!(expected.read), json!(name)),
        Effect::Variable(name) => (json!(expected.variable), json!(name)),
        Effect::Publish { name, bytes } => (json!(expected.publish), file_json(name, bytes)?),
        Effect::Run { argv, timeout_ms } => {
            within(*timeout_ms, COMMAND_TIMEOUT_MS)?;
            (json!(expected.run), json!(argv))
        }
        Effect::Recall {
            account,
            timeout_ms,
        } => {
            within(*timeout_ms, KEYRING_TIMEOUT_MS)?;
            (json!(expected.recall), json!(account))
        }
        Effect::Remember {
            account,
            text,
            timeout_ms,
        } => {
            within(*timeout_ms, KEYRING_TIMEOUT_MS)?;
            let there = json!({"account": account, "text": text.expose()});
            (json!(expected.remember), there)
        }
        Effect::Done(_) => return Err("the end".to_owned()),
    };
    if wanted == there {
        Ok(())
    } else {
        Err(format!("{there} instead of {wanted}"))
    }
}

fn within(timeout_ms: u32, wanted: u32) -> Result<(), String> {
    if timeout_ms == wanted {
        return Ok(());
    }
    Err(format!("a time limit of {timeout_ms} ms"))
}

fn file_json(name: &str, bytes: &SecretBytes) -> Result<Value, String> {
    let text = std::str::from_utf8(bytes.expose()).map_err(|e| e.to_string())?;
    if !text.ends_with('\n') {
        return Err("a text file ends with a line's end".to_owned());
    }
    Ok(match serde_json::from_str::<Value>(text) {
        Ok(value) if value.is_object() => json!({"name": name, "json": value}),
        _ => json!({"name": name, "text": text}),
    })
}

fn reply_of<T>(effect: &Effect<T>, reply: &Value) -> Result<Answer, String> {
    let is = |name: &str| reply.get(name).is_some();
    let file = matches!(effect, Effect::Read(_));
    if let Some(why) = reply.get("silent") {
        return Ok(Answer::Silent(match why.as_str() {
            Some("absent") => Silence::Absent,
            Some("locked") => Silence::Locked,
            Some("volatile") => Silence::Volatile,
            Some("timed_out") => Silence::TimedOut,
            _ => Silence::Failed(why["failed"].as_str().ok_or("no such silence")?.to_owned()),
        }));
    }
    let text = match (reply.get("json"), reply.get("text")) {
        (Some(json), None) => Some(json.to_string()),
        (None, Some(text)) => Some(text.as_str().ok_or("text")?.to_owned()),
        _ if is("go") => return Ok(Answer::Go),
        _ if is("published") => return Ok(Answer::Published),
        _ if is("exists") => return Ok(Answer::Exists),
        _ if is("kept") => return Ok(Answer::Kept),
        _ if is("absent") => None,
        _ => return Err(format!("no such reply: {reply}")),
    };
    Ok(if file {
        Answer::File(text.map(SecretBytes::from))
    } else {
        Answer::Text(text.map(Secret::new))
    })
}

fn opened_json(opened: &Opened) -> Map<String, Value> {
    Map::from_iter([
        ("key".to_owned(), text(&opened.key)),
        ("key_id".to_owned(), json!(opened.key_id)),
        ("home_id".to_owned(), json!(opened.home_id)),
        ("source".to_owned(), json!(opened.source)),
        ("created".to_owned(), json!(opened.created)),
        ("protects".to_owned(), json!(opened.protects())),
    ])
}

fn text(key: &Key) -> Value {
    json!(key.text().expose())
}
