//! The nouns of httpwhy, the same words in code, command line, JSON and documentation.
//!
//! An [`Exchange`] is one request attempt and whatever came back, seen from one [`Vantage`]: raw bytes, never
//! validated, so that whatever was on the wire fits in it. A [`Visit`] is what was asked for and its steps. A
//! [`Signal`] is one fact in a machine's own vocabulary. A [`Diagnosis`] says what all of it means.
//!
//! Observation is not judgement: probes and readers fill exchanges with bytes and signals, and only
//! `httpwhy-diagnose` says what they mean. Structure is closed ([`Phase`], [`Party`], [`Advice`] are enums the
//! compiler checks), membership is open (an [`OutcomeId`] names a catalogue entry).
//!
//! This crate has no clock and does no I/O.

mod words;

mod alt_svc;
mod diagnosis;
mod documented;
mod entry;
mod exchange;
mod group;
mod message;
mod phase;
mod plain;
mod redact;
mod seen;
mod signal;
pub mod template;
mod terminal;
mod visit;
mod way;

pub use alt_svc::{AltService, alternatives};
pub use diagnosis::{
    Advice, Audience, Blame, Candidate, Diagnosis, Evidence, Finding, Level, OutcomeId, Place,
    Producer, Remedy, Retry, Role,
};
pub use documented::{Documented, StatusSet};
pub use entry::EntryPoint;
pub use exchange::{
    CertFacts, End, Exchange, Fault, Sent, Side, Timeline, TlsFacts, Vantage, Who, WsClose,
};
pub use group::{Cause, Group};
pub use message::{Body, Field, Fields, Framing, Kept, Request, Response, Value};
pub use phase::{Party, Phase};
pub use plain::PlainUri;
pub use redact::{is_secret_field, redact, redact_uri, redacted};
pub use seen::Seen;
pub use signal::{CertProblem, DnsFault, Errno, H1Defect, Signal, SignalError, TlsFault};
pub use terminal::acts_on_terminals;
pub use visit::{Because, Step, Visit};
pub use way::{Attempt, AttemptEnd, Instead, ProxyFacts, Way};
pub use words::UnknownWord;
