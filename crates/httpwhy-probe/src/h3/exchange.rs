//! One exchange over HTTP/3.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::{Buf, Bytes, BytesMut};
use h3::client::RequestStream;
use h3::error::{Code, ConnectionError, LocalError, StreamError};
use h3_quinn::SendStream;
use httpwhy_model::{Body, End, Exchange, Framing, Phase, Response, Seen, Sent, Signal, TlsFault};
use quinn::VarInt;

use super::frames::TooLong;
use super::wire::Receive;
use super::{Http3, Link, message};
use crate::connection::Facts;
use crate::deadline::limit;
use crate::signals::{self, Via};
use crate::talk::{After, Talk};

/// Content handed to the connection at once.
const PIECE: usize = 16 * 1024;
/// How long an answer is awaited to a request that could not be sent.
const FORLORN: Duration = Duration::from_secs(1);

/// Sends the request and reads the response.
pub(super) async fn exchange(
    talk: &Talk<'_>,
    http: &mut Http3,
    facts: &Facts,
    exchange: &mut Exchange,
) -> After {
    let Some(request) = message::request(&exchange.request) else {
        exchange.signal(Phase::Queue, Signal::word("input", "invalid-request"));
        return After::Keep;
    };
    let before = http.link.seen.received();
    let began = Instant::now();
    let opening = http.requests.send_request(request);
    let opening = alongside(opening, |cx| http.link.drive(cx));
    let stream = match talk.budget.within(talk.deadlines.send, opening).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => {
            exchange.timeline.add(Phase::Send, began.elapsed());
            let ended = http.link.quic.close_reason();
            let said = signals::of_h3_stream(&error, Via::StopSending, ended.as_ref());
            record(facts, Phase::Send, said, exchange);
            return After::Close;
        }
        Err(signal) => {
            exchange.timeline.add(Phase::Send, began.elapsed());
            exchange.signal(Phase::Send, signal);
            return After::Close;
        }
    };
    let id = stream.id().into_inner();
    let (sender, receiver) = stream.split();
    let body = match &exchange.request.body {
        Seen::Present(body) => body.bytes.clone(),
        Seen::Absent | Seen::NotCaptured => Bytes::new(),
    };
    let progress = Progress {
        began,
        sent: Cell::new(Sent::Part),
        until: Cell::new(None),
    };
    let mut beside = Beside {
        link: &mut http.link,
        sending: Some(Box::pin(send(talk, sender, body, &progress))),
        lost: None,
        id,
    };
    let mut reading = Reading {
        talk,
        receiver,
        first: None,
        kept: BytesMut::new(),
        content: 0,
        before,
    };
    let stop = reading.response(&mut beside, exchange).await.err();
    let lost = beside.lost.take();
    let (first, content, kept) = (reading.first, reading.content, reading.kept.freeze());
    exchange.sent = progress.sent.get();
    // Before we close it ourselves.
    let ended = beside.link.quic.close_reason();
    if exchange.sent != Sent::All {
        // A stream that is dropped would end in order, as if that were the whole request.
        let code = VarInt::from_u64(Code::H3_REQUEST_CANCELLED.value()).unwrap_or_default();
        beside.link.quic.close(code, b"");
    }
    drop(beside);
    exchange.received = http.link.seen.received() - before;
    progress.times(first, exchange);
    let done = Done {
        stop,
        lost,
        ended,
        content,
        kept,
        id,
    };
    done.conclude(http, facts, exchange)
}

/// How far the sending is.
struct Progress {
    began: Instant,
    sent: Cell<Sent>,
    /// When it ended, well or not.
    until: Cell<Option<Instant>>,
}

impl Progress {
    fn times(&self, first: Option<Instant>, exchange: &mut Exchange) {
        let now = Instant::now();
        // An answer that comes before the request is out ends the sending as far as times go.
        let sent = self.until.get().or(first).unwrap_or(now);
        let sent = first.map_or(sent, |first| sent.min(first));
        exchange.timeline.add(Phase::Send, sent - self.began);
        match first {
            Some(first) => {
                exchange.timeline.add(Phase::Wait, first - sent);
                exchange.timeline.add(Phase::Receive, now - first);
            }
            None => exchange.timeline.add(Phase::Wait, now - sent),
        }
    }
}

/// Why the request could not be sent whole.
enum Lost {
    Late(Signal),
    Failed(StreamError),
}

/// Sends the content and ends the request.
async fn send(
    talk: &Talk<'_>,
    mut stream: RequestStream<SendStream<Bytes>, Bytes>,
    mut body: Bytes,
    progress: &Progress,
) -> Option<Lost> {
    let lost = loop {
        let end = body.is_empty();
        let piece = body.split_to(body.len().min(PIECE));
        let step = async {
            match end {
                true => stream.finish().await,
                false => stream.send_data(piece).await,
            }
        };
        match talk.budget.within(talk.deadlines.send, step).await {
            Ok(Ok(())) if end => {
                progress.sent.set(Sent::All);
                break None;
            }
            Ok(Ok(())) => {}
            Ok(Err(error)) => break Some(Lost::Failed(error)),
            Err(signal) => break Some(Lost::Late(signal)),
        }
    };
    if lost.is_some() {
        stream.stop_stream(Code::H3_REQUEST_CANCELLED);
    }
    progress.until.set(Some(Instant::now()));
    lost
}

/// What goes on beside the reading: the sending, and the connection's own streams.
struct Beside<'a> {
    link: &'a mut Link,
    sending: Option<Pin<Box<dyn Future<Output = Option<Lost>> + 'a>>>,
    lost: Option<Lost>,
    /// The request's stream.
    id: u64,
}

impl Beside<'_> {
    /// Lets it go on. Ready once there is nothing more to send.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.link.drive(cx);
        if let Some(sending) = &mut self.sending {
            let Poll::Ready(lost) = sending.as_mut().poll(cx) else {
                return Poll::Pending;
            };
            self.lost = lost;
            self.sending = None;
        }
        Poll::Ready(())
    }

    /// Whether a GOAWAY says that this request is not processed.
    fn turned_away(&self) -> bool {
        let away = self.link.seen.goaway().is_some_and(|id| id <= self.id);
        // A driver that has ended says more.
        away && !self.link.over
    }
}

/// Why the reading ended before the message did.
enum Stop {
    Failed(StreamError),
    /// By a deadline or a bound.
    Enough(Signal),
    /// By a GOAWAY.
    TurnedAway,
    /// Content-Length says another length.
    Malformed,
}

/// The reading side.
struct Reading<'a> {
    talk: &'a Talk<'a>,
    receiver: RequestStream<Receive, Bytes>,
    first: Option<Instant>,
    kept: BytesMut,
    /// Bytes of content that came.
    content: u64,
    /// Bytes that the connection had received before.
    before: u64,
}

impl Reading<'_> {
    /// Reads heads, content and trailers into the exchange.
    async fn response(
        &mut self,
        beside: &mut Beside<'_>,
        exchange: &mut Exchange,
    ) -> Result<(), Stop> {
        let head = self.heads(beside, exchange).await?;
        let expected = expected(&head, &exchange.request.method);
        exchange.response = Some(head);
        let max = self.talk.max_body;
        while let Some(piece) = self.piece(beside).await? {
            self.content += piece.len() as u64;
            let room = self.talk.limits.body.saturating_sub(self.kept.len());
            self.kept.extend_from_slice(&piece[..piece.len().min(room)]);
            if self.content > max {
                self.receiver.stop_sending(Code::H3_REQUEST_CANCELLED);
                return Err(Stop::Enough(limit("body", max)));
            }
        }
        let trailers = self.receiver.recv_trailers();
        let patience = self.talk.deadlines.receive;
        let trailers = self.talk.budget.within(patience, with(trailers, beside));
        let trailers = trailers.await.map_err(Stop::Enough)?;
        if let (Some(trailers), Some(response)) =
            (trailers.map_err(Stop::Failed)?, &mut exchange.response)
        {
            response.trailers = message::fields(&trailers);
        }
        match expected {
            Some(length) if length != self.content => Err(Stop::Malformed),
            _ => Ok(()),
        }
    }

    /// Interim heads, then the final one.
    async fn heads(
        &mut self,
        beside: &mut Beside<'_>,
        exchange: &mut Exchange,
    ) -> Result<Response, Stop> {
        loop {
            let head = self.head(beside).await?;
            self.first.get_or_insert_with(Instant::now);
            let response = message::response(&head);
            if !head.status().is_informational() {
                return Ok(response);
            }
            let max = self.talk.limits.interim;
            if exchange.interim.len() >= max {
                return Err(Stop::Enough(limit("interim", max as u64)));
            }
            exchange.interim.push(response);
        }
    }

    async fn head(&mut self, beside: &mut Beside<'_>) -> Result<http::Response<()>, Stop> {
        let deadlines = self.talk.deadlines;
        let quiet = self.first.is_none();
        let mut head = pin!(self.receiver.recv_response());
        // While the request is on its way, its own deadlines are the ones that count.
        let early = poll_fn(|cx| match head.as_mut().poll(cx) {
            Poll::Ready(head) => Poll::Ready(Some(head)),
            Poll::Pending => beside.poll(cx).map(|()| None),
        });
        if let Some(head) = early.await {
            return head.map_err(Stop::Failed);
        }
        let patience = match (&beside.lost, quiet) {
            // The time is over; what had come until then was read.
            (Some(Lost::Late(signal)), _) => return Err(Stop::Enough(signal.clone())),
            (Some(Lost::Failed(_)), _) => FORLORN,
            (None, true) => deadlines.wait,
            (None, false) => deadlines.receive,
        };
        let before = self.before;
        let rest = poll_fn(|cx| {
            if let Poll::Ready(head) = head.as_mut().poll(cx) {
                return Poll::Ready(head.map_err(Stop::Failed));
            }
            let _ = beside.poll(cx);
            match beside.turned_away() && beside.link.seen.received() == before {
                true => Poll::Ready(Err(Stop::TurnedAway)),
                false => Poll::Pending,
            }
        });
        let head = self.talk.budget.within(patience, rest).await;
        head.unwrap_or_else(|signal| Err(Stop::Enough(signal)))
    }

    /// The next piece of content; none behind the last.
    async fn piece(&mut self, beside: &mut Beside<'_>) -> Result<Option<Bytes>, Stop> {
        let patience = self.talk.deadlines.receive;
        let piece = async {
            let piece = self.receiver.recv_data().await?;
            Ok(piece.map(|mut piece| piece.copy_to_bytes(piece.remaining())))
        };
        let piece = self.talk.budget.within(patience, with(piece, beside)).await;
        piece.map_err(Stop::Enough)?.map_err(Stop::Failed)
    }
}

/// Awaits that, and lets the rest go on.
async fn with<F: Future>(main: F, beside: &mut Beside<'_>) -> F::Output {
    alongside(main, |cx| {
        // Whether all is sent is of no matter here.
        let _ = beside.poll(cx);
    })
    .await
}

/// Awaits `main` while `beside` goes on.
async fn alongside<F: Future>(main: F, mut beside: impl FnMut(&mut Context<'_>)) -> F::Output {
    let mut main = pin!(main);
    poll_fn(|cx| {
        let done = main.as_mut().poll(cx);
        if done.is_pending() {
            beside(cx);
        }
        done
    })
    .await
}

/// How much content Content-Length promises, where a response has any (RFC 9114 section 4.1.2).
fn expected(head: &Response, method: &[u8]) -> Option<u64> {
    let bodyless = method == b"HEAD" || matches!(head.status(), Some(204 | 304));
    let length = head.fields.text("content-length")?;
    length.parse().ok().filter(|_| !bodyless)
}

/// What an exchange came to.
struct Done {
    stop: Option<Stop>,
    lost: Option<Lost>,
    /// How the connection ended, if it did.
    ended: Option<quinn::ConnectionError>,
    content: u64,
    kept: Bytes,
    id: u64,
}

impl Done {
    /// Writes what was seen into the exchange, and says what becomes of the connection.
    fn conclude(self, http: &Http3, facts: &Facts, exchange: &mut Exchange) -> After {
        let whole = self.stop.is_none();
        let phase = match (exchange.received, exchange.sent) {
            (0, Sent::All) => Phase::Wait,
            (0, _) => Phase::Send,
            _ => Phase::Receive,
        };
        if let Some(lost) = self.lost {
            lost_signals(lost, self.ended.as_ref(), whole, facts, exchange);
        }
        if let Some(stop) = self.stop {
            let mut said = stopped(&stop, self.ended.as_ref(), exchange.received, http);
            said.extend(goaway(&stop, self.id, exchange.response.is_some(), http));
            if !matches!(stop, Stop::Enough(_)) {
                said.extend(http.datagrams.error());
            }
            said.retain(|signal| exchange.signals().all(|(_, known)| known != signal));
            record(facts, phase, said, exchange);
        }
        let bodyless = matches!(&*exchange.request.method, b"HEAD");
        exchange.end = match &mut exchange.response {
            Some(response) => {
                response.body = Seen::Present(Body {
                    bytes: self.kept,
                    received: Seen::Present(self.content),
                    complete: Seen::Present(whole),
                    framing: match bodyless || matches!(response.status(), Some(204 | 304)) {
                        true => Framing::None,
                        false => Framing::Frames,
                    },
                });
                if whole { End::Answered } else { End::Partial }
            }
            None if exchange.received > 0 => End::Partial,
            None => End::Nothing,
        };
        if whole && exchange.sent == Sent::All && http.lives() {
            After::Keep
        } else {
            After::Close
        }
    }
}

fn lost_signals(
    lost: Lost,
    ended: Option<&quinn::ConnectionError>,
    whole: bool,
    facts: &Facts,
    exchange: &mut Exchange,
) {
    let mut said = match lost {
        Lost::Late(signal) => vec![signal],
        Lost::Failed(error) => signals::of_h3_stream(&error, Via::StopSending, ended),
    };
    // RFC 9114 section 4.1: a server that has answered in full may want no more of the request.
    said.retain(|signal| !(whole && signals::is_no_error(signal)));
    record(facts, Phase::Send, said, exchange);
}

fn stopped(
    stop: &Stop,
    ended: Option<&quinn::ConnectionError>,
    received: u64,
    http: &Http3,
) -> Vec<Signal> {
    match stop {
        Stop::Enough(signal) => vec![signal.clone()],
        // Said by the GOAWAY itself.
        Stop::TurnedAway => Vec::new(),
        Stop::Malformed => vec![signals::h3_malformed("content-length")],
        Stop::Failed(error) if ended_early(error) => vec![Signal::Eof(received)],
        Stop::Failed(error) if is_too_long(error) => vec![limit("head", http.link.seen.bound())],
        Stop::Failed(error) => signals::of_h3_stream(error, Via::Reset, ended),
    }
}

/// Whether the library found the connection to break the rules.
fn is_breach(error: &StreamError) -> bool {
    let breach = matches!(
        error,
        StreamError::ConnectionError {
            0: ConnectionError::Local { .. },
            ..
        }
    );
    breach && !ended_early(error)
}

/// Whether a frame was longer than is kept.
fn is_too_long(error: &StreamError) -> bool {
    matches!(error, StreamError::Undefined { 0: error, .. } if error.is::<TooLong>())
}

/// Whether the stream ended in order before a final head: the library closes the connection for it.
fn ended_early(error: &StreamError) -> bool {
    matches!(
        error,
        StreamError::ConnectionError {
            0: ConnectionError::Local {
                error: LocalError::Application { code: Code::H3_FRAME_UNEXPECTED, reason, .. },
                ..
            },
            ..
        } if reason.starts_with("Stream finished")
    )
}

/// What a GOAWAY says of a request without an answer.
fn goaway(stop: &Stop, id: u64, answered: bool, http: &Http3) -> Option<Signal> {
    let last = http.link.seen.goaway()?;
    match () {
        // Found wrong, it is worth nothing.
        () if answered || matches!(stop, Stop::Failed(error) if is_breach(error)) => None,
        () if last <= id || matches!(stop, Stop::TurnedAway) => Some(signals::goaway_retry(last)),
        () => Some(signals::goaway(last)),
    }
}

/// Records signals in a phase. A missing client certificate is a matter of the handshake, wherever it shows (TLS 1.3
/// tells it at the first read).
fn record(facts: &Facts, phase: Phase, said: Vec<Signal>, exchange: &mut Exchange) {
    let alert = said
        .iter()
        .any(|signal| matches!(signal, Signal::TlsAlert(_)));
    let wanted = said.iter().any(signals::wants_client_cert) || (facts.client_cert_wanted && alert);
    let phase = if alert { Phase::Tls } else { phase };
    if wanted {
        exchange.signal(phase, signals::tls(TlsFault::ClientCertWanted));
    }
    for signal in said {
        exchange.signal(phase, signal);
    }
}
