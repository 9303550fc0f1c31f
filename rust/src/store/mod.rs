//! Stores for logins.

mod file;
mod files;

pub use file::FileStore;
