//! Envoy.

use super::{Cause, Dialect, Row, clf, row};

/// Its flags, its details, the upstream's address.
const ROWS: &[Row] = &[
    row(
        Cause::Fine,
        200,
        "fine",
        &["-", "via_upstream", "$upstream"],
    ),
    row(
        Cause::NotFound,
        404,
        "upstream-said",
        &["-", "via_upstream", "$upstream"],
    ),
    row(
        Cause::Denied,
        403,
        "policy",
        &["RL", "request_rate_limited", "-"],
    ),
    row(
        Cause::ClientLeft,
        0,
        "client-left",
        &["DC", "downstream_remote_disconnect", "$upstream"],
    ),
    row(
        Cause::Refused,
        503,
        "upstream-refused",
        &[
            "UF",
            "upstream_reset_before_response_started{connection_failure}",
            "$upstream",
        ],
    ),
    row(
        Cause::Silent,
        504,
        "upstream-silent",
        &["UT", "upstream_response_timeout", "$upstream"],
    ),
    row(
        Cause::Said,
        500,
        "upstream-said",
        &["-", "via_upstream", "$upstream"],
    ),
];

pub(super) static TEXT: Dialect = clf(
    "envoy",
    "envoy",
    concat!(
        "[${day}T$time.${millis}Z] \"$method $target HTTP/1.1\" $status $1 0 $bytes $took_ms - \"$client\" \"$agent\" ",
        "\"6f1c2f4e-0a51-4e0f-9a54-0000$hex\" \"$host\" \"$3\""
    ),
    ROWS,
    ("upstream", "10.0.0.7:8080", Cause::Refused),
);

pub(super) static JSON: Dialect = Dialect {
    torn_behind: "\"response_code\":",
    ..clf(
        "envoy-json",
        "envoy-json",
        concat!(
            r#"{"start_time":"${day}T$time.${millis}Z","method":"$method","path":"$target","protocol":"HTTP/1.1","#,
            r#""response_code":$status,"response_flags":"$1","response_code_details":"$2","bytes_received":0,"#,
            r#""bytes_sent":$bytes,"duration":$took_ms,"authority":"$host","user_agent":"$agent","#,
            r#""upstream_host":"$3","downstream_remote_address":"$client:$port"}"#
        ),
        ROWS,
        ("upstream", "10.0.0.7:8080", Cause::Silent),
    )
};
