//! What a caller asks for, before anything has been looked up.

use std::collections::BTreeMap;

use base32ct::{Base32Unpadded, Encoding};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::account::Expected;
use crate::address;
use crate::error::{Code, Error};
use crate::flow::LoginId;
use crate::grant::ClientAuth;
use crate::json;
use crate::provider;
use crate::secret::{Secret, exposed_option};
use crate::text::{clean, quote};

/// The caller's wishes; every field may be left out, as long as something says where to sign in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// An issuer's address, a protected resource's such as an MCP server's, or a provider as `NAME`
    /// or `NAME/ARGUMENT`. An address is an issuer if metadata found there names exactly it.
    pub target: Option<String>,
    /// An issuer's address (RFC 8414).
    pub issuer: Option<String>,
    /// The address of a protected resource such as an MCP server (RFC 9728).
    pub server: Option<String>,
    /// A provider as `NAME` or `NAME/ARGUMENT`.
    pub provider: Option<String>,
    /// The device authorization endpoint, instead of what would be found.
    pub device_endpoint: Option<String>,
    /// The token endpoint, instead of what would be found.
    pub token_endpoint: Option<String>,
    /// The client identifier.
    pub client_id: Option<String>,
    /// The client secret.
    #[serde(with = "exposed_option")]
    pub client_secret: Option<Secret>,
    /// Where the client's own metadata is published: its identifier at servers that take one.
    pub client_metadata: Option<String>,
    /// How the secret is sent, instead of what the metadata says.
    pub client_auth: Option<ClientAuth>,
    /// The scopes to ask for.
    pub scopes: Vec<String>,
    /// The `audience` parameter.
    pub audience: Option<String>,
    /// The `resource` parameter (RFC 8707).
    pub resource: Option<String>,
    /// Any other parameters of the device authorization request.
    pub params: BTreeMap<String, String>,
    /// Whether a PKCE challenge goes along; the provider decides where this is none.
    pub pkce: Option<bool>,
    /// The `sub` of the account that has to approve (OpenID Connect Core §2), exactly.
    pub expected_sub: Option<String>,
    /// The account that has to approve, as a person knows it: a verified `email`, a
    /// `preferred_username`, or the `sub`. Where a program serves several people, expect the `sub`:
    /// nothing else is a server bound to give to one person only (OpenID Connect Core §5.7).
    pub expected_account: Option<String>,
    /// A name for the login.
    pub profile: Option<String>,
    /// The start of the address that explains an error's code, before the provider's.
    pub help_base: Option<String>,
}

/// Where the caller wants to sign in, as far as their words go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    /// An issuer, or else a protected resource.
    Address(String),
    Issuer(String),
    /// A protected resource.
    Server(String),
    Provider {
        name: String,
        argument: Option<String>,
    },
    /// Only endpoints.
    Nothing,
}

impl Options {
    /// Reads wishes that a host has as JSON. Errors: `bad_option`, with the place.
    pub fn parse(json: &str) -> Result<Self, Error> {
        json::read(json.as_bytes()).map_err(|why| {
            let message = format!(
                "the options cannot be read: {}",
                clean(&why.to_string(), 500)
            );
            Error::new(Code::BadOption, message)
        })
    }

    /// The name of the provider that is asked for, so that the host can look for a `NAME.json` of
    /// the user's own. None where no provider is meant. The name is safe as a file's name.
    pub fn provider_name(&self) -> Option<String> {
        let word = self.provider.as_deref().or(self.target.as_deref())?;
        let name = word.split('/').next().unwrap_or_default();
        let meant = self.provider.is_some() || !looks_like_address(word);
        (meant && provider::is_name(name)).then(|| name.to_owned())
    }

    pub(crate) fn named(&self) -> Result<Named, Error> {
        let several = [&self.target, &self.issuer, &self.server, &self.provider]
            .iter()
            .filter(|o| o.is_some())
            .count();
        if several > 1 {
            let message = "a target, an issuer, a server and a provider cannot stand together";
            return Err(Error::new(Code::BadOption, message));
        }
        if let Some(issuer) = &self.issuer {
            return Ok(Named::Issuer(checked(issuer)?));
        }
        if let Some(server) = &self.server {
            return Ok(Named::Server(checked(server)?));
        }
        match (&self.provider, &self.target) {
            (Some(word), _) => provider_word(word),
            (None, Some(word)) if !looks_like_address(word) => provider_word(word),
            (None, Some(address)) if address.contains("://") => {
                Ok(Named::Address(checked(address)?))
            }
            (None, Some(host)) => Ok(Named::Address(checked(&format!("https://{host}"))?)),
            (None, None) => Ok(Named::Nothing),
        }
    }

    /// What the caller named, in the form that identifies the login.
    pub(crate) fn target_name(&self) -> Result<Option<String>, Error> {
        Ok(match self.named()? {
            Named::Address(address) | Named::Issuer(address) | Named::Server(address) => {
                Some(normal(&address))
            }
            Named::Provider {
                name,
                argument: None,
            } => Some(name),
            Named::Provider {
                name,
                argument: Some(argument),
            } => Some(format!("{name}/{argument}")),
            Named::Nothing => self.device_endpoint.as_deref().map(normal),
        })
    }

    /// Which login this is (DESIGN §3, "Which login?"): by its profile where there is one, else by
    /// target, client and resource, and the account that is expected. None where nothing is named.
    pub fn login_id(&self) -> Result<Option<LoginId>, Error> {
        let or_empty = |text: &Option<String>| text.clone().unwrap_or_default();
        let fields = match (&self.profile, self.target_name()?) {
            (Some(profile), _) => vec![profile.clone()],
            (None, Some(target)) => {
                let mut fields = vec![target, or_empty(&self.client_id), or_empty(&self.resource)];
                // Each account has a place of its own, also while its sign-in waits.
                if let Some(expected) = self.expected()? {
                    fields.extend([or_empty(&expected.sub), or_empty(&expected.account)]);
                }
                fields
            }
            (None, None) => return Ok(None),
        };
        let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
        Ok(Some(folder(&fields)))
    }

    /// Who has to approve, where that was said.
    ///
    /// Errors: `bad_option` for an empty name, which is a mistake and must not mean anybody.
    pub(crate) fn expected(&self) -> Result<Option<Expected>, Error> {
        let given = [&self.expected_sub, &self.expected_account];
        if given
            .into_iter()
            .flatten()
            .any(|name| name.trim().is_empty())
        {
            let message = "the account that is expected is named by an empty text";
            return Err(Error::new(Code::BadOption, message));
        }
        let expected = Expected {
            sub: self.expected_sub.clone(),
            account: self.expected_account.clone(),
        };
        Ok((expected != Expected::default()).then_some(expected))
    }

    /// Where a sign-in to this login waits for its person.
    pub(crate) fn pending_id(&self) -> Result<Option<LoginId>, Error> {
        let login = self.login_id()?;
        Ok(login.map(|login| folder(&["pending", "", "", &login.0])))
    }

    /// The address of the client's own metadata, where it is one that a server can fetch.
    pub(crate) fn client_document(&self) -> Result<Option<&str>, Error> {
        let Some(document) = self.client_metadata.as_deref() else {
            return Ok(None);
        };
        let path = address::origin_and_path(document).map_or(String::new(), |(_, path)| path);
        if address::check(document, true).is_ok() && path.len() > 1 {
            return Ok(Some(document));
        }
        let message = format!(
            "{} is not an https address with a path, as a client's metadata needs",
            quote(document)
        );
        Err(Error::new(Code::BadOption, message))
    }
}

/// Where the client that was registered at an issuer is kept.
pub(crate) fn client_folder(issuer: &str) -> LoginId {
    folder(&["client", "", "", &normal(issuer)])
}

/// 26 characters of base32 of the SHA-256: the same on every machine, and safe as a file's name.
fn folder(fields: &[&str]) -> LoginId {
    let digest = Sha256::digest(serde_json::to_vec(fields).unwrap_or_default());
    let name = Base32Unpadded::encode_string(&digest[..16]);
    LoginId(name.into())
}

pub(crate) fn normal(address: &str) -> String {
    address::normal(address).unwrap_or_else(|_| address.to_owned())
}

fn looks_like_address(word: &str) -> bool {
    let first = word.split('/').next().unwrap_or_default();
    first.contains(['.', ':']) || first.eq_ignore_ascii_case("localhost")
}

fn provider_word(word: &str) -> Result<Named, Error> {
    let (name, argument) = match word.split_once('/') {
        Some((name, argument)) => (name, Some(argument.to_owned()).filter(|a| !a.is_empty())),
        None => (word, None),
    };
    if provider::is_name(name) {
        return Ok(Named::Provider {
            name: name.to_owned(),
            argument,
        });
    }
    let message = format!(
        "{} is neither an address nor a provider's name",
        quote(word)
    );
    Err(Error::new(Code::UnknownProvider, message))
}

fn checked(address: &str) -> Result<String, Error> {
    if address::check(address, true).is_ok() {
        return Ok(address.to_owned());
    }
    let message = format!("{} is not an https address", quote(address));
    Err(Error::new(Code::UnsafeEndpoint, message))
}
