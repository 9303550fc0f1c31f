//! `devicegrant logout`

use devicegrant::Revoked;
use serde_json::json;

use crate::args::{self, Place};
use crate::client::{quiet, work};
use crate::output::{self, Failure};

/// Signs out, and says what became of the tokens at the server. What is kept here is gone then,
/// whatever the server said.
pub(crate) async fn run(given: &args::Logout, place: &Place) -> Result<u8, Failure> {
    let client = quiet(given.which.options(), place).await?;
    let outcome = work(&client, client.logout()).await?;
    let (reason, code) = match &outcome {
        Revoked::AtServer => (None, None),
        Revoked::Nothing => (Some("nobody was signed in".to_owned()), None),
        Revoked::NotOffered => (
            Some("the server does not offer revocation".to_owned()),
            None,
        ),
        Revoked::Failed(error) => (
            Some(error.message().to_owned()),
            Some(error.code().as_str()),
        ),
    };
    if given.json {
        let event = json!({
            "event": "signed_out",
            "revoked": outcome == Revoked::AtServer,
            "reason": reason,
            "code": code,
        });
        output::line(&event.to_string());
        return Ok(0);
    }
    match (&outcome, reason) {
        (Revoked::Nothing, _) => output::note("Nobody was signed in here."),
        (Revoked::AtServer, _) => output::note("Signed out: the server has revoked the tokens."),
        (_, reason) => {
            let reason = reason.unwrap_or_default();
            output::note("Signed out: the tokens are no longer kept here.");
            output::note(&format!(
                "warning: they were not revoked at the server and live until they expire: {reason}"
            ));
        }
    }
    Ok(0)
}
