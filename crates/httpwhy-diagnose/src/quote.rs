//! Quotes of what the other side sent: short, and without anything that a terminal or page could obey.

use httpwhy_model::acts_on_terminals;

/// Longest quote, in characters.
const MAX: usize = 120;

/// The bytes as text of at most 120 characters; control characters as `\xNN`, bytes that are no UTF-8 as U+FFFD.
pub(crate) fn quote(bytes: &[u8]) -> String {
    if bytes.len() <= MAX && bytes.iter().all(|byte| matches!(byte, b' '..=b'~')) {
        // As nearly all are: nothing of it changes.
        return String::from_utf8_lossy(bytes).into_owned();
    }
    // Four bytes a character at most, and one more to see that it was cut.
    let shown = &bytes[..bytes.len().min(MAX * 4 + 4)];
    let mut out = String::new();
    for (count, c) in String::from_utf8_lossy(shown).chars().enumerate() {
        if count == MAX {
            out.push('…');
            break;
        }
        if acts_on_terminals(c) {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::quote;

    #[test]
    fn nothing_that_a_terminal_obeys_gets_through() {
        assert_eq!(quote(b"a\x1b[31mb\r\n"), "a\\u{1b}[31mb\\r\\n");
        assert_eq!(quote("x\u{202e}y".as_bytes()), "x\\u{202e}y");
        assert_eq!(quote(&[b'a'; 500]).chars().count(), 121);
    }
}
