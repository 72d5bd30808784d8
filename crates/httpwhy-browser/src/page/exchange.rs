//! One request of a page as an exchange.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use httpwhy_ingest::browser;
use httpwhy_model::{
    Body, End, Exchange, Framing, Phase, Request, Response, Seen, Sent, Side, Signal, Timeline,
    TlsFacts, Vantage, Who, WsClose,
};

use super::hop::{Answer, Hop, Over, Timing};
use super::socket::Socket;
use crate::json::{number, text_or_empty};
use crate::trouble::signal;

/// The status of a WebSocket's handshake that was refused is told without its head.
const NO_STATUS: u16 = 1006;
/// A Close frame without a code is told as this one (RFC 6455 section 7.4.1).
const NO_CODE: u16 = 1005;

/// The exchange of a hop. What was still under way when the page was left has no end.
pub(crate) fn of(hop: Hop) -> Exchange {
    let mut exchange = Exchange {
        vantage: Vantage {
            who: Who::Browser,
            side: Side::Client,
        },
        observed_at: hop.began.into(),
        peer: hop.answer.as_ref().and_then(peer),
        tls: hop.answer.as_ref().and_then(|answer| tls(answer, &hop.url)),
        reused: match &hop.answer {
            Some(answer) if answer.connection != 0 => Seen::Present(answer.reused),
            _ => Seen::NotCaptured,
        },
        timeline: timeline(&hop),
        response: response(&hop),
        ..Exchange::default()
    };
    exchange.received = match &hop.over {
        Some(Over::Whole { received, .. }) => *received,
        _ => hop.answer.as_ref().map_or(0, |a| a.received) + hop.came,
    };
    match (&hop.socket, &hop.over) {
        (Some(socket), _) => socket_end(&mut exchange, socket),
        (None, Some(over)) => end(&mut exchange, over, hop.document),
        (None, None) => unfinished(&mut exchange, &hop),
    }
    if let Some(place) = hop.from {
        let note = signal("served-from", &[("what", place.to_owned())]);
        exchange.signal(Phase::Queue, note);
    }
    exchange.request = request(&hop);
    exchange.target = hop.url;
    exchange
}

fn request(hop: &Hop) -> Request {
    let path = hop.url.split_once("://").map_or("", |(_, rest)| {
        rest.find(['/', '?']).map_or("/", |at| &rest[at..])
    });
    let version = hop.answer.as_ref().map(|answer| answer.protocol.as_str());
    Request {
        method: hop.method.clone().into(),
        target: path.to_owned().into(),
        version: browser::protocol(version.unwrap_or_default()),
        fields: hop.sent.clone().unwrap_or_else(|| hop.meant.clone()),
        body: Seen::NotCaptured,
    }
}

fn response(hop: &Hop) -> Option<Response> {
    if let Some(status) = hop.socket.as_ref().and_then(Socket::refused_with) {
        return Some(Response {
            code: status.to_string().into(),
            ..Response::default()
        });
    }
    let status = hop.status().filter(|&status| status > 0)?;
    let answer = hop.answer.as_ref();
    let named = answer.map(|answer| browser::protocol(&answer.protocol));
    let of_head = hop.raw.as_ref().map(|raw| Bytes::from(raw.version.clone()));
    let version = named.filter(|version| version.starts_with(b"HTTP/"));
    let fields = match (&hop.raw, answer) {
        (Some(raw), _) => raw.fields.clone(),
        (None, Some(answer)) => answer.fields.clone(),
        (None, None) => return None,
    };
    Some(Response {
        version: version.or(of_head).unwrap_or_default(),
        code: format!("{status:03}").into(),
        reason: answer.map(|a| a.reason.clone()).unwrap_or_default().into(),
        fields,
        body: match &hop.content {
            Some(content) => Seen::Present(Body {
                bytes: content.bytes.clone().into(),
                received: Seen::Present(content.whole),
                complete: Seen::NotCaptured,
                framing: Framing::Unknown,
            }),
            None => Seen::NotCaptured,
        },
        ..Response::default()
    })
}

/// How an exchange ended that came to its end.
fn end(exchange: &mut Exchange, over: &Over, document: bool) {
    let Over::Failed {
        error,
        blocked,
        cors,
        cancelled,
        ..
    } = over
    else {
        exchange.end = End::Answered;
        exchange.sent = Sent::All;
        return;
    };
    let answered = exchange.response.is_some();
    let aborted = *cancelled && error == "net::ERR_ABORTED";
    // It has a status of an error and no content: the browser shows a page of its own instead (net_error_list.h).
    let empty = error == "net::ERR_HTTP_RESPONSE_CODE_FAILURE";
    if answered && document && (aborted || empty) {
        // A document that is not shown: 204, a download, or the page has gone elsewhere. The answer came.
        exchange.end = End::Answered;
        exchange.sent = Sent::All;
        return;
    }
    exchange.end = match (answered, cors) {
        (true, Some(_)) => End::Answered,
        (true, None) => End::Partial,
        (false, _) => End::Nothing,
    };
    for (phase, signal) in failure(error, blocked.as_deref(), cors.as_ref(), answered) {
        exchange.signal(phase, signal);
    }
    let last = exchange.signals().next_back().map(|(phase, _)| phase);
    exchange.sent = match last {
        _ if answered => Sent::All,
        Some(phase) if phase < Phase::Send => Sent::Nothing,
        _ => Sent::Unknown,
    };
}

/// A failure in Chromium's words, the most precise one first.
fn failure(
    error: &str,
    blocked: Option<&str>,
    cors: Option<&(String, String)>,
    answered: bool,
) -> Vec<(Phase, Signal)> {
    let chromium = |word: &str, params: &[(&'static str, &str)]| Signal::Word {
        dialect: "chromium".into(),
        word: word.split_whitespace().collect::<String>().into(),
        params: params
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|&(name, value)| (name.into(), crate::trouble::joined(value)))
            .collect(),
    };
    let mut found = Vec::new();
    if let Some((cors, parameter)) = cors {
        // A preflight that failed: the request itself was never sent.
        let phase = if answered {
            Phase::Receive
        } else {
            Phase::Queue
        };
        found.push((phase, chromium(cors, &[("parameter", parameter)])));
    }
    match blocked {
        Some("mixed-content") => found.push((Phase::Queue, chromium("mixed-content", &[]))),
        Some("csp") => found.push((Phase::Queue, chromium("net::ERR_BLOCKED_BY_CSP", &[]))),
        _ => {}
    }
    // `net::ERR_BLOCKED_BY_RESPONSE.NotSameOrigin`: the reason stands behind the word.
    let (word, reason) = match error.split_once("_RESPONSE.") {
        Some((word, reason)) => (format!("{word}_RESPONSE"), reason),
        None => (error.to_owned(), blocked.unwrap_or_default()),
    };
    if let Some(signal) = browser::error(&word) {
        let phase = match found.first() {
            Some((phase, _)) => *phase,
            None => browser::phase_of(&signal, answered),
        };
        found.push((phase, chromium(&signal.word_text(), &[("reason", reason)])));
    } else if found.is_empty() {
        found.push((Phase::Wait, chromium("failed", &[("said", error)])));
    }
    found
}

fn unfinished(exchange: &mut Exchange, hop: &Hop) {
    exchange.end = End::NotCaptured;
    exchange.sent = match (&exchange.response, &hop.sent) {
        (Some(_), _) => Sent::All,
        _ => Sent::Unknown,
    };
}

/// How a WebSocket ended: the page's own close event tells the code, the browser tells what went wrong.
fn socket_end(exchange: &mut Exchange, socket: &Socket) {
    if socket.refused_with().is_some() {
        exchange.end = End::Answered;
        exchange.sent = Sent::All;
        return;
    }
    exchange.end = if socket.open {
        End::Upgraded
    } else if socket.is_opening() {
        End::NotCaptured
    } else {
        End::Nothing
    };
    if socket.open {
        exchange.sent = Sent::All;
        let frames = [
            ("sent", socket.frames_sent.to_string()),
            ("received", socket.frames_received.to_string()),
        ];
        exchange.signal(Phase::Close, signal("frames", &frames));
    }
    if let Some((phase, signal)) = socket.signal() {
        if phase < Phase::Send {
            exchange.sent = Sent::Nothing;
        }
        exchange.signal(phase, signal);
    }
    let Some(told) = socket.told.as_ref().filter(|_| socket.open) else {
        return;
    };
    exchange.close = match told.code {
        // The browser's own word for the absence of a Close frame.
        NO_STATUS => Seen::Absent,
        NO_CODE => Seen::Present(WsClose::default()),
        code => Seen::Present(WsClose {
            code: Some(code),
            reason: told.reason.clone().into_bytes(),
        }),
    };
}

fn peer(answer: &Answer) -> Option<SocketAddr> {
    let ip: IpAddr = answer.address.trim_matches(['[', ']']).parse().ok()?;
    (answer.port != 0).then(|| SocketAddr::new(ip, answer.port))
}

fn tls(answer: &Answer, url: &str) -> Option<TlsFacts> {
    let facts = answer.security.as_ref()?;
    let of = |name: &str| Some(text_or_empty(facts, name).to_owned()).filter(|it| !it.is_empty());
    let host = url::Url::parse(url).ok();
    Some(TlsFacts {
        version: version(text_or_empty(facts, "protocol")),
        cipher: of("cipher").unwrap_or_default(),
        alpn: match answer.protocol.as_str() {
            "h2" | "h3" | "http/1.1" => Some(answer.protocol.clone()),
            _ => None,
        },
        server_name: host
            .filter(|url| url.domain().is_some())
            .and_then(|url| url.host_str().map(str::to_owned)),
        subject: of("subjectName"),
        issuer: of("issuer"),
        not_after: number(facts, "validTo").map(|end: f64| end as i64),
        chain: Vec::new(),
    })
}

/// `TLS 1.3` is `TLSv1.3` here; `QUIC` uses that one (RFC 9001).
fn version(name: &str) -> String {
    match name {
        "QUIC" => "TLSv1.3".to_owned(),
        other => other.replacen("TLS ", "TLSv", 1),
    }
}

fn timeline(hop: &Hop) -> Timeline {
    let mut timeline = Timeline::default();
    let Some(timing) = hop.answer.as_ref().and_then(|answer| answer.timing) else {
        return timeline;
    };
    let mut add = |phase: Phase, seconds: f64| {
        if let Ok(took) = Duration::try_from_secs_f64(seconds) {
            timeline.add(phase, took);
        }
    };
    let span = |(from, to): (f64, f64)| (from >= 0.0 && to >= from).then_some((to - from) / 1e3);
    let Timing {
        start,
        dns,
        connect,
        ssl,
        send,
        head,
    } = timing;
    let tls = span(ssl);
    if hop.clock > 0.0 && start >= hop.clock {
        add(Phase::Queue, start - hop.clock);
    }
    for (phase, took) in [
        (Phase::Resolve, span(dns)),
        // The time for TLS is part of it.
        (
            Phase::Connect,
            span(connect).map(|took| (took - tls.unwrap_or_default()).max(0.0)),
        ),
        (Phase::Tls, tls),
        (Phase::Send, span(send)),
        (Phase::Wait, span((send.1, head))),
    ] {
        if let Some(took) = took {
            add(phase, took);
        }
    }
    let over = match &hop.over {
        Some(Over::Whole { clock, .. } | Over::Failed { clock, .. }) => *clock,
        None => 0.0,
    };
    if head >= 0.0 && over > 0.0 {
        add(Phase::Receive, (over - start - head / 1e3).max(0.0));
    }
    timeline
}
