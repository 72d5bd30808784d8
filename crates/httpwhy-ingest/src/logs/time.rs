//! Time stamps of logs, parsed only when they change.

use super::{Column, Line};

/// The length of `03/Nov/2026:14:05:12 +0000`.
pub const USUAL: usize = 26;

/// Reads the time of line after line. Most lines bear the second of the line before: then nothing is parsed.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    /// The last stamp up to its seconds, and what stood behind its fraction.
    last: Vec<u8>,
    /// Where the fraction began in it.
    seconds_end: usize,
    tail: Vec<u8>,
    /// The last stamp where it has the length of most, for one comparison without a loop.
    usual: Option<[u8; USUAL]>,
    day: Vec<u8>,
    day_start: i64,
    value: i64,
    /// Seconds east of UTC that the last stamp names.
    zone: Option<i64>,
}

impl Clock {
    /// Seconds since 1970-01-01 UTC; `None` when the line has no time or it cannot be read. A stamp without a zone is
    /// taken for UTC.
    #[inline]
    pub fn read(&mut self, line: &Line<'_>) -> Option<i64> {
        let stamp = line.get(Column::Time)?;
        if let Some(day) = line.get(Column::Date) {
            return self.read_with_day(day, stamp);
        }
        self.read_stamp(stamp)
    }

    /// Seconds east of UTC that the last stamp read names; `None` when it is the time of an unnamed zone.
    pub const fn zone(&self) -> Option<i64> {
        self.zone
    }

    /// The same for a stamp that stands alone.
    #[inline]
    pub fn read_stamp(&mut self, stamp: &[u8]) -> Option<i64> {
        match self.usual.as_ref().zip(stamp.as_array()) {
            Some((last, stamp)) if last == stamp => Some(self.value),
            _ => self.read_other(stamp),
        }
    }

    fn read_other(&mut self, stamp: &[u8]) -> Option<i64> {
        if self.is_as_before(stamp) {
            return Some(self.value);
        }
        self.parse_anew(stamp)
    }

    fn is_as_before(&self, stamp: &[u8]) -> bool {
        !self.last.is_empty() && self.last.len() == stamp.len() && {
            let (head, rest) = stamp.split_at(self.seconds_end);
            head == &self.last[..self.seconds_end]
                && (self.tail.is_empty() || rest.ends_with(&self.tail))
        }
    }

    #[cold]
    fn parse_anew(&mut self, stamp: &[u8]) -> Option<i64> {
        let value = parse(stamp)?;
        self.last.clear();
        self.last.extend_from_slice(stamp);
        let fraction = memchr::memchr2(b'.', b',', stamp).unwrap_or(stamp.len());
        let digits = stamp[fraction..]
            .iter()
            .skip(1)
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        // An epoch of milliseconds or finer has its seconds in front.
        let only_digits = stamp.iter().all(u8::is_ascii_digit);
        self.seconds_end = if only_digits {
            stamp.len().min(10)
        } else {
            fraction
        };
        self.tail.clear();
        if !only_digits && fraction < stamp.len() {
            self.tail.extend_from_slice(&stamp[fraction + 1 + digits..]);
        }
        self.usual = stamp.as_array().copied();
        self.value = value;
        self.zone = zone_of(stamp);
        Some(value)
    }

    fn read_with_day(&mut self, day: &[u8], stamp: &[u8]) -> Option<i64> {
        if self.day != day {
            self.day_start = date(day)?;
            self.day = day.to_vec();
        }
        // What is remembered of another stamp has another zone.
        self.last.clear();
        self.usual = None;
        self.zone = None;
        Some(self.day_start + time_of_day(stamp)?)
    }
}

/// Seconds since 1970-01-01 UTC of a time stamp in any of the forms that logs use:
/// `03/Nov/2026:14:05:12[.frac][ +0100]`, `2026-11-03[T ]14:05:12[.frac][Z|±hh[:]mm]`, `2026/11/03 14:05:12`,
/// `Tue Nov 03 14:05:12[.frac] 2026`, and epochs in seconds, milli-, micro- or nanoseconds, told by magnitude.
pub fn parse(stamp: &[u8]) -> Option<i64> {
    let stamp = stamp.trim_ascii();
    match stamp {
        [_, _, b'/', _, _, _, b'/', ..] => common(stamp),
        [
            _,
            _,
            _,
            _,
            b'-',
            _,
            _,
            b'-',
            _,
            _,
            b'T' | b't' | b' ' | b'\t',
            ..,
        ]
        | [_, _, _, _, b'/', _, _, b'/', _, _, b' ', ..] => iso(stamp),
        [b'0'..=b'9', ..] => epoch(stamp),
        [b'A'..=b'Z', _, _, b' ', ..] => asctime(stamp),
        _ => None,
    }
}

fn common(stamp: &[u8]) -> Option<i64> {
    let days = days(
        decimal(stamp.get(7..11)?)?,
        month(stamp.get(3..6)?)?,
        decimal(stamp.get(..2)?)?,
    )?;
    let seconds = time_of_day(stamp.get(12..20)?)?;
    Some(days * 86_400 + seconds - zone(&stamp[20..]))
}

fn iso(stamp: &[u8]) -> Option<i64> {
    let start = date(stamp.get(..10)?)?;
    let seconds = time_of_day(stamp.get(11..19)?)?;
    Some(start + seconds - zone(&stamp[19..]))
}

/// `Tue Nov 03 14:05:12.345678 2026`; `Tue Nov  3 14:05:12 2026`.
fn asctime(stamp: &[u8]) -> Option<i64> {
    let month = month(stamp.get(4..7)?)?;
    let day = decimal(stamp.get(8..10)?.trim_ascii_start())?;
    let seconds = time_of_day(stamp.get(11..19)?)?;
    let year = decimal(stamp.get(stamp.len().checked_sub(4)?..)?)?;
    Some(days(year, month, day)? * 86_400 + seconds)
}

fn epoch(stamp: &[u8]) -> Option<i64> {
    let whole = memchr::memchr(b'.', stamp).unwrap_or(stamp.len());
    let number = decimal(&stamp[..whole])?;
    if number == 0 {
        return Some(0);
    }
    let per_second = match number.ilog10() {
        ..11 => 1,
        11..14 => 1_000,
        14..17 => 1_000_000,
        _ => 1_000_000_000,
    };
    Some(number / per_second)
}

/// Seconds at the start of a day `2026-11-03` or `2026/11/03`.
fn date(day: &[u8]) -> Option<i64> {
    let [y1, y2, y3, y4, _, m1, m2, _, d1, d2] = day else {
        return None;
    };
    let days = days(
        decimal(&[*y1, *y2, *y3, *y4])?,
        decimal(&[*m1, *m2])?,
        decimal(&[*d1, *d2])?,
    )?;
    Some(days * 86_400)
}

/// `14:05:12` with anything behind.
fn time_of_day(text: &[u8]) -> Option<i64> {
    let [h1, h2, b':', m1, m2, b':', s1, s2, ..] = text else {
        return None;
    };
    let (hours, minutes, seconds) = (
        decimal(&[*h1, *h2])?,
        decimal(&[*m1, *m2])?,
        decimal(&[*s1, *s2])?,
    );
    (hours < 24 && minutes < 60 && seconds <= 60).then_some(hours * 3600 + minutes * 60 + seconds)
}

/// Seconds east of UTC that a stamp names, 0 of an epoch.
fn zone_of(stamp: &[u8]) -> Option<i64> {
    let stamp = stamp.trim_ascii();
    match stamp {
        [_, _, b'/', ..] => named_zone(stamp.get(20..)?),
        [_, _, _, _, b'-' | b'/', ..] => named_zone(stamp.get(19..)?),
        [b'0'..=b'9', ..] if !stamp.contains(&b':') => Some(0),
        _ => None,
    }
}

/// Seconds east of UTC that the rest of a stamp names; 0 when it names none.
fn zone(rest: &[u8]) -> i64 {
    named_zone(rest).unwrap_or(0)
}

fn named_zone(rest: &[u8]) -> Option<i64> {
    let Some(at) = rest.iter().position(|byte| matches!(byte, b'+' | b'-')) else {
        return rest.ends_with(b"Z").then_some(0);
    };
    let sign = if rest[at] == b'-' { -1 } else { 1 };
    let digits: Vec<i64> = rest[at + 1..]
        .iter()
        .filter(|byte| **byte != b':')
        .take_while(|byte| byte.is_ascii_digit())
        .map(|byte| i64::from(byte - b'0'))
        .take(4)
        .collect();
    match digits[..] {
        [a, b, c, d] => Some(sign * ((a * 10 + b) * 3600 + (c * 10 + d) * 60)),
        [a, b] => Some(sign * (a * 10 + b) * 3600),
        _ => None,
    }
}

fn decimal(text: &[u8]) -> Option<i64> {
    super::line::number(text).and_then(|number| i64::try_from(number).ok())
}

fn month(name: &[u8]) -> Option<i64> {
    const NAMES: [&[u8]; 12] = [
        b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov",
        b"Dec",
    ];
    NAMES
        .iter()
        .position(|known| *known == name)
        .map(|at| at as i64 + 1)
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // Years that begin in March, so that the leap day is the last.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

#[cfg(test)]
mod tests {
    use super::{Clock, parse};

    const NOON: i64 = 1_793_714_712; // 2026-11-03T14:05:12Z

    #[test]
    fn every_form_gives_the_same_moment() {
        let table: &[(&str, Option<i64>)] = &[
            ("03/Nov/2026:14:05:12 +0000", Some(NOON)),
            ("03/Nov/2026:15:05:12 +0100", Some(NOON)),
            ("03/Nov/2026:14:05:12.345", Some(NOON)),
            ("2026-11-03T14:05:12.345678Z", Some(NOON)),
            ("2026-11-03T08:35:12-05:30", Some(NOON)),
            ("2026-11-03 14:05:12", Some(NOON)),
            ("2026/11/03 14:05:12", Some(NOON)),
            ("Tue Nov 03 14:05:12.345678 2026", Some(NOON)),
            ("Tue Nov  3 14:05:12 2026", Some(NOON)),
            ("1793714712.345", Some(NOON)),
            ("1793714712345", Some(NOON)),
            ("1793714712345000000", Some(NOON)),
            ("2024-02-29T00:00:00Z", Some(1_709_164_800)),
            ("1970-01-01T00:00:00Z", Some(0)),
            ("03/Foo/2026:14:05:12 +0000", None),
            ("2026-13-03T14:05:12Z", None),
            ("2026-11-03T25:05:12Z", None),
            ("Tue", None),
            ("", None),
        ];
        for &(stamp, wanted) in table {
            assert_eq!(parse(stamp.as_bytes()), wanted, "{stamp}");
        }
    }

    #[test]
    fn a_clock_tells_whether_a_stamp_names_its_zone() {
        let table: &[(&str, Option<i64>)] = &[
            ("03/Nov/2026:14:05:12 +0100", Some(3600)),
            ("03/Nov/2026:14:05:12.345", None),
            ("2026-11-03T14:05:12Z", Some(0)),
            ("2026-11-03T14:05:12.345-05:30", Some(-19_800)),
            ("2026/11/03 14:05:12", None),
            ("Tue Nov 03 14:05:12.345678 2026", None),
            ("1793714712.345", Some(0)),
        ];
        let mut clock = Clock::default();
        for &(stamp, wanted) in table.iter().chain(table) {
            clock.read_stamp(stamp.as_bytes());
            assert_eq!(clock.zone(), wanted, "{stamp}");
        }
    }

    #[test]
    fn a_clock_sees_every_change() {
        let table: &[(&str, i64)] = &[
            ("2026-11-03T14:05:12.345Z", 0),
            ("2026-11-03T14:05:12.999Z", 0),
            ("2026-11-03T14:05:13.000Z", 1),
            ("2026-11-03T14:05:13.000+01:00", -3599),
            ("03/Nov/2026:14:05:12 +0000", 0),
            ("03/Nov/2026:14:05:12 +0100", -3600),
            ("1793714712.345", 0),
            ("1793714712.346", 0),
            ("1793714713.346", 1),
            ("1793714712345", 0),
            ("1793714713345", 1),
        ];
        let mut clock = Clock::default();
        for &(stamp, seconds) in table {
            assert_eq!(
                clock.read_stamp(stamp.as_bytes()),
                Some(NOON + seconds),
                "{stamp}"
            );
        }
    }
}
