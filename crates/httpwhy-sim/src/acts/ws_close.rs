//! A WebSocket that is closed with a code, or with none.

use httpwhy_catalog::Param;

use crate::act::{Act, After, Cue, Misuse, OnRequest, Params, Part, Playing, Role, Turn};
use crate::websocket;

/// See the module.
pub(crate) static ACT: Act = Act {
    name: "ws-close",
    about: "completes the handshake and sends a Close frame with that code; 'none': without one",
    params: &["code"],
    perform,
};

fn perform(params: &Params) -> Result<Role, Misuse> {
    let payload = if matches!(params.0, [("code", Param::Text("none"))]) {
        Vec::new()
    } else {
        let code: u16 = params.number_within("code", 0, 65_535)?;
        [&code.to_be_bytes()[..], b"as asked"].concat()
    };
    Ok(Role {
        part: Part::Request(Box::new(WsClose { payload })),
        cue: Cue::websocket(),
    })
}

struct WsClose {
    payload: Vec<u8>,
}

impl OnRequest for WsClose {
    fn answer<'a>(&'a self, turn: Turn<'a>) -> Playing<'a, After> {
        Box::pin(async move {
            if websocket::accept(turn.wire, turn.asked, turn.mark).await? {
                websocket::goodbye(turn.wire, &self.payload).await?;
            }
            Ok(After::Close)
        })
    }
}
