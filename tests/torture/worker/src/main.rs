//! A program that renews a login, and is killed or stopped before a step of its own choice. Only
//! `tests/torture` runs it; its README tells how.
//!
//! ```text
//! devicegrant-torture sign-in HOME ISSUER        a prompt; a line on stdin says it was approved
//! devicegrant-torture renew   HOME ISSUER [...]  by the real client
//! devicegrant-torture stall   HOME ISSUER [...]  the same machines on a clock that may jump
//!     --kill K | --stop K    before step K of all that `steps` names at the end
//!     --later                at its first wait, 46 s go by at once (only `stall`)
//! ```
//!
//! The first line on stdin is the token that was answered 401. The last on stdout is JSON: `token`
//! or `error`, `ms`, `sent` (requests) and `steps`.

#![allow(clippy::print_stdout)]

mod clock;
mod files;
mod hook;
mod host;
mod machine;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use devicegrant::key::Source;
use devicegrant::{Client, Code, Error, Home, Need, Options, Secret};
use hook::{Act, Hook};

struct Given {
    job: String,
    home: PathBuf,
    options: Options,
    hook: Arc<Hook>,
    later: bool,
}

fn given() -> Option<Given> {
    let mut words = std::env::args().skip(1);
    let (job, home, issuer) = (words.next()?, words.next()?, words.next()?);
    let (mut act, mut later) = (None, false);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--kill" => act = Some((words.next()?.parse().ok()?, Act::Kill)),
            "--stop" => act = Some((words.next()?.parse().ok()?, Act::Stop)),
            "--later" => later = true,
            _ => return None,
        }
    }
    Some(Given {
        job,
        home: home.into(),
        options: Options {
            target: Some(issuer),
            client_id: Some("public".into()),
            scopes: vec!["read".into()],
            ..Options::default()
        },
        hook: Arc::new(Hook::new(act)),
        later,
    })
}

fn main() -> ExitCode {
    let Some(given) = given() else {
        println!("sign-in|renew|stall HOME ISSUER [--kill K] [--stop K] [--later]");
        return ExitCode::from(2);
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let Ok(runtime) = runtime else {
        println!("no runtime");
        return ExitCode::FAILURE;
    };
    let begun = Instant::now();
    let outcome = runtime.block_on(run(&given));
    let ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    let mut told = serde_json::json!({
        "ms": ms, "sent": given.hook.sent(), "steps": given.hook.steps(),
    });
    match &outcome {
        Ok(token) => told["token"] = token.expose().into(),
        Err(error) => {
            told["error"] = error.code().as_str().into();
            told["message"] = error.message().into();
        }
    }
    println!("{told}");
    outcome.map_or_else(|error| ExitCode::from(error.exit()), |_| ExitCode::SUCCESS)
}

async fn run(given: &Given) -> Result<Secret, Error> {
    let home = Home::find(Some(given.home.clone()))?;
    if given.job == "sign-in" {
        return machine::sign_in(given.options.clone(), &home, &given.hook).await;
    }
    let rejected = line()?;
    let need = Need {
        reject: (!rejected.is_empty()).then(|| Secret::new(rejected)),
        ..Need::default()
    };
    if given.job == "stall" {
        return machine::renew(&given.options, &home, &given.hook, need, given.later).await;
    }
    let builder = Client::with(given.options.clone())
        .home(&given.home)
        .key_source(Source::File)
        .transport(Arc::new(host::Counted::new(&given.hook)?));
    // Unless it is to end at a step, it is in every part the product's own.
    let builder = if given.hook.is_set() {
        let key = machine::key(&home, false)?;
        builder
            .store(Arc::new(files::Files::new(&home, &given.hook)))
            .key(key)
    } else {
        builder
    };
    builder.build()?.token_for(&need).await
}

/// A line from stdin: what is secret is no argument.
fn line() -> Result<String, Error> {
    let mut line = String::new();
    let read = std::io::stdin().read_line(&mut line);
    read.map_err(|why| Error::new(Code::BadOption, format!("stdin: {why}")))?;
    Ok(line.trim().to_owned())
}
