//! A request stream that the server ends with an error code.

use quinn::VarInt;

use crate::act::{Act, Cue, Misuse, OnQuic, Params, Part, Playing, QuicTurn, Role};
use crate::acts::h3::{begin, code};
use crate::serve::DEADLINE;

/// See the module.
pub(crate) static ACT: Act = Act {
    name: "h3-reset",
    about: "over HTTP/3: RESET_STREAM with that code, instead of the answer or within its content; 'stop-sending': STOP_SENDING, and silence",
    params: &["at", "code", "via"],
    perform,
};

fn perform(params: &Params) -> Result<Role, Misuse> {
    let word = |name: &str, allowed: [&'static str; 2]| match params.text(name)? {
        None => Ok(allowed[0]),
        Some(_) => params.word(name, &allowed),
    };
    let stops = word("via", ["reset-stream", "stop-sending"])? == "stop-sending";
    let reset = Reset {
        code: code(params)?,
        in_body: word("at", ["before-head", "in-body"])? == "in-body",
        stops,
    };
    let mut cue = Cue::http3();
    if stops {
        // Only a client that still sends hears of it.
        "POST".clone_into(&mut cue.method);
        cue.body = Some(vec![0; 4 << 20]);
        cue.slow = true;
    }
    Ok(Role {
        part: Part::Quic(Box::new(reset)),
        cue,
    })
}

struct Reset {
    code: VarInt,
    in_body: bool,
    stops: bool,
}

impl OnQuic for Reset {
    fn begins_with_fields(&self) -> bool {
        self.stops
    }

    fn answer<'a>(&'a self, mut turn: QuicTurn<'a>) -> Playing<'a, ()> {
        Box::pin(async move {
            if self.in_body {
                begin(&mut turn).await?;
            }
            // A stream that the client has given up is over already.
            if self.stops {
                let _ = turn.from.stop(self.code);
                tokio::time::sleep(DEADLINE).await;
            } else {
                let _ = turn.to.reset(self.code);
            }
            Ok(())
        })
    }
}
