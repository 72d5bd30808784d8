//! HTTP.sys's error log (httperr): what the kernel answered or dropped before any site saw it.
//!
//! Columns by `#Fields:` (Microsoft Learn, Error logging in HTTP APIs): `date time c-ip c-port s-ip s-port cs-version
//! cs-method cs-uri streamid sc-status s-siteid s-reason s-queuename`. `s-reason` says what happened; the site's own log
//! never has these lines.

use std::sync::Arc;

use httpwhy_model::{Phase, Side, Signal, Visit};

use crate::logs::w3c::{self, Names};
use crate::logs::{Column, Format, Kind, Layout, Legs, Line, Shape, Unit, nothing_open};

pub(crate) static FORMAT: Format = Format {
    name: "httpsys",
    title: "HTTP.sys httperr",
    kind: Kind::Access,
    side: Side::Server,
    rank: 41,
    fit,
    shape,
    visit,
    open: nothing_open,
};

static NAMES: Names = Names {
    columns: &[
        ("date", Column::Date),
        ("time", Column::Time),
        ("c-ip", Column::Client),
        ("cs-version", Column::Protocol),
        ("cs-method", Column::Method),
        ("cs-uri", Column::Target),
        ("sc-status", Column::Status),
        ("s-siteid", Column::Route),
        ("s-reason", Column::State),
        ("s-queuename", Column::Pool),
    ],
    needed: &["s-reason"],
    usual: "",
    unit: Unit::Millis,
};

fn fit(sample: &[&[u8]]) -> Option<Arc<dyn Layout>> {
    w3c::fit(&NAMES, sample)
}

fn shape<'a>(line: &Line<'a>) -> Shape<'a> {
    Shape {
        words: [line.some(Column::State).unwrap_or_default(), b""],
        ..Shape::of(line)
    }
}

fn visit(shape: &Shape<'_>) -> Visit {
    let legs = Legs::of("httpsys", Side::Server).answered(shape.status);
    let reason = String::from_utf8_lossy(shape.words[0]).into_owned();
    if reason.is_empty() {
        return legs.visit();
    }
    legs.word(Phase::Wait, Signal::word("httpsys", reason))
        .visit()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::{Spans, Split};

    #[test]
    fn reasons_are_told() {
        let head = b"#Fields: date time c-ip c-port s-ip s-port cs-version cs-method cs-uri sc-status s-siteid s-reason s-queuename";
        for (raw, wanted) in [
            (&b"2026-11-03 14:05:12 203.0.113.9 51234 10.0.0.4 443 HTTP/1.1 GET /api 503 2 AppOffline DefaultAppPool"[..], "0 503, 0 httpsys:AppOffline"),
            (b"2026-11-03 14:05:12 203.0.113.9 51234 10.0.0.4 443 - - - - - Timer_ConnectionIdle -", "0 httpsys:Timer_ConnectionIdle"),
        ] {
            let layout = fit(&[head, raw]).expect("its own");
            let mut spans = Spans::default();
            assert_eq!(layout.split(raw, &mut spans), Split::Read);
            assert_eq!(crate::logs::legs::told(&visit(&shape(&Line::new(raw, &spans)))), wanted);
        }
        assert!(fit(&[b"#Fields: date time cs-uri-stem sc-status"]).is_none());
    }
}
