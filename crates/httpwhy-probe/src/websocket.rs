//! A WebSocket after its handshake (RFC 6455): watched for a while, then closed.

use std::future::poll_fn;
use std::pin::Pin;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use httpwhy_model::{Exchange, Fields, Phase, Seen, Signal, TlsFault, WsClose};
use httpwhy_wire::ws::{FrameHead, frame_defect, parse_close, read_frame_head, write_frame};
use sha1::{Digest, Sha1};
use tokio::io::{AsyncRead, AsyncWriteExt, ReadBuf};

use crate::signals;
use crate::stream::Stream;
use crate::talk::Talk;
use crate::tls::random;
use crate::visit::Internal;

/// What the server appends to the key (RFC 6455 section 1.3).
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/// The longest frame head in bytes.
const HEAD: usize = 14;

const CONTINUATION: u8 = 0;
const TEXT: u8 = 1;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

const NORMAL: u16 = 1000;
const PROTOCOL_ERROR: u16 = 1002;
const NOT_UTF8: u16 = 1007;

/// Checks the handshake, watches the frames until the peer closes or the time for it is over, and closes then.
///
/// `rest` is what came behind the response's head.
pub(crate) async fn attend(
    talk: &Talk<'_>,
    stream: &mut Stream,
    key: &str,
    rest: Vec<u8>,
    exchange: &mut Exchange,
) -> Result<(), Internal> {
    let response = exchange.response.as_ref();
    let defects = response.map_or_else(Vec::new, |r| handshake_defects(&r.fields, key));
    if !defects.is_empty() {
        // RFC 6455 section 4.1: the client must fail the connection, so nobody looks for a Close frame.
        for word in defects {
            exchange.signal(Phase::Receive, Signal::word("ws", word));
        }
        return Ok(());
    }
    let began = Instant::now();
    let mut session = Session {
        talk,
        stream,
        heard: !rest.is_empty(),
        asked: None,
        frames: Frames::default(),
        closing: false,
    };
    let ended = session.watch(rest, exchange).await;
    exchange.timeline.add(Phase::Close, began.elapsed());
    ended
}

fn handshake_defects(fields: &Fields, key: &str) -> Vec<&'static str> {
    let accepts = fields.text("sec-websocket-accept") == Some(&*accept(key));
    let upgrades = fields
        .text("upgrade")
        .is_some_and(|value| value.eq_ignore_ascii_case("websocket"));
    [
        (!accepts, "bad-accept"),
        (accepts && !upgrades, "bad-upgrade"),
        (
            fields.has("sec-websocket-extensions"),
            "extension-not-offered",
        ),
        (
            fields.has("sec-websocket-protocol"),
            "subprotocol-not-offered",
        ),
    ]
    .into_iter()
    .filter_map(|(holds, word)| holds.then_some(word))
    .collect()
}

/// The value of Sec-WebSocket-Accept that answers this key (RFC 6455 section 4.2.2).
fn accept(key: &str) -> String {
    BASE64_STANDARD.encode(Sha1::new().chain_update(key).chain_update(GUID).finalize())
}

struct Session<'a> {
    talk: &'a Talk<'a>,
    stream: &'a mut Stream,
    frames: Frames,
    /// Anything came.
    heard: bool,
    /// Whether a PING was sent, once that was decided.
    asked: Option<bool>,
    /// We have sent a Close frame.
    closing: bool,
}

impl Session<'_> {
    async fn watch(&mut self, rest: Vec<u8>, exchange: &mut Exchange) -> Result<(), Internal> {
        let patience = self.talk.deadlines.websocket;
        let mut until = Instant::now() + patience / 2;
        if self.take(&rest, exchange).await? {
            return Ok(());
        }
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match self.read(left).await {
                Ok(Read::Bytes(bytes)) => {
                    self.heard = true;
                    exchange.received += bytes.len() as u64;
                    if self.take(&bytes, exchange).await? {
                        return Ok(());
                    }
                }
                Ok(Read::Quiet) if self.asked.is_none() => {
                    // Half of the time is over. Whoever said nothing so far is asked for a sign of life (RFC 6455
                    // section 5.5.2).
                    self.asked = Some(!self.heard);
                    if !self.heard {
                        self.send(PING, b"httpwhy").await?;
                    }
                    until = Instant::now() + patience / 2;
                }
                Ok(Read::Quiet) if !self.closing => {
                    if self.asked == Some(true) && !self.frames.ponged {
                        exchange.signal(Phase::Close, Signal::word("ws", "no-pong"));
                    }
                    // Say goodbye and see what it answers.
                    self.send(CLOSE, &NORMAL.to_be_bytes()).await?;
                    self.closing = true;
                    until = Instant::now() + patience;
                }
                Ok(Read::Quiet) => {
                    exchange.close = Seen::Absent;
                    exchange.signal(Phase::Close, crate::deadline::timeout(patience));
                    return Ok(());
                }
                Err(ended) => {
                    exchange.close = Seen::Absent;
                    for signal in ended {
                        exchange.signal(Phase::Close, signal);
                    }
                    return Ok(());
                }
            }
        }
    }

    async fn read(&mut self, left: Duration) -> Result<Read, Vec<Signal>> {
        let local = self.talk.local;
        let stream = &mut *self.stream;
        let read = poll_fn(|cx| {
            let mut buffer = local.buffer.borrow_mut();
            let mut into = ReadBuf::new(&mut buffer);
            let poll = Pin::new(&mut *stream).poll_read(cx, &mut into);
            poll.map_ok(|()| into.filled().to_vec())
        });
        match self.talk.budget.within(left, read).await {
            Err(Signal::Timeout(_)) => Ok(Read::Quiet),
            Err(signal) => Err(vec![signal]),
            Ok(Ok(bytes)) if bytes.is_empty() => Err(vec![self.frames.eof()]),
            Ok(Ok(bytes)) => Ok(Read::Bytes(bytes)),
            Ok(Err(error)) if signals::is_unclean_end(&error) => Err(vec![
                self.frames.eof(),
                signals::tls(TlsFault::NoCloseNotify),
            ]),
            Ok(Err(error)) => Err(vec![signals::of_stream(&error)]),
        }
    }

    /// Takes what came; true when the session is over.
    async fn take(&mut self, mut bytes: &[u8], exchange: &mut Exchange) -> Result<bool, Internal> {
        while !bytes.is_empty() {
            let (taken, event) = self.frames.feed(bytes);
            bytes = &bytes[taken..];
            match event {
                None => {}
                Some(Event::Ping(payload)) => self.send(PONG, &payload).await?,
                Some(Event::Close(payload)) => {
                    self.closed(&payload, exchange).await?;
                    return Ok(true);
                }
                Some(Event::Defect(word)) => {
                    exchange.signal(Phase::Receive, Signal::word("ws", word));
                    let code = if word == "bad-utf8" {
                        NOT_UTF8
                    } else {
                        PROTOCOL_ERROR
                    };
                    self.send(CLOSE, &code.to_be_bytes()).await?;
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// A Close frame came: it is kept, and answered unless ours went first.
    async fn closed(&mut self, payload: &[u8], exchange: &mut Exchange) -> Result<(), Internal> {
        let close = parse_close(payload).unwrap_or_else(|word| {
            exchange.signal(Phase::Close, Signal::word("ws", word));
            WsClose {
                code: payload.first_chunk().map(|code| u16::from_be_bytes(*code)),
                reason: payload.get(2..).unwrap_or_default().to_vec(),
            }
        });
        let code = close.code.map(u16::to_be_bytes);
        exchange.close = Seen::Present(close);
        if !self.closing {
            self.send(CLOSE, code.as_ref().map_or(&[], |code| &code[..]))
                .await?;
        }
        Ok(())
    }

    /// Sends one masked frame. A peer that does not take it will show in what is read next.
    async fn send(&mut self, opcode: u8, payload: &[u8]) -> Result<(), Internal> {
        let mut frame = Vec::new();
        write_frame(&mut frame, opcode, true, Some(random()?), payload);
        let stream = &mut *self.stream;
        let sending = async {
            stream.write_all(&frame).await?;
            stream.flush().await
        };
        let _ = self
            .talk
            .budget
            .within(self.talk.deadlines.send, sending)
            .await;
        Ok(())
    }
}

enum Read {
    Bytes(Vec<u8>),
    Quiet,
}

/// What a frame asks for.
#[derive(Debug, PartialEq, Eq)]
enum Event {
    Ping(Vec<u8>),
    Close(Vec<u8>),
    Defect(&'static str),
}

/// Reads the peer's frames and keeps nothing of data but what a check across pieces needs.
#[derive(Debug, Default)]
struct Frames {
    /// A head that is not complete, or the payload of a control frame.
    pending: Vec<u8>,
    current: Option<(FrameHead, u64)>,
    /// Bytes of the current frame so far.
    came: u64,
    /// The opcode of a message that goes on.
    message: Option<u8>,
    /// The last bytes of a text that are not yet a character.
    tail: Vec<u8>,
    /// A PONG came.
    ponged: bool,
}

impl Frames {
    /// `eof:N` with the bytes of the frame that was cut off.
    const fn eof(&self) -> Signal {
        Signal::Eof(self.came)
    }

    /// Takes the beginning of the bytes, at least one of them.
    fn feed(&mut self, bytes: &[u8]) -> (usize, Option<Event>) {
        let (taken, event) = match self.current {
            None => self.feed_head(bytes),
            Some((head, left)) => self.feed_payload(head, left, bytes),
        };
        if self.current.is_none() && self.pending.is_empty() {
            self.came = 0;
        } else {
            self.came += taken as u64;
        }
        (taken, event)
    }

    fn feed_head(&mut self, bytes: &[u8]) -> (usize, Option<Event>) {
        let before = self.pending.len();
        let fresh = &bytes[..bytes.len().min(HEAD - before)];
        self.pending.extend_from_slice(fresh);
        let Some((head, size)) = read_frame_head(&self.pending) else {
            return (fresh.len(), None);
        };
        self.pending.clear();
        let taken = size - before;
        if let Some(word) = frame_defect(&head, true).or_else(|| self.out_of_order(&head)) {
            return (taken, Some(Event::Defect(word)));
        }
        self.current = Some((head, head.length));
        if head.length == 0 {
            return (taken, self.frame_ended(head));
        }
        (taken, None)
    }

    /// A continuation of nothing, or a new message inside another (RFC 6455 section 5.4).
    const fn out_of_order(&self, head: &FrameHead) -> Option<&'static str> {
        let wrong = match head.opcode {
            CONTINUATION => self.message.is_none(),
            CLOSE.. => false,
            _ => self.message.is_some(),
        };
        if wrong { Some("bad-frame") } else { None }
    }

    fn feed_payload(&mut self, head: FrameHead, left: u64, bytes: &[u8]) -> (usize, Option<Event>) {
        let taken = usize::try_from(left).map_or(bytes.len(), |left| left.min(bytes.len()));
        let piece = &bytes[..taken];
        if head.opcode >= CLOSE {
            // Checked: at most 125 bytes.
            self.pending.extend_from_slice(piece);
        } else if self.is_text(&head) && !self.goes_on_as_utf8(piece) {
            return (taken, Some(Event::Defect("bad-utf8")));
        }
        let left = left - taken as u64;
        self.current = Some((head, left));
        if left > 0 {
            return (taken, None);
        }
        (taken, self.frame_ended(head))
    }

    fn is_text(&self, head: &FrameHead) -> bool {
        head.opcode == TEXT || (head.opcode == CONTINUATION && self.message == Some(TEXT))
    }

    fn goes_on_as_utf8(&mut self, piece: &[u8]) -> bool {
        let mut text = std::mem::take(&mut self.tail);
        text.extend_from_slice(piece);
        match std::str::from_utf8(&text) {
            Ok(_) => true,
            Err(error) => {
                self.tail = text.split_off(error.valid_up_to());
                error.error_len().is_none()
            }
        }
    }

    fn frame_ended(&mut self, head: FrameHead) -> Option<Event> {
        self.current = None;
        let payload = std::mem::take(&mut self.pending);
        match head.opcode {
            CLOSE => return Some(Event::Close(payload)),
            PING => return Some(Event::Ping(payload)),
            PONG.. => {
                self.ponged = true;
                return None;
            }
            CONTINUATION => {}
            opcode => self.message = Some(opcode),
        }
        if head.fin {
            self.message = None;
            if !std::mem::take(&mut self.tail).is_empty() {
                return Some(Event::Defect("bad-utf8"));
            }
        }
        None
    }
}
