//! nginx, and what writes as it does.

use super::{Cause, Dialect, Row, clf, row};

/// The line that all of these begin with.
macro_rules! combined {
    ($behind:literal) => {
        concat!(
            "$client - - [$clf +0000] \"$method $target HTTP/1.1\" $status $bytes \"-\" \"$agent\"",
            $behind
        )
    };
}
pub(super) use combined;

/// Without a column of a server behind.
pub(super) const BARE: &[Row] = &[
    row(Cause::Fine, 200, "fine", &[]),
    row(Cause::NotFound, 404, "client-erred", &[]),
    row(Cause::Denied, 403, "policy", &[]),
    row(Cause::ClientLeft, 499, "client-left", &[]),
    row(Cause::Refused, 502, "unclear", &[]),
    row(Cause::Silent, 504, "unclear", &[]),
    row(Cause::Said, 500, "unclear", &[]),
];

/// The columns of the server behind: its address, its status, the times of connecting, of its head, of its end.
const TOLD: &[Row] = &[
    row(
        Cause::Fine,
        200,
        "fine",
        &["$upstream", "200", "0.001", "$took", "$took"],
    ),
    row(
        Cause::NotFound,
        404,
        "upstream-said",
        &["$upstream", "404", "0.001", "$took", "$took"],
    ),
    row(Cause::Denied, 403, "policy", &["-", "-", "-", "-", "-"]),
    row(
        Cause::ClientLeft,
        499,
        "client-left",
        &["$upstream", "-", "0.001", "-", "$took"],
    ),
    row(
        Cause::Refused,
        502,
        "upstream-refused",
        &["$upstream", "502", "-", "-", "$took"],
    ),
    row(
        Cause::Silent,
        504,
        "upstream-silent",
        &["$upstream", "504", "0.001", "-", "$took"],
    ),
    row(
        Cause::Said,
        500,
        "upstream-said",
        &["$upstream", "500", "0.001", "$took", "$took"],
    ),
];

/// One 502 for a refusal, a reset and an answer that is none: no column has the time of the head.
const INGRESS_ROWS: &[Row] = &[
    row(
        Cause::Fine,
        200,
        "fine",
        &["$upstream", "$bytes", "$took", "200"],
    ),
    row(
        Cause::NotFound,
        404,
        "upstream-said",
        &["$upstream", "9", "$took", "404"],
    ),
    row(Cause::Denied, 403, "policy", &["-", "-", "-", "-"]),
    row(
        Cause::ClientLeft,
        499,
        "client-left",
        &["$upstream", "0", "$took", "-"],
    ),
    row(
        Cause::Refused,
        502,
        "upstream-broke-off",
        &["$upstream, $upstream", "0, 0", "0.001, $took", "502, 502"],
    ),
    row(
        Cause::Silent,
        504,
        "upstream-silent",
        &["$upstream", "0", "$took", "504"],
    ),
    row(
        Cause::Said,
        500,
        "upstream-said",
        &["$upstream", "9", "$took", "500"],
    ),
];

pub(super) static COMBINED: Dialect = clf(
    "nginx",
    "nginx",
    combined!(""),
    BARE,
    ("path", "/api/cart", Cause::Refused),
);

pub(super) static MAIN: Dialect = clf(
    "nginx-main",
    "nginx",
    combined!(" \"198.51.100.7\""),
    BARE,
    ("network", "203.0.113.0/24", Cause::ClientLeft),
);

pub(super) static TIMED: Dialect = clf(
    "nginx-timed",
    "nginx",
    combined!(" \"198.51.100.7\" rt=$took ua=\"$1\" us=\"$2\" uct=\"$3\" uht=\"$4\" urt=\"$5\""),
    TOLD,
    ("upstream", "10.0.0.7:8080", Cause::Refused),
);

pub(super) static JSON: Dialect = Dialect {
    torn_behind: "\"status\":\"",
    ..clf(
        "nginx-json",
        "nginx-json",
        concat!(
            r#"{"time_iso8601":"${day}T$time+00:00","remote_addr":"$client","request_method":"$method","host":"$host","#,
            r#""request_uri":"$target","status":"$status","body_bytes_sent":"$bytes","request_time":"$took","#,
            r#""http_user_agent":"$agent","upstream_addr":"$1","upstream_status":"$2","upstream_connect_time":"$3","#,
            r#""upstream_header_time":"$4","upstream_response_time":"$5"}"#
        ),
        TOLD,
        ("upstream", "10.0.0.7:8080", Cause::Silent),
    )
};

pub(super) static INGRESS: Dialect = clf(
    "ingress-nginx",
    "ingress-nginx",
    combined!(" 411 $took [shop-cart-8080] [] $1 $2 $3 $4 9a3c0000$hex"),
    INGRESS_ROWS,
    ("path", "/api/cart", Cause::Refused),
);
