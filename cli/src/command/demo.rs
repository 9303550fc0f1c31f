//! `devicegrant demo`: a sign-in against a server of our own, step by step.

use std::sync::Arc;
use std::time::Instant;

use devicegrant::key::Source;
use devicegrant::{Client, Code, Error, Options, Secret};
use devicegrant_cli::demo::{self, Script, Server};
use serde_json::json;
use tokio::sync::mpsc::Receiver;

use super::login;
use crate::args::{self, Place};
use crate::client;
use crate::output::{line, note};
use crate::show::Show;
use crate::stop::{signal, unless_stopped};

const CLIENT: &str = "devicegrant-demo";

pub(crate) async fn run(given: &args::Demo, logs: bool) -> Result<(), Error> {
    let bad =
        |why: std::io::Error| Error::new(Code::BadOption, format!("the demo cannot start: {why}"));
    let script = match &given.script {
        Some(script) => Script::from_arg(script).map_err(bad)?,
        // A person who only wants to see it should not have to wait for it.
        None => Script {
            interval: 2,
            clients: [(CLIENT.to_owned(), "devicegrant demo".to_owned())].into(),
            ..Script::default()
        },
    };
    let mut server = demo::start(given.serve.unwrap_or(0), script)
        .await
        .map_err(bad)?;
    let events = server.events();
    if given.serve.is_some() {
        line(&json!({ "issuer": server.issuer }).to_string());
        tokio::select! {
            () = tell(events, false) => {}
            () = signal() => {}
        }
        server.stop().await;
        return Ok(());
    }
    let outcome = sign_in(given, &server, events, logs).await;
    server.stop().await;
    outcome
}

async fn sign_in(
    given: &args::Demo,
    server: &Server,
    events: Receiver<demo::Event>,
    logs: bool,
) -> Result<(), Error> {
    let failed = |why: std::io::Error| {
        Error::new(
            Code::StoreUnwritable,
            format!("no folder for the demo's login: {why}"),
        )
    };
    let home = tempfile::Builder::new()
        .prefix("devicegrant-demo-")
        .tempdir()
        .map_err(failed)?;
    note(&format!(
        "A demo authorization server runs at {}, inside this program.",
        server.issuer
    ));
    note("What happens there is told below, as seconds since the start.\n");
    let mut look = given.look.clone();
    // A phone that reads the code would look for the server in itself; and steps are told below
    // the prompt, where a countdown would be.
    look.no_qr = true;
    look.plain = true;
    let options = Options {
        target: Some(server.issuer.clone()),
        client_id: Some(CLIENT.to_owned()),
        scopes: ["read", "write"].map(str::to_owned).into(),
        ..Options::default()
    };
    let show = Arc::new(Show::new(&look, logs));
    // A temporary folder may be readable by others, which no store takes: it makes one of its own.
    // Neither the keyring nor a variable has anything to do with it.
    let place = Place {
        home: Some(home.path().join("home")),
        key: Some(Source::File),
        ..Place::default()
    };
    let client = client::builder(options, &place)
        .await?
        .prompter(Arc::clone(&show) as _)
        .observer(show)
        .build()?;
    let telling = tokio::spawn(tell(events, look.json));
    let outcome = unless_stopped(None, async {
        let signed_in = client.sign_in().await?;
        let who = who(&client, server, &signed_in.record.tokens.access_token).await?;
        Ok((signed_in, who))
    })
    .await;
    // The last steps are still on their way.
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    telling.abort();
    let (signed_in, who) = outcome?;
    if !look.json {
        note(&format!("\nThe API, called with the token, says: {who}"));
    }
    login::report(&signed_in, &client, &place, look.json);
    if !look.json {
        note("That was the demo: its server and its login are gone now.");
        note("Next: devicegrant login <your server's address> --client-id <your client>");
    }
    Ok(())
}

/// Asks the server's own protected resource whom the token stands for.
async fn who(client: &Client, server: &Server, token: &Secret) -> Result<String, Error> {
    let answer = client
        .get(&format!("{}/api/whoami", server.issuer), token)
        .await?;
    Ok(String::from_utf8_lossy(answer.body.expose())
        .trim()
        .to_owned())
}

/// Tells what happens at the server: a line each for people, an object each for programs.
async fn tell(mut events: Receiver<demo::Event>, as_json: bool) {
    let started = Instant::now();
    while let Some(event) = events.recv().await {
        match serde_json::to_string(&event) {
            Ok(json) if as_json => line(&json),
            _ => note(&format!(
                "{:7.1} s  {event}",
                started.elapsed().as_secs_f32()
            )),
        }
    }
}
