//! Stores for logins.

mod file;
mod files;
pub(crate) mod home_files;
mod liveness;
mod memory;
#[cfg(feature = "redis")]
mod redis;

pub use file::FileStore;
pub use liveness::this_process;
pub use memory::MemoryStore;
#[cfg(feature = "redis")]
pub use redis::RedisStore;
