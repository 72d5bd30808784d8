//! Authentication flows: logging in, staying logged in, and why that fails.
//!
//! A [`Flow`] is read from YAML: its steps, what is taken from their answers, how requests carry the session, the request
//! that tells whether one is logged in. [`test()`] runs it once and reports each step. A [`Keeper`] keeps its session for
//! the workers of a run ([`httpwhy_probe::Lender`]): one login for all, renewed when a check confirms that it was lost.
//!
//! What is found out is a fact, a signal `auth:word`; what it means is judged elsewhere. Credentials go nowhere outside the
//! flow's scope, and no report holds a secret.

mod agent;
mod bound;
mod browser;
mod causes;
mod check;
mod extract;
mod flow;
mod keeper;
mod login;
mod machine;
mod mask;
mod pattern;
mod program;
mod report;
mod scope;
mod secrets;
mod sign;
mod template;
mod test;
mod totp;
mod values;

pub use browser::{Browser, BrowserAct, BrowserPage, RefusedCookie};
pub use flow::Flow;
pub use keeper::Keeper;
pub use machine::Figures;
pub use report::{StepReport, Taken};
pub use test::{Tested, test};

use std::borrow::Cow;

use httpwhy_model::Signal;

/// A word of this crate's own vocabulary. Values hold no white space.
fn auth(word: &'static str, params: &[(&'static str, String)]) -> Signal {
    Signal::Word {
        dialect: Cow::Borrowed("auth"),
        word: Cow::Borrowed(word),
        params: params
            .iter()
            .map(|(key, value)| (Cow::Borrowed(*key), value.clone()))
            .collect(),
    }
}
