//! The bytes of a connection that are no text: HTTP/2 frames and TLS records, as they went over the wire.

use std::borrow::Cow;

use httpwhy_model::{
    End, Exchange, Phase, Request, Seen, Sent, Side, Signal, TlsFault, Vantage, Visit, Who,
};
use httpwhy_wire::h1::{Limits, Message};
use httpwhy_wire::h2::{Frames, PREFACE, Piece, Reader, flag, kind, printable};
use httpwhy_wire::tls;

/// How many bytes of a GOAWAY's text are told.
const DEBUG: usize = 80;
/// CANCEL (RFC 9113 section 7): its sender has lost interest.
const CANCEL: u32 = 8;

/// Bytes of the head of a TLS record (RFC 8446 section 5.1), and the handshake message that must come in the first.
const RECORD_HEAD: usize = 5;
const CLIENT_HELLO: u8 = 1;

/// Whether these are bytes of a connection that [`read`] understands: HTTP/2 of either side, or TLS records.
pub(crate) fn looks_like_one(bytes: &[u8]) -> bool {
    let settings = matches!(bytes, [0, _, _, kind::SETTINGS, _, 0, 0, 0, 0, ..]);
    let alert = tls::read_alert(bytes).is_some();
    bytes.starts_with(PREFACE) || settings || alert
}

/// Reads what one side recorded: a server's side, without anything that is known of the request.
pub(crate) fn read(bytes: &[u8]) -> Visit {
    if bytes.starts_with(PREFACE) {
        // Only what was asked.
        let mut exchange = read_connection(bytes, b"", None);
        exchange.end = End::NotCaptured;
        return Visit::of(exchange);
    }
    let mut exchange = read_connection(b"", bytes, None);
    exchange.sent = Sent::Unknown;
    Visit::of(exchange)
}

/// Reads both directions of a connection that a client recorded: HTTP/2 from its preface on, or TLS records of a
/// handshake that did not succeed. Of an HTTP/2 connection the first request is read.
///
/// `ended` says how the transport ended, where that is known and it was not this client that had enough: it is kept
/// only when the recorded bytes leave the exchange open.
pub fn read_connection(sent: &[u8], received: &[u8], ended: Option<Signal>) -> Exchange {
    let mut exchange = Exchange {
        vantage: Vantage {
            who: Who::Transcript,
            side: Side::Client,
        },
        reused: Seen::Present(false),
        ..Exchange::default()
    };
    let is_tls = tls::looks_like_record(sent) == Some(true) || sent.first() == Some(&22);
    if is_tls || tls::read_alert(received).is_some() {
        handshake(sent, received, ended, &mut exchange);
    } else {
        frames(sent, received, ended, &mut exchange);
    }
    exchange
}

/// What came instead of a handshake: an alert, something else, or nothing.
fn handshake(sent: &[u8], received: &[u8], ended: Option<Signal>, exchange: &mut Exchange) {
    exchange.sent = Sent::Nothing;
    exchange.end = End::Nothing;
    if sent
        .get(RECORD_HEAD)
        .is_some_and(|&kind| kind != CLIENT_HELLO)
    {
        let wrong = Signal::word("tls-record", "no-client-hello");
        exchange.signal(Phase::Tls, of_the_request(wrong));
    }
    let signal = match tls::read_alert(received) {
        Some((_, description)) => Signal::TlsAlert(description),
        None if received.is_empty() => ended.unwrap_or(Signal::Eof(0)),
        None if tls::looks_like_record(received) == Some(true) => {
            ended.unwrap_or(Signal::Eof(received.len() as u64))
        }
        None => Signal::Tls {
            fault: TlsFault::NotTls,
            first: received.iter().copied().take(16).collect(),
        },
    };
    exchange.signal(Phase::Tls, signal);
}

fn frames(sent: &[u8], received: &[u8], ended: Option<Signal>, exchange: &mut Exchange) {
    let asked = Asked::read(sent);
    exchange.sent = asked.sent;
    for defect in asked.defects {
        exchange.signal(Phase::Send, defect);
    }
    exchange.request = asked.request;
    let mut reader = Reader::of_server(Limits::default());
    let method = exchange.request.method.clone();
    reader.follow(asked.stream, &method, Limits::default());
    reader.feed(received);
    let (reset, came) = (reader.reset(), reader.stream_bytes());
    let Message {
        interim,
        response,
        complete,
        defects,
        ..
    } = reader.message();
    let phase = match came {
        0 => Phase::Wait,
        _ => Phase::Receive,
    };
    let mut told = !defects.is_empty();
    for defect in defects {
        exchange.signal(phase, defect);
    }
    exchange.end = match () {
        () if complete => End::Answered,
        () if came > 0 => End::Partial,
        () => End::Nothing,
    };
    if !complete {
        if let Some(code) = reset {
            let stream = ("stream", asked.stream.to_string());
            exchange.signal(phase, code_signal(code, vec![stream]));
            told = true;
        }
        if let Some(goaway) = reader.goaway() {
            let mut params = vec![
                ("stream", asked.stream.to_string()),
                ("last", goaway.last.to_string()),
            ];
            if !goaway.debug.is_empty() {
                params.push(("debug", printable(&goaway.debug, DEBUG)));
            }
            exchange.signal(phase, code_signal(goaway.code, params));
            told = true;
        }
        if asked.cancelled {
            exchange.signal(phase, Signal::word("nel", "abandoned"));
        } else if let Some(signal) = ended.filter(|_| !told) {
            exchange.signal(phase, signal);
        }
    }
    exchange.interim = interim;
    exchange.response = response;
    exchange.received = received.len() as u64;
    let host = exchange.request.fields.text("host").unwrap_or_default();
    if !host.is_empty() {
        let path = String::from_utf8_lossy(&exchange.request.target);
        exchange.target = format!("{}://{host}{path}", asked.scheme);
    }
}

/// What a client sent on an HTTP/2 connection: its first request.
struct Asked {
    stream: u32,
    request: Request,
    scheme: &'static str,
    sent: Sent,
    /// What is wrong with it, marked `in=request`.
    defects: Vec<Signal>,
    /// It took its request back.
    cancelled: bool,
}

impl Asked {
    fn read(sent: &[u8]) -> Self {
        let frames = sent.strip_prefix(PREFACE).unwrap_or(sent);
        let (stream, begins_with_content) = first_stream(frames);
        let mut reader = Reader::of_client(Limits::default());
        reader.follow(stream, b"", Limits::default());
        reader.feed(frames);
        let cancelled = reader.reset() == Some(CANCEL);
        let message = reader.message();
        let mut defects: Vec<Signal> = message.defects.into_iter().map(of_the_request).collect();
        if begins_with_content {
            defects.push(of_the_request(Signal::word("h2", "malformed-message")));
        }
        let https = sent_over_tls(frames);
        Self {
            // Without a request the first stream is what an answer would be on.
            stream: stream.max(1),
            sent: match () {
                () if sent.is_empty() => Sent::Unknown,
                () if message.complete => Sent::All,
                () if stream > 0 => Sent::Part,
                () => Sent::Nothing,
            },
            request: message.request.unwrap_or_default(),
            scheme: if https { "https" } else { "http" },
            defects,
            cancelled,
        }
    }
}

/// The stream of the first request, 0 when there is none, and whether content came on it before a head.
fn first_stream(mut bytes: &[u8]) -> (u32, bool) {
    let mut frames = Frames::default();
    while !bytes.is_empty() {
        let (taken, piece) = frames.next(bytes);
        bytes = &bytes[taken..];
        if let Some(Piece::Head(head)) = piece {
            match head.kind {
                kind::HEADERS => return (head.stream, false),
                kind::DATA => return (head.stream, true),
                _ => {}
            }
        }
    }
    (0, false)
}

/// Whether the first block of fields names `https`: in the static table (index 7) or as text.
fn sent_over_tls(frames: &[u8]) -> bool {
    let mut reader = httpwhy_wire::hpack::Decoder::default();
    let mut at = 0;
    while let Some(head) = frames.get(at..).and_then(httpwhy_wire::h2::read_frame_head) {
        let from = at + httpwhy_wire::h2::HEAD;
        let to = from + head.length as usize;
        let plain = !head.has(flag::PADDED) && !head.has(flag::PRIORITY);
        if head.kind == kind::HEADERS && plain {
            let block = frames.get(from..to).unwrap_or_default();
            let fields = reader.read(block, Limits::default().head);
            return fields.is_ok_and(|fields| {
                fields
                    .iter()
                    .any(|(name, value)| name == b":scheme" && value == b"https")
            });
        }
        at = to;
    }
    false
}

/// Marks a defect as one of what this client sent.
fn of_the_request(signal: Signal) -> Signal {
    match signal {
        Signal::Word {
            dialect,
            word,
            mut params,
        } => {
            params.retain(|(key, _)| key != "by");
            params.insert(0, (Cow::Borrowed("in"), "request".to_owned()));
            Signal::Word {
                dialect,
                word,
                params,
            }
        }
        other => other,
    }
}

fn code_signal(code: u32, params: Vec<(&'static str, String)>) -> Signal {
    Signal::Word {
        dialect: "h2".into(),
        word: code.to_string().into(),
        params: params.into_iter().map(|(k, v)| (k.into(), v)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use httpwhy_wire::h2::{GoAway, write_frame, write_goaway, write_reset};
    use httpwhy_wire::hpack::write_literal;

    fn block(fields: &[(&str, &str)]) -> Vec<u8> {
        let mut out = Vec::new();
        for (name, value) in fields {
            write_literal(&mut out, name.as_bytes(), value.as_bytes());
        }
        out
    }

    fn asked(fields: &[(&str, &str)]) -> Vec<u8> {
        let mut out = PREFACE.to_vec();
        write_frame(&mut out, kind::SETTINGS, 0, 0, b"");
        let all = [
            (":method", "GET"),
            (":scheme", "https"),
            (":path", "/x"),
            (":authority", "a.example"),
        ];
        let block = block(&[&all[..], fields].concat());
        write_frame(&mut out, kind::HEADERS, 5, 1, &block);
        out
    }

    fn told(exchange: &Exchange) -> String {
        let signals: Vec<_> = exchange
            .signals()
            .map(|(phase, signal)| format!("{phase} {signal}"))
            .collect();
        format!("{} {} {}", exchange.sent, exchange.end, signals.join(", "))
    }

    #[test]
    fn both_sides_make_an_exchange() {
        let mut came = Vec::new();
        write_frame(&mut came, kind::SETTINGS, 0, 0, b"");
        let head = block(&[(":status", "404"), ("server", "x")]);
        write_frame(&mut came, kind::HEADERS, 5, 1, &head);
        let exchange = read_connection(&asked(&[]), &came, None);
        assert_eq!(told(&exchange), "all answered ");
        assert_eq!(exchange.status(), Some(404));
        assert_eq!(exchange.target, "https://a.example/x");
        assert_eq!(exchange.request.method, "GET");
        let alone = &crate::read(&came, None).expect("frames")[0].steps[0].exchange;
        assert_eq!((alone.status(), alone.sent), (Some(404), Sent::Unknown));
    }

    #[test]
    fn ends_are_told() {
        let mut settings = Vec::new();
        write_frame(&mut settings, kind::SETTINGS, 0, 0, b"");
        let with = |then: &dyn Fn(&mut Vec<u8>)| {
            let mut bytes = settings.clone();
            then(&mut bytes);
            bytes
        };
        let mut cancelled = asked(&[]);
        write_reset(&mut cancelled, 1, 8);
        let mut bad_settings = PREFACE.to_vec();
        write_frame(&mut bad_settings, kind::SETTINGS, 0, 0, b"12345");
        let debug = b"no thanks";
        let goaway = GoAway {
            last: 0,
            code: 11,
            debug,
        };
        for (sent, came, expected) in [
            (
                asked(&[]),
                with(&|out| write_reset(out, 1, 7)),
                "all nothing wait h2:7 stream=1",
            ),
            (
                asked(&[]),
                with(&|out| write_goaway(out, goaway)),
                "all nothing wait h2:11 stream=1 last=0 debug=no_thanks",
            ),
            (asked(&[]), settings.clone(), "all nothing wait eof:0"),
            (
                cancelled,
                settings.clone(),
                "all nothing wait nel:abandoned",
            ),
            (
                asked(&[("connection", "close")]),
                with(&|out| write_reset(out, 1, 1)),
                "all nothing send h2:malformed-message in=request stream=1 field=connection, wait h2:1 stream=1",
            ),
            (
                bad_settings,
                with(&|out| write_goaway(out, goaway)),
                "nothing nothing send h2:6 in=request, wait h2:11 stream=1 last=0 debug=no_thanks",
            ),
            (
                b"\x16\x03\x01".to_vec(),
                b"\x15\x03\x03\0\x02\x02\x28".to_vec(),
                "nothing nothing tls tls-alert:40",
            ),
            (
                b"\x16\x03\x01".to_vec(),
                Vec::new(),
                "nothing nothing tls eof:0",
            ),
        ] {
            let exchange = read_connection(&sent, &came, Some(Signal::Eof(0)));
            assert_eq!(told(&exchange), expected);
        }
    }
}
