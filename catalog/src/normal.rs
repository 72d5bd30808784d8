//! One spelling for look-ups: used when the tables are built and when they are asked.

use std::ops::Range;

/// Lower case, white space folded to one space, quotes and final punctuation around it removed.
pub(crate) fn normal(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for word in name.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.extend(word.chars().flat_map(char::to_lowercase));
    }
    let edge = |c: char| {
        matches!(
            c,
            '\'' | '"' | '`' | '“' | '”' | '.' | ',' | ';' | ':' | '!'
        )
    };
    out.trim_matches(edge).to_owned()
}

/// Where the words of a text stand: letters, digits and `_`. A point between digits (`403.14`), an apostrophe between
/// letters (`doesn't`) and a minus before a digit (`-1003`) belong to the word; all else separates.
pub(crate) fn words(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut before = ' ';
    let mut characters = text.char_indices().peekable();
    while let Some((at, c)) = characters.next() {
        let next = characters.peek().map_or(' ', |&(_, next)| next);
        let is_part = match c {
            '.' => before.is_ascii_digit() && next.is_ascii_digit(),
            '\'' | '’' => before.is_alphabetic() && next.is_alphabetic(),
            '-' => !before.is_alphanumeric() && next.is_ascii_digit(),
            c => c.is_alphanumeric() || c == '_',
        };
        if is_part {
            let end = at + c.len_utf8();
            match found.last_mut() {
                Some(last) if last.end == at => last.end = end,
                _ => found.push(at..end),
            }
        }
        before = c;
    }
    found
}

/// Adds one word in the spelling of the phrase table: lower case, without apostrophes.
pub(crate) fn push_word(key: &mut String, word: &str) {
    let letters = word.chars().filter(|c| !matches!(c, '\'' | '’'));
    key.extend(letters.flat_map(char::to_lowercase));
}

/// All words of a text in that spelling, one space between them.
pub(crate) fn phrase(text: &str) -> String {
    let mut key = String::with_capacity(text.len());
    for word in words(text) {
        if !key.is_empty() {
            key.push(' ');
        }
        push_word(&mut key, &text[word]);
    }
    key
}
