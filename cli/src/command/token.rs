//! `devicegrant token`

use std::path::PathBuf;

use devicegrant::Error;

use crate::args;
use crate::output;

/// Prints the access token and nothing else on stdout.
pub(crate) async fn run(given: &args::Token, home: Option<PathBuf>) -> Result<(), Error> {
    let client = super::login::builder(given.which.options(), home, &[])?.build()?;
    output::line(client.token().await?.expose());
    Ok(())
}
