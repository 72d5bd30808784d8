//! Times as people write and read them, in UTC as the logs are counted.

use jiff::Timestamp;
use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;

/// Seconds since 1970 of `2026-11-03T14:00Z`, `2026-11-03 14:00`, `2026-11-03`, `14:00` (today), `90m` (ago).
pub(crate) fn parse(text: &str) -> Result<i64, String> {
    parse_at(text, Timestamp::now())
}

fn parse_at(text: &str, now: Timestamp) -> Result<i64, String> {
    let text = text.trim();
    if let Some(ago) = ago(text) {
        return Ok(now.as_second() - ago);
    }
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(moment.as_second());
    }
    let today = now.to_zoned(TimeZone::UTC).date();
    // A time of the day comes second: a date with a time would be read as the time alone.
    let civil = text
        .parse::<DateTime>()
        .or_else(|_| text.parse::<Time>().map(|time| today.to_datetime(time)));
    civil
        .ok()
        .and_then(|civil| civil.to_zoned(TimeZone::UTC).ok())
        .map(|moment| moment.timestamp().as_second())
        .ok_or_else(|| {
            format!("'{text}' is no time: 2026-11-03T14:00, 14:00 (today), 1h (ago); all in UTC")
        })
}

/// `90s`, `15m`, `1h`, `2d` in seconds.
fn ago(text: &str) -> Option<i64> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return None,
    };
    number.parse::<i64>().ok()?.checked_mul(seconds)
}

/// RFC 3339.
pub(crate) fn rfc3339(second: i64) -> String {
    Timestamp::from_second(second).map_or_else(|_| second.to_string(), |moment| moment.to_string())
}

/// `03 Nov 14:05:12`.
pub(crate) fn short(second: i64) -> String {
    format(second, "%d %b %H:%M:%S")
}

/// `03 Nov 14:05`.
pub(crate) fn short_minute(second: i64) -> String {
    format(second, "%d %b %H:%M")
}

/// `14:05`.
pub(crate) fn minute(second: i64) -> String {
    format(second, "%H:%M")
}

/// The second time beside the first: without the day when it is the same.
pub(crate) fn span(first: i64, last: i64) -> String {
    let same_day = first.div_euclid(86_400) == last.div_euclid(86_400);
    if first == last {
        short(first)
    } else if same_day {
        format!("{} to {}", short(first), format(last, "%H:%M:%S"))
    } else {
        format!("{} to {}", short(first), short(last))
    }
}

fn format(second: i64, pattern: &str) -> String {
    Timestamp::from_second(second).map_or_else(
        |_| second.to_string(),
        |moment| moment.to_zoned(TimeZone::UTC).strftime(pattern).to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_utc() {
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().expect("a time");
        let table = [
            ("2026-11-03T14:05:12Z", Some(1_793_714_712)),
            ("2026-11-03T15:05:12+01:00", Some(1_793_714_712)),
            ("2026-11-03 14:05:12", Some(1_793_714_712)),
            ("2026-11-03", Some(1_793_664_000)),
            ("11:00", Some(now.as_second() - 3600)),
            ("1h", Some(now.as_second() - 3600)),
            ("soon", None),
            ("", None),
        ];
        for (text, wanted) in table {
            assert_eq!(parse_at(text, now).ok(), wanted, "{text}");
        }
        assert_eq!(short(1_793_714_712), "03 Nov 14:05:12");
        assert_eq!(
            span(1_793_714_712, 1_793_714_713),
            "03 Nov 14:05:12 to 14:05:13"
        );
    }
}
