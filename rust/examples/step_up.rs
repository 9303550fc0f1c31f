//! Gets addresses of a protected resource one after another, as one who is signed in there; where
//! the token has too few scopes for one, a person is asked for more, once.
//!
//! ```text
//! cargo run --example step_up -- CLIENT_ID https://mcp.example.com/mcp https://mcp.example.com/mcp/write
//! ```
#![allow(clippy::print_stdout, reason = "a program for a terminal")]

use std::sync::Arc;

use devicegrant::{BoxFuture, Challenge, Client, Code, Error, Need, Prompt, Prompter, Response};

/// Whoever runs this reads what it prints.
struct Printed;

impl Prompter for Printed {
    fn show(&self, prompt: Prompt) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async move {
            let (address, code) = (&prompt.verification_uri, &prompt.user_code);
            println!(
                "open {address} enter {code} for {}",
                prompt.scopes.join(" ")
            );
            Ok(())
        })
    }
}

/// What the server says of a 401 or 403.
fn challenge(response: &Response) -> String {
    let headers = response.headers.iter();
    let said = headers.filter(|(name, _)| name.eq_ignore_ascii_case("www-authenticate"));
    let values: Vec<_> = said.map(|(_, value)| value.as_str()).collect();
    values.join(", ")
}

async fn get(client: &Client, url: &str) -> Result<u16, Error> {
    let token = client.token().await?;
    let response = client.get(url, &token).await?;
    let said = challenge(&response);
    let step_up = Challenge::parse(&said)?;
    if !step_up.is_step_up() {
        return Ok(response.status);
    }
    let need = Need {
        reject: Some(token),
        challenge: Some(step_up),
        ..Need::default()
    };
    let wider = match client.token_for(&need).await {
        // Another program has stepped up meanwhile.
        Ok(token) => token,
        Err(error) if error.code() == Code::MoreScopes => {
            client.login_for(&said).await?.access_token
        }
        Err(error) => return Err(error),
    };
    Ok(client.get(url, &wider).await?.status)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let mut words = std::env::args().skip(1);
    let (Some(client_id), Some(server)) = (words.next(), words.next()) else {
        let message = "CLIENT_ID SERVER [ADDRESS...]";
        return Err(Error::new(Code::BadOption, message));
    };
    let client = Client::to(&server)
        .client_id(client_id)
        .prompter(Arc::new(Printed))
        .build()?;
    if client.look().await.is_err() {
        client.login().await?;
    }
    for url in std::iter::once(server).chain(words) {
        println!("{} {url}", get(&client, &url).await?);
    }
    Ok(())
}
