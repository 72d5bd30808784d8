//! The connection is ended in order, too early.

use crate::act::{Act, After, Cue, Misuse, OnRequest, Params, Part, Playing, Role, Turn};
use crate::answer::Answer;
use crate::cut;

/// See the module.
pub(crate) static ACT: Act = Act {
    name: "close",
    about: "ends the connection (FIN) before the answer is whole; 'reused': instead of answering a second request",
    params: &["at"],
    perform,
};

fn perform(params: &Params) -> Result<Role, Misuse> {
    let at = params.word(
        "at",
        &["before-head", "in-head", "in-body", "in-chunk", "reused"],
    )?;
    Ok(Role {
        part: Part::Request(Box::new(Close { at })),
        cue: Cue {
            warm_up: at == "reused",
            ..Cue::default()
        },
    })
}

struct Close {
    at: &'static str,
}

impl OnRequest for Close {
    fn answer<'a>(&'a self, turn: Turn<'a>) -> Playing<'a, After> {
        Box::pin(async move {
            if self.at == "reused" {
                if turn.asked.before > 0 {
                    return Ok(After::Close);
                }
                return Answer::of(200).send(turn.wire, turn.asked, turn.mark).await;
            }
            cut::send(turn.wire, self.at, turn.mark).await?;
            Ok(After::Close)
        })
    }
}
