//! A source address that this machine does not have.

use crate::act::{Act, Cue, Misuse, Params, Part, Role};

/// See the module.
pub(crate) static ACT: Act = Act {
    name: "source",
    about: "has the prober connect from this address; no peer takes part",
    params: &["address"],
    perform,
};

fn perform(params: &Params) -> Result<Role, Misuse> {
    Ok(Role {
        part: Part::Client,
        cue: Cue {
            from: Some(params.needed("address")?),
            ..Cue::default()
        },
    })
}
