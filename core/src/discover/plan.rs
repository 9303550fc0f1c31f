//! The caller's options and a provider's preset, put together into what is known before asking.

use std::sync::Arc;

use super::metadata::Metadata;
use super::resource::Resource;
use crate::account::Expected;
use crate::address;
use crate::error::{Code, Error};
use crate::grant::{Client, ClientAuth, Endpoints, Grant};
use crate::options::{Named, Options};
use crate::provider::{self, Provider};
use crate::step_up::{self, Wider};
use crate::text::quote;

const OFFLINE_ACCESS: &str = "offline_access";

/// What is known without asking the server.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) options: Options,
    pub(super) provider: Provider,
    pub(super) issuer: Option<String>,
    /// The protected resource, where one is named or the issuer may turn out to be one.
    pub(super) server: Option<String>,
    /// Empty where the client is still to be registered.
    client_id: String,
    pub(super) device: Option<Arc<str>>,
    token: Option<Arc<str>>,
    expected: Option<Expected>,
    pub(super) wider: Wider,
}

impl Plan {
    /// With `may_register` a client may be registered where none is given.
    pub(super) fn new(
        options: Options,
        own: Option<&str>,
        may_register: bool,
    ) -> Result<Self, Error> {
        let named = options.named()?;
        let document = options.client_document()?.is_some();
        let may_register = may_register
            && match named {
                Named::Address(_) | Named::Server(_) => true,
                Named::Issuer(_) => document,
                Named::Provider { .. } | Named::Nothing => false,
            };
        let mut server = None;
        let (provider, issuer) = match named {
            Named::Issuer(issuer) => (Provider::default(), Some(issuer)),
            Named::Address(address) => {
                server = Some(address.clone());
                (Provider::default(), Some(address))
            }
            Named::Server(address) => {
                server = Some(address);
                (Provider::default(), None)
            }
            Named::Nothing => (Provider::default(), None),
            Named::Provider { name, argument } => {
                let provider = find(&name, own)?.fill(&name, argument.as_deref())?;
                let issuer = provider.issuer.clone();
                (provider, issuer)
            }
        };
        let endpoint = |given: &Option<String>, preset: &Option<String>| {
            let address = given.as_ref().or(preset.as_ref());
            address.map(|address| checked(address)).transpose()
        };
        let device = endpoint(
            &options.device_endpoint,
            &provider.device_authorization_endpoint,
        )?;
        let token = endpoint(&options.token_endpoint, &provider.token_endpoint)?;
        if issuer.is_none() && server.is_none() {
            reachable_without_issuer(device.as_deref(), token.as_deref())?;
        }
        let client_id = options.client_id.as_ref().or(provider.client_id.as_ref());
        let client_id = client_id.filter(|id| !id.is_empty()).cloned();
        // A secret belongs to an identifier; who has one has both.
        let may_register = may_register && options.client_secret.is_none();
        if client_id.is_none() && !may_register {
            let message = "no client identifier was given";
            return Err(Error::new(Code::NoClientId, message));
        }
        let plan = Self {
            expected: options.expected()?,
            client_id: client_id.unwrap_or_default(),
            provider,
            issuer,
            server,
            device,
            token,
            options,
            wider: Wider::default(),
        };
        for name in &plan.provider.required_params {
            if plan.options.params.get(name).is_none_or(String::is_empty) {
                let message =
                    format!("this provider wants the parameter {name}: --param {name}=VALUE");
                return Err(Error::new(Code::BadOption, message));
            }
        }
        if plan.expects() && plan.issuer.is_none() && plan.server.is_none() {
            let message = "who approved can only be checked where an issuer is known: name it with --issuer in place of a provider or endpoints alone";
            return Err(Error::new(Code::BadOption, message));
        }
        plan.no_parameter_twice()?;
        Ok(plan)
    }

    /// RFC 6749 §3.1: what an option of its own sends may not stand among the parameters too.
    fn no_parameter_twice(&self) -> Result<(), Error> {
        let options = &self.options;
        let pkce = options.pkce.unwrap_or(self.provider.pkce);
        let sent = [
            ("client_id", true),
            ("client_secret", options.client_secret.is_some()),
            ("scope", !self.scopes().is_empty()),
            ("audience", options.audience.is_some()),
            ("resource", options.resource.is_some()),
            ("code_challenge", pkce),
            ("code_challenge_method", pkce),
        ];
        let name = |name| self.provider.dialect.name(name);
        for (own, _) in sent.iter().filter(|(_, sent)| *sent) {
            if let Some(given) = options.params.keys().find(|k| name(k) == name(own)) {
                let message = format!(
                    "the parameter {} would stand twice: another option sends it",
                    quote(given)
                );
                return Err(Error::new(Code::BadOption, message));
            }
        }
        Ok(())
    }

    /// What is asked for besides. Scopes that were given as a parameter become scopes like others,
    /// to which more can be added.
    pub(super) fn widen(&mut self, wider: Wider) {
        if wider.is_wider()
            && let Some(fixed) = self.options.params.remove("scope")
        {
            let words = fixed.split_whitespace();
            self.options.scopes = words.map(str::to_owned).collect();
        }
        self.wider = wider;
    }

    fn scopes(&self) -> &Vec<String> {
        if self.options.scopes.is_empty() {
            &self.provider.scopes
        } else {
            &self.options.scopes
        }
    }

    /// The grant, where both endpoints are known; `found` fills in what nobody gave, `resource` is
    /// what the server says of itself.
    pub(super) fn grant(
        &self,
        found: Option<&Metadata>,
        resource: Option<&Resource>,
    ) -> Option<Grant> {
        let device = self
            .device
            .clone()
            .or_else(|| found?.device_authorization.clone())?;
        let token = self.token.clone().or_else(|| found?.token.clone())?;
        let (auth, may_post_secret) = self.client_auth(found);
        let options = &self.options;
        let offline_listed = found.is_some_and(|f| offline(&f.scopes));
        let listed = found.map_or(&[][..], |f| &f.scopes);
        let scopes = self.asked_scopes(resource, listed);
        let given = |name: &str| options.params.contains_key(name);
        let mut params: Vec<_> = options.params.clone().into_iter().collect();
        if let Some(audience) = &options.audience {
            params.push(("audience".to_owned(), audience.clone()));
        }
        Some(Grant {
            endpoints: Endpoints {
                issuer: found
                    .map(|f| f.issuer.clone())
                    .or_else(|| self.issuer.clone()),
                device_authorization: device,
                token,
                revocation: self
                    .provider
                    .revocation_endpoint
                    .clone()
                    .or_else(|| found?.revocation.clone()),
                introspection: found.and_then(|f| f.introspection.clone()),
                userinfo: found.and_then(|f| f.userinfo.clone()),
                registration: found.and_then(|f| f.registration.clone()),
            },
            client: Client {
                id: self.client_id.clone(),
                secret: options.client_secret.clone(),
                auth,
            },
            may_post_secret,
            takes_client_documents: found.is_some_and(|f| f.client_documents),
            offline_access_unasked: offline_listed && !offline(&scopes),
            stepped_up: self.wider.stepped_up(resource.map(|r| &*r.scopes)),
            in_place_of: self.wider.place.clone(),
            scopes,
            expected: self.expected.clone(),
            resource: options.resource.clone().or_else(|| {
                let found = resource.filter(|_| !given("resource"))?;
                Some(found.name.clone())
            }),
            params,
            pkce: options.pkce.unwrap_or(self.provider.pkce),
            dialect: self.provider.dialect.clone(),
        })
    }

    /// The caller's, else what the resource wants (its challenge comes before its list), with what
    /// was asked for before where it demands more, with
    /// `offline_access` where the server has it: whoever signs in to a resource means to stay.
    /// Where an account is expected, with what makes the server say whose the tokens are.
    fn asked_scopes(&self, resource: Option<&Resource>, listed: &[String]) -> Vec<String> {
        let mut scopes = self.scopes().clone();
        if self.options.params.contains_key("scope") {
            return scopes;
        }
        let wider = &self.wider;
        if scopes.is_empty() && wider.asked.is_empty() {
            let challenged = wider.challenge.as_ref().map(|c| &c.scopes);
            let wanted = resource.map(|r| &r.scopes).or(challenged);
            scopes = wanted.cloned().unwrap_or_default();
        }
        step_up::unite(&mut scopes, &wider.asked);
        step_up::unite(&mut scopes, &wider.stepped_up(resource.map(|r| &*r.scopes)));
        let mut more = Vec::new();
        if resource.is_some() {
            more.push(OFFLINE_ACCESS);
        }
        if let Some(expected) = &self.expected {
            more.push("openid");
            if expected.has_name() {
                let named = if expected.is_email() {
                    "email"
                } else {
                    "profile"
                };
                more.push(named);
            }
        }
        let is_in = |list: &[String], scope: &str| list.iter().any(|one| one == scope);
        more.retain(|scope| is_in(listed, scope) && !is_in(&scopes, scope));
        scopes.extend(more.into_iter().map(str::to_owned));
        scopes
    }

    /// True where it matters who approves.
    pub(super) fn expects(&self) -> bool {
        self.expected.is_some()
    }

    /// True where a client has to be registered before anything can be asked.
    pub(super) fn has_no_client(&self) -> bool {
        self.client_id.is_empty()
    }

    /// How the secret is sent, and whether the body may be tried when the header is refused.
    fn client_auth(&self, found: Option<&Metadata>) -> (ClientAuth, bool) {
        if self.options.client_secret.is_none() {
            return (ClientAuth::None, false);
        }
        if let Some(auth) = self.options.client_auth.or(self.provider.client_auth) {
            return (auth, false);
        }
        match found.and_then(|f| f.auth_methods.as_ref()) {
            // RFC 8414 §2: client_secret_basic where the server does not say.
            None => (ClientAuth::Basic, true),
            Some(methods) => {
                let lists = |name: &str| methods.iter().any(|method| method == name);
                let post = lists("client_secret_post");
                let auth = if post && !lists("client_secret_basic") {
                    ClientAuth::Post
                } else {
                    ClientAuth::Basic
                };
                (auth, post)
            }
        }
    }
}

fn offline(scopes: &[String]) -> bool {
    scopes.iter().any(|scope| scope == OFFLINE_ACCESS)
}

fn reachable_without_issuer(device: Option<&str>, token: Option<&str>) -> Result<(), Error> {
    match (device, token) {
        (Some(_), Some(_)) => Ok(()),
        (None, Some(token)) => Err(no_device_endpoint(token)),
        (Some(_), None) => Err(Error::new(
            Code::NoTarget,
            "the device endpoint alone is not enough: the token endpoint is missing",
        )),
        (None, None) => Err(Error::new(Code::NoTarget, "nothing says where to sign in")),
    }
}

pub(super) fn no_device_endpoint(server: &str) -> Error {
    let message = format!("{server} advertises no device authorization endpoint");
    Error::new(Code::NoDeviceEndpoint, message)
}

fn find(name: &str, own: Option<&str>) -> Result<Provider, Error> {
    if let Some(json) = own.or_else(|| provider::builtin(name)) {
        return Provider::parse(name, json);
    }
    let message = format!(
        "no provider is called {}; there are {}",
        quote(name),
        provider::names().join(", ")
    );
    Err(Error::new(Code::UnknownProvider, message))
}

fn checked(address: &str) -> Result<Arc<str>, Error> {
    if address::check(address, true).is_ok() {
        return Ok(Arc::from(address));
    }
    let message = format!("{} is not an https address", quote(address));
    Err(Error::new(Code::UnsafeEndpoint, message))
}
