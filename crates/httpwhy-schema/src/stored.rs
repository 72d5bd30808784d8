//! An exchange in the parts that a store keeps: what many exchanges have in common apart from what is each one's own, so
//! that equal parts are kept once.
//!
//! The head is JSON of kind `exchange` without what differs from one exchange to the next; the rest is a small JSON
//! object of those; target and content stand beside them as they are. Put together again they are the exchange, to the
//! microsecond, and can be judged again.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use httpwhy_model::{
    Because, Body, Exchange, Framing, Phase, Response, Seen, Step, Timeline, Value,
};
use serde::{Deserialize, Serialize};

use crate::exchange::{BytesJson, ExchangeLine};
use crate::way::WayJson;

/// Response fields whose values differ from one answer to the next though nothing else does: moments, sizes, validators
/// and names of single requests.
const OWN_VALUES: &[&str] = &[
    "age",
    "cf-ray",
    "content-length",
    "date",
    "etag",
    "expires",
    "last-modified",
    "nel",
    "report-to",
    "server-timing",
    "traceparent",
    "x-amz-cf-id",
    "x-amz-id-2",
    "x-amz-request-id",
    "x-amzn-requestid",
    "x-amzn-trace-id",
    "x-azure-ref",
    "x-cache-hits",
    "x-correlation-id",
    "x-fastly-request-id",
    "x-github-request-id",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    "x-request-id",
    "x-response-time",
    "x-runtime",
    "x-served-by",
    "x-timer",
    "x-trace-id",
    "x-vercel-id",
];

/// The parts of an exchange.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StoredParts {
    /// The target URI.
    pub target: String,
    /// What it has in common with others.
    pub head: Vec<u8>,
    /// What is its own.
    pub rest: Vec<u8>,
    /// As much of the response's content as was kept; `None` where there is none.
    pub body: Option<Bytes>,
}

/// What is an exchange's own.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Rest {
    /// Where it is not the target's path and query.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    asked: Option<BytesJson>,
    /// Seconds and nanoseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<(u64, u32)>,
    /// Microseconds by phase.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    took: Vec<(String, u64)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    peer: Option<String>,
    #[serde(default)]
    received: u64,
    /// Values of the response's fields, by the index of the field line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    values: Vec<(usize, BytesJson)>,
    /// Bytes of content that came, and the length that was announced.
    #[serde(default, skip_serializing_if = "Sizes::are_none")]
    content: Sizes,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    way: Option<WayJson>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Sizes(Option<u64>, Option<u64>);

impl Sizes {
    const fn are_none(&self) -> bool {
        matches!(self, Self(None, None))
    }
}

impl StoredParts {
    /// Takes an exchange apart.
    pub fn of(mut exchange: Exchange, because: Because) -> Self {
        let target = std::mem::take(&mut exchange.target);
        let asked = std::mem::take(&mut exchange.request.target);
        let at = std::mem::replace(&mut exchange.observed_at, Seen::NotCaptured);
        let timeline = std::mem::take(&mut exchange.timeline);
        let rest = Rest {
            asked: (asked != origin_form(&target)).then(|| BytesJson::new(&asked)),
            at: at.present().and_then(since_1970),
            took: timeline
                .iter()
                .map(|(phase, took)| {
                    let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
                    (phase.to_string(), took)
                })
                .collect(),
            peer: exchange.peer.take().map(|peer| peer.to_string()),
            received: std::mem::take(&mut exchange.received),
            values: exchange
                .response
                .as_mut()
                .map(take_values)
                .unwrap_or_default(),
            content: exchange
                .response
                .as_mut()
                .map(take_sizes)
                .unwrap_or_default(),
            way: exchange.way.take().as_deref().map(WayJson::from),
        };
        let body = exchange.response.as_mut().and_then(take_body);
        let mut head = ExchangeLine::new("", 0, because, &exchange);
        head.visit = None;
        Self {
            target,
            // Writing to memory does not fail, and both hold nothing but texts and numbers.
            head: serde_json::to_vec(&head).unwrap_or_default(),
            rest: serde_json::to_vec(&rest).unwrap_or_default(),
            body,
        }
    }

    /// Puts the exchange together again.
    ///
    /// # Errors
    /// When a part is not what [`StoredParts::of`] made: what is wrong with it.
    pub fn join(self) -> Result<Step, String> {
        let head: ExchangeLine =
            serde_json::from_slice(&self.head).map_err(|error| format!("head: {error}"))?;
        let rest: Rest =
            serde_json::from_slice(&self.rest).map_err(|error| format!("rest: {error}"))?;
        let mut step = head.into_step()?;
        let exchange = &mut step.exchange;
        exchange.request.target = match rest.asked {
            Some(asked) => asked.bytes()?,
            None => Bytes::copy_from_slice(origin_form(&self.target).as_bytes()),
        };
        exchange.observed_at = rest.at.map_or(Seen::NotCaptured, |(seconds, nanoseconds)| {
            let since = Duration::new(seconds, nanoseconds % 1_000_000_000);
            let at = SystemTime::UNIX_EPOCH.checked_add(since);
            at.map_or(Seen::NotCaptured, Seen::Present)
        });
        exchange.timeline = timeline(&rest.took)?;
        exchange.peer = rest
            .peer
            .map(|peer| peer.parse().map_err(|_| format!("peer: '{peer}'")))
            .transpose()?;
        exchange.received = rest.received;
        exchange.way = rest.way.map(WayJson::into_way).transpose()?.map(Box::new);
        if let Some(response) = &mut exchange.response {
            give_back(response, rest.values)?;
            if let Seen::Present(body) = &mut response.body {
                give_content_back(body, &rest.content, self.body);
            }
        }
        exchange.target = self.target;
        Ok(step)
    }
}

/// What is sent of a target in the usual case (RFC 9112 section 3.2.1): path and query.
fn origin_form(target: &str) -> &str {
    let Some((_, rest)) = target.split_once("://") else {
        return "";
    };
    let Some(path) = rest.find(['/', '?', '#']) else {
        return "/";
    };
    let path = &rest[path..];
    let path = &path[..path.find('#').unwrap_or(path.len())];
    if path.is_empty() { "/" } else { path }
}

fn since_1970(at: SystemTime) -> Option<(u64, u32)> {
    let since = at.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    Some((since.as_secs(), since.subsec_nanos()))
}

fn timeline(took: &[(String, u64)]) -> Result<Timeline, String> {
    let mut timeline = Timeline::default();
    for (phase, took) in took {
        let phase: Phase = phase
            .parse()
            .map_err(|error: httpwhy_model::UnknownWord| error.to_string())?;
        timeline.add(phase, Duration::from_micros(*took));
    }
    Ok(timeline)
}

fn take_values(response: &mut Response) -> Vec<(usize, BytesJson)> {
    let lines = response.fields.list.iter_mut().enumerate();
    let own = lines.filter(|(_, field)| {
        let mut names = OWN_VALUES.iter();
        names.any(|name| field.name.eq_ignore_ascii_case(name.as_bytes()))
    });
    own.filter_map(|(at, field)| match &mut field.value {
        Value::Bytes(bytes) if !bytes.is_empty() => {
            Some((at, BytesJson::new(&std::mem::take(bytes))))
        }
        Value::Bytes(_) | Value::Redacted(_) => None,
    })
    .collect()
}

fn take_sizes(response: &mut Response) -> Sizes {
    let Seen::Present(body) = &mut response.body else {
        return Sizes::default();
    };
    let received = std::mem::replace(&mut body.received, Seen::NotCaptured);
    if received.is_absent() {
        body.received = Seen::Absent;
    }
    let length = match &mut body.framing {
        Framing::Length(length) => Some(std::mem::take(length)),
        _ => None,
    };
    Sizes(received.present(), length)
}

fn take_body(response: &mut Response) -> Option<Bytes> {
    match &mut response.body {
        Seen::Present(body) if !body.bytes.is_empty() => Some(std::mem::take(&mut body.bytes)),
        _ => None,
    }
}

fn give_back(response: &mut Response, values: Vec<(usize, BytesJson)>) -> Result<(), String> {
    for (at, value) in values {
        let field = response.fields.list.get_mut(at);
        let field = field.ok_or_else(|| format!("rest: there is no field line {at}"))?;
        field.value = Value::Bytes(value.bytes()?);
    }
    Ok(())
}

fn give_content_back(body: &mut Body, sizes: &Sizes, content: Option<Bytes>) {
    let &Sizes(received, length) = sizes;
    if let Some(received) = received {
        body.received = Seen::Present(received);
    }
    if let (Framing::Length(framed), Some(length)) = (&mut body.framing, length) {
        *framed = length;
    }
    if let Some(content) = content {
        body.bytes = content;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use httpwhy_model::{End, Fields, Sent};

    fn exchange(target: &str, date: &str, content: &'static str) -> Exchange {
        let mut exchange = Exchange {
            target: target.to_owned(),
            observed_at: Seen::Present(SystemTime::UNIX_EPOCH + Duration::from_micros(1_234_567)),
            sent: Sent::All,
            end: End::Answered,
            received: content.len() as u64,
            peer: Some("127.0.0.1:80".parse().expect("an address")),
            ..Exchange::default()
        };
        exchange.request.method = "GET".into();
        exchange.request.target = origin_form(target).as_bytes().to_vec().into();
        exchange
            .timeline
            .add(Phase::Wait, Duration::from_micros(1500));
        let length = content.len().to_string();
        exchange.response = Some(Response {
            version: "HTTP/1.1".into(),
            code: "404".into(),
            fields: Fields::of(
                [
                    ("Date", date),
                    ("Content-Type", "text/html"),
                    ("Content-Length", &length),
                ]
                .map(|(name, value)| (name.to_owned(), value.to_owned())),
            ),
            body: Seen::Present(Body::whole(content, Framing::Length(content.len() as u64))),
            ..Response::default()
        });
        exchange
    }

    #[test]
    fn parts_are_the_exchange_again() {
        for target in [
            "http://a.example/x?y=1",
            "http://a.example",
            "http://a.example?q#f",
            "no URI",
            "",
        ] {
            let whole = exchange(target, "Sat, 21 Nov 2026 10:00:00 GMT", "gone");
            let step = StoredParts::of(whole.clone(), Because::Redirect(0)).join();
            let step = step.expect("what was taken apart");
            assert_eq!(step.exchange, whole, "{target}");
            assert_eq!(step.because, Because::Redirect(0));
        }
        let mut proxied = exchange("http://a.example/x", "", "");
        proxied.request.target = "http://a.example/x".into();
        let step = StoredParts::of(proxied.clone(), Because::Asked).join();
        assert_eq!(step.expect("the same").exchange, proxied);
    }

    #[test]
    fn exchanges_alike_have_one_head() {
        let one = exchange(
            "http://a.example/1",
            "Sat, 21 Nov 2026 10:00:00 GMT",
            "gone",
        );
        let two = exchange(
            "http://a.example/22",
            "Sat, 21 Nov 2026 10:00:07 GMT",
            "it is gone",
        );
        let one = StoredParts::of(one, Because::Asked);
        let two = StoredParts::of(two, Because::Asked);
        assert_eq!(one.head, two.head);
        assert_ne!(one.rest, two.rest);
        assert_ne!(one.body, two.body);
    }

    #[test]
    fn what_is_no_part_is_refused() {
        let parts = StoredParts::of(exchange("http://a.example/", "x", "y"), Because::Asked);
        let bad_head = StoredParts {
            head: b"{".to_vec(),
            ..parts.clone()
        };
        assert!(bad_head.join().expect_err("torn").starts_with("head: "));
        let far = StoredParts {
            rest: br#"{"values":[[99,"x"]]}"#.to_vec(),
            ..parts
        };
        assert_eq!(
            far.join().expect_err("beyond"),
            "rest: there is no field line 99"
        );
    }
}
