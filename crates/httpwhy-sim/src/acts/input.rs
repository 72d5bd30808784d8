//! A target that is given to the prober as it is.

use crate::act::{Act, Cue, Misuse, Params, Part, Role};

/// See the module.
pub(crate) static ACT: Act = Act {
    name: "input",
    about: "gives the prober this target; no peer takes part",
    params: &["target"],
    perform,
};

fn perform(params: &Params) -> Result<Role, Misuse> {
    Ok(Role {
        part: Part::Client,
        cue: Cue {
            target: Some(params.needed("target")?),
            ..Cue::default()
        },
    })
}
