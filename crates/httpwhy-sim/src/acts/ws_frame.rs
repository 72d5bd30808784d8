//! A WebSocket on which the server breaks a rule of RFC 6455, or says nothing.

use httpwhy_wire::ws::write_frame;
use tokio::io::AsyncWriteExt;

use crate::act::{Act, After, Cue, Misuse, OnRequest, Params, Part, Playing, Role, Turn};
use crate::serve::DEADLINE;
use crate::websocket::{self, CLOSE};

/// See the module.
pub(crate) static ACT: Act = Act {
    name: "ws-frame",
    about: "completes the handshake and sends a frame that breaks that rule, or none and answers nothing ('silence')",
    params: &["how"],
    perform,
};

const TEXT: u8 = 1;
const PING: u8 = 9;
/// Every way.
pub(crate) const HOWS: &[&str] = &[
    "bad-close",
    "bad-utf8",
    "continuation",
    "cut",
    "fragmented-ping",
    "huge",
    "long-ping",
    "masked",
    "opcode-3",
    "rsv",
    "silence",
];

fn perform(params: &Params) -> Result<Role, Misuse> {
    let how = params.word("how", HOWS)?;
    Ok(Role {
        part: Part::Request(Box::new(WsFrame { how })),
        cue: Cue {
            slow: how == "silence",
            ..Cue::websocket()
        },
    })
}

struct WsFrame {
    how: &'static str,
}

impl OnRequest for WsFrame {
    fn answer<'a>(&'a self, turn: Turn<'a>) -> Playing<'a, After> {
        Box::pin(play(self.how, turn))
    }
}

/// Completes the handshake and breaks that rule.
pub(crate) async fn play(how: &str, turn: Turn<'_>) -> std::io::Result<After> {
    let Turn {
        wire, asked, mark, ..
    } = turn;
    if !websocket::accept(wire, asked, mark).await? {
        return Ok(After::Close);
    }
    wire.write_all(&frame(how)).await?;
    wire.flush().await?;
    if how != "cut" {
        // The client has to end it; PING and all else stay without an answer.
        wire.hold(DEADLINE).await;
    }
    Ok(After::Close)
}

fn frame(how: &str) -> Vec<u8> {
    let mut out = Vec::new();
    match how {
        "silence" => {}
        "masked" => write_frame(&mut out, TEXT, true, Some([1, 2, 3, 4]), b"masked"),
        "bad-utf8" => write_frame(&mut out, TEXT, true, None, b"\xff\xfe"),
        "bad-close" => write_frame(&mut out, CLOSE, true, None, b"\x03"),
        // The continuation of nothing.
        "continuation" => write_frame(&mut out, 0, true, None, b"rest"),
        "fragmented-ping" => write_frame(&mut out, PING, false, None, b"part"),
        "long-ping" => write_frame(&mut out, PING, true, None, &[b'*'; 126]),
        "opcode-3" => write_frame(&mut out, 3, true, None, b"reserved"),
        "rsv" => {
            write_frame(&mut out, TEXT, true, None, b"reserved");
            out[0] |= 0x40;
        }
        // A length of 2^62 bytes, of which a few come.
        "huge" => out.extend_from_slice(b"\x82\x7f\x40\0\0\0\0\0\0\0a few"),
        // Half of a frame.
        _ => out.extend_from_slice(b"\x81\x0ahalf "),
    }
    out
}
