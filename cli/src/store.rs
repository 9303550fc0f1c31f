//! What keeps the logins: `--store`.

use devicegrant::{ClientBuilder, Error};

use crate::args::{Place, StoreName};

/// Gives the client its store.
pub(crate) async fn put(builder: ClientBuilder, place: &Place) -> Result<ClientBuilder, Error> {
    match place.store {
        StoreName::Auto | StoreName::File => Ok(builder),
        StoreName::Memory => Ok(builder.in_memory()),
        StoreName::Redis => redis::put(builder, place).await,
    }
}

mod redis {
    use devicegrant::{ClientBuilder, Code, Error};

    use crate::args::Place;

    #[allow(clippy::unused_async, reason = "it will connect")]
    pub(super) async fn put(_: ClientBuilder, _: &Place) -> Result<ClientBuilder, Error> {
        Err(Error::new(Code::BadOption, "this build has no Redis store"))
    }
}
