//! How what a store has at a vector's start is made: by the machines that would have kept it.

use std::sync::Arc;

use devicegrant_core::{
    DeviceGrant, Discover, Flow, Grant, Input, Keep, LoginId, Now, Options, Pending, Response,
    SecretBytes, SignIn, Step, Tokens, Widen, Wider,
};
use serde_json::{Value, json};

use crate::kept::text;
use crate::replay::START;
use crate::vector::Vector;

/// The grant that discovery ends with; `metadata` answers it where it asks.
pub(crate) fn grant(
    vector: &Vector,
    options: &Options,
    challenge: Option<&str>,
) -> Result<Arc<Grant>, String> {
    let wider = first(options, challenge)?;
    let own = vector.own_provider.as_ref().map(Value::to_string);
    let flow = Discover::new(options.clone(), own.as_deref()).map_err(text)?;
    let mut flow = flow.wider(wider);
    let mut input = Input::Go;
    loop {
        input = match flow.step(START, input).map_err(text)? {
            Step::Done(grant) => return Ok(grant),
            Step::Send(request) => {
                let all = vector.metadata.as_ref().ok_or("no metadata")?;
                response(all.get(&*request.url).unwrap_or(all))
            }
            other => return Err(format!("discovery asks for {other:?}")),
        };
    }
}

/// What was asked for besides when nobody had signed in yet.
fn first(options: &Options, challenge: Option<&str>) -> Result<Wider, String> {
    let mut flow = Widen::new(options, challenge).map_err(text)?;
    let mut input = Input::Go;
    loop {
        input = match flow.step(START, input).map_err(text)? {
            Step::Done(wider) => return Ok(wider),
            Step::Load(_) => Input::Loaded {
                bytes: None,
                revision: 0,
            },
            Step::List => Input::Listed(Vec::new()),
            other => return Err(format!("it asks for {other:?}")),
        };
    }
}

fn response(json: &Value) -> Input {
    Input::Response(Response {
        status: 200,
        headers: Vec::new(),
        body: SecretBytes::from(json.to_string()),
    })
}

pub(crate) fn begun(grant: &Arc<Grant>, answer: &Value, at: Now) -> Result<Pending, String> {
    let mut flow = DeviceGrant::begin(Arc::clone(grant), [3; 32]);
    flow.step(at, Input::Go).map_err(text)?;
    match flow.step(at, response(answer)).map_err(text)? {
        Step::Done(SignIn::Pending(pending)) => Ok(*pending),
        other => Err(format!("the sign-in asks for {other:?}")),
    }
}

/// The tokens that were asked for at that moment.
pub(crate) fn tokens(grant: &Arc<Grant>, answer: &Value, at: Now) -> Result<Tokens, String> {
    let before = Now {
        wall_ms: at.wall_ms - 60_000,
        steady_ms: at.steady_ms,
    };
    let code = json!({"device_code": "device-code-0", "user_code": "A", "interval": 1,
        "verification_uri": "https://auth.example.com/device", "expires_in": 600});
    let mut poll = DeviceGrant::poll(begun(grant, &code, before)?);
    let at = Now {
        wall_ms: at.wall_ms,
        steady_ms: at.steady_ms + 60_000,
    };
    poll.step(at, Input::Go).map_err(text)?;
    match poll.step(at, response(answer)).map_err(text)? {
        Step::Done(SignIn::Tokens(tokens)) => Ok(*tokens),
        other => Err(format!("the poll asks for {other:?}")),
    }
}

/// The bytes of revision `revision` as they are written.
pub(crate) fn written(mut keep: Keep, revision: u64) -> Result<(LoginId, SecretBytes), String> {
    keep.step(START, Input::Go).map_err(text)?;
    let loaded = Input::Loaded {
        bytes: None,
        revision: revision - 1,
    };
    match keep.step(START, loaded).map_err(text)? {
        Step::Save(save) => Ok((save.id, save.bytes.ok_or("nothing is written")?)),
        other => Err(format!("it asks for {other:?}")),
    }
}
