//! A WebSocket that ends without a Close frame.

use crate::act::{Act, After, Cue, Misuse, OnRequest, Params, Part, Playing, Role, Turn};
use crate::websocket;

/// See the module.
pub(crate) static ACT: Act = Act {
    name: "ws-drop",
    about: "completes the handshake and ends the connection, by FIN or RST, without a Close frame",
    params: &["how"],
    perform,
};

fn perform(params: &Params) -> Result<Role, Misuse> {
    let then = match params.word("how", &["fin", "reset"])? {
        "reset" => After::Reset,
        _ => After::Close,
    };
    Ok(Role {
        part: Part::Request(Box::new(WsDrop { then })),
        cue: Cue::websocket(),
    })
}

struct WsDrop {
    then: After,
}

impl OnRequest for WsDrop {
    fn answer<'a>(&'a self, turn: Turn<'a>) -> Playing<'a, After> {
        Box::pin(async move {
            let is_open = websocket::accept(turn.wire, turn.asked, turn.mark).await?;
            Ok(if is_open { self.then } else { After::Close })
        })
    }
}
