//! A stream that the server ends with an error code.

use tokio::time::sleep;

use crate::act::{Act, Cue, FramesTurn, Misuse, OnFrames, Params, Part, Playing, Role};
use crate::acts::h2::{BODY, HEAD, TOLD};

/// See the module.
pub(crate) static ACT: Act = Act {
    name: "h2-reset",
    about: "over HTTP/2: RST_STREAM with that code, instead of the answer or within its content",
    params: &["at", "code"],
    perform,
};

fn perform(params: &Params) -> Result<Role, Misuse> {
    let in_body = match params.text("at")? {
        None => false,
        Some(_) => params.word("at", &["before-head", "in-body"])? == "in-body",
    };
    let code = params.number_within("code", 0, i64::from(u32::MAX))?;
    Ok(Role {
        part: Part::Frames(Box::new(Reset { code, in_body })),
        cue: Cue::http2(),
    })
}

struct Reset {
    code: u32,
    in_body: bool,
}

impl OnFrames for Reset {
    fn answer<'a>(&'a self, turn: FramesTurn<'a>) -> Playing<'a, ()> {
        Box::pin(async move {
            let FramesTurn { link, stream, .. } = turn;
            if self.in_body {
                link.fields(stream, &turn.marked(HEAD), false).await?;
                link.data(stream, BODY, false).await?;
                // Some clients drop what is not read when the reset comes.
                sleep(TOLD).await;
            }
            link.reset_stream(stream, self.code).await
        })
    }
}
