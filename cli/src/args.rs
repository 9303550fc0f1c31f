//! What can be written behind `devicegrant`. Scripts rely on every name in here.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use devicegrant::{ClientAuth, Code, Error, Options, Secret};

/// Sign-in for programs that have no browser: approve on a phone, keep the token here.
#[derive(Debug, Parser)]
#[command(name = "devicegrant", version, arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Keep logins here instead of in `DEVICEGRANT_HOME` or the platform's folder
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) home: Option<PathBuf>,
    /// Log requests, secrets redacted; twice: their parameters' names too
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Sign in: shows an address and a code, waits for the approval, keeps the tokens
    Login(Box<Login>),
    /// Print the access token of a login
    Token(Token),
    /// Say what an error's code means and what to do about it
    Explain(Explain),
    /// List the providers that have a name
    Providers(Providers),
    /// Sign in against a small server inside this program, and watch each step
    Demo(Demo),
}

/// Which login, or where.
#[derive(Debug, Args)]
pub(crate) struct Which {
    /// An issuer's address, or a provider as NAME or NAME/ARGUMENT
    pub(crate) target: Option<String>,
    /// The issuer's address (RFC 8414)
    #[arg(long, value_name = "URL", conflicts_with = "target")]
    issuer: Option<String>,
    /// A provider as NAME or NAME/ARGUMENT; see `devicegrant providers`
    #[arg(long, value_name = "NAME", conflicts_with_all = ["target", "issuer"])]
    provider: Option<String>,
    /// The client identifier
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
    /// The resource that the token is for (RFC 8707)
    #[arg(long, value_name = "URI")]
    resource: Option<String>,
    /// The login's name
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// The device authorization endpoint, where the server does not advertise it
    #[arg(long, value_name = "URL")]
    device_endpoint: Option<String>,
    /// The token endpoint, where the server does not advertise it
    #[arg(long, value_name = "URL")]
    token_endpoint: Option<String>,
}

#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools, reason = "independent switches")]
pub(crate) struct Login {
    #[command(flatten)]
    pub(crate) which: Which,
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
    /// Another parameter of the device authorization request; may be repeated
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = pair)]
    params: Vec<(String, String)>,
    /// Send a PKCE challenge (RFC 7636)
    #[arg(long)]
    pkce: bool,
    /// Trust the root certificates in this PEM file too
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    /// Give up after this time: seconds, or such as 90s, 5m
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) timeout: Option<Duration>,
    #[command(flatten)]
    pub(crate) look: Look,
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

#[derive(Debug, Args)]
pub(crate) struct Token {
    #[command(flatten)]
    pub(crate) which: Which,
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The code; without one, all of them
    pub(crate) code: Option<String>,
    /// As JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Providers {
    /// As JSON
    #[arg(long)]
    pub(crate) json: bool,
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

impl Which {
    pub(crate) fn options(&self) -> Options {
        Options {
            target: self.target.clone(),
            issuer: self.issuer.clone(),
            provider: self.provider.clone(),
            client_id: self.client_id.clone(),
            resource: self.resource.clone(),
            profile: self.profile.clone(),
            device_endpoint: self.device_endpoint.clone(),
            token_endpoint: self.token_endpoint.clone(),
            ..Options::default()
        }
    }
}

impl Login {
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

fn time(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().map(Duration::from_secs).ok();
    seconds
        .or_else(|| humantime::parse_duration(text).ok())
        .filter(|time| !time.is_zero())
        .ok_or_else(|| "write it as seconds, or as in 90s, 5m, 1h".to_owned())
}
