//! The server's side of a WebSocket (RFC 6455).

use std::io;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use httpwhy_wire::ws::{FrameHead, read_frame_head, write_frame};
use sha1::{Digest, Sha1};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::act::After;
use crate::answer::{Answer, head_with};
use crate::request::Asked;
use crate::wire::Wire;

/// The opcode of Close frames.
pub(crate) const CLOSE: u8 = 8;
const CONTINUATION: u8 = 0;
const PING: u8 = 9;
const PONG: u8 = 10;
/// The code of a Close frame that answers a breach of the protocol.
const PROTOCOL: u16 = 1002;
/// The code of a Close frame that answers a message too big (RFC 6455 section 7.4.1).
const TOO_BIG: u16 = 1009;
/// The longest frame that is read, in bytes.
pub(crate) const LONGEST: u64 = 1 << 20;
/// The longest silence.
const SILENCE: Duration = Duration::from_mins(1);
/// How long a client may take to answer a Close frame.
const GOODBYE: Duration = Duration::from_secs(5);

/// The value of Sec-WebSocket-Accept for that key (RFC 6455 section 4.2.2).
pub(crate) fn accept_value(key: &str) -> String {
    let mut hash = Sha1::new();
    hash.update(key.trim());
    hash.update("258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    STANDARD.encode(hash.finalize())
}

/// The key of a request that asks for a WebSocket as RFC 6455 section 4.1 has it.
pub(crate) fn key(asked: &Asked) -> Option<&str> {
    let asks = asked.method == "GET"
        && asked.has_token("Connection", "upgrade")
        && asked.has_token("Upgrade", "websocket");
    asked.field("Sec-WebSocket-Key").filter(|_| asks)
}

/// Completes the handshake; says no with a 426 to a request that asks for no WebSocket, and is false then.
pub(crate) async fn accept(wire: &mut Wire, asked: &Asked, mark: Option<&str>) -> io::Result<bool> {
    let Some(key) = key(asked) else {
        refuse(wire, asked, mark).await?;
        return Ok(false);
    };
    send_handshake(wire, &accept_value(key), &[], mark).await?;
    Ok(true)
}

/// Says that only a WebSocket is spoken here (RFC 9110 section 15.5.22).
pub(crate) async fn refuse(
    wire: &mut Wire,
    asked: &Asked,
    mark: Option<&str>,
) -> io::Result<After> {
    let mut answer = Answer::of(426);
    answer.set("Upgrade", "websocket");
    answer.set("Sec-WebSocket-Version", "13");
    answer.send(wire, asked, mark).await
}

/// Sends a 101 with that accept value and these further fields.
pub(crate) async fn send_handshake(
    wire: &mut Wire,
    accept: &str,
    more: &[(&str, &str)],
    mark: Option<&str>,
) -> io::Result<()> {
    let mut fields = vec![
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Accept", accept),
    ];
    fields.extend_from_slice(more);
    wire.write_all(&head_with(101, &fields, mark)).await?;
    wire.flush().await
}

/// Sends a Close frame with that payload and waits for the client's, or its end, within bounds.
pub(crate) async fn goodbye(wire: &mut Wire, payload: &[u8]) -> io::Result<()> {
    send(wire, CLOSE, true, payload).await?;
    let wait = async {
        while let Some((head, _)) = read(wire).await? {
            if head.opcode == CLOSE {
                break;
            }
        }
        io::Result::Ok(())
    };
    timeout(GOODBYE, wait).await.unwrap_or(Ok(()))
}

/// The longest frames and messages that are sent back, in bytes; longer ones end the connection with 1009 (RFC 6455
/// section 7.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Longest {
    /// One frame.
    pub(crate) frame: u64,
    /// All frames of a message.
    pub(crate) message: u64,
}

impl Default for Longest {
    fn default() -> Self {
        Self {
            frame: LONGEST,
            message: LONGEST,
        }
    }
}

/// Completes the handshake and sends messages back until the client closes.
pub(crate) async fn echo(
    wire: &mut Wire,
    asked: &Asked,
    mark: Option<&str>,
    longest: Longest,
) -> io::Result<After> {
    if !accept(wire, asked, mark).await? {
        return Ok(After::Close);
    }
    let mut message = 0;
    while let Ok(frame) = timeout(SILENCE, read(wire)).await {
        let Some((head, payload)) = frame? else { break };
        if !head.masked {
            goodbye(wire, &PROTOCOL.to_be_bytes()).await?;
            break;
        }
        if head.opcode < CLOSE {
            message = if head.opcode == CONTINUATION {
                message
            } else {
                0
            } + head.length;
            if head.length > longest.frame || message > longest.message {
                goodbye(wire, &TOO_BIG.to_be_bytes()).await?;
                break;
            }
        }
        match head.opcode {
            CLOSE => {
                send(wire, CLOSE, true, &payload).await?;
                break;
            }
            PING => send(wire, PONG, true, &payload).await?,
            PONG => {}
            data => send(wire, data, head.fin, &payload).await?,
        }
    }
    Ok(After::Close)
}

async fn send(wire: &mut Wire, opcode: u8, fin: bool, payload: &[u8]) -> io::Result<()> {
    let mut frame = Vec::new();
    write_frame(&mut frame, opcode, fin, None, payload);
    wire.write_all(&frame).await?;
    wire.flush().await
}

/// Reads one frame: head and unmasked payload; `None` at the end of the stream or for a frame beyond the bound.
async fn read(wire: &mut Wire) -> io::Result<Option<(FrameHead, Vec<u8>)>> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some((head, _)) = read_frame_head(&bytes) {
            break head;
        }
        // One byte at a time: nothing of the payload may be taken.
        let mut byte = [0];
        if wire.read(&mut byte).await? == 0 {
            return Ok(None);
        }
        bytes.push(byte[0]);
    };
    if head.length > LONGEST {
        return Ok(None);
    }
    let mut payload = vec![0; usize::try_from(head.length).unwrap_or_default()];
    if wire.read_exact(&mut payload).await.is_err() {
        return Ok(None);
    }
    if head.masked {
        let key = head.mask.iter().cycle();
        payload
            .iter_mut()
            .zip(key)
            .for_each(|(byte, key)| *byte ^= key);
    }
    Ok(Some((head, payload)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_rfc_6455_1_3() {
        assert_eq!(
            accept_value("dGhlIHNhbXBsZSBub25jZQ=="),
            "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
        );
    }
}
