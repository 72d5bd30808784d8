//! Times as logs write them, UTC.

use std::fmt;

const MONTHS: &[&str] = &[
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// A moment, taken apart.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    pub(super) year: u64,
    pub(super) month: u64,
    pub(super) day: u64,
    pub(super) second_of_day: u64,
    pub(super) millis: u64,
}

impl Moment {
    /// From milliseconds since 1970 (Howard Hinnant, "chrono-compatible low-level date algorithms", civil_from_days).
    pub(super) const fn of(millis: u64) -> Self {
        let seconds = millis / 1000;
        let days = seconds / 86_400 + 719_468;
        let (era, day_of_era) = (days / 146_097, days % 146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * day_of_year + 2) / 153;
        let month = if shifted < 10 {
            shifted + 3
        } else {
            shifted - 9
        };
        Self {
            year: year_of_era + era * 400 + (month <= 2) as u64,
            month,
            day: day_of_year - (153 * shifted + 2) / 5 + 1,
            second_of_day: seconds % 86_400,
            millis: millis % 1000,
        }
    }

    const fn clock(self) -> (u64, u64, u64) {
        let second = self.second_of_day;
        (second / 3600, second / 60 % 60, second % 60)
    }

    fn month(self) -> &'static str {
        MONTHS[self.month as usize - 1]
    }
}

/// `03/Nov/2026:14:05:12`
pub(super) struct Clf(pub(super) Moment);

impl fmt::Display for Clf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hour, minute, second) = self.0.clock();
        let (day, month, year) = (self.0.day, self.0.month(), self.0.year);
        write!(
            f,
            "{day:02}/{month}/{year}:{hour:02}:{minute:02}:{second:02}"
        )
    }
}

/// `2026-11-03`
pub(super) struct Day(pub(super) Moment);

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moment = self.0;
        write!(f, "{}-{:02}-{:02}", moment.year, moment.month, moment.day)
    }
}

/// `14:05:12`
pub(super) struct Time(pub(super) Moment);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hour, minute, second) = self.0.clock();
        write!(f, "{hour:02}:{minute:02}:{second:02}")
    }
}

/// `Nov  3 14:05:12`, RFC 3164 section 4.1.2.
pub(super) struct Syslog(pub(super) Moment);

impl fmt::Display for Syslog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:>2} {}", self.0.month(), self.0.day, Time(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written() {
        let moment = Moment::of(1_793_714_712_345);
        assert_eq!(Clf(moment).to_string(), "03/Nov/2026:14:05:12");
        assert_eq!(
            format!("{}T{}", Day(moment), Time(moment)),
            "2026-11-03T14:05:12"
        );
        assert_eq!(Syslog(moment).to_string(), "Nov  3 14:05:12");
        assert_eq!(moment.millis, 345);
        assert_eq!(Day(Moment::of(951_782_400_000)).to_string(), "2000-02-29");
    }
}
