//! One connection that many calls share, and that comes back by itself.
//!
//! The crate's own `ConnectionManager` stays broken for ever once a new connection ends with
//! anything but an I/O error, such as a password that is just being changed; here every failure
//! that may pass, and every failed connection, is followed by a fresh try.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use devicegrant_core::redis::{Answer, Call, Failure, failed};
use devicegrant_core::{Code, Error, Secret, SecretBytes};
use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, ErrorKind, RedisError, Script, ServerErrorKind, TlsCertificates,
    Value,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep, timeout_at};

use crate::http::crypto_provider;

/// A call with all its tries.
const WHOLE: Duration = Duration::from_secs(5);
/// One try: short enough that a connection which died silently costs a try and not the call.
const ONCE: Duration = Duration::from_secs(2);
/// Between two tries; doubled each time, up to the second.
const PAUSES: (Duration, Duration) = (Duration::from_millis(25), Duration::from_millis(400));

pub(super) struct Link {
    client: Client,
    place: String,
    live: Mutex<Live>,
}

/// Who sees a connection fail puts away that one, and not the next one that is there already.
#[derive(Default)]
struct Live {
    number: u64,
    connection: Option<MultiplexedConnection>,
}

enum Trouble {
    Passing(Error),
    Lasting(Error),
}

impl Link {
    pub(super) fn new(url: &Secret, roots: &[u8]) -> Result<Self, Error> {
        crypto_provider();
        let mut client = Client::open(url.expose()).map_err(|_| bad_address())?;
        if !roots.is_empty() {
            let mut certificates = CertificateDer::pem_slice_iter(roots);
            if certificates.next().is_none_or(|first| first.is_err()) {
                return Err(bad_roots());
            }
            let trusted = TlsCertificates {
                client_tls: None,
                root_cert: Some(roots.to_vec()),
            };
            let about = client.get_connection_info().clone();
            client = Client::build_with_tls(about, trusted).map_err(|_| bad_roots())?;
        }
        let about = client.get_connection_info();
        let place = format!("Redis at {}/{}", about.addr(), about.redis_settings().db());
        Ok(Self {
            client,
            place,
            live: Mutex::default(),
        })
    }

    /// Host, port and database, without user and password.
    pub(super) fn place(&self) -> &str {
        &self.place
    }

    /// Asks until there is an answer, or a failure that lasts, or 5 seconds have passed. `call` is
    /// told whether an earlier try may have arrived.
    pub(super) async fn ask(&self, call: impl Fn(bool) -> Call) -> Result<Answer, Error> {
        let end = Instant::now() + WHOLE;
        let mut pause = PAUSES.0;
        let mut last = None;
        loop {
            match timeout_at(end, self.once(call(last.is_some()))).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(Trouble::Lasting(error))) => return Err(error),
                Ok(Err(Trouble::Passing(error))) if Instant::now() + pause >= end => {
                    return Err(error);
                }
                Ok(Err(Trouble::Passing(error))) => last = Some(error),
                Err(_) => return Err(last.unwrap_or_else(|| self.slow())),
            }
            sleep(pause).await;
            pause = (pause * 2).min(PAUSES.1);
        }
    }

    async fn once(&self, call: Call) -> Result<Answer, Trouble> {
        let (number, mut connection) = self.connection().await?;
        let script = Script::new(call.script);
        let command = |name: &str, script: &str| {
            let mut command = redis::cmd(name);
            command.arg(script).arg(call.keys.len()).arg(&call.keys);
            for arg in &call.args {
                command.arg(arg.expose());
            }
            command
        };
        // Not the crate's own way, which needs a further right of the user: SCRIPT LOAD.
        let known = command("EVALSHA", script.get_hash());
        let mut answer: Result<Value, _> = known.query_async(&mut connection).await;
        let unknown = ErrorKind::Server(ServerErrorKind::NoScript);
        if answer.as_ref().is_err_and(|why| why.kind() == unknown) {
            let whole = command("EVAL", call.script);
            answer = whole.query_async(&mut connection).await;
        }
        match answer {
            Ok(value) => Ok(read(value)),
            Err(why) => {
                let trouble = self.judge(&why);
                if let Trouble::Passing(_) = trouble {
                    self.put_away(number).await;
                }
                Err(trouble)
            }
        }
    }

    async fn connection(&self) -> Result<(u64, MultiplexedConnection), Trouble> {
        let mut live = self.live.lock().await;
        if let Some(connection) = &live.connection {
            return Ok((live.number, connection.clone()));
        }
        let limits = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(ONCE))
            .set_response_timeout(Some(ONCE));
        let made = self
            .client
            .get_multiplexed_async_connection_with_config(&limits);
        let connection = made.await.map_err(|why| self.judge(&why))?;
        live.number += 1;
        live.connection = Some(connection.clone());
        Ok((live.number, connection))
    }

    async fn put_away(&self, number: u64) {
        let mut live = self.live.lock().await;
        if live.number == number {
            live.connection = None;
        }
    }

    fn judge(&self, why: &RedisError) -> Trouble {
        if why.kind() == ErrorKind::InvalidClientConfig {
            return Trouble::Lasting(bad_address());
        }
        let said = why.code().map(|code| match why.detail() {
            Some(detail) => format!("{code} {detail}"),
            None => code.to_owned(),
        });
        let words = why.to_string();
        let failure = match (why.kind(), &said) {
            (ErrorKind::AuthenticationFailed, _) => Failure::NotLetIn,
            (_, Some(said)) => Failure::Said(said),
            (_, None) => Failure::NoAnswer(&words),
        };
        let error = failed(&self.place, failure);
        if failure.passes() && !is_tls(why) {
            Trouble::Passing(error)
        } else {
            Trouble::Lasting(error)
        }
    }

    fn slow(&self) -> Error {
        let why = format!("nothing came within {} seconds", WHOLE.as_secs());
        failed(&self.place, Failure::NoAnswer(&why))
    }
}

/// The crate's own words may quote the address, and the password with it.
fn bad_address() -> Error {
    let message = "the Redis address cannot be used: it must be \
                   rediss://USER:PASSWORD@HOST:PORT/DB, or redis://… for clear text";
    Error::new(Code::BadOption, message)
}

fn bad_roots() -> Error {
    let message = "the root certificates for Redis are not in PEM form, or none is in them";
    Error::new(Code::BadOption, message)
}

/// A certificate that is not trusted will not be trusted in a moment either.
fn is_tls(why: &RedisError) -> bool {
    let mut next = StdError::source(why);
    while let Some(here) = next {
        if here.is::<rustls::Error>() {
            return true;
        }
        // Neither an `Arc` nor an `io::Error` gives what it holds as its source: that would be the
        // source's source.
        next = if let Some(shared) = here.downcast_ref::<Arc<dyn StdError + Send + Sync>>() {
            Some(&**shared)
        } else if let Some(io) = here.downcast_ref::<std::io::Error>() {
            io.get_ref().map(|inner| inner as _)
        } else {
            here.source()
        };
    }
    false
}

fn read(value: Value) -> Answer {
    match value {
        Value::Int(number) => Answer::Number(number),
        Value::BulkString(bytes) => Answer::Bytes(SecretBytes::new(bytes)),
        Value::SimpleString(text) => Answer::Bytes(SecretBytes::from(text)),
        Value::Array(parts) => Answer::List(parts.into_iter().map(read).collect()),
        // Nil, and all that the scripts never answer: nothing is what no judge takes for a login.
        _ => Answer::Nothing,
    }
}
