//! What can be done to what passes: toxics, under the names and with the attributes that users of Toxiproxy know, and
//! a few that know HTTP.
//!
//! | type | attributes | what it does |
//! |---|---|---|
//! | `latency` | `latency`, `jitter` (ms) | delays what passes, by latency ± jitter |
//! | `bandwidth` | `rate` (kB/s) | lets no more pass |
//! | `slow_close` | `delay` (ms) | delays the end of the connection |
//! | `timeout` | `timeout` (ms) | lets nothing pass, and ends the connection then; 0: never |
//! | `reset_peer` | `timeout` (ms) | lets nothing pass, and tears the connection down then |
//! | `slicer` | `average_size`, `size_variation` (bytes), `delay` (µs) | cuts what passes into small pieces |
//! | `limit_data` | `bytes` | ends the connection behind so many bytes |
//! | `noop` | | nothing |
//! | `http_delay` | `delay`, `jitter` (ms) | upstream: holds the request back; downstream: the answer's head |
//! | `http_status` | `status`, `fields` ({name: value}) | answers so instead of passing the request on |
//! | `http_abort` | `at` (before-head, in-head, after-head, in-body), `how` (fin, rst, stall) | breaks the answer off |
//! | `http_field` | `name`, `value` | sets a field of requests (upstream) or answers (downstream); null drops it |
//!
//! `toxicity` (0 to 1, default 1) is the part of the connections, or for HTTP of the exchanges, that meet it.

use serde_json::{Map, Value, json};

/// In which direction a toxic works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stream {
    /// From the client to the server.
    Upstream,
    /// From the server to the client.
    Downstream,
}

impl Stream {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Upstream => "upstream",
            Self::Downstream => "downstream",
        }
    }
}

/// A toxic.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Toxic {
    /// Unique within its proxy.
    pub(crate) name: String,
    /// The direction.
    pub(crate) stream: Stream,
    /// Which part meets it, 0 to 1.
    pub(crate) toxicity: f64,
    /// What it does.
    pub(crate) kind: Kind,
}

/// What a toxic does: the module's table. Times are in milliseconds where nothing else is said.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    Latency {
        latency: u64,
        jitter: u64,
    },
    Bandwidth {
        rate: u64,
    },
    SlowClose {
        delay: u64,
    },
    Timeout {
        timeout: u64,
    },
    ResetPeer {
        timeout: u64,
    },
    Slicer {
        average: u64,
        variation: u64,
        micros: u64,
    },
    LimitData {
        bytes: u64,
    },
    Noop,
    HttpDelay {
        delay: u64,
        jitter: u64,
    },
    HttpStatus {
        status: u16,
        fields: Vec<(String, String)>,
    },
    HttpAbort {
        at: Place,
        how: How,
    },
    HttpField {
        name: String,
        value: Option<String>,
    },
}

/// Where an answer is broken off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Before its first byte.
    BeforeHead,
    /// In the middle of its head.
    InHead,
    /// Between head and content.
    AfterHead,
    /// In the middle of the first content that comes.
    InBody,
}

const PLACES: &[(&str, Place)] = &[
    ("before-head", Place::BeforeHead),
    ("in-head", Place::InHead),
    ("after-head", Place::AfterHead),
    ("in-body", Place::InBody),
];

/// How an answer is broken off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// The connection ends in order.
    Fin,
    /// It is torn down.
    Rst,
    /// It stays, and is silent.
    Stall,
}

const HOWS: &[(&str, How)] = &[("fin", How::Fin), ("rst", How::Rst), ("stall", How::Stall)];

/// The longest time that may be asked for, in milliseconds.
const LONGEST: u64 = 3_600_000;
/// The longest name.
const LONGEST_NAME: usize = 200;

impl Toxic {
    /// Reads one; the error is a sentence on what is wrong.
    pub(crate) fn read(value: &Value) -> Result<Self, String> {
        let kind = text(value, "type").ok_or("'type' must name a toxic")?;
        let stream = match text(value, "stream").unwrap_or("downstream") {
            "upstream" => Stream::Upstream,
            "downstream" | "" => Stream::Downstream,
            other => return Err(format!("'stream' is upstream or downstream, not '{other}'")),
        };
        let toxicity = match value.get("toxicity") {
            None | Some(Value::Null) => 1.0,
            Some(given) => given
                .as_f64()
                .filter(|part| (0.0..=1.0).contains(part))
                .ok_or("'toxicity' is a number from 0 to 1")?,
        };
        let name = match text(value, "name") {
            None | Some("") => format!("{kind}_{}", stream.as_str()),
            Some(name) if name.len() <= LONGEST_NAME => name.to_owned(),
            Some(_) => return Err(format!("'name' has at most {LONGEST_NAME} bytes")),
        };
        let attributes = Attributes(value.get("attributes").unwrap_or(&Value::Null));
        Ok(Self {
            name,
            stream,
            toxicity,
            kind: Kind::read(kind, &attributes)?,
        })
    }

    /// The same with what the value changes: toxicity and attributes.
    pub(crate) fn changed(&self, by: &Value) -> Result<Self, String> {
        let mut all = self.json();
        if let Some(toxicity) = by.get("toxicity") {
            all["toxicity"] = toxicity.clone();
        }
        if let Some(Value::Object(given)) = by.get("attributes") {
            for (name, value) in given {
                all["attributes"][name] = value.clone();
            }
        }
        Self::read(&all)
    }

    /// As JSON.
    pub(crate) fn json(&self) -> Value {
        json!({
            "name": self.name, "type": self.kind.name(), "stream": self.stream.as_str(),
            "toxicity": self.toxicity, "attributes": self.kind.attributes(),
        })
    }

    /// Whether it needs a proxy that knows HTTP.
    pub(crate) fn knows_http(&self) -> bool {
        self.kind.name().starts_with("http_")
    }
}

impl Kind {
    fn read(name: &str, given: &Attributes<'_>) -> Result<Self, String> {
        Ok(match name {
            "latency" => Self::Latency {
                latency: given.number("latency", LONGEST)?,
                jitter: given.number("jitter", LONGEST)?,
            },
            "bandwidth" => Self::Bandwidth {
                rate: given.number("rate", 1 << 30)?,
            },
            "slow_close" => Self::SlowClose {
                delay: given.number("delay", LONGEST)?,
            },
            "timeout" => Self::Timeout {
                timeout: given.number("timeout", LONGEST)?,
            },
            "reset_peer" => Self::ResetPeer {
                timeout: given.number("timeout", LONGEST)?,
            },
            "slicer" => Self::Slicer {
                average: given.number("average_size", 1 << 30)?.max(1),
                variation: given.number("size_variation", 1 << 30)?,
                micros: given.number("delay", LONGEST * 1000)?,
            },
            "limit_data" => Self::LimitData {
                bytes: given.number("bytes", 1 << 50)?,
            },
            "noop" => Self::Noop,
            "http_delay" => Self::HttpDelay {
                delay: given.number("delay", LONGEST)?,
                jitter: given.number("jitter", LONGEST)?,
            },
            "http_status" => Self::HttpStatus {
                status: status(given)?,
                fields: given.fields()?,
            },
            "http_abort" => Self::HttpAbort {
                at: given.word("at", PLACES, Place::BeforeHead)?,
                how: given.word("how", HOWS, How::Rst)?,
            },
            "http_field" => Self::HttpField {
                name: field_name(given)?,
                value: match given.0.get("value") {
                    None | Some(Value::Null) => None,
                    Some(_) => Some(field_value("value", given.text("value"))?),
                },
            },
            _ => return Err(format!("no toxic is called '{name}'; there are: {NAMES}")),
        })
    }

    const fn name(&self) -> &'static str {
        match self {
            Self::Latency { .. } => "latency",
            Self::Bandwidth { .. } => "bandwidth",
            Self::SlowClose { .. } => "slow_close",
            Self::Timeout { .. } => "timeout",
            Self::ResetPeer { .. } => "reset_peer",
            Self::Slicer { .. } => "slicer",
            Self::LimitData { .. } => "limit_data",
            Self::Noop => "noop",
            Self::HttpDelay { .. } => "http_delay",
            Self::HttpStatus { .. } => "http_status",
            Self::HttpAbort { .. } => "http_abort",
            Self::HttpField { .. } => "http_field",
        }
    }

    fn attributes(&self) -> Value {
        match self {
            Self::Latency { latency, jitter } => json!({"latency": latency, "jitter": jitter}),
            Self::Bandwidth { rate } => json!({"rate": rate}),
            Self::SlowClose { delay } => json!({"delay": delay}),
            Self::Timeout { timeout } | Self::ResetPeer { timeout } => json!({"timeout": timeout}),
            Self::Slicer {
                average,
                variation,
                micros,
            } => {
                json!({"average_size": average, "size_variation": variation, "delay": micros})
            }
            Self::LimitData { bytes } => json!({"bytes": bytes}),
            Self::Noop => json!({}),
            Self::HttpDelay { delay, jitter } => json!({"delay": delay, "jitter": jitter}),
            Self::HttpStatus { status, fields } => {
                let fields: Map<String, Value> = fields
                    .iter()
                    .map(|(name, value)| (name.clone(), json!(value)))
                    .collect();
                json!({"status": status, "fields": fields})
            }
            Self::HttpAbort { at, how } => {
                json!({"at": word(PLACES, *at), "how": word(HOWS, *how)})
            }
            Self::HttpField { name, value } => json!({"name": name, "value": value}),
        }
    }
}

const NAMES: &str = "latency, bandwidth, slow_close, timeout, reset_peer, slicer, limit_data, noop, http_delay, \
                     http_status, http_abort, http_field";

fn word<T: Copy + PartialEq>(words: &[(&'static str, T)], meant: T) -> &'static str {
    let found = words.iter().find(|(_, value)| *value == meant);
    found.map_or("", |(word, _)| word)
}

fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name).and_then(Value::as_str)
}

/// The attributes of a toxic.
struct Attributes<'a>(&'a Value);

impl<'a> Attributes<'a> {
    /// A number from 0 to that; 0 when it is not given.
    fn number(&self, name: &str, most: u64) -> Result<u64, String> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(0),
            Some(given) => given
                .as_u64()
                .or_else(|| whole(given.as_f64()?))
                .filter(|number| *number <= most)
                .ok_or_else(|| format!("'{name}' is a whole number from 0 to {most}")),
        }
    }

    fn text(&self, name: &str) -> Option<&'a str> {
        text(self.0, name)
    }

    fn word<T: Copy>(&self, name: &str, words: &[(&str, T)], usual: T) -> Result<T, String> {
        let Some(given) = self.0.get(name) else {
            return Ok(usual);
        };
        let found = words.iter().find(|(word, _)| given == *word);
        found.map(|(_, value)| *value).ok_or_else(|| {
            let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            format!("'{name}' is one of {}", words.join(", "))
        })
    }

    fn fields(&self) -> Result<Vec<(String, String)>, String> {
        let given = match self.0.get("fields") {
            None | Some(Value::Null) => return Ok(Vec::new()),
            Some(Value::Object(given)) => given,
            Some(_) => return Err("'fields' is an object of names and values".to_owned()),
        };
        given
            .iter()
            .map(|(name, value)| {
                if !is_token(name) {
                    return Err(format!("'{name}' is no name of a field"));
                }
                Ok((name.clone(), field_value(name, value.as_str())?))
            })
            .collect()
    }
}

/// `1000.0`, as some clients write it.
fn whole(number: f64) -> Option<u64> {
    let is_whole = number.fract() == 0.0 && (0.0..=1e15).contains(&number);
    is_whole.then_some(number as u64)
}

fn status(given: &Attributes<'_>) -> Result<u16, String> {
    let status = given.number("status", 599)?;
    u16::try_from(status)
        .ok()
        .filter(|status| *status >= 200)
        .ok_or_else(|| "'status' is a number from 200 to 599".to_owned())
}

fn field_name(given: &Attributes<'_>) -> Result<String, String> {
    let name = given.text("name").filter(|name| is_token(name));
    let name = name.ok_or("'name' is the name of a field")?;
    let framing = ["content-length", "transfer-encoding", "connection"];
    if framing.contains(&name.to_ascii_lowercase().as_str()) {
        return Err(format!(
            "{name} would break the framing; http_abort does that"
        ));
    }
    Ok(name.to_owned())
}

fn field_value(name: &str, value: Option<&str>) -> Result<String, String> {
    value
        .filter(|value| {
            !value
                .bytes()
                .any(|byte| byte < b' ' && byte != b'\t' || byte == 0x7f)
        })
        .map(str::to_owned)
        .ok_or_else(|| format!("'{name}' must be one line of text"))
}

/// Whether it is a token (RFC 9110 section 5.6.2).
pub(super) fn is_token(name: &str) -> bool {
    let is_tchar = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(is_tchar)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn toxics_are_read_changed_and_written() {
        let latency = json!({"type": "latency", "attributes": {"latency": 100}});
        let toxic = Toxic::read(&latency).expect("a toxic");
        assert_eq!(toxic.name, "latency_downstream");
        let changed = toxic.changed(&json!({"toxicity": 0.5, "attributes": {"jitter": 9}}));
        let changed = changed.expect("changed");
        assert_eq!(
            changed.kind,
            Kind::Latency {
                latency: 100,
                jitter: 9
            }
        );
        assert_eq!(changed.json()["toxicity"], json!(0.5));
        for name in NAMES.split(", ") {
            let attributes =
                json!({"status": 503, "name": "X-A", "value": "b", "fields": {"Retry-After": "1"}});
            let read = Toxic::read(&json!({"type": name, "attributes": attributes}));
            let read = read.unwrap_or_else(|why| panic!("{name}: {why}"));
            assert_eq!(Toxic::read(&read.json()), Ok(read), "{name}");
        }
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (value, why) in [
            (json!({}), "'type' must name a toxic"),
            (json!({"type": "latncy"}), "no toxic is called 'latncy'"),
            (
                json!({"type": "noop", "toxicity": 2}),
                "'toxicity' is a number from 0 to 1",
            ),
            (
                json!({"type": "noop", "stream": "up"}),
                "'stream' is upstream or downstream, not 'up'",
            ),
            (
                json!({"type": "latency", "attributes": {"latency": -1}}),
                "'latency' is a whole number from 0 to 3600000",
            ),
            (
                json!({"type": "http_status"}),
                "'status' is a number from 200 to 599",
            ),
            (
                json!({"type": "http_abort", "attributes": {"at": "end"}}),
                "'at' is one of before-head, in-head, after-head, in-body",
            ),
            (
                json!({"type": "http_field", "attributes": {"name": "X", "value": "a\r\nb"}}),
                "'value' must be one line of text",
            ),
        ] {
            let error = Toxic::read(&value).expect_err("wrong");
            assert!(error.starts_with(why), "{value}: {error}");
        }
    }
}
