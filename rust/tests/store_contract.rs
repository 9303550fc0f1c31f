//! The contract of a store, on those that need no server.
#![cfg(feature = "http")]

mod common;

use common::TestResult;
use common::contract::store_contract;
use devicegrant::Home;
use devicegrant::store::{FileStore, MemoryStore};

#[tokio::test]
async fn files() -> TestResult {
    let folder = tempfile::tempdir()?;
    let home = Home::find(Some(folder.path().join("home")))?;
    store_contract(&FileStore::new(&home)).await
}

#[tokio::test]
async fn memory() -> TestResult {
    store_contract(&MemoryStore::default()).await
}
