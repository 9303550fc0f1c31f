//! `devicegrant renew`

use devicegrant::{Client, Code, Error, Found, Kind, Need, Renewal};
use serde_json::json;

use crate::args::{self, Place};
use crate::client::{quiet, work};
use crate::output::{self, Failure};

/// Renews what is due: one login, or all. The exit code is the highest of all.
pub(crate) async fn run(given: &args::Renew, place: &Place) -> Result<u8, Failure> {
    let client = quiet(given.which.options(), place).await?;
    let need = Need {
        force: given.force,
        ..Need::default()
    };
    if !given.all {
        let found = work(&client, client.look()).await?;
        return one(&client, &found, &need, given.json).await;
    }
    let kept = work(&client, client.all()).await?;
    if kept.is_empty() {
        return Ok(0);
    }
    // Said once, not for each login.
    work(&client, client.home_key(false)).await?;
    let mut worst = 0;
    for (_, found) in kept {
        let code = match found {
            Ok(found) if found.sealed.kind == Kind::Pending => 0,
            Ok(found) => match one(&client, &found, &need, given.json).await {
                Ok(code) => code,
                Err(failure) => tell(&found, &failure, given.json),
            },
            Err(error) => output::fail(&error.into(), given.json),
        };
        worst = worst.max(code);
        if code == Error::new(Code::Interrupted, "").exit() {
            break;
        }
    }
    Ok(worst)
}

async fn one(client: &Client, found: &Found, need: &Need, as_json: bool) -> Result<u8, Failure> {
    let renewal = work(client, client.renew_one(&found.id, need)).await?;
    let failed = failed(&renewal);
    let renewed = renewal.login.revision != found.revision || renewal.unsaved.is_some();
    let header = &renewal.login.record.header;
    let tokens = &renewal.login.record.tokens;
    let expires_at = output::moment(tokens.expires_at_ms);
    if as_json {
        let event = json!({
            "event": "renewed",
            "renewed": renewed,
            "expires_at": expires_at,
            "refresh_expires_at": output::moment(tokens.refresh_expires_at_ms),
            "code": failed.as_ref().map(|error| error.code().as_str()),
            "reason": failed.as_ref().map(Error::message),
        });
        output::line(&output::joined(event, output::whose(header)).to_string());
    } else {
        // With what is printed thrown away, as by cron, trouble still is heard of.
        let tell = if failed.is_some() {
            output::note
        } else {
            output::line
        };
        let what = if renewed { "renewed" } else { "not due" };
        let what = failed.as_ref().map_or(what, Error::message);
        let until =
            expires_at.map_or_else(String::new, |at| format!("; its token lives until {at}"));
        tell(&format!("{}: {what}{until}", header.name()));
    }
    Ok(failed.map_or(0, |error| error.exit()))
}

/// A token that still works, or that could not be kept, is no error of the library's; for a timer
/// it is one.
fn failed(renewal: &Renewal) -> Option<Error> {
    let rest = renewal.rest.map(|rest| {
        let message = format!("it could not be renewed ({})", rest.code.as_str());
        Error::new(rest.code, message)
    });
    renewal.unsaved.clone().or(rest)
}

/// One failure of several: it has to say whose it is.
fn tell(found: &Found, failure: &Failure, as_json: bool) -> u8 {
    let header = &found.sealed.header;
    if as_json {
        let event = output::joined(output::event(failure), output::whose(header));
        output::line(&event.to_string());
        return failure.exit();
    }
    output::note(&format!("{}:", header.name()));
    output::fail(failure, false)
}
