//! `devicegrant login`

use std::sync::Arc;

use devicegrant::{Class, Client, Code, Error, Login};
use serde_json::json;

use crate::args::{self, Place, StoreName};
use crate::client::{builder, settle};
use crate::output::{self, Failure};
use crate::show::Show;
use crate::stop::unless_stopped;

/// Signs in, or goes on with a sign-in. One that is interrupted is kept, so that nobody has to
/// approve twice.
pub(crate) async fn run(given: &args::Login, place: &Place, logs: bool) -> Result<u8, Failure> {
    let show = Arc::new(Show::new(&given.look, logs));
    let mut client = builder(given.options()?, place).await?;
    if given.ask.unattended {
        client = client.unattended();
    }
    let client = client.prompter(Arc::clone(&show) as _);
    let client = client.observer(Arc::clone(&show) as _).build()?;
    let work = async {
        if given.resume {
            client.resume().await
        } else if given.paste {
            client.sign_in_by_paste().await
        } else {
            client.sign_in_resumable().await
        }
    };
    let signed_in = unless_stopped(given.timeout, work).await;
    show.end();
    settle(&client).await;
    match signed_in {
        Ok(login) => {
            report(&login, &client, place, given.look.json);
            Ok(0)
        }
        Err(error) => {
            let waits = show.asked() && place.store != StoreName::Memory && is_resumable(&error);
            let failure = Failure::of(error, &client);
            Err(if waits {
                let command = given.ask.which.resume(place);
                failure.hinting(format!(
                    "The sign-in is kept; while its code lives, this goes on with it: {command}"
                ))
            } else {
                failure
            })
        }
    }
}

fn is_resumable(error: &Error) -> bool {
    let stopped = matches!(error.code(), Code::Interrupted | Code::GaveUp);
    stopped || error.class() == Class::TryLater
}

pub(super) fn report(login: &Login, client: &Client, place: &Place, as_json: bool) {
    let (header, tokens) = (&login.record.header, &login.record.tokens);
    let warnings = warnings(login, client, place);
    let expires_at = output::moment(tokens.expires_at_ms);
    let store = client.store().describe();
    if as_json {
        let event = json!({
            "event": "signed_in",
            "profile": header.profile,
            "issuer": header.issuer,
            "scope": tokens.scopes.join(" "),
            "token_type": tokens.token_type,
            "expires_at": expires_at,
            "refresh_expires_at": output::moment(tokens.refresh_expires_at_ms),
            "refreshable": tokens.refresh_token.is_some(),
            "store": store,
            "warnings": warnings,
        });
        output::line(&event.to_string());
        return;
    }
    let target = header.issuer.as_deref().or(header.target.as_deref());
    output::note(&format!("Signed in to {}.", target.unwrap_or("the server")));
    if !tokens.scopes.is_empty() {
        output::note(&format!("It may: {}", tokens.scopes.join(" ")));
    }
    if let Some(at) = expires_at {
        output::note(&format!("The token lives until {at}."));
    }
    output::note(&format!("Kept in {store}"));
    for warning in warnings {
        output::note(&format!("warning: {warning}"));
    }
}

fn warnings(login: &Login, client: &Client, place: &Place) -> Vec<String> {
    let tokens = &login.record.tokens;
    let beyond = tokens.granted_beyond(&login.record.grant.scopes);
    let more = beyond
        .iter()
        .map(|scope| format!("the server granted {scope:?}, which was not asked for"));
    let mut warnings: Vec<_> = more.collect();
    warnings.extend(client.health_of_login(login).warnings);
    if let Some(at) = output::moment(tokens.refresh_expires_at_ms) {
        warnings.push(format!(
            "the refresh token ends at {at}: without a renewal before, somebody has to sign in again"
        ));
    }
    if place.store == StoreName::Memory {
        warnings.push("the login is in this process alone, and gone when it ends".to_owned());
    }
    warnings
}
