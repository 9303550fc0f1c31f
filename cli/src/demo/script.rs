//! What the server is told to do, as data that a test in any language can write.

use std::{collections::BTreeMap, io};

use serde::Deserialize;

use super::fault::{Fault, On, Trouble};

/// How the server behaves. `Script::default()` is a well-mannered server that
/// waits for a person; every field may be left out of the JSON form.
///
/// ```json
/// {"interval": 1, "decide": {"approve": {"after_polls": 2}},
///  "faults": [{"on": "poll", "at": [1], "with": "slow_down"},
///             {"on": "refresh", "at": [1], "with": "lost"},
///             {"on": "poll", "at": [2], "with": {"busy": {"status": 429, "retry_after": 3}}}]}
/// ```
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "independent switches, not a state"
)]
pub struct Script {
    /// Seconds a client must let pass between polls. It is enforced: a poll
    /// that comes sooner is answered `slow_down` and the interval grows by 5.
    pub interval: u64,
    /// Whether the first poll, too, must wait for one interval.
    pub strict_first: bool,
    /// Whether an answer `slow_down` names the new interval, as GitHub's does.
    pub tell_interval: bool,
    /// Leaves `interval` out of the answer.
    pub no_interval: bool,
    /// Leaves `verification_uri_complete` out of the answer.
    pub no_complete_uri: bool,
    /// Seconds a code is said to live.
    pub expires_in: u64,
    /// Milliseconds it really lives, where that is not what was said.
    pub expires_after_ms: Option<u64>,
    /// Seconds an access token lives.
    pub access_ttl: u64,
    /// Whether there are refresh tokens at all.
    pub refresh: bool,
    /// Seconds a refresh token lives; none: until it is spent or revoked.
    pub refresh_ttl: Option<u64>,
    /// Whether each refresh spends the refresh token and yields a new one. A
    /// spent one that comes back ends the whole login.
    pub rotate: bool,
    /// Grants this scope, whatever was asked for.
    pub grant_scope: Option<String>,
    /// Demands PKCE of every client.
    pub require_pkce: bool,
    /// The names of clients, by `client_id`. Others are called by their id.
    pub clients: BTreeMap<String, String>,
    /// Refuses every client that is neither in `clients` nor registered.
    pub only_known_clients: bool,
    /// Demands this secret of every client, by HTTP Basic or in the form.
    pub client_secret: Option<String>,
    /// Opens `/demo/approve` and `/demo/deny` (POST, form field `user_code`),
    /// where a test decides in the person's place. Browsers are refused there.
    pub control: bool,
    /// Who decides, and what.
    pub decide: Decide,
    /// What goes wrong, and when.
    pub faults: Vec<Fault>,
}

/// Who decides about a code. The script decides when the client polls, so
/// whatever a person did on the page before that stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Decide {
    /// A person does, on the approval page.
    #[default]
    Person,
    /// The script approves.
    Approve(When),
    /// The script denies.
    Deny(When),
    /// The code dies, whatever lifetime was promised.
    Expire(When),
}

/// When both hold. `{}` is: at the first poll.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct When {
    /// So many polls have been answered `authorization_pending` or worse.
    pub after_polls: u32,
    /// The code is so many milliseconds old.
    pub after_ms: u64,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            interval: 5,
            strict_first: false,
            tell_interval: false,
            no_interval: false,
            no_complete_uri: false,
            expires_in: 600,
            expires_after_ms: None,
            access_ttl: 3600,
            refresh: true,
            refresh_ttl: None,
            rotate: true,
            grant_scope: None,
            require_pkce: false,
            clients: BTreeMap::new(),
            only_known_clients: false,
            client_secret: None,
            control: false,
            decide: Decide::Person,
            faults: Vec::new(),
        }
    }
}

/// No time in a script may pass this, so that adding it to a clock cannot
/// overflow.
pub(super) const MAX_SECONDS: u64 = 10 * 365 * 24 * 3600;
impl Script {
    /// A script as a command line gives it: JSON if it begins with `{`, else
    /// the name of a file that holds it.
    ///
    /// # Errors
    /// The file cannot be read, or what it holds is no script.
    pub fn from_arg(argument: &str) -> io::Result<Self> {
        let text = if argument.trim_start().starts_with('{') {
            argument.to_owned()
        } else {
            std::fs::read_to_string(argument)?
        };
        let script: Self = serde_json::from_str(&text).map_err(|e| nonsense(&e.to_string()))?;
        script.check()?;
        Ok(script)
    }

    /// Refuses at the start what would otherwise surprise at a request.
    pub(super) fn check(&self) -> io::Result<()> {
        let seconds = [self.interval, self.expires_in, self.access_ttl];
        let millis = self.expires_after_ms.map(|ms| ms / 1000);
        if seconds
            .into_iter()
            .chain(self.refresh_ttl)
            .chain(millis)
            .any(|s| s > MAX_SECONDS)
        {
            return Err(nonsense("a time of more than ten years"));
        }
        if self.expires_in == 0 {
            return Err(nonsense(
                "`expires_in` must be at least 1; see `expires_after_ms`",
            ));
        }
        self.faults.iter().try_for_each(|fault| fault.with.check())
    }

    /// What goes wrong at the `number`-th request of this kind.
    pub(super) fn trouble(&self, on: On, number: u32) -> Option<&Trouble> {
        self.faults
            .iter()
            .find(|f| f.on == on && (f.at.is_empty() || f.at.contains(&number)))
            .map(|f| &f.with)
    }
}

pub(super) fn nonsense(what: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidInput,
        format!("the demo script: {what}"),
    )
}
