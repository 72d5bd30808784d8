//! A connection that the server ends with an error code.

use crate::act::{Act, After, Cue, FramesTurn, Misuse, OnFrames, Params, Part, Playing, Role};
use crate::acts::h2::{BODY, HEAD};

/// See the module.
pub(crate) static ACT: Act = Act {
    name: "h2-goaway",
    about: "over HTTP/2: GOAWAY with that code, then the end of the connection; the request's stream is 'above' the last one that counts (not processed), or 'below', where it may have been; 'answered': and its answer is whole",
    params: &["code", "debug", "stream"],
    perform,
};

fn perform(params: &Params) -> Result<Role, Misuse> {
    let stream = match params.text("stream")? {
        None => "above",
        Some(_) => params.word("stream", &["above", "answered", "below", "below-in-body"])?,
    };
    let goaway = GoAway {
        code: params.number_within("code", 0, i64::from(u32::MAX))?,
        debug: params.text("debug")?.unwrap_or_default(),
        stream,
    };
    Ok(Role {
        part: Part::Frames(Box::new(goaway)),
        cue: Cue::http2(),
    })
}

struct GoAway {
    code: u32,
    debug: &'static str,
    stream: &'static str,
}

impl OnFrames for GoAway {
    fn answer<'a>(&'a self, turn: FramesTurn<'a>) -> Playing<'a, ()> {
        Box::pin(async move {
            let FramesTurn { link, stream, .. } = turn;
            let last = match self.stream {
                "above" => stream.saturating_sub(2),
                _ => stream,
            };
            if self.stream == "below-in-body" {
                link.fields(stream, &turn.marked(HEAD), false).await?;
                link.data(stream, BODY, false).await?;
            }
            link.goaway(last, self.code, self.debug).await?;
            if self.stream == "answered" {
                link.fields(stream, &turn.marked(&[(":status", "204")]), true)
                    .await?;
            }
            link.end(After::Close);
            Ok(())
        })
    }
}
