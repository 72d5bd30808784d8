//! HAProxy: `httplog`, `httpslog` and `tcplog`.
//!
//! | name | layout (configuration manual 8.2.2 to 8.2.4) |
//! |---|---|
//! | httplog | `%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r` |
//! | httpslog | httplog ` %[fc_err]/%[ssl_fc_err,hex]/%[ssl_c_err]/%[ssl_c_ca_err]/%[ssl_fc_is_resumed] …` |
//! | tcplog | `%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %ts %ac/%fc/%bc/%sc/%rc %sq/%bq` |
//!
//! `~` behind the frontend shows TLS, `<NOSRV>` that no server was chosen, `<BADREQ>` that no request was understood, `-1`
//! that a timer did not run, `+` before the last time or the bytes a line written before the end (`logasap`).

use std::sync::Arc;

use httpwhy_model::{Phase, Sent, Side, Signal, Visit};
use memchr::memchr;

use crate::logs::{
    Column, Format, Kind, Layout, Legs, Line, Open, Request, Shape, Spans, Split, Unit, clf,
    nothing_open,
};

pub(crate) static FORMAT: Format = Format {
    name: "haproxy",
    title: "HAProxy httplog or tcplog",
    kind: Kind::Access,
    side: Side::Between,
    rank: 30,
    fit,
    shape,
    visit,
    open,
};

/// [`Shape::bits`]: no server was chosen; no backend either (its name is the frontend's); the server's head came.
const NO_SERVER: u16 = 1;
const NO_POOL: u16 = 2;
const HEAD_CAME: u16 = 4;
/// The connection to the server stood.
const CONNECTED: u16 = 8;

fn fit(sample: &[&[u8]]) -> Option<Arc<dyn Layout>> {
    let is_one = |raw: &&[u8]| Haproxy.split(raw, &mut Spans::default()) == Split::Read;
    sample.iter().any(is_one).then(|| Arc::new(Haproxy) as _)
}

#[derive(Debug)]
struct Haproxy;

impl Layout for Haproxy {
    fn split(&self, raw: &[u8], spans: &mut Spans) -> Split {
        let Some(at) = head(raw, spans) else {
            return if is_begun(raw) {
                Split::Torn
            } else {
                Split::Foreign
            };
        };
        spans.unit = Unit::Millis;
        spans.upstream_unit = Unit::Millis;
        match rest(raw, at, spans) {
            Some(()) => Split::Read,
            None => Split::Torn,
        }
    }
}

/// `client:port [03/Nov/2026:14:05:07.341] `, and behind it no word of an error line (`web/3: SSL handshake failure`).
fn is_begun(raw: &[u8]) -> bool {
    let Some(open) = memchr(b'[', &raw[..raw.len().min(80)]) else {
        return false;
    };
    let Some((stamp, rest)) = raw[open + 1..].split_at_checked(26) else {
        return false;
    };
    let word = &rest[..memchr(b' ', rest).unwrap_or(rest.len())];
    raw[..open].contains(&b':')
        && (stamp[2], stamp[20]) == (b'/', b'.')
        && stamp.ends_with(b"] ")
        && !word.iter().any(|byte| matches!(byte, b'/' | b':'))
}

/// `client:port [time] frontend backend/server timers`; where the timers begin.
fn head(raw: &[u8], spans: &mut Spans) -> Option<usize> {
    let client = memchr(b' ', &raw[..raw.len().min(80)])?;
    if raw.get(client + 1) != Some(&b'[') || !raw[..client].contains(&b':') {
        return None;
    }
    let time = client + 2 + memchr(b']', &raw[client + 2..raw.len().min(client + 64)])?;
    if raw.get(time + 1) != Some(&b' ') {
        return None;
    }
    let front = time + 2;
    let front_end = front + memchr(b' ', raw.get(front..)?)?;
    let back = front_end + 1;
    let slash = back + memchr(b'/', raw.get(back..)?)?;
    let back_end = back + memchr(b' ', &raw[back..])?;
    if slash > back_end {
        return None;
    }
    spans.set(Column::Client, 0, client);
    spans.set(Column::Time, client + 2, time);
    let tls = raw[front..front_end].ends_with(b"~");
    spans.set(Column::Route, front, front_end - usize::from(tls));
    spans.set(Column::Pool, back, slash);
    spans.set(Column::Upstream, slash + 1, back_end);
    Some(back_end + 1)
}

fn rest(raw: &[u8], at: usize, spans: &mut Spans) -> Option<()> {
    let end = at + memchr(b' ', &raw[at..])?;
    spans.set(Column::Timers, at, end);
    let slashes = memchr::memchr_iter(b'/', &raw[at..end]).count();
    timers(raw, at, end, slashes, spans)?;
    let mut words = Words { raw, at: end + 1 };
    if slashes == 2 {
        spans.set_pair(Column::Bytes, words.next()?);
        spans.set_pair(Column::State, words.next()?);
    } else {
        spans.set_pair(Column::Status, words.next()?);
        spans.set_pair(Column::Bytes, words.next()?);
        words.next()?;
        words.next()?;
        spans.set_pair(Column::State, words.next()?);
    }
    // ac/fc/bc/sc/rc
    let (from, to) = words.next()?;
    let retries = memchr::memrchr(b'/', &raw[from..to])? + from + 1;
    spans.set(Column::Retries, retries, to);
    words.next()?;
    if slashes == 4 {
        let quote = words.at + memchr(b'"', raw.get(words.at..)?)?;
        // A line that syslog cut has no second quote.
        let close = clf::quoted(raw, quote).unwrap_or(raw.len());
        spans.set(Column::Request, quote + 1, close);
    }
    Some(())
}

/// The single timers by their meaning: five of HTTP, three of TCP.
fn timers(raw: &[u8], from: usize, to: usize, slashes: usize, spans: &mut Spans) -> Option<()> {
    let columns: &[Option<Column>] = match slashes {
        4 => &[
            None,
            None,
            Some(Column::UpstreamConnect),
            Some(Column::UpstreamHeader),
            Some(Column::Duration),
        ],
        2 => &[None, Some(Column::UpstreamConnect), Some(Column::Duration)],
        _ => return None,
    };
    let mut at = from;
    for column in columns {
        let end = at + memchr(b'/', &raw[at..to]).unwrap_or(to - at);
        let plus = usize::from(raw[at..end].first() == Some(&b'+'));
        let number = &raw[at + plus..end];
        if number.is_empty() || !number.iter().all(|b| b.is_ascii_digit() || *b == b'-') {
            return None;
        }
        if let Some(column) = column {
            spans.set(*column, at + plus, end);
        }
        at = end + 1;
    }
    Some(())
}

/// Words between single spaces.
struct Words<'a> {
    raw: &'a [u8],
    at: usize,
}

impl Words<'_> {
    fn next(&mut self) -> Option<(usize, usize)> {
        let rest = self.raw.get(self.at..)?;
        let length = clf::word(rest);
        let word = (self.at, self.at + length);
        self.at += length + 1;
        (length > 0).then_some(word)
    }
}

fn shape<'a>(line: &Line<'a>) -> Shape<'a> {
    let is = |column, text: &[u8]| line.get(column) == Some(text);
    let ran = |column, bit: u16| match line.get(column) {
        Some([b'0'..=b'9', ..]) => bit,
        _ => 0,
    };
    let mut bits = ran(Column::UpstreamConnect, CONNECTED) | ran(Column::UpstreamHeader, HEAD_CAME);
    if is(Column::Upstream, b"<NOSRV>") {
        bits |= NO_SERVER;
        if line.get(Column::Pool) == line.get(Column::Route) {
            bits |= NO_POOL;
        }
    }
    let state = line.get(Column::State).unwrap_or_default();
    let request = if is(Column::Request, b"<BADREQ>") {
        Request::Garbled
    } else {
        Request::of(line)
    };
    Shape {
        bits,
        request,
        words: [state.get(..2).unwrap_or(state), b""],
        ..Shape::of(line)
    }
}

fn visit(shape: &Shape<'_>) -> Visit {
    let mut legs = Legs::of("haproxy", Side::Between).answered(shape.status);
    if shape.request == Request::Garbled {
        legs = legs
            .sent(Sent::Unknown)
            .word(Phase::Send, Signal::word("request", "no-request-line"));
    }
    let state = std::str::from_utf8(shape.words[0]).unwrap_or_default();
    if shape.bits & NO_SERVER != 0 {
        legs = legs.not_forwarded();
    }
    if shape.bits & NO_POOL != 0 {
        legs = legs.word(Phase::Wait, Signal::word("upstream", "no-route"));
    }
    if state == "--" {
        return if shape.bits & HEAD_CAME != 0 {
            legs.upstream_answered(shape.status).visit()
        } else {
            legs.visit()
        };
    }
    legs = legs.word(phase(state), Signal::word("haproxy", state.to_owned()));
    if shape.bits & NO_SERVER != 0 {
        return legs.visit();
    }
    let head = shape.bits & HEAD_CAME != 0;
    let connected = shape.bits & CONNECTED != 0;
    match (head, connected) {
        (true, _) => legs.upstream_answered(shape.status),
        (false, true) => legs.upstream_failed(Phase::Wait, &[Signal::word("upstream", "no-head")]),
        (false, false) => {
            legs.upstream_failed(Phase::Connect, &[Signal::word("upstream", "no-connection")])
        }
    }
    .visit()
}

/// The second letter: when it ended.
fn phase(state: &str) -> Phase {
    match state.as_bytes().get(1) {
        Some(b'R' | b'T') => Phase::Send,
        Some(b'Q') => Phase::Queue,
        Some(b'C') => Phase::Connect,
        Some(b'D') => Phase::Receive,
        Some(b'L') => Phase::Close,
        _ => Phase::Wait,
    }
}

fn open(shape: &Shape<'_>) -> Option<Open> {
    let no_server = shape.words[0] == b"SC" && shape.bits & (NO_SERVER | NO_POOL) == NO_SERVER;
    if no_server {
        return Some(Open {
            between: "all servers of the backend failed their checks, or they are in maintenance",
            paste: "# keep the lines \"Server … is DOWN\" beside the access lines:\nglobal\n    log /dev/log local0 notice",
        });
    }
    nothing_open(shape)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_split_and_told() {
        let table: &[(&str, Split, &str)] = &[
            (
                r#"203.0.113.9:51234 [03/Nov/2026:14:05:07.341] fe_https~ be_app/app2 0/0/-1/-1/5002 503 217 - - sC-- 812/640/97/31/3 0/0 "GET /cart HTTP/1.1""#,
                Split::Read,
                "0 503, 0 haproxy:sC, 1 upstream:no-connection",
            ),
            (
                r#"203.0.113.9:51234 [03/Nov/2026:14:05:07.341] fe be/s1 0/0/0/1/+1 500 +120 - - ---- 1/1/0/0/0 0/0 {a|b} "GET / HTTP/1.1""#,
                Split::Read,
                "0 500, 1 500",
            ),
            (
                r#"127.0.0.1:32816 [20/Nov/2026:20:46:50.888] web web/<NOSRV> -1/-1/-1/-1/0 400 0 - - PR-- 1/1/0/0/0 0/0 "<BADREQ>""#,
                Split::Read,
                "0 400, 0 request:no-request-line, 0 upstream:not-asked, 0 upstream:no-route, 0 haproxy:PR",
            ),
            (
                r#"127.0.0.1:32816 [20/Nov/2026:20:46:50.888] web be/s1 0/0/0/10/131 200 96 - - SD-- 1/1/0/0/0 0/0 "GET /a/16 HTTP/1.1""#,
                Split::Read,
                "0 200, 0 haproxy:SD, 1 200",
            ),
            (
                r"127.0.0.1:32816 [20/Nov/2026:20:46:50.888] tcp be/s1 0/-1/3000 0 sC 1/1/0/0/3 0/0",
                Split::Read,
                "0 haproxy:sC, 1 upstream:no-connection",
            ),
            (
                r"127.0.0.1:32816 [20/Nov/2026:20:46:50.888] web be/s1 0/0/0",
                Split::Torn,
                "",
            ),
            (
                r"127.0.0.1:32816 [20/Nov/2026:20:46:50.888] web be/s1",
                Split::Torn,
                "",
            ),
            (
                r"127.0.0.1:56878 [20/Nov/2026:20:47:31.711] web/3: SSL handshake failure",
                Split::Foreign,
                "",
            ),
            (
                r#"203.0.113.9 - - [03/Nov/2026:14:05:12 +0000] "GET / HTTP/1.1" 200 5"#,
                Split::Foreign,
                "",
            ),
        ];
        for &(raw, split, wanted) in table {
            let mut spans = Spans::default();
            assert_eq!(Haproxy.split(raw.as_bytes(), &mut spans), split, "{raw}");
            if split == Split::Read {
                let line = Line::new(raw.as_bytes(), &spans);
                assert_eq!(
                    crate::logs::legs::told(&visit(&shape(&line))),
                    wanted,
                    "{raw}"
                );
            }
        }
    }

    #[test]
    fn a_frontend_that_is_missing_is_no_column() {
        let raw = br#"203.0.113.9:51234 [03/Nov/2026:14:05:07.341]~ be/app2 0/0/-1/-1/+5002 503 +217 - - sC-- 8/6/9/3/+3 0/0 "GET / HTTP/1.1""#;
        let mut spans = Spans::default();
        assert_ne!(Haproxy.split(raw, &mut spans), Split::Read);
        assert_eq!(spans.get(Column::Route), None);
    }
}
