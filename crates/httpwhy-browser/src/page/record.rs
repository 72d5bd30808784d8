//! What the browser tells while a page loads, gathered by request.

use std::collections::{HashMap, HashSet};

use httpwhy_model::{Fields, Signal};
use serde_json::Value;

use super::fields;
use super::hop::{Answer, Content, Hop, Over, Raw, moment};
use super::socket::Report;
use crate::json::{cut, is_set, number, text, text_or_empty, whole};
use crate::trouble::{joined, signal};

/// Requests kept of one page; more are counted.
pub(crate) const REQUESTS: usize = 1000;
/// Heads kept that belong to no request yet: their events may come first.
const HEADS: usize = 4 * REQUESTS;
/// Notes of the page's scripts kept.
const NOTES: usize = 20;
/// Reports of the page's WebSockets kept.
const REPORTS: usize = 2 * REQUESTS;

/// What was told of a page so far.
#[derive(Debug, Default)]
pub(crate) struct Record {
    frame: String,
    session: String,
    pub(crate) hops: Vec<Hop>,
    /// The hops of each request, in order.
    by_request: HashMap<String, Vec<usize>>,
    sent: HashMap<String, Vec<Fields>>,
    raw: HashMap<String, Vec<Raw>>,
    heads: usize,
    /// What scripts complained of.
    pub(crate) notes: Vec<Signal>,
    /// Requests and notes that were not kept.
    pub(crate) more: u64,
    /// What is wrong with the page's certificate, where that did not stop it.
    pub(crate) certificate: Option<String>,
    /// The page went elsewhere by itself.
    navigates: bool,
    /// The WebSockets that documents told of: session, context and number, with URL and rank among those of that URL.
    reports: HashMap<(String, u64, u64), (String, usize)>,
    ranks: HashMap<(String, String), usize>,
}

/// A response of which the content is wanted.
pub(crate) struct Wanted {
    pub(crate) hop: usize,
    pub(crate) request: String,
    pub(crate) session: String,
}

impl Record {
    /// An empty one, of the page in that frame and session.
    pub(crate) fn new(frame: String, session: String) -> Self {
        Self {
            frame,
            session,
            ..Self::default()
        }
    }

    /// Takes an event. Whether it was about the network.
    pub(crate) fn take(&mut self, session: &str, method: &str, params: &Value) -> bool {
        match method {
            "Network.requestWillBeSent" => self.request(session, params),
            "Network.requestWillBeSentExtraInfo" => self.sent(params),
            "Network.responseReceived" => self.response(params),
            "Network.responseReceivedExtraInfo" => self.raw(params),
            "Network.requestServedFromCache" => {
                if let Some(hop) = self.last(params) {
                    hop.from = Some("memory-cache");
                }
            }
            "Network.dataReceived" => {
                if let Some(hop) = self.last(params) {
                    hop.came += whole(params, "dataLength").unwrap_or_default();
                }
            }
            "Network.loadingFinished" => self.over(params, |params| Over::Whole {
                clock: number(params, "timestamp").unwrap_or_default(),
                received: whole(params, "encodedDataLength").unwrap_or_default(),
            }),
            "Network.loadingFailed" => self.over(params, Over::failed),
            _ if method.starts_with("Network.webSocket") => self.socket(session, method, params),
            _ => {
                self.note(session, method, params);
                return false;
            }
        }
        true
    }

    /// A report of the hook in a document.
    pub(crate) fn told(&mut self, session: &str, context: u64, payload: &str) {
        let Some(report) = Report::read(payload) else {
            return;
        };
        let key = (session.to_owned(), context, report.number);
        let Some(end) = report.told else {
            if self.reports.len() < REPORTS {
                let of_url = (session.to_owned(), report.url.clone());
                let rank = self.ranks.entry(of_url).or_default();
                self.reports.insert(key, (report.url, *rank));
                *rank += 1;
            }
            return;
        };
        let Some((url, rank)) = self.reports.get(&key) else {
            return;
        };
        let mut sockets = self
            .hops
            .iter_mut()
            .filter(|hop| hop.session == session && hop.url == *url)
            .filter_map(|hop| hop.socket.as_mut());
        if let Some(socket) = sockets.nth(*rank) {
            socket.told.get_or_insert(end);
        }
    }

    /// Whether nothing of the page is under way. The icon is the browser's own wish, and not waited for.
    pub(crate) fn is_quiet(&self) -> bool {
        let mut hops = self.hops.iter();
        !hops.any(|hop| hop.is_busy() && !hop.url.ends_with("/favicon.ico"))
    }

    /// Whether the page has begun to go elsewhere since this was asked last.
    pub(crate) fn navigates_again(&mut self) -> bool {
        std::mem::take(&mut self.navigates)
    }

    /// The place of the last document of the page itself.
    pub(crate) fn main_place(&self) -> Option<usize> {
        self.hops.iter().rposition(|hop| hop.main)
    }

    fn main(&self) -> Option<&Hop> {
        self.hops.get(self.main_place()?)
    }

    /// Whether the page's document is under way.
    pub(crate) fn main_is_open(&self) -> bool {
        self.main().is_some_and(|hop| hop.over.is_none())
    }

    /// Whether the head of the page's document has come.
    pub(crate) fn main_is_answered(&self) -> bool {
        self.main().is_some_and(|hop| hop.answer.is_some())
    }

    /// Whether the page's document failed before its head had come.
    pub(crate) fn main_has_failed(&self) -> bool {
        self.main().is_some_and(|hop| {
            hop.answer.is_none() && matches!(hop.over, Some(Over::Failed { .. }))
        })
    }

    /// The browser says that it did not show the page.
    pub(crate) fn not_navigated(&mut self, target: &str, error: &str) {
        let failed = Over::Failed {
            clock: 0.0,
            error: cut(error, 200).to_owned(),
            blocked: None,
            cors: None,
            cancelled: false,
        };
        match self.main_place() {
            Some(place) => {
                self.hops[place].over.get_or_insert(failed);
            }
            // Without a document there is nothing else: what comes before it is not kept.
            None => self.hops.push(Hop {
                url: target.to_owned(),
                method: "GET".to_owned(),
                main: true,
                document: true,
                over: Some(failed),
                ..Hop::default()
            }),
        }
    }

    /// The responses of which the content tells more: of the page's documents, and of what failed.
    pub(crate) fn wanted_contents(&self) -> Vec<Wanted> {
        let hops = self.hops.iter().enumerate();
        let wanted = hops.filter(|(_, hop)| {
            let failed = hop.status().is_some_and(|status| status >= 400);
            let came = matches!(hop.over, Some(Over::Whole { .. }));
            came && hop.socket.is_none() && (hop.main || failed)
        });
        let last = |(place, hop): &(usize, &Hop)| {
            self.by_request
                .get(&hop.request)
                .is_some_and(|hops| hops.last() == Some(place))
        };
        wanted
            .filter(last)
            .map(|(place, hop)| Wanted {
                hop: place,
                request: hop.request.clone(),
                session: hop.session.clone(),
            })
            .collect()
    }

    /// The content of that hop, of which so many bytes are kept.
    pub(crate) fn has_content(&mut self, hop: usize, mut bytes: Vec<u8>, keep: usize) {
        let whole = bytes.len() as u64;
        bytes.truncate(keep);
        if let Some(hop) = self.hops.get_mut(hop) {
            hop.content = Some(Content { bytes, whole });
        }
    }

    /// Gives each request the heads that were told of it apart, in their order.
    pub(crate) fn put_heads_in_place(&mut self) {
        for (request, places) in &self.by_request {
            let mut sent = self.sent.remove(request).unwrap_or_default().into_iter();
            let mut raw = self.raw.remove(request).unwrap_or_default().into_iter();
            for &place in places {
                let hop = &mut self.hops[place];
                // A redirect that the browser made up, and an answer of its cache, have none.
                if hop.answer.as_ref().is_none_or(|answer| answer.has_raw) {
                    hop.sent = hop.sent.take().or_else(|| sent.next());
                    hop.raw = raw.next();
                }
            }
        }
    }

    /// Finds out which connections carried several requests. The browser also calls those reused (`connectionReused`) that it
    /// opened ahead; and no connection is older than the page, whose browser context is its own.
    pub(crate) fn tell_connections_apart(&mut self) {
        let mut seen = HashSet::new();
        let answers = self.hops.iter_mut().filter_map(|hop| hop.answer.as_mut());
        for answer in answers.filter(|answer| answer.connection != 0) {
            answer.reused = !seen.insert(answer.connection);
        }
    }

    fn request(&mut self, session: &str, params: &Value) {
        let id = text_or_empty(params, "requestId");
        let before = self
            .by_request
            .get(id)
            .and_then(|hops| hops.last())
            .copied();
        let mut redirect_of = None;
        if let (Some(before), Some(redirect)) = (before, params.get("redirectResponse")) {
            let has_raw = is_set(params, "redirectHasExtraInfo");
            let hop = &mut self.hops[before];
            hop.from = hop.from.or(Answer::from(redirect));
            hop.over = Some(Over::Whole {
                clock: number(params, "timestamp").unwrap_or_default(),
                received: whole(redirect, "encodedDataLength").unwrap_or_default(),
            });
            hop.answer = Some(Answer::of(redirect, has_raw));
            redirect_of = Some(before);
        }
        let Some(mut hop) = Hop::of(session, params) else {
            return;
        };
        if text(&params["initiator"], "type") == Some("preflight") {
            "Preflight".clone_into(&mut hop.kind);
        }
        hop.main =
            hop.document && session == self.session && text(params, "frameId") == Some(&self.frame);
        hop.redirect_of = redirect_of;
        // Whatever the browser did before the page was asked for is not the page's.
        if !hop.main && self.hops.is_empty() {
            return;
        }
        self.navigates |= hop.main && !self.hops.is_empty();
        self.keep(hop);
    }

    fn keep(&mut self, hop: Hop) {
        if self.hops.len() >= REQUESTS && !hop.main || self.hops.len() >= 2 * REQUESTS {
            self.more += 1;
            return;
        }
        let place = self.hops.len();
        let places = self.by_request.entry(hop.request.clone());
        places.or_default().push(place);
        self.hops.push(hop);
    }

    fn sent(&mut self, params: &Value) {
        if self.has_room_for_heads() {
            let id = text_or_empty(params, "requestId").to_owned();
            let fields = fields::of_object(&params["headers"], true);
            self.sent.entry(id).or_default().push(fields);
        }
    }

    fn raw(&mut self, params: &Value) {
        if self.has_room_for_heads() {
            let id = text_or_empty(params, "requestId").to_owned();
            self.raw.entry(id).or_default().push(Raw::of(params));
        }
    }

    fn has_room_for_heads(&mut self) -> bool {
        self.heads += 1;
        self.heads <= HEADS
    }

    fn response(&mut self, params: &Value) {
        let has_raw = is_set(params, "hasExtraInfo");
        let response = &params["response"];
        if let Some(hop) = self.last(params) {
            hop.from = hop.from.or(Answer::from(response));
            hop.answer = Some(Answer::of(response, has_raw));
        }
    }

    /// The first end counts: behind a failure the browser tells of its own error page under the same number.
    fn over(&mut self, params: &Value, how: impl Fn(&Value) -> Over) {
        if let Some(hop) = self.last(params) {
            hop.over.get_or_insert_with(|| how(params));
        }
    }

    fn last(&mut self, params: &Value) -> Option<&mut Hop> {
        let places = self.by_request.get(text(params, "requestId")?)?;
        self.hops.get_mut(*places.last()?)
    }

    fn socket(&mut self, session: &str, method: &str, params: &Value) {
        if method == "Network.webSocketCreated" {
            if let Some(hop) = Hop::socket(session, params).filter(|_| !self.hops.is_empty()) {
                self.keep(hop);
            }
            return;
        }
        let Some(hop) = self.last(params) else { return };
        let Some(socket) = &mut hop.socket else {
            return;
        };
        match method {
            "Network.webSocketWillSendHandshakeRequest" => {
                hop.sent = Some(fields::of_object(&params["request"]["headers"], true));
                hop.began = number(params, "wallTime").and_then(moment);
                hop.clock = number(params, "timestamp").unwrap_or_default();
            }
            "Network.webSocketHandshakeResponseReceived" => {
                let response = &params["response"];
                socket.open = true;
                hop.raw = Some(Raw::of(response));
                hop.answer = Some(Answer::of(response, true));
            }
            "Network.webSocketFrameSent" => socket.frames_sent += 1,
            "Network.webSocketFrameReceived" => socket.frames_received += 1,
            "Network.webSocketFrameError" => {
                let said = text_or_empty(params, "errorMessage");
                socket
                    .error
                    .get_or_insert_with(|| cut(said, 400).to_owned());
            }
            "Network.webSocketClosed" => socket.closed = true,
            _ => {}
        }
    }

    /// What scripts and the browser complain of, and what it thinks of the certificate.
    fn note(&mut self, session: &str, method: &str, params: &Value) {
        let (word, said) = match method {
            "Runtime.consoleAPICalled"
                if matches!(text(params, "type"), Some("error" | "assert")) =>
            {
                ("console-error", spoken(&params["args"]))
            }
            "Runtime.exceptionThrown" => ("script-error", thrown(&params["exceptionDetails"])),
            "Log.entryAdded" => {
                let entry = &params["entry"];
                let known = matches!(text(entry, "source"), Some("network" | "javascript"));
                if known || text(entry, "level") != Some("error") {
                    return;
                }
                ("console-error", text_or_empty(entry, "text").to_owned())
            }
            "Security.visibleSecurityStateChanged" if session == self.session => {
                let state = &params["visibleSecurityState"]["certificateSecurityState"];
                let error = text(state, "certificateNetworkError");
                self.certificate = error.map(str::to_owned).or(self.certificate.take());
                return;
            }
            _ => return,
        };
        if self.notes.len() < NOTES {
            self.notes.push(signal(word, &[("text", joined(&said))]));
        } else {
            self.more += 1;
        }
    }
}

/// The arguments of a call to the console, as text.
fn spoken(args: &Value) -> String {
    let args = args.as_array().into_iter().flatten().take(8);
    let words = args.map(|arg| match arg.get("value") {
        Some(Value::String(text)) => cut(text, 300).to_owned(),
        Some(value) => value.to_string(),
        None => cut(text_or_empty(arg, "description"), 300).to_owned(),
    });
    words.collect::<Vec<_>>().join(" ")
}

/// An exception that no script caught: its first line.
fn thrown(details: &Value) -> String {
    let exception = &details["exception"];
    let said = text(exception, "description").or(text(exception, "value"));
    let said = said.unwrap_or(text_or_empty(details, "text"));
    said.lines().next().unwrap_or_default().to_owned()
}
