//! Kinds `diagnosis` and `visit`: a judgement, outward only.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, SocketAddrV4};
use std::sync::OnceLock;
use std::time::Duration;

use httpwhy_model::{Because, Blame, Diagnosis, EntryPoint, Exchange, Phase, Timeline};
use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use crate::tls::TlsJson;
use crate::way::WayJson;
use crate::{SCHEMA, append, write_line};

/// Room for what a line does not share with others, unless its target is long.
const LINE: usize = 512;
/// Below it, a number of microseconds has no more digits than a float can tell apart.
const EXACT: u64 = 1_000_000_000_000;

/// What lines have in common whose visits are alike: what stands before, between and behind the values of `visit` and
/// `target`, as far as the judgement goes.
pub type Written = [Box<[u8]>; 3];

/// A diagnosis of one step (`kind` diagnosis) or of a whole visit of several steps (`kind` visit).
#[derive(Debug, Serialize, JsonSchema)]
pub struct DiagnosisLine<'a> {
    /// Which step of which visit, and what was asked and came.
    #[serde(flatten)]
    pub facts: FactsJson<'a>,
    /// What it means.
    #[serde(flatten)]
    pub judgement: JudgementJson<'a>,
    /// What was measured.
    #[serde(flatten)]
    pub measures: MeasuresJson<'a>,
}

/// The first part of a diagnosis: what it is about.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FactsJson<'a> {
    /// 1.
    pub schema: u32,
    /// `diagnosis` or `visit`.
    pub kind: &'static str,
    /// Names the visit within its run; lines of one visit share it.
    pub visit: &'a str,
    /// The index of the step; for a visit the step whose facts are shown.
    pub step: usize,
    /// How many steps the visit has; where there are several, a line of kind visit closes it.
    pub steps: usize,
    /// Why the step took place.
    pub because: BecauseJson,
    /// Who observed.
    pub vantage: VantageJson,
    /// The target URI.
    pub target: &'a str,
    /// The request method, `null` when not known.
    pub method: Option<Cow<'a, str>>,
    /// nothing, part, all or unknown.
    pub sent: &'static str,
    /// answered, partial, nothing, upgraded or not-captured.
    pub end: &'static str,
    /// The final status when it is three digits.
    pub status: Option<u16>,
    /// The protocol version as received.
    pub protocol: Option<Cow<'a, str>>,
}

/// The second part of a diagnosis: what it means.
#[derive(Debug, Serialize, JsonSchema)]
pub struct JudgementJson<'a> {
    /// The outcome's id.
    pub outcome: &'static str,
    /// Its name.
    pub title: &'static str,
    /// What holds as well.
    pub also: Vec<&'static str>,
    /// Other owners of the same number that evidence could not rule out.
    pub candidates: Vec<CandidateJson<'a>>,
    /// The phase.
    pub phase: &'static str,
    /// Every signal in its text form, in order of time.
    pub signals: Vec<String>,
    /// Who is to blame, and how sure that is.
    pub blame: BlameJson,
    /// The software that made the response.
    pub producer: Option<ProducerJson>,
    /// What the server itself says, at most 200 characters.
    pub server_says: Option<&'a str>,
    /// Whether to try again.
    pub retry: RetryJson,
    /// What to do, by audience.
    pub remedies: Vec<RemedyJson<'a>>,
    /// Where each claim comes from.
    pub evidence: Vec<EvidenceJson<'a>>,
    /// Rules of HTTP that were broken.
    pub findings: Vec<FindingJson<'a>>,
}

/// The last part of a diagnosis: what was measured.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MeasuresJson<'a> {
    /// Milliseconds by phase.
    #[schemars(with = "BTreeMap<String, f64>")]
    pub timing_ms: Millis,
    /// Why the prober held it back before it began: host-limit, host-rate, rate, host-asked, host-slowed or retry; the
    /// time is that of the phase queue, and none of it is the server's.
    pub held: Option<&'static str>,
    /// What TLS agreed on.
    pub tls: Option<TlsJson>,
    /// Address and port of the other end.
    pub peer: Option<String>,
    /// How the connection came about, where not straight to the target's only address.
    pub way: Option<WayJson>,
    /// Bytes received.
    pub bytes: u64,
    /// The entry point that was asked; `null` where the target is no absolute URI.
    pub entry_point: Option<EntryPointJson<'a>>,
}

/// Method, origin and the path's template: by these a run of many exchanges can be read.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EntryPointJson<'a> {
    /// The method as sent; empty when not known.
    pub method: Cow<'a, str>,
    /// Scheme, host and port, without the scheme's own port.
    pub origin: Cow<'a, str>,
    /// The path without query, with numbers, UUIDs, dates, tokens and hashes folded; where a description documents the
    /// operation, its template.
    pub template: Cow<'a, str>,
    /// The domain that somebody registered, by the public suffix list; `null` for addresses, names of one word and public
    /// suffixes.
    pub site: Option<String>,
}

impl<'a> EntryPointJson<'a> {
    /// That of an exchange; `site` gives the domain that somebody registered.
    pub fn of(exchange: &'a Exchange, site: fn(&str) -> Option<&str>) -> Option<Self> {
        let entry = EntryPoint::of(exchange)?;
        Some(Self {
            site: site(entry.host()).map(str::to_owned),
            method: entry.method,
            origin: entry.origin,
            template: entry.template,
        })
    }
}

/// Milliseconds by phase, with three decimals.
#[derive(Debug, Clone, Copy)]
pub struct Millis(Timeline);

impl Serialize for Millis {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(millis(&self.0))
    }
}

/// Why a step took place.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
pub struct BecauseJson {
    /// asked, redirect, retry, challenge, fallback, subresource, forwarded or same.
    pub kind: &'static str,
    /// The step it refers to.
    pub of: Option<usize>,
}

impl From<Because> for BecauseJson {
    fn from(because: Because) -> Self {
        Self {
            kind: because.kind(),
            of: because.of(),
        }
    }
}

/// Who observed.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct VantageJson {
    /// local, repeater NAME, browser, har, transcript or log NAME.
    pub who: String,
    /// client, between or server.
    pub side: &'static str,
}

/// Another outcome it may be.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CandidateJson<'a> {
    /// The outcome's id.
    pub outcome: &'static str,
    /// What would have to be there for it.
    pub needs: &'a str,
}

/// Who is to blame.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
pub struct BlameJson {
    /// client, dns, network, intermediary, origin, repeater, engine or nobody; `null` when not known.
    pub party: Option<&'static str>,
    /// proven, likely or unknown.
    pub certainty: &'static str,
    /// What to capture next, when not known.
    pub missing: Option<&'static str>,
}

impl From<Blame> for BlameJson {
    fn from(blame: Blame) -> Self {
        let party = match blame {
            Blame::Nobody => Some("nobody"),
            other => other.party().map(httpwhy_model::Party::as_str),
        };
        let missing = match blame {
            Blame::Unknown { missing } => Some(missing),
            _ => None,
        };
        Self {
            party,
            certainty: blame.certainty(),
            missing,
        }
    }
}

/// The software that made the response.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
pub struct ProducerJson {
    /// Its name.
    pub name: &'static str,
    /// intermediary, origin or unknown.
    pub role: &'static str,
}

/// Whether to try again.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
pub struct RetryJson {
    /// never, now, if-idempotent, after-delay, after-remedy or unknown.
    pub advice: &'static str,
    /// Seconds to wait, when known.
    pub after_s: Option<u64>,
}

/// What to do, for one audience.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RemedyJson<'a> {
    /// visitor, caller, author, operator or tester.
    #[serde(rename = "for")]
    pub audience: &'static str,
    /// What to do, Markdown.
    pub text: &'a str,
}

/// A place in a step and what it shows.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EvidenceJson<'a> {
    /// The index of the step.
    pub step: usize,
    /// Where: `status-line`, `field:server`, `absent:allow`, `body:0-157`, `signal:errno:ECONNRESET`, …
    pub at: String,
    /// What stands there; `null` for absences.
    pub quote: Option<&'a str>,
    /// What it shows.
    pub shows: &'a str,
}

/// One rule's statement.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FindingJson<'a> {
    /// The rule's name.
    pub rule: &'static str,
    /// MUST, SHOULD or PRACTICE.
    pub level: &'static str,
    /// Who must mend it.
    pub party: &'static str,
    /// Where the rule stands.
    pub section: &'static str,
    /// What is wrong here.
    pub message: &'a str,
}

impl<'a> FactsJson<'a> {
    /// Of one step of a visit of so many.
    fn new(
        kind: &'static str,
        visit: &'a str,
        step: usize,
        steps: usize,
        because: Because,
        exchange: &'a Exchange,
    ) -> Self {
        Self {
            schema: SCHEMA,
            kind,
            visit,
            step,
            steps,
            because: because.into(),
            vantage: VantageJson {
                who: exchange.vantage.who.to_string(),
                side: exchange.vantage.side.as_str(),
            },
            target: &exchange.target,
            method: lossy(&exchange.request.method),
            sent: exchange.sent.as_str(),
            end: exchange.end.as_str(),
            status: exchange.status(),
            protocol: exchange
                .response
                .as_ref()
                .and_then(|response| lossy(&response.version)),
        }
    }
}

impl<'a> JudgementJson<'a> {
    fn new(exchange: &Exchange, diagnosis: &'a Diagnosis, title: &'static str) -> Self {
        Self {
            outcome: diagnosis.outcome.0,
            title,
            also: diagnosis.also.iter().map(|id| id.0).collect(),
            candidates: diagnosis
                .candidates
                .iter()
                .map(|c| CandidateJson {
                    outcome: c.outcome.0,
                    needs: &c.needs,
                })
                .collect(),
            phase: diagnosis.phase.as_str(),
            signals: exchange
                .signals()
                .map(|(_, signal)| signal.to_string())
                .collect(),
            blame: diagnosis.blame.into(),
            producer: diagnosis.producer.as_ref().map(|p| ProducerJson {
                name: p.name,
                role: p.role.as_str(),
            }),
            server_says: diagnosis.server_says.as_deref(),
            retry: RetryJson {
                advice: diagnosis.retry.advice.as_str(),
                after_s: diagnosis.retry.after_s,
            },
            remedies: diagnosis
                .remedies
                .iter()
                .map(|r| RemedyJson {
                    audience: r.audience.as_str(),
                    text: &r.text,
                })
                .collect(),
            evidence: diagnosis
                .evidence
                .iter()
                .map(|e| EvidenceJson {
                    step: e.step,
                    at: e.place.to_string(),
                    quote: e.quote.as_deref(),
                    shows: &e.shows,
                })
                .collect(),
            findings: diagnosis
                .findings
                .iter()
                .map(|f| FindingJson {
                    rule: f.rule,
                    level: f.level.as_str(),
                    party: f.party.as_str(),
                    section: f.section,
                    message: &f.message,
                })
                .collect(),
        }
    }
}

impl<'a> MeasuresJson<'a> {
    fn new(exchange: &'a Exchange, site: fn(&str) -> Option<&str>) -> Self {
        Self {
            timing_ms: Millis(exchange.timeline),
            held: exchange.held,
            tls: exchange
                .tls
                .as_ref()
                .map(|facts| TlsJson::new(facts, &exchange.observed_at)),
            peer: exchange.peer.map(|peer| peer.to_string()),
            way: exchange.way.as_deref().map(WayJson::from),
            bytes: exchange.received,
            entry_point: EntryPointJson::of(exchange, site),
        }
    }
}

/// A diagnosis to be written: that of the step of a visit, or the verdict on the whole.
#[derive(Debug, Clone, Copy)]
pub struct Writing<'a> {
    /// `diagnosis` or `visit`.
    pub kind: &'static str,
    /// Names the visit within its run.
    pub visit: &'a str,
    /// The index of the step.
    pub step: usize,
    /// How many steps the visit has.
    pub steps: usize,
    /// Why the step took place.
    pub because: Because,
    /// What was observed.
    pub exchange: &'a Exchange,
    /// What it means.
    pub diagnosis: &'a Diagnosis,
    /// Gives an outcome's name in the catalogue.
    pub title: fn(&str) -> &'static str,
    /// Gives the domain that somebody registered, of a host.
    pub site: fn(&str) -> Option<&str>,
    /// Where most of the line is kept for the next one that differs in nothing but visit, target and measures.
    pub kept: Option<&'a OnceLock<Written>>,
}

impl<'a> Writing<'a> {
    /// The line as an object.
    pub fn line(&self) -> DiagnosisLine<'a> {
        DiagnosisLine {
            facts: self.facts(),
            judgement: JudgementJson::new(
                self.exchange,
                self.diagnosis,
                (self.title)(self.diagnosis.outcome.0),
            ),
            measures: MeasuresJson::new(self.exchange, self.site),
        }
    }

    /// Writes the line: the same bytes as [`write_line`](crate::write_line) of [`line`](Self::line).
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write(&self, out: &mut dyn io::Write) -> io::Result<()> {
        let Some(kept) = self.kept else {
            return write_line(out, &self.line());
        };
        if kept.get().is_none() {
            // Whoever came first wrote the same.
            let _ = kept.set(self.common()?);
        }
        let Some([before, between, behind]) = kept.get() else {
            return write_line(out, &self.line());
        };
        let mut bytes = Vec::with_capacity(LINE);
        bytes.extend_from_slice(before);
        add_text(&mut bytes, self.visit)?;
        bytes.extend_from_slice(between);
        add_text(&mut bytes, &self.exchange.target)?;
        out.write_all(&bytes)?;
        out.write_all(behind)?;
        bytes.clear();
        self.add_measures(&mut bytes)?;
        out.write_all(&bytes)
    }

    /// The line as far as its measures, but for the values of `visit` and `target`: what stands before, between and
    /// behind these.
    fn common(&self) -> io::Result<Written> {
        let facts = FactsJson {
            visit: "",
            target: "",
            ..self.facts()
        };
        let mut bytes = Vec::with_capacity(LINE);
        append(&mut bytes, &facts)?;
        bytes.pop();
        let from = bytes.len();
        let title = (self.title)(self.diagnosis.outcome.0);
        let judgement = JudgementJson::new(self.exchange, self.diagnosis, title);
        append(&mut bytes, &judgement)?;
        bytes[from] = b',';
        bytes.pop();
        // In no string do these stand: quotes are escaped there.
        let [visit, target] = [&br#""visit":"""#[..], br#""target":"""#].map(|member| {
            let at = bytes.windows(member.len()).position(|part| part == member);
            at.map_or(0, |at| at + member.len())
        });
        Ok([
            bytes[..visit - 2].into(),
            bytes[visit..target - 2].into(),
            bytes[target..].into(),
        ])
    }

    /// The members of the measures, each behind a comma, and the end of the line.
    fn add_measures(&self, bytes: &mut Vec<u8>) -> io::Result<()> {
        let exchange = self.exchange;
        if let (None, None, None, Some(SocketAddr::V4(peer))) =
            (exchange.held, &exchange.tls, &exchange.way, exchange.peer)
        {
            add_plain_measures(bytes, &exchange.timeline, peer, exchange.received);
            add_entry_point(bytes, exchange, self.site)?;
            bytes.extend_from_slice(b"}\n");
            return Ok(());
        }
        let from = bytes.len();
        append(bytes, &MeasuresJson::new(exchange, self.site))?;
        bytes[from] = b',';
        bytes.push(b'\n');
        Ok(())
    }

    fn facts(&self) -> FactsJson<'a> {
        let Self {
            kind,
            visit,
            step,
            steps,
            because,
            exchange,
            ..
        } = *self;
        FactsJson::new(kind, visit, step, steps, because, exchange)
    }
}

/// As [`MeasuresJson`] has them, of the most frequent kind, up to the entry point: most of a line's own digits are here.
fn add_plain_measures(bytes: &mut Vec<u8>, timeline: &Timeline, peer: SocketAddrV4, received: u64) {
    bytes.extend_from_slice(br#","timing_ms":{"#);
    for (nth, (phase, took)) in timeline.iter().enumerate() {
        if nth > 0 {
            bytes.push(b',');
        }
        bytes.push(b'"');
        bytes.extend_from_slice(phase.as_str().as_bytes());
        bytes.extend_from_slice(b"\":");
        add_millis(bytes, took);
    }
    bytes.extend_from_slice(br#"},"held":null,"tls":null,"peer":""#);
    for (nth, octet) in peer.ip().octets().into_iter().enumerate() {
        if nth > 0 {
            bytes.push(b'.');
        }
        add_number(bytes, octet.into());
    }
    bytes.push(b':');
    add_number(bytes, peer.port().into());
    bytes.extend_from_slice(br#"","way":null,"bytes":"#);
    add_number(bytes, received);
    bytes.extend_from_slice(br#","entry_point":"#);
}

/// Milliseconds with at most three decimals and at least one, which is how the number is written as a float.
fn add_millis(bytes: &mut Vec<u8>, took: Duration) {
    let micros = took.as_micros();
    let Some(micros) = u64::try_from(micros).ok().filter(|&it| it < EXACT) else {
        let millis = micros as f64 / 1000.0;
        // A finite number has a text.
        let _ = append(bytes, &millis);
        return;
    };
    add_number(bytes, micros / 1000);
    let rest = (micros % 1000) as u32;
    let digits = [rest / 100, rest / 10 % 10, rest % 10].map(|digit| b'0' + digit as u8);
    let length = match digits {
        [_, b'0', b'0'] => 1,
        [_, _, b'0'] => 2,
        _ => 3,
    };
    bytes.push(b'.');
    bytes.extend_from_slice(&digits[..length]);
}

/// As [`EntryPointJson`] has it.
fn add_entry_point(
    bytes: &mut Vec<u8>,
    exchange: &Exchange,
    site: fn(&str) -> Option<&str>,
) -> io::Result<()> {
    let Some(entry) = EntryPoint::of(exchange) else {
        bytes.extend_from_slice(b"null");
        return Ok(());
    };
    bytes.extend_from_slice(br#"{"method":"#);
    add_text(bytes, &entry.method)?;
    bytes.extend_from_slice(br#","origin":"#);
    add_text(bytes, &entry.origin)?;
    bytes.extend_from_slice(br#","template":"#);
    add_text(bytes, &entry.template)?;
    bytes.extend_from_slice(br#","site":"#);
    match site(entry.host()) {
        Some(site) => add_text(bytes, site)?,
        None => bytes.extend_from_slice(b"null"),
    }
    bytes.push(b'}');
    Ok(())
}

/// Bytes that stand for themselves in a text.
static STAYS: [bool; 256] = {
    let mut stays = [false; 256];
    let mut byte = b' ';
    while byte <= b'~' {
        stays[byte as usize] = byte != b'"' && byte != b'\\';
        byte += 1;
    }
    stays
};

/// Adds a text as [`append`] does. Most hold nothing that is escaped.
fn add_text(bytes: &mut Vec<u8>, text: &str) -> io::Result<()> {
    if !text.bytes().all(|byte| STAYS[usize::from(byte)]) {
        return append(bytes, &text);
    }
    bytes.push(b'"');
    bytes.extend_from_slice(text.as_bytes());
    bytes.push(b'"');
    Ok(())
}

/// Decimal digits.
fn add_number(bytes: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    bytes.extend_from_slice(&digits[at..]);
}

fn lossy(bytes: &[u8]) -> Option<Cow<'_, str>> {
    (!bytes.is_empty()).then(|| String::from_utf8_lossy(bytes))
}

/// Milliseconds with three decimals, by phase.
pub(crate) fn millis(timeline: &Timeline) -> impl Iterator<Item = (&'static str, f64)> + '_ {
    let millis = |took: std::time::Duration| (took.as_micros() as f64) / 1000.0;
    timeline
        .iter()
        .map(move |(phase, took)| (Phase::as_str(phase), millis(took)))
}
