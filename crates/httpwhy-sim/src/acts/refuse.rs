//! A port on which nothing listens.

use crate::act::{Act, Cue, Misuse, Params, Part, Role};

/// See the module.
pub(crate) static ACT: Act = Act {
    name: "refuse",
    about: "a port that is bound and does not listen: the system refuses",
    params: &[],
    perform,
};

fn perform(_: &Params) -> Result<Role, Misuse> {
    Ok(Role {
        part: Part::Refuse,
        cue: Cue::default(),
    })
}
