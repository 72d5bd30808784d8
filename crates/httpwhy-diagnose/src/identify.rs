//! Which catalogue entry an exchange is.
//!
//! Every clue that holds makes its entry a match. Among matches the order is: a transport fault, a specific meaning
//! (a vendor's or an authentication's), the registered status, the class. The rest stands in `also`.

use httpwhy_catalog::{
    CloseClue, Clue, CluePlace, Entry, clues_by_class, clues_by_field, clues_by_signal,
    clues_by_status, clues_by_vendor, id, other_clues, vendors,
};
use httpwhy_model::{
    Candidate, End, Evidence, Exchange, Kept, OutcomeId, Phase, Place, Response, Seen, Signal,
};

use crate::derive::Derived;
use crate::known;
use crate::marks::Marks;
use crate::producer::Identified;
use crate::quote::quote;

/// How many other outcomes are listed at most.
const MAX_ALSO: usize = 4;

/// The entry, and what else holds.
pub(crate) struct Verdict {
    pub(crate) entry: &'static Entry,
    pub(crate) phase: Phase,
    pub(crate) also: Vec<OutcomeId>,
    pub(crate) candidates: Vec<Candidate>,
    pub(crate) evidence: Vec<Evidence>,
}

/// What kind of meaning a match has, weakest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Tier {
    Class,
    Status,
    Specific,
    Fault,
}

struct Match {
    entry: &'static Entry,
    clue: &'static Clue,
    tier: Tier,
    /// Position among the signals, later is greater; 0 without a signal.
    when: usize,
    /// How much the clue asks for.
    weight: usize,
    phase: Option<Phase>,
    evidence: Option<Evidence>,
}

pub(crate) fn identify(
    exchange: &Exchange,
    step: usize,
    derived: &[Derived],
    producer: &Identified,
    content: &Marks,
) -> Verdict {
    let response = (exchange.response.as_ref())
        .or(exchange.interim.last())
        .or_else(|| exchange.spoken());
    let view = View {
        exchange,
        response,
        status: response.and_then(Response::status),
        producer,
        content,
        step,
    };
    let mut matches = view.by_signals(derived);
    matches.extend(view.by_response());
    // The best first; of equals the one that comes first in the catalogue.
    matches.sort_by(|a, b| {
        (b.tier, b.when, b.weight)
            .cmp(&(a.tier, a.when, a.weight))
            .then(a.entry.id.cmp(&b.entry.id))
    });

    let Some(best) = matches.first() else {
        return view.unrecognised();
    };
    let mut evidence: Vec<Evidence> = best.evidence.iter().cloned().collect();
    evidence.extend(view.evidence(best.clue));
    let mut also = Vec::new();
    for other in &matches[1..] {
        let says_more = other.tier > Tier::Class || best.tier > Tier::Status;
        if other.entry.id != best.entry.id
            && says_more
            && !also.contains(&other.entry.id)
            && also.len() < MAX_ALSO
        {
            also.push(other.entry.id);
        }
    }
    // A registered status says all that its class says.
    if also
        .iter()
        .any(|id| id.namespace() == "http" && !id.code().ends_with("xx"))
        || best.tier == Tier::Status
    {
        also.retain(|id| !id.code().ends_with("xx"));
    }
    // A registered status whose fields were all captured has shown that no vendor's mark is there.
    let unregistered = best.tier == Tier::Class || best.entry.id == id::HTTP_INVALID_STATUS;
    let doubtful = unregistered || (best.tier == Tier::Status && !view.fields_are_known());
    let candidates = if doubtful {
        view.candidates(best.entry)
    } else {
        Vec::new()
    };
    Verdict {
        entry: best.entry,
        phase: best.phase.unwrap_or(best.entry.phase),
        also,
        candidates,
        evidence,
    }
}

/// One exchange with all that clues ask about.
struct View<'a> {
    exchange: &'a Exchange,
    /// The response that clues ask about: the final one, or the last interim one when no other came.
    response: Option<&'a Response>,
    status: Option<u16>,
    producer: &'a Identified,
    content: &'a Marks<'a>,
    step: usize,
}

impl View<'_> {
    /// Matches of the signals that decided: those recorded, as far as the exchange did not recover from them, and those
    /// read from the response.
    fn by_signals(&self, derived: &[Derived]) -> Vec<Match> {
        let recorded = self
            .exchange
            .signals()
            .filter(|&(phase, signal)| self.decides(phase, signal))
            .map(|(phase, signal)| {
                let shows = shows(signal);
                let place = Place::Signal(signal.to_string());
                (
                    phase,
                    signal,
                    Evidence {
                        step: self.step,
                        place,
                        quote: None,
                        shows: shows.into(),
                    },
                    tier(signal),
                )
            });
        let read = derived
            .iter()
            .map(|d| (d.phase, &d.signal, d.evidence.clone(), Tier::Specific));
        let mut found = Vec::new();
        for (when, (phase, signal, evidence, tier)) in recorded.chain(read).enumerate() {
            let head = format!("{}:{}", signal.dialect(), signal.word_text());
            let places = clues_by_signal(&head).chain(clues_by_signal(signal.dialect()));
            for (entry, clue) in places.filter(|(_, clue)| {
                clue.phase.is_none_or(|asked| asked == phase) && self.holds(clue)
            }) {
                found.push(Match {
                    entry,
                    clue,
                    tier,
                    when: when_weight(signal, phase, when),
                    weight: weight(clue),
                    phase: Some(phase),
                    evidence: Some(evidence.clone()),
                });
            }
            if found.is_empty() {
                found.extend(named(signal, phase, tier, when, &evidence));
            }
        }
        found
    }

    /// Whether a recorded signal can decide. An exchange that was answered in full has recovered from what the
    /// operating system, the name server or a deadline said on the way, and an end of stream behind it is none.
    fn decides(&self, phase: Phase, signal: &Signal) -> bool {
        let passing = matches!(
            signal,
            Signal::Errno(_)
                | Signal::Timeout(_)
                | Signal::Eof(_)
                | Signal::Dns { .. }
                | Signal::TlsAlert(_)
        );
        // An alert explains the end of the stream behind it, and an answer shows that a defect of our own request was
        // tolerated.
        let explained = matches!(signal, Signal::Eof(_))
            && self
                .exchange
                .signals()
                .any(|(_, other)| matches!(other, Signal::TlsAlert(_)));
        let tolerated = phase == Phase::Send && matches!(signal, Signal::H1 { .. })
            || signal.param("in") == Some("request");
        // What ends a connection or a stream behind a whole answer does not touch that answer.
        let passing = passing || (signal.dialect() == "h2" && is_number(&signal.word_text()));
        match self.exchange.end {
            _ if explained => false,
            End::Answered => !passing && !tolerated,
            End::Upgraded => !passing || phase == Phase::Close,
            End::Partial | End::Nothing | End::NotCaptured => true,
        }
    }

    fn by_response(&self) -> Vec<Match> {
        let make = |(entry, clue): CluePlace, tier: Tier| Match {
            entry,
            clue,
            tier,
            when: 0,
            weight: weight(clue),
            phase: None,
            evidence: None,
        };
        let status = self.status;
        let mut found: Vec<Match> = Vec::new();
        if let Some(status) = status {
            found.extend(
                clues_by_status(status)
                    .filter(|(_, clue)| self.holds(clue))
                    .map(|place| {
                        let tier = if weight(place.1) > 1 {
                            Tier::Specific
                        } else {
                            Tier::Status
                        };
                        make(place, tier)
                    }),
            );
            found.extend(
                clues_by_class((status / 100) as u8)
                    .filter(|(_, clue)| self.holds(clue))
                    .map(|p| make(p, Tier::Class)),
            );
        }
        let fields = self.response.map_or(&[][..], |r| &r.fields.list);
        let by_field = fields.iter().flat_map(|field| clues_by_field(&field.name));
        let by_vendor = self.producer.all().flat_map(clues_by_vendor);
        found.extend(
            by_vendor
                .chain(by_field)
                .chain(other_clues())
                .filter(|(_, clue)| self.holds(clue))
                .map(|place| {
                    let tier = if place.1.close.is_some() {
                        Tier::Fault
                    } else {
                        Tier::Specific
                    };
                    make(place, tier)
                }),
        );
        found
    }

    /// Every key of the clue except its signal and that signal's phase.
    fn holds(&self, clue: &Clue) -> bool {
        let exchange = self.exchange;
        let status = self.status;
        // Most clues that are asked in vain are of a Close frame.
        clue.close.is_none_or(|asked| self.closed(asked))
            && clue.status.is_none_or(|asked| status == Some(asked))
            && clue
                .class
                .is_none_or(|asked| status.is_some_and(|s| s / 100 == u16::from(asked)))
            && clue.end.is_none_or(|asked| exchange.end == asked)
            && clue.sent.is_none_or(|asked| exchange.sent == asked)
            && clue.vendor.is_none_or(|asked| self.producer.has(asked))
            && clue
                .field
                .is_none_or(|asked| self.response.is_some_and(|r| r.fields.has(asked)))
            && clue.absent.is_none_or(|asked| {
                self.response
                    .is_some_and(|r| r.fields.get(asked).is_absent())
            })
            && clue
                .body
                .is_none_or(|asked| self.content.text(asked).is_some())
            && clue
                .request
                .is_none_or(|asked| exchange.request.fields.has(asked))
            && clue
                .reused
                .is_none_or(|asked| exchange.reused == Seen::Present(asked))
    }

    fn closed(&self, asked: CloseClue) -> bool {
        match (&self.exchange.close, asked) {
            (Seen::Present(close), CloseClue::Codes(from, to)) => {
                close.code.is_some_and(|code| (from..=to).contains(&code))
            }
            (Seen::Present(close), CloseClue::NoCode) => close.code.is_none(),
            (Seen::Absent, CloseClue::Absent) => true,
            _ => false,
        }
    }

    /// The places that made the clue hold.
    fn evidence(&self, clue: &Clue) -> Vec<Evidence> {
        let mut found = Vec::new();
        let mut add = |place: Place, quote: Option<String>, shows: String| {
            found.push(Evidence {
                step: self.step,
                place,
                quote,
                shows: shows.into(),
            });
        };
        let response = self.response;
        if (clue.status.is_some() || clue.class.is_some())
            && let Some(response) = response
        {
            let line = [
                &response.version[..],
                b" ",
                &response.code,
                b" ",
                &response.reason,
            ]
            .concat();
            add(
                Place::StatusLine,
                Some(quote(line.trim_ascii())),
                "the status".into(),
            );
        }
        if let Some(name) = clue.field {
            let value = response
                .and_then(|r| r.fields.iter(name).next())
                .map(|value| quote(value.as_bytes()));
            add(
                Place::Field(name.to_owned()),
                value.filter(|_| !name.contains("cookie")),
                format!("{name} is there"),
            );
        }
        if let Some(name) = clue.absent {
            add(
                Place::Absent(name.to_owned()),
                None,
                format!("{name} is not there"),
            );
        }
        if let Some((text, (from, to))) = clue.body.and_then(|t| Some((t, self.content.text(t)?))) {
            add(
                Place::Body(from as u64, to as u64),
                Some(quote(text.as_bytes())),
                "the content says so".into(),
            );
        }
        if let Some(name) = clue.request {
            add(
                Place::RequestField(name.to_owned()),
                None,
                format!("the request carried {name}"),
            );
        }
        if clue.close.is_some() {
            let (quoted, shows) = match &self.exchange.close {
                Seen::Present(close) => {
                    let code = close
                        .code
                        .map_or("no code".to_owned(), |code| code.to_string());
                    let reason = String::from_utf8_lossy(&close.reason).into_owned();
                    (
                        Some(quote(format!("{code} {reason}").trim().as_bytes())),
                        "the Close frame that came",
                    )
                }
                _ => (None, "no Close frame came"),
            };
            add(Place::Close, quoted, shows.into());
        }
        if clue.end.is_some() && clue.status.is_none() {
            add(
                Place::End,
                Some(self.exchange.end.to_string()),
                "how the exchange ended".into(),
            );
        }
        found
    }

    fn fields_are_known(&self) -> bool {
        self.response
            .is_some_and(|response| response.fields.kept == Kept::All)
    }

    /// Other owners of the same number, each with what would have to be there.
    fn candidates(&self, chosen: &Entry) -> Vec<Candidate> {
        let Some(status) = self.status else {
            return Vec::new();
        };
        let mut found: Vec<Candidate> = Vec::new();
        for (entry, clue) in clues_by_status(status) {
            // A status with its own registered meaning is only doubted where a vendor gives it another one.
            let other = entry.id != chosen.id && entry.id.namespace() != "auth";
            if other
                && (clue.vendor.is_some() || !self.holds(clue))
                && !found.iter().any(|c| c.outcome == entry.id)
            {
                found.push(Candidate {
                    outcome: entry.id,
                    needs: needs(clue),
                });
            }
        }
        found
    }

    /// What can be said when no clue holds.
    fn unrecognised(&self) -> Verdict {
        let exchange = self.exchange;
        let last = exchange.signals().last();
        let phase = last.map(|(phase, _)| phase);
        let word_alone = matches!(last, Some((_, Signal::Word { .. }))) && self.response.is_none();
        let outcome = match (exchange.end, phase) {
            _ if word_alone => id::INPUT_NOTHING_RECORDED,
            (_, Some(Phase::Queue)) => id::ENGINE_EXCEPTION,
            (_, Some(Phase::Resolve)) => id::NET_DNS_TEMPORARY,
            (_, Some(Phase::Connect)) => id::NET_CONNECT_FAILED,
            (_, Some(Phase::Tunnel)) => id::NET_PROXY_TUNNEL_FAILED,
            (_, Some(Phase::Tls)) => id::TLS_TLS_FAILED,
            _ if self.response.is_some_and(|r| r.status().is_none()) => id::NET_STATUS_LINE_INVALID,
            // RFC 9110 section 15; a log has the number alone.
            _ if self.status.is_some_and(|status| status >= 600) => id::HTTP_INVALID_STATUS,
            (End::Answered | End::Upgraded | End::NotCaptured, _) => id::INPUT_NOTHING_RECORDED,
            (End::Partial | End::Nothing, _) => id::NET_CONNECTION_CLOSED,
        };
        let entry = known(outcome);
        let evidence = last
            .map(|(_, signal)| Evidence {
                step: self.step,
                place: Place::Signal(signal.to_string()),
                quote: None,
                shows: shows(signal).into(),
            })
            .into_iter()
            .collect();
        Verdict {
            entry,
            phase: phase.unwrap_or(entry.phase),
            also: Vec::new(),
            candidates: Vec::new(),
            evidence,
        }
    }
}

fn is_number(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_digit())
}

/// What a redirect policy noted is a meaning of the answer; all else that was recorded is a fault.
fn tier(signal: &Signal) -> Tier {
    match signal.dialect() {
        "redirect" | "proxy-status" | "grpc" => Tier::Specific,
        // What the answer itself says of the refusal is more precise.
        "auth"
            if matches!(
                &*signal.word_text(),
                "credentials-rejected" | "flow-not-200" | "step-failed"
            ) =>
        {
            Tier::Specific
        }
        _ => Tier::Fault,
    }
}

/// Later signals outrank earlier ones, a whole phase at a time; within a phase a precise fact outranks the bare end of
/// the stream or a deadline.
fn when_weight(signal: &Signal, phase: Phase, when: usize) -> usize {
    let precise = usize::from(!matches!(signal, Signal::Eof(_) | Signal::Timeout(_)));
    // Of several facts alike in one phase the first is the cause, the others follow from it.
    (phase as usize * 2 + precise) * 64 + 63_usize.saturating_sub(when)
}

/// What a recorded signal is, in words.
fn shows(signal: &Signal) -> &'static str {
    match signal.dialect() {
        "errno" => "what the operating system said",
        "timeout" => "the deadline that passed, in milliseconds",
        "eof" => "the other side ended the stream there",
        "dns" => extended(signal).unwrap_or("what the name server said"),
        "tls-alert" => "the alert that the other side sent",
        "tls" => "what the TLS layer saw",
        "cert" => "what is wrong with the certificate",
        "h1" => "a defect of the message, at that byte",
        "h2" => "what HTTP/2 says of the stream or the connection",
        "quic" => "how the QUIC connection ended",
        "h3" => "how the HTTP/3 stream or connection ended",
        "limit" => "a bound that was reached",
        "tunnel" => "what the proxy answered to the wish for a tunnel",
        "socks" => "what the SOCKS proxy answered",
        "bind" => "why the source asked for cannot be used",
        "probe" => "what the prober held back",
        "ws" => "what broke the rules of WebSocket",
        "redirect" => "what the redirect does",
        "input" => "what is wrong with the input",
        "auth" => "what the login flow found",
        _ => "the word that was recorded",
    }
}

/// The meaning of an Extended DNS Error (IANA, Extended DNS Error Codes; RFC 8914 section 4).
fn extended(signal: &Signal) -> Option<&'static str> {
    Some(match signal.param("ede")?.parse::<u16>().ok()? {
        1 | 2 => "the name server could not validate it: an algorithm or digest it does not know",
        3 | 19 => "the name server gave an old answer, for lack of a fresh one",
        4 | 17 => "the name server changed or filtered the answer: its operator's policy",
        5 => "the name server could not validate it (DNSSEC indeterminate)",
        6 => "the name server found the zone's signatures wrong (DNSSEC bogus)",
        7 => "the zone's signatures have expired (DNSSEC)",
        8 => "the zone's signatures are not valid yet (DNSSEC); is a clock wrong?",
        9 => "the zone's keys are missing (DNSSEC)",
        10 => "the zone's signatures are missing (DNSSEC)",
        11 => "the zone's keys are not zone keys (DNSSEC)",
        12 => "the zone's proof of absence is missing (DNSSEC)",
        13 => "the name server remembered an earlier failure",
        14 => "the name server is not ready yet",
        15 => "the name is blocked by the name server's operator",
        16 => "the name is blocked: the name server's operator was made to (censored)",
        18 => "this client may not ask that name server",
        20 => "that name server is not authoritative for the name",
        21 => "that name server does not do what was asked",
        22 => "the name server reached none of the zone's own servers",
        23 => "the name server met network errors on the way to the zone's own servers",
        24 => "the data of the zone is invalid there",
        25 => "the signature expired before it became valid (DNSSEC)",
        26 => "the question came too early, in replayable data",
        27 => "the zone asks for more iterations than are done (DNSSEC)",
        28 => "the zone's data cannot be had right now",
        29 => "the answer was made up for a special name",
        30 => "a type of record without meaning was asked for",
        _ => "what the name server said, with a reason of its own",
    })
}

/// The number of keys a clue asks for; a whole dialect counts for less than one of its words.
fn weight(clue: &Clue) -> usize {
    let keys = [
        clue.status.is_some(),
        clue.class.is_some(),
        clue.signal.is_some(),
        clue.phase.is_some(),
        clue.end.is_some(),
        clue.sent.is_some(),
        clue.close.is_some(),
        clue.vendor.is_some(),
        clue.field.is_some(),
        clue.absent.is_some(),
        clue.body.is_some(),
        clue.request.is_some(),
        clue.reused.is_some(),
    ];
    keys.iter().filter(|&&key| key).count()
        + usize::from(clue.signal.is_some_and(|head| head.contains(':')))
}

/// A word of another program that is an alias of exactly one outcome.
fn named(
    signal: &Signal,
    phase: Phase,
    tier: Tier,
    when: usize,
    evidence: &Evidence,
) -> Option<Match> {
    static NO_CLUE: Clue = Clue {
        status: None,
        class: None,
        signal: None,
        phase: None,
        end: None,
        sent: None,
        close: None,
        vendor: None,
        field: None,
        absent: None,
        body: None,
        request: None,
        reused: None,
    };
    let Signal::Word { dialect, word, .. } = signal else {
        return None;
    };
    let names = [
        format!("{dialect} {word}"),
        word.strip_prefix("net::").unwrap_or(word).to_owned(),
    ];
    let owners = names
        .iter()
        .map(|name| httpwhy_catalog::by_name(name))
        .find(|owners| !owners.is_empty())?;
    let mut owners = owners.into_iter().filter(|entry| entry.leads_to.is_empty());
    // Several owners: the phase tells them apart, or nothing does.
    let entry = owners
        .clone()
        .find(|entry| entry.phase == phase)
        .or_else(|| owners.next())?;
    Some(Match {
        entry,
        clue: &NO_CLUE,
        tier,
        when,
        weight: 0,
        phase: None,
        evidence: Some(evidence.clone()),
    })
}

fn needs(clue: &Clue) -> String {
    let mut parts = Vec::new();
    if let Some(key) = clue.vendor {
        let name = vendors()
            .iter()
            .find(|vendor| vendor.key == key)
            .map_or(key, |vendor| vendor.name);
        parts.push(format!("a mark of {name} in fields or content"));
    }
    if let Some(field) = clue.field {
        parts.push(format!("the field {field}"));
    }
    if let Some(field) = clue.absent {
        parts.push(format!("no field {field}"));
    }
    if let Some(body) = clue.body {
        parts.push(format!("the content \u{201c}{body}\u{201d}"));
    }
    if let Some(field) = clue.request {
        parts.push(format!("the request field {field}"));
    }
    if let Some(end) = clue.end {
        parts.push(format!("an exchange that ended {end}"));
    }
    if parts.is_empty() {
        "nothing more".to_owned()
    } else {
        parts.join(" and ")
    }
}
