//! A QUIC connection that HTTP/3 closes with an error code.

use quinn::VarInt;

use crate::act::{Act, Cue, Misuse, OnQuic, Params, Part, Playing, QuicTurn, Role};
use crate::acts::h3::{begin, code};

/// See the module.
pub(crate) static ACT: Act = Act {
    name: "h3-close",
    about: "over HTTP/3: CONNECTION_CLOSE with that application code, instead of the answer or within its content",
    params: &["at", "code", "reason"],
    perform,
};

fn perform(params: &Params) -> Result<Role, Misuse> {
    let close = Close {
        code: code(params)?,
        reason: params.text("reason")?.unwrap_or_default(),
        in_body: match params.text("at")? {
            None => false,
            Some(_) => params.word("at", &["before-head", "in-body"])? == "in-body",
        },
    };
    Ok(Role {
        part: Part::Quic(Box::new(close)),
        cue: Cue::http3(),
    })
}

struct Close {
    code: VarInt,
    reason: &'static str,
    in_body: bool,
}

impl OnQuic for Close {
    fn answer<'a>(&'a self, mut turn: QuicTurn<'a>) -> Playing<'a, ()> {
        Box::pin(async move {
            if self.in_body {
                begin(&mut turn).await?;
            }
            let connection = &turn.peer.connection;
            connection.close(self.code, self.reason.as_bytes());
            Ok(())
        })
    }
}
