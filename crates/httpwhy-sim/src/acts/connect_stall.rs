//! A connection that is never made.

use crate::act::{Act, Cue, Part, Role};

/// See the module.
pub(crate) static ACT: Act = Act {
    name: "connect-stall",
    about: "a port whose accept queue is full: opening packets are dropped",
    params: &[],
    perform: |_| {
        let part = Part::Full;
        let cue = Cue {
            slow: true,
            ..Cue::default()
        };
        Ok(Role { part, cue })
    },
};
