//! The two clocks that core is told.

use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use devicegrant_core::Now;

/// One origin for the whole process: a pending login may move from one client to another.
fn origin() -> Instant {
    static ORIGIN: OnceLock<Instant> = OnceLock::new();
    *ORIGIN.get_or_init(Instant::now)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

pub(crate) fn now() -> Now {
    let wall = SystemTime::now().duration_since(UNIX_EPOCH);
    Now {
        wall_ms: millis(wall.unwrap_or_default()),
        steady_ms: millis(origin().elapsed()),
    }
}

/// What the work comes to before the steady clock reads `until` milliseconds.
#[cfg(feature = "http")]
pub(crate) async fn within<T>(until: u64, work: impl Future<Output = T>) -> Option<T> {
    let left = until.saturating_sub(now().steady_ms);
    let left = Duration::from_millis(left);
    tokio::time::timeout(left, work).await.ok()
}

/// Sleeps until the steady clock reads `until` milliseconds. Rounded up: a timer that ends a
/// fraction early would only be asked for again.
#[cfg(feature = "http")]
pub(crate) async fn sleep_until(until: u64) {
    let left = until.saturating_sub(now().steady_ms);
    tokio::time::sleep(Duration::from_millis(left)).await;
}
