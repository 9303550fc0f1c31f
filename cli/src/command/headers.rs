//! `devicegrant headers`

use serde_json::json;

use super::token::unsaved;
use crate::args::{self, Place};
use crate::client::{quiet, work};
use crate::output::{self, Failure};

/// Prints the header that a request needs, as programs take it that have headers from a command.
pub(crate) async fn run(given: &args::Headers, place: &Place) -> Result<u8, Failure> {
    let client = quiet(given.which.options(), place).await?;
    let login = work(&client, client.session(&given.need.need()?)).await?;
    let value = format!("Bearer {}", login.record.tokens.access_token.expose());
    output::line(&json!({ "Authorization": value }).to_string());
    Ok(unsaved(&client))
}
