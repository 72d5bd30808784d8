//! nginx's lines in each carrier.

use super::nginx::{BARE, combined};
use super::{Cause, Dialect, clf};

const INCIDENT: (&str, &str, Cause) = ("path", "/api/cart", Cause::Refused);

pub(super) static CRI: Dialect = Dialect {
    carrier: "cri",
    ..clf(
        "nginx-cri",
        "nginx",
        concat!("${day}T$time.${nanos}Z stdout F ", combined!("")),
        BARE,
        INCIDENT,
    )
};

/// The line as a JSON string.
macro_rules! quoted {
    ($before:literal, $behind:literal) => {
        concat!(
            $before,
            r#"$client - - [$clf +0000] \"$method $target HTTP/1.1\" $status $bytes \"-\" \"$agent\""#,
            $behind
        )
    };
}

pub(super) static DOCKER: Dialect = Dialect {
    carrier: "docker",
    torn_behind: "HTTP/1.1\\\" ",
    ..clf(
        "nginx-docker",
        "nginx",
        quoted!(
            r#"{"log":""#,
            r#"\n","stream":"stdout","time":"${day}T$time.${nanos}Z"}"#
        ),
        BARE,
        INCIDENT,
    )
};

pub(super) static COMPOSE: Dialect = Dialect {
    carrier: "compose",
    ..clf(
        "nginx-compose",
        "nginx",
        concat!("shop-web-1  | ", combined!("")),
        BARE,
        INCIDENT,
    )
};

pub(super) static KUBECTL: Dialect = Dialect {
    carrier: "kubectl",
    ..clf(
        "nginx-kubectl",
        "nginx",
        concat!("[pod/web-5d/nginx] ", combined!("")),
        BARE,
        INCIDENT,
    )
};

pub(super) static JOURNAL: Dialect = Dialect {
    carrier: "journal",
    torn_behind: "HTTP/1.1\\\" ",
    ..clf(
        "nginx-journal",
        "nginx",
        quoted!(
            r#"{"__REALTIME_TIMESTAMP":"${epoch_ms}000","SYSLOG_IDENTIFIER":"nginx","MESSAGE":""#,
            r#""}"#
        ),
        BARE,
        INCIDENT,
    )
};

pub(super) static EXPORT: Dialect = Dialect {
    carrier: "export",
    torn_behind: "HTTP/1.1\\\" ",
    ..clf(
        "nginx-cloudwatch",
        "nginx",
        quoted!(
            r#"{"timestamp":$epoch_ms,"message":""#,
            r#"","ingestionTime":$epoch_ms}"#
        ),
        BARE,
        INCIDENT,
    )
};

pub(super) static COLOURS: Dialect = Dialect {
    carrier: "colours",
    ..clf(
        "nginx-coloured",
        "nginx",
        concat!("\x1b[32m", combined!("\x1b[0m")),
        BARE,
        INCIDENT,
    )
};
