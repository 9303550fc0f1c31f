//! rmcp's own authorization with a login that `devicegrant login ADDRESS` made: prints its access
//! token. With `--renew` it is renewed first, with `--own` by a manager that looks for the server itself.

use devicegrant::rmcp::Credentials;
use rmcp::transport::AuthorizationManager;

#[tokio::main]
#[allow(clippy::print_stdout, reason = "it is what it is for")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = std::env::args().nth(1).ok_or("rmcp ADDRESS [--renew]")?;
    let client = devicegrant::Client::to(&address).build()?;
    let logins = Credentials::new(client.clone());
    let own = std::env::args().any(|argument| argument == "--own");
    let manager = if own {
        let mut manager = AuthorizationManager::new(&address).await?;
        manager.set_credential_store(logins);
        manager.initialize_from_store().await?.then_some(manager)
    } else {
        logins.manager(&address).await?
    };
    let manager = manager.ok_or("nobody has signed in")?;
    if std::env::args().any(|argument| argument == "--renew") {
        manager.refresh_token().await?;
    }
    println!("{}", manager.get_access_token().await?);
    // The lease is given back in the background.
    client.finish().await;
    Ok(())
}
