//! `token()` on a login that is fresh: from memory, and from a sealed file.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use criterion::{Criterion, criterion_group, criterion_main};
use devicegrant::key::Source;
use devicegrant::{
    BoxFuture, Client, ClientBuilder, Error, Prompt, Prompter, Reason, Request, Response,
    SecretBytes, Transport,
};

/// A server that approves at once.
struct Approving;

impl Transport for Approving {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, Reason>> {
        let body = if request.url.ends_with("/token") {
            r#"{"access_token":"2YotnFZFEjr1zCsicMWpAA","token_type":"Bearer","expires_in":86400,"refresh_token":"tGzv3JOkF0XG5Qx2TlKWIA"}"#
        } else {
            r#"{"device_code":"d","user_code":"A","verification_uri":"https://auth.example.com/d","expires_in":60,"interval":1}"#
        };
        let response = Response {
            status: 200,
            headers: Vec::new(),
            body: SecretBytes::from(body.to_owned()),
        };
        Box::pin(async { Ok(response) })
    }
}

struct Silent;

impl Prompter for Silent {
    fn show(&self, _: Prompt) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async { Ok(()) })
    }
}

fn client() -> ClientBuilder {
    let options = devicegrant::Options {
        device_endpoint: Some("https://auth.example.com/device".to_owned()),
        token_endpoint: Some("https://auth.example.com/token".to_owned()),
        client_id: Some("client-1".to_owned()),
        ..devicegrant::Options::default()
    };
    let builder = Client::with(options).transport(Arc::new(Approving));
    builder.prompter(Arc::new(Silent))
}

fn token(c: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    let (Ok(runtime), Ok(folder)) = (runtime, tempfile::tempdir()) else {
        return assert!(black_box(false), "no runtime or no folder");
    };
    let at_home = || {
        client()
            .home(folder.path().join("home"))
            .key_source(Source::File)
            .build()
    };
    let signed_in = runtime.block_on(async {
        let memory = client().in_memory().build()?;
        memory.login().await?;
        memory.token().await?;
        at_home()?.login().await?;
        Ok::<_, Error>(memory)
    });
    let memory = match signed_in {
        Ok(memory) => memory,
        Err(error) => return assert!(black_box(false), "{error}"),
    };
    c.bench_function("token from memory", |b| {
        b.iter_custom(|times| {
            runtime.block_on(async {
                let started = Instant::now();
                for _ in 0..times {
                    assert!(black_box(memory.token().await).is_ok());
                }
                started.elapsed()
            })
        });
    });
    c.bench_function("token from the sealed file, by a new client", |b| {
        b.iter_custom(|times| {
            runtime.block_on(async {
                let mut spent = std::time::Duration::ZERO;
                for _ in 0..times {
                    let Ok(client) = at_home() else {
                        assert!(black_box(false), "no client");
                        continue;
                    };
                    let started = Instant::now();
                    assert!(black_box(client.token().await).is_ok());
                    spent += started.elapsed();
                }
                spent
            })
        });
    });
}

criterion_group!(benches, token);
criterion_main!(benches);
