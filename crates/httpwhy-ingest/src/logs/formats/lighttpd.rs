//! lighttpd: `mod_accesslog`'s default.
//!
//! Layout (lighttpd's documentation, `accesslog.format`): `%h %V %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i"`. It is
//! `combined` but for the second word, which is the host that was asked for where others have the identity that nobody
//! uses; `-` where the request named none. What was no request at all is written as two spaces.

use std::sync::Arc;

use httpwhy_model::{Side, Visit};
use memchr::memchr;

use super::apache::{asked, tail, unit};
use crate::logs::{Column, Format, Kind, Layout, Legs, Line, Open, Shape, Spans, Split, Unit, clf};

pub(crate) static FORMAT: Format = Format {
    name: "lighttpd",
    title: "lighttpd access log",
    kind: Kind::Access,
    side: Side::Server,
    rank: 12,
    fit,
    shape,
    visit,
    open,
};

#[derive(Debug)]
struct Lighttpd {
    /// What a lone number at the end counts.
    unit: Unit,
}

fn fit(sample: &[&[u8]]) -> Option<Arc<dyn Layout>> {
    let split = |raw: &&&[u8]| Lighttpd::default().split(raw, &mut Spans::default()) == Split::Read;
    let lines = sample.iter().filter(split);
    let (mut all, mut named) = (0, 0);
    for raw in lines {
        all += 1;
        named += usize::from(host(raw).is_some_and(|(from, to)| &raw[from..to] != b"-"));
    }
    // What was refused before its host was known names none.
    if named * 2 <= all {
        return None;
    }
    let unit = unit(&Lighttpd::default(), sample)?;
    Some(Arc::new(Lighttpd { unit }))
}

impl Default for Lighttpd {
    fn default() -> Self {
        Self {
            unit: Unit::Seconds,
        }
    }
}

impl Layout for Lighttpd {
    fn split(&self, raw: &[u8], spans: &mut Spans) -> Split {
        let Some((from, to)) = host(raw) else {
            return Split::Foreign;
        };
        let end = match clf::split(raw, 0, spans) {
            Ok(end) => end,
            Err(split) => return split,
        };
        spans.set(Column::Host, from, to);
        spans.unit = self.unit;
        tail(raw, end, spans)
    }
}

/// The second word of the three before the time, if it is a host's name or address, maybe with a port, or `-`.
fn host(raw: &[u8]) -> Option<(usize, usize)> {
    let from = memchr(b' ', raw)? + 1;
    let word = &raw[from..from + clf::word(raw.get(from..)?)];
    let user = raw.get(from + word.len() + 1..)?;
    if user.get(clf::word(user) + 1) != Some(&b'[') {
        return None;
    }
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"-.:[]_".contains(byte);
    let is_host = word == b"-"
        || word == b"localhost"
        || word.iter().all(is_part) && (word.contains(&b'.') || word.contains(&b':'));
    is_host.then_some((from, from + word.len()))
}

fn shape<'a>(line: &Line<'a>) -> Shape<'a> {
    Shape::of(line)
}

fn visit(shape: &Shape<'_>) -> Visit {
    let legs = Legs::of("lighttpd", Side::Server).answered(shape.status);
    asked(legs, shape).visit()
}

fn open(shape: &Shape<'_>) -> Option<Open> {
    let between = match shape.status {
        500 => "the application failed and said so, or it closed the connection without an answer",
        502 => {
            "the server behind answered what is no HTTP or too large a head, or it answered 502 itself"
        }
        503 => {
            "the server behind refused the connection or was set aside after that, or it answered 503 itself"
        }
        504 => {
            "the server behind was silent for the time of read-timeout, or it answered 504 itself"
        }
        _ => return None,
    };
    Some(Open {
        between,
        paste: "# lighttpd's access log cannot hold what the server behind did; its error log does: give both files\n\
                server.errorlog = \"/var/log/lighttpd/error.log\"\n\
                accesslog.format = \"%h %V %u %t \\\"%r\\\" %>s %b \\\"%{Referer}i\\\" \\\"%{User-Agent}i\\\" %D\"",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::Request;

    const LINE: &str = r#"127.0.0.1 shop.example:8080 - [21/Nov/2026:19:37:35 +0000] "GET /cart HTTP/1.1" 503 361 "-" "curl/8.5.0""#;

    #[test]
    fn the_host_is_the_second_word() {
        let layout = fit(&[LINE.as_bytes()]).expect("its own");
        let mut spans = Spans::default();
        assert_eq!(layout.split(LINE.as_bytes(), &mut spans), Split::Read);
        let line = Line::new(LINE.as_bytes(), &spans);
        assert_eq!(line.get(Column::Host), Some(&b"shop.example:8080"[..]));
        assert_eq!(line.get(Column::Client), Some(&b"127.0.0.1"[..]));
        assert_eq!(line.some(Column::User), None);
        assert_eq!(
            (line.status(), line.path()),
            (Some(503), Some(&b"/cart"[..]))
        );
    }

    #[test]
    fn the_combined_format_of_others_is_not_its_own() {
        for other in [
            r#"127.0.0.1 - - [21/Nov/2026:19:37:35 +0000] "GET /cart HTTP/1.1" 503 361 "-" "x""#,
            r#"127.0.0.1 - alice [21/Nov/2026:19:37:35 +0000] "GET /cart HTTP/1.1" 503 361"#,
            r#"127.0.0.1 ident alice [21/Nov/2026:19:37:35 +0000] "GET /cart HTTP/1.1" 503 361"#,
            r#"shop.example:443 127.0.0.1 - - [21/Nov/2026:19:37:35 +0000] "GET / HTTP/1.1" 502 627 "-" "x""#,
        ] {
            assert!(fit(&[other.as_bytes()]).is_none(), "{other}");
        }
    }

    #[test]
    fn what_was_no_request_is_told() {
        let torn = r#"127.0.0.1 - - [21/Nov/2026:19:37:39 +0000] "  " 400 345 "-" "-""#;
        let layout = fit(&[LINE.as_bytes(), torn.as_bytes(), LINE.as_bytes()]).expect("its own");
        let mut spans = Spans::default();
        assert_eq!(layout.split(torn.as_bytes(), &mut spans), Split::Read);
        let line = Line::new(torn.as_bytes(), &spans);
        assert_eq!(shape(&line).request, Request::Garbled);
    }
}
