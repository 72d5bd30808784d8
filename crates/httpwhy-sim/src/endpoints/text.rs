//! Texts of requests: percent encoding, queries, times.

use std::time::Duration;

/// Names and values, in order.
pub(crate) type Pairs = Vec<(String, String)>;

/// The most parameters of a query or form; the rest is not read.
const MOST_PAIRS: usize = 1000;

/// The first value of that name, any case.
pub(crate) fn first<'a>(pairs: &'a Pairs, name: &str) -> Option<&'a str> {
    let mut found = pairs.iter();
    found
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_str())
}

/// The parameters of a query, or of a form (URL Standard, `application/x-www-form-urlencoded`).
pub(crate) fn query(text: &str) -> Pairs {
    let decode = |text: &str| percent(&text.replace('+', " "));
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .take(MOST_PAIRS)
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}

/// Decodes percent encoding (RFC 3986 section 2.1); what is not UTF-8 becomes U+FFFD.
pub(crate) fn percent(text: &str) -> String {
    decode(text, |_| true)
}

/// Decodes what is beyond ASCII only, so that the rest keeps its meaning in a URL.
pub(crate) fn beyond_ascii(text: &str) -> String {
    decode(text, |byte| !byte.is_ascii())
}

fn decode(text: &str, wanted: impl Fn(u8) -> bool) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, after @ ..] = rest {
        let hex = (*byte == b'%').then(|| after.get(..2)).flatten();
        if let Some(byte) = hex.and_then(two_digits).filter(|byte| wanted(*byte)) {
            out.push(byte);
            rest = &after[2..];
        } else {
            out.push(*byte);
            rest = after;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn two_digits(digits: &[u8]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let value = digit(digits[0])? * 16 + digit(digits[1])?;
    u8::try_from(value).ok()
}

/// Reads a time: a number, in units of so many seconds, or with a unit of its own (`200ms`, `1.5s`, `1m`).
pub(crate) fn duration(text: &str, unit: f64, longest: Duration) -> Result<Duration, String> {
    let units = [("ms", 0.001), ("s", 1.0), ("m", 60.0)];
    let with_unit = units
        .iter()
        .find_map(|(name, unit)| Some((text.strip_suffix(name)?, *unit)));
    let (number, unit) = with_unit.unwrap_or((text, unit));
    let seconds = number.trim().parse::<f64>().ok().map(|n| n * unit);
    seconds
        .filter(|seconds| (0.0..=longest.as_secs_f64()).contains(seconds))
        .map(Duration::from_secs_f64)
        .ok_or_else(|| format!("'{text}' is no time from 0 to {} s", longest.as_secs()))
}

/// Whether a text says yes.
pub(crate) fn is_yes(text: &str) -> bool {
    matches!(
        text.to_ascii_lowercase().as_str(),
        "1" | "t" | "true" | "yes"
    )
}

/// Whether that may stand in a field's value (RFC 9110 section 5.5): nothing that ends the line.
pub(crate) fn is_field_value(text: &str) -> bool {
    !text.chars().any(|c| c.is_control() && c != '\t')
}

/// Whether that is a token (RFC 9110 section 5.6.2): a field name, a method.
pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// The text with what HTML gives a meaning written as references.
pub(crate) fn html(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings() {
        let pairs = query("a=1&a=2&b=%C3%BC+x&c&&d=%zz%2");
        let expected = [
            ("a", "1"),
            ("a", "2"),
            ("b", "ü x"),
            ("c", ""),
            ("d", "%zz%2"),
        ];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(pairs, expected);
        assert_eq!(beyond_ascii("/a%20%C3%BC%26"), "/a%20ü%26");
        assert!(is_token("X-A") && !is_token("X A") && !is_token(""));
        assert!(!is_field_value("a\r\nb"));
    }

    #[test]
    fn times() {
        let longest = Duration::from_secs(50);
        for (text, unit, millis) in [
            ("1.5", 1.0, Some(1500)),
            ("200ms", 1.0, Some(200)),
            ("5000", 0.001, Some(5000)),
            ("2s", 0.001, Some(2000)),
            ("1m", 1.0, None),
            ("-1", 1.0, None),
            ("nan", 1.0, None),
            ("inf", 1.0, None),
            ("", 1.0, None),
        ] {
            let got = duration(text, unit, longest).ok();
            assert_eq!(got, millis.map(Duration::from_millis), "{text}");
        }
    }
}
