//! Azure Front Door: `"category":"FrontDoorAccessLog"`.
//!
//! Members (Microsoft Learn, Azure Front Door access log): numbers stand as strings, times in seconds; `errorInfo` says
//! what failed, `NoError` with a 5xx that the origin said it.

use httpwhy_model::{Phase, Side, Signal, Visit};

use crate::logs::record::{self, Known, status};
use crate::logs::{Column, Format, Kind, Legs, Line, Shape, Unit, nothing_open};

pub(crate) static FORMAT: Format = Format {
    name: "azure-front-door",
    title: "Azure Front Door",
    kind: Kind::Access,
    side: Side::Between,
    rank: 40,
    fit: |sample| record::fit(&KNOWN, sample),
    shape,
    visit,
    open: nothing_open,
};

static KNOWN: Known = Known {
    members: &[
        (Column::Kind, &["category"]),
        (Column::Time, &["time"]),
        (Column::Method, &["properties.httpMethod"]),
        (Column::Protocol, &["properties.httpVersion"]),
        (Column::Target, &["properties.requestUri"]),
        (Column::BytesIn, &["properties.requestBytes"]),
        (Column::Bytes, &["properties.responseBytes"]),
        (Column::Agent, &["properties.userAgent"]),
        (Column::Client, &["properties.clientIp"]),
        (Column::Duration, &["properties.timeTaken"]),
        (Column::FirstByte, &["properties.timeToFirstByte"]),
        (Column::Status, &["properties.httpStatusCode"]),
        (Column::Pop, &["properties.pop"]),
        (Column::Cache, &["properties.cacheStatus"]),
        (
            Column::State,
            &["properties.errorInfo", "properties.ErrorInfo"],
        ),
        (Column::Detail, &["properties.result"]),
        (Column::Host, &["properties.hostName"]),
        (Column::Upstream, &["properties.originIp"]),
        (Column::Pool, &["properties.originName"]),
        (Column::Route, &["properties.routingRuleName"]),
        (Column::RequestId, &["properties.trackingReference"]),
    ],
    needed: &[&[Column::Status]],
    units: (Unit::Seconds, Unit::Seconds),
    kinds: &["FrontDoorAccessLog"],
};

fn shape<'a>(line: &Line<'a>) -> Shape<'a> {
    Shape {
        status: status(line, Column::Status),
        words: [
            line.some(Column::State).unwrap_or_default(),
            line.some(Column::Cache).unwrap_or_default(),
        ],
        ..Shape::of(line)
    }
}

fn visit(shape: &Shape<'_>) -> Visit {
    let legs = Legs::of("azure-front-door", Side::Between).answered(shape.status);
    let [error, cache] = shape.words;
    match error {
        b"NoError" | b"" if cache.ends_with(b"HIT") => legs,
        b"NoError" if shape.status >= 400 => legs.upstream_answered(shape.status),
        b"NoError" | b"" => legs,
        error => {
            let word = String::from_utf8_lossy(error).into_owned();
            legs.word(Phase::Wait, Signal::word("afd", word))
        }
    }
    .visit()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::{Spans, Split};

    #[test]
    fn errors_are_told() {
        for (status, error, wanted) in [
            ("503", "OriginTimeout", "0 503, 0 afd:OriginTimeout"),
            ("500", "NoError", "0 500, 1 500"),
            ("200", "NoError", "0 200"),
        ] {
            let raw = format!(
                r#"{{"time":"2026-11-03T14:05:12Z","category":"FrontDoorAccessLog","properties":{{"trackingReference":"0k","httpMethod":"GET","requestUri":"https://shop.example.com:443/cart","clientIp":"203.0.113.9","httpStatusCode":"{status}","errorInfo":"{error}","cacheStatus":"CACHE_NOCONFIG","timeTaken":"30.012","originIp":"198.51.100.20:443"}}}}"#
            );
            let layout = (FORMAT.fit)(&[raw.as_bytes()]).expect("its own");
            let mut spans = Spans::default();
            assert_eq!(layout.split(raw.as_bytes(), &mut spans), Split::Read);
            let line = Line::new(raw.as_bytes(), &spans);
            assert_eq!(
                (line.path(), line.micros(Column::Duration)),
                (Some(&b"/cart"[..]), Some(30_012_000))
            );
            assert_eq!(crate::logs::legs::told(&visit(&shape(&line))), wanted);
        }
    }
}
