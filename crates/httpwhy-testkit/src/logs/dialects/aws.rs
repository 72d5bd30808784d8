//! Amazon's load balancer, CloudFront and S3.

use super::{Cause, Dialect, Row, clf, row};

/// The target, its times, its status, the actions. One 502 for a refusal, a reset and an answer that is none.
const ALB_ROWS: &[Row] = &[
    row(
        Cause::Fine,
        200,
        "fine",
        &["$upstream", "0.001 $took 0.000", "200", "waf,forward"],
    ),
    row(
        Cause::NotFound,
        404,
        "upstream-said",
        &["$upstream", "0.001 $took 0.000", "404", "waf,forward"],
    ),
    row(Cause::Denied, 403, "policy", &["-", "-1 -1 -1", "-", "waf"]),
    row(
        Cause::ClientLeft,
        460,
        "client-left",
        &["$upstream", "0.001 -1 -1", "-", "waf,forward"],
    ),
    row(
        Cause::Refused,
        502,
        "upstream-broke-off",
        &["$upstream", "-1 -1 -1", "-", "waf,forward"],
    ),
    row(
        Cause::Silent,
        504,
        "upstream-silent",
        &["$upstream", "0.001 -1 -1", "-", "waf,forward"],
    ),
    row(
        Cause::Said,
        500,
        "upstream-said",
        &["$upstream", "0.001 $took 0.000", "500", "waf,forward"],
    ),
];

pub(super) static ALB: Dialect = Dialect {
    torn_behind: ".com:443",
    ..clf(
        "aws-alb",
        "aws-alb",
        concat!(
            "https ${day}T$time.${millis}000Z app/shop/50dc6c495c0c9188 $client:$port $1 $2 $status $3 211 $bytes ",
            "\"$method https://$host:443$target HTTP/1.1\" \"$agent\" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 ",
            "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/app/73e2d6bc24d8a067 ",
            "\"Root=1-6908b658-$hex\" \"$host\" \"session-reused\" 0 ${day}T$time.000000Z \"$4\" \"-\" \"-\" \"$1\" \"$3\" ",
            "\"-\" \"-\" TID_1234abcd"
        ),
        ALB_ROWS,
        ("upstream", "10.0.0.7:8080", Cause::Silent),
    )
};

/// The result type, and the detailed one.
const CLOUDFRONT_ROWS: &[Row] = &[
    row(Cause::Fine, 200, "fine", &["Miss", "Miss"]),
    row(Cause::NotFound, 404, "upstream-said", &["Error", "Error"]),
    row(Cause::Denied, 403, "policy", &["Error", "ClientGeoBlocked"]),
    row(
        Cause::ClientLeft,
        0,
        "client-left",
        &["Error", "ClientCommError"],
    ),
    row(
        Cause::Refused,
        502,
        "upstream-refused",
        &["Error", "OriginConnectError"],
    ),
    row(
        Cause::Silent,
        504,
        "upstream-silent",
        &["Error", "OriginCommError"],
    ),
    row(Cause::Said, 500, "upstream-said", &["Error", "Error"]),
];

pub(super) static CLOUDFRONT: Dialect = Dialect {
    header: &[
        "#Version: 1.0",
        "#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) \
         cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes \
         time-taken x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status \
         fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len \
         sc-range-start sc-range-end",
    ],
    torn_behind: "\td111111abcdef8",
    ..clf(
        "cloudfront",
        "cloudfront",
        concat!(
            "$day\t$time\t$pop\t$bytes\t$client\t$method\td111111abcdef8.cloudfront.net\t$target\t$status3\t-\t",
            "$agent_percent\t-\t-\t$1\t1pkpNfBQ39sYMn==\t$host\thttps\t735\t$took\t-\tTLSv1.3\tTLS_AES_128_GCM_SHA256\t$1\t",
            "HTTP/2.0\t-\t-\t$port\t$took\t$2\ttext/html\t$bytes\t-\t-"
        ),
        CLOUDFRONT_ROWS,
        ("pop", "FRA56-P4", Cause::Refused),
    )
};

/// The error's code. Nothing stands behind it: what it answers is its own.
const S3_ROWS: &[Row] = &[
    row(Cause::Fine, 200, "fine", &["-"]),
    row(Cause::NotFound, 404, "client-erred", &["NoSuchKey"]),
    row(Cause::Denied, 403, "policy", &["AccessDenied"]),
    row(Cause::Said, 500, "own-answer", &["InternalError"]),
];

pub(super) static S3: Dialect = clf(
    "aws-s3",
    "aws-s3",
    concat!(
        "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be shop-assets [$clf +0000] $client - 3E57$hex ",
        "REST.GET.OBJECT $key \"$method $target HTTP/1.1\" $status $1 $bytes - $took_ms - \"-\" \"$agent\" - s9lzHYrFp76Z= - ",
        "ECDHE-RSA-AES128-GCM-SHA256 - shop-assets.s3.amazonaws.com TLSv1.2 - -"
    ),
    S3_ROWS,
    ("path", "/api/stock", Cause::Said),
);
