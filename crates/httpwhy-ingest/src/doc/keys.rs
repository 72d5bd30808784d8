//! The names of a document's first level, found without reading the rest: enough to tell what it is.

/// The names at the top of what begins like a JSON object, each with the first byte of its value; as far as the bytes go,
/// which may be cut anywhere. `whole` says whether the object came to its end.
pub(crate) struct Keys {
    pub(crate) names: Vec<(String, u8)>,
    pub(crate) whole: bool,
}

/// As many names are looked at.
const MOST: usize = 1000;

/// Looks at JSON.
pub(crate) fn of_json(bytes: &[u8]) -> Keys {
    let mut keys = Keys {
        names: Vec::new(),
        whole: false,
    };
    let (mut depth, mut at) = (0_usize, 0);
    let mut name: Option<&[u8]> = None;
    let mut wants_value = false;
    while at < bytes.len() && keys.names.len() < MOST {
        let byte = bytes[at];
        if wants_value && !byte.is_ascii_whitespace() {
            wants_value = false;
            let name = String::from_utf8_lossy(name.take().unwrap_or_default()).into_owned();
            keys.names.push((name, byte));
        }
        match byte {
            b'"' => {
                let Some(length) = text_length(&bytes[at + 1..]) else {
                    return keys;
                };
                if depth == 1 {
                    name = Some(&bytes[at + 1..at + 1 + length]);
                }
                at += length + 1;
            }
            b':' if depth == 1 && name.is_some() => wants_value = true,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    keys.whole = true;
                    return keys;
                }
            }
            b',' if depth == 1 => name = None,
            _ => {}
        }
        at += 1;
    }
    keys
}

/// The length of a text up to its closing quote.
fn text_length(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => return Some(at),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    None
}

/// The names at the start of lines of what may be a YAML mapping.
pub(crate) fn of_yaml(bytes: &[u8]) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(bytes);
    let lines = text.lines().filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        let name = name.trim_matches(['"', '\'']);
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        let good = !name.is_empty() && name.chars().all(is_name);
        good.then(|| (name.to_owned(), value.trim().to_owned()))
    });
    lines.take(MOST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_first_level_alone() {
        let keys = of_json(br#" {"log" : {"version":"1.2","x":[{"y":1}]}, "a\"b":"c:d", "n": 1"#);
        let names: Vec<_> = keys
            .names
            .iter()
            .map(|(name, first)| (&**name, *first))
            .collect();
        assert_eq!(names, [("log", b'{'), ("a\\\"b", b'"'), ("n", b'1')]);
        assert!(!keys.whole && of_json(b"{}").whole);
        let keys = of_yaml(b"# x\nopenapi: 3.0.3\ninfo:\n  title: y\n'paths': {}\n");
        let names: Vec<_> = keys
            .iter()
            .map(|(name, value)| (&**name, &**value))
            .collect();
        assert_eq!(names, [("openapi", "3.0.3"), ("info", ""), ("paths", "{}")]);
    }
}
