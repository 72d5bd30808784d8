//! The server's side of HTTP/2 (RFC 9113), written here so that acts can break any rule at any moment.
//!
//! Requests for endpoints and for acts of HTTP/1 are answered as there and carried over ([`crate::bridge`]); acts of
//! HTTP/2 speak in frames through the [`Link`].

mod asking;
mod frames;
mod link;

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use httpwhy_wire::h2::{PREFACE, flag, kind};
use httpwhy_wire::hpack::{Decoder, Unreadable};
use tokio::io::{AsyncRead, duplex, split};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::timeout;

pub(crate) use asking::request;
use frames::{Frame, Frames};
pub(crate) use link::Link;

use crate::act::{After, FramesTurn, OnFrames, Part};
use crate::bridge::{self, Carried, Fields, Sink};
use crate::journal::{Ended, Over, Told, Whence};
use crate::request::{Asked, KEPT_CONTENT, MOST_CONTENT};
use crate::serve::{self, DEADLINE};
use crate::wire::Wire;
use crate::world::World;

/// Error codes (RFC 9113 section 7).
pub(crate) mod code {
    /// NO_ERROR.
    pub(crate) const NONE: u32 = 0;
    /// PROTOCOL_ERROR.
    pub(crate) const PROTOCOL: u32 = 1;
    /// INTERNAL_ERROR.
    pub(crate) const INTERNAL: u32 = 2;
    /// FLOW_CONTROL_ERROR.
    pub(crate) const FLOW_CONTROL: u32 = 3;
    /// STREAM_CLOSED.
    pub(crate) const STREAM_CLOSED: u32 = 5;
    /// FRAME_SIZE_ERROR.
    pub(crate) const FRAME_SIZE: u32 = 6;
    /// REFUSED_STREAM.
    pub(crate) const REFUSED: u32 = 7;
    /// COMPRESSION_ERROR.
    pub(crate) const COMPRESSION: u32 = 9;
    /// ENHANCE_YOUR_CALM.
    pub(crate) const CALM: u32 = 11;
    /// HTTP_1_1_REQUIRED.
    pub(crate) const HTTP_1_1: u32 = 13;
}

/// SETTINGS_INITIAL_WINDOW_SIZE (RFC 9113 section 6.5.2).
const INITIAL_WINDOW: u16 = 4;
/// Our SETTINGS: 100 streams at a time, blocks of fields of at most 64 KiB.
const SETTINGS: &[u8] = b"\0\x03\0\0\0\x64\0\x06\0\x01\0\0";
/// The most streams at a time, as told above.
const MOST_STREAMS: usize = 100;
/// The longest block of fields, in bytes, as told above.
const LONGEST_BLOCK: usize = 1 << 16;
/// The most streams that a client may give up on one connection.
const MOST_GIVEN_UP: u32 = 1000;
/// How much of an answer may wait to be carried over, in bytes.
const PIPE: usize = 1 << 16;

/// What a client did wrong: the stream that ends by it, or the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Complaint {
    /// 0 for the connection.
    stream: u32,
    code: u32,
    why: &'static str,
}

impl Complaint {
    fn connection(code: u32, why: &'static str) -> Self {
        Self::stream(0, code, why)
    }

    fn stream(stream: u32, code: u32, why: &'static str) -> Self {
        Self { stream, code, why }
    }
}

/// Serves a connection to its end; it begins with the client's preface.
pub(crate) async fn serve(wire: Wire, world: &Arc<World>) {
    let (peer, secure) = (wire.peer(), wire.is_secure());
    let (reader, writer) = split(wire);
    let mut client = Client {
        frames: Frames::new(reader),
        decoder: Decoder::default(),
        link: Arc::new(Link::new(writer)),
        world: Arc::clone(world),
        peer,
        secure,
        playing: JoinSet::new(),
        streams: HashMap::new(),
        highest: 0,
        given_up: 0,
        count: 0,
    };
    // An error means that the client has gone.
    let end = client.converse().await;
    client.playing.shutdown().await;
    let (Ok(end), Some(link)) = (end, Arc::into_inner(client.link)) else {
        return;
    };
    let wire = client.frames.into_inner().unsplit(link.into_writer());
    match end {
        After::Reset => wire.reset().await,
        After::Keep | After::Close => wire.close().await,
    }
}

/// One connection's client.
struct Client<R> {
    frames: Frames<R>,
    decoder: Decoder,
    link: Arc<Link>,
    world: Arc<World>,
    peer: Option<IpAddr>,
    secure: bool,
    /// The streams that are being answered; each task gives its number.
    playing: JoinSet<u32>,
    streams: HashMap<u32, Stream>,
    /// The highest stream that was opened.
    highest: u32,
    given_up: u32,
    count: u32,
}

/// A stream that is open.
enum Stream {
    /// Its request is not at its end.
    Asking(Asked),
    /// It is being answered.
    Answering(AbortHandle),
    /// It is being answered while its content may still come, for which there is no window.
    Held(AbortHandle),
}

/// What happens next.
enum Event {
    Frame(Option<Result<Frame, Complaint>>),
    Over(u32),
    End(After),
    Silence,
}

impl<R: AsyncRead + Unpin> Client<R> {
    async fn converse(&mut self) -> io::Result<After> {
        self.link.frame(kind::SETTINGS, 0, 0, SETTINGS).await?;
        if !self.frames.skip(PREFACE.len()).await? {
            return Ok(After::Close);
        }
        loop {
            match self.next().await? {
                Event::Frame(None) => return Ok(After::Close),
                Event::Frame(Some(frame)) => {
                    let taken = match frame {
                        Ok(frame) => self.take(frame).await,
                        Err(complaint) => Err(complaint),
                    };
                    if let Err(complaint) = taken
                        && let Some(end) = self.complain(complaint).await?
                    {
                        return Ok(end);
                    }
                }
                Event::Over(stream) => self.forget(stream),
                Event::End(how) => return Ok(how),
                Event::Silence => {
                    self.link
                        .goaway(self.highest, code::NONE, "silence")
                        .await?;
                    return Ok(After::Close);
                }
            }
        }
    }

    async fn next(&mut self) -> io::Result<Event> {
        let is_idle = self.playing.is_empty();
        tokio::select! {
            biased;
            how = self.link.ended() => Ok(Event::End(how)),
            Some(over) = self.playing.join_next() => Ok(over.map_or(Event::Over(0), Event::Over)),
            frame = self.frames.next() => Ok(Event::Frame(frame?)),
            () = tokio::time::sleep(DEADLINE), if is_idle => Ok(Event::Silence),
        }
    }

    /// Says what is wrong; `Some` when the connection ends by it.
    async fn complain(&mut self, complaint: Complaint) -> io::Result<Option<After>> {
        let Complaint { stream, code, why } = complaint;
        if stream == 0 {
            self.link.goaway(self.highest, code, why).await?;
            return Ok(Some(After::Close));
        }
        self.forget(stream);
        self.link.reset_stream(stream, code).await?;
        Ok(None)
    }

    fn forget(&mut self, stream: u32) {
        if let Some(Stream::Answering(task) | Stream::Held(task)) = self.streams.remove(&stream) {
            task.abort();
        }
        self.link.forget(stream);
    }

    async fn take(&mut self, frame: Frame) -> Result<(), Complaint> {
        let head = frame.head;
        match head.kind {
            kind::DATA => self.content(&frame).await,
            kind::HEADERS => self.fields(&frame).await,
            kind::RST_STREAM => self.give_up(head.stream),
            kind::SETTINGS => self.settings(&frame).await,
            kind::PING => self.ping(&frame).await,
            kind::WINDOW_UPDATE => self.widen(&frame),
            kind::PUSH_PROMISE | kind::CONTINUATION => Err(Complaint::connection(
                code::PROTOCOL,
                "no such frame is allowed here",
            )),
            // GOAWAY: what runs is finished. PRIORITY and unknown types: nothing (RFC 9113 sections 5.5 and 6.3).
            _ => Ok(()),
        }
    }

    async fn fields(&mut self, first: &Frame) -> Result<(), Complaint> {
        let stream = first.head.stream;
        let mut block = first.content()?.to_vec();
        let mut done = first.head.has(flag::END_HEADERS);
        while !done {
            let next = timeout(DEADLINE, self.frames.next()).await;
            let Ok(Ok(Some(next))) = next else {
                return Err(Complaint::connection(
                    code::PROTOCOL,
                    "fields that do not end",
                ));
            };
            let next = next?;
            if next.head.kind != kind::CONTINUATION || next.head.stream != stream {
                return Err(Complaint::connection(
                    code::PROTOCOL,
                    "fields that are interrupted",
                ));
            }
            block.extend_from_slice(&next.payload);
            if block.len() > LONGEST_BLOCK {
                return Err(Complaint::connection(
                    code::CALM,
                    "fields beyond 65536 bytes",
                ));
            }
            done = next.head.has(flag::END_HEADERS);
        }
        let fields = self
            .decoder
            .read(&block, LONGEST_BLOCK)
            .map_err(|why| match why {
                Unreadable::Malformed => {
                    Complaint::connection(code::COMPRESSION, "fields that cannot be read")
                }
                Unreadable::TooLarge => {
                    Complaint::connection(code::CALM, "fields beyond 65536 bytes")
                }
            })?;
        let ends = first.head.has(flag::END_STREAM);
        match self.streams.get(&stream) {
            // Trailers: they are read and not kept.
            Some(Stream::Asking(_)) if ends => return self.asked(stream),
            Some(_) => return Err(Complaint::stream(stream, code::STREAM_CLOSED, "")),
            None => {}
        }
        if stream.is_multiple_of(2) || stream <= self.highest {
            return Err(Complaint::connection(
                code::PROTOCOL,
                "a stream that cannot be opened",
            ));
        }
        self.highest = stream;
        if self.streams.len() >= MOST_STREAMS {
            return Err(Complaint::stream(stream, code::REFUSED, ""));
        }
        let asked = request(&fields, self.count);
        let asked = asked.ok_or(Complaint::stream(stream, code::PROTOCOL, ""))?;
        self.count += 1;
        self.link.open(stream);
        if self.begins_with_fields(&asked) {
            let task = self.answer(stream, asked);
            self.streams.insert(stream, Stream::Held(task));
            return Ok(());
        }
        let expects = asked.has_token("Expect", "100-continue");
        self.streams.insert(stream, Stream::Asking(asked));
        if ends {
            return self.asked(stream);
        }
        if expects {
            self.send(self.link.fields(stream, &[(":status", "100")], false))
                .await?;
        }
        Ok(())
    }

    /// The client has gone when nothing can be sent: the connection ends.
    async fn send(&self, sending: impl Future<Output = io::Result<()>>) -> Result<(), Complaint> {
        let sent = sending.await;
        sent.map_err(|_| Complaint::connection(code::INTERNAL, ""))
    }

    async fn content(&mut self, frame: &Frame) -> Result<(), Complaint> {
        let stream = frame.head.stream;
        if stream == 0 || stream > self.highest {
            return Err(Complaint::connection(
                code::PROTOCOL,
                "content without a request",
            ));
        }
        let length = frame.payload.len() as u32;
        if let Some(Stream::Held(_)) = self.streams.get(&stream) {
            return Ok(());
        }
        if length > 0 {
            let more = length.to_be_bytes();
            self.send(self.link.frame(kind::WINDOW_UPDATE, 0, 0, &more))
                .await?;
        }
        let content = frame.content()?;
        let Some(Stream::Asking(asked)) = self.streams.get_mut(&stream) else {
            // What was under way when the stream ended is dropped (RFC 9113 section 5.1).
            return Ok(());
        };
        let room = KEPT_CONTENT.saturating_sub(asked.content.len());
        asked
            .content
            .extend_from_slice(&content[..content.len().min(room)]);
        asked.length += content.len() as u64;
        if asked.length > MOST_CONTENT {
            return Err(Complaint::stream(stream, code::CALM, ""));
        }
        if frame.head.has(flag::END_STREAM) {
            return self.asked(stream);
        }
        if length > 0 {
            let more = length.to_be_bytes();
            self.send(self.link.frame(kind::WINDOW_UPDATE, 0, stream, &more))
                .await?;
        }
        Ok(())
    }

    /// A request is at its end: it is answered.
    fn asked(&mut self, stream: u32) -> Result<(), Complaint> {
        let Some(Stream::Asking(asked)) = self.streams.remove(&stream) else {
            return Err(Complaint::stream(stream, code::STREAM_CLOSED, ""));
        };
        let task = self.answer(stream, asked);
        self.streams.insert(stream, Stream::Answering(task));
        Ok(())
    }

    fn begins_with_fields(&self, asked: &Asked) -> bool {
        match act(&self.world, asked) {
            Some((act, _)) => act.begins_with_fields(),
            None => false,
        }
    }

    fn answer(&mut self, stream: u32, asked: Asked) -> AbortHandle {
        let turn = Turn {
            link: Arc::clone(&self.link),
            world: Arc::clone(&self.world),
            stream,
            peer: self.peer,
            secure: self.secure,
        };
        self.playing.spawn(async move {
            // An error means that the client has gone, which the reading side sees.
            let _ = timeout(DEADLINE, turn.play(&asked)).await;
            stream
        })
    }

    fn give_up(&mut self, stream: u32) -> Result<(), Complaint> {
        self.forget(stream);
        self.given_up += 1;
        if self.given_up > MOST_GIVEN_UP {
            return Err(Complaint::connection(
                code::CALM,
                "too many streams given up",
            ));
        }
        Ok(())
    }

    async fn settings(&mut self, frame: &Frame) -> Result<(), Complaint> {
        if frame.head.has(flag::ACK) {
            return Ok(());
        }
        if !frame.payload.len().is_multiple_of(6) {
            return Err(Complaint::connection(
                code::FRAME_SIZE,
                "a setting that is cut",
            ));
        }
        for setting in frame.payload.chunks_exact(6) {
            let name = u16::from_be_bytes([setting[0], setting[1]]);
            let value = u32::from_be_bytes([setting[2], setting[3], setting[4], setting[5]]);
            if name == INITIAL_WINDOW && !self.link.set_initial(value) {
                return Err(Complaint::connection(
                    code::FLOW_CONTROL,
                    "a window too large",
                ));
            }
        }
        self.send(self.link.frame(kind::SETTINGS, flag::ACK, 0, b""))
            .await
    }

    async fn ping(&mut self, frame: &Frame) -> Result<(), Complaint> {
        if frame.head.has(flag::ACK) || !self.link.answers_pings() {
            return Ok(());
        }
        self.send(self.link.frame(kind::PING, flag::ACK, 0, &frame.payload))
            .await
    }

    fn widen(&mut self, frame: &Frame) -> Result<(), Complaint> {
        let stream = frame.head.stream;
        let by = frame
            .payload
            .first_chunk()
            .map(|four| u32::from_be_bytes(*four) & 0x7fff_ffff);
        match by {
            None => Err(Complaint::connection(
                code::FRAME_SIZE,
                "a window that is cut",
            )),
            Some(0) => Err(Complaint::stream(
                stream,
                code::PROTOCOL,
                "a window by nothing",
            )),
            Some(by) if self.link.widen(stream, by) => Ok(()),
            Some(_) => Err(Complaint::stream(
                stream,
                code::FLOW_CONTROL,
                "a window too large",
            )),
        }
    }
}

/// The act of HTTP/2 that a request asks for, and its outcome.
fn act<'a>(world: &'a World, asked: &Asked) -> Option<(&'a dyn OnFrames, &'static str)> {
    let played = world.find(asked.path.strip_prefix("/outcome/")?)?;
    match &played.part {
        Part::Frames(act) => Some((&**act, played.id.0)),
        _ => None,
    }
}

/// One request that is answered.
struct Turn {
    link: Arc<Link>,
    world: Arc<World>,
    stream: u32,
    peer: Option<IpAddr>,
    secure: bool,
}

impl Turn {
    async fn play(&self, asked: &Asked) -> io::Result<()> {
        let (link, stream) = (&*self.link, self.stream);
        if let Some((act, id)) = act(&self.world, asked) {
            let mark = self.world.mark.then_some(id);
            let turn = FramesTurn { link, stream, mark };
            let noting = self.world.journal.begin(asked, self.whence(), id);
            let played = act.answer(turn).await;
            noting.over(Told::default(), Ended::ByAct);
            return played;
        }
        self.carry_over(asked).await
    }

    fn whence(&self) -> Whence {
        Whence {
            over: Over::Http2,
            peer: self.peer,
            secure: self.secure,
        }
    }

    /// Answers as HTTP/1 does, and carries that over.
    async fn carry_over(&self, asked: &Asked) -> io::Result<()> {
        let (link, stream) = (&*self.link, self.stream);
        let (here, there) = duplex(PIPE);
        let answering = async {
            let mut wire = Wire::piped(here, self.whence());
            serve::answer(&mut wire, asked, &self.world).await
        };
        let mut sink = ToStream { link, stream };
        let carrying = bridge::carry(there, asked.is_head(), &mut sink);
        let (after, carried) = tokio::join!(answering, carrying);
        match (after, carried?) {
            (Ok(After::Reset), _) => link.end(After::Reset),
            (_, Carried::Whole) => {}
            (_, Carried::Foreign) => link.reset_stream(stream, code::HTTP_1_1).await?,
            (Ok(_), Carried::Cut) => link.end(After::Close),
            (Err(_), Carried::Cut) => link.reset_stream(stream, code::INTERNAL).await?,
        }
        Ok(())
    }
}

/// One stream of a connection.
struct ToStream<'a> {
    link: &'a Link,
    stream: u32,
}

impl Sink for ToStream<'_> {
    async fn head(&mut self, status: u16, fields: Fields, last: bool) -> io::Result<()> {
        let mut all = vec![(":status".to_owned(), status.to_string())];
        all.extend(fields);
        self.link.fields(self.stream, &all, last).await
    }

    async fn data(&mut self, bytes: &[u8], last: bool) -> io::Result<()> {
        self.link.data(self.stream, bytes, last).await
    }

    async fn trailers(&mut self, fields: Fields) -> io::Result<()> {
        self.link.fields(self.stream, &fields, true).await
    }
}
