//! Plays the host of one vector: a virtual clock, replies from the file, every effect compared.

use std::sync::Arc;

use devicegrant_core::{
    DeviceGrant, Discover, Error, Event, Finished, Flow, Grant, Input, Key, Now, Pending, Reason,
    Renewal, Request, Response, Revoked, SecretBytes, SignIn, Step, TlsProblem,
};
use serde_json::Value;

use crate::compare;
use crate::kept::Store;
use crate::vector::{Expected, FlowName, Outcome, Takes, Vector};

/// Where every vector's clocks start, and its entropy.
pub(crate) const START: Now = Now {
    wall_ms: 1_700_000_000_000,
    steady_ms: 1_000_000,
};
pub(crate) const ENTROPY: [u8; 32] = *b"0123456789abcdef0123456789abcdef";

pub(crate) struct Host<'a> {
    vector: &'a Vector,
    pub(crate) store: Option<Store>,
    now: Now,
    steps: std::iter::Enumerate<std::slice::Iter<'a, Expected>>,
    last: Option<Request>,
    events: Vec<Event>,
}

/// How a flow ended: well, with an error of its own, or not as the vector says.
enum Ended<T> {
    Done(T),
    Failed(Error),
}

pub(crate) fn replay(vector: &Vector) -> Result<(), String> {
    if vector.flow.is_about_key() {
        return crate::home::replay(vector);
    }
    let mut host = Host {
        vector,
        store: None,
        now: START,
        steps: vector.steps.iter().enumerate(),
        last: None,
        events: Vec::new(),
    };
    let outcome = if vector.flow.registers() {
        crate::registered::run(vector, &mut host)?
    } else if vector.flow.steps_up() {
        crate::step_up::run(vector, &mut host)?
    } else if vector.flow.is_about_a_kept_login() {
        crate::kept::run(vector, &mut host)?
    } else {
        run(vector, &mut host)?
    };
    if let Some((index, step)) = host.steps.next() {
        return Err(format!("it ended before step {index}: {step:?}"));
    }
    compare::outcome(&vector.outcome, &outcome)?;
    if let Some(expected) = &vector.events {
        let names: Vec<String> = host.events.iter().map(compare::event_name).collect();
        if names != *expected {
            return Err(format!("events {names:?} instead of {expected:?}"));
        }
    }
    Ok(())
}

/// What a vector's flow ended with.
pub(crate) enum Result_ {
    Grant(Arc<Grant>),
    SignIn(SignIn),
    Renewal(Box<Renewal>),
    Revoked(Revoked),
    Finished(Finished),
    Error(Error),
}

fn run(vector: &Vector, host: &mut Host<'_>) -> Result<Result_, String> {
    let own = vector.own_provider.as_ref().map(Value::to_string);
    let mut discover = match Discover::new(vector.options.clone(), own.as_deref()) {
        Ok(discover) => discover,
        Err(error) => return Ok(Result_::Error(error)),
    };
    let grant = match host.drive(&mut discover)? {
        Ended::Done(grant) => grant,
        Ended::Failed(error) => return Ok(Result_::Error(error)),
    };
    let mut machine = match vector.flow {
        FlowName::Discover => return Ok(Result_::Grant(grant)),
        FlowName::Login => DeviceGrant::login(grant, ENTROPY),
        FlowName::Begin | FlowName::BeginPoll | FlowName::BeginLogin => {
            DeviceGrant::begin(grant, ENTROPY)
        }
        _ => return Err("not a sign-in".to_owned()),
    };
    loop {
        let pending = match host.drive(&mut machine)? {
            Ended::Failed(error) => return Ok(Result_::Error(error)),
            Ended::Done(SignIn::Pending(pending))
                if matches!(vector.flow, FlowName::BeginPoll | FlowName::BeginLogin) =>
            {
                pending
            }
            Ended::Done(sign_in) => return Ok(Result_::SignIn(sign_in)),
        };
        let last_of_all = host.steps.len() == 0 && matches!(vector.outcome, Outcome::Pending(_));
        if last_of_all {
            return Ok(Result_::SignIn(SignIn::Pending(pending)));
        }
        host.pending(&pending)?;
        let pending = if vector.sealed {
            host.elsewhere(&pending)?
        } else {
            *pending
        };
        machine = if vector.flow == FlowName::BeginLogin {
            DeviceGrant::resume(pending)
        } else {
            DeviceGrant::poll(pending)
        };
    }
}

impl Host<'_> {
    /// Drives a flow to its end.
    pub(crate) fn end<F: Flow>(&mut self, mut flow: F) -> Result<Result<F::Output, Error>, String> {
        Ok(match self.drive(&mut flow)? {
            Ended::Done(output) => Ok(output),
            Ended::Failed(error) => Err(error),
        })
    }

    fn drive<F: Flow>(&mut self, flow: &mut F) -> Result<Ended<F::Output>, String> {
        let mut input = Input::Go;
        loop {
            let step = flow.step(self.now, input);
            self.events.extend(flow.take_events());
            let step = match step {
                Ok(Step::Done(output)) => return Ok(Ended::Done(output)),
                Ok(step) => step,
                Err(error) => return Ok(Ended::Failed(error)),
            };
            let shown = compare::describe(&step);
            let Some((index, expected)) = self.steps.next() else {
                return Err(format!("after the last step it asks for {shown}"));
            };
            input = self
                .answer(&step, expected)
                .map_err(|why| format!("step {index}: {why}; it asks for {shown}"))?;
        }
    }

    fn answer<T>(&mut self, step: &Step<T>, expected: &Expected) -> Result<Input, String> {
        match step {
            Step::Send(request) => {
                let wanted = expected.send.as_ref().ok_or("no request was expected")?;
                compare::request(wanted, request, self.last.as_ref())?;
                self.last = Some(request.clone());
                self.pass(expected.takes, 0);
                reply(expected.reply.as_ref().ok_or("no reply")?)
            }
            Step::Show(prompt) => {
                compare::prompt(
                    expected.show.as_ref().ok_or("no prompt was expected")?,
                    prompt,
                )?;
                self.pass(expected.takes, 0);
                Ok(Input::Go)
            }
            Step::Wait { until } => {
                let wait = until.saturating_sub(self.now.steady_ms);
                if expected.wait_ms != Some(wait) {
                    return Err(format!(
                        "a wait of {wait} ms instead of {:?}",
                        expected.wait_ms
                    ));
                }
                self.pass(expected.takes, wait);
                Ok(Input::Go)
            }
            _ => {
                let store = self.store.as_mut().ok_or("there is no store here")?;
                let input = store.answer(self.vector, step, expected, self.now)?;
                self.pass(expected.takes, 0);
                Ok(input)
            }
        }
    }

    fn pass(&mut self, takes: Option<Takes>, otherwise: u64) {
        let (wall, steady) = match takes.unwrap_or(Takes::Both(otherwise)) {
            Takes::Both(ms) => (i64::try_from(ms).unwrap(), ms),
            Takes::Each { wall_ms, steady_ms } => (wall_ms, steady_ms),
        };
        self.now.wall_ms = self.now.wall_ms.checked_add_signed(wall).unwrap();
        self.now.steady_ms += steady;
    }

    /// A pending login that came back; time goes on until somebody polls again.
    fn pending(&mut self, pending: &Pending) -> Result<(), String> {
        let Some((index, expected)) = self.steps.next() else {
            return Err("after the last step the login is still pending".to_owned());
        };
        let wanted = expected.pending.as_ref().ok_or(format!(
            "step {index}: the login is pending, which was not expected"
        ))?;
        compare::pending(wanted, pending).map_err(|why| format!("step {index}: {why}"))?;
        self.pass(expected.takes, 0);
        Ok(())
    }

    /// The same login in another process, whose steady clock has another origin.
    fn elsewhere(&mut self, pending: &Pending) -> Result<Pending, String> {
        let key = Key::new([7; 32]);
        let bytes = pending.to_bytes(&key, ENTROPY).map_err(|e| e.to_string())?;
        self.now.steady_ms = 5;
        Pending::from_bytes(&key, bytes.expose()).map_err(|e| e.to_string())
    }
}

fn reply(reply: &Value) -> Result<Input, String> {
    if reply.get("go").is_some() {
        return Ok(Input::Go);
    }
    if let Some(reason) = reply.get("unreachable") {
        let reason = match reason.as_str() {
            Some("not_sent") => Reason::NotSent,
            Some("maybe_sent") => Reason::MaybeSent,
            Some("timed_out") => Reason::TimedOut,
            Some("tls_untrusted") => Reason::Tls(TlsProblem::Untrusted),
            Some("tls_expired") => Reason::Tls(TlsProblem::Expired),
            Some("tls_wrong_host") => Reason::Tls(TlsProblem::WrongHost),
            Some("tls") => Reason::Tls(TlsProblem::Other),
            other => return Err(format!("no such reason: {other:?}")),
        };
        return Ok(Input::Unreachable(reason));
    }
    let status = reply
        .get("status")
        .and_then(Value::as_u64)
        .ok_or("a reply has a status")?;
    let headers = reply
        .get("headers")
        .and_then(Value::as_object)
        .into_iter()
        .flatten();
    let headers = headers.map(|(k, v)| (k.clone(), v.as_str().unwrap_or_default().to_owned()));
    let body = match (
        reply.get("json"),
        reply.get("text"),
        reply.get("hex"),
        reply.get("repeat"),
    ) {
        (Some(json), None, None, None) => json.to_string().into_bytes(),
        (None, Some(text), None, None) => text.as_str().ok_or("text")?.as_bytes().to_vec(),
        (None, None, Some(hex), None) => data_encoding::HEXLOWER
            .decode(hex.as_str().ok_or("hex")?.as_bytes())
            .map_err(|e| e.to_string())?,
        (None, None, None, Some(repeat)) => {
            let text = repeat["text"].as_str().ok_or("repeat.text")?;
            let times = usize::try_from(repeat["times"].as_u64().ok_or("repeat.times")?).unwrap();
            let around = |side: &str| repeat[side].as_str().unwrap_or_default().to_owned();
            (around("before") + &text.repeat(times) + &around("after")).into_bytes()
        }
        (None, None, None, None) => Vec::new(),
        _ => return Err("a reply has one body".to_owned()),
    };
    Ok(Input::Response(Response {
        status: u16::try_from(status).map_err(|e| e.to_string())?,
        headers: headers.collect(),
        body: SecretBytes::new(body),
    }))
}
