//! Silence behind part of the answer.

use crate::act::{Act, After, Cue, Misuse, OnRequest, Params, Part, Playing, Role, Turn};
use crate::cut;
use crate::serve::DEADLINE;

/// See the module.
pub(crate) static ACT: Act = Act {
    name: "stall",
    about: "says nothing more, for a minute, behind part of the answer or none",
    params: &["at"],
    perform,
};

fn perform(params: &Params) -> Result<Role, Misuse> {
    let at = params.word("at", &["before-head", "in-head", "in-body", "in-chunk"])?;
    Ok(Role {
        part: Part::Request(Box::new(Stall { at })),
        cue: Cue {
            slow: true,
            ..Cue::default()
        },
    })
}

struct Stall {
    at: &'static str,
}

impl OnRequest for Stall {
    fn answer<'a>(&'a self, turn: Turn<'a>) -> Playing<'a, After> {
        Box::pin(async move {
            cut::send(turn.wire, self.at, turn.mark).await?;
            turn.wire.hold(DEADLINE).await;
            Ok(After::Close)
        })
    }
}
