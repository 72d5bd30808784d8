//! Truth on real exchanges: captures of real servers, each driven into one situation whose culprit is known, are
//! diagnosed from what a client sees: the bytes sent and received, and how the transport ended. Neither the server's
//! name nor the scenario nor any log is looked at.
#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test that reads its own fixtures and prints its table"
)]

mod captures;

use std::fmt;
use std::time::Duration;

use httpwhy_diagnose::diagnose;
use httpwhy_ingest::read_connection;
use httpwhy_model::{
    Blame, Diagnosis, End, Exchange, Phase, Seen, Sent, Side, Signal, TlsFacts, TlsFault, Vantage,
    Visit, Who,
};
use httpwhy_wire::{h1, h2, tls};

use serde_json::Value;

use captures::{captures, text};

/// Captures on which the answer is "unknown", each with the reason why a careful expert could not tell either.
const UNKNOWN: &[(&str, &str)] = &[
    (
        "haproxy/plain-to-tls-port",
        "a sound request, an end without a byte: a port for TLS, a rule and a crash look alike",
    ),
    (
        "haproxy/tls-too-old",
        "the alert says that the versions have none in common, not which side is behind",
    ),
    (
        "haproxy/tls12-to-tls13-only",
        "the alert says that the versions have none in common, not which side is behind",
    ),
    (
        "nginx/return-444",
        "a sound request, an end without a byte: a rule, a port for TLS and a crash look alike",
    ),
];

#[test]
fn the_party_is_the_true_one() {
    let mut tally = Tally::default();
    for capture in captures() {
        let capture = Capture::of(capture);
        tally.add(&capture, &diagnose(&Visit::of(capture.exchange())));
    }
    println!("{tally}");
    tally.check();
}

/// One capture, as a client saw it.
struct Capture {
    lain: captures::Capture,
    note: String,
    sent: Vec<u8>,
    /// How many bytes were sent; more than `sent` when the record was shortened.
    sent_bytes: usize,
    transport_end: String,
    spent: Duration,
    tls: Option<(String, String)>,
    received: Vec<u8>,
}

impl Capture {
    fn of(lain: captures::Capture) -> Self {
        let facts: Value = serde_json::from_slice(&lain.beside("json")).expect("JSON");
        let spent = facts["seconds"].as_f64().expect("seconds");
        Self {
            note: text(&facts["culprit_note"]),
            // One character stands for one byte.
            sent: text(&facts["sent"]).chars().map(|c| c as u8).collect(),
            sent_bytes: usize::try_from(facts["sent_bytes"].as_u64().expect("a count"))
                .expect("a size"),
            transport_end: text(&facts["transport_end"]),
            spent: Duration::from_secs_f64(spent),
            tls: facts["tls"]
                .as_object()
                .map(|tls| (text(&tls["version"]), text(&tls["error"]))),
            received: lain.beside("response"),
            lain,
        }
    }

    /// Whether it is no HTTP/1: HTTP/2 frames, or TLS records written by hand.
    fn is_binary(&self) -> bool {
        self.sent.starts_with(h2::PREFACE) || self.sent.first() == Some(&22)
    }

    /// What a client knows of it.
    fn exchange(&self) -> Exchange {
        if self.is_binary() {
            let ended = self.ending(0);
            return read_connection(&self.sent, &self.received, Some(ended));
        }
        let mut exchange = Exchange {
            vantage: Vantage {
                who: Who::Local,
                side: Side::Client,
            },
            reused: Seen::Present(false),
            ..Exchange::default()
        };
        self.fill_request(&mut exchange);
        if self
            .tls
            .as_ref()
            .is_some_and(|(_, error)| error.starts_with("handshake:"))
        {
            self.fill_handshake(&mut exchange);
        } else {
            self.fill_tls(&mut exchange);
            self.fill_response(&mut exchange);
        }
        exchange
    }

    fn fill_request(&self, exchange: &mut Exchange) {
        let shortened = self.sent_bytes > self.sent.len();
        let (message, _) = h1::read_request(&self.sent, !shortened, h1::Limits::default());
        let cut = message
            .defects
            .iter()
            .any(|defect| defect.to_string().contains("truncated"));
        exchange.sent = match () {
            () if self.sent.is_empty() => Sent::Nothing,
            () if cut => Sent::Part,
            () => Sent::All,
        };
        exchange.request = message.request.unwrap_or_default();
        if shortened {
            exchange.request.body = Seen::NotCaptured;
        }
        let host = exchange
            .request
            .fields
            .text("host")
            .unwrap_or("server.example");
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        let target = String::from_utf8_lossy(&exchange.request.target);
        exchange.target = if target.contains("://") {
            target.into_owned()
        } else {
            format!("{scheme}://{host}{target}")
        };
    }

    /// The TLS handshake did not succeed: what came is an alert, something else, or nothing.
    fn fill_handshake(&self, exchange: &mut Exchange) {
        exchange.sent = Sent::Nothing;
        exchange.end = End::Nothing;
        exchange.timeline.add(Phase::Tls, self.spent);
        let signal = match tls::read_alert(&self.received) {
            Some((_, description)) => Signal::TlsAlert(description),
            None if self.received.is_empty() => Signal::Eof(0),
            None => Signal::Tls {
                fault: TlsFault::NotTls,
                first: self.received.iter().copied().take(16).collect(),
            },
        };
        exchange.signal(Phase::Tls, signal);
    }

    fn fill_tls(&self, exchange: &mut Exchange) {
        let Some((version, error)) = &self.tls else {
            return;
        };
        exchange.tls = Some(TlsFacts {
            version: version.clone(),
            ..TlsFacts::default()
        });
        // Under TLS 1.3 the server refuses a client certificate after the client's side of the handshake is over.
        if error == "SSLV3_ALERT_CERTIFICATE_EXPIRED" {
            exchange.signal(Phase::Tls, Signal::TlsAlert(45));
        }
    }

    fn fill_response(&self, exchange: &mut Exchange) {
        let mut reader = h1::Reader::response(&exchange.request.method, h1::Limits::default());
        let consumed = reader.feed(&self.received).consumed;
        reader.extra(&self.received[consumed..]);
        let came = self.received.len() as u64;
        let phase = match () {
            () if came > 0 => Phase::Receive,
            () if exchange.sent == Sent::All => Phase::Wait,
            () => Phase::Send,
        };
        if self.transport_end == "fin" {
            reader.eof();
        }
        let message = reader.finish();
        if !message.complete && !message.upgraded {
            exchange.signal(phase, self.ending(came));
        }
        for defect in message.defects {
            exchange.signal(Phase::Receive, defect);
        }
        exchange.end = match () {
            () if message.upgraded => End::Upgraded,
            () if message.complete => End::Answered,
            () if came > 0 => End::Partial,
            () => End::Nothing,
        };
        exchange.interim = message.interim;
        exchange.response = message.response;
        exchange.received = came;
        exchange.timeline.add(Phase::Wait, self.spent);
    }

    /// How the transport ended before the message did.
    fn ending(&self, came: u64) -> Signal {
        match self.transport_end.as_str() {
            "fin" => Signal::Eof(came),
            "rst" => "errno:ECONNRESET".parse().expect("a signal"),
            // The client itself cut the connection.
            "client reset" | "client closed" => "nel:abandoned".parse().expect("a signal"),
            _ => Signal::Timeout(u64::try_from(self.spent.as_millis()).expect("a short time")),
        }
    }

    /// Whether that answer is true, for one that names a party or nobody.
    fn is_right(&self, diagnosis: &Diagnosis) -> bool {
        let named = diagnosis
            .blame
            .party()
            .map_or("none", |party| party.as_str());
        self.lain.is_right(named)
    }
}

#[derive(Default)]
struct Tally {
    /// Proven right, proven wrong, likely right, likely wrong.
    counts: [usize; 4],
    wrong: Vec<String>,
    unknown: Vec<(String, &'static str)>,
    answered_after_all: Vec<String>,
}

impl Tally {
    fn add(&mut self, capture: &Capture, diagnosis: &Diagnosis) {
        let line = format!(
            "{:<42} {:<28} true: {:<26} {:?}{}",
            capture.lain.name,
            diagnosis.outcome.to_string(),
            capture.lain.culprits.join(","),
            diagnosis.blame,
            if capture.note.is_empty() {
                String::new()
            } else {
                format!("   ({})", capture.note)
            },
        );
        println!("{line}");
        if let Blame::Unknown { missing } = diagnosis.blame {
            self.unknown.push((capture.lain.name.clone(), missing));
            return;
        }
        if UNKNOWN.iter().any(|(name, _)| *name == capture.lain.name) {
            self.answered_after_all.push(capture.lain.name.clone());
        }
        let right = capture.is_right(diagnosis);
        let proven = diagnosis.blame.certainty() == "proven";
        self.counts[usize::from(!proven) * 2 + usize::from(!right)] += 1;
        if !right {
            self.wrong.push(line);
        }
    }

    fn check(&self) {
        let [_, proven_wrong, likely_right, likely_wrong] = self.counts;
        assert_eq!(proven_wrong, 0, "proven is never wrong");
        let share = likely_right * 100;
        assert!(
            share >= (likely_right + likely_wrong) * 95,
            "likely is right in 95 of 100"
        );
        for (name, missing) in &self.unknown {
            assert!(
                UNKNOWN.iter().any(|(known, _)| known == name),
                "{name} is unknown (it would take {missing}): say above why nobody could tell, or mend it"
            );
        }
        assert!(
            self.answered_after_all.is_empty(),
            "no longer unknown: {:?}",
            self.answered_after_all
        );
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [proven_right, proven_wrong, likely_right, likely_wrong] = self.counts;
        let judged = self.counts.iter().sum::<usize>() + self.unknown.len();
        for line in &self.wrong {
            writeln!(f, "WRONG   {line}")?;
        }
        for (name, missing) in &self.unknown {
            let reason = UNKNOWN
                .iter()
                .find(|(known, _)| known == name)
                .map_or("no reason given", |(_, reason)| reason);
            writeln!(f, "UNKNOWN {name}: {reason}; it would take {missing}")?;
        }
        write!(
            f,
            "{judged} captures judged: proven {proven_right} right, {proven_wrong} wrong; likely {likely_right} right, \
             {likely_wrong} wrong; unknown {} ({} %)",
            self.unknown.len(),
            self.unknown.len() * 100 / judged.max(1),
        )
    }
}
