//! Cloudflare and Fastly.

use super::{Cause, Dialect, Row, clf, row};

/// The origin's status, and what a rule did.
const CLOUDFLARE_ROWS: &[Row] = &[
    row(Cause::Fine, 200, "fine", &["200", ""]),
    row(Cause::NotFound, 404, "upstream-said", &["404", ""]),
    row(Cause::Denied, 403, "policy", &["0", "block"]),
    row(Cause::ClientLeft, 499, "client-left", &["0", ""]),
    row(Cause::Refused, 521, "upstream-refused", &["0", ""]),
    row(Cause::Silent, 524, "upstream-silent", &["0", ""]),
    row(Cause::Said, 500, "upstream-said", &["500", ""]),
];

pub(super) static CLOUDFLARE: Dialect = Dialect {
    torn_behind: "\"EdgeResponseStatus\":",
    ..clf(
        "cloudflare",
        "cloudflare",
        concat!(
            r#"{"ClientIP":"$client","ClientRequestHost":"$host","ClientRequestMethod":"$method","#,
            r#""ClientRequestURI":"$target","ClientRequestUserAgent":"$agent","EdgeColoCode":"$pop","#,
            r#""EdgeStartTimestamp":"${day}T${time}Z","EdgeResponseStatus":$status,"EdgeResponseBytes":$bytes,"#,
            r#""EdgeTimeToFirstByteMs":$took_ms,"OriginResponseStatus":$1,"OriginIP":"$server","#,
            r#""OriginResponseDurationMs":$took_ms,"CacheCacheStatus":"dynamic","SecurityAction":"$2","RayID":"8dd0a1b2$hex"}"#
        ),
        CLOUDFLARE_ROWS,
        ("pop", "FRA56-P4", Cause::Refused),
    )
};

/// Its state, and the reason.
const FASTLY_ROWS: &[Row] = &[
    row(Cause::Fine, 200, "fine", &["MISS", "OK"]),
    row(
        Cause::NotFound,
        404,
        "upstream-said",
        &["MISS", "Not Found"],
    ),
    row(Cause::Denied, 403, "policy", &["HIT-SYNTH", "Forbidden"]),
    row(
        Cause::Refused,
        503,
        "upstream-refused",
        &["ERROR", "connection refused"],
    ),
    row(
        Cause::Silent,
        503,
        "upstream-silent",
        &["ERROR", "first byte timeout"],
    ),
    row(
        Cause::Said,
        500,
        "upstream-said",
        &["MISS", "Internal Server Error"],
    ),
];

pub(super) static FASTLY: Dialect = Dialect {
    torn_behind: "\"response_status\":",
    ..clf(
        "fastly",
        "fastly",
        concat!(
            r#"{"timestamp":"${day}T$time+0000","client_ip":"$client","host":"$host","url":"$target","#,
            r#""request_method":"$method","request_protocol":"HTTP/2","request_user_agent":"$agent","#,
            r#""response_state":"$1","response_status":$status,"response_reason":"$2","response_body_size":$bytes,"#,
            r#""fastly_server":"$pop","fastly_is_edge":true}"#
        ),
        FASTLY_ROWS,
        ("pop", "FRA56-P4", Cause::Silent),
    )
};
