//! varnishlog: the records of each request, gathered to one line by [`crate::logs::VslGatherer`].
//!
//! What varnishncsa's default cannot tell stands in it: the answer of the server behind, or why there was none.

use std::sync::Arc;

use httpwhy_model::{Side, Visit};

use super::varnish_vsl::cause;
use crate::logs::varnishlog::{Gathered, REQUEST};
use crate::logs::{
    Cause, Column, Format, Kind, Layout, Legs, Line, NO_UPSTREAM, Open, Shape, prove,
};

pub(crate) static FORMAT: Format = Format {
    name: "varnishlog",
    title: "varnishlog",
    kind: Kind::Access,
    side: Side::Between,
    rank: 50,
    fit,
    shape,
    visit,
    open,
};

fn fit(sample: &[&[u8]]) -> Option<Arc<dyn Layout>> {
    let is_one = sample.iter().any(|raw| raw.starts_with(REQUEST));
    is_one.then(|| Arc::new(Gathered { mark: REQUEST }) as _)
}

fn shape<'a>(line: &Line<'a>) -> Shape<'a> {
    let fault = line.some(Column::Message).and_then(cause);
    let fault = fault.map_or_else(Shape::default, Cause::shape);
    Shape {
        bits: fault.bits,
        words: [fault.words[0], line.some(Column::Cache).unwrap_or_default()],
        ..Shape::of(line)
    }
}

fn visit(shape: &Shape<'_>) -> Visit {
    let legs = Legs::of("varnishlog", Side::Between).answered(shape.status);
    let legs = match shape.words[1] {
        b"synth" => legs.not_forwarded(),
        // What the server behind said earlier.
        b"hit" if shape.upstream == NO_UPSTREAM => legs.upstream_answered(shape.status),
        _ if shape.upstream != NO_UPSTREAM => legs.upstream_answered(shape.upstream),
        _ => legs,
    };
    let mut visit = legs.visit();
    prove(&mut visit, shape);
    visit
}

fn open(shape: &Shape<'_>) -> Option<Open> {
    let bare = shape.words[0].is_empty() && shape.upstream == NO_UPSTREAM;
    (bare && shape.status >= 500 && shape.words[1] != b"synth").then_some(Open {
        between: "Varnish could not fetch, and the records that say why are not there",
        paste: "varnishlog -g request -q 'RespStatus >= 500'",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::legs::told;
    use crate::logs::{Spans, Split};

    #[test]
    fn requests_are_told() {
        for (status, handling, upstream, fault, wanted) in [
            ("200", "miss", "200", "-", "0 200, 1 200"),
            ("404", "hit", "-", "-", "0 404, 1 404"),
            ("403", "synth", "-", "-", "0 403, 0 upstream:not-asked"),
            (
                "503",
                "pass",
                "-",
                "FetchError: first byte timeout",
                "0 503, 1 errno:ETIMEDOUT",
            ),
            (
                "400",
                "-",
                "-",
                "HttpGarbage: \"hello%00\"",
                "0 400, 0 log:client-malformed",
            ),
            (
                "200",
                "pass",
                "200",
                "FetchError: straight insufficient bytes",
                "0 200, 1 200, 1 proxy-status:http_response_incomplete",
            ),
        ] {
            let raw = format!(
                "varnishlog\t1795207665.126917\t127.0.0.1\tGET\t/a\tHTTP/1.1\t{status}\t5\t9\t0.5\t{handling}\tshop\tx y\t-\t-\t-\tbe\t10.0.0.5:80\t{upstream}\t-\t-\t-\t{fault}"
            );
            let raw = raw.as_bytes();
            let layout = fit(&[raw]).expect("its own");
            let mut spans = Spans::default();
            assert_eq!(layout.split(raw, &mut spans), Split::Read);
            let line = Line::new(raw, &spans);
            assert_eq!(
                (line.target(), line.micros(Column::Duration)),
                (Some(&b"/a"[..]), Some(500_000))
            );
            assert_eq!(line.get(Column::Agent), Some(&b"x y"[..]));
            assert_eq!(told(&visit(&shape(&line))), wanted);
            assert_eq!(layout.split(&raw[..40], &mut spans), Split::Torn);
        }
    }
}
