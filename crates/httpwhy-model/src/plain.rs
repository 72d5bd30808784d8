//! Target URIs that are written as they are sent, which nearly all are: these need no URL parser.

use std::net::Ipv4Addr;

/// An `http` or `https` URI in the form that a URL parser (WHATWG URL) would leave as it is, but for an empty path and a
/// port that goes without saying. It has no user information, no fragment, and a host that is a name of lower-case ASCII
/// or an IPv4 address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlainUri<'a> {
    /// Whether the scheme is `https`.
    pub tls: bool,
    /// The host as written.
    pub host: &'a str,
    /// The host, when it is an address.
    pub address: Option<Ipv4Addr>,
    /// The port, when it is not the scheme's own.
    pub port: Option<u16>,
    /// Path and query; `/` where nothing is written.
    pub path: &'a str,
    /// Host, and port if it is not the scheme's own, as written.
    pub authority: &'a str,
}

impl<'a> PlainUri<'a> {
    /// Takes a URI apart; `None`: it is another, or none at all, and takes a parser.
    pub fn of(text: &'a str) -> Option<Self> {
        let (tls, rest) = match text.strip_prefix("http") {
            Some(rest) if rest.starts_with("://") => (false, &rest[3..]),
            Some(rest) => (true, rest.strip_prefix("s://")?),
            None => return None,
        };
        let end = rest.bytes().position(|byte| byte == b'/');
        let (authority, path) = rest.split_at(end.unwrap_or(rest.len()));
        let (host, port) = match authority.bytes().position(|byte| byte == b':') {
            None => (authority, None),
            Some(at) => (&authority[..at], Some(number(&authority[at + 1..])?)),
        };
        let address = is_host(host)?;
        if !is_path(path.as_bytes()) {
            return None;
        }
        let port = port.filter(|&port| port != default_port(tls));
        Some(Self {
            tls,
            host,
            address,
            port,
            path: if path.is_empty() { "/" } else { path },
            authority: if port.is_some() { authority } else { host },
        })
    }

    /// The port that is asked, the scheme's own where none is written.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(default_port(self.tls))
    }
}

const fn default_port(tls: bool) -> u16 {
    if tls { 443 } else { 80 }
}

/// A port without zeros in front.
fn number(text: &str) -> Option<u16> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || text.starts_with('0') {
        return None;
    }
    text.parse().ok()
}

/// Whether it is a host, and its address if it is one. What ends like a number is an address or nothing; two hyphens in a
/// row may be Punycode.
#[expect(
    clippy::option_option,
    reason = "whether it is one, and what it then has: asked and answered in this file"
)]
fn is_host(host: &str) -> Option<Option<Ipv4Addr>> {
    let dot = host.bytes().rposition(|byte| byte == b'.');
    let last = host.as_bytes().get(dot.map_or(0, |at| at + 1))?;
    if last.is_ascii_digit() {
        return address(host).map(Some);
    }
    let mut before = b'.';
    for byte in host.bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' => {}
            b'-' if before != b'-' && before != b'.' => {}
            b'.' if before != b'-' && before != b'.' => {}
            _ => return None,
        }
        before = byte;
    }
    (before != b'-').then_some(None)
}

/// Four numbers without zeros in front: what the standard library reads too, in a third of the time.
fn address(host: &str) -> Option<Ipv4Addr> {
    let mut octets = [0; 4];
    let mut nth = 0;
    let mut octet: Option<u16> = None;
    for byte in host.bytes() {
        match (byte, octet) {
            (b'0'..=b'9', None) => octet = Some(u16::from(byte - b'0')),
            (b'0'..=b'9', Some(before @ 1..=25)) => {
                octet = Some(before * 10 + u16::from(byte - b'0'));
            }
            (b'.', Some(before)) if nth < 3 => {
                octets[nth] = u8::try_from(before).ok()?;
                nth += 1;
                octet = None;
            }
            _ => return None,
        }
    }
    octets[3] = u8::try_from(octet?).ok()?;
    (nth == 3).then(|| octets.into())
}

/// Whether it is a path, perhaps with a query, in which nothing would be encoded or taken out.
fn is_path(path: &[u8]) -> bool {
    // Most need one look.
    if path.iter().all(|byte| STAYS_ANYWHERE[usize::from(*byte)]) {
        return true;
    }
    let end = path.iter().position(|&byte| byte == b'?');
    let (path, query) = path.split_at(end.unwrap_or(path.len()));
    let stays = |byte: &u8| STAYS[usize::from(*byte)];
    path.iter().all(stays)
        && query.iter().all(|byte| stays(byte) && *byte != b'\'')
        && !has_dots(path)
}

/// Whether a segment is `.` or `..`, or may be one that is encoded.
fn has_dots(path: &[u8]) -> bool {
    let encoded = |at: usize| matches!(path.get(at + 1..at + 3), Some([b'2', b'e' | b'E']));
    let ends = |at: usize| matches!(path.get(at), None | Some(b'/'));
    path.iter().enumerate().any(|(at, &byte)| match byte {
        b'%' => encoded(at),
        b'.' if at > 0 && path[at - 1] == b'/' => {
            ends(at + 1) || path.get(at + 1) == Some(&b'.') && ends(at + 2)
        }
        _ => false,
    })
}

/// What may stand in a path or query and stays as it is.
static STAYS: [bool; 256] = letters_digits_and(b"/?-._~!$&'()*+,;=:@%");
/// That of it which does so whatever stands around it.
static STAYS_ANYWHERE: [bool; 256] = letters_digits_and(b"/-_~!$&()*+,;=:@");

const fn letters_digits_and(marks: &[u8]) -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        table[byte] = (byte as u8).is_ascii_alphanumeric();
        byte += 1;
    }
    let mut at = 0;
    while at < marks.len() {
        table[marks[at] as usize] = true;
        at += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use url::Position::{AfterPort, AfterQuery, BeforeHost, BeforePath};

    use super::*;

    /// Says of every combination whether it is plain, and holds those that are against the URL parser.
    #[test]
    fn a_parser_finds_the_same() {
        let schemes = [
            "http://", "https://", "HTTP://", "http:/", "ws://", "ftp://", "http:", "",
        ];
        let hosts = [
            "a",
            "a.example",
            "A.example",
            "127.0.0.1",
            "127.1",
            "127.0.0.01",
            "1.2.3.4.5",
            "1.2.3.256",
            "0.0.0.0",
            "255.255.255.255",
            "1.2.3.260",
            "1.2.3.1000",
            "00.1.2.3",
            "1..2.3",
            "1.2.3.",
            ".1.2.3",
            "0x7f.1",
            "a.0x1",
            "a.1",
            "1a.2b",
            "a.b1",
            "x--y.example",
            "xn--bcher-kva.example",
            "xn--a",
            "-a",
            "a-",
            "a.-b",
            "a..b",
            ".a",
            "a.",
            "a_b",
            "ä.example",
            "[::1]",
            "a b",
            "u@a",
            "u:p@a",
            "",
            "a%41",
            "a%2e",
            "1",
            "a.1.",
            "9-9.x",
            "a\t",
            "a\\b",
            "a^",
            "faß.de",
            "999999999999",
            "0",
            "08",
            "a.09",
            "1e5",
            "a.1e5",
            "a.b-c.d1-e",
        ];
        let ports = [
            "",
            ":",
            ":80",
            ":443",
            ":8080",
            ":0",
            ":080",
            ":65535",
            ":65536",
            ":99999999999",
            ":x",
            ":+1",
            ":8 ",
        ];
        let paths = [
            "",
            "/",
            "//",
            "/a",
            "/a/b.c",
            "/.",
            "/..",
            "/./",
            "/../a",
            "/a/..",
            "/a/.b",
            "/.well-known/x",
            "/...",
            "/..a",
            "/a./b",
            "/%2e",
            "/%2E/",
            "/a/%2e%2e/b",
            "/.%2e",
            "/%2f",
            "/%zz",
            "/%",
            "/%2",
            "/a b",
            "/ä",
            "/a?b=c",
            "?a",
            "#f",
            "/#f",
            "/a?b#c",
            "/a?'",
            "/a'b",
            "/a\"b",
            "/a<b",
            "/a`b",
            "/a{b}",
            "/a|b",
            "/a^b",
            "/a[b]",
            "/a\\b",
            "\\a",
            "/a\tb",
            "/a\n",
            "/?",
            "/??",
            "/a?/../b",
            "/a?%2e",
            "/~!$&'()*+,;=:@-._%20",
            "/a?`",
            "/a?|",
            "/a?{}",
            "/a;b=c/..;x",
            "/\u{7f}",
            "/\u{0}",
            "/a ",
            "/ ",
        ];
        let mut plain = 0;
        for scheme in schemes {
            for host in hosts {
                for port in ports {
                    for path in paths {
                        plain += usize::from(agrees(&format!("{scheme}{host}{port}{path}")));
                    }
                }
            }
        }
        assert!(plain > 1000, "{plain}");
    }

    /// Every byte, in every place.
    #[test]
    fn a_parser_finds_the_same_of_every_character() {
        let parts = ["http://", "a.b", ":81", "/c/d", "?e"];
        for code in (0..=0x2ff).chain([0x2028, 0x3002, 0xff0e, 0xfeff, 0x1_f600]) {
            let Some(c) = char::from_u32(code) else {
                continue;
            };
            for at in 0..=parts.concat().len() {
                let mut text = parts.concat();
                text.insert(at, c);
                agrees(&text);
                text.insert(at, c);
                agrees(&text);
            }
        }
    }

    fn agrees(text: &str) -> bool {
        let Some(plain) = PlainUri::of(text) else {
            return false;
        };
        let url = url::Url::parse(text).expect(text);
        assert_eq!(
            url.scheme(),
            if plain.tls { "https" } else { "http" },
            "{text}"
        );
        assert_eq!(url.host_str(), Some(plain.host), "{text}");
        let address = match url.host() {
            Some(url::Host::Ipv4(address)) => Some(address),
            _ => None,
        };
        assert_eq!(address, plain.address, "{text}");
        assert_eq!(url.port(), plain.port, "{text}");
        assert_eq!(url.port_or_known_default(), Some(plain.port()), "{text}");
        assert_eq!(&url[BeforeHost..AfterPort], plain.authority, "{text}");
        assert_eq!(&url[BeforePath..AfterQuery], plain.path, "{text}");
        assert_eq!(
            (url.username(), url.password(), url.fragment()),
            ("", None, None),
            "{text}"
        );
        true
    }
}
