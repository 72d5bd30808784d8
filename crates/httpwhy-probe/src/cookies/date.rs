//! Dates of cookies: read as leniently as RFC 6265 section 5.1.1 says, because servers write them in many ways.

/// Seconds since 1970; `None` where the algorithm fails, 0 for what is before.
pub(super) fn parse(text: &str) -> Option<u64> {
    let (mut time, mut day, mut month, mut year) = (None, None, None, None);
    for token in text.split(is_delimiter).filter(|token| !token.is_empty()) {
        if time.is_none()
            && let Some(found) = clock(token)
        {
            time = Some(found);
        } else if day.is_none()
            && let Some(found) = digits(token, 1, 2)
        {
            day = Some(found);
        } else if month.is_none()
            && let Some(found) = month_of(token)
        {
            month = Some(found);
        } else if year.is_none()
            && let Some(found) = digits(token, 2, 4)
        {
            year = Some(match found {
                70..=99 => found + 1900,
                0..=69 => found + 2000,
                _ => found,
            });
        }
    }
    let ((hour, minute, second), day, month, year) = (time?, day?, month?, year?);
    let fits =
        (1..=31).contains(&day) && year >= 1601 && hour <= 23 && minute <= 59 && second <= 59;
    if !fits || day > days_in(year, month) {
        return None;
    }
    let seconds = days_since_1970(year, month, day) * 86_400
        + i64::from(hour) * 3600
        + i64::from(minute) * 60
        + i64::from(second);
    Some(u64::try_from(seconds).unwrap_or(0))
}

fn is_delimiter(c: char) -> bool {
    matches!(c, '\t' | '\x20'..='\x2f' | ';'..='@' | '['..='`' | '{'..='~')
}

/// `hh:mm:ss`, each of one or two digits; what follows that is no digit is passed over.
fn clock(token: &str) -> Option<(u32, u32, u32)> {
    let mut parts = token.splitn(3, ':');
    let hour = whole(parts.next()?)?;
    let minute = whole(parts.next()?)?;
    let second = digits(parts.next()?, 1, 2)?;
    Some((hour, minute, second))
}

fn whole(text: &str) -> Option<u32> {
    let fits = matches!(text.len(), 1 | 2) && text.bytes().all(|byte| byte.is_ascii_digit());
    fits.then(|| text.parse().ok()).flatten()
}

/// A number of so many digits at the start, not followed by another digit.
fn digits(token: &str, least: usize, most: usize) -> Option<u32> {
    let count = token.bytes().take_while(u8::is_ascii_digit).count();
    (least..=most)
        .contains(&count)
        .then(|| token[..count].parse().ok())
        .flatten()
}

/// 1 to 12, by the first three letters.
fn month_of(token: &str) -> Option<u32> {
    const MONTHS: [&str; 12] = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    let start = token.get(..3)?.to_ascii_lowercase();
    MONTHS
        .iter()
        .zip(1..)
        .find_map(|(name, number)| (*name == start).then_some(number))
}

const fn days_in(year: u32, month: u32) -> u32 {
    let leap = year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days in the Gregorian calendar, by counting years that begin in March.
fn days_since_1970(year: u32, month: u32, day: u32) -> i64 {
    let (year, month) = if month > 2 {
        (i64::from(year), i64::from(month) - 3)
    } else {
        (i64::from(year) - 1, i64::from(month) + 9)
    };
    let in_year = (153 * month + 2) / 5 + i64::from(day) - 1;
    // 719,468 days from 1 March of the year 0 to 1970.
    365 * year + year / 4 - year / 100 + year / 400 + in_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn dates_as_servers_write_them() {
        for (text, seconds) in [
            ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(784_111_777)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some(784_111_777)),
            ("Sun Nov  6 08:49:37 1994", Some(784_111_777)),
            ("Wed, 09-Jun-2021 10:18:14 GMT", Some(1_623_233_894)),
            ("Tue, 29 Feb 2028 1:2:3 GMT", Some(1_835_398_923)),
            ("Fri, 29 Feb 2027 01:02:03 GMT", None),
            ("1 Mar 2000 00:00:00", Some(951_868_800)),
            ("Mon, 01 Jan 1900 00:00:00 GMT", Some(0)),
            ("Thu, 01 Jan 1600 00:00:00 GMT", None),
            ("Thu, 32 Jan 2030 00:00:00 GMT", None),
            ("Thu, 01 Jan 2030 24:00:00 GMT", None),
            ("1893456000", None),
            ("", None),
            ("01 Jan 2030", None),
            ("é 01 Ján 2030 00:00:00", None),
        ] {
            assert_eq!(parse(text), seconds, "{text}");
        }
    }
}
