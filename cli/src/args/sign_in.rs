//! The arguments of a sign-in, and how a person is asked.

use std::collections::BTreeMap;
use std::time::Duration;

use clap::Args;
use devicegrant::{ClientAuth, Code, Error, Options, Secret};

use super::{Which, time};

#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools, reason = "independent switches")]
pub(crate) struct Login {
    #[command(flatten)]
    pub(crate) ask: Ask,
    /// Go on with a sign-in that was interrupted
    #[arg(long)]
    pub(crate) resume: bool,
    /// Sign in by a pasted address, at a server that has no device endpoint
    #[arg(long, conflicts_with_all = ["resume", "open", "device_endpoint"])]
    pub(crate) paste: bool,
    /// With --paste: where the browser is sent in the end, as the client is registered with
    #[arg(long, value_name = "URI", requires = "paste")]
    redirect_uri: Option<String>,
    /// Give up after this time: seconds, or such as 90s, 5m
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) timeout: Option<Duration>,
    #[command(flatten)]
    pub(crate) look: Look,
}

/// What is asked of the server, and of the key.
#[derive(Debug, Args)]
pub(crate) struct Ask {
    #[command(flatten)]
    pub(crate) which: Which,
    /// Refuse a key that a service, which has no desktop session, cannot reach
    #[arg(long)]
    pub(crate) unattended: bool,
    /// Where the client's own metadata is published: its identifier, where the server takes one
    #[arg(long, value_name = "URL", conflicts_with = "client_id")]
    client_metadata: Option<String>,
    /// The environment variable that holds the client secret
    #[arg(long, value_name = "VAR")]
    client_secret_env: Option<String>,
    /// How the secret is sent: `client_secret_basic` or `client_secret_post`
    #[arg(long, value_name = "METHOD", value_parser = auth, requires = "client_secret_env")]
    client_auth: Option<ClientAuth>,
    /// A scope to ask for; may be repeated
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    /// The audience parameter
    #[arg(long, value_name = "AUDIENCE")]
    audience: Option<String>,
    /// Another parameter of the request that the sign-in begins with; may be repeated
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = pair)]
    params: Vec<(String, String)>,
    /// Send a PKCE challenge (RFC 7636)
    #[arg(long)]
    pkce: bool,
}

/// How a person is asked.
#[derive(Clone, Debug, Default, Args)]
#[allow(clippy::struct_excessive_bools, reason = "independent switches")]
pub(crate) struct Look {
    /// Draw no QR code
    #[arg(long)]
    pub(crate) no_qr: bool,
    /// Plain lines that are never redrawn, as for a screen reader
    #[arg(long)]
    pub(crate) plain: bool,
    /// Spell the code, to be read aloud
    #[arg(long)]
    pub(crate) spoken: bool,
    /// Open the address in this machine's browser
    #[arg(long)]
    pub(crate) open: bool,
    /// One JSON object per line on stdout
    #[arg(long)]
    pub(crate) json: bool,
}

#[cfg(feature = "mcp")]
#[derive(Debug, Args)]
pub(crate) struct Mcp {
    #[command(flatten)]
    pub(crate) ask: Ask,
    /// Only print, as JSON, what to write into the configuration of the common clients
    #[arg(long)]
    pub(crate) print_config: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Only serve, on this port of 127.0.0.1 (0: any), and print the issuer as JSON
    #[arg(long, value_name = "PORT")]
    pub(crate) serve: Option<u16>,
    /// How the server behaves, as JSON or as the name of a file that holds it
    #[arg(long, value_name = "SCRIPT")]
    pub(crate) script: Option<String>,
    #[command(flatten)]
    pub(crate) look: Look,
}

impl Login {
    pub(crate) fn options(&self) -> Result<Options, Error> {
        Ok(Options {
            redirect_uri: self.redirect_uri.clone(),
            ..self.ask.options()?
        })
    }
}

impl Ask {
    pub(crate) fn options(&self) -> Result<Options, Error> {
        let mut params = BTreeMap::new();
        for (name, value) in &self.params {
            if params.insert(name.clone(), value.clone()).is_some() {
                let message = format!("--param {name} is given twice");
                return Err(Error::new(Code::BadOption, message));
            }
        }
        Ok(Options {
            client_secret: self.client_secret_env.as_deref().map(secret).transpose()?,
            client_auth: self.client_auth,
            client_metadata: self.client_metadata.clone(),
            scopes: self.scopes.clone(),
            audience: self.audience.clone(),
            params,
            pkce: self.pkce.then_some(true),
            ..self.which.options()
        })
    }
}

/// The secret comes by the environment: arguments can be read by every user of the machine.
fn secret(variable: &str) -> Result<Secret, Error> {
    match std::env::var(variable) {
        Ok(text) if !text.is_empty() => Ok(Secret::new(text)),
        _ => {
            let message = format!("the environment variable {variable} holds no client secret");
            Err(Error::new(Code::BadOption, message))
        }
    }
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write it as NAME=VALUE".to_owned()),
    }
}

fn auth(text: &str) -> Result<ClientAuth, String> {
    match text {
        "client_secret_basic" | "basic" => Ok(ClientAuth::Basic),
        "client_secret_post" | "post" => Ok(ClientAuth::Post),
        _ => Err("write client_secret_basic or client_secret_post".to_owned()),
    }
}
