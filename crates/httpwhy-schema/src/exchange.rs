//! Kind `exchange`: what was observed, both ways.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use httpwhy_model::{
    Because, Body, Documented, End, Exchange, Fault, Field, Fields, Framing, Kept, Phase, Request,
    Response, Seen, Sent, Side, Signal, StatusSet, Step, Value, Vantage, Visit, Who, WsClose,
};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::SCHEMA;
use crate::diagnosis::millis;
use crate::tls::{TlsJson, tls_in};
use crate::way::WayJson;

/// One exchange of a visit.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct ExchangeLine {
    /// 1.
    pub schema: u32,
    /// `exchange`.
    pub kind: String,
    /// Names the visit within its run; consecutive lines of one visit share it.
    #[serde(default)]
    pub visit: Option<String>,
    /// The index of the step.
    #[serde(default)]
    pub step: usize,
    /// How many steps the visit has, where that is known.
    #[serde(default)]
    pub steps: Option<usize>,
    /// Why it took place.
    #[serde(default)]
    pub because: Option<BecauseIn>,
    /// Who observed.
    #[serde(default)]
    pub vantage: Option<VantageIn>,
    /// When the attempt began, RFC 3339.
    #[serde(default)]
    pub observed_at: Option<String>,
    /// The target URI.
    #[serde(default)]
    pub target: String,
    /// The request.
    #[serde(default)]
    pub request: RequestJson,
    /// nothing, part, all or unknown.
    #[serde(default = "unknown")]
    pub sent: String,
    /// Interim responses.
    #[serde(default)]
    pub interim: Vec<ResponseJson>,
    /// The final response.
    #[serde(default)]
    pub response: Option<ResponseJson>,
    /// answered, partial, nothing, upgraded or not-captured.
    #[serde(default = "not_captured")]
    pub end: String,
    /// What broke, in order of time.
    #[serde(default)]
    pub faults: Vec<FaultJson>,
    /// The Close frame, `"absent"` when none came.
    #[serde(default)]
    pub close: Option<Observed<CloseJson>>,
    /// Whether the connection had carried an exchange before.
    #[serde(default)]
    pub reused: Option<bool>,
    /// Address and port of the other end.
    #[serde(default)]
    pub peer: Option<String>,
    /// How the connection came about, where not straight to the target's only address.
    #[serde(default)]
    pub way: Option<WayJson>,
    /// What TLS agreed on.
    #[serde(default)]
    pub tls: Option<TlsJson>,
    /// Milliseconds by phase.
    #[serde(default)]
    pub timing_ms: BTreeMap<String, f64>,
    /// Why the prober held it back before it began; the time is that of the phase queue.
    #[serde(default)]
    pub held: Option<String>,
    /// Bytes received.
    #[serde(default)]
    pub bytes: u64,
    /// What the description that the request was made from documents of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub documented: Option<DocumentedJson>,
}

/// What a description of an API documents of an operation.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct DocumentedJson {
    /// Its name there: the operationId, or method and path.
    #[serde(default)]
    pub operation: String,
    /// The path's template, with the server's own path in front.
    #[serde(default)]
    pub template: String,
    /// The statuses: `404`, `4XX` or `default`.
    #[serde(default)]
    pub statuses: Vec<String>,
    /// Where it stands: the description's name and a JSON pointer.
    #[serde(default)]
    pub at: String,
}

impl DocumentedJson {
    fn new(documented: &Documented) -> Self {
        Self {
            operation: documented.operation.clone(),
            template: documented.template.clone(),
            statuses: documented
                .statuses
                .iter()
                .map(StatusSet::to_string)
                .collect(),
            at: documented.at.clone(),
        }
    }

    fn read(self) -> Result<Documented, String> {
        let statuses = self.statuses.iter().map(|text| text.parse());
        Ok(Documented {
            operation: self.operation,
            template: self.template,
            statuses: statuses
                .collect::<Result<_, httpwhy_model::UnknownWord>>()
                .map_err(|error| error.to_string())?,
            at: self.at,
        })
    }
}

fn unknown() -> String {
    Sent::Unknown.to_string()
}

fn not_captured() -> String {
    End::NotCaptured.to_string()
}

/// Present, or the word `absent`; `null` around it where nothing was captured.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Observed<T> {
    /// `"absent"`: looked for and not there.
    Absent(AbsentWord),
    /// There.
    Present(T),
}

/// The word `absent`.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AbsentWord {
    /// Looked for and not there.
    Absent,
}

impl<T> Observed<T> {
    fn from_seen<U>(seen: Seen<U>, f: impl FnOnce(U) -> T) -> Option<Self> {
        match seen {
            Seen::Present(thing) => Some(Self::Present(f(thing))),
            Seen::Absent => Some(Self::Absent(AbsentWord::Absent)),
            Seen::NotCaptured => None,
        }
    }

    fn into_seen<U>(
        this: Option<Self>,
        f: impl FnOnce(T) -> Result<U, String>,
    ) -> Result<Seen<U>, String> {
        Ok(match this {
            Some(Self::Present(thing)) => Seen::Present(f(thing)?),
            Some(Self::Absent(_)) => Seen::Absent,
            None => Seen::NotCaptured,
        })
    }
}

/// Why it took place.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct BecauseIn {
    /// asked, redirect, retry, challenge, fallback, subresource, forwarded or same.
    pub kind: String,
    /// The step it refers to.
    #[serde(default)]
    pub of: Option<usize>,
}

/// Who observed.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct VantageIn {
    /// local, repeater NAME, browser, har, transcript or log NAME.
    pub who: String,
    /// client, between or server.
    pub side: String,
}

/// Bytes: a text when they are UTF-8, else base64, said explicitly; redacted bytes as their skeleton.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum BytesJson {
    /// UTF-8.
    Text(String),
    /// Base64 (RFC 4648 section 4).
    Base64 {
        /// The bytes.
        base64: String,
    },
    /// A skeleton with `*` for each hidden byte.
    Redacted {
        /// The skeleton.
        redacted: String,
    },
}

impl Default for BytesJson {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

impl BytesJson {
    pub(crate) fn new(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::Text(text.to_owned()),
            Err(_) => Self::Base64 {
                base64: STANDARD.encode(bytes),
            },
        }
    }

    fn value(self) -> Result<Value, String> {
        let redacted = matches!(self, Self::Redacted { .. });
        let bytes = self.bytes()?;
        Ok(if redacted {
            Value::Redacted(bytes)
        } else {
            Value::Bytes(bytes)
        })
    }

    pub(crate) fn bytes(self) -> Result<bytes::Bytes, String> {
        Ok(match self {
            Self::Text(text) | Self::Redacted { redacted: text } => text.into(),
            Self::Base64 { base64 } => STANDARD
                .decode(&base64)
                .map_err(|error| format!("base64: {error}"))?
                .into(),
        })
    }
}

impl From<&Value> for BytesJson {
    fn from(value: &Value) -> Self {
        match value {
            Value::Bytes(bytes) => Self::new(bytes),
            Value::Redacted(bytes) => Self::Redacted {
                redacted: String::from_utf8_lossy(bytes).into_owned(),
            },
        }
    }
}

/// A field section: lines in order, and which names were kept: `all`, `nothing`, or a list.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct FieldsJson {
    /// Name and value of each line.
    #[serde(default)]
    pub list: Vec<(BytesJson, BytesJson)>,
    /// `"all"`, `"nothing"`, or the names that were kept.
    #[serde(default)]
    pub kept: KeptJson,
}

/// Which fields the observer kept.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum KeptJson {
    /// `all` or `nothing`.
    Word(String),
    /// Only these names.
    Only(Vec<String>),
}

impl Default for KeptJson {
    fn default() -> Self {
        Self::Word("nothing".into())
    }
}

/// A request.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct RequestJson {
    /// The method as sent.
    #[serde(default)]
    pub method: BytesJson,
    /// The request target as sent.
    #[serde(default)]
    pub target: BytesJson,
    /// The protocol version as sent.
    #[serde(default)]
    pub version: BytesJson,
    /// The fields.
    #[serde(default)]
    pub fields: FieldsJson,
    /// The content.
    #[serde(default)]
    pub body: Option<Observed<BodyJson>>,
}

/// A response.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct ResponseJson {
    /// The protocol version as received.
    #[serde(default)]
    pub version: BytesJson,
    /// The status code's bytes as received.
    #[serde(default)]
    pub code: BytesJson,
    /// The reason phrase.
    #[serde(default)]
    pub reason: BytesJson,
    /// The fields.
    #[serde(default)]
    pub fields: FieldsJson,
    /// The content.
    #[serde(default)]
    pub body: Option<Observed<BodyJson>>,
    /// The trailers.
    #[serde(default)]
    pub trailers: FieldsJson,
    /// The octets of an HTTP/1 head as they came, only where they are not `version SP code SP reason CRLF`, each field
    /// as `name: SP value CRLF`, CRLF.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw_head: Option<BytesJson>,
}

/// A message's content.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct BodyJson {
    /// The first bytes, as many as were kept.
    #[serde(default)]
    pub bytes: BytesJson,
    /// Bytes of content that came in all.
    #[serde(default)]
    pub received: Option<u64>,
    /// Whether it came to its end as framed.
    #[serde(default)]
    pub complete: Option<bool>,
    /// none, chunked, close, frames, unknown, or the Content-Length.
    #[serde(default)]
    pub framing: FramingJson,
}

/// How the end of content was to be found.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum FramingJson {
    /// A Content-Length.
    Length(u64),
    /// none, chunked, close, frames or unknown.
    Word(String),
}

impl Default for FramingJson {
    fn default() -> Self {
        Self::Word("unknown".into())
    }
}

/// What broke.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct FaultJson {
    /// The phase.
    pub phase: String,
    /// The signals in their text form.
    pub signals: Vec<String>,
}

/// A WebSocket Close frame.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct CloseJson {
    /// The code; `null` for a frame without one.
    #[serde(default)]
    pub code: Option<u16>,
    /// The reason.
    #[serde(default)]
    pub reason: BytesJson,
}

/// A moment as it is written everywhere: RFC 3339 in UTC, to the millisecond; empty when it is out of range.
pub fn moment(at: SystemTime) -> String {
    let since = at
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let rounded = i64::try_from(since.as_millis()).ok();
    let rounded = rounded.and_then(|ms| Timestamp::from_millisecond(ms).ok());
    rounded.map_or_else(String::new, |at| at.to_string())
}

impl ExchangeLine {
    /// The line for one step of a visit.
    pub fn new(visit: &str, step: usize, because: Because, exchange: &Exchange) -> Self {
        Self {
            schema: SCHEMA,
            kind: "exchange".into(),
            visit: Some(visit.to_owned()),
            step,
            steps: None,
            because: Some(BecauseIn {
                kind: because.kind().into(),
                of: because.of(),
            }),
            vantage: Some(VantageIn {
                who: exchange.vantage.who.to_string(),
                side: exchange.vantage.side.to_string(),
            }),
            observed_at: match exchange.observed_at {
                Seen::Present(moment) => Timestamp::try_from(moment)
                    .ok()
                    .map(|moment| moment.to_string()),
                Seen::Absent | Seen::NotCaptured => None,
            },
            target: exchange.target.clone(),
            request: RequestJson {
                method: BytesJson::new(&exchange.request.method),
                target: BytesJson::new(&exchange.request.target),
                version: BytesJson::new(&exchange.request.version),
                fields: fields_out(&exchange.request.fields),
                body: Observed::from_seen(exchange.request.body.as_ref(), body_out),
            },
            sent: exchange.sent.to_string(),
            interim: exchange.interim.iter().map(response_out).collect(),
            response: exchange.response.as_ref().map(response_out),
            end: exchange.end.to_string(),
            faults: exchange
                .faults
                .iter()
                .map(|fault| FaultJson {
                    phase: fault.phase.to_string(),
                    signals: fault.signals.iter().map(Signal::to_string).collect(),
                })
                .collect(),
            close: Observed::from_seen(exchange.close.as_ref(), |close| CloseJson {
                code: close.code,
                reason: BytesJson::new(&close.reason),
            }),
            reused: exchange.reused.present(),
            peer: exchange.peer.map(|peer| peer.to_string()),
            way: exchange.way.as_deref().map(WayJson::from),
            tls: exchange
                .tls
                .as_ref()
                .map(|facts| TlsJson::new(facts, &exchange.observed_at)),
            timing_ms: millis(&exchange.timeline)
                .map(|(phase, millis)| (phase.to_owned(), millis))
                .collect(),
            held: exchange.held.map(str::to_owned),
            bytes: exchange.received,
            documented: exchange.documented.as_deref().map(DocumentedJson::new),
        }
    }

    pub(crate) fn into_step(self) -> Result<Step, String> {
        let because = match self.because {
            Some(because) => {
                Because::from_word(&because.kind, because.of).map_err(|error| error.to_string())?
            }
            None => Because::Asked,
        };
        let mut exchange = Exchange {
            vantage: self
                .vantage
                .as_ref()
                .map(vantage_in)
                .transpose()?
                .unwrap_or_default(),
            observed_at: self
                .observed_at
                .map(|text| moment_in(&text))
                .transpose()?
                .into(),
            target: self.target,
            request: Request {
                method: self.request.method.bytes()?,
                target: self.request.target.bytes()?,
                version: self.request.version.bytes()?,
                fields: fields_in(self.request.fields)?,
                body: Observed::into_seen(self.request.body, body_in)?,
            },
            sent: self
                .sent
                .parse()
                .map_err(|error: httpwhy_model::UnknownWord| error.to_string())?,
            interim: self
                .interim
                .into_iter()
                .map(response_in)
                .collect::<Result<_, _>>()?,
            response: self.response.map(response_in).transpose()?,
            end: self
                .end
                .parse()
                .map_err(|error: httpwhy_model::UnknownWord| error.to_string())?,
            faults: self.faults.iter().map(fault_in).collect::<Result<_, _>>()?,
            close: Observed::into_seen(self.close, |close| {
                Ok(WsClose {
                    code: close.code,
                    reason: close.reason.bytes()?.to_vec(),
                })
            })?,
            reused: self.reused.into(),
            peer: self
                .peer
                .map(|text| {
                    text.parse()
                        .map_err(|error| format!("peer '{text}': {error}"))
                })
                .transpose()?,
            way: self.way.map(WayJson::into_way).transpose()?.map(Box::new),
            tls: self.tls.map(tls_in).transpose()?,
            received: self.bytes,
            documented: self
                .documented
                .map(DocumentedJson::read)
                .transpose()?
                .map(Arc::new),
            held: self.held.as_deref().map(held_in).transpose()?,
            ..Exchange::default()
        };
        for (phase, millis) in self.timing_ms {
            let phase: Phase = phase
                .parse()
                .map_err(|error: httpwhy_model::UnknownWord| error.to_string())?;
            if !(0.0..=1e12).contains(&millis) {
                return Err(format!("timing_ms.{phase} is {millis}"));
            }
            exchange.timeline.add(
                phase,
                Duration::from_micros((millis * 1000.0).round() as u64),
            );
        }
        Ok(Step { exchange, because })
    }
}

fn held_in(word: &str) -> Result<&'static str, String> {
    let known = Exchange::HELD.iter().find(|known| **known == word);
    known.copied().ok_or_else(|| format!("held is '{word}'"))
}

fn fields_out(fields: &Fields) -> FieldsJson {
    FieldsJson {
        list: fields
            .list
            .iter()
            .map(|field| (BytesJson::new(&field.name), (&field.value).into()))
            .collect(),
        kept: match &fields.kept {
            Kept::All => KeptJson::Word("all".into()),
            Kept::Nothing => KeptJson::Word("nothing".into()),
            Kept::Only(names) => KeptJson::Only(names.clone()),
        },
    }
}

fn fields_in(fields: FieldsJson) -> Result<Fields, String> {
    let list = fields
        .list
        .into_iter()
        .map(|(name, value)| {
            Ok(Field {
                name: name.bytes()?,
                value: value.value()?,
            })
        })
        .collect::<Result<_, String>>()?;
    let kept = match fields.kept {
        KeptJson::Only(names) => Kept::Only(names),
        KeptJson::Word(word) => match word.as_str() {
            "all" => Kept::All,
            "nothing" => Kept::Nothing,
            _ => {
                return Err(format!(
                    "kept is all, nothing or a list of names, not '{word}'"
                ));
            }
        },
    };
    Ok(Fields { list, kept })
}

pub(crate) fn response_out(response: &Response) -> ResponseJson {
    ResponseJson {
        version: BytesJson::new(&response.version),
        code: BytesJson::new(&response.code),
        reason: BytesJson::new(&response.reason),
        fields: fields_out(&response.fields),
        body: Observed::from_seen(response.body.as_ref(), body_out),
        trailers: fields_out(&response.trailers),
        raw_head: response.raw_head.as_ref().map(BytesJson::from),
    }
}

pub(crate) fn response_in(response: ResponseJson) -> Result<Response, String> {
    Ok(Response {
        version: response.version.bytes()?,
        code: response.code.bytes()?,
        reason: response.reason.bytes()?,
        fields: fields_in(response.fields)?,
        body: Observed::into_seen(response.body, body_in)?,
        trailers: fields_in(response.trailers)?,
        raw_head: response.raw_head.map(BytesJson::value).transpose()?,
    })
}

fn body_out(body: &Body) -> BodyJson {
    BodyJson {
        bytes: BytesJson::new(&body.bytes),
        received: body.received.present(),
        complete: body.complete.present(),
        framing: match body.framing {
            Framing::Length(length) => FramingJson::Length(length),
            Framing::None => FramingJson::Word("none".into()),
            Framing::Chunked => FramingJson::Word("chunked".into()),
            Framing::Close => FramingJson::Word("close".into()),
            Framing::Frames => FramingJson::Word("frames".into()),
            Framing::Unknown => FramingJson::Word("unknown".into()),
        },
    }
}

fn body_in(body: BodyJson) -> Result<Body, String> {
    Ok(Body {
        bytes: body.bytes.bytes()?,
        received: body.received.into(),
        complete: body.complete.into(),
        framing: match body.framing {
            FramingJson::Length(length) => Framing::Length(length),
            FramingJson::Word(word) => match word.as_str() {
                "none" => Framing::None,
                "chunked" => Framing::Chunked,
                "close" => Framing::Close,
                "frames" => Framing::Frames,
                "unknown" => Framing::Unknown,
                _ => {
                    return Err(format!(
                        "framing is a length, none, chunked, close, frames or unknown, not '{word}'"
                    ));
                }
            },
        },
    })
}

fn vantage_in(vantage: &VantageIn) -> Result<Vantage, String> {
    let who: Who = vantage
        .who
        .parse()
        .map_err(|error: httpwhy_model::UnknownWord| error.to_string())?;
    let side: Side = vantage
        .side
        .parse()
        .map_err(|error: httpwhy_model::UnknownWord| error.to_string())?;
    Ok(Vantage { who, side })
}

fn fault_in(fault: &FaultJson) -> Result<Fault, String> {
    Ok(Fault {
        phase: fault
            .phase
            .parse()
            .map_err(|error: httpwhy_model::UnknownWord| error.to_string())?,
        signals: fault
            .signals
            .iter()
            .map(|text| {
                text.parse()
                    .map_err(|error: httpwhy_model::SignalError| error.to_string())
            })
            .collect::<Result<_, _>>()?,
    })
}

fn moment_in(text: &str) -> Result<SystemTime, String> {
    text.parse::<Timestamp>()
        .map(SystemTime::from)
        .map_err(|error| format!("observed_at: {error}"))
}

/// JSON that holds no exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub what: String,
}

/// Reads exchanges, one object a line (or one object over several lines), and groups consecutive ones of one visit.
/// Lines of other kinds (a diagnosis is recomputed, never trusted) are passed over.
///
/// # Errors
/// The first line that is no JSON or no exchange of schema 1, or that no line is an exchange.
pub fn read_visits(bytes: &[u8]) -> Result<Vec<Visit>, ReadError> {
    let mut visits: Vec<(Option<String>, Visit)> = Vec::new();
    let mut other: Option<Cow<'static, str>> = None;
    let mut values = serde_json::Deserializer::from_slice(bytes).into_iter::<serde_json::Value>();
    loop {
        let line = bytes[..values.byte_offset()].split(|&b| b == b'\n').count();
        let value = match values.next() {
            None => break,
            Some(Ok(value)) => value,
            Some(Err(error)) => {
                let line = line + error.line().saturating_sub(1);
                return Err(ReadError {
                    line,
                    what: format!("no JSON at column {}: {error}", error.column()),
                });
            }
        };
        let kind = value
            .get("kind")
            .and_then(serde_json::Value::as_str)
            .map(str::to_owned);
        if kind.as_deref() != Some("exchange") {
            other.get_or_insert(
                kind.map_or("JSON that is no object of httpwhy's".into(), |k| {
                    format!("objects of kind {k}").into()
                }),
            );
            continue;
        }
        let fail = |what: String| ReadError { line, what };
        let exchange: ExchangeLine =
            serde_json::from_value(value).map_err(|error| fail(format!("no exchange: {error}")))?;
        if exchange.schema != SCHEMA {
            return Err(fail(format!(
                "schema {} is not known here; this version reads schema {SCHEMA}",
                exchange.schema
            )));
        }
        let name = exchange.visit.clone();
        let step = exchange.into_step().map_err(fail)?;
        match visits.last_mut() {
            Some((last, visit)) if name.is_some() && *last == name => visit.steps.push(step),
            _ => visits.push((
                name,
                Visit {
                    asked: step.exchange.target.clone(),
                    steps: vec![step],
                },
            )),
        }
    }
    if visits.is_empty() {
        let found = other.unwrap_or("nothing".into());
        return Err(ReadError {
            line: 1,
            what: format!("found {found}; exchanges are needed (probe --exchanges writes them)"),
        });
    }
    Ok(visits.into_iter().map(|(_, visit)| visit).collect())
}
