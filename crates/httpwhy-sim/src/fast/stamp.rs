//! The date of now, written once a second.

use std::time::{SystemTime, UNIX_EPOCH};

/// The length of a date in bytes (RFC 9110 section 5.6.7, IMF-fixdate).
pub(super) const LENGTH: usize = 29;

/// The last date that was written.
pub(super) struct Stamp {
    /// Its time, in seconds since 1970.
    second: u64,
    text: [u8; LENGTH],
}

impl Stamp {
    /// The beginning of 1970.
    pub(super) const fn new() -> Self {
        Self {
            second: 0,
            text: *b"Thu, 01 Jan 1970 00:00:00 GMT",
        }
    }

    /// Makes it the date of now.
    pub(super) fn refresh(&mut self) {
        self.set(SystemTime::now());
    }

    fn set(&mut self, now: SystemTime) {
        let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        if since.as_secs() == self.second {
            return;
        }
        let text = httpdate::fmt_http_date(now);
        // Beyond the year 9999 the format has no date; the last one stays.
        if let Ok(text) = text.as_bytes().try_into() {
            self.text = text;
            self.second = since.as_secs();
        }
    }

    /// The date.
    pub(super) fn text(&self) -> &[u8; LENGTH] {
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_second_later_it_is_another() {
        let mut stamp = Stamp::new();
        for (seconds, text) in [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (784_111_778, "Sun, 06 Nov 1994 08:49:38 GMT"),
        ] {
            stamp.set(UNIX_EPOCH + Duration::from_millis(seconds * 1000 + 999));
            assert_eq!(stamp.text(), text.as_bytes());
        }
    }
}
