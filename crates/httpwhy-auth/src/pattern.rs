//! Patterns of paths and of texts.

/// Whether a text is like a pattern, in which `*` stands for anything.
pub(crate) fn is_like(text: &str, pattern: &str) -> bool {
    fits(text.as_bytes(), pattern.as_bytes(), |_| true)
}

/// Whether a path is like a pattern, in which `**` stands for anything and `*` for anything but a slash.
pub(crate) fn path_is_like(path: &str, pattern: &str) -> bool {
    // `**` alone also covers what a single star does not.
    let pattern = pattern.replace("**", "\u{1}");
    let pattern = pattern.as_bytes();
    fits_path(path.as_bytes(), pattern)
}

/// Whether a text holds that, or is like it where it has a star.
pub(crate) fn holds(text: &str, pattern: &str) -> bool {
    if pattern.contains('*') {
        is_like(text, pattern)
    } else {
        text.contains(pattern)
    }
}

/// One star at a time is remembered: linear in the text for each star.
fn fits(text: &[u8], pattern: &[u8], star_takes: impl Fn(u8) -> bool) -> bool {
    let (mut at, mut p) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while at < text.len() {
        if pattern.get(p) == Some(&b'*') {
            star = Some((p, at));
            p += 1;
        } else if pattern.get(p) == Some(&text[at]) {
            p += 1;
            at += 1;
        } else if let Some((from, taken)) = star.filter(|&(_, taken)| star_takes(text[taken])) {
            star = Some((from, taken + 1));
            p = from + 1;
            at = taken + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|&byte| byte == b'*')
}

/// Splits at the double stars: the first piece stands at the start, the last at the end, the others between, in order.
fn fits_path(path: &[u8], pattern: &[u8]) -> bool {
    let pieces: Vec<&[u8]> = pattern.split(|&byte| byte == 1).collect();
    let single = |text: &[u8], piece: &[u8]| fits(text, piece, |byte| byte != b'/');
    let [first, rest @ ..] = &pieces[..] else {
        return false;
    };
    let Some((last, middle)) = rest.split_last() else {
        return single(path, first);
    };
    let starts = (0..=path.len()).filter(|&end| single(&path[..end], first));
    starts.min().is_some_and(|from| {
        let mut from = from;
        for piece in middle {
            let found = (from..=path.len()).find_map(|start| {
                (start..=path.len()).find(|&end| single(&path[start..end], piece))
            });
            let Some(end) = found else { return false };
            from = end;
        }
        (from..=path.len()).any(|start| single(&path[start..], last))
    })
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
            assert_eq!(path_is_like(path, pattern), is, "{path} {pattern}");
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
