//! The connection is torn down.

use tokio::net::TcpStream;

use crate::act::{
    Act, After, Cue, Guest, Misuse, OnAccept, OnRequest, Params, Part, Playing, Role, Turn,
};
use crate::cut;

/// See the module.
pub(crate) static ACT: Act = Act {
    name: "reset",
    about: "tears the connection down (RST): as soon as it is there, or behind part of the answer",
    params: &["at"],
    perform,
};

fn perform(params: &Params) -> Result<Role, Misuse> {
    let at = params.word(
        "at",
        &["connect", "before-head", "in-head", "in-body", "in-chunk"],
    )?;
    let reset = Reset { at };
    let part = match at {
        "connect" => Part::Accept(Box::new(reset)),
        _ => Part::Request(Box::new(reset)),
    };
    Ok(Role {
        part,
        cue: Cue {
            pause: at == "connect",
            ..Cue::default()
        },
    })
}

struct Reset {
    at: &'static str,
}

impl OnRequest for Reset {
    fn answer<'a>(&'a self, turn: Turn<'a>) -> Playing<'a, After> {
        Box::pin(async move {
            cut::send(turn.wire, self.at, turn.mark).await?;
            Ok(After::Reset)
        })
    }
}

impl OnAccept for Reset {
    fn accepted<'a>(&'a self, stream: TcpStream, _: Guest<'a>) -> Playing<'a, ()> {
        // At once: the client is still between connecting and its first byte.
        Box::pin(async move { stream.set_zero_linger() })
    }
}
