//! The contract of a store, on those that need no server.
#![cfg(feature = "http")]

mod common;

use common::TestResult;
use common::contract::store_contract;
use devicegrant::Home;
use devicegrant::store::FileStore;

#[tokio::test]
async fn files() -> TestResult {
    let folder = tempfile::tempdir()?;
    let home = Home::find(Some(folder.path().join("home")))?;
    store_contract(&FileStore::new(&home)).await
}
