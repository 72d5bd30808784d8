//! Transcripts in the notation of `curl -v`: `> ` sent, `< ` received, `* ` facts.
//!
//! Beside curl's own lines, `* ` lines hold signals in their text form and the directives that
//! `catalog/README.md` lists.

use std::sync::Arc;

use bytes::Bytes;
use httpwhy_model::{
    Because, Body, Documented, End, Exchange, Framing, Phase, Response, Seen, Sent, Side, Signal,
    StatusSet, Step, Visit, Who, WsClose,
};

use crate::{Unread, curl, raw};

/// Whether content begins like a transcript: one of its first lines carries one of the three marks.
pub(crate) fn looks_like_one(bytes: &[u8]) -> bool {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(4096)]).into_owned();
    head.lines().take(40).any(|line| {
        line.starts_with("> ")
            || line.starts_with("< HTTP/")
            || line.starts_with("* ")
            || line.starts_with("curl: (")
    })
}

/// Reads a transcript as one visit.
pub fn read_transcript(text: &str) -> Result<Visit, Unread> {
    let mut reader = Reader::default();
    for (index, line) in text.lines().enumerate() {
        reader
            .line(line)
            .map_err(|what| Unread::line(index + 1, what))?;
    }
    Ok(reader.finish())
}

#[derive(Default)]
struct Reader {
    steps: Vec<Step>,
    current: Current,
}

/// The step being read.
#[derive(Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each says whether one kind of line was met"
)]
struct Current {
    exchange: Exchange,
    because: Option<Because>,
    sent: Vec<String>,
    received: Vec<String>,
    /// Whether the final head has ended, so that what follows is content.
    in_body: bool,
    phase: Option<Phase>,
    end: Option<End>,
    sent_told: Option<Sent>,
    target_told: bool,
    upgraded: bool,
    anything: bool,
    /// curl connected, and whether it spoke of TLS: without TLS the target was http.
    connected: bool,
    spoke_tls: bool,
}

impl Reader {
    fn line(&mut self, line: &str) -> Result<(), String> {
        let line = line.trim_end_matches('\r');
        let marked = |mark: char| {
            line.strip_prefix(mark)
                .map(|rest| rest.strip_prefix(' ').unwrap_or(rest))
        };
        if let Some(rest) = marked('>') {
            // A request after a response is the next one on the same connection: curl follows a redirect.
            if !self.current.received.is_empty() {
                let before = self.steps.len();
                self.next_step(Because::Redirect(before));
            }
            self.current.sent.push(rest.to_owned());
        } else if let Some(rest) = marked('<') {
            self.current.receive(rest);
        } else if let Some(rest) = marked('*') {
            return self.fact(rest.trim());
        } else if line.starts_with("curl: (") {
            self.current.curl(line);
        } else if !chatter(line) && self.current.in_body {
            // curl prints content without a mark.
            self.current.received.push(line.to_owned());
        } else {
            return Ok(());
        }
        self.current.anything = true;
        Ok(())
    }

    fn fact(&mut self, fact: &str) -> Result<(), String> {
        let (word, rest) = fact.split_once(' ').unwrap_or((fact, ""));
        let rest = rest.trim();
        if word == "step" {
            let (kind, of) = rest
                .split_once(" of ")
                .map_or((rest, None), |(kind, of)| (kind, of.parse().ok()));
            // `forwarded by 0` and `same as 0` read as English does.
            let kind = kind.split(' ').next().unwrap_or_default();
            let of = of.or_else(|| {
                rest.rsplit(' ')
                    .next()
                    .and_then(|number| number.parse().ok())
            });
            let because = Because::from_word(kind, of).map_err(|error| error.to_string())?;
            self.next_step(because);
            return Ok(());
        }
        self.current.anything = true;
        self.current.fact(word, rest, fact)
    }

    fn next_step(&mut self, because: Because) {
        let done = std::mem::replace(
            &mut self.current,
            Current {
                because: Some(because),
                ..Current::default()
            },
        );
        if done.anything {
            self.steps.push(done.finish());
        }
    }

    fn finish(mut self) -> Visit {
        self.next_step(Because::Asked);
        if self.steps.is_empty() {
            self.steps.push(Current::default().finish());
        }
        let asked = self.steps[0].exchange.target.clone();
        Visit {
            asked,
            steps: self.steps,
        }
    }
}

/// `/users/{id} 200 4XX default`: the template and the statuses that a description documents.
fn documented(rest: &str) -> Result<Documented, String> {
    let mut words = rest.split_whitespace();
    let template = words.next().unwrap_or_default().to_owned();
    let statuses = words.map(str::parse::<StatusSet>);
    Ok(Documented {
        operation: String::new(),
        template,
        statuses: statuses
            .collect::<Result<_, _>>()
            .map_err(|error| error.to_string())?,
        at: String::new(),
    })
}

/// Lines of curl's progress meter and of data it does not show.
fn chatter(line: &str) -> bool {
    line.starts_with("{ [")
        || line.starts_with("} [")
        || line.trim_start().starts_with("% Total")
        || line.contains("--:--:--")
}

impl Current {
    fn receive(&mut self, line: &str) {
        let status_line = line.starts_with("HTTP/");
        // After an interim head the next status line begins the final one.
        if status_line && self.in_body && self.last_is_interim() {
            self.in_body = false;
        }
        if line.is_empty() && !self.in_body && !self.received.is_empty() {
            self.in_body = true;
        }
        self.received.push(line.to_owned());
    }

    fn last_is_interim(&self) -> bool {
        self.received
            .iter()
            .rev()
            .find(|line| line.starts_with("HTTP/"))
            .is_some_and(|line| {
                let code = line.split(' ').nth(1).unwrap_or_default();
                code.starts_with('1') && code != "101"
            })
    }

    fn fact(&mut self, word: &str, rest: &str, fact: &str) -> Result<(), String> {
        match word {
            "vantage" => {
                let (who, side) = rest.rsplit_once(' ').unwrap_or((rest, "client"));
                match side.parse::<Side>() {
                    Ok(side) => {
                        self.exchange.vantage.side = side;
                        self.exchange.vantage.who =
                            who.parse::<Who>().map_err(|error| error.to_string())?;
                    }
                    Err(_) => {
                        self.exchange.vantage.who =
                            rest.parse::<Who>().map_err(|error| error.to_string())?;
                    }
                }
            }
            "phase" => {
                self.phase = Some(
                    rest.parse()
                        .map_err(|error: httpwhy_model::UnknownWord| error.to_string())?,
                );
            }
            "sent" if !rest.contains(' ') => {
                self.sent_told = Some(
                    rest.parse()
                        .map_err(|error: httpwhy_model::UnknownWord| error.to_string())?,
                );
            }
            "end" if !rest.contains(' ') => {
                self.end = Some(
                    rest.parse()
                        .map_err(|error: httpwhy_model::UnknownWord| error.to_string())?,
                );
            }
            "upgraded" => self.upgraded = true,
            "reused" => self.exchange.reused = Seen::Present(true),
            "target" => {
                rest.clone_into(&mut self.exchange.target);
                self.target_told = true;
            }
            "close" => self.exchange.close = close(rest)?,
            "documented" => self.exchange.documented = Some(Arc::new(documented(rest)?)),
            _ => self.signal(fact)?,
        }
        Ok(())
    }

    /// A signal in its text form, or one of curl's own lines.
    fn signal(&mut self, fact: &str) -> Result<(), String> {
        let text = fact.replace(" close=absent", "");
        if text.len() < fact.len() {
            self.exchange.close = Seen::Absent;
        }
        // `word:word` at the start is the text form; all else (`  Trying 127.0.0.1:80...`) is curl talking.
        let head = text.split(' ').next().unwrap_or_default();
        let form = head.split_once(':').is_some_and(|(dialect, word)| {
            !word.is_empty()
                && !dialect.is_empty()
                && dialect
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        });
        if !form {
            self.curl(&text);
            return Ok(());
        }
        let signal: Signal = text
            .parse()
            .map_err(|error: httpwhy_model::SignalError| error.to_string())?;
        let phase = self.phase.unwrap_or_else(|| self.phase_of(&signal));
        self.exchange.signal(phase, signal);
        Ok(())
    }

    fn curl(&mut self, line: &str) {
        self.connected |=
            line.starts_with("Connected to ") || line.starts_with("Established connection to ");
        self.spoke_tls |= ["SSL connection using", "TLSv1", "TLS handshake", "ALPN"]
            .iter()
            .any(|mark| line.contains(mark));
        for (phase, signal) in curl::facts(line) {
            let phase = match phase {
                Phase::Wait if !self.received.is_empty() => Phase::Receive,
                phase => phase,
            };
            // curl repeats its last line as its exit message, and then the exit code alone says nothing new.
            let known = self.exchange.signals().any(|(_, other)| *other == signal);
            let repeated = signal.dialect() == "curl" && self.exchange.signals().next().is_some();
            if !known && !repeated {
                self.exchange.signal(phase, signal);
            }
        }
    }

    /// The phase a signal belongs to when no `* phase` line says.
    fn phase_of(&self, signal: &Signal) -> Phase {
        match signal.dialect() {
            "dns" => Phase::Resolve,
            "cert" | "tls" | "tls-alert" => Phase::Tls,
            "h1" | "content" | "redirect" => Phase::Receive,
            "input" | "engine" | "repeater" | "auth" | "browser" | "fleet" | "webdriver" => {
                Phase::Queue
            }
            _ if self.upgraded => Phase::Close,
            _ if !self.received.is_empty() => Phase::Receive,
            _ if !self.sent.is_empty() => Phase::Wait,
            _ => Phase::Connect,
        }
    }

    fn finish(mut self) -> Step {
        self.request();
        let told = self.end;
        self.response();
        self.exchange.end = told.unwrap_or_else(|| self.ended());
        self.exchange.sent = self.sent_told.unwrap_or_else(|| self.how_much_sent());
        if self.upgraded && self.exchange.end == End::Answered {
            self.exchange.end = End::Upgraded;
        }
        Step {
            exchange: self.exchange,
            because: self.because.unwrap_or(Because::Asked),
        }
    }

    fn request(&mut self) {
        if self.sent.is_empty() {
            return;
        }
        let mut text = self.sent.join("\r\n");
        text.push_str("\r\n\r\n");
        if let Ok(request) = raw::read_request(text.as_bytes()) {
            if !self.target_told
                && let Some(target) = raw::target_uri(&request)
            {
                self.exchange.target = match target.strip_prefix("https://") {
                    Some(rest) if self.connected && !self.spoke_tls => format!("http://{rest}"),
                    _ => target,
                };
            }
            self.exchange.request = request;
        }
    }

    fn response(&mut self) {
        if self.received.is_empty() {
            return;
        }
        let (head, content) = self.split_received();
        let (message, _) =
            crate::read_response(head.as_bytes(), &self.exchange.request.method, false);
        self.exchange.interim = message.interim;
        self.exchange.response = message.response;
        // Line ends are the transcript's, not the server's: only what the text itself shows counts.
        for defect in message.defects {
            if !self.exchange.signals().any(|(_, known)| {
                known.dialect() == "h1" && known.word_text() == defect.word_text()
            }) {
                self.exchange.signal(Phase::Receive, defect);
            }
        }
        self.exchange.received = (head.len() + content.len()) as u64;
        let Some(response) = self.exchange.response.as_mut() else {
            return;
        };
        let framing = framing(response);
        if framing != Framing::None || !content.is_empty() {
            let whole =
                matches!(framing, Framing::Length(length) if length == content.len() as u64);
            response.body = Seen::Present(Body {
                received: if whole {
                    Seen::Present(content.len() as u64)
                } else {
                    Seen::NotCaptured
                },
                complete: if whole {
                    Seen::Present(true)
                } else {
                    Seen::NotCaptured
                },
                bytes: Bytes::from(content),
                framing,
            });
        }
    }

    /// All heads, and the content behind the last one.
    fn split_received(&self) -> (String, String) {
        let mut head = String::new();
        let mut lines = self.received.iter().peekable();
        let mut interim = true;
        while let Some(line) = lines.next() {
            head.push_str(line);
            head.push_str("\r\n");
            if line.starts_with("HTTP/") {
                let code = line.split(' ').nth(1).unwrap_or_default();
                interim = code.starts_with('1') && code != "101";
            }
            if line.is_empty()
                && !(interim && lines.peek().is_some_and(|next| next.starts_with("HTTP/")))
            {
                break;
            }
        }
        if !head.ends_with("\r\n\r\n") && !self.cut_in_head() {
            head.push_str("\r\n");
        }
        let content = lines.map(String::as_str).collect::<Vec<_>>().join("\n");
        (head, content)
    }

    /// The transcript itself says that the head did not come to its end.
    fn cut_in_head(&self) -> bool {
        self.exchange.signals().any(|(_, signal)| {
            signal.is("h1:truncated-head")
                || signal.is("h1:head-too-large")
                || signal.is("limit:head")
        })
    }

    fn ended(&self) -> End {
        let exchange = &self.exchange;
        let cut = |(_, signal): (Phase, &Signal)| match signal {
            Signal::Errno(_) | Signal::Timeout(_) | Signal::Eof(_) => true,
            Signal::H1 { defect, .. } => {
                defect.as_str().starts_with("truncated")
                    || defect.as_str().starts_with("bad-chunk")
                    || defect.as_str() == "chunk-end-missing"
            }
            Signal::Word { dialect, .. } => {
                matches!(dialect.as_ref(), "limit" | "curl" | "h2" | "h3")
            }
            _ => false,
        };
        let log = matches!(exchange.vantage.who, Who::Log(_));
        match &exchange.response {
            Some(response) if response.status() == Some(101) => End::Upgraded,
            Some(response) => {
                let late = exchange
                    .signals()
                    .filter(|&(phase, _)| phase >= Phase::Receive)
                    .any(cut);
                let close_framed =
                    matches!(&response.body, Seen::Present(body) if body.framing == Framing::Close);
                let only_eof = exchange
                    .signals()
                    .all(|(_, signal)| !matches!(signal, Signal::Errno(_) | Signal::Timeout(_)));
                let whole = matches!(&response.body, Seen::Present(body) if body.complete == Seen::Present(true));
                let complete = whole
                    || (close_framed && only_eof)
                    || bodyless(response, &exchange.request.method);
                if late && !complete {
                    End::Partial
                } else {
                    End::Answered
                }
            }
            None if !exchange.interim.is_empty() => End::Partial,
            None if log => End::NotCaptured,
            None if exchange.signals().next().is_some() || !self.sent.is_empty() => End::Nothing,
            None => End::NotCaptured,
        }
    }

    fn how_much_sent(&self) -> Sent {
        let first = self.exchange.signals().next().map(|(phase, _)| phase);
        match first {
            _ if self.exchange.response.is_some() || !self.exchange.interim.is_empty() => Sent::All,
            Some(phase) if phase < Phase::Send => Sent::Nothing,
            Some(Phase::Send) => Sent::Part,
            _ if !self.sent.is_empty() => Sent::All,
            _ => Sent::Unknown,
        }
    }
}

/// How the end of a transcript's content would be found, by its fields (RFC 9112 section 6.3).
fn framing(response: &Response) -> Framing {
    if matches!(response.status(), Some(100..=199 | 204 | 304)) {
        return Framing::None;
    }
    if response.fields.has("transfer-encoding") {
        return Framing::Chunked;
    }
    match response
        .fields
        .text("content-length")
        .and_then(|text| text.trim().parse().ok())
    {
        Some(length) => Framing::Length(length),
        None if response.version.starts_with(b"HTTP/1") => Framing::Close,
        None => Framing::Unknown,
    }
}

fn bodyless(response: &Response, method: &[u8]) -> bool {
    method == b"HEAD"
        || framing(response) == Framing::None
        || framing(response) == Framing::Length(0)
}

/// `1000 bye`, `no-code` or `absent`.
fn close(text: &str) -> Result<Seen<WsClose>, String> {
    let (code, reason) = text.split_once(' ').unwrap_or((text, ""));
    match code {
        "absent" => Ok(Seen::Absent),
        "no-code" => Ok(Seen::Present(WsClose::default())),
        _ => {
            let code = code.parse().map_err(|_| {
                format!("a close code, no-code or absent is expected, not '{code}'")
            })?;
            Ok(Seen::Present(WsClose {
                code: Some(code),
                reason: reason.as_bytes().to_vec(),
            }))
        }
    }
}
