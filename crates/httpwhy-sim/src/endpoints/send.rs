//! Puts a reply on the wire.

use std::io;
use std::ops::Range;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::time::sleep;

use super::broken::Flood;
use super::reply::{Break, Place, Reply, Takeover};
use crate::act::{After, Turn};
use crate::acts;
use crate::answer::{has_no_content, head_with};
use crate::request::Asked;
use crate::serve::DEADLINE;
use crate::wire::Wire;
use crate::world::World;
use crate::{by_status, statuses, websocket};

/// The caps of what does not end, and the length of a huge head, in bytes.
const ENDLESS_HEAD: usize = 64 << 20;
const ENDLESS_BODY: usize = 1 << 30;
const HUGE_HEAD: usize = 1 << 20;
/// What endless interim answers are.
const HINT: &[u8] = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload; as=style\r\n\r\n";
/// What fillers are written from.
const FILLER: [u8; 4096] = [b'*'; 4096];

/// Sends it, and says what becomes of the connection.
pub(crate) async fn send(
    mut reply: Reply,
    wire: &mut Wire,
    asked: &Asked,
    world: &World,
) -> io::Result<After> {
    let mark = mark(&reply, world);
    let mark = mark.as_deref();
    if reply.takeover.is_some() {
        rest(reply.before_head).await;
    }
    match reply.takeover.take() {
        Some(Takeover::Offered) => {
            let mark = mark.map(|_| "status-101");
            return by_status::send(101, wire, asked, mark).await;
        }
        Some(Takeover::WebSocket(longest)) => {
            return websocket::echo(wire, asked, None, longest).await;
        }
        Some(takeover) => return take_over(takeover, wire, asked, world).await,
        None => {}
    }
    // HTTP/1.0 knows no chunks and no interim answers (RFC 9112 section 6.1, RFC 9110 section 15.2).
    reply.chunked = (reply.chunked || !reply.trailers.is_empty()) && asked.modern;
    if !reply.chunked {
        reply.trailers.clear();
    }
    rest(reply.before_head).await;
    if asked.modern {
        send_interim(&reply.interim, wire).await?;
    }
    if reply.is_plain() {
        return reply.answer.send(wire, asked, mark).await;
    }
    send_in_pieces(&mut reply, wire, asked, mark).await
}

/// What the reply says of having been asked for.
pub(super) fn mark(reply: &Reply, world: &World) -> Option<String> {
    (world.mark && reply.marked).then(|| format!("status-{}", reply.answer.status))
}

async fn take_over(
    takeover: Takeover,
    wire: &mut Wire,
    asked: &Asked,
    world: &World,
) -> io::Result<After> {
    match takeover {
        Takeover::Raw(bytes) => {
            wire.write_all(bytes).await?;
            wire.flush().await?;
        }
        Takeover::Bytes(bytes, end) => {
            wire.write_all(&bytes).await?;
            wire.flush().await?;
            return break_off(end, wire).await;
        }
        Takeover::Flood(flood) => pour(flood, wire).await?,
        Takeover::Frame(how) => {
            let mark = None;
            let turn = Turn {
                wire,
                asked,
                mark,
                world,
            };
            return acts::play_frame(how, turn).await;
        }
        Takeover::Handshake(how) => {
            let mark = None;
            let turn = Turn {
                wire,
                asked,
                mark,
                world,
            };
            return acts::shake(how, turn).await;
        }
        Takeover::Drop { reset } => {
            let is_open = websocket::accept(wire, asked, None).await?;
            if is_open && reset {
                return Ok(After::Reset);
            }
        }
        Takeover::Close(code) => {
            if websocket::accept(wire, asked, None).await? {
                let code = code.map(u16::to_be_bytes);
                let payload = code.as_ref().map_or(&b""[..], |code| code);
                websocket::goodbye(wire, payload).await?;
            }
        }
        Takeover::Offered | Takeover::WebSocket(_) => {}
    }
    Ok(After::Close)
}

/// Writes what does not end, up to its cap.
async fn pour(flood: Flood, wire: &mut Wire) -> io::Result<()> {
    let field = format!("X-Flood: {}\r\n", "*".repeat(4083));
    let (begin, piece, end) = match flood {
        Flood::Head => ("HTTP/1.1 200 OK\r\n", field.as_bytes(), ""),
        Flood::HugeHead => (
            "HTTP/1.1 200 OK\r\n",
            field.as_bytes(),
            "Content-Length: 3\r\nConnection: close\r\n\r\nok\n",
        ),
        Flood::Body => (
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n",
            &FILLER[..],
            "",
        ),
        Flood::Interim => ("", HINT, ""),
        Flood::Extension => (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=",
            &FILLER[..],
            "\r\nok\n\r\n0\r\n\r\n",
        ),
    };
    wire.write_all(begin.as_bytes()).await?;
    for _ in 0..flood.cap() / piece.len() {
        wire.write_all(piece).await?;
    }
    wire.write_all(end.as_bytes()).await?;
    wire.flush().await
}

impl Flood {
    /// Where it ends after all, but for a few bytes before and behind it.
    pub(super) fn cap(self) -> usize {
        match self {
            Self::Head | Self::Interim => ENDLESS_HEAD,
            Self::HugeHead | Self::Extension => HUGE_HEAD,
            Self::Body => ENDLESS_BODY,
        }
    }
}

impl Reply {
    /// Whether it goes out in one piece.
    pub(super) fn is_plain(&self) -> bool {
        self.after_head.is_zero()
            && self.pauses.is_empty()
            && !self.chunked
            && self.before_end.is_zero()
            && self.broken.is_none()
            && self.filler == 0
    }
}

async fn rest(time: Duration) {
    if !time.is_zero() {
        sleep(time).await;
    }
}

async fn send_interim(codes: &[u16], wire: &mut Wire) -> io::Result<()> {
    for code in codes {
        let head = head_with(*code, statuses::of(*code).usual, None);
        wire.write_all(&head).await?;
    }
    wire.flush().await
}

async fn send_in_pieces(
    reply: &mut Reply,
    wire: &mut Wire,
    asked: &Asked,
    mark: Option<&str>,
) -> io::Result<After> {
    if reply.chunked && !has_no_content(reply.answer.status) {
        reply.answer.remove("Content-Length");
        reply.answer.set("Transfer-Encoding", "chunked");
    }
    if !reply.trailers.is_empty() && !reply.answer.has("Trailer") {
        let names: Vec<&str> = reply
            .trailers
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        reply.answer.set("Trailer", &names.join(", "));
    }
    let head = reply.answer.head(asked, mark);
    let place = reply.broken.map(|(place, _)| match place {
        Place::Byte(at) if at >= head.len() => Place::Body(at - head.len()),
        place => place,
    });
    wire.write_all(&head[..upto(&head, place)]).await?;
    wire.flush().await?;
    let has_content = !asked.is_head() && !has_no_content(reply.answer.status);
    if has_content && !is_in_head(place) {
        rest(reply.after_head).await;
        send_content(reply, wire, place).await?;
        send_end(reply, wire, place).await?;
    }
    if !reply.before_end.is_zero() {
        sleep(reply.before_end).await;
        return Ok(After::Close);
    }
    match reply.broken {
        Some((_, how)) => break_off(how, wire).await,
        None if asked.keep && !reply.answer.closes() => Ok(After::Keep),
        None => Ok(After::Close),
    }
}

/// Ends an answer that way.
pub(super) async fn break_off(how: Break, wire: &mut Wire) -> io::Result<After> {
    match how {
        Break::Reset => return Ok(After::Reset),
        Break::Close => {}
        Break::HalfClose => {
            wire.shutdown().await?;
            wire.hold(DEADLINE).await;
        }
        Break::Stall => wire.hold(DEADLINE).await,
    }
    Ok(After::Close)
}

fn is_in_head(place: Option<Place>) -> bool {
    matches!(
        place,
        Some(
            Place::BeforeHead
                | Place::InStatusLine
                | Place::InHead
                | Place::AfterHead
                | Place::Byte(_)
        )
    )
}

/// How many bytes of the head go out.
fn upto(head: &[u8], place: Option<Place>) -> usize {
    match place {
        Some(Place::BeforeHead) => 0,
        Some(Place::Byte(at)) => at.min(head.len()),
        // "HTTP/1.1 20"
        Some(Place::InStatusLine) => 11.min(head.len()),
        Some(Place::InHead) => {
            let line = head.iter().position(|byte| *byte == b'\n');
            // Half of the first field's name.
            line.map_or(head.len(), |at| (at + 4).min(head.len()))
        }
        _ => head.len(),
    }
}

async fn send_content(reply: &Reply, wire: &mut Wire, place: Option<Place>) -> io::Result<()> {
    let length = reply.length();
    let end = place.and_then(|place| place.content(length));
    let mut pauses = reply.pauses.iter();
    let mut pause = Duration::ZERO;
    for piece in reply.split.pieces(length) {
        if piece.is_empty() {
            continue;
        }
        let cut = end.filter(|end| *end < piece.end);
        let sent = piece.start..cut.unwrap_or(piece.end).max(piece.start);
        if reply.chunked && !(cut.is_some() && sent.is_empty()) {
            let size = format!("{:x}\r\n", piece.len());
            wire.write_all(size.as_bytes()).await?;
        }
        write_part(reply, wire, sent).await?;
        if cut.is_some() {
            return wire.flush().await;
        }
        if reply.chunked {
            wire.write_all(b"\r\n").await?;
        }
        if let Some(next) = pauses.next() {
            pause = *next;
        }
        let is_last = piece.end == length;
        if !pause.is_zero() && !is_last {
            wire.flush().await?;
            sleep(pause).await;
        }
    }
    wire.flush().await
}

/// Writes a part of the content.
async fn write_part(reply: &Reply, wire: &mut Wire, part: Range<usize>) -> io::Result<()> {
    if reply.filler == 0 {
        return wire.write_all(&reply.answer.body[part]).await;
    }
    let mut left = part.len();
    while left > 0 {
        let count = left.min(FILLER.len());
        wire.write_all(&FILLER[..count]).await?;
        left -= count;
    }
    Ok(())
}

/// The last chunk and the trailers (RFC 9112 section 7.1).
async fn send_end(reply: &Reply, wire: &mut Wire, place: Option<Place>) -> io::Result<()> {
    let stops = !matches!(place, None | Some(Place::InTrailer | Place::AfterBody));
    if !reply.chunked || stops {
        return Ok(());
    }
    let mut end = b"0\r\n".to_vec();
    for (name, value) in &reply.trailers {
        end.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    }
    if place == Some(Place::InTrailer) {
        let section = end.len() - 3;
        end.truncate(3 + section / 2);
    } else {
        end.extend_from_slice(b"\r\n");
    }
    wire.write_all(&end).await?;
    wire.flush().await
}
