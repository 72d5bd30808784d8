//! A name that fails.

use crate::act::{Act, Cue, Misuse, Params, Part, Role};
use crate::dns::FAULTS;

/// Not a name that fails, but a name server that is not there.
const REFUSED_PORT: &str = "refused-port";

/// See the module.
pub(crate) static ACT: Act = Act {
    name: "dns",
    about: "the name server answers with that fault, or not at all",
    params: &["how"],
    perform,
};

fn perform(params: &Params) -> Result<Role, Misuse> {
    let known = [FAULTS, &[REFUSED_PORT]].concat();
    let how = params.word("how", &known)?;
    let dead_resolver = how == REFUSED_PORT;
    let host = if dead_resolver { "sim" } else { how };
    Ok(Role {
        part: Part::Name,
        cue: Cue {
            host: Some(format!("{host}.test")),
            // After garbage a client waits on: a better answer may still come.
            slow: matches!(how, "silence" | "garbage"),
            dead_resolver,
            ..Cue::default()
        },
    })
}
