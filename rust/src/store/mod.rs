//! Stores for logins.

mod file;
mod files;
mod liveness;
mod memory;

pub use file::FileStore;
pub use memory::MemoryStore;
