//! Squid names its own failures in `X-Squid-Error`, with the system's error number (Squid, `src/errorpage.cc`,
//! `src/error/forward.h`, `src/FwdState.cc`).

use httpwhy_model::{Blame, Party, Place};

use super::{CLIENT, Case, FRONT, ORIGIN, Ruling};

const DNS: Blame = Blame::Likely(Party::Dns);
const NETWORK: Blame = Blame::Likely(Party::Network);

/// Linux's numbers of errors in connecting that lie between the machines: ENETUNREACH, ETIMEDOUT, EHOSTUNREACH.
const UNDERWAY: &[&str] = &["101", "110", "113"];

pub(super) fn ruling(case: &Case) -> Option<Ruling> {
    let field = "x-squid-error";
    let value = case.answered(field)?;
    let (name, number) = value.split_once(' ').unwrap_or((value, "0"));
    let (blame, shows) = match name {
        "ERR_CONNECT_FAIL" if UNDERWAY.contains(&number) => {
            (NETWORK, "Squid's packets to the server were not answered")
        }
        "ERR_CONNECT_FAIL" => (ORIGIN, "the server refused Squid's connection"),
        "ERR_SECURE_CONNECT_FAIL" => (ORIGIN, "Squid could not agree on TLS with the server"),
        "ERR_READ_TIMEOUT" | "ERR_LIFETIME_EXP" => {
            (ORIGIN, "the server did not answer Squid in time")
        }
        "ERR_READ_ERROR" | "ERR_WRITE_ERROR" => (ORIGIN, "the connection to the server broke"),
        "ERR_ZERO_SIZE_OBJECT" => (ORIGIN, "the server closed without a byte"),
        "ERR_INVALID_RESP" => (ORIGIN, "the server's response could not be read"),
        "ERR_DNS_FAIL" | "ERR_URN_RESOLVE" => (DNS, "Squid could not resolve the server's name"),
        "ERR_CANNOT_FORWARD" if names_a_host(case) => (
            DNS,
            "Squid found no way to the server that the request names",
        ),
        "ERR_CANNOT_FORWARD" => (FRONT, "Squid knew no server to forward to"),
        "ERR_TOO_BIG" if case.status() != Some(413) => (
            ORIGIN,
            "the server's response head is longer than Squid takes",
        ),
        "ERR_SOCKET_FAILURE"
        | "ERR_ICAP_FAILURE"
        | "ERR_ESI"
        | "ERR_SHUTTING_DOWN"
        | "ERR_GATEWAY_FAILURE"
        | "ERR_FTP_DISABLED" => (FRONT, "Squid itself failed"),
        "ERR_FTP_UNAVAILABLE" | "ERR_FTP_FAILURE" => (ORIGIN, "the FTP server failed"),
        _ if case.status().is_some_and(|status| status < 500) => {
            (CLIENT, "Squid refuses the request")
        }
        "ERR_ONLY_IF_CACHED_MISS" | "ERR_UNSUP_REQ" | "ERR_UNSUP_HTTPVERSION" => {
            (CLIENT, "Squid cannot do what was asked")
        }
        _ => return None,
    };
    Some(case.ruling(
        blame,
        Place::Field(field.into()),
        Some(value.as_bytes()),
        shows,
    ))
}

/// Whether the request went to a forward proxy (RFC 9112 section 3.2) and names a host that has to be resolved.
fn names_a_host(case: &Case) -> bool {
    let request = &case.exchange.request;
    let Ok(target) = std::str::from_utf8(&request.target) else {
        return false;
    };
    let authority = match target.split_once("://") {
        // In origin form; what its query names is not asked for here.
        _ if target.starts_with('/') => return false,
        Some((_, rest)) => rest.split('/').next().unwrap_or_default(),
        None if request.method[..] == *b"CONNECT" => target,
        None => return false,
    };
    let host = authority
        .rsplit_once(':')
        .map_or(authority, |(host, _)| host);
    host.parse::<std::net::Ipv4Addr>().is_err() && !host.starts_with('[')
}
