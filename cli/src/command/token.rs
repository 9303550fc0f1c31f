//! `devicegrant token`

use serde_json::json;

use crate::args::{self, Place};
use crate::client::{quiet, work};
use crate::output::{self, Failure};

/// Prints the access token and nothing else on stdout; renews it first where that is due.
pub(crate) async fn run(given: &args::Token, place: &Place) -> Result<u8, Failure> {
    let client = quiet(given.which.options(), place).await?;
    let login = work(&client, client.session(&given.need.need()?)).await?;
    let tokens = &login.record.tokens;
    if given.json {
        // The one object that holds a token: it is what was asked for.
        let told = json!({
            "access_token": tokens.access_token.expose(),
            "token_type": tokens.token_type,
            "expires_at": output::moment(tokens.expires_at_ms),
            "scope": tokens.scopes.join(" "),
            "issuer": login.record.header.issuer,
        });
        output::line(&told.to_string());
    } else {
        output::line(tokens.access_token.expose());
    }
    Ok(unsaved(&client))
}

/// A token that could not be kept is good all the same, but whoever runs this has to know: told on
/// stderr, beside the token.
pub(super) fn unsaved(client: &devicegrant::Client) -> u8 {
    let unsaved = client.unsaved();
    unsaved.map_or(0, |error| output::fail(&Failure::of(error, client), false))
}
