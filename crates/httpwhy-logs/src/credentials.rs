//! Credentials in lines: what stands under the name of one, in JSON and in `name=value`, and behind the scheme of HTTP
//! authentication. A query's parameters are [`crate::shown`]'s own affair.

/// Words in names whose values are credentials, in lower case; `-` is written `_`.
const NAMES: &[&str] = &[
    "authorization",
    "cookie",
    "password",
    "passwd",
    "secret",
    "api_key",
    "apikey",
    "access_token",
    "refresh_token",
    "id_token",
    "auth_token",
    "session_token",
    "csrf_token",
    "jwt",
];
/// Schemes (RFC 9110 section 11.1) behind which a credential stands.
const SCHEMES: &[&str] = &["Bearer ", "Basic ", "Negotiate ", "Token "];
/// A token is at least so long; anything shorter is a word of prose.
const SHORTEST: usize = 8;
const HIDDEN: &str = "***";
const QUOTED: &str = "\"***\"";

/// The text with `***` in place of credentials.
pub(crate) fn hide(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        if let Some((kept, after)) = named(rest).or_else(|| schemed(rest)) {
            out.push_str(&rest[..kept]);
            let quoted = matches!(rest.as_bytes().get(kept), Some(b'"' | b'[' | b'{'));
            out.push_str(if quoted { QUOTED } else { HIDDEN });
            rest = &rest[after..];
            continue;
        }
        // The next place where a name or a scheme may begin.
        let first = rest.chars().next().map_or(0, char::len_utf8);
        let next = first + word(&rest[first..]);
        out.push_str(&rest[..next]);
        rest = &rest[next..];
    }
    out
}

/// How far it is to the next letter that follows none.
fn word(text: &str) -> usize {
    let mut inside = true;
    for (at, c) in text.char_indices() {
        let letter = is_of_name(c);
        if letter && !inside {
            return at;
        }
        inside = letter;
    }
    text.len()
}

const fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

/// A name with its value: where the value begins, and where it ends.
fn named(text: &str) -> Option<(usize, usize)> {
    let end = text.find(|c| !is_of_name(c))?;
    let name = text[..end].to_ascii_lowercase().replace('-', "_");
    if !NAMES.iter().any(|known| name.contains(known)) {
        return None;
    }
    let behind = &text[end..];
    let (mark, json) = match behind.as_bytes() {
        [b'"', ..] => (behind[1..].trim_start().strip_prefix(':')?, true),
        [b'=', ..] => (&behind[1..], false),
        _ => return None,
    };
    let value = if json { mark.trim_start() } else { mark };
    let from = text.len() - value.len();
    let length = length(value, json)?;
    (length > 0).then_some((from, from + length))
}

/// How long a value is: a string, a list, or with `=` what goes on to the next space. Numbers and the like are none.
fn length(value: &str, json: bool) -> Option<usize> {
    match value.as_bytes().first()? {
        b'"' => Some(string(value)),
        b'[' | b'{' if json => {
            let mut at = 1;
            let bytes = value.as_bytes();
            let mut open = 1_usize;
            while at < bytes.len() && open > 0 {
                match bytes[at] {
                    b'"' => at += string(&value[at..]) - 1,
                    b'[' | b'{' => open += 1,
                    b']' | b'}' => open -= 1,
                    _ => {}
                }
                at += 1;
            }
            Some(at)
        }
        _ if json => None,
        _ => Some(
            value
                .find([' ', '\t', '"', '&', ',', '}'])
                .unwrap_or(value.len()),
        ),
    }
}

/// How long a quoted string is, with its quotes; to the end where it is cut.
fn string(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// A scheme with its credential.
fn schemed(text: &str) -> Option<(usize, usize)> {
    let scheme = SCHEMES.iter().find(|scheme| {
        let head = text.get(..scheme.len());
        head.is_some_and(|head| head.eq_ignore_ascii_case(scheme))
    })?;
    let token = &text[scheme.len()..];
    let is_of_token = |c: char| c.is_ascii_alphanumeric() || "-._~+/=".contains(c);
    let length = token.find(|c| !is_of_token(c)).unwrap_or(token.len());
    (length >= SHORTEST).then_some((scheme.len(), scheme.len() + length))
}

#[cfg(test)]
mod tests {
    use super::hide;

    #[test]
    fn credentials_are_hidden_wherever_they_stand() {
        for (text, wanted) in [
            (
                r#"{"http_cookie":"sid=\"x\"; b=2","status":502}"#,
                r#"{"http_cookie":"***","status":502}"#,
            ),
            (
                r#""headers":{"Cookie": ["sid=x","b=]"],"Authorization":["Bearer abc"],"Host":["a"]}"#,
                r#""headers":{"Cookie": "***","Authorization":"***","Host":["a"]}"#,
            ),
            (r#"{"X-Api-Key":"k","a":1}"#, r#"{"X-Api-Key":"***","a":1}"#),
            (r#"{"http_cookie":"sid=cut of"#, r#"{"http_cookie":"***""#),
            (
                r#"at=info authorization="Basic YWxhZGRpbjpvcGVu" status=200"#,
                r#"at=info authorization="***" status=200"#,
            ),
            ("password=hush next=1", "password=*** next=1"),
            (
                r#"1.2.3.4 "GET /" 200 "bearer eyJhbGciOiJIUzI1NiJ9.e30" "x""#,
                r#"1.2.3.4 "GET /" 200 "bearer ***" "x""#,
            ),
        ] {
            assert_eq!(hide(text), wanted);
        }
    }

    #[test]
    fn other_words_stay() {
        for text in [
            "at=error code=H12 desc=\"Request timeout\"",
            r#"{"tokens":12,"cookies_seen":3,"key":"value"}"#,
            "Basic realm",
            "GET /password/reset HTTP/1.1",
            "/authorization",
            "authorization",
            "\u{fffd}\u{e9} password",
            "",
        ] {
            assert_eq!(hide(text), text);
        }
    }
}
