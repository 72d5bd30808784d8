//! Caddy, Traefik, Squid, and a layout of someone's own.

use super::nginx::combined;
use super::{Cause, Dialect, Row, clf, row};

/// Bytes of the content: its own errors have none.
const CADDY_ROWS: &[Row] = &[
    row(Cause::Fine, 200, "fine", &["$bytes"]),
    row(Cause::NotFound, 404, "client-erred", &["$bytes"]),
    row(Cause::Denied, 403, "policy", &["0"]),
    row(Cause::ClientLeft, 0, "client-left", &["0"]),
    row(Cause::Refused, 502, "unclear", &["0"]),
    row(Cause::Silent, 504, "unclear", &["0"]),
    row(Cause::Said, 500, "upstream-said", &["$bytes"]),
];

pub(super) static CADDY: Dialect = Dialect {
    torn_behind: "\"proto\":",
    ..clf(
        "caddy",
        "caddy",
        concat!(
            r#"{"level":"info","ts":$epoch,"logger":"http.log.access.log0","msg":"handled request","request":{"#,
            r#""remote_ip":"$client","remote_port":"$port","client_ip":"$client","proto":"HTTP/2.0","method":"$method","#,
            r#""host":"$host","uri":"$target","headers":{"User-Agent":["$agent"]}},"bytes_read":0,"user_id":"","#,
            r#""duration":$took,"size":$1,"status":$status,"resp_headers":{"Server":["Caddy"]}}"#
        ),
        CADDY_ROWS,
        ("host", "pay.example.com", Cause::Refused),
    )
};

/// The service's URL. One 502 for a refusal, a reset and an answer that is none; its 504 is one for a deadline of any
/// phase, and for an origin's own 504.
const TRAEFIK_ROWS: &[Row] = &[
    row(Cause::Fine, 200, "fine", &["http://$upstream"]),
    row(Cause::NotFound, 404, "upstream-said", &["http://$upstream"]),
    row(Cause::Denied, 403, "policy", &["-"]),
    row(Cause::ClientLeft, 499, "client-left", &["http://$upstream"]),
    row(
        Cause::Refused,
        502,
        "upstream-broke-off",
        &["http://$upstream"],
    ),
    row(Cause::Silent, 504, "upstream-silent", &["http://$upstream"]),
    row(Cause::Said, 500, "upstream-said", &["http://$upstream"]),
];

pub(super) static TRAEFIK: Dialect = clf(
    "traefik",
    "traefik",
    combined!(" $item \"shop@docker\" \"$1\" ${took_ms}ms"),
    TRAEFIK_ROWS,
    ("upstream", "http://10.0.0.7:8080", Cause::Silent),
);

/// The origin's status, and the service.
const TRAEFIK_JSON_ROWS: &[Row] = &[
    row(
        Cause::Fine,
        200,
        "fine",
        &["200", r#""ServiceAddr":"$upstream","#],
    ),
    row(
        Cause::NotFound,
        404,
        "upstream-said",
        &["404", r#""ServiceAddr":"$upstream","#],
    ),
    row(Cause::Denied, 403, "policy", &["0", ""]),
    row(
        Cause::ClientLeft,
        499,
        "client-left",
        &["0", r#""ServiceAddr":"$upstream","#],
    ),
    row(
        Cause::Refused,
        502,
        "upstream-broke-off",
        &["502", r#""ServiceAddr":"$upstream","#],
    ),
    row(
        Cause::Silent,
        504,
        "upstream-silent",
        &["504", r#""ServiceAddr":"$upstream","#],
    ),
    row(
        Cause::Said,
        500,
        "upstream-said",
        &["500", r#""ServiceAddr":"$upstream","#],
    ),
];

pub(super) static TRAEFIK_JSON: Dialect = Dialect {
    torn_behind: "\"DownstreamStatus\":",
    ..clf(
        "traefik-json",
        "traefik-json",
        concat!(
            r#"{"ClientHost":"$client","DownstreamContentSize":$bytes,"DownstreamStatus":$status,"Duration":$took_ns,"#,
            r#""OriginDuration":$took_ns,"OriginStatus":$1,"RequestHost":"$host","RequestMethod":"$method","#,
            r#""RequestPath":"$target","RequestProtocol":"HTTP/1.1","RetryAttempts":0,"RouterName":"shop@docker",$2"#,
            r#""StartUTC":"${day}T$time.${millis}Z","level":"info","msg":"","request_User-Agent":"$agent"}"#
        ),
        TRAEFIK_JSON_ROWS,
        ("upstream", "10.0.0.7:8080", Cause::Refused),
    )
};

/// The result, and how it was fetched.
const SQUID_ROWS: &[Row] = &[
    row(
        Cause::Fine,
        200,
        "fine",
        &["TCP_MISS", "HIER_DIRECT/$server"],
    ),
    row(
        Cause::NotFound,
        404,
        "upstream-said",
        &["TCP_MISS", "HIER_DIRECT/$server"],
    ),
    row(Cause::Denied, 403, "policy", &["TCP_DENIED", "HIER_NONE/-"]),
    row(
        Cause::ClientLeft,
        0,
        "client-left",
        &["TCP_MISS_ABORTED", "HIER_DIRECT/$server"],
    ),
    row(
        Cause::Refused,
        503,
        "upstream-refused",
        &["TCP_MISS", "HIER_DIRECT/$server"],
    ),
    row(
        Cause::Silent,
        504,
        "upstream-silent",
        &["TCP_MISS", "HIER_DIRECT/$server"],
    ),
    row(
        Cause::Said,
        500,
        "upstream-said",
        &["TCP_MISS", "HIER_DIRECT/$server"],
    ),
];

pub(super) static SQUID: Dialect = Dialect {
    torn_behind: " TCP_",
    ..clf(
        "squid",
        "squid",
        "$epoch $took_6 $client $1/$status3 $bytes $method http://$host$target - $2 text/html",
        SQUID_ROWS,
        ("upstream", "10.0.0.7", Cause::Silent),
    )
};

/// No status is a certain server's own.
const OWN_ROWS: &[Row] = &[
    row(Cause::Fine, 200, "fine", &[]),
    row(Cause::NotFound, 404, "client-erred", &[]),
    row(Cause::Denied, 403, "policy", &[]),
    row(Cause::Refused, 502, "unclear", &[]),
    row(Cause::Silent, 504, "unclear", &[]),
    row(Cause::Said, 500, "unclear", &[]),
];

/// Its columns have no names: they are told by what stands in them.
pub(super) static OWN: Dialect = Dialect {
    torn_behind: "",
    ..clf(
        "own",
        "inferred",
        "${day}T$time.${millis}Z | $client | \"$method $target HTTP/1.1\" | $status | $bytes | $took",
        OWN_ROWS,
        ("path", "/api/cart", Cause::Refused),
    )
};
