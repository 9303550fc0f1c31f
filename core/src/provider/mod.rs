//! Providers as data: endpoints, parameters and names that a preset fills in.

mod builtin;

use serde::Deserialize;

pub use builtin::{builtin, names};

use crate::address;
use crate::error::{Code, Error};
use crate::grant::ClientAuth;
use crate::json;
use crate::text::{clean, quote};
use crate::wire::dialect::Dialect;

/// What `NAME.json` holds. `{argument}` in an address stands for the part behind `NAME/`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Provider {
    /// For people.
    pub title: String,
    /// What stands behind `NAME/`, where anything does.
    pub argument: Option<Argument>,
    /// The issuer, for discovery of what is not given below.
    pub issuer: Option<String>,
    /// The device authorization endpoint.
    pub device_authorization_endpoint: Option<String>,
    /// The token endpoint.
    pub token_endpoint: Option<String>,
    /// The revocation endpoint.
    pub revocation_endpoint: Option<String>,
    /// A public client that everybody may use.
    pub client_id: Option<String>,
    /// How a secret is sent.
    pub client_auth: Option<ClientAuth>,
    /// What is asked for where the caller names nothing.
    pub scopes: Vec<String>,
    /// Whether the server wants PKCE.
    pub pkce: bool,
    /// Parameters that the caller has to give.
    pub required_params: Vec<String>,
    /// How the wire format differs.
    pub dialect: Dialect,
    /// What one has to know, in a sentence.
    pub note: Option<String>,
    /// The start of the address that explains an error's code.
    pub help_base: Option<String>,
}

/// The part behind `NAME/`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Argument {
    /// Its name in capitals, such as `DOMAIN`.
    pub name: String,
    /// What it is where none is given.
    pub default: Option<String>,
}

/// True for what may be a provider's name, and so a file's: lower case, digits, dashes.
pub(crate) fn is_name(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !name.is_empty() && name.len() <= 40 && name.chars().all(fits)
}

impl Provider {
    /// Reads a provider's file. Errors: `malformed_provider`, with the place.
    pub fn parse(name: &str, json: &str) -> Result<Self, Error> {
        json::read(json.as_bytes()).map_err(|error| {
            let message = format!(
                "the provider {} cannot be read: {}",
                quote(name),
                clean(&error.to_string(), 200)
            );
            Error::new(Code::MalformedProvider, message)
        })
    }

    /// Puts the argument into every address.
    pub(crate) fn fill(mut self, name: &str, argument: Option<&str>) -> Result<Self, Error> {
        let wrong = |message| Err(Error::new(Code::ProviderArgument, message));
        let argument = match (&self.argument, argument) {
            (None, Some(_)) => return wrong(format!("the provider {name} takes no argument")),
            (None, None) => return Ok(self),
            (Some(_), Some(given)) => given.to_owned(),
            (
                Some(Argument {
                    default: Some(default),
                    ..
                }),
                None,
            ) => default.clone(),
            (Some(wanted), None) => {
                return wrong(format!("the provider is written {name}/{}", wanted.name));
            }
        };
        let addresses = [
            &mut self.issuer,
            &mut self.device_authorization_endpoint,
            &mut self.token_endpoint,
            &mut self.revocation_endpoint,
        ];
        for address in addresses.into_iter().flatten() {
            *address = address.replace("{argument}", &argument);
            if address::check(address, true).is_err() {
                return wrong(format!(
                    "{} makes no address for the provider {name}",
                    quote(&argument)
                ));
            }
        }
        Ok(self)
    }
}
