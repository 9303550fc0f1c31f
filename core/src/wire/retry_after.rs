//! `Retry-After` in both its forms (RFC 9110 §10.2.3).

use std::time::{Duration, UNIX_EPOCH};

/// How many milliseconds from `wall_ms` on the server wants to be left alone.
pub(crate) fn parse(value: &str, wall_ms: u64) -> Option<u64> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) {
        // More digits than fit are a long time too.
        return Some(value.parse().unwrap_or(u64::MAX).saturating_mul(1000));
    }
    // Only a date's arithmetic: no clock is read.
    let at = httpdate::parse_http_date(value).ok()?;
    let since = at.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let at_ms = u64::try_from(since.as_millis()).ok()?;
    Some(at_ms.saturating_sub(wall_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates() {
        assert_eq!(parse(" 120 ", 0), Some(120_000));
        let wall = 784_111_767_000;
        assert_eq!(parse("Sun, 06 Nov 1994 08:49:37 GMT", wall), Some(10_000));
        assert_eq!(
            parse("Sun, 06 Nov 1994 08:49:37 GMT", wall + 60_000),
            Some(0)
        );
        assert_eq!(parse("18446744073709551615", 0), Some(u64::MAX));
        assert_eq!(parse("soon", 0), None);
        assert_eq!(parse("-1", 0), None);
    }
}
