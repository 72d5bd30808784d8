//! What a server's log shows: the words of its error lines, and what its two legs say of each other.
//!
//! On the leg to a server behind, the writer is the client: what the catalogue blames on the client is the writer's own
//! there. Where the format cannot tell, the answer is unknown and names what to add to it.

use httpwhy_catalog::Usual;
use httpwhy_model::{Blame, Exchange, Party, Phase, Place, Signal, Who};

use super::{CLIENT, Case, FRONT, ORIGIN, Ruling};

const NETWORK: Blame = Blame::Likely(Party::Network);

/// What to add when a line holds nothing of the server behind, by the writer's name.
const WANTS_UPSTREAM: &[(&str, &str)] = &[
    (
        "nginx",
        "the status and the times of the server behind ($upstream_status, $upstream_connect_time, $upstream_header_time) in \
         the log format, or the error log of the same seconds",
    ),
    (
        "apache",
        "Apache's error log of the same seconds, which names what failed behind",
    ),
    (
        "lighttpd",
        "lighttpd's error log of the same seconds, which names what failed behind",
    ),
    (
        "caddy",
        "Caddy's records with \"logger\":\"http.log.error\" of the same seconds",
    ),
    (
        "varnish",
        "%{VSL:FetchError}x in varnishncsa's format, or varnishlog of the same seconds",
    ),
];

/// The same of a writer of which nothing special is known.
const WANTS_MORE: &str = "the status and the times of the server behind in the log format, or the error log of the same seconds";

fn wanted(case: &Case) -> &'static str {
    let Who::Log(writer) = &case.exchange.vantage.who else {
        return WANTS_MORE;
    };
    let known = WANTS_UPSTREAM
        .iter()
        .find(|(name, _)| writer.starts_with(name));
    known.map_or(WANTS_MORE, |(_, wanted)| wanted)
}

pub(super) fn ruling(case: &Case) -> Option<Ruling> {
    if !matches!(case.exchange.vantage.who, Who::Log(_)) {
        return None;
    }
    written(case)
        .or_else(|| no_request(case))
        .or_else(|| haproxy(case))
        .or_else(|| leg(case))
        .or_else(|| by_leg_behind(case))
        .or_else(|| own_answer(case))
        .or_else(|| open(case))
}

/// A ruling on the first signal that satisfies.
fn by_signal(
    case: &Case,
    is: impl Fn(&Signal) -> bool,
    blame: Blame,
    shows: &'static str,
) -> Option<Ruling> {
    let (_, signal) = case.exchange.signals().find(|(_, signal)| is(signal))?;
    Some(case.ruling(blame, Place::Signal(signal.to_string()), None, shows))
}

/// Words of error lines: what was written, whom it blames, what it shows.
const WRITTEN: &[(&str, Blame, &str)] = &[
    (
        "log:client-malformed",
        PROVEN_CLIENT,
        "the server notes that the request breaks HTTP",
    ),
    (
        "log:client-method",
        PROVEN_CLIENT,
        "the server notes that it knows no such method",
    ),
    (
        "log:client-too-large",
        PROVEN_CLIENT,
        "the server notes that the request is larger than it allows",
    ),
    (
        "log:client-late",
        PROVEN_CLIENT,
        "the server notes that the rest of the request did not come",
    ),
    (
        "log:client-gone",
        PROVEN_CLIENT,
        "the server notes that the client ended it",
    ),
    (
        "log:client-plain",
        PROVEN_CLIENT,
        "the server notes a request without TLS on a port for TLS",
    ),
    (
        "log:client-certificate",
        PROVEN_CLIENT,
        "the server notes that the client's certificate is missing or not to be trusted",
    ),
    (
        "log:client-handshake",
        PROVEN_CLIENT,
        "the server notes that the client broke off the handshake or sent no TLS",
    ),
    (
        "log:denied",
        CLIENT,
        "the server notes that a rule of its configuration forbids this",
    ),
    (
        "log:limited",
        CLIENT,
        "the server notes that a limit of its configuration was reached",
    ),
    (
        "log:credentials",
        CLIENT,
        "the server notes that the credentials are missing or wrong",
    ),
    (
        "log:no-file",
        CLIENT,
        "the server notes that it has no such file",
    ),
    (
        "log:no-permission",
        Blame::Proven(Party::Origin),
        "the server notes that it may not read its own file",
    ),
    (
        "log:resources",
        Blame::Proven(Party::Intermediary),
        "the server notes that its own resources are used up",
    ),
    (
        "log:program-failed",
        Blame::Proven(Party::Origin),
        "the server notes that the program behind it failed",
    ),
    (
        "log:busy",
        ORIGIN,
        "as many connections to the server behind are in use as are allowed",
    ),
    (
        "aws-s3:SlowDown",
        CLIENT,
        "more requests at a time than S3 takes for this prefix",
    ),
    (
        "aws-s3:RequestTimeout",
        CLIENT,
        "the content did not come in time",
    ),
    (
        "aws-s3:AccessDenied",
        CLIENT,
        "no policy allows this to the one who asked",
    ),
    (
        "aws-s3:InternalError",
        Blame::Proven(Party::Origin),
        "S3 itself failed",
    ),
    (
        "aws-s3:ServiceUnavailable",
        ORIGIN,
        "S3 itself was overloaded",
    ),
    (
        "log:worker-off",
        Blame::Unknown {
            missing: "the earlier lines about this server: a failure before (AH00959), or a worker switched off by configuration",
        },
        "the server behind is switched off for now",
    ),
    (
        "log:handshake",
        Blame::Unknown {
            missing: "what the TLS library said: HAProxy 2.8's error lines hold it, or %[ssl_fc_err_str] in error-log-format",
        },
        "a handshake failed, not said why",
    ),
    (
        "tls:incompatible",
        Blame::Unknown {
            missing: "the versions and ciphers that the client offered, and those that the server allows",
        },
        "the two sides have no version or cipher in common",
    ),
    (
        "caddy:nothing-written",
        Blame::Unknown {
            missing: "Caddy's records with \"logger\":\"http.log.error\" of the same second",
        },
        "nothing was written: the client had gone, or no handler answered",
    ),
];

const PROVEN_CLIENT: Blame = Blame::Proven(Party::Client);

fn written(case: &Case) -> Option<Ruling> {
    let behind = case.behind.into_iter().flat_map(|(_, leg)| leg.signals());
    case.exchange
        .signals()
        .chain(behind)
        .find_map(|(_, signal)| {
            let (_, blame, shows) = WRITTEN.iter().find(|(word, ..)| signal.is(word))?;
            Some(case.ruling(*blame, Place::Signal(signal.to_string()), None, *shows))
        })
}

/// Bytes that were no request: the client's.
fn no_request(case: &Case) -> Option<Ruling> {
    let refused = case
        .status()
        .is_none_or(|status| (400..500).contains(&status) || status == 0);
    let is = |signal: &Signal| {
        signal.is("request:tls-handshake") || signal.is("request:no-request-line")
    };
    by_signal(
        case,
        |signal| refused && is(signal),
        PROVEN_CLIENT,
        "what came was no request that this port understands",
    )
}

/// HAProxy's states that mean several things, told apart by the rest of the line (configuration manual 8.5).
fn haproxy(case: &Case) -> Option<Ruling> {
    let state = |word: &str| case.exchange.signals().any(|(_, signal)| signal.is(word));
    let status = case.status().unwrap_or(0);
    if state("haproxy:SC") && state("upstream:no-route") {
        let shows = "no server was chosen because no backend was: the rules lead nowhere";
        return by_signal(case, |signal| signal.is("upstream:no-route"), FRONT, shows);
    }
    if state("haproxy:SC") && state("upstream:not-asked") {
        let missing = "whether the servers failed their checks (lines \"Server … is DOWN\") or are in maintenance";
        let shows = "no server was up, not said why";
        return by_signal(
            case,
            |signal| signal.is("upstream:not-asked"),
            Blame::Unknown { missing },
            shows,
        );
    }
    (state("haproxy:PR") && status >= 500).then(|| {
        case.by_status_line(
            FRONT,
            "HAProxy's own answer by a rule: nothing of the request was at fault",
        )
    })
}

/// This step is the leg to a server behind.
fn leg(case: &Case) -> Option<Ruling> {
    if !case.forwarded {
        return None;
    }
    case.exchange
        .signals()
        .find_map(|(phase, signal)| fault(case, phase, signal))
        .or_else(|| said(case, case.exchange))
}

/// A failure on the way to, or in, the server behind.
fn fault(case: &Case, phase: Phase, signal: &Signal) -> Option<Ruling> {
    let is = |words: &[&str]| words.iter().any(|word| signal.is(word));
    let (blame, shows) = match () {
        () if is(&["errno:ECONNREFUSED", "proxy-status:connection_refused"])
            && phase == Phase::Connect =>
        {
            (
                Blame::Proven(Party::Origin),
                "nothing listens on the address of the server behind: it refused the connection",
            )
        }
        () if is(&["errno:ETIMEDOUT"]) && phase == Phase::Connect => (
            NETWORK,
            "no answer to the connection attempts came from the address of the server behind",
        ),
        () if is(&["errno:ETIMEDOUT"]) && phase == Phase::Tls => {
            (ORIGIN, "the server behind did not take up the handshake")
        }
        () if is(&["errno:ETIMEDOUT"]) && phase == Phase::Resolve => {
            (Blame::Likely(Party::Dns), "the name server did not answer")
        }
        // Varnish waits on for a client that has gone meanwhile.
        () if is(&["errno:ETIMEDOUT"])
            && matches!(&case.exchange.vantage.who, Who::Log(name) if name.starts_with("varnish")) =>
        {
            (
                ORIGIN,
                "connected and asked, the server behind stayed silent until the deadline",
            )
        }
        () if is(&["errno:ETIMEDOUT"]) => (
            Blame::Proven(Party::Origin),
            "connected and asked, the server behind stayed silent until the deadline",
        ),
        () if is(&["upstream:late"]) && phase == Phase::Connect => (
            NETWORK,
            "the deadline passed before a connection to the server behind stood",
        ),
        () if is(&["upstream:late"]) => (
            ORIGIN,
            "the deadline passed before the server behind answered",
        ),
        () if is(&["errno:ECONNRESET", "errno:EPIPE"]) && phase >= Phase::Connect => {
            (ORIGIN, "the server behind broke off the connection")
        }
        () if is(&["errno:ENOENT"]) => {
            (ORIGIN, "the local socket of the server behind is not there")
        }
        () if is(&[
            "errno:EACCES",
            "errno:EPERM",
            "errno:EADDRNOTAVAIL",
            "errno:EMFILE",
            "errno:ENOMEM",
        ]) =>
        {
            (
                Blame::Proven(Party::Intermediary),
                "the writer's own system did not let it connect",
            )
        }
        () if is(&["tls:not-tls"]) => (
            FRONT,
            "TLS was spoken to a port behind that does not speak it",
        ),
        () if is(&["dns"]) => (
            Blame::Likely(Party::Dns),
            "the name of the server behind did not resolve",
        ),
        () => return by_catalogue(case, signal),
    };
    Some(case.ruling(blame, Place::Signal(signal.to_string()), None, shows))
}

/// What the catalogue says of it, with the writer for the client.
fn by_catalogue(case: &Case, signal: &Signal) -> Option<Ruling> {
    let Usual::Party(party) = case.entry.usual else {
        return None;
    };
    let named = signal.is("proxy-status");
    let blame = match party {
        Party::Client => FRONT,
        Party::Origin if named => Blame::Proven(Party::Origin),
        party => Blame::Likely(party),
    };
    let shows = "what the writer met on the way to the server behind";
    Some(case.ruling(blame, Place::Signal(signal.to_string()), None, shows))
}

/// A 5xx that the server behind said itself.
fn said(case: &Case, leg: &Exchange) -> Option<Ruling> {
    let status = leg.status().filter(|status| *status >= 500)?;
    // One that is a front as well may speak of a server behind itself.
    let blame = if status == 500 {
        Blame::Proven(Party::Origin)
    } else {
        ORIGIN
    };
    Some(case.by_status_line(blame, "the server behind gave this status itself"))
}

/// This step is the leg to the client, and what happened behind is known in general words.
fn by_leg_behind(case: &Case) -> Option<Ruling> {
    let (_, leg) = case.behind?;
    if case.status().is_none_or(|status| status < 500) || !case.is_plain_status() {
        return None;
    }
    if leg.status() == case.status() {
        return said(case, leg);
    }
    let has = |word: &str| leg.signals().any(|(_, signal)| signal.is(word));
    let shows = match () {
        () if has("upstream:no-connection") => "no connection to the server behind came about",
        () if has("upstream:no-head") => {
            "connected, the server behind gave no head that could be passed on"
        }
        () if has("upstream:cut") => "the server behind broke off its answer",
        () if has("upstream:failed-or-said-it") => {
            "a server behind was asked, and it or the way to it failed, or it said so itself"
        }
        () => return None,
    };
    Some(case.by_status_line(ORIGIN, shows))
}

/// The writer notes that it asked nobody.
fn own_answer(case: &Case) -> Option<Ruling> {
    let asked_nobody = |signal: &Signal| signal.is("upstream:not-asked");
    let status = case.status()?;
    if !case.is_plain_status() {
        return None;
    }
    match status {
        400 | 411 | 413 | 414 | 417 | 421 | 431 | 501 | 505 => by_signal(
            case,
            asked_nobody,
            CLIENT,
            "refused before any server behind was asked",
        ),
        500..=599 => by_signal(
            case,
            asked_nobody,
            FRONT,
            "no server behind was asked: the configuration answers so, or a limit of it",
        ),
        _ => None,
    }
}

/// A 5xx of which the line says nothing else.
fn open(case: &Case) -> Option<Ruling> {
    let plain = case.is_plain_status() && case.status().is_some_and(|status| status >= 500);
    let silent = case.exchange.signals().next().is_none() && case.behind.is_none();
    (plain && silent && !case.forwarded).then(|| {
        let blame = Blame::Unknown {
            missing: wanted(case),
        };
        case.by_status_line(
            blame,
            "a status of which this log does not say whether the writer or a server behind made it",
        )
    })
}
