//! A port on which nothing listens.

use crate::act::{Act, Cue, Part, Role};

/// See the module.
pub(crate) static ACT: Act = Act {
    name: "refuse",
    about: "a port that is bound and does not listen: the system refuses",
    params: &[],
    perform: |_| {
        let part = Part::Refuse;
        let cue = Cue::default();
        Ok(Role { part, cue })
    },
};
