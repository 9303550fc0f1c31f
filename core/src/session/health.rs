//! How a login is doing, so that a server can report itself.

use super::due::{self, Need, Verdict};
use crate::error::{Class, Code, Error};
use crate::flow::Now;
use crate::login::Login;

/// The end of a refresh token is told this long before it comes, or from half of its life on.
const WARN_MS: u64 = 7 * 24 * 3_600_000;

/// What a login is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HealthState {
    /// Its token is good.
    Fresh,
    /// Its token has expired or soon will, and the next call renews it.
    Expiring,
    /// A person has to sign in.
    SignedOut,
    /// Its token has to be renewed, and that has failed.
    Unreachable,
}

impl HealthState {
    /// The name in every language and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Expiring => "expiring",
            Self::SignedOut => "signed_out",
            Self::Unreachable => "unreachable",
        }
    }
}

/// How a login is doing. Times are milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// What it is good for.
    pub state: HealthState,
    /// When that was found out.
    pub at_ms: u64,
    /// The code of what is wrong, where something is.
    pub code: Option<Code>,
    /// The same in one sentence.
    pub reason: Option<String>,
    /// When the access token ends, where that is known.
    pub expires_at_ms: Option<u64>,
    /// When the refresh token ends, where the server said so.
    pub refresh_expires_at_ms: Option<u64>,
    /// True where the token can be renewed without a person.
    pub refreshable: bool,
    /// What a person should do something about before it is too late, in one sentence each.
    pub warnings: Vec<String>,
}

impl Health {
    /// Judges a login as it is kept, or why there is none, together with the last failure to
    /// renew it and when that was (milliseconds since 1970).
    pub fn of(login: Result<&Login, &Error>, failure: Option<(&Error, u64)>, now: Now) -> Self {
        match login {
            Ok(login) => Self::of_login(login, failure, now),
            Err(error) if error.class() == Class::SignInNeeded => {
                Self::without(HealthState::SignedOut, error, now.wall_ms)
            }
            Err(error) => Self::without(HealthState::Unreachable, error, now.wall_ms),
        }
    }

    fn without(state: HealthState, error: &Error, at_ms: u64) -> Self {
        Self {
            state,
            at_ms,
            code: Some(error.code()),
            reason: Some(error.message().to_owned()),
            expires_at_ms: None,
            refresh_expires_at_ms: None,
            refreshable: false,
            warnings: Vec::new(),
        }
    }

    fn of_login(login: &Login, failure: Option<(&Error, u64)>, now: Now) -> Self {
        let tokens = &login.record.tokens;
        let refreshable = tokens.refresh_token.is_some();
        let verdict = due::judge(tokens, now, &Need::default(), 0);
        let failure = failure.filter(|_| verdict > Verdict::Fresh);
        let state = match (verdict, refreshable, &failure) {
            (Verdict::Fresh, ..) => HealthState::Fresh,
            (Verdict::Dead, false, _) => HealthState::SignedOut,
            (Verdict::Dead | Verdict::Short, true, Some(_)) => HealthState::Unreachable,
            _ => HealthState::Expiring,
        };
        Self {
            state,
            at_ms: failure.map_or(now.wall_ms, |(_, at_ms)| at_ms),
            code: failure.map(|(error, _)| error.code()),
            reason: failure.map(|(error, _)| error.message().to_owned()),
            expires_at_ms: tokens.expires_at_ms,
            refresh_expires_at_ms: tokens.refresh_expires_at_ms,
            refreshable,
            warnings: warnings(login, now),
        }
    }
}

fn warnings(login: &Login, now: Now) -> Vec<String> {
    let record = &login.record;
    let mut warnings = Vec::new();
    if let Some(ends) = record.tokens.refresh_expires_at_ms {
        let left = ends.saturating_sub(now.wall_ms);
        let life = ends.saturating_sub(record.tokens.issued_at_ms);
        if left == 0 {
            warnings.push("the refresh token has expired: sign in again".to_owned());
        } else if left < WARN_MS.min(life / 2) {
            let hours = left / 3_600_000;
            warnings.push(format!(
                "the refresh token ends in {hours} h: renew before, or sign in again"
            ));
        }
    }
    if record.tokens.refresh_token.is_none() {
        warnings.push("there is no refresh token: the login ends with its access token".to_owned());
    }
    if record.grant.offline_access_unasked {
        warnings.push(
            "the server lists the scope offline_access and nobody asked for it: without it some servers end the login after a while without use"
                .to_owned(),
        );
    }
    warnings
}
