//! What it means: the judgement of one step or of a whole visit.

use std::borrow::Cow;
use std::fmt;

use crate::words::words;
use crate::{Party, Phase};

/// The id of a catalogue entry, which is its path: `http/404`, `net/connect-refused`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OutcomeId(pub &'static str);

impl OutcomeId {
    /// The part before the slash, e.g. `http`.
    pub fn namespace(self) -> &'static str {
        self.0
            .split_once('/')
            .map_or(self.0, |(namespace, _)| namespace)
    }

    /// The part behind the slash, e.g. `404`.
    pub fn code(self) -> &'static str {
        self.0.split_once('/').map_or("", |(_, code)| code)
    }
}

impl fmt::Display for OutcomeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0)
    }
}

/// What one step, or a whole visit, means.
#[derive(Debug, Clone, PartialEq)]
pub struct Diagnosis {
    /// What happened.
    pub outcome: OutcomeId,
    /// What holds as well, e.g. the status beside a truncated body.
    pub also: Vec<OutcomeId>,
    /// Other owners of the same number that evidence could not rule out, likeliest first.
    pub candidates: Vec<Candidate>,
    /// The phase it happened in.
    pub phase: Phase,
    /// The software that made the response.
    pub producer: Option<Producer>,
    /// Whose behaviour, if different, would have let this succeed as asked.
    pub blame: Blame,
    /// Whether, and when, to try again.
    pub retry: Retry,
    /// What to do, by audience.
    pub remedies: Vec<Remedy>,
    /// Rules of HTTP that were broken.
    pub findings: Vec<Finding>,
    /// Where each claim comes from.
    pub evidence: Vec<Evidence>,
    /// What the server itself says about it: at most 200 characters, control characters removed.
    pub server_says: Option<String>,
}

/// Another outcome it may be, and what would tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The other outcome.
    pub outcome: OutcomeId,
    /// What would have to be there for it.
    pub needs: String,
}

/// The software that made the response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Producer {
    /// Its name as a person writes it, e.g. `nginx`.
    pub name: &'static str,
    /// Where it stood in this exchange.
    pub role: Role,
}

words! {
    /// Where a producer stood.
    pub enum Role as "role" {
        /// In front: a proxy, gateway, CDN or load balancer.
        Intermediary = "intermediary",
        /// The origin server itself.
        Origin = "origin",
        /// Cannot be told.
        Unknown = "unknown",
    }
}

/// The party whose behaviour or state, if different, would have let this exchange succeed as asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// The evidence leaves no other party.
    Proven(Party),
    /// The evidence points there; others remain possible.
    Likely(Party),
    /// Nothing is wrong.
    Nobody,
    /// It cannot be known from what was captured.
    Unknown {
        /// What to capture next.
        missing: &'static str,
    },
}

impl Blame {
    /// The party named, if any.
    pub const fn party(self) -> Option<Party> {
        match self {
            Self::Proven(party) | Self::Likely(party) => Some(party),
            Self::Nobody | Self::Unknown { .. } => None,
        }
    }

    /// `proven`, `likely` or `unknown`. Nobody is likely: a front that closes cut content in order leaves no mark of it.
    pub const fn certainty(self) -> &'static str {
        match self {
            Self::Proven(_) => "proven",
            Self::Likely(_) | Self::Nobody => "likely",
            Self::Unknown { .. } => "unknown",
        }
    }
}

/// Whether, and when, to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// The advice.
    pub advice: Advice,
    /// Seconds to wait, when known.
    pub after_s: Option<u64>,
}

words! {
    /// Whether the same request may be sent again.
    pub enum Advice as "retry" {
        /// The same request will fail again.
        Never = "never",
        /// At once: it was certainly not processed, or the standard invites a repeat.
        Now = "now",
        /// Only when doing it twice is harmless (RFC 9110 section 9.2.2): it may have been processed.
        IfIdempotent = "if-idempotent",
        /// After a while.
        AfterDelay = "after-delay",
        /// After something was mended.
        AfterRemedy = "after-remedy",
        /// It cannot be said.
        Unknown = "unknown",
    }
}

words! {
    /// Whom a text speaks to.
    pub enum Audience as "audience" {
        /// A person with a browser, or the support desk beside them.
        Visitor = "visitor",
        /// Writes the client.
        Caller = "caller",
        /// Writes the API.
        Author = "author",
        /// Runs it.
        Operator = "operator",
        /// Attacks it with permission.
        Tester = "tester",
    }
}

/// What to do, for one audience.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remedy {
    /// Whom it speaks to.
    pub audience: Audience,
    /// What to do, Markdown.
    pub text: Cow<'static, str>,
}

/// A place in a step and what it shows. No claim without one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// The index of the step.
    pub step: usize,
    /// Where in the step.
    pub place: Place,
    /// What stands there, shortened to 120 characters and escaped for display; `None` for absences.
    pub quote: Option<String>,
    /// What it shows.
    pub shows: Cow<'static, str>,
}

/// A place in a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// `status-line`
    StatusLine,
    /// `field:server`: a response field, lower case.
    Field(String),
    /// `absent:allow`: a response field that is not there.
    Absent(String),
    /// `request-field:authorization`
    RequestField(String),
    /// `body:0-157`: a byte range of the content.
    Body(u64, u64),
    /// `signal:errno:ECONNRESET`
    Signal(String),
    /// `time:wait`
    Time(Phase),
    /// `close`: the Close frame, or its absence.
    Close,
    /// `target`: the target URI asked for.
    Target,
    /// `end`: how the exchange ended.
    End,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StatusLine => f.write_str("status-line"),
            Self::Field(name) => write!(f, "field:{name}"),
            Self::Absent(name) => write!(f, "absent:{name}"),
            Self::RequestField(name) => write!(f, "request-field:{name}"),
            Self::Body(from, to) => write!(f, "body:{from}-{to}"),
            Self::Signal(text) => write!(f, "signal:{text}"),
            Self::Time(phase) => write!(f, "time:{phase}"),
            Self::Close => f.write_str("close"),
            Self::Target => f.write_str("target"),
            Self::End => f.write_str("end"),
        }
    }
}

words! {
    /// How strongly the rule binds (RFC 2119).
    pub enum Level as "level" {
        /// Must.
        Must = "MUST",
        /// Should.
        Should = "SHOULD",
        /// Good practice without a requirement word.
        Practice = "PRACTICE",
    }
}

/// One conformance rule's statement about one exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule's name, e.g. `method-not-allowed-without-allow`.
    pub rule: &'static str,
    /// How strongly it binds.
    pub level: Level,
    /// Who must mend it.
    pub party: Party,
    /// Where the rule stands, e.g. `RFC 9110 15.5.6`.
    pub section: &'static str,
    /// What is wrong here.
    pub message: Cow<'static, str>,
}
