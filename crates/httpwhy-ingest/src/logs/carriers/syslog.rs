//! Syslog in its old and new forms, journalctl's short ones, and Heroku's.
//!
//! | form | layout |
//! |---|---|
//! | RFC 3164 section 4, journalctl `-o short` | `<134>Nov  3 14:05:12 host program[pid]: LINE`, priority and host perhaps left out |
//! | RFC 5424 section 6 | `<134>1 2026-11-03T14:05:12Z host program pid msgid - LINE` |
//! | RFC 6587 section 3.4.1 | the message's length stands before it: `83 <134>1 …` |
//! | rsyslog's file format, journalctl `-o short-iso`, Heroku | `2026-11-03T14:05:12.345678+00:00 host program[pid]: LINE` |
//!
//! Heroku's logplex leaves out the structured data of RFC 5424 (Heroku Dev Center, Logplex HTTPS drains).

use memchr::memchr;

use crate::logs::{Carrier, Peeled};

pub(crate) static CARRIER: Carrier = Carrier {
    name: "syslog",
    begins: b"",
    peel,
};

/// Hosts and program names are at most so long here (RFC 5424 allows 255).
const MAX_WORD: usize = 256;

fn peel<'a>(raw: &'a [u8], _: &'a mut Vec<u8>) -> Option<Peeled<'a>> {
    match raw.first()? {
        b'<' => with_priority(raw),
        b'A'..=b'Z' => old(raw),
        b'0'..=b'9' => dated(raw).or_else(|| counted(raw)),
        _ => None,
    }
}

/// `123 <134>1 …`
fn counted(raw: &[u8]) -> Option<Peeled<'_>> {
    let digits = raw
        .iter()
        .take(7)
        .take_while(|b| b.is_ascii_digit())
        .count();
    with_priority(raw[digits..].strip_prefix(b" ")?)
}

fn with_priority(raw: &[u8]) -> Option<Peeled<'_>> {
    let tail = raw.strip_prefix(b"<")?;
    let digits = tail
        .iter()
        .take(4)
        .take_while(|b| b.is_ascii_digit())
        .count();
    let rest = tail[digits..].strip_prefix(b">")?;
    let versioned = rest.strip_prefix(b"1 ").and_then(new);
    versioned
        .or_else(|| old(rest))
        .filter(|_| (1..=3).contains(&digits))
}

/// `2026-11-03T14:05:12Z host program pid msgid [data] LINE`
fn new(rest: &[u8]) -> Option<Peeled<'_>> {
    let (time, rest) = word(rest)?;
    if time != b"-" && iso_stamp(time) != Some(time.len()) {
        return None;
    }
    let (_host, rest) = word(rest)?;
    let source = rest;
    let (program, rest) = word(rest)?;
    let (process, rest) = word(rest)?;
    let (_id, rest) = word(rest)?;
    Some(Peeled {
        line: behind_data(rest),
        source: &source[..program.len() + 1 + process.len()],
        time,
        goes_on: false,
    })
}

/// What stands behind `-` or `[id key="value"]…`, and all of it where neither does.
fn behind_data(rest: &[u8]) -> &[u8] {
    if let Some(line) = rest.strip_prefix(b"- ") {
        return line;
    }
    let mut end = 0;
    while rest.get(end) == Some(&b'[') {
        let (mut quoted, mut escaped) = (false, false);
        let close = rest[end..].iter().position(|&b| {
            let closes = b == b']' && !quoted;
            quoted ^= b == b'"' && !escaped;
            escaped = b == b'\\' && !escaped;
            closes
        });
        let Some(close) = close else { return rest };
        end += close + 1;
    }
    // `[03/Nov/2026:14:05:12 +0000]` begins a line: data has an id and perhaps parameters.
    let is_data = rest[..end].contains(&b'=') || rest[..end].contains(&b'@');
    match rest.get(end) {
        Some(b' ') if is_data => &rest[end + 1..],
        None if is_data => b"",
        _ => rest,
    }
}

/// `Nov  3 14:05:12 host program[pid]: LINE`
fn old(rest: &[u8]) -> Option<Peeled<'_>> {
    const MONTHS: &[u8] = b"JanFebMarAprMayJunJulAugSepOctNovDec";
    let (time, tail) = rest.split_at_checked(15)?;
    let is_month = MONTHS.chunks(3).any(|month| month == &time[..3]);
    let is_stamp = time.iter().enumerate().skip(3).all(|(at, b)| match at {
        3 | 6 => *b == b' ',
        4 => matches!(b, b' ' | b'0'..=b'3'),
        9 | 12 => *b == b':',
        _ => b.is_ascii_digit(),
    });
    if !is_month || !is_stamp {
        return None;
    }
    tagged(tail.strip_prefix(b" ")?, time)
}

/// `2026-11-03T14:05:12.345678+00:00 host program[pid]: LINE`
fn dated(raw: &[u8]) -> Option<Peeled<'_>> {
    let (time, rest) = raw.split_at(iso_stamp(raw)?);
    tagged(rest.strip_prefix(b" ")?, time)
}

/// `program[pid]: LINE`, perhaps behind one word that is the host.
fn tagged<'a>(rest: &'a [u8], time: &'a [u8]) -> Option<Peeled<'a>> {
    let (source, line) = tag(rest).or_else(|| tag(word(rest)?.1))?;
    Some(Peeled {
        line,
        source,
        time,
        goes_on: false,
    })
}

/// The tag without its colon, and what stands behind.
fn tag(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    let is_name = |b: &u8| b.is_ascii_alphanumeric() || b"-_./".contains(b);
    let name = rest
        .iter()
        .take(MAX_WORD)
        .take_while(|b| is_name(b))
        .count();
    if !rest[..name].iter().any(u8::is_ascii_alphabetic) {
        return None;
    }
    let mut end = name;
    if rest.get(name) == Some(&b'[') {
        end += rest[name..]
            .iter()
            .take(MAX_WORD)
            .position(|&b| b == b']')?
            + 1;
    }
    let line = rest[end..].strip_prefix(b":")?;
    match line.first() {
        None => Some((&rest[..end], line)),
        Some(b' ') => Some((&rest[..end], &line[1..])),
        Some(_) => None,
    }
}

/// The first word, and what stands behind the space that ends it.
fn word(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr(b' ', &rest[..rest.len().min(MAX_WORD)])?;
    (end > 0).then(|| (&rest[..end], &rest[end + 1..]))
}

/// The length of the ISO 8601 stamp that begins the line: `2026-11-03T14:05:12`, a fraction, a zone.
pub(super) fn iso_stamp(line: &[u8]) -> Option<usize> {
    let is_stamp = line.get(..19)?.iter().enumerate().all(|(at, b)| match at {
        4 | 7 => *b == b'-',
        10 => *b == b'T',
        13 | 16 => *b == b':',
        _ => b.is_ascii_digit(),
    });
    let tail = line[19..]
        .iter()
        .take(16)
        .take_while(|b| b.is_ascii_digit() || b".,Z+-:".contains(b))
        .count();
    is_stamp.then_some(19 + tail)
}

#[cfg(test)]
mod tests {
    use super::peel;

    const LINE: &str = r#"203.0.113.9 - - [03/Nov/2026:14:05:12 +0000] "GET / HTTP/1.1" 200 5"#;

    #[test]
    fn every_form_leaves_the_line() {
        for (head, time, source) in [
            (
                "Nov  3 14:05:12 lb1 nginx[2214]: ",
                "Nov  3 14:05:12",
                "nginx[2214]",
            ),
            (
                "<190>Nov 13 14:05:12 lb1 nginx: ",
                "Nov 13 14:05:12",
                "nginx",
            ),
            (
                "<134>Nov  3 14:05:12 haproxy[2214]: ",
                "Nov  3 14:05:12",
                "haproxy[2214]",
            ),
            (
                "<134>1 2026-11-03T14:05:12Z lb1 nginx 2214 - - ",
                "2026-11-03T14:05:12Z",
                "nginx 2214",
            ),
            ("<134>1 - lb1 nginx 2214 - - ", "-", "nginx 2214"),
            (
                r#"<134>1 2026-11-03T14:05:12Z lb1 nginx - ID7 [a@1 k="v]\" x"][b@1 k=""] "#,
                "2026-11-03T14:05:12Z",
                "nginx -",
            ),
            (
                "131 <134>1 2026-11-03T14:05:12Z host heroku router - ",
                "2026-11-03T14:05:12Z",
                "heroku router",
            ),
            (
                "2026-11-03T14:05:12.345678+00:00 heroku[router]: ",
                "2026-11-03T14:05:12.345678+00:00",
                "heroku[router]",
            ),
            (
                "2026-11-03T14:05:12+0000 lb1 nginx[7]: ",
                "2026-11-03T14:05:12+0000",
                "nginx[7]",
            ),
        ] {
            let raw = format!("{head}{LINE}");
            let mut scratch = Vec::new();
            let found = peel(raw.as_bytes(), &mut scratch).expect(head);
            assert_eq!(found.line, LINE.as_bytes(), "{head}");
            assert_eq!(found.time, time.as_bytes(), "{head}");
            assert_eq!(found.source, source.as_bytes(), "{head}");
        }
    }

    #[test]
    fn a_line_of_its_own_is_left_alone() {
        for raw in [
            LINE,
            "2026-11-03T14:05:12.345678Z my-elb 203.0.113.9:51234 10.0.0.5:80 0.1 0.2 0.3 200 200 0 5 \"GET / HTTP/1.1\"",
            "h2 2026-11-03T14:05:12.345678Z app/shop/50 203.0.113.9:51234",
            "1793714712.345  60012 192.0.2.10 TCP_MISS/200 3921 GET http://a/ - HIER_NONE/- -",
            "2026-11-03 14:05:12 10.0.0.4 GET / - 80 - ::1 curl - 200 0 0 1",
            "[Fri Nov 20 20:47:38.010407 2026] [core:error] [pid 1:tid 2] x",
            "<1234>1 x",
            "<>",
            "12 <",
            "Nov",
            "",
        ] {
            assert!(peel(raw.as_bytes(), &mut Vec::new()).is_none(), "{raw}");
        }
    }
}
