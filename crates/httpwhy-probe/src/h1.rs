//! One HTTP/1 exchange on a stream.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use httpwhy_model::{End, Exchange, Framing, Phase, Seen, Sent, Signal, TlsFault};
use httpwhy_wire::h1::{Message, Reader, State};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::connection::Facts;
use crate::deadline::{limit, timeout};
use crate::run::Local;
use crate::signals;
use crate::stream::Stream;
use crate::talk::{After, Talk, expects_continue, fail};

/// Bytes past the bound that are read to the end of the content: cheaper than another connection. Never more than a
/// sixteenth of the bound.
const DRAINED: u64 = 64 * 1024;
/// How long more of what is not HTTP is awaited.
const FOREIGN: Duration = Duration::from_secs(1);
/// How the transport ended before the message did.
enum Broken {
    /// In order. Under TLS, `unclean`: without close_notify.
    End { unclean: bool },
    /// By a reset, an error or a deadline.
    Failed(Signal),
    /// We have had enough, for that reason if there is one.
    Enough(Option<Signal>),
}

/// The reading side.
struct Reading<'a> {
    reader: Reader,
    local: &'a Local,
    /// Bytes received, those behind the message included.
    received: u64,
    /// Bytes kept of what follows a switch of protocol in the same piece; a piece is never longer.
    rest: Vec<u8>,
}

/// When the answer came.
struct Came {
    first: Option<Instant>,
    /// The last moment known: that of its last piece, if any came.
    last: Instant,
}

/// What moved first while the request was being sent.
enum Moved {
    Wrote(io::Result<usize>),
    Read(io::Result<usize>),
}

/// Sends the request and reads the response. `exchange.request` is what `out` holds.
pub(crate) async fn exchange(
    talk: &Talk<'_>,
    stream: &mut Stream,
    facts: &Facts,
    out: &[u8],
    exchange: &mut Exchange,
) -> After {
    let mut reading = Reading {
        reader: Reader::response(&exchange.request.method, talk.limits),
        local: talk.local,
        received: 0,
        rest: Vec::new(),
    };
    // A kept connection was there at once.
    let began = match exchange.reused {
        Seen::Present(true) => talk.budget.began(),
        _ => Instant::now(),
    };
    let unsent = match held_content(out, exchange) {
        None => talk.send(began, stream, out, &mut reading, exchange).await,
        Some((head, content)) => {
            let asking = talk.ask_leave(stream, head, &mut reading, exchange);
            match Box::pin(asking).await {
                Ok(true) => {
                    let now = Instant::now();
                    talk.send(now, stream, content, &mut reading, exchange)
                        .await
                }
                Ok(false) => None,
                Err(signal) => Some(signal),
            }
        }
    };
    let sent = Instant::now();
    exchange.timeline.add(Phase::Send, sent - began);
    let lost = unsent.is_some();
    // The system tells of a reset once; what it then shows as the end of the stream is no orderly one.
    let torn = matches!(unsent, Some(Signal::Errno(_)));
    // What came while the peer took no more was read then, and the time for it is over.
    let late = matches!(unsent, Some(Signal::Timeout(_)));
    if let Some(signal) = unsent {
        exchange.signal(Phase::Send, signal);
    }
    let mut came = Came {
        first: (reading.received > 0).then_some(sent),
        last: sent,
    };
    let broken = if late {
        Some(Broken::Enough(None))
    } else {
        talk.receive(stream, &mut reading, lost, &mut came, exchange)
            .await
    };
    let broken = match broken {
        Some(Broken::End { .. }) if torn => Some(Broken::Enough(None)),
        broken => broken,
    };
    if broken.is_some() {
        came.last = Instant::now();
    }
    let first = came.first.unwrap_or(came.last);
    exchange.timeline.add(Phase::Wait, first - sent);
    if came.first.is_some() {
        exchange.timeline.add(Phase::Receive, came.last - first);
    }
    talk.conclude(facts, reading, broken, lost, exchange)
}

impl Talk<'_> {
    /// Sends the request, reading what comes meanwhile whenever the peer takes no more of it. The signal says why it
    /// could not be sent. It is `now`.
    async fn send(
        &self,
        mut now: Instant,
        stream: &mut Stream,
        out: &[u8],
        reading: &mut Reading<'_>,
        exchange: &mut Exchange,
    ) -> Option<Signal> {
        let mut rest = out;
        while !rest.is_empty() {
            let step = poll_fn(|cx| write_or_read(stream, rest, reading, cx));
            let moved = match self.within_from(now, self.deadlines.send, step).await {
                Ok(moved) => moved,
                Err(signal) => return Some(signal),
            };
            match moved {
                Moved::Wrote(Ok(0)) => {
                    return Some(signals::of_io(&io::ErrorKind::BrokenPipe.into()));
                }
                Moved::Wrote(Ok(count)) => {
                    rest = &rest[count..];
                    exchange.sent = if rest.is_empty() {
                        Sent::All
                    } else {
                        Sent::Part
                    };
                }
                Moved::Wrote(Err(error)) | Moved::Read(Err(error)) => {
                    return Some(signals::of_stream(&error));
                }
                // The peer answered, or ended its side, and takes no more: what it said is what counts.
                Moved::Read(Ok(0)) => return None,
                Moved::Read(Ok(_)) if reading.is_over() => return None,
                Moved::Read(Ok(_)) => {}
            }
            if !rest.is_empty() {
                now = Instant::now();
            }
        }
        if !stream.holds_back() {
            return None;
        }
        let flush = poll_fn(|cx| Pin::new(&mut *stream).poll_flush(cx));
        match self.within(self.deadlines.send, flush).await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(signals::of_stream(&error)),
            Err(signal) => Some(signal),
        }
    }

    /// Sends the head and waits a while for leave to send the content (RFC 9110 section 10.1.1): whether to send it.
    async fn ask_leave(
        &self,
        stream: &mut Stream,
        head: &[u8],
        reading: &mut Reading<'_>,
        exchange: &mut Exchange,
    ) -> Result<bool, Signal> {
        let now = Instant::now();
        if let Some(signal) = self.send(now, stream, head, reading, exchange).await {
            return Err(signal);
        }
        exchange.sent = Sent::Part;
        let patience = self.deadlines.expect;
        let until = Instant::now() + patience;
        loop {
            if reading
                .reader
                .interim_heads()
                .iter()
                .any(|i| i.code == "100")
            {
                return Ok(true);
            }
            // A final answer: the content is not wanted.
            if reading.is_over() || reading.reader.state() != State::Head {
                return Ok(false);
            }
            let left = until.saturating_duration_since(Instant::now());
            let read = poll_fn(|cx| reading.poll(stream, cx));
            match self.within(left, read).await {
                Ok(Ok(0)) => return Ok(false),
                Ok(Ok(_)) => {}
                Ok(Err(error)) if signals::is_unclean_end(&error) => return Ok(false),
                Ok(Err(error)) => return Err(signals::of_stream(&error)),
                Err(Signal::Timeout(_)) => {
                    exchange.signal(Phase::Send, timeout(patience));
                    return Ok(true);
                }
                Err(signal) => return Err(signal),
            }
        }
    }

    /// Reads until the message is over (`None`) or cannot go on. `lost`: the request could not be sent, so only what
    /// has come already is read.
    async fn receive(
        &self,
        stream: &mut Stream,
        reading: &mut Reading<'_>,
        lost: bool,
        came: &mut Came,
        exchange: &mut Exchange,
    ) -> Option<Broken> {
        while !reading.is_over() {
            if let Some(enough) = self.enough(reading) {
                return Some(enough);
            }
            let (patience, foreign) = self.patience(reading, lost);
            let read = poll_fn(|cx| reading.poll(stream, cx));
            match self.within_from(came.last, patience, read).await {
                Err(_) if foreign || lost => return Some(Broken::Enough(None)),
                Err(signal) => return Some(Broken::Failed(signal)),
                Ok(Ok(0)) => return Some(Broken::End { unclean: false }),
                Ok(Ok(_)) => {
                    came.last = Instant::now();
                    came.first.get_or_insert(came.last);
                    exchange.received = reading.received;
                }
                Ok(Err(error)) if signals::is_unclean_end(&error) => {
                    return Some(Broken::End { unclean: true });
                }
                Ok(Err(error)) => return Some(Broken::Failed(signals::of_stream(&error))),
            }
        }
        None
    }

    /// How long the next piece may take, and whether it is no HTTP that is awaited.
    fn patience(&self, reading: &Reading<'_>, lost: bool) -> (Duration, bool) {
        let reader = &reading.reader;
        let foreign = reader.state() == State::Body && !reader.has_head();
        let patience = match reader.total() {
            0 => self.deadlines.wait,
            _ => self.deadlines.receive,
        };
        if foreign || lost {
            (patience.min(FOREIGN), foreign)
        } else {
            (patience, false)
        }
    }

    fn enough(&self, reading: &Reading<'_>) -> Option<Broken> {
        let reader = &reading.reader;
        let content = reader.total() - reader.head_bytes();
        let drains = reader
            .content_left()
            .is_some_and(|left| left <= DRAINED.min(self.max_body / 16));
        (reader.has_head() && content > self.max_body && !drains)
            .then(|| Broken::Enough(Some(limit("body", self.max_body))))
    }

    /// Writes what was read into the exchange.
    fn conclude(
        &self,
        facts: &Facts,
        mut reading: Reading<'_>,
        broken: Option<Broken>,
        lost: bool,
        exchange: &mut Exchange,
    ) -> After {
        exchange.received = reading.received;
        let came = reading.reader.total();
        let phase = match (came, exchange.sent) {
            (0, Sent::All) => Phase::Wait,
            (0, _) => Phase::Send,
            _ => Phase::Receive,
        };
        let ended = matches!(broken, Some(Broken::End { .. }));
        let unclean = matches!(broken, Some(Broken::End { unclean: true }));
        if ended {
            reading.reader.eof();
        }
        let keeps = broken.is_none()
            && !lost
            && reading.rest.is_empty()
            && exchange.sent == Sent::All
            && reading.reader.reusable()
            && !asks_to_close(exchange);
        let message = reading.reader.finish();
        let whole = message.complete && !(unclean && is_close_delimited(&message));
        match broken {
            // What TLS says explains why nothing could be sent.
            Some(Broken::Failed(signal)) if !lost || matches!(signal, Signal::TlsAlert(_)) => {
                fail(facts, phase, signal, exchange);
            }
            Some(Broken::Enough(Some(signal))) => exchange.signal(phase, signal),
            // What is no HTTP message is not cut off either.
            Some(Broken::End { .. }) if !whole && !lost && !is_foreign(&message) => {
                if came == 0 && facts.client_cert_wanted {
                    let wanted = signals::tls(TlsFault::ClientCertWanted);
                    exchange.signal(Phase::Tls, wanted);
                }
                exchange.signal(phase, Signal::Eof(came));
            }
            _ => {}
        }
        if unclean && came > 0 {
            exchange.signal(Phase::Receive, signals::tls(TlsFault::NoCloseNotify));
        }
        self.fill(message, whole, came, unclean, exchange);
        if exchange.end == End::Upgraded {
            After::Upgraded(reading.rest)
        } else if keeps {
            After::Keep
        } else {
            After::Close
        }
    }

    fn fill(
        &self,
        message: Message,
        whole: bool,
        came: u64,
        unclean: bool,
        exchange: &mut Exchange,
    ) {
        for defect in message.defects {
            let too_large = defect.is("h1:head-too-large");
            exchange.signal(Phase::Receive, defect);
            if too_large {
                exchange.signal(Phase::Receive, limit("head", self.limits.head as u64));
            }
        }
        exchange.end = match () {
            () if message.upgraded => End::Upgraded,
            () if whole => End::Answered,
            () if came > 0 => End::Partial,
            () => End::Nothing,
        };
        exchange.interim = message.interim;
        exchange.response = message.response;
        if unclean
            && !whole
            && let Some(response) = &mut exchange.response
            && let Seen::Present(body) = &mut response.body
            && body.complete == Seen::NotCaptured
        {
            // RFC 9112 section 9.8: an incomplete close leaves the message incomplete.
            body.complete = Seen::Present(false);
        }
    }
}

/// Head and content, when the content is to wait for leave. In a raw request nothing is told apart.
fn held_content<'a>(out: &'a [u8], exchange: &Exchange) -> Option<(&'a [u8], &'a [u8])> {
    let Seen::Present(body) = &exchange.request.body else {
        return None;
    };
    let content = body.bytes.len();
    let waits = content > 0 && content < out.len() && expects_continue(&exchange.request);
    waits.then(|| out.split_at(out.len() - content))
}

fn is_foreign(message: &Message) -> bool {
    message
        .defects
        .iter()
        .any(|signal| signal.is("h1:not-http"))
}

fn is_close_delimited(message: &Message) -> bool {
    let body = message.response.as_ref().map(|response| &response.body);
    matches!(body, Some(Seen::Present(body)) if body.framing == Framing::Close)
}

fn asks_to_close(exchange: &Exchange) -> bool {
    let connection = exchange.request.fields.text("connection");
    connection.is_some_and(|value| {
        value
            .split(',')
            .any(|option| option.trim().eq_ignore_ascii_case("close"))
    })
}

impl Reading<'_> {
    fn is_over(&self) -> bool {
        matches!(self.reader.state(), State::Done | State::Upgraded)
    }

    /// Reads once into the thread's buffer and feeds the reader from it: 0 bytes are the end.
    fn poll(&mut self, stream: &mut Stream, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut buffer = self.local.buffer.borrow_mut();
        let mut into = ReadBuf::new(&mut buffer);
        ready!(Pin::new(stream).poll_read(cx, &mut into))?;
        let bytes = into.filled();
        self.received += bytes.len() as u64;
        let progress = self.reader.feed(bytes);
        let rest = &bytes[progress.consumed..];
        if !rest.is_empty() {
            self.reader.extra(rest);
            self.rest = rest.to_vec();
        }
        Poll::Ready(Ok(bytes.len()))
    }
}

fn write_or_read(
    stream: &mut Stream,
    rest: &[u8],
    reading: &mut Reading<'_>,
    cx: &mut Context<'_>,
) -> Poll<Moved> {
    match Pin::new(&mut *stream).poll_write(cx, rest) {
        Poll::Ready(wrote) => Poll::Ready(Moved::Wrote(wrote)),
        Poll::Pending => reading.poll(stream, cx).map(Moved::Read),
    }
}
