//! Squid's native access log.
//!
//! Layout (squid.conf, logformat squid): `%ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %ru %[un %Sh/%<a %mt`: epoch, milliseconds
//! padded to six, client, result and status, bytes, method, URL, user, hierarchy and server, media type. The result's
//! last part says how it ended (`_ABORTED`, `_TIMEDOUT`), the hierarchy whether a server was asked (`HIER_NONE`: not).

use std::sync::Arc;

use httpwhy_model::{Phase, Sent, Side, Signal, Visit};
use memchr::memchr;

use crate::logs::{
    Column, Format, Kind, Layout, Legs, Line, Open, Request, Shape, Spans, Split, Unit, clf,
};

pub(crate) static FORMAT: Format = Format {
    name: "squid",
    title: "Squid native",
    kind: Kind::Access,
    side: Side::Between,
    rank: 30,
    fit,
    shape,
    visit,
    open,
};

fn fit(sample: &[&[u8]]) -> Option<Arc<dyn Layout>> {
    let is_one = |raw: &&[u8]| Squid.split(raw, &mut Spans::default()) == Split::Read;
    sample.iter().any(is_one).then(|| Arc::new(Squid) as _)
}

#[derive(Debug)]
struct Squid;

impl Layout for Squid {
    fn split(&self, raw: &[u8], spans: &mut Spans) -> Split {
        // `1793714712.345 `
        let is_one = raw.len() > 15
            && raw[10] == b'.'
            && raw[14] == b' '
            && raw[..10].iter().chain(&raw[11..14]).all(u8::is_ascii_digit);
        if !is_one {
            return Split::Foreign;
        }
        spans.unit = Unit::Millis;
        spans.set(Column::Time, 0, 14);
        split(raw, spans).map_or(Split::Torn, |()| Split::Read)
    }
}

fn split(raw: &[u8], spans: &mut Spans) -> Option<()> {
    let mut at = 14;
    let mut word = || {
        at += raw[at..].iter().take_while(|&&b| b == b' ').count();
        let from = at;
        at += clf::word(raw.get(at..)?);
        (at > from).then_some((from, at))
    };
    let (duration, client, result, bytes) = (word()?, word()?, word()?, word()?);
    let (method, url, user, hierarchy) = (word()?, word()?, word()?, word()?);
    word()?;
    let slash = result.0 + memchr(b'/', &raw[result.0..result.1])?;
    let server = hierarchy.0 + memchr(b'/', &raw[hierarchy.0..hierarchy.1])?;
    for (column, place) in [
        (Column::Duration, duration),
        (Column::Client, client),
        (Column::Cache, (result.0, slash)),
        (Column::Status, (slash + 1, result.1)),
        (Column::Bytes, bytes),
        (Column::Method, method),
        (Column::Target, url),
        (Column::User, user),
        (Column::Pool, (hierarchy.0, server)),
        (Column::Upstream, (server + 1, hierarchy.1)),
    ] {
        spans.set_pair(column, place);
    }
    Some(())
}

fn shape<'a>(line: &Line<'a>) -> Shape<'a> {
    let target = line.get(Column::Target).unwrap_or_default();
    let request = match target.strip_prefix(b"error:") {
        Some(b"transaction-end-before-headers" | b"no-url") => Request::Missing,
        Some(_) => Request::Garbled,
        None => Request::of(line),
    };
    Shape {
        request,
        words: [
            line.get(Column::Cache).unwrap_or_default(),
            line.get(Column::Pool).unwrap_or_default(),
        ],
        ..Shape::of(line)
    }
}

fn visit(shape: &Shape<'_>) -> Visit {
    let [result, hierarchy] = shape.words;
    let mut legs = Legs::of("squid", Side::Between).answered(shape.status);
    legs = match shape.request {
        Request::Missing => legs
            .sent(Sent::Nothing)
            .word(Phase::Send, Signal::word("log", "client-gone")),
        Request::Garbled => legs
            .sent(Sent::Unknown)
            .word(Phase::Send, Signal::word("request", "no-request-line")),
        _ if result.starts_with(b"NONE") && shape.status == 0 => {
            legs.word(Phase::Send, Signal::word("log", "client-gone"))
        }
        _ => legs,
    };
    let tunnel_failed = shape.request == Request::Connect && shape.status >= 500;
    if result.ends_with(b"_ABORTED") {
        return legs
            .word(Phase::Wait, Signal::word("squid", "ERR_CLIENT_GONE"))
            .visit();
    }
    if result.starts_with(b"TCP_DENIED") {
        legs = legs.word(Phase::Wait, Signal::word("log", "denied"));
    }
    if hierarchy.ends_with(b"HIER_NONE") || hierarchy.is_empty() {
        // Without a server chosen a 5xx comes from the name's resolution as well.
        let asked_for_a_name =
            shape.status >= 500 && (tunnel_failed || result.starts_with(b"TCP_"));
        return if asked_for_a_name {
            legs
        } else {
            legs.not_forwarded()
        }
        .visit();
    }
    match shape.status {
        504 if result.starts_with(b"TCP_") => legs.upstream_failed(
            Phase::Wait,
            &[
                Signal::word("upstream", "failed-or-said-it"),
                Signal::word("upstream", "late"),
            ],
        ),
        502 if result.starts_with(b"TCP_") => legs.upstream_failed(
            Phase::Wait,
            &[Signal::word("upstream", "failed-or-said-it")],
        ),
        503 if result.starts_with(b"TCP_") => legs.upstream_failed(
            Phase::Connect,
            &[Signal::word("upstream", "failed-or-said-it")],
        ),
        0 => legs,
        status => legs.upstream_answered(status),
    }
    .visit()
}

fn open(shape: &Shape<'_>) -> Option<Open> {
    let told = shape.words.iter().any(|word| word.ends_with(b"_ABORTED"));
    (shape.status >= 500 && !told).then_some(Open {
        between: "Squid could not reach, resolve or understand the server, or the server said it",
        paste: "logformat httpwhy %ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %ru %[un %Sh/%<a %mt %err_code/%err_detail %<Hs\naccess_log daemon:/var/log/squid/access.log httpwhy",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_left_leaves_nothing_open() {
        for (result, wanted) in [("TCP_MISS_ABORTED", false), ("TCP_MISS", true)] {
            let raw = format!(
                "1793714712.345  60012 192.0.2.10 {result}/504 3921 GET http://a.example/r - HIER_DIRECT/198.51.100.7 text/html"
            );
            let layout = fit(&[raw.as_bytes()]).expect("its own");
            let mut spans = Spans::default();
            layout.split(raw.as_bytes(), &mut spans);
            let shape = shape(&Line::new(raw.as_bytes(), &spans));
            assert_eq!(open(&shape).is_some(), wanted, "{result}");
        }
    }

    #[test]
    fn lines_are_split_and_told() {
        for (raw, split, wanted) in [
            (
                "1793714712.345  60012 192.0.2.10 TCP_MISS_ABORTED/504 3921 GET http://api.example.com/r - HIER_DIRECT/198.51.100.7 text/html",
                Split::Read,
                "0 504, 0 squid:ERR_CLIENT_GONE",
            ),
            (
                "1795207530.237      4 127.0.0.1 TCP_MISS/502 3357 GET http://127.0.0.1:20900/a/11 - HIER_DIRECT/127.0.0.1 text/html",
                Split::Read,
                "0 502, 1 upstream:failed-or-said-it",
            ),
            (
                "1795207610.173      0 127.0.0.1 NONE_NONE/413 3653 POST http://127.0.0.1:20900/a/10 - HIER_NONE/- text/html",
                Split::Read,
                "0 413, 0 upstream:not-asked",
            ),
            (
                "1795207610.173      0 127.0.0.1 NONE_NONE/000 0 - error:transaction-end-before-headers - HIER_NONE/- -",
                Split::Read,
                "0 000, 0 log:client-gone, 0 upstream:not-asked",
            ),
            (
                "1795207651.370      1 127.0.0.1 NONE_NONE/500 0 CONNECT no-such-host.invalid:443 - HIER_NONE/- -",
                Split::Read,
                "0 500",
            ),
            (
                "1795207651.370      1 127.0.0.1 TCP_MISS/200 10 GET http://a/ al HIER_DIRECT/10.0.0.1 text/html",
                Split::Read,
                "0 200, 1 200",
            ),
            (
                "1795207651.370      1 127.0.0.1 TCP_MISS/200",
                Split::Torn,
                "",
            ),
            ("1795207651 x", Split::Foreign, ""),
        ] {
            let mut spans = Spans::default();
            assert_eq!(Squid.split(raw.as_bytes(), &mut spans), split, "{raw}");
            if split == Split::Read {
                let told =
                    crate::logs::legs::told(&visit(&shape(&Line::new(raw.as_bytes(), &spans))));
                assert_eq!(
                    told.replace("0 000, ", ""),
                    wanted.replace("0 000, ", ""),
                    "{raw}"
                );
            }
        }
    }
}
