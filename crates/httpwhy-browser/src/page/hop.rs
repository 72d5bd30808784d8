//! One request of a page, as the browser told of it: its own, each redirect, each WebSocket.

use std::time::{Duration, Instant, SystemTime};

use httpwhy_model::Fields;
use serde_json::Value;

use super::fields;
use super::socket::Socket;
use crate::json::{cut, is_set, number, text, text_or_empty, whole};

/// Bytes of a URL kept at most.
const URL: usize = 16 * 1024;

/// One request, and what came of it.
#[derive(Debug, Default)]
pub(crate) struct Hop {
    /// The protocol's name for it, shared with its redirects.
    pub(crate) request: String,
    pub(crate) session: String,
    /// The document that it belongs to.
    pub(crate) loader: String,
    /// `Document`, `Script`, `Fetch` …
    pub(crate) kind: String,
    /// A document of the page itself, not of a frame in it.
    pub(crate) main: bool,
    /// A document, also one of a frame.
    pub(crate) document: bool,
    pub(crate) url: String,
    pub(crate) method: String,
    /// What the browser meant to send.
    pub(crate) meant: Fields,
    /// What it sent.
    pub(crate) sent: Option<Fields>,
    pub(crate) began: Option<SystemTime>,
    /// When it was told of here.
    pub(crate) seen: Option<Instant>,
    /// On the browser's own clock, in seconds.
    pub(crate) clock: f64,
    pub(crate) answer: Option<Answer>,
    /// The status and the fields as they came, where the browser showed them.
    pub(crate) raw: Option<Raw>,
    pub(crate) over: Option<Over>,
    /// The request before it, when that was answered by a redirect.
    pub(crate) redirect_of: Option<usize>,
    /// It was answered from there, not by the network: `disk-cache`, `memory-cache`, `service-worker`.
    pub(crate) from: Option<&'static str>,
    pub(crate) socket: Option<Socket>,
    pub(crate) content: Option<Content>,
    /// Bytes of content that were handed on while it came.
    pub(crate) came: u64,
}

/// A response's head, with how the connection was made.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) reason: String,
    pub(crate) fields: Fields,
    pub(crate) protocol: String,
    pub(crate) address: String,
    pub(crate) port: u16,
    /// Whether a request of the page went over its connection before.
    pub(crate) reused: bool,
    pub(crate) connection: u64,
    pub(crate) timing: Option<Timing>,
    pub(crate) security: Option<Value>,
    /// Bytes received so far, head included.
    pub(crate) received: u64,
    /// Whether [`Raw`] belongs to it.
    pub(crate) has_raw: bool,
}

/// The octets of a response's head, or its fields.
#[derive(Debug, Default)]
pub(crate) struct Raw {
    pub(crate) status: u16,
    pub(crate) fields: Fields,
    pub(crate) version: String,
}

/// How a request ended.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Over {
    /// All of it came.
    Whole { clock: f64, received: u64 },
    /// It failed.
    Failed {
        clock: f64,
        error: String,
        blocked: Option<String>,
        cors: Option<(String, String)>,
        cancelled: bool,
    },
}

/// The content of a response, or its beginning, without content codings.
#[derive(Debug, Default)]
pub(crate) struct Content {
    pub(crate) bytes: Vec<u8>,
    pub(crate) whole: u64,
}

/// When what happened, in milliseconds behind `start`; negative: it did not.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Timing {
    /// On the browser's own clock, in seconds.
    pub(crate) start: f64,
    pub(crate) dns: (f64, f64),
    pub(crate) connect: (f64, f64),
    pub(crate) ssl: (f64, f64),
    pub(crate) send: (f64, f64),
    pub(crate) head: f64,
}

impl Hop {
    /// A request as `Network.requestWillBeSent` tells of it. `None`: it is none for the network (`data:`, `blob:` …).
    pub(crate) fn of(session: &str, params: &Value) -> Option<Self> {
        let request = &params["request"];
        let url = text(request, "url").filter(|url| is_network(url))?;
        let kind = text_or_empty(params, "type");
        Some(Self {
            request: text(params, "requestId")?.to_owned(),
            session: session.to_owned(),
            loader: text_or_empty(params, "loaderId").to_owned(),
            kind: cut(kind, 40).to_owned(),
            document: kind == "Document",
            url: cut(url, URL).to_owned(),
            method: cut(text_or_empty(request, "method"), 64).to_owned(),
            meant: fields::of_object(&request["headers"], false),
            began: number(params, "wallTime").and_then(moment),
            clock: number(params, "timestamp").unwrap_or_default(),
            seen: Some(Instant::now()),
            ..Self::default()
        })
    }

    /// A WebSocket as `Network.webSocketCreated` tells of it.
    pub(crate) fn socket(session: &str, params: &Value) -> Option<Self> {
        let url = text(params, "url").filter(|url| is_network(url))?;
        Some(Self {
            request: text(params, "requestId")?.to_owned(),
            session: session.to_owned(),
            kind: "WebSocket".to_owned(),
            url: cut(url, URL).to_owned(),
            method: "GET".to_owned(),
            seen: Some(Instant::now()),
            socket: Some(Socket::default()),
            ..Self::default()
        })
    }

    /// Whether it keeps the network busy: not answered in full, and no stream that may stay open.
    pub(crate) fn is_busy(&self) -> bool {
        if let Some(socket) = &self.socket {
            return socket.is_opening();
        }
        let streams = self.kind == "EventSource" && self.answer.is_some();
        self.over.is_none() && !streams
    }

    /// The status, by whatever told it.
    pub(crate) fn status(&self) -> Option<u16> {
        let answer = self.answer.as_ref().map(|answer| answer.status);
        answer.or(self.raw.as_ref().map(|raw| raw.status))
    }
}

/// Whether a request for it goes to the network.
fn is_network(url: &str) -> bool {
    ["http://", "https://", "ws://", "wss://"]
        .iter()
        .any(|scheme| url.starts_with(scheme))
}

/// Seconds since 1970.
pub(crate) fn moment(seconds: f64) -> Option<SystemTime> {
    let since = Duration::try_from_secs_f64(seconds).ok()?;
    SystemTime::UNIX_EPOCH.checked_add(since)
}

impl Answer {
    /// A response as the protocol tells of it.
    pub(crate) fn of(response: &Value, has_raw: bool) -> Self {
        Self {
            status: whole(response, "status").map_or(0, |status| status.min(999) as u16),
            reason: cut(text_or_empty(response, "statusText"), 1024).to_owned(),
            fields: fields::of_object(&response["headers"], true),
            protocol: cut(text_or_empty(response, "protocol"), 40).to_owned(),
            address: cut(text_or_empty(response, "remoteIPAddress"), 64).to_owned(),
            port: whole(response, "remotePort").map_or(0, |port| port.min(65_535) as u16),
            reused: false,
            connection: whole(response, "connectionId").unwrap_or_default(),
            timing: Timing::of(&response["timing"]),
            security: response
                .get("securityDetails")
                .filter(|it| it.is_object())
                .cloned(),
            received: whole(response, "encodedDataLength").unwrap_or_default(),
            has_raw,
        }
    }

    /// From where it came, when not from the network.
    pub(crate) fn from(response: &Value) -> Option<&'static str> {
        if is_set(response, "fromServiceWorker") {
            Some("service-worker")
        } else if is_set(response, "fromDiskCache") {
            Some("disk-cache")
        } else {
            is_set(response, "fromPrefetchCache").then_some("prefetch-cache")
        }
    }
}

impl Raw {
    /// As `Network.responseReceivedExtraInfo` tells of it.
    pub(crate) fn of(params: &Value) -> Self {
        let head = text(params, "headersText").filter(|head| head.starts_with("HTTP/"));
        Self {
            status: whole(params, "statusCode").map_or(0, |status| status.min(999) as u16),
            fields: match head {
                Some(head) => fields::of_head(head),
                None => fields::of_object(&params["headers"], true),
            },
            version: head
                .and_then(fields::version_of_head)
                .unwrap_or_default()
                .to_owned(),
        }
    }
}

impl Timing {
    fn of(timing: &Value) -> Option<Self> {
        let at = |name: &str| number(timing, name).unwrap_or(-1.0);
        Some(Self {
            start: number(timing, "requestTime")?,
            dns: (at("dnsStart"), at("dnsEnd")),
            connect: (at("connectStart"), at("connectEnd")),
            ssl: (at("sslStart"), at("sslEnd")),
            send: (at("sendStart"), at("sendEnd")),
            head: at("receiveHeadersEnd"),
        })
    }
}

impl Over {
    /// As `Network.loadingFailed` tells of it.
    pub(crate) fn failed(params: &Value) -> Self {
        let cors = &params["corsErrorStatus"];
        let short = |text: &str| cut(text, 200).to_owned();
        Self::Failed {
            clock: number(params, "timestamp").unwrap_or_default(),
            error: short(text_or_empty(params, "errorText")),
            blocked: text(params, "blockedReason").map(short),
            cors: text(cors, "corsError")
                .map(|error| (short(error), short(text_or_empty(cors, "failedParameter")))),
            cancelled: is_set(params, "canceled"),
        }
    }
}
