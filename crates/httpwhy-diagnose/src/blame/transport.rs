//! Exchanges that broke: nothing came, or only a part.

use std::time::Duration;

use httpwhy_model::{Blame, End, Party, Phase, Place, Sent, Side, Signal};

use super::{CLIENT, Case, ORIGIN, Ruling, is_fresh};

/// Servers close silent connections after seconds; one that refuses closes at once.
const PATIENCE: Duration = Duration::from_secs(1);

/// Alerts about the certificate of the one who receives them (RFC 8446 section 6.2): bad_certificate,
/// unsupported_certificate, certificate_revoked, certificate_expired, certificate_unknown, unknown_ca,
/// certificate_required.
const ABOUT_THE_CERTIFICATE: &[u8] = &[42, 43, 44, 45, 46, 48, 116];

pub(super) fn ruling(case: &Case) -> Option<Ruling> {
    let exchange = case.exchange;
    let of_frames = matches!(case.entry.id.namespace(), "h2" | "h3" | "quic");
    if (exchange.end != End::Answered || of_frames)
        && let Some(ruling) = our_own_breach(case).or_else(|| breach_of_theirs(case))
    {
        return Some(ruling);
    }
    match exchange.end {
        End::Nothing if exchange.vantage.side == Side::Client => certificate_refused(case)
            .or_else(|| hung_up_in_handshake(case))
            .or_else(|| said_nothing(case))
            .or_else(|| stopped_short(case))
            .or_else(|| plain_on_tls_port(case))
            .or_else(|| hung_up(case)),
        End::Partial => only_interim(case).or_else(|| reset_while_receiving(case)),
        End::Answered if case.status() == Some(408) => said_nothing_in_time(case),
        _ => None,
    }
}

/// What this side sent breaks a rule of its protocol, and the other side ended it.
fn our_own_breach(case: &Case) -> Option<Ruling> {
    let mut signals = case.exchange.signals();
    let (_, signal) = signals.find(|(_, signal)| signal.param("in") == Some("request"))?;
    let place = Place::Signal(signal.to_string());
    let shows = "what was sent breaks a rule of its protocol";
    Some(case.ruling(Blame::Proven(Party::Client), place, None, shows))
}

/// What the other side sent breaks a rule of HTTP/2, HTTP/3 or QUIC: seen here, so it is not this side that broke it. Where a front hands
/// on what it got is not seen.
fn breach_of_theirs(case: &Case) -> Option<Ruling> {
    let breach = |signal: &Signal| {
        let ours = signal.param("by") == Some("us");
        signal.is("h2:malformed-message")
            || (ours && matches!(signal.dialect(), "h2" | "h3" | "quic"))
    };
    let (_, signal) = case.exchange.signals().find(|(_, signal)| breach(signal))?;
    let place = Place::Signal(signal.to_string());
    let shows = match signal.dialect() {
        "h2" => "what the server sent breaks a rule of HTTP/2",
        "h3" => "what the server sent breaks a rule of HTTP/3",
        _ => "what the server sent breaks a rule of QUIC",
    };
    Some(case.ruling(ORIGIN, place, None, shows))
}

/// The server refused our certificate.
fn certificate_refused(case: &Case) -> Option<Ruling> {
    let (_, signal) = case.exchange.signals().find(
        |(_, signal)| matches!(signal, Signal::TlsAlert(alert) if ABOUT_THE_CERTIFICATE.contains(alert)),
    )?;
    let place = Place::Signal(signal.to_string());
    Some(case.ruling(
        CLIENT,
        place,
        None,
        "the server's alert is about the certificate of this side",
    ))
}

/// A TLS server answers a ClientHello with a record, if only an alert, or hangs up at once. One that waits for its
/// patience to end took the bytes for the slow beginning of something else.
fn hung_up_in_handshake(case: &Case) -> Option<Ruling> {
    let (_, signal) = case
        .exchange
        .signals()
        .find(|(phase, signal)| *phase == Phase::Tls && **signal == Signal::Eof(0))?;
    let place = Place::Signal(signal.to_string());
    let waited = case.exchange.timeline.get(Phase::Tls);
    Some(if waited.is_some_and(|waited| waited >= PATIENCE) {
        let shows = "no TLS record, and the end only after a while: this port does not speak TLS";
        case.ruling(CLIENT, place, None, shows)
    } else {
        let missing = "the same request without TLS and with another server name, and the server's log of this handshake";
        case.ruling(
            Blame::Unknown { missing },
            place,
            None,
            "the end came before any TLS record",
        )
    })
}

/// We connected and sent nothing; the server waited, then closed (RFC 9110 section 15.5.9, RFC 9112 section 9.5).
fn said_nothing(case: &Case) -> Option<Ruling> {
    let silent = case.exchange.sent == Sent::Nothing && is_fresh(case.exchange);
    let waited = case.waited().is_none_or(|waited| waited >= PATIENCE);
    (silent && waited && only_ended(case)).then(|| {
        let shows = "no byte of a request was sent; the server closed the idle connection";
        case.ruling(CLIENT, Place::End, None, shows)
    })
}

/// A 408 on a fresh connection on which nothing was sent: the server asked for the request that did not come.
fn said_nothing_in_time(case: &Case) -> Option<Ruling> {
    let silent = case.exchange.sent == Sent::Nothing && is_fresh(case.exchange);
    silent.then(|| {
        case.by_status_line(
            CLIENT,
            "no byte of a request was sent on this fresh connection",
        )
    })
}

/// We stopped in the middle of the request, and it was not the other side that cut us off.
fn stopped_short(case: &Case) -> Option<Ruling> {
    (case.exchange.sent == Sent::Part && only_ended(case)).then(|| {
        let shows = "only a part of the request was sent, then the other side ended the connection";
        case.ruling(CLIENT, Place::End, None, shows)
    })
}

/// Nothing but an orderly end, behind a connection that stood.
fn only_ended(case: &Case) -> bool {
    let mut signals = case.exchange.signals();
    case.exchange.signals().next().is_some()
        && signals.all(|(phase, signal)| phase >= Phase::Send && matches!(signal, Signal::Eof(_)))
}

/// A plain request to a port that is registered for TLS (IANA: 443 https, 8443 by custom).
fn plain_on_tls_port(case: &Case) -> Option<Ruling> {
    let authority = case.exchange.target.strip_prefix("http://")?;
    let authority = authority.split(['/', '?', '#']).next()?;
    let tls_port = authority.ends_with(":443") || authority.ends_with(":8443");
    (tls_port && case.exchange.tls.is_none() && waits(case)).then(|| {
        let shows = "a request without TLS to a port that is customary for TLS";
        case.ruling(CLIENT, Place::Target, Some(authority.as_bytes()), shows)
    })
}

/// A complete request, and no byte came back: who hung up cannot be told from here. A rule of a front (nginx's
/// `return 444`, HAProxy's `silent-drop` and `reject`), a crash of an application and a port that expects TLS all look
/// like this.
fn hung_up(case: &Case) -> Option<Ruling> {
    let (_, signal) = case.exchange.signals().last()?;
    let hung_up = matches!(signal, Signal::Eof(0)) || signal.is("errno:ECONNRESET");
    let known = !is_fresh(case.exchange) || case.exchange.sent == Sent::Unknown;
    (hung_up && waits(case) && !known).then(|| {
        let missing =
            "the log of the server at that second, and the same request over TLS if this was none";
        let place = Place::Signal(signal.to_string());
        let shows = "the other side hung up on a complete request without a byte";
        case.ruling(Blame::Unknown { missing }, place, None, shows)
    })
}

/// Whether everything that was recorded happened while the response was awaited.
fn waits(case: &Case) -> bool {
    let mut signals = case.exchange.signals();
    case.exchange.sent == Sent::All && signals.all(|(phase, _)| phase == Phase::Wait)
}

/// Interim responses promise a final one (RFC 9110 section 15.2); the server ended instead.
fn only_interim(case: &Case) -> Option<Ruling> {
    let exchange = case.exchange;
    let ended = exchange
        .signals()
        .any(|(_, signal)| matches!(signal, Signal::Eof(_)));
    let promised = exchange.response.is_none() && !exchange.interim.is_empty();
    (promised && ended && exchange.sent == Sent::All).then(|| {
        case.ruling(
            ORIGIN,
            Place::End,
            None,
            "an interim response, then the end instead of the final one",
        )
    })
}

/// A reset in the middle of content comes from the server, from one behind it, or from the network, in this order.
fn reset_while_receiving(case: &Case) -> Option<Ruling> {
    let (_, signal) = case
        .exchange
        .signals()
        .find(|(phase, signal)| *phase == Phase::Receive && signal.is("errno:ECONNRESET"))?;
    let sent = case.exchange.sent == Sent::All;
    sent.then(|| {
        let place = Place::Signal(signal.to_string());
        case.ruling(
            ORIGIN,
            place,
            None,
            "the other side broke off its own answer",
        )
    })
}
