//! `devicegrant status`

use devicegrant::key::{self, Source};
use devicegrant::{Client, Code, Error, Found, Header, Health, HealthState, Home, Kind};
use serde_json::json;

use crate::args::{self, Place, StoreName};
use crate::client::{quiet, work};
use crate::output::{self, Failure, joined, line, moment, whose};

/// Says how the logins are doing and how they are kept. No server is asked, and without the key
/// the clear part of each login still is told.
pub(crate) async fn run(given: &args::Status, place: &Place) -> Result<u8, Failure> {
    let client = quiet(given.which.options(), place).await?;
    if given.which.is_any() {
        let found = work(&client, client.look_even_ended()).await?;
        let health = client.health_of(std::slice::from_ref(&found)).await;
        let Some(health) = health.first() else {
            return Ok(0);
        };
        login(&found.sealed.header, health, given.json);
        return Ok(match health.state {
            HealthState::Fresh | HealthState::Expiring => 0,
            // A token that expired with nothing to renew it is no error of the store.
            _ => Error::new(health.code.unwrap_or(Code::TokenExpired), "").exit(),
        });
    }
    let all = work(&client, client.all()).await?;
    kept(&client, place, given.json).await?;
    let (mut logins, mut waiting, mut unread) = (Vec::<Found>::new(), Vec::new(), Vec::new());
    for (_, found) in all {
        match found {
            Ok(found) if found.sealed.kind == Kind::Pending => waiting.push(found),
            Ok(found) => logins.push(found),
            Err(error) => unread.push(error),
        }
    }
    let healths = client.health_of(&logins).await;
    for (found, health) in logins.iter().zip(&healths) {
        login(&found.sealed.header, health, given.json);
    }
    for found in &waiting {
        pending(&found.sealed.header, given.json);
    }
    if logins.is_empty() && waiting.is_empty() && unread.is_empty() && !given.json {
        line("Nobody has signed in yet.");
    }
    let unread = unread.into_iter().map(Failure::from);
    Ok(unread
        .map(|one| output::fail(&one, given.json))
        .max()
        .unwrap_or(0))
}

fn login(header: &Header, health: &Health, as_json: bool) {
    let expires_at = moment(health.expires_at_ms);
    let refresh_expires_at = moment(health.refresh_expires_at_ms);
    let signed_in_at = output::rfc3339(header.signed_in_at_ms);
    if as_json {
        let event = json!({
            "event": "login",
            "state": health.state.as_str(),
            "code": health.code.map(Code::as_str),
            "reason": health.reason,
            "scope": header.scopes.join(" "),
            "expires_at": expires_at,
            "refresh_expires_at": refresh_expires_at,
            "refreshable": health.refreshable,
            "signed_in_at": signed_in_at,
            "ended_at": moment(header.ended.as_ref().map(|ended| ended.at_ms)),
            "warnings": health.warnings,
        });
        return line(&joined(event, whose(header)).to_string());
    }
    line(&format!("\n{}: {}", header.name(), words(health)));
    let scopes = (!header.scopes.is_empty()).then(|| header.scopes.join(" "));
    let issuer = header
        .issuer
        .clone()
        .filter(|issuer| header.target.as_ref() != Some(issuer));
    for (what, value) in [
        ("because", health.reason.clone()),
        ("issuer", issuer),
        ("account", header.account.clone()),
        ("may", scopes),
        ("signed in", signed_in_at),
        ("token until", expires_at),
        ("renewable until", refresh_expires_at),
    ] {
        if let Some(value) = value {
            line(&format!("  {what:16} {value}"));
        }
    }
    for warning in &health.warnings {
        line(&format!("  {:16} {warning}", "warning"));
    }
}

fn words(health: &Health) -> &'static str {
    match health.state {
        HealthState::Fresh => "its token is good",
        HealthState::Expiring => "its token is renewed with the next use",
        HealthState::SignedOut => "signed out",
        HealthState::Unreachable => "cannot be used now",
    }
}

fn pending(header: &Header, as_json: bool) {
    let begun_at = output::rfc3339(header.signed_in_at_ms);
    if as_json {
        let event = json!({ "event": "pending", "begun_at": begun_at });
        return line(&joined(event, whose(header)).to_string());
    }
    line(&format!("\n{}: a sign-in waits", header.name()));
    line(&format!(
        "  {:16} {}",
        "begun",
        begun_at.unwrap_or_default()
    ));
    line(&format!(
        "  {:16} devicegrant login --resume {}",
        "go on",
        header.name()
    ));
}

/// What there is to tell of the store and its key.
struct KeyState {
    source: Option<Source>,
    id: Option<String>,
    why: &'static str,
    error: Option<Error>,
}

async fn kept(client: &Client, place: &Place, as_json: bool) -> Result<(), Error> {
    let key = key_state(client, place).await?;
    let store = client.store().describe();
    if as_json {
        let event = json!({
            "event": "store",
            "store": store,
            "key_source": key.source.map(Source::as_str),
            "key_id": key.id,
            "key_why": key.why,
            "protects": key.source.map(Source::protects),
            "unattended": key.source.map(Source::reachable_unattended),
            "code": key.error.as_ref().map(|error| error.code().as_str()),
            "reason": key.error.as_ref().map(Error::message),
        });
        line(&event.to_string());
        return Ok(());
    }
    line(&format!("Logins are kept in {store}"));
    let source = key.source.map_or("not chosen yet", Source::as_str);
    line(&format!("Their key: {source} ({})", key.why));
    if let Some(source) = key.source {
        line(source.protects());
    }
    if let Some(error) = key.error {
        line(&format!("warning: {}", error.message()));
        line("Without the key only the clear part of each login can be told:");
    }
    Ok(())
}

async fn key_state(client: &Client, place: &Place) -> Result<KeyState, Error> {
    let not_of_a_home = |why| KeyState {
        source: None,
        id: None,
        why,
        error: None,
    };
    match place.store {
        StoreName::Memory => return Ok(not_of_a_home("drawn for this process, kept nowhere")),
        StoreName::Redis => {
            let error = key::from_variables().err();
            let why = "from DEVICEGRANT_KEY, else from DEVICEGRANT_KEY_COMMAND";
            return Ok(KeyState {
                error,
                ..not_of_a_home(why)
            });
        }
        StoreName::Auto | StoreName::File => {}
    }
    let home = Home::find(place.home.clone())?;
    // It may be silent now, and still is the one that is named.
    let source = key::chosen(&home)?;
    if source.is_none() {
        return Ok(not_of_a_home(
            "the first login chooses: --key, else a variable that is set, else the keyring, else a file",
        ));
    }
    let why = "named in home.json, where the first login put it";
    Ok(match client.home_key(false).await {
        Ok(opened) => KeyState {
            source,
            id: opened.map(|opened| opened.key_id.clone()),
            why,
            error: None,
        },
        Err(error) => KeyState {
            source,
            id: None,
            why,
            error: Some(error),
        },
    })
}
