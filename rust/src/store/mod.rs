//! Stores for logins.

mod file;
mod files;
pub(crate) mod home_files;

pub use file::FileStore;
