//! One spelling for look-ups: used when the tables are built and when they are asked.

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
