//! The prober's own test switch.

use crate::act::{Act, Cue, Misuse, Params, Part, Role};

/// See the module.
pub(crate) static ACT: Act = Act {
    name: "fault",
    about: "sets the prober's test switch; the target is a plain page",
    params: &["kind"],
    perform,
};

fn perform(params: &Params) -> Result<Role, Misuse> {
    Ok(Role {
        part: Part::Client,
        cue: Cue {
            fault: Some(params.needed("kind")?),
            ..Cue::default()
        },
    })
}
