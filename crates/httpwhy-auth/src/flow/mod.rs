//! An authentication flow, read and checked: what is sent in which order, and what its answers mean.

mod literal;
mod place;
mod read;
#[cfg(test)]
mod tests;

use std::time::Duration;

use httpwhy_schema::{AuthConflict, AuthOnFail};
use regex::Regex;
use url::Url;

use crate::extract::Extract;
use crate::pattern::PathPattern;
use crate::scope::Scope;
use crate::secrets::Reference;
use crate::template::Template;
use crate::totp::Totp;

/// An authentication flow.
#[derive(Debug, Clone)]
pub struct Flow {
    pub(crate) name: String,
    pub(crate) base: Url,
    pub(crate) secrets: Vec<(String, Reference)>,
    pub(crate) scope: Scope,
    pub(crate) steps: Vec<Step>,
    pub(crate) apply: Apply,
    pub(crate) verify: Verify,
    pub(crate) watch: Watch,
    pub(crate) relogin: Relogin,
}

impl Flow {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether a step needs a browser.
    pub fn needs_browser(&self) -> bool {
        self.steps
            .iter()
            .any(|step| matches!(step.action, Action::Browser(_)))
    }

    /// Whether credentials may go to that URL.
    pub fn is_in_scope(&self, url: &str) -> bool {
        self.scope.holds(url)
    }
}

/// One step of the login.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) id: String,
    pub(crate) action: Action,
    pub(crate) expect: Expect,
    pub(crate) extract: Vec<Extract>,
    pub(crate) timeout: Option<Duration>,
    /// Its `expires_in` is the life of the session in seconds (RFC 6749 section 5.1).
    pub(crate) tells_life: bool,
}

#[derive(Debug, Clone)]
pub(crate) enum Action {
    Http(Http),
    Totp {
        totp: Totp,
        seed: Template,
        name: String,
    },
    Exec {
        command: Vec<Template>,
        name: String,
    },
    Browser(Vec<Act>),
}

/// A request.
#[derive(Debug, Clone)]
pub(crate) struct Http {
    pub(crate) method: &'static str,
    pub(crate) url: Template,
    pub(crate) fields: Vec<(String, Template)>,
    /// User name and password for Basic (RFC 7617).
    pub(crate) basic: Option<(Template, Template)>,
    pub(crate) content: Content,
    pub(crate) follow: bool,
}

/// What a request sends.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    Nothing,
    Form(Vec<(String, Template)>),
    /// Texts in it are templates.
    Json(serde_json::Value),
    Text(Template),
}

/// What is done in a browser.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    Goto(Template),
    Fill(String, Template),
    Click(String),
    Wait(String),
}

/// What an answer must be.
#[derive(Debug, Clone, Default)]
pub(crate) struct Expect {
    /// Empty: 200 to 299.
    pub(crate) status: Vec<u16>,
    pub(crate) location: Option<String>,
    pub(crate) not_location: Option<String>,
    pub(crate) body: Option<Regex>,
    pub(crate) not_body: Option<Regex>,
}

/// How requests carry the session.
#[derive(Debug, Clone)]
pub(crate) struct Apply {
    pub(crate) cookies: bool,
    pub(crate) fields: Vec<(String, Template)>,
    pub(crate) query: Vec<(String, Template)>,
    pub(crate) on_conflict: AuthConflict,
}

/// The request that tells whether one is logged in.
#[derive(Debug, Clone)]
pub(crate) struct Verify {
    pub(crate) url: Template,
    pub(crate) fields: Vec<(String, Template)>,
    pub(crate) inside: Sign,
    pub(crate) outside: Option<Sign>,
    pub(crate) anonymous_must_fail: bool,
    pub(crate) every: Option<Duration>,
}

/// What an answer shows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sign {
    pub(crate) status: Vec<u16>,
    pub(crate) location: Option<String>,
    pub(crate) body: Option<Regex>,
}

/// What in any answer says that the session may be lost.
#[derive(Debug, Clone)]
pub(crate) struct Watch {
    pub(crate) out: Sign,
    /// Paths whose answers say nothing.
    pub(crate) exclude: Vec<PathPattern>,
}

/// When and how often to log in again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Relogin {
    pub(crate) before_expiry: Duration,
    pub(crate) max: u32,
    pub(crate) min_interval: Duration,
    pub(crate) on_fail: AuthOnFail,
}
