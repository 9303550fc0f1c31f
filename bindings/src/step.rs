//! What a flow asks of its host, what a host answers, and what a flow ends with.

use std::sync::Arc;

use devicegrant as dg;
use devicegrant::{LoginId, Secret, SecretBytes};

use crate::Fallible;
use crate::error::Failure;
use crate::http::{Request, Response, Unreachable};
use crate::login::{Found, Grant, Login, Pending, Renewal, Tokens};
use crate::paste::{PastePrompt, Pasted};
use crate::prompt::Prompt;
use crate::register::Registered;
use crate::step_up::Wider;
use crate::store::Rest;

/// The one thing that a flow asks its host to do.
#[derive(Debug, uniffi::Enum)]
pub enum Step {
    Send {
        request: Request,
    },
    Show {
        prompt: Arc<Prompt>,
    },
    Ask {
        prompt: Arc<PastePrompt>,
        until: u64,
    },
    Wait {
        until: u64,
    },
    Load {
        id: String,
    },
    List,
    Save {
        id: String,
        bytes: Option<Vec<u8>>,
        expected: u64,
    },
    Lock {
        id: String,
        ttl_ms: u32,
        force: bool,
    },
    Unlock {
        lease: String,
        rest: Option<Rest>,
    },
    Done {
        output: Output,
    },
}

/// What a host answers.
#[derive(Debug, uniffi::Enum)]
pub enum Input {
    Go,
    Pasted {
        line: Pasted,
    },
    Response {
        response: Response,
    },
    Unreachable {
        why: Unreachable,
    },
    Loaded {
        bytes: Option<Vec<u8>>,
        revision: u64,
    },
    Listed {
        ids: Vec<String>,
    },
    Saved {
        revision: u64,
    },
    Conflict,
    Locked {
        lease: String,
    },
    Busy {
        since: u64,
    },
    Resting {
        rest: Rest,
    },
    Failed {
        failure: Arc<Failure>,
    },
}

/// What a flow ends with.
#[derive(Debug, uniffi::Enum)]
pub enum Output {
    Grant {
        grant: Arc<Grant>,
    },
    Pending {
        pending: Arc<Pending>,
    },
    Tokens {
        tokens: Arc<Tokens>,
    },
    Wider {
        wider: Arc<Wider>,
    },
    Registered {
        registered: Arc<Registered>,
    },
    Login {
        login: Arc<Login>,
    },
    Found {
        found: Arc<Found>,
    },
    Kept {
        id: String,
        revision: u64,
    },
    GaveUp {
        waited: bool,
    },
    Renewal {
        renewal: Arc<Renewal>,
    },
    /// `how` is `nothing`, `at_server`, `not_offered` or `failed`.
    Revoked {
        how: String,
        failure: Option<Arc<Failure>>,
    },
    Survey {
        found: Vec<Arc<Found>>,
        unreadable: Vec<Arc<Failure>>,
    },
}

impl TryFrom<Input> for dg::Input {
    type Error = Arc<Failure>;

    fn try_from(input: Input) -> Fallible<Self> {
        Ok(match input {
            Input::Go => Self::Go,
            Input::Pasted { line } => Self::Pasted(Secret::new(line.text)),
            Input::Response { response } => Self::Response(response.into()),
            Input::Unreachable { why } => Self::Unreachable(why.into()),
            Input::Loaded { bytes, revision } => Self::Loaded {
                bytes: bytes.map(SecretBytes::new),
                revision,
            },
            Input::Listed { ids } => {
                Self::Listed(ids.into_iter().map(|id| LoginId(id.into())).collect())
            }
            Input::Saved { revision } => Self::Saved(revision),
            Input::Conflict => Self::Conflict,
            Input::Locked { lease } => Self::Locked(dg::Lease(lease.into())),
            Input::Busy { since } => Self::Busy { since },
            Input::Resting { rest } => Self::Resting(rest.try_into()?),
            Input::Failed { failure } => Self::Failed(failure.0.clone()),
        })
    }
}

pub(crate) fn step<T>(step: dg::Step<T>, end: impl FnOnce(T) -> Output) -> Step {
    match step {
        dg::Step::Send(request) => Step::Send {
            request: request.into(),
        },
        dg::Step::Show(prompt) => Step::Show {
            prompt: Arc::new(Prompt(*prompt)),
        },
        dg::Step::Ask { prompt, until } => Step::Ask {
            prompt: Arc::new(PastePrompt(*prompt)),
            until,
        },
        dg::Step::Wait { until } => Step::Wait { until },
        dg::Step::Load(id) => Step::Load { id: id.to_string() },
        dg::Step::List => Step::List,
        dg::Step::Save(save) => Step::Save {
            id: save.id.to_string(),
            bytes: save.bytes.map(|bytes| bytes.expose().to_vec()),
            expected: save.expected,
        },
        dg::Step::Lock(lock) => Step::Lock {
            id: lock.id.to_string(),
            ttl_ms: lock.ttl_ms,
            force: lock.force,
        },
        dg::Step::Unlock { lease, rest } => Step::Unlock {
            lease: lease.0.into(),
            rest: rest.map(Rest::from),
        },
        dg::Step::Done(output) => Step::Done {
            output: end(output),
        },
    }
}
