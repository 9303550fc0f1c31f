//! Plain lines, each written once: for screen readers, logs and pipes.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use devicegrant::Prompt;

use crate::output::note;

pub(super) fn write(prompt: &Prompt, spoken: bool) {
    note(&prompt.plain());
    if spoken {
        note(&format!("The code, spelled: {}", prompt.spoken()));
    }
    let left = super::screen::left(prompt.expires_at_ms, SystemTime::now());
    note(&format!(
        "Waiting for your approval; the code ends in {}.",
        words(left)
    ));
}

/// A time as it is said, to the minute where it is long.
fn words(left: Duration) -> String {
    let seconds = left.as_secs();
    match (seconds / 60, seconds % 60) {
        (0, 1) => "1 second".to_owned(),
        (0, s) => format!("{s} seconds"),
        (1, 0) => "1 minute".to_owned(),
        (m, 0) => format!("{m} minutes"),
        (m, s) if m < 3 => format!("{m} min {s} s"),
        // A code of ten minutes that was issued a moment ago still is one of ten minutes.
        (m, s) => format!("{} minutes", m + u64::from(s >= 30)),
    }
}

/// Since 1970; a clock before that is no clock.
pub(super) fn wall_ms(now: SystemTime) -> u64 {
    let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
