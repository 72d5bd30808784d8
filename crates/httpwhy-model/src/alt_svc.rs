//! Alternative services that an answer names (RFC 7838).

use crate::Fields;

/// How many are read of one answer.
const MOST: usize = 16;
/// How long one holds when nothing else is said (section 3.1), in seconds.
const DAY: u64 = 24 * 60 * 60;

/// One alternative service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AltService {
    /// The ALPN protocol id, decoded: `h3`.
    pub protocol: String,
    /// The host; `None`: the origin's own.
    pub host: Option<String>,
    /// The port.
    pub port: u16,
    /// How long it may be used, in seconds from the answer on.
    pub max_age: u64,
}

/// The alternative services that a response's Alt-Svc field lines name (section 3), in order; none for `clear`. What
/// cannot be read is left out.
pub fn alternatives(fields: &Fields) -> Vec<AltService> {
    let mut found = Vec::new();
    for value in fields.iter("alt-svc") {
        let text = String::from_utf8_lossy(value.as_bytes());
        for member in split(&text, ',') {
            if member.trim() == "clear" {
                return Vec::new();
            }
            found.extend(service(member));
        }
    }
    found.truncate(MOST);
    found
}

fn service(member: &str) -> Option<AltService> {
    let mut parts = split(member, ';');
    let (protocol, authority) = parts.next()?.trim().split_once('=')?;
    let (host, port) = unquoted(authority)?.rsplit_once(':')?;
    let max_age = parts
        .filter_map(|part| part.trim().split_once('='))
        .find(|(name, _)| name.eq_ignore_ascii_case("ma"))
        .and_then(|(_, value)| value.trim_matches('"').parse().ok());
    Some(AltService {
        protocol: decoded(protocol)?,
        host: (!host.is_empty()).then(|| host.to_owned()),
        port: port.parse().ok().filter(|&port| port != 0)?,
        max_age: max_age.unwrap_or(DAY),
    })
}

/// What stands between quotation marks. No authority needs an escape.
fn unquoted(text: &str) -> Option<&str> {
    text.trim().strip_prefix('"')?.strip_suffix('"')
}

/// Percent-encoding taken off (section 3).
fn decoded(text: &str) -> Option<String> {
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'%' => {
                let mut digit = || char::from(bytes.next()?).to_digit(16);
                (digit()? * 16 + digit()?) as u8
            }
            byte => byte,
        });
    }
    String::from_utf8(out).ok().filter(|text| !text.is_empty())
}

/// The parts between separators, those inside quotation marks left alone.
fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |c| {
        quoted ^= c == '"';
        c == separator && !quoted
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &str) -> Vec<String> {
        let services = alternatives(&Fields::of([("Alt-Svc", value.to_owned())]));
        let text = |s: AltService| {
            let host = s.host.unwrap_or_default();
            format!("{} {host}:{} {}", s.protocol, s.port, s.max_age)
        };
        services.into_iter().map(text).collect()
    }

    #[test]
    fn services_are_read_in_order() {
        for (value, expected) in [
            (r#"h3=":443"; ma=60"#, &["h3 :443 60"][..]),
            (
                r#"h3="alt.example:8443"; ma="9"; persist=1, h3-29=":443", w%3Dx%3Ay=":1""#,
                &[
                    "h3 alt.example:8443 9",
                    "h3-29 :443 86400",
                    "w=x:y :1 86400",
                ],
            ),
            (r#"h2="[::1]:443""#, &["h2 [::1]:443 86400"]),
            (r#"h3="a,b;c:5""#, &["h3 a,b;c:5 86400"]),
            ("clear", &[]),
            (r#"h3=":443", clear"#, &[]),
            (
                r#"h3=":0", h3=":x", h3=":70000", h3=443, =":1", h3, %4=":1""#,
                &[],
            ),
            ("", &[]),
        ] {
            assert_eq!(read(value), expected, "{value}");
        }
        let many = vec![r#"h3=":1""#; 40].join(",");
        assert_eq!(read(&many).len(), MOST);
    }
}
