//! Lines and names as they may be shown: without credentials, and, when asked, without persons.

use std::net::IpAddr;

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

/// A stranger's bytes as text: secrets in queries hidden, and with `anonymize` addresses cut to their network (/24, /48)
/// and queries dropped. Still to be escaped for where it is shown.
pub fn shown(bytes: &[u8], anonymize: bool) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut out = String::with_capacity(text.len());
    for piece in pieces(&text) {
        let piece = match piece.find('?') {
            Some(at) if anonymize => &piece[..at],
            Some(at) => {
                out.push_str(&without_password(&piece[..at]));
                without_secrets(&piece[at..], &mut out);
                continue;
            }
            None => piece,
        };
        let piece = without_password(piece);
        match anonymize.then(|| address(&piece)).flatten() {
            Some(cut) => out.push_str(&cut),
            None => out.push_str(&piece),
        }
    }
    out
}

/// The text between and including what separates words in logs.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let separates = |c: char| matches!(c, ' ' | '"' | '\t' | ',' | '|' | '{' | '}' | '<' | '>');
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let end = if separates(first) {
            first.len_utf8()
        } else {
            rest.find(separates).unwrap_or(rest.len())
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

/// The network in place of an address, with or without port and brackets around it.
fn address(piece: &str) -> Option<String> {
    let bare = piece
        .trim_start_matches(['[', '('])
        .trim_end_matches([']', ')', ';']);
    let (host, port) = match bare.rsplit_once(':') {
        Some((host, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => {
            match host.trim_matches(['[', ']']).parse::<IpAddr>() {
                Ok(_) => (host.trim_matches(['[', ']']), Some(port)),
                Err(_) => (bare, None),
            }
        }
        _ => (bare, None),
    };
    host.parse::<IpAddr>().ok()?;
    let mut cut = Vec::new();
    network::write(host.as_bytes(), &mut cut);
    let cut = String::from_utf8(cut).ok()?;
    let cut = match port {
        Some(port) => format!("{cut}:{port}"),
        None => cut,
    };
    Some(piece.replacen(bare, &cut, 1))
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
        let cut = shown(line, true);
        assert!(
            cut.starts_with("203.0.113.0/24 - - [x] \"GET /a HTTP/1.1\" 200"),
            "{cut}"
        );
        assert!(
            !cut.contains("abc") && !cut.contains("pw@") && cut.contains("2001:db8:1::/48"),
            "{cut}"
        );
    }
}
