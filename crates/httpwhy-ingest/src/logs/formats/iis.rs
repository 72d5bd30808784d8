//! IIS's W3C log.
//!
//! Columns by the latest `#Fields:` line (Microsoft Learn, W3C logging): default `date time s-ip cs-method cs-uri-stem
//! cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken`;
//! UTC, a space inside a value is `+`, `time-taken` counts milliseconds. `sc-substatus` says which module refused,
//! `sc-win32-status` what the system said.

use std::sync::Arc;

use httpwhy_model::{Phase, Side, Signal, Visit};

use crate::logs::line::number;
use crate::logs::w3c::{self, Names};
use crate::logs::{Column, Format, Kind, Layout, Legs, Line, Open, Shape, Unit};

pub(crate) static FORMAT: Format = Format {
    name: "iis",
    title: "IIS W3C",
    kind: Kind::Access,
    side: Side::Server,
    rank: 40,
    fit,
    shape,
    visit,
    open,
};

static NAMES: Names = Names {
    columns: &[
        ("date", Column::Date),
        ("time", Column::Time),
        ("s-sitename", Column::Route),
        ("s-computername", Column::Pop),
        ("cs-method", Column::Method),
        ("cs-uri-stem", Column::Target),
        ("cs-uri-query", Column::Query),
        ("cs-username", Column::User),
        ("c-ip", Column::Client),
        ("X-Forwarded-For", Column::ForwardedFor),
        ("cs-version", Column::Protocol),
        ("cs(Cookie)", Column::Cookie),
        ("cs(User-Agent)", Column::Agent),
        ("cs(Referer)", Column::Referer),
        ("cs-host", Column::Host),
        ("sc-status", Column::Status),
        ("sc-substatus", Column::Detail),
        ("sc-win32-status", Column::Cause),
        ("sc-bytes", Column::Bytes),
        ("cs-bytes", Column::BytesIn),
        ("time-taken", Column::Duration),
    ],
    needed: &["cs-uri-stem", "sc-status"],
    usual: "",
    unit: Unit::Millis,
};

fn fit(sample: &[&[u8]]) -> Option<Arc<dyn Layout>> {
    w3c::fit(&NAMES, sample)
}

fn shape<'a>(line: &Line<'a>) -> Shape<'a> {
    Shape {
        words: [
            line.some(Column::Detail).unwrap_or_default(),
            line.some(Column::Cause).unwrap_or_default(),
        ],
        ..Shape::of(line)
    }
}

fn visit(shape: &Shape<'_>) -> Visit {
    let mut legs = Legs::of("iis", Side::Server).answered(shape.status);
    let [sub, win32] = shape.words;
    // The client was gone when the answer was to be sent (winerror.h: ERROR_NETNAME_DELETED, ERROR_CONNECTION_ABORTED).
    if matches!(win32, b"64" | b"1236") {
        return legs
            .word(Phase::Receive, Signal::word("log", "client-gone"))
            .visit();
    }
    if shape.status == 401 && win32 == b"2148074254" {
        // SEC_E_NO_CREDENTIALS: the first leg of Negotiate or NTLM, which every exchange begins with.
        return legs
            .word(Phase::Wait, Signal::word("log", "credentials"))
            .visit();
    }
    let sub = number(sub).unwrap_or(0);
    let told = shape.status >= 400
        && (sub > 0 || matches!(shape.status, 404..=406 | 412 | 413 | 500 | 503));
    if told {
        legs = legs.word(
            Phase::Wait,
            Signal::word("iis", format!("{}.{sub}", shape.status)),
        );
    }
    // WinHTTP's errors of Application Request Routing (winhttp.h).
    let behind = match win32 {
        b"12002" => Some((Phase::Wait, "errno:ETIMEDOUT")),
        b"12029" => Some((Phase::Connect, "upstream:no-connection")),
        b"12030" => Some((Phase::Wait, "errno:ECONNRESET")),
        b"12007" => Some((Phase::Resolve, "proxy-status:dns_error")),
        b"12152" => Some((Phase::Wait, "proxy-status:http_protocol_error")),
        b"12175" => Some((Phase::Tls, "proxy-status:tls_certificate_error")),
        _ => None,
    };
    match behind.and_then(|(phase, text)| Some((phase, text.parse::<Signal>().ok()?))) {
        Some((phase, signal)) => legs.upstream_failed(phase, &[signal]),
        None => legs,
    }
    .visit()
}

fn open(shape: &Shape<'_>) -> Option<Open> {
    (shape.status == 500 && shape.words[0] == b"0").then_some(Open {
        between: "the application failed, said by its own event log only, or a module did",
        paste: "appcmd set config \"SITE\" -section:system.webServer/httpErrors /errorMode:DetailedLocalOnly",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::{Spans, Split};

    const HEAD: &[u8] = b"#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken";

    #[test]
    fn columns_come_from_the_latest_header() {
        let raw = b"2026-11-03 14:05:12 10.0.0.4 GET /api/orders id=7 443 - 203.0.113.9 curl/8.5.0 - 502 3 12002 120015";
        let layout = fit(&[HEAD, raw]).expect("its own");
        let mut spans = Spans::default();
        assert_eq!(layout.split(raw, &mut spans), Split::Read);
        let line = Line::new(raw, &spans);
        assert_eq!(line.get(Column::Client), Some(&b"203.0.113.9"[..]));
        assert_eq!(line.micros(Column::Duration), Some(120_015_000));
        assert_eq!(
            crate::logs::legs::told(&visit(&shape(&line))),
            "0 502, 0 iis:502.3, 1 errno:ETIMEDOUT"
        );
        assert_eq!(layout.split(HEAD, &mut spans), Split::Directive);
        let other = layout
            .after(b"#Fields: time sc-status cs-uri-stem")
            .expect("a header");
        let mut spans = Spans::default();
        assert_eq!(other.split(b"14:05:12 404 /x", &mut spans), Split::Read);
        assert_eq!(Line::new(b"14:05:12 404 /x", &spans).status(), Some(404));
        assert_eq!(layout.split(&raw[..60], &mut spans), Split::Torn);
        assert_eq!(layout.split(b"hello world", &mut spans), Split::Foreign);
        assert!(fit(&[b"2026-11-03 14:05:12 x"]).is_none());
    }

    #[test]
    fn substatus_and_system_are_told() {
        for (status, sub, win32, wanted) in [
            (500, "19", "13", "0 500, 0 iis:500.19"),
            (404, "13", "0", "0 404, 0 iis:404.13"),
            (200, "0", "64", "0 200, 0 log:client-gone"),
            (401, "2", "2148074254", "0 401, 0 log:credentials"),
            (200, "0", "0", "0 200"),
        ] {
            let shape = Shape {
                status,
                words: [sub.as_bytes(), win32.as_bytes()],
                ..Shape::default()
            };
            assert_eq!(crate::logs::legs::told(&visit(&shape)), wanted);
        }
    }
}
