//! Plays host and store of a conversation in which the client may have to be registered: the flows
//! `register` and `register_begin`.

use std::sync::Arc;

use devicegrant_core::{
    Client, ClientAuth, DeviceGrant, Discover, Endpoints, Error, Flow, Grant, Input, LoginId, Now,
    Options, Register, Registered, Response, Save, Secret, SecretBytes, Step,
};
use serde_json::{Value, json};

use crate::kept::{Store, Stored, key, text};
use crate::replay::{ENTROPY, Host, Result_, START};
use crate::vector::{FlowName, RegisteredClient, Vector};

/// The issuer whose client a vector is about, where the store has none at the start.
const ISSUER: &str = "https://auth.example.com";

pub(crate) fn run(vector: &Vector, host: &mut Host<'_>) -> Result<Result_, String> {
    let there = vector.registered.as_ref().map(kept).transpose()?;
    let issuer = vector.registered.as_ref().map(|one| one.issuer.as_str());
    let id = client_id(issuer.unwrap_or(ISSUER))?;
    host.store = Some(Store::of_clients(there, id));
    Ok(end(vector, host)?.unwrap_or_else(Result_::Error))
}

fn end(vector: &Vector, host: &mut Host<'_>) -> Result<Result<Result_, Error>, String> {
    let own = vector.own_provider.as_ref().map(Value::to_string);
    let discover = match Discover::registering(vector.options.clone(), own.as_deref()) {
        Ok(discover) => discover,
        Err(error) => return Ok(Err(error)),
    };
    let grant = match host.end(discover)? {
        Ok(grant) => grant,
        Err(error) => return Ok(Err(error)),
    };
    let register = match Register::new(&vector.options, grant, key(), ENTROPY) {
        Ok(register) => register,
        Err(error) => return Ok(Err(error)),
    };
    let registered = match host.end(register)? {
        Ok(registered) => registered,
        Err(error) => return Ok(Err(error)),
    };
    if vector.flow == FlowName::Register {
        return Ok(Ok(Result_::Grant(registered.grant)));
    }
    let asking = |registered: &Registered| {
        let grant = Arc::clone(&registered.grant);
        DeviceGrant::begin(grant, ENTROPY)
    };
    let begun = match host.end(asking(&registered))? {
        Ok(begun) => Ok(begun),
        Err(error) => match Register::anew(&registered, &error, key(), [9; 32]) {
            None => Err(error),
            Some(anew) => match host.end(anew)? {
                Ok(registered) => host.end(asking(&registered))?,
                Err(error) => Err(error),
            },
        },
    };
    Ok(begun.map(Result_::SignIn))
}

fn grant(issuer: &str, scopes: &[String]) -> Arc<Grant> {
    let at = |path: &str| format!("{issuer}{path}");
    Arc::new(Grant {
        endpoints: Endpoints {
            issuer: Some(issuer.to_owned()),
            device_authorization: at("/d").into(),
            token: at("/t").into(),
            revocation: None,
            introspection: None,
            userinfo: None,
            registration: Some(at("/r")),
        },
        client: Client {
            id: String::new(),
            secret: None,
            auth: ClientAuth::None,
        },
        may_post_secret: false,
        scopes: scopes.to_vec(),
        resource: None,
        params: Vec::new(),
        pkce: false,
        dialect: devicegrant_core::Dialect::default(),
        takes_client_documents: false,
        stepped_up: Vec::new(),
        in_place_of: None,
        expected: None,
        offline_access_unasked: false,
    })
}

fn register(issuer: &str, scopes: &[String]) -> Result<Register, String> {
    let grant = grant(issuer, scopes);
    Register::new(&Options::default(), grant, key(), [5; 32]).map_err(text)
}

/// Where the client of that issuer is kept.
fn client_id(issuer: &str) -> Result<LoginId, String> {
    match register(issuer, &[])?.step(START, Input::Go) {
        Ok(Step::Load(id)) => Ok(id),
        other => Err(format!("a registration asks for {other:?}")),
    }
}

/// A client as a registration at that time would have kept it.
pub(crate) fn kept(one: &RegisteredClient) -> Result<(LoginId, Stored), String> {
    let at = Now {
        wall_ms: START.wall_ms - one.ago_ms,
        steady_ms: 1_000,
    };
    let mut flow = register(&one.issuer, &one.scopes)?;
    let mut input = Input::Go;
    loop {
        input = match flow.step(at, input).map_err(text)? {
            Step::Load(_) => Input::Loaded {
                bytes: None,
                revision: one.revision - 1,
            },
            Step::Send(_) => Input::Response(Response {
                status: 201,
                headers: Vec::new(),
                body: SecretBytes::from(one.answer.to_string()),
            }),
            Step::Save(save) => return Ok((save.id, (save.bytes, one.revision))),
            other => return Err(format!("a registration asks for {other:?}")),
        };
    }
}

/// What was saved, as another login of another process finds it.
pub(crate) fn opened(bytes: &SecretBytes, save: &Save) -> Result<Value, String> {
    let mut flow = register(ISSUER, &[])?;
    let mut input = Input::Go;
    loop {
        input = match flow.step(START, input).map_err(text)? {
            Step::Load(id) if id == save.id => Input::Loaded {
                bytes: Some(bytes.clone()),
                revision: save.expected + 1,
            },
            Step::Done(registered) => {
                let client = &registered.grant.client;
                return Ok(json!({
                    "client_id": client.id,
                    "client_secret": client.secret.as_ref().map(Secret::expose),
                    "auth": client.auth,
                }));
            }
            other => return Err(format!("it is not found again: {other:?}")),
        };
    }
}
