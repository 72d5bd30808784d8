//! The challenges of a 401 (RFC 9110 section 11.6.1): schemes with their parameters, several in one field or in many.

use httpwhy_model::Fields;

/// One challenge.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Challenge {
    /// In lower case.
    pub(super) scheme: String,
    /// Names in lower case, values without quotes.
    parameters: Vec<(String, String)>,
}

impl Challenge {
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// Challenges of one response that are looked at.
const MOST: usize = 32;

/// All challenges, in order.
pub(super) fn challenges(fields: &Fields) -> Vec<Challenge> {
    let mut found: Vec<Challenge> = Vec::new();
    for value in fields.iter("www-authenticate") {
        let text = String::from_utf8_lossy(value.as_bytes());
        // A parameter belongs to a challenge of its own field.
        let first = found.len();
        for piece in pieces(&text) {
            let (word, rest) = word(piece);
            let (scheme, parameter) = match rest.trim_start().strip_prefix('=') {
                Some(_) => (None, piece),
                None => (Some(word), rest.trim_start()),
            };
            if let Some(scheme) = scheme.filter(|scheme| !scheme.is_empty()) {
                if found.len() == MOST {
                    return found;
                }
                found.push(Challenge {
                    scheme: scheme.to_ascii_lowercase(),
                    parameters: Vec::new(),
                });
            }
            if let (Some((name, value)), Some(challenge)) = (
                parameter.split_once('='),
                found.get_mut(first..).and_then(<[_]>::last_mut),
            ) {
                let name = name.trim().to_ascii_lowercase();
                challenge.parameters.push((name, unquoted(value.trim())));
            }
        }
    }
    found
}

/// The parts between commas that stand outside quotes.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(move |c| {
        if escaped {
            escaped = false;
            return false;
        }
        match c {
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => {}
        }
        c == ',' && !quoted
    })
    .map(str::trim)
    .filter(|piece| !piece.is_empty())
}

/// The word at the start, and what follows.
fn word(piece: &str) -> (&str, &str) {
    let end = piece.find([' ', '\t', '=']).unwrap_or(piece.len());
    piece.split_at(end)
}

fn unquoted(value: &str) -> String {
    let Some(inner) = value.strip_prefix('"') else {
        return value.to_owned();
    };
    let mut out = String::new();
    let mut escaped = false;
    for c in inner.chars() {
        match c {
            '\\' if !escaped => escaped = true,
            '"' if !escaped => break,
            _ => {
                escaped = false;
                out.push(c);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_in_one_field_are_told_apart() {
        let fields = Fields::of([
            (
                "WWW-Authenticate",
                "Digest realm=\"a, \\\"b\\\"\", qop=\"auth,auth-int\", nonce = \"n=\", Basic realm=x",
            ),
            ("WWW-Authenticate", "Negotiate, NTLM"),
            ("www-authenticate", "Bearer abc=="),
            ("www-authenticate", "realm=stray"),
        ]);
        let found = challenges(&fields);
        let schemes: Vec<&str> = found.iter().map(|c| c.scheme.as_str()).collect();
        assert_eq!(schemes, ["digest", "basic", "negotiate", "ntlm", "bearer"]);
        assert_eq!(found[0].get("realm"), Some("a, \"b\""));
        assert_eq!(found[0].get("qop"), Some("auth,auth-int"));
        assert_eq!(found[0].get("nonce"), Some("n="));
        assert_eq!(found[1].get("realm"), Some("x"));
        assert_eq!(found[4].get("realm"), None);
    }
}
