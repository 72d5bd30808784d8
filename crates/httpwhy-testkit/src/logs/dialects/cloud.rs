//! Google Cloud's load balancer and Heroku's router.

use super::{Cause, Dialect, Row, clf, row};

/// The status, missing altogether where the client left, and the details.
const GOOGLE_ROWS: &[Row] = &[
    row(
        Cause::Fine,
        200,
        "fine",
        &[r#""status":200,"#, "response_sent_by_backend"],
    ),
    row(
        Cause::NotFound,
        404,
        "upstream-said",
        &[r#""status":404,"#, "response_sent_by_backend"],
    ),
    row(
        Cause::Denied,
        403,
        "policy",
        &[r#""status":403,"#, "denied_by_security_policy"],
    ),
    row(
        Cause::ClientLeft,
        0,
        "client-left",
        &["", "client_disconnected_before_any_response"],
    ),
    row(
        Cause::Refused,
        502,
        "upstream-refused",
        &[r#""status":502,"#, "failed_to_connect_to_backend"],
    ),
    row(
        Cause::Silent,
        504,
        "upstream-silent",
        &[r#""status":504,"#, "backend_timeout"],
    ),
    row(
        Cause::Said,
        500,
        "upstream-said",
        &[r#""status":500,"#, "response_sent_by_backend"],
    ),
];

pub(super) static GOOGLE: Dialect = Dialect {
    torn_behind: "\"latency\":",
    ..clf(
        "gcp-lb",
        "gcp-lb",
        concat!(
            r#"{"httpRequest":{"requestMethod":"$method","requestUrl":"https://$host$target",$1"requestSize":"211","#,
            r#""responseSize":"$bytes","latency":"${took}s","remoteIp":"$client","serverIp":"$server","userAgent":"$agent"},"#,
            r#""insertId":"1k$hex","jsonPayload":{"@type":"type.googleapis.com/google.cloud.loadbalancing.type.LoadBalancerLogEntry","#,
            r#""statusDetails":"$2"},"resource":{"type":"http_load_balancer","labels":{"backend_service_name":"shop"}},"#,
            r#""severity":"INFO","timestamp":"${day}T$time.${millis}Z"}"#
        ),
        GOOGLE_ROWS,
        ("upstream", "10.0.0.7", Cause::Refused),
    )
};

/// What stands before the method, and the dyno.
const HEROKU_ROWS: &[Row] = &[
    row(Cause::Fine, 200, "fine", &["at=info", "web.$server_number"]),
    row(
        Cause::NotFound,
        404,
        "upstream-said",
        &["at=info", "web.$server_number"],
    ),
    row(
        Cause::ClientLeft,
        499,
        "client-left",
        &[
            "sock=client at=warning code=H27 desc=\"Client Request Interrupted\"",
            "web.$server_number",
        ],
    ),
    row(
        Cause::Refused,
        503,
        "upstream-refused",
        &[
            "at=error code=H21 desc=\"Backend connection refused\"",
            "web.$server_number",
        ],
    ),
    row(
        Cause::Silent,
        503,
        "upstream-silent",
        &[
            "at=error code=H12 desc=\"Request timeout\"",
            "web.$server_number",
        ],
    ),
    row(
        Cause::Said,
        500,
        "upstream-said",
        &["at=info", "web.$server_number"],
    ),
];

pub(super) static HEROKU: Dialect = Dialect {
    carrier: "syslog",
    torn_behind: " fwd=\"",
    ..clf(
        "heroku",
        "heroku",
        concat!(
            "${day}T$time.${millis}000+00:00 heroku[router]: $1 method=$method path=\"$target\" host=$host ",
            "request_id=6f1c$hex fwd=\"$client\" dyno=$2 connect=1ms service=${took_ms}ms status=$status bytes=$bytes protocol=https"
        ),
        HEROKU_ROWS,
        ("upstream", "web.7", Cause::Silent),
    )
};
