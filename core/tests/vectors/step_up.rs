//! Plays host and store of a sign-in that may ask for more than its options say: the flows `step_up`
//! and `step_up_keep`.

use std::sync::Arc;

use devicegrant_core::{DeviceGrant, Discover, Error, Keep, Login, Record, SignIn, Widen};
use serde_json::Value;

use crate::kept::{Store, key, text};
use crate::replay::{ENTROPY, Host, Result_, START};
use crate::vector::{FlowName, Vector};

pub(crate) fn run(vector: &Vector, host: &mut Host<'_>) -> Result<Result_, String> {
    let (store, _) = Store::new(vector)?;
    host.store = Some(store);
    Ok(end(vector, host)?.unwrap_or_else(Result_::Error))
}

/// The outer failure is the vector's, the inner one its outcome.
fn end(vector: &Vector, host: &mut Host<'_>) -> Result<Result<Result_, Error>, String> {
    macro_rules! or_end {
        ($result:expr) => {
            match $result {
                Ok(value) => value,
                Err(error) => return Ok(Err(error)),
            }
        };
    }
    let own = vector.own_provider.as_ref().map(Value::to_string);
    let options = &vector.options;
    let wider = or_end!(host.end(or_end!(Widen::new(options, vector.challenge.as_deref())))?);
    let discover = or_end!(Discover::new(options.clone(), own.as_deref()));
    let grant = or_end!(host.end(discover.wider(wider))?);
    if vector.flow == FlowName::StepUp {
        return Ok(Ok(Result_::Grant(grant)));
    }
    let signed_in = or_end!(host.end(DeviceGrant::login(Arc::clone(&grant), ENTROPY))?);
    let SignIn::Tokens(tokens) = signed_in else {
        return Err("the sign-in did not end".to_owned());
    };
    let record = or_end!(Record::new(options, grant, *tokens, START));
    let keep = Keep::login(options, record.clone(), key(), [1; 32]).map_err(text)?;
    let kept = or_end!(host.end(keep)?);
    let (id, revision) = (kept.id, kept.revision);
    let login = Login {
        id,
        revision,
        record,
    };
    Ok(Ok(Result_::Finished(devicegrant_core::Finished::Login(
        Box::new(login),
    ))))
}
