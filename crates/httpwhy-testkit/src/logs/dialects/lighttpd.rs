//! lighttpd: as others write it, with the host in the place of the identity.

use super::{Cause, Dialect, Row, clf, row};

/// It has no status for a client that left.
const ROWS: &[Row] = &[
    row(Cause::Fine, 200, "fine", &[]),
    row(Cause::NotFound, 404, "client-erred", &[]),
    row(Cause::Denied, 403, "policy", &[]),
    row(Cause::Refused, 503, "unclear", &[]),
    row(Cause::Silent, 504, "unclear", &[]),
    row(Cause::Said, 500, "unclear", &[]),
];

pub(super) static LIGHTTPD: Dialect = clf(
    "lighttpd",
    "lighttpd",
    "$client $host - [$clf +0000] \"$method $target HTTP/1.1\" $status $bytes \"-\" \"$agent\"",
    ROWS,
    ("path", "/api/cart", Cause::Said),
);
