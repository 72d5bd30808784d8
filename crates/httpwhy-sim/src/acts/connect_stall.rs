//! A connection that is never made.

use crate::act::{Act, Cue, Misuse, Params, Part, Role};

/// See the module.
pub(crate) static ACT: Act = Act {
    name: "connect-stall",
    about: "a port whose accept queue is full: opening packets are dropped",
    params: &[],
    perform,
};

fn perform(_: &Params) -> Result<Role, Misuse> {
    Ok(Role {
        part: Part::Full,
        cue: Cue {
            slow: true,
            ..Cue::default()
        },
    })
}
