//! What keeps the logins: `--store`.

use std::sync::Arc;

use devicegrant::key::Source;
use devicegrant::store::RedisStore;
use devicegrant::{ClientBuilder, Code, Error, Secret};

use crate::args::{Place, StoreName};

/// The address may hold a password, and arguments can be read by every user of the machine.
const REDIS_URL: &str = "DEVICEGRANT_REDIS_URL";

/// Gives the client its store.
pub(crate) async fn put(builder: ClientBuilder, place: &Place) -> Result<ClientBuilder, Error> {
    match place.store {
        StoreName::Auto | StoreName::File => Ok(builder),
        StoreName::Memory => Ok(builder.in_memory()),
        StoreName::Redis => Ok(builder.store(Arc::new(redis(place).await?))),
    }
}

async fn redis(place: &Place) -> Result<RedisStore, Error> {
    let bad = |message: String| Err(Error::new(Code::BadOption, message));
    match place.key {
        None | Some(Source::Env | Source::Command) => {}
        Some(source) => {
            return bad(format!(
                "--key {source} is for a home: a Redis store takes its key from DEVICEGRANT_KEY or DEVICEGRANT_KEY_COMMAND"
            ));
        }
    }
    let url = match std::env::var(REDIS_URL) {
        Ok(url) if !url.is_empty() => Secret::new(url),
        _ => {
            return bad(format!(
                "--store redis takes its address from {REDIS_URL}, which is not set: rediss://USER:PASSWORD@HOST:PORT/DB"
            ));
        }
    };
    RedisStore::connect(url, None).await
}
