//! Patterns of paths and of texts.

use regex::Regex;

/// Whether a text is like a pattern, in which `*` stands for anything.
pub(crate) fn is_like(text: &str, pattern: &str) -> bool {
    fits(text.as_bytes(), pattern.as_bytes())
}

/// A pattern of paths, in which `**` stands for anything and `*` for anything but a slash. Matching takes time linear in
/// the path, whatever a redirect names.
#[derive(Debug, Clone)]
pub(crate) struct PathPattern(Regex);

impl PathPattern {
    /// # Errors
    /// A pattern that is too large.
    pub(crate) fn read(pattern: &str) -> Result<Self, String> {
        let pieces = pattern.split("**").map(|piece| {
            let parts: Vec<String> = piece.split('*').map(regex::escape).collect();
            parts.join("[^/]*")
        });
        let pieces: Vec<String> = pieces.collect();
        Regex::new(&format!("(?s)^{}$", pieces.join(".*")))
            .map(Self)
            .map_err(|_| "this pattern is too large".to_owned())
    }

    pub(crate) fn fits(&self, path: &str) -> bool {
        self.0.is_match(path)
    }
}

/// Whether a text holds that, or is like it where it has a star.
pub(crate) fn holds(text: &str, pattern: &str) -> bool {
    if pattern.contains('*') {
        is_like(text, pattern)
    } else {
        text.contains(pattern)
    }
}

/// One star at a time is remembered: time is at most the product of both lengths.
fn fits(text: &[u8], pattern: &[u8]) -> bool {
    let (mut at, mut p) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while at < text.len() {
        if pattern.get(p) == Some(&b'*') {
            star = Some((p, at));
            p += 1;
        } else if pattern.get(p) == Some(&text[at]) {
            p += 1;
            at += 1;
        } else if let Some((from, taken)) = star {
            star = Some((from, taken + 1));
            p = from + 1;
            at = taken + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|&byte| byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_what_they_may() {
        for (path, pattern, is) in [
            ("/a/b", "/**", true),
            ("/", "/**", true),
            ("/a/b", "/*", false),
            ("/a", "/*", true),
            ("/logout", "/logout*", true),
            ("/logout/now", "/logout*", false),
            ("/logout/now", "/logout**", true),
            ("/api/v1/x", "/api/**/x", true),
            ("/api/v1/xy", "/api/**/x", false),
            ("/x", "/x", true),
            ("/x/", "/x", false),
            ("/a/b/c/d", "/a/**/c/*", true),
        ] {
            let read = PathPattern::read(pattern).expect(pattern);
            assert_eq!(read.fits(path), is, "{path} {pattern}");
        }
        for (text, pattern, is) in [
            ("/login?next=/", "*/login*", true),
            ("https://h/login", "*/login*", true),
            ("/home", "*/login*", false),
            ("/login", "/login", true),
            ("/login?x", "/login", true),
        ] {
            assert_eq!(holds(text, pattern), is, "{text} {pattern}");
        }
    }
}
