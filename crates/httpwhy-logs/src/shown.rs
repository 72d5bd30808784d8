//! Lines and names as they may be shown: without credentials, and, when asked, without persons.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr};

use httpwhy_model::template::is_email;

use crate::credentials;
use crate::example::{PRIVATE, PUBLIC};
use crate::network;

/// Words in the names of parameters whose values are secrets.
const SECRETS: &[&str] = &[
    "token",
    "secret",
    "passw",
    "pwd",
    "key",
    "sig",
    "auth",
    "session",
    "sid",
    "jwt",
    "credential",
    "code",
    "otp",
];

/// A stranger's bytes as text: credentials and secrets in queries hidden, and with `anonymize` addresses cut to their network (/24, /48),
/// addresses of mail written `{email}`, and queries and users' names dropped where they are known as such. Still to be escaped for where it is shown.
pub fn shown(bytes: &[u8], anonymize: bool) -> String {
    let mut out = String::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(from) = memchr::memchr(PRIVATE, rest) {
        public(&rest[..from], anonymize, &mut out);
        rest = &rest[from + 1..];
        let to = memchr::memchr(PUBLIC, rest).unwrap_or(rest.len());
        if !anonymize {
            without_secrets(&String::from_utf8_lossy(&rest[..to]), &mut out);
        }
        rest = rest.get(to + 1..).unwrap_or_default();
    }
    public(rest, anonymize, &mut out);
    credentials::hide(&out)
}

/// A client, or a list of them, as text: with `anonymize` the networks in place of addresses and of names that the server
/// looked up. Still to be escaped for where it is shown.
pub fn shown_client(client: &[u8], anonymize: bool) -> String {
    if !anonymize || !network::is_name(client) {
        return shown(client, anonymize);
    }
    let mut network = Vec::new();
    network::write(client, &mut network);
    String::from_utf8_lossy(&network).into_owned()
}

/// Appends what no column says is private.
fn public(bytes: &[u8], anonymize: bool, out: &mut String) {
    for piece in pieces(&String::from_utf8_lossy(bytes)) {
        let (piece, query) = match piece.find('?') {
            Some(at) => piece.split_at(at),
            None => (piece, ""),
        };
        let piece = without_password(piece);
        if anonymize {
            without_addresses(&without_emails(&piece), out);
        } else {
            out.push_str(&piece);
            without_secrets(query, out);
        }
    }
}

/// The text between and including what separates words in logs. A query goes on to the next space or quote.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let separates = |c: char| matches!(c, ' ' | '"' | '\t' | ',' | '|' | '{' | '}' | '<' | '>');
    let ends_query = |c: char| matches!(c, ' ' | '"' | '\t' | '<' | '>');
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let end = if separates(first) {
            first.len_utf8()
        } else {
            let end = rest.find(separates).unwrap_or(rest.len());
            match rest[..end].find('?') {
                Some(at) => rest[at..]
                    .find(ends_query)
                    .map_or(rest.len(), |end| at + end),
                None => end,
            }
        };
        let (piece, more) = rest.split_at(end);
        rest = more;
        Some(piece)
    })
}

fn without_password(piece: &str) -> String {
    httpwhy_model::redact_uri(piece)
}

/// `?a=1&token=***`.
fn without_secrets(query: &str, out: &mut String) {
    let mut first = true;
    for pair in query.split('&') {
        if !first {
            out.push('&');
        }
        first = false;
        match pair.split_once('=') {
            Some((name, value)) if is_secret(name) => {
                out.push_str(name);
                out.push('=');
                out.extend(value.chars().map(|_| '*'));
            }
            _ => out.push_str(pair),
        }
    }
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRETS.iter().any(|word| name.contains(word))
}

/// A piece with `{email}` in place of addresses of mail.
fn without_emails(piece: &str) -> Cow<'_, str> {
    if !piece.contains('@') && !piece.contains("%40") {
        return Cow::Borrowed(piece);
    }
    let of_email = |c: char| c.is_ascii_alphanumeric() || "@%._+-".contains(c);
    let mut out = String::with_capacity(piece.len());
    let mut rest = piece;
    while !rest.is_empty() {
        let run = rest.find(|c| !of_email(c)).unwrap_or(rest.len());
        let (text, more) = rest.split_at(run);
        // A sentence may end behind it.
        let bare = text.trim_end_matches('.');
        if is_email(bare.as_bytes()) {
            out.push_str("{email}");
            out.push_str(&text[bare.len()..]);
        } else {
            out.push_str(text);
        }
        let other = more.chars().next();
        out.extend(other);
        rest = &more[other.map_or(0, char::len_utf8)..];
    }
    Cow::Owned(out)
}

/// Appends a piece with networks in place of addresses.
fn without_addresses(piece: &str, out: &mut String) {
    let of_address = |c: char| c.is_ascii_hexdigit() || matches!(c, '.' | ':');
    let locates = piece.starts_with('/') || piece.contains("://");
    let mut rest = piece;
    let mut before = ' ';
    while let Some(first) = rest.chars().next() {
        let run = rest.find(|c| !of_address(c)).unwrap_or(rest.len());
        if run == 0 {
            out.push(first);
            before = first;
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let (text, more) = rest.split_at(run);
        let behind = more.chars().next().unwrap_or(' ');
        let inside_word = before.is_alphanumeric() || behind.is_alphanumeric() || behind == '_';
        // `Chrome/130.0.0.0` is a version.
        let version = before == '/' && !locates;
        if version || (inside_word && !text.contains('.')) {
            out.push_str(text);
        } else {
            cut(text, more, out);
        }
        before = ' ';
        rest = more;
    }
}

/// Appends the network in place of an address, with or without a port, or each of the addresses between colons. `behind`
/// is what follows.
fn cut(text: &str, behind: &str, out: &mut String) {
    let bare = text.trim_end_matches(['.', ':']);
    let whole = [text, bare]
        .into_iter()
        .find(|text| text.parse::<IpAddr>().is_ok());
    if let Some(address) = whole.filter(|text| *text != "::") {
        push_network(address, behind, out);
        out.push_str(&text[address.len()..]);
        return;
    }
    for (at, part) in text.split(':').enumerate() {
        if at > 0 {
            out.push(':');
        }
        let bare = part.trim_end_matches('.');
        if bare.parse::<Ipv4Addr>().is_ok() {
            push_network(bare, "", out);
            out.push_str(&part[bare.len()..]);
        } else {
            out.push_str(part);
        }
    }
}

/// Appends the network; without its length where that follows already.
fn push_network(address: &str, behind: &str, out: &mut String) {
    let mut cut = Vec::new();
    network::write(address.as_bytes(), &mut cut);
    let cut = String::from_utf8_lossy(&cut);
    let known = cut
        .find('/')
        .is_some_and(|at| behind.starts_with(&cut[at..]));
    out.push_str(if known {
        cut.split('/').next().unwrap_or_default()
    } else {
        &cut
    });
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn secrets_never_show_and_persons_only_when_asked() {
        let line = br#"203.0.113.9 - - [x] "GET /a?q=1&access_token=abc HTTP/1.1" 200 "https://me:pw@h/x?sid=9" [2001:db8:1:2::3]:80"#;
        assert_eq!(
            shown(line, false),
            r#"203.0.113.9 - - [x] "GET /a?q=1&access_token=*** HTTP/1.1" 200 "https://me:**@h/x?sid=*" [2001:db8:1:2::3]:80"#
        );
        assert_eq!(
            shown(line, true),
            r#"203.0.113.0/24 - - [x] "GET /a HTTP/1.1" 200 "https://me:**@h/x" [2001:db8:1::/48]:80"#
        );
    }

    #[test]
    fn addresses_are_cut_wherever_they_stand() {
        for (text, wanted) in [
            ("203.0.113.9:51234", "203.0.113.0/24:51234"),
            ("remote=203.0.113.9:3333", "remote=203.0.113.0/24:3333"),
            (
                "for=203.0.113.9;proto=https",
                "for=203.0.113.0/24;proto=https",
            ),
            (
                r#"{"client":"203.0.113.9"}"#,
                r#"{"client":"203.0.113.0/24"}"#,
            ),
            ("10.1.2.3, 203.0.113.9", "10.1.2.0/24, 203.0.113.0/24"),
            ("client: 203.0.113.9.", "client: 203.0.113.0/24."),
            ("http://203.0.113.9:80/x", "http://203.0.113.0/24:80/x"),
            ("/block/203.0.113.9", "/block/203.0.113.0/24"),
            ("2001:db8:1:2::3", "2001:db8:1::/48"),
            ("[2001:db8:1:2::3]:443", "[2001:db8:1::/48]:443"),
            ("for=\"[2001:db8::9]\"", "for=\"[2001:db8:0::/48]\""),
            ("::ffff:203.0.113.9", "0:0:0::/48"),
            ("peer:203.0.113.9", "peer:203.0.113.0/24"),
            ("203.0.113.0/24", "203.0.113.0/24"),
            ("2001:db8:1::/48", "2001:db8:1::/48"),
        ] {
            assert_eq!(shown(text.as_bytes(), true), wanted, "{text}");
        }
    }

    #[test]
    fn addresses_of_mail_are_dropped_wherever_they_stand() {
        for (text, wanted) in [
            (
                "GET /reset/ana@example.org/now HTTP/1.1",
                "GET /reset/{email}/now HTTP/1.1",
            ),
            (
                "GET /reset/ana%40example.org HTTP/1.1",
                "GET /reset/{email} HTTP/1.1",
            ),
            (r#"{"user":"ana@example.org"}"#, r#"{"user":"{email}"}"#),
            (
                "user ana@example.org: password mismatch",
                "user {email}: password mismatch",
            ),
            ("no mail to ana@example.org.", "no mail to {email}."),
            (
                "shop@docker \"http://10.0.0.5:80\"",
                "shop@docker \"http://10.0.0.0/24:80\"",
            ),
        ] {
            assert_eq!(shown(text.as_bytes(), true), wanted, "{text}");
            assert_eq!(shown(text.as_bytes(), false), text, "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_an_address_stays() {
        for text in [
            "[03/Nov/2026:14:05:12 +0000]",
            "2026-11-03T14:05:12.345Z",
            "Chrome/130.0.0.0",
            "Repeater::ENOTFOUND",
            "0/0/-1/-1/5002",
            "HTTP/1.1",
            "::",
            "outbound|8080||cart.shop",
        ] {
            assert_eq!(shown(text.as_bytes(), true), text);
        }
    }

    #[test]
    fn a_query_ends_at_a_space_or_quote_only() {
        let line = br#""GET /a?x=1,b|token={y},mail=me@example.org HTTP/1.1" 200"#;
        assert_eq!(shown(line, true), r#""GET /a HTTP/1.1" 200"#);
        let line = br#""GET /a?x=1&token={y},z HTTP/1.1" 200"#;
        assert_eq!(
            shown(line, false),
            r#""GET /a?x=1&token=***** HTTP/1.1" 200"#
        );
    }

    #[test]
    fn private_columns_are_dropped_and_their_secrets_hidden() {
        let line = b"GET /a \xfeid=7&token=abc\xff 443 \xfealice\xff 203.0.113.9";
        assert_eq!(
            shown(line, false),
            "GET /a id=7&token=*** 443 alice 203.0.113.9"
        );
        assert_eq!(shown(line, true), "GET /a  443  203.0.113.0/24");
    }
}
