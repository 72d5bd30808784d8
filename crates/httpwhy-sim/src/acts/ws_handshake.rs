//! WebSocket handshakes that a client must refuse (RFC 6455 section 4.1).

use std::io;

use tokio::io::AsyncWriteExt;

use crate::act::{Act, After, Cue, Misuse, OnRequest, Params, Part, Playing, Role, Turn};
use crate::answer::{Answer, head_with};
use crate::serve::DEADLINE;
use crate::websocket;

/// See the module.
pub(crate) static ACT: Act = Act {
    name: "ws-handshake",
    about: "answers a handshake with a wrong accept value, with 200, without Upgrade, with what was not offered, or not at all",
    params: &["how"],
    perform,
};

/// Every way.
pub(crate) const HOWS: &[&str] = &[
    "bad-accept",
    "extension",
    "no-upgrade",
    "not-101",
    "stall",
    "subprotocol",
];

fn perform(params: &Params) -> Result<Role, Misuse> {
    let how = params.word("how", HOWS)?;
    Ok(Role {
        part: Part::Request(Box::new(WsHandshake { how })),
        cue: Cue {
            slow: how == "stall",
            ..Cue::websocket()
        },
    })
}

struct WsHandshake {
    how: &'static str,
}

impl OnRequest for WsHandshake {
    fn answer<'a>(&'a self, turn: Turn<'a>) -> Playing<'a, After> {
        Box::pin(play(self.how, turn))
    }
}

/// Answers a handshake in that way of [`HOWS`].
pub(crate) async fn play(how: &str, turn: Turn<'_>) -> io::Result<After> {
    let Turn {
        wire, asked, mark, ..
    } = turn;
    let Some(key) = websocket::key(asked) else {
        return websocket::refuse(wire, asked, mark).await;
    };
    let good = websocket::accept_value(key);
    match how {
        "not-101" => return Answer::of(200).send(wire, asked, mark).await,
        "stall" => {}
        "bad-accept" => {
            let wrong = websocket::accept_value("another key");
            websocket::send_handshake(wire, &wrong, &[], mark).await?;
        }
        "extension" => {
            let more = [("Sec-WebSocket-Extensions", "x-sim-never-offered")];
            websocket::send_handshake(wire, &good, &more, mark).await?;
        }
        "no-upgrade" => {
            let fields = [("Sec-WebSocket-Accept", good.as_str())];
            wire.write_all(&head_with(101, &fields, mark)).await?;
            wire.flush().await?;
        }
        _ => {
            let more = [("Sec-WebSocket-Protocol", "sim-never-offered")];
            websocket::send_handshake(wire, &good, &more, mark).await?;
        }
    }
    wire.hold(DEADLINE).await;
    Ok(After::Close)
}
