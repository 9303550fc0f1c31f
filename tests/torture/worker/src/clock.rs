//! The two clocks of this process, which may be told that time has gone by. The machines take the
//! time as data, so nobody has to wait for it.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use devicegrant::Now;

static JUMPED_MS: AtomicU64 = AtomicU64::new(0);
static ORIGIN: OnceLock<Instant> = OnceLock::new();

/// Both clocks go on by so much.
pub(crate) fn jump(ms: u64) {
    JUMPED_MS.fetch_add(ms, Ordering::SeqCst);
}

fn millis(duration: Duration) -> u64 {
    let jumped = JUMPED_MS.load(Ordering::SeqCst);
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX) + jumped
}

pub(crate) fn now() -> Now {
    let wall = SystemTime::now().duration_since(UNIX_EPOCH);
    Now {
        wall_ms: millis(wall.unwrap_or_default()),
        steady_ms: millis(ORIGIN.get_or_init(Instant::now).elapsed()),
    }
}
