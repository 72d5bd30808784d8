//! IIS, HTTP.sys and Azure Front Door.

use super::{Cause, Dialect, Row, clf, row};

/// ARR says 502 for all; which, its substatus and error number say.
const IIS_ROWS: &[Row] = &[
    row(Cause::Fine, 200, "fine", &["0 0"]),
    row(Cause::NotFound, 404, "client-erred", &["0 0"]),
    row(Cause::Denied, 403, "policy", &["6 0"]),
    row(Cause::Silent, 502, "upstream-silent", &["3 12002"]),
    row(Cause::Said, 500, "upstream-said", &["0 0"]),
];

pub(super) static IIS: Dialect = Dialect {
    header: &[
        "#Software: Microsoft Internet Information Services 10.0",
        "#Version: 1.0",
        "#Date: 2026-11-03 14:00:00",
        "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) \
         sc-status sc-substatus sc-win32-status time-taken",
    ],
    torn_behind: " 10.0.0.4 ",
    ..clf(
        "iis",
        "iis",
        "$day $time 10.0.0.4 $method $target - 443 - $client $agent_plus - $status $1 $took_ms",
        IIS_ROWS,
        ("path", "/api/stock", Cause::Silent),
    )
};

/// What the kernel answered itself, or dropped: the status, and the reason.
const HTTPSYS_ROWS: &[Row] = &[
    row(Cause::Fine, 0, "fine", &["-", "Timer_ConnectionIdle"]),
    row(Cause::NotFound, 404, "client-erred", &["404", "NotFound"]),
    row(Cause::Denied, 503, "policy", &["503", "ConnLimit"]),
    row(Cause::ClientLeft, 0, "client-left", &["-", "Client_Reset"]),
    row(
        Cause::Refused,
        503,
        "upstream-refused",
        &["503", "AppOffline"],
    ),
];

pub(super) static HTTPSYS: Dialect = Dialect {
    header: &[
        "#Software: Microsoft HTTP API 2.0",
        "#Version: 1.0",
        "#Date: 2026-11-03 14:00:00",
        "#Fields: date time c-ip c-port s-ip s-port cs-version cs-method cs-uri streamid sc-status s-siteid s-reason \
         s-queuename",
    ],
    torn_behind: " 10.0.0.4 443 ",
    ..clf(
        "httpsys",
        "httpsys",
        "$day $time $client $port 10.0.0.4 443 HTTP/1.1 $method $target - $1 2 $2 DefaultAppPool",
        HTTPSYS_ROWS,
        ("path", "/api/stock", Cause::Refused),
    )
};

const FRONT_DOOR_ROWS: &[Row] = &[
    row(Cause::Fine, 200, "fine", &["NoError"]),
    row(Cause::NotFound, 404, "upstream-said", &["NoError"]),
    row(
        Cause::ClientLeft,
        499,
        "client-left",
        &["ClientDisconnected"],
    ),
    row(
        Cause::Refused,
        503,
        "upstream-refused",
        &["OriginConnectionRefused"],
    ),
    row(Cause::Silent, 504, "upstream-silent", &["OriginTimeout"]),
    row(Cause::Said, 500, "upstream-said", &["NoError"]),
];

pub(super) static FRONT_DOOR: Dialect = Dialect {
    torn_behind: "\"httpStatusCode\":",
    ..clf(
        "azure-front-door",
        "azure-front-door",
        concat!(
            r#"{"time":"${day}T${time}Z","resourceId":"/SUBSCRIPTIONS/0/PROFILES/SHOP","category":"FrontDoorAccessLog","#,
            r#""operationName":"Microsoft.Cdn/Profiles/AccessLog/Write","properties":{"trackingReference":"0k$hex","#,
            r#""httpMethod":"$method","httpVersion":"2.0.0.0","requestUri":"https://$host:443$target","requestBytes":"211","#,
            r#""responseBytes":"$bytes","userAgent":"$agent","clientIp":"$client","socketIp":"$client","timeTaken":"$took","#,
            r#""timeToFirstByte":"$took","httpStatusCode":"$status","pop":"$pop","cacheStatus":"CACHE_NOCONFIG","#,
            r#""errorInfo":"$1","hostName":"$host","originIp":"$upstream","originName":"shop"}}"#
        ),
        FRONT_DOOR_ROWS,
        ("pop", "FRA56-P4", Cause::Silent),
    )
};
