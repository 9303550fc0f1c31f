//! The tokens that a server issued (RFC 6749 §5.1).

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::error::{Code, Error};
use crate::flow::Now;
use crate::grant::Grant;
use crate::secret::{Secret, exposed, exposed_option};
use crate::text::clean;
use crate::wire::answer::Answer;
use crate::wire::dialect::{self, Dialect, names};

/// A server's issue of tokens. Printed, it shows no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    /// Stands behind `Bearer`.
    #[serde(with = "exposed")]
    pub access_token: Secret,
    /// Always `Bearer`, however the server spells it.
    pub token_type: String,
    /// When it was asked for, in milliseconds since 1970 by this machine's clock.
    pub issued_at_ms: u64,
    /// When the access token ends, in milliseconds since 1970 by this machine's clock; counted
    /// from when it was asked for. None where the server does not say.
    pub expires_at_ms: Option<u64>,
    /// Renews the access token without a person.
    #[serde(with = "exposed_option")]
    pub refresh_token: Option<Secret>,
    /// When the refresh token ends, where the server says so.
    pub refresh_expires_at_ms: Option<u64>,
    /// The ID token of OpenID Connect, unchecked.
    #[serde(with = "exposed_option")]
    pub id_token: Option<Secret>,
    /// Whose they are: the `sub` of who approved, where the ID token that came with them says so
    /// and holds (OpenID Connect Core §3.1.3.7), or the account was looked up because one was
    /// expected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub: Option<String>,
    /// What was granted; what was asked for, where the server does not say (RFC 6749 §5.1).
    pub scopes: Vec<String>,
    /// Who issued them, where that is known.
    pub issuer: Option<String>,
    /// Every other field of the answer, as JSON.
    #[serde(with = "extra_fields")]
    pub extra: BTreeMap<String, Secret>,
}

/// No token is longer; it has to fit into a header.
const LONGEST_TOKEN: usize = 64 * 1024;

impl Tokens {
    /// Reads a token response that was asked for at `sent`.
    pub(crate) fn read(answer: &Answer<'_>, grant: &Arc<Grant>, sent: Now) -> Result<Self, Error> {
        let dialect = &grant.dialect;
        let malformed = |what| {
            Error::new(
                Code::MalformedTokenAnswer,
                format!("the token response {what}"),
            )
        };
        let secret = |common, what| match answer.text(&names(dialect, common)) {
            None => Ok(None),
            Some(text)
                if text.len() <= LONGEST_TOKEN
                    && text.bytes().all(|b| (0x20..0x7F).contains(&b)) =>
            {
                Ok(Some(Secret::new(text)))
            }
            Some(_) => Err(malformed(what)),
        };
        let access_token = secret(
            dialect::ACCESS_TOKEN,
            "has an access token that no header may carry",
        )?
        .ok_or_else(|| malformed("has no access token"))?;
        let ends = |common| {
            let seconds = answer.positive(&names(dialect, common))?;
            Some(sent.wall_ms.saturating_add(seconds.saturating_mul(1000)))
        };
        let scopes = answer
            .list(&names(dialect, dialect::SCOPE))
            .filter(|list| !list.is_empty());
        Ok(Self {
            access_token,
            token_type: token_type(answer, dialect)?,
            issued_at_ms: sent.wall_ms,
            expires_at_ms: ends(dialect::EXPIRES_IN),
            refresh_token: secret(
                dialect::REFRESH_TOKEN,
                "has a refresh token that cannot be used",
            )?,
            refresh_expires_at_ms: ends(dialect::REFRESH_EXPIRES_IN),
            id_token: secret(dialect::ID_TOKEN, "has an ID token that cannot be used")?,
            sub: None,
            scopes: scopes.map_or_else(|| grant.scopes.clone(), |list| clean_scopes(&list)),
            issuer: grant.endpoints.issuer.clone(),
            extra: extra(answer, dialect),
        })
    }

    /// Scopes that were granted and had not been asked for, where anything had been asked for.
    pub fn granted_beyond(&self, asked: &[String]) -> Vec<String> {
        if asked.is_empty() {
            return Vec::new();
        }
        let beyond = self.scopes.iter().filter(|scope| !asked.contains(scope));
        beyond.cloned().collect()
    }
}

fn clean_scopes(scopes: &[String]) -> Vec<String> {
    scopes
        .iter()
        .take(200)
        .map(|scope| clean(scope, 200))
        .collect()
}

fn token_type(answer: &Answer<'_>, dialect: &Dialect) -> Result<String, Error> {
    let said = answer
        .text(&names(dialect, dialect::TOKEN_TYPE))
        .unwrap_or("Bearer");
    if said.eq_ignore_ascii_case("bearer") {
        return Ok("Bearer".to_owned());
    }
    Err(unsupported_type(said))
}

/// RFC 6749 §7.1: a client must not use a token of a type that it does not know.
pub(crate) fn unsupported_type(said: &str) -> Error {
    let message = format!(
        "the server issued a token of type {}",
        crate::text::quote(said)
    );
    Error::new(Code::UnsupportedTokenType, message)
}

fn extra(answer: &Answer<'_>, dialect: &Dialect) -> BTreeMap<String, Secret> {
    let known = [
        dialect::ACCESS_TOKEN,
        dialect::REFRESH_TOKEN,
        dialect::ID_TOKEN,
        dialect::TOKEN_TYPE,
        dialect::EXPIRES_IN,
        dialect::REFRESH_EXPIRES_IN,
        dialect::SCOPE,
    ];
    let is_known = |key: &str| {
        known
            .iter()
            .any(|common| names(dialect, common).contains(&key))
    };
    let others = answer
        .iter()
        .filter(|(key, _)| !is_known(key) && key.len() <= 100);
    let mut kept = BTreeMap::new();
    for (key, value) in others.take(50) {
        let json = serde_json::to_string(value).unwrap_or_default();
        kept.insert(clean(key, 100), Secret::new(json));
    }
    kept
}

mod extra_fields {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serializer};

    use crate::secret::Secret;

    pub(super) fn serialize<S: Serializer>(
        extra: &BTreeMap<String, Secret>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_map(extra.iter().map(|(key, value)| (key, value.expose())))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<BTreeMap<String, Secret>, D::Error> {
        let mut extra = BTreeMap::new();
        for (key, value) in BTreeMap::<String, String>::deserialize(from)? {
            extra.insert(key, Secret::new(value));
        }
        Ok(extra)
    }
}
