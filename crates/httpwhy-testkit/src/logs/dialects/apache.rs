//! Apache httpd.

use super::nginx::combined;
use super::{Cause, Dialect, Row, clf, row};

/// It has no status for a client that left.
const ROWS: &[Row] = &[
    row(Cause::Fine, 200, "fine", &[]),
    row(Cause::NotFound, 404, "client-erred", &[]),
    row(Cause::Denied, 403, "policy", &[]),
    row(Cause::Refused, 503, "unclear", &[]),
    row(Cause::Silent, 502, "unclear", &[]),
    row(Cause::Said, 500, "unclear", &[]),
];

pub(super) static COMMON: Dialect = clf(
    "apache-common",
    "apache",
    "$client - - [$clf +0000] \"$method $target HTTP/1.1\" $status $bytes",
    ROWS,
    ("path", "/login", Cause::Refused),
);

pub(super) static COMBINED: Dialect = clf(
    "apache",
    "apache",
    // Only Apache escapes a quote so.
    "$client - - [$clf +0000] \"$method $target HTTP/1.1\" $status $bytes \"https://www.example.com/?q=\\\"$item\\\"\" \"$agent\"",
    ROWS,
    ("agent", "okhttp", Cause::Silent),
);

pub(super) static VHOST: Dialect = clf(
    "apache-vhost",
    "apache",
    concat!("$host:443 ", combined!("")),
    ROWS,
    ("host", "pay.example.com", Cause::Refused),
);
