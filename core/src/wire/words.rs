//! What a server's error words mean, whatever shape they come in.

use super::answer::{Answer, Field};
use super::dialect::Dialect;
use super::secrets::Secrets;
use crate::address;
use crate::error::{Code, ServerError};
use crate::text::SHOWN_AT_MOST;

/// What an answer asks of the one who polls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// Nobody has approved yet.
    Pending,
    /// The same, and the pace is too fast.
    SlowDown,
    /// A person or a rule said no.
    Denied,
    /// The code ran out.
    Expired,
    /// The code is not known (any more): what that means depends on the time.
    Unknown(Code),
    /// The configuration is wrong.
    Refused(Code),
    /// The server is failing for the moment.
    Failing,
}

/// Words, the RFCs' and others' own, and their meanings.
const WORDS: &[(&str, Meaning)] = &[
    ("authorization_pending", Meaning::Pending),
    ("slow_down", Meaning::SlowDown),
    ("rate_limit_exceeded", Meaning::SlowDown),
    ("access_denied", Meaning::Denied),
    ("authorization_declined", Meaning::Denied),
    ("expired_token", Meaning::Expired),
    ("token_expired", Meaning::Expired),
    ("code_expired", Meaning::Expired),
    ("invalid_grant", Meaning::Unknown(Code::InvalidGrant)),
    ("invalid_request", Meaning::Unknown(Code::InvalidRequest)),
    (
        "incorrect_device_code",
        Meaning::Unknown(Code::InvalidGrant),
    ),
    (
        "bad_verification_code",
        Meaning::Unknown(Code::InvalidGrant),
    ),
    ("device_not_found", Meaning::Unknown(Code::InvalidGrant)),
    ("invalid_device_code", Meaning::Unknown(Code::InvalidGrant)),
    ("invalid device code", Meaning::Unknown(Code::InvalidGrant)),
    ("invalid_client", Meaning::Refused(Code::InvalidClient)),
    (
        "incorrect_client_credentials",
        Meaning::Refused(Code::InvalidClient),
    ),
    (
        "unauthorized_client",
        Meaning::Refused(Code::UnauthorizedClient),
    ),
    (
        "unsupported_grant_type",
        Meaning::Refused(Code::UnsupportedGrantType),
    ),
    (
        "device_flow_disabled",
        Meaning::Refused(Code::DeviceFlowDisabled),
    ),
    ("invalid_scope", Meaning::Refused(Code::InvalidScope)),
    ("invalid_target", Meaning::Refused(Code::InvalidTarget)),
    ("server_error", Meaning::Failing),
    ("temporarily_unavailable", Meaning::Failing),
    // Numbers that stand in for words (PROVIDERS.md: Facebook, Tidal).
    ("1349174", Meaning::Pending),
    ("1349172", Meaning::SlowDown),
    ("1349152", Meaning::Expired),
    ("1002", Meaning::Pending),
];

/// The meaning of a word; a dialect may translate it first.
pub(crate) fn meaning(dialect: &Dialect, word: &str) -> Option<Meaning> {
    let word = dialect.errors.get(word).map_or(word, String::as_str);
    let mut known = WORDS.iter();
    known
        .find(|(name, _)| name.eq_ignore_ascii_case(word))
        .map(|(_, meaning)| *meaning)
}

/// The error that an answer speaks of: its word and the server's description.
pub(crate) fn error<'a>(
    dialect: &Dialect,
    status: u16,
    answer: Option<&'a Answer<'_>>,
) -> Option<Said<'a>> {
    let said = answer.and_then(|answer| from_fields(dialect, status, answer));
    said.or_else(|| {
        let word = dialect.statuses.get(&status)?;
        Some(Said {
            word: word.clone().into(),
            description: None,
            uri: None,
        })
    })
}

/// An error as the server put it.
pub(crate) struct Said<'a> {
    pub(crate) word: std::borrow::Cow<'a, str>,
    description: Option<&'a str>,
    uri: Option<&'a str>,
}

impl Said<'_> {
    /// The words, cleaned and bounded, for a person, without what was kept from them.
    pub(crate) fn for_people(&self, secrets: &Secrets) -> ServerError {
        let description = self.description;
        ServerError {
            error: secrets.clean(&self.word, 100),
            error_description: description.map(|text| secrets.clean(text, SHOWN_AT_MOST)),
            // An address with a hole in it leads nowhere.
            error_uri: self
                .uri
                .filter(|uri| address::check(uri, true).is_ok() && !secrets.are_in(uri))
                .map(str::to_owned),
        }
    }
}

fn from_fields<'a>(dialect: &Dialect, status: u16, answer: &'a Answer<'_>) -> Option<Said<'a>> {
    let description = answer.text(&["error_description", "errorDescription", "message", "detail"]);
    let uri = answer.text(&["error_uri"]);
    let said = |word: &'a str, description| Said {
        word: word.into(),
        description,
        uri,
    };
    match answer.get(&["error"]) {
        Some(Field::Text(word)) if !word.trim().is_empty() => {
            return Some(said(word.trim(), description));
        }
        // `{"error": {"message", "code", "error_subcode"}}`
        Some(Field::Object(inner)) => return Some(from_object(dialect, inner)),
        _ => {}
    }
    if status < 400 {
        return None;
    }
    // The word may stand in `message`, or a number in `sub_status`.
    let known = |word: &&str| meaning(dialect, word).is_some();
    if let Some(word) = answer
        .text(&["message", "code", "error_code"])
        .filter(known)
    {
        return Some(said(word, None));
    }
    let number = answer.number(&["sub_status"])?.to_string();
    Some(Said {
        word: number.into(),
        description,
        uri,
    })
}

fn from_object<'a>(dialect: &Dialect, inner: &'a Answer<'_>) -> Said<'a> {
    let description = inner.text(&["message", "error_user_msg"]);
    let number = inner
        .number(&["error_subcode"])
        .or_else(|| inner.number(&["code"]));
    let known = |word: &&str| meaning(dialect, word).is_some();
    let word = match (
        inner.text(&["code", "status", "message"]).filter(known),
        number,
    ) {
        (Some(word), _) => word.into(),
        (None, Some(number)) => number.to_string().into(),
        (None, None) => "error".into(),
    };
    Said {
        word,
        description,
        uri: None,
    }
}
