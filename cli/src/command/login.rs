//! `devicegrant login`

use std::path::{Path, PathBuf};
use std::sync::Arc;

use devicegrant::{Client, ClientBuilder, Code, Error, Http, Login, Options, Store};
use serde_json::json;

use crate::args;
use crate::log::Logged;
use crate::output;
use crate::show::Show;
use crate::stop::unless_stopped;

pub(crate) async fn run(given: &args::Login, home: Option<PathBuf>, logs: bool) -> u8 {
    let client = match build(given, home) {
        Ok(client) => client,
        Err(error) => return output::fail(&error, None, given.look.json),
    };
    let show = Arc::new(Show::new(&given.look, logs));
    let client = client.prompter(Arc::clone(&show) as _);
    let client = client.observer(Arc::clone(&show) as _).build();
    let signed_in = match &client {
        Ok(client) => unless_stopped(given.timeout, client.sign_in()).await,
        Err(error) => Err(error.clone()),
    };
    show.end();
    let base = client.as_ref().ok().and_then(Client::help_base);
    match (signed_in, client) {
        (Ok(login), Ok(client)) => {
            report(&login, client.store(), given.look.json);
            0
        }
        (Err(error), _) | (_, Err(error)) => output::fail(&error, base.as_deref(), given.look.json),
    }
}

fn build(given: &args::Login, home: Option<PathBuf>) -> Result<ClientBuilder, Error> {
    let roots = given.ca.as_deref().map(roots).transpose()?;
    builder(given.options()?, home, &roots.unwrap_or_default())
}

fn roots(file: &Path) -> Result<Vec<u8>, Error> {
    let unfit = |why: &dyn std::fmt::Display| {
        let message = format!("--ca {} cannot be used: {why}", file.display());
        Error::new(Code::BadOption, message)
    };
    let roots = std::fs::read(file).map_err(|why| unfit(&why))?;
    // To the transport, no bytes are no wish for other roots; here a file was named.
    if roots.is_empty() {
        return Err(unfit(&"it is empty"));
    }
    Ok(roots)
}

/// A client whose requests are logged, where anybody wants that.
pub(super) fn builder(
    options: Options,
    home: Option<PathBuf>,
    roots: &[u8],
) -> Result<ClientBuilder, Error> {
    let transport = Arc::new(Logged(Http::new(roots)?));
    let mut builder = Client::with(options).transport(transport);
    if let Some(home) = home {
        builder = builder.home(home);
    }
    Ok(builder)
}

pub(super) fn report(login: &Login, store: &dyn Store, as_json: bool) {
    let (header, tokens) = (&login.record.header, &login.record.tokens);
    let warnings = warnings(login);
    let expires_at = tokens.expires_at_ms.and_then(output::rfc3339);
    if as_json {
        let event = json!({
            "event": "signed_in",
            "profile": header.profile,
            "issuer": header.issuer,
            "scope": tokens.scopes.join(" "),
            "token_type": tokens.token_type,
            "expires_at": expires_at,
            "refreshable": tokens.refresh_token.is_some(),
            "store": store.describe(),
            "warnings": warnings,
        });
        output::line(&event.to_string());
        return;
    }
    let place = header.issuer.as_deref().or(header.target.as_deref());
    output::note(&format!("Signed in to {}.", place.unwrap_or("the server")));
    if !tokens.scopes.is_empty() {
        output::note(&format!("It may: {}", tokens.scopes.join(" ")));
    }
    if let Some(at) = expires_at {
        output::note(&format!("The token lives until {at}."));
    }
    output::note(&format!("Kept in {}", store.describe()));
    for warning in warnings {
        output::note(&format!("warning: {warning}"));
    }
}

fn warnings(login: &Login) -> Vec<String> {
    let beyond = login
        .record
        .tokens
        .granted_beyond(&login.record.grant.scopes);
    let more = beyond
        .iter()
        .map(|scope| format!("the server granted {scope:?}, which was not asked for"));
    more.collect()
}
