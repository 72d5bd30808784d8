//! HAProxy's httplog.

use super::{Cause, Dialect, Row, clf, row};

macro_rules! line {
    ($before:literal) => {
        concat!(
            $before,
            "$client:$port [$clf.$millis] fe_https~ be_app/$1 $2/$took_ms $3 $bytes - - $4 12/11/3/1/0 0/0 \"$method $target HTTP/1.1\""
        )
    };
}

/// The server, its timers, the status (`-1` for none), the termination state.
const ROWS: &[Row] = &[
    row(
        Cause::Fine,
        200,
        "fine",
        &["app$server_number", "0/0/1/$took_ms", "200", "----"],
    ),
    row(
        Cause::NotFound,
        404,
        "upstream-said",
        &["app$server_number", "0/0/1/$took_ms", "404", "----"],
    ),
    row(
        Cause::Denied,
        403,
        "policy",
        &["<NOSRV>", "0/-1/-1/-1", "403", "PR--"],
    ),
    row(
        Cause::ClientLeft,
        0,
        "client-left",
        &["app$server_number", "0/0/1/-1", "-1", "CH--"],
    ),
    row(
        Cause::Refused,
        503,
        "upstream-refused",
        &["app$server_number", "0/0/-1/-1", "503", "SC--"],
    ),
    row(
        Cause::Silent,
        504,
        "upstream-silent",
        &["app$server_number", "0/0/1/-1", "504", "sH--"],
    ),
    row(
        Cause::Said,
        500,
        "upstream-said",
        &["app$server_number", "0/0/1/$took_ms", "500", "----"],
    ),
];

pub(super) static PLAIN: Dialect = Dialect {
    torn_behind: " be_app/",
    ..clf(
        "haproxy",
        "haproxy",
        line!(""),
        ROWS,
        ("upstream", "app7", Cause::Refused),
    )
};

pub(super) static SYSLOG: Dialect = Dialect {
    carrier: "syslog",
    torn_behind: " be_app/",
    ..clf(
        "haproxy-syslog",
        "haproxy",
        line!("$syslog lb1 haproxy[2214]: "),
        ROWS,
        ("upstream", "app7", Cause::Silent),
    )
};
