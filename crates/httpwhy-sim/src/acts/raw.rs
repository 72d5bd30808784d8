//! Bytes sent verbatim instead of an answer.

use tokio::io::AsyncWriteExt;

use crate::act::{Act, After, Cue, Misuse, OnRequest, Params, Part, Playing, Role, Turn};
use crate::serve::DEADLINE;

/// See the module.
pub(crate) static ACT: Act = Act {
    name: "raw",
    about: "sends these bytes and nothing else, then ends the connection, tears it down, or is silent",
    params: &["bytes", "then"],
    perform,
};

fn perform(params: &Params) -> Result<Role, Misuse> {
    let then = match params.text("then")? {
        None => "close",
        Some(_) => params.word("then", &["close", "reset", "stall"])?,
    };
    let raw = Raw {
        bytes: params.needed("bytes")?,
        then,
    };
    Ok(Role {
        part: Part::Request(Box::new(raw)),
        cue: Cue {
            slow: then == "stall",
            ..Cue::default()
        },
    })
}

struct Raw {
    bytes: &'static str,
    then: &'static str,
}

impl OnRequest for Raw {
    fn answer<'a>(&'a self, turn: Turn<'a>) -> Playing<'a, After> {
        Box::pin(async move {
            turn.wire.write_all(self.bytes.as_bytes()).await?;
            turn.wire.flush().await?;
            match self.then {
                "reset" => return Ok(After::Reset),
                "stall" => turn.wire.hold(DEADLINE).await,
                _ => {}
            }
            Ok(After::Close)
        })
    }
}
