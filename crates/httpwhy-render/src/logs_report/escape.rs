//! Text, figures and times as HTML.

use std::fmt::Write as _;

use httpwhy_model::acts_on_terminals;

/// The text with everything escaped that means something in HTML, in content and in quoted attributes. Control
/// characters, and what turns or hides text, are written out: `\u{202e}`.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if acts_on_terminals(c) => out.extend(c.escape_default()),
            c => out.push(c),
        }
    }
    out
}

/// `1,234,567`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A share, 0 to 1, in per cent; the space before the sign does not break.
pub(crate) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    match percent {
        0.0 => "0\u{a0}%".to_owned(),
        ..0.01 => "&lt;0.01\u{a0}%".to_owned(),
        ..10.0 => format!("{percent:.2}\u{a0}%"),
        ..99.95 => format!("{percent:.1}\u{a0}%"),
        ..100.0 => "&gt;99.9\u{a0}%".to_owned(),
        _ => "100\u{a0}%".to_owned(),
    }
}

/// A share of a whole.
pub(crate) fn percent_of(part: u64, whole: u64) -> String {
    percent(ratio(part, whole))
}

pub(crate) fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}

/// `0.35 ms`, `12.3 ms`, `1.20 s`, `3.5 min`.
pub(crate) fn duration(millis: f64) -> String {
    match millis {
        ..1.0 => format!("{millis:.2}\u{a0}ms"),
        ..10.0 => format!("{millis:.1}\u{a0}ms"),
        ..1000.0 => format!("{millis:.0}\u{a0}ms"),
        ..100_000.0 => format!("{:.2}\u{a0}s", millis / 1000.0),
        ..7_200_000.0 => format!("{:.1}\u{a0}min", millis / 60_000.0),
        _ => format!("{:.1}\u{a0}h", millis / 3_600_000.0),
    }
}

/// Minutes since 1970 of an RFC 3339 time in UTC; `None` for anything else.
pub(crate) fn minutes_of(moment: &str) -> Option<i64> {
    let number = |from: usize, to: usize| moment.get(from..to)?.parse::<i64>().ok();
    let days = days_of(number(0, 4)?, number(5, 7)?, number(8, 10)?);
    Some((days * 24 + number(11, 13)?) * 60 + number(14, 16)?)
}

/// Days since 1970 of a date (Howard Hinnant, "chrono-compatible low-level date algorithms", days_from_civil).
const fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let year = year - (month <= 2) as i64;
    let era = year.div_euclid(400);
    let of_era = year - era * 400;
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// `3 Nov`, of minutes since 1970 (the same, civil_from_days).
pub(crate) fn day(minute: i64) -> String {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let days = minute.div_euclid(1440) + 719_468;
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = (shifted + 2) % 12;
    format!(
        "{} {}",
        of_year - (153 * shifted + 2) / 5 + 1,
        MONTHS[month as usize]
    )
}

/// `14:05`, of minutes since 1970.
pub(crate) fn clock(minute: i64) -> String {
    let of_day = minute.rem_euclid(1440);
    format!("{:02}:{:02}", of_day / 60, of_day % 60)
}

/// `3 Nov 14:05:12`, of an RFC 3339 time in UTC, with the machine's form beside it.
pub(crate) fn moment(text: &str) -> String {
    let mut out = String::new();
    match minutes_of(text) {
        Some(minute) => {
            let second = text.get(16..19).filter(|second| second.starts_with(':'));
            let _ = write!(
                out,
                "<time datetime=\"{}\">{} {}{}</time>",
                escape(text),
                day(minute),
                clock(minute),
                escape(second.unwrap_or_default())
            );
        }
        None => out.push_str(&escape(text)),
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_stranger_is_obeyed() {
        assert_eq!(
            escape("<script>alert(\"x\")</script>&'"),
            "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&amp;&#39;"
        );
        assert_eq!(
            escape("a\u{1b}[2J\u{0}\n\u{202e}b"),
            "a\\u{1b}[2J\\u{0}\\n\\u{202e}b"
        );
    }

    #[test]
    fn times_are_read_and_written() {
        for (text, written) in [
            ("2026-11-03T14:05:12Z", "3 Nov 14:05:12"),
            ("2000-02-29T00:00:00Z", "29 Feb 00:00:00"),
            ("1999-12-31T23:59:59Z", "31 Dec 23:59:59"),
        ] {
            assert!(moment(text).contains(&format!(">{written}<")), "{text}");
        }
        assert_eq!(minutes_of("1970-01-02T00:01:00Z"), Some(1441));
        assert_eq!(minutes_of("soon"), None);
        assert_eq!(moment("<soon>"), "&lt;soon&gt;");
    }

    #[test]
    fn figures_read_well() {
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(percent(0.999_999), "&gt;99.9\u{a0}%");
        assert_eq!(duration(60_030.0), "60.03\u{a0}s");
        assert_eq!(duration(0.25), "0.25\u{a0}ms");
    }
}
