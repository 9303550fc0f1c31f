//! What is kept of a login: absolute times, the issuer and the endpoints, so that a restart needs
//! no discovery (DESIGN §5).

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::sealed::{self, Kind, Plain, Sealed};
use crate::account::Expected;
use crate::device::Pending;
use crate::error::{Code, Error};
use crate::flow::{LoginId, Now, Revision};
use crate::grant::Grant;
use crate::json;
use crate::options::{Options, normal};
use crate::seal::Key;
use crate::secret::SecretBytes;
use crate::text::{clean, quote};
use crate::tokens::Tokens;
use crate::wire::answer::Answer;

/// What a login is found by. There is no secret in it, and it is kept in the clear.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Header {
    /// The name that the caller gave it.
    pub profile: Option<String>,
    /// What the caller named, normalised: an issuer's address, a provider, a device endpoint.
    pub target: Option<String>,
    /// Who issued the tokens.
    pub issuer: Option<String>,
    /// The client identifier.
    pub client_id: String,
    /// The resource indicator (RFC 8707).
    pub resource: Option<String>,
    /// Whose login it is, by its `sub`, where the server said so; of a sign-in that waits, whose it
    /// has to become.
    pub account: Option<String>,
    /// The account that was expected, and checked before this was kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<Expected>,
    /// What was granted at the sign-in.
    pub scopes: Vec<String>,
    /// What was asked for at the sign-in.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub asked: Vec<String>,
    /// Of that, what the resource had demanded beyond what was first asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stepped_up: Vec<String>,
    /// When a person signed in, in milliseconds since 1970.
    pub signed_in_at_ms: u64,
    /// A random name for this very sign-in, which every renewal of it keeps: whoever wrote it knows
    /// it again.
    pub sign_in: String,
    /// Why there are no tokens any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<Ended>,
}

/// How the server ended a login.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ended {
    /// When, in milliseconds since 1970.
    pub at_ms: u64,
    /// What happened, in the words of the error that was told then.
    pub message: String,
}

/// A login as it is kept. Printed, it shows no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// What it is found by.
    pub header: Header,
    /// With whom and how the tokens are renewed.
    pub grant: Arc<Grant>,
    /// What the server issued.
    pub tokens: Tokens,
}

#[derive(Serialize, Deserialize)]
struct Body {
    grant: Arc<Grant>,
    tokens: Tokens,
}

impl Header {
    /// The header of a sign-in that `options` asked for.
    ///
    /// Errors: those of options that name no one place, which discovery would have met first.
    pub(super) fn new(options: &Options, grant: &Grant, now: Now) -> Result<Self, Error> {
        let expected = grant.expected.clone();
        let (profile, target) = match &grant.in_place_of {
            Some(place) => (place.profile.clone(), place.target.clone()),
            None => (options.profile.clone(), options.target_name()?),
        };
        Ok(Self {
            account: expected.as_ref().and_then(|expected| expected.sub.clone()),
            expected,
            profile,
            target,
            asked: grant.scopes.clone(),
            stepped_up: grant.stepped_up.clone(),
            issuer: grant.endpoints.issuer.as_deref().map(normal),
            client_id: grant.client.id.clone(),
            resource: grant.resource.clone(),
            signed_in_at_ms: now.wall_ms,
            ..Self::default()
        })
    }
}

impl Header {
    /// How a person names this login, and no other, behind a command; safe to print.
    pub fn name(&self) -> String {
        if let Some(profile) = &self.profile {
            return clean(&format!("--profile {profile}"), 500);
        }
        let target = self.target.as_deref().or(self.issuer.as_deref());
        let mut name = format!(
            "{} --client-id {}",
            target.unwrap_or_default(),
            self.client_id
        );
        if let Some(resource) = &self.resource {
            name.push_str(" --resource ");
            name.push_str(resource);
        }
        // Another account's login may stand at the same place.
        for (flag, value) in self.expected.iter().flat_map(Expected::flags) {
            let value = shlex::try_quote(value).unwrap_or_default();
            name.extend([" ", flag, " ", &*value]);
        }
        clean(&name, 500)
    }
}

impl Record {
    /// The record of a sign-in that `options` asked for, and that ended at `now`.
    ///
    /// Errors: those of options that name no one place, which discovery would have met first;
    /// `wrong_account` for a sign-in that was begun for another account than these options expect,
    /// or for whatever account.
    pub fn new(
        options: &Options,
        grant: Arc<Grant>,
        tokens: Tokens,
        now: Now,
    ) -> Result<Self, Error> {
        let header = Header::new(options, &grant, now)?;
        let record = Self::signed_in(header, grant, tokens);
        match options.expected()? {
            Some(expected) if !expected.fits(&record.header) => {
                let message = format!(
                    "the account {} is expected here, and the sign-in was not begun for it",
                    expected.describe()
                );
                Err(Error::new(Code::WrongAccount, message))
            }
            _ => Ok(record),
        }
    }

    /// The same of a sign-in that another library made: `answer` is its token response (RFC 6749
    /// §5.1), and `issuer` who gave it, where that library knows.
    ///
    /// Errors: those of [`new`](Self::new), and `malformed_token_answer`; `wrong_account` where an
    /// account is expected, because whose tokens these are was not checked; `issuer_mismatch` where
    /// another issuer gave them than the grant's, which is to see none of them.
    pub fn of_answer(
        options: &Options,
        grant: Arc<Grant>,
        issuer: Option<&str>,
        answer: &SecretBytes,
        now: Now,
    ) -> Result<Self, Error> {
        if let Some(expected) = options.expected()? {
            let message = format!(
                "the account {} is expected here, and whose sign-in another library made is not known",
                expected.describe()
            );
            return Err(Error::new(Code::WrongAccount, message));
        }
        if let (Some(given), Some(own)) = (issuer, grant.endpoints.issuer.as_deref())
            && given != own
        {
            let message = format!(
                "the sign-in was made at {}, and the grant is for {own}",
                quote(given)
            );
            return Err(Error::new(Code::IssuerMismatch, message));
        }
        let none = || {
            let message = "the token response is no JSON object";
            Error::new(Code::MalformedTokenAnswer, message)
        };
        let answer = Answer::parse(answer.expose()).ok_or_else(none)?;
        let tokens = Tokens::read(&answer, &grant, now)?;
        Self::new(options, grant, tokens, now)
    }

    pub(super) fn signed_in(mut header: Header, grant: Arc<Grant>, tokens: Tokens) -> Self {
        header.scopes.clone_from(&tokens.scopes);
        header.account.clone_from(&tokens.sub);
        Self {
            header,
            grant,
            tokens,
        }
    }

    /// Seals the record as revision `revision` of `id`. `entropy` is 32 bytes never used before.
    ///
    /// Errors: `store_unwritable` for a login larger than any store has to keep.
    pub(crate) fn seal(
        &self,
        key: &Key,
        entropy: &[u8; 32],
        id: &LoginId,
        revision: Revision,
    ) -> Result<SecretBytes, Error> {
        let mut body = Body {
            grant: Arc::clone(&self.grant),
            tokens: self.tokens.clone(),
        };
        if written(&body)?.len() > sealed::LARGEST * 3 / 4 {
            // What nobody needs for renewing must not be why a login cannot be kept.
            body.tokens.extra.clear();
            body.tokens.id_token = None;
        }
        let plain = Plain {
            kind: Kind::Login,
            header: &self.header,
            body: written(&body)?,
        };
        sealed::write(&plain, key, entropy, id, revision)
    }
}

fn written(value: &impl Serialize) -> Result<SecretBytes, Error> {
    serde_json::to_vec(value)
        .map(SecretBytes::new)
        .map_err(|_| Error::new(Code::SealBroken, "the login could not be written"))
}

/// The record that says how a login ended.
pub(crate) fn seal_ended(
    header: &Header,
    key: &Key,
    id: &LoginId,
    revision: Revision,
) -> Result<SecretBytes, Error> {
    let plain = Plain {
        kind: Kind::Ended,
        header,
        body: SecretBytes::default(),
    };
    sealed::write(&plain, key, &[0; 32], id, revision)
}

/// A sign-in that waits for its person, as it is kept.
#[derive(Clone, Debug)]
pub(super) struct KeptPending {
    pub(super) header: Header,
    /// Where the login goes once it is there.
    pub(super) login: LoginId,
    pub(super) pending: Pending,
}

#[derive(Serialize, Deserialize)]
struct PendingBody {
    login: Box<str>,
    pending: Pending,
}

impl KeptPending {
    pub(super) fn seal(
        &self,
        key: &Key,
        entropy: &[u8; 32],
        id: &LoginId,
        revision: Revision,
    ) -> Result<SecretBytes, Error> {
        let body = PendingBody {
            login: self.login.0.clone(),
            pending: self.pending.clone(),
        };
        let plain = Plain {
            kind: Kind::Pending,
            header: &self.header,
            body: written(&body)?,
        };
        sealed::write(&plain, key, entropy, id, revision)
    }
}

fn other_version() -> Error {
    let message = "the kept login was written by another version";
    Error::new(Code::RecordUnreadable, message)
}

impl Sealed {
    /// Errors: `seal_broken`; `record_unreadable`; `login_ended` for a login that the server ended.
    pub(crate) fn login(
        &self,
        key: &Key,
        id: &LoginId,
        revision: Revision,
    ) -> Result<Record, Error> {
        if let Some(error) = self.ended() {
            return Err(error);
        }
        let plain = self.open(key, id, revision)?;
        let body: Body = json::read(plain.expose()).map_err(|_| other_version())?;
        Ok(Record {
            header: self.header.clone(),
            grant: body.grant,
            tokens: body.tokens,
        })
    }

    pub(super) fn pending(
        &self,
        key: &Key,
        id: &LoginId,
        revision: Revision,
    ) -> Result<KeptPending, Error> {
        let plain = self.open(key, id, revision)?;
        let body: PendingBody = json::read(plain.expose()).map_err(|_| other_version())?;
        Ok(KeptPending {
            header: self.header.clone(),
            login: LoginId(body.login),
            pending: body.pending,
        })
    }

    /// The error that tells how the server ended this login, where it did.
    pub(crate) fn ended(&self) -> Option<Error> {
        let ended = self.header.ended.as_ref()?;
        Some(Error::new(Code::LoginEnded, ended.message.clone()))
    }
}
