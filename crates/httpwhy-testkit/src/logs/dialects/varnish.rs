//! Varnish.

use super::{Cause, Dialect, Row, clf, row};

/// It says 503 for all of its own, and its default format does not tell what its rules made.
const NCSA_ROWS: &[Row] = &[
    row(Cause::Fine, 200, "fine", &[]),
    row(Cause::NotFound, 404, "upstream-said", &[]),
    row(Cause::Denied, 403, "upstream-said", &[]),
    row(Cause::Refused, 503, "unclear", &[]),
    row(Cause::Said, 500, "upstream-said", &[]),
];

pub(super) static NCSA: Dialect = clf(
    "varnish",
    "varnish",
    "$client - - [$clf +0000] \"$method http://$host$target HTTP/1.1\" $status $bytes \"-\" \"$agent\"",
    NCSA_ROWS,
    ("host", "pay.example.com", Cause::Refused),
);

/// The call, and the fetch's records.
const LOG_ROWS: &[Row] = &[
    row(Cause::Fine, 200, "fine", &["PASS", FETCHED]),
    row(Cause::NotFound, 404, "upstream-said", &["PASS", FETCHED]),
    row(Cause::Denied, 403, "policy", &["SYNTH", ""]),
    row(Cause::Refused, 503, "upstream-refused", &["PASS", REFUSED]),
    row(Cause::Silent, 503, "upstream-silent", &["PASS", SILENT]),
    row(Cause::Said, 500, "upstream-said", &["PASS", FETCHED]),
];

macro_rules! fetch {
    ($records:literal) => {
        concat!(
            "\n**  << BeReq    >> 9$item      \n--  Begin          bereq 8$item pass\n--  BereqMethod    $method",
            $records,
            "\n--  End            "
        )
    };
}

const FETCHED: &str = fetch!(
    "\n--  BackendOpen    24 be_a $server 8080 10.0.0.1 35012 connect\n--  Timestamp      Beresp: ${epoch}000 ${took}000 ${took}000\n--  BerespStatus   $status"
);
const REFUSED: &str = fetch!(
    "\n--  FetchError     backend be_a: fail errno 111 (Connection refused)\n--  BerespStatus   503"
);
const SILENT: &str = fetch!(
    "\n--  BackendOpen    24 be_a $server 8080 10.0.0.1 35012 connect\n--  FetchError     first byte timeout\n--  BerespStatus   503"
);

pub(super) static LOG: Dialect = Dialect {
    torn_behind: "*   <",
    ..clf(
        "varnishlog",
        "varnishlog",
        concat!(
            "*   << Request  >> 8$item      \n-   Begin          req 7$item rxreq\n",
            "-   Timestamp      Start: ${epoch}000 0.000000 0.000000\n-   ReqStart       $client $port a0\n",
            "-   ReqMethod      $method\n-   ReqURL         $target\n-   ReqProtocol    HTTP/1.1\n",
            "-   ReqHeader      Host: $host\n-   ReqHeader      User-Agent: $agent\n-   VCL_call       $1\n",
            "-   RespStatus     $status\n-   Timestamp      Resp: ${epoch}000 ${took}000 0.000080\n",
            "-   ReqAcct        109 0 109 245 $bytes 527\n-   End            $2"
        ),
        LOG_ROWS,
        ("upstream", "10.0.0.7:8080", Cause::Silent),
    )
};
