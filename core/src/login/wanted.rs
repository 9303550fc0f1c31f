//! Which login a caller means: every field they gave is matched against the records' headers
//! (DESIGN §3, "Which login?").

use super::record::Header;
use crate::account::Expected;
use crate::error::Error;
use crate::options::{Named, Options, normal};

/// The fields that were given.
#[derive(Debug)]
pub(crate) struct Wanted {
    profile: Option<String>,
    place: Place,
    client_id: Option<String>,
    resource: Option<String>,
    expected: Option<Expected>,
}

#[derive(Debug)]
enum Place {
    Any,
    /// An address: what was named at the sign-in, the issuer that was found there, or the
    /// resource that the token is for.
    Address(String),
    /// A provider, with its argument where one was given.
    Provider(String),
}

impl Wanted {
    pub(crate) fn new(options: &Options) -> Result<Self, Error> {
        let place = match (options.named()?, options.target_name()?) {
            (_, None) => Place::Any,
            (Named::Provider { .. }, Some(name)) => Place::Provider(name),
            (_, Some(address)) => Place::Address(address),
        };
        Ok(Self {
            profile: options.profile.clone(),
            place,
            client_id: options.client_id.clone(),
            resource: options.resource.clone(),
            expected: options.expected()?,
        })
    }

    pub(crate) fn fits(&self, header: &Header) -> bool {
        let given_is = |given: &Option<String>, kept: Option<&str>| {
            given.as_deref().is_none_or(|given| kept == Some(given))
        };
        let place_fits = match &self.place {
            Place::Any => true,
            Place::Address(address) => [&header.target, &header.issuer, &header.resource]
                .into_iter()
                .flatten()
                .any(|kept| normal(kept) == *address),
            Place::Provider(name) => header.target.as_ref().is_some_and(|kept| {
                let rest = kept.strip_prefix(name.as_str());
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            }),
        };
        place_fits
            && given_is(&self.profile, header.profile.as_deref())
            && given_is(&self.client_id, Some(&header.client_id))
            && given_is(&self.resource, header.resource.as_deref())
            && self.expected.as_ref().is_none_or(|e| e.fits(header))
    }

    /// For a message: what was asked for.
    pub(super) fn describe(&self) -> String {
        let mut words = Vec::new();
        if let Some(profile) = &self.profile {
            words.push(format!("the profile {profile}"));
        }
        match &self.place {
            Place::Any => {}
            Place::Address(name) | Place::Provider(name) => words.push(name.clone()),
        }
        if let Some(client) = &self.client_id {
            words.push(format!("the client {client}"));
        }
        if let Some(resource) = &self.resource {
            words.push(format!("the resource {resource}"));
        }
        if let Some(expected) = &self.expected {
            words.push(format!("the account {}", expected.describe()));
        }
        words.join(", ")
    }
}
