//! The public JSON of httpwhy, version 1: one object a line, `null` where not known. Fields may be added, none renamed.
//!
//! `kind` says what an object is; each kind has a committed JSON Schema in `schemas/`. Exchanges travel both ways, so
//! that anything recorded can be judged again; a diagnosis only goes out.

mod choice;
mod diagnosis;
mod exchange;
mod outcome;

pub use choice::{AgainstJson, AnswerJson, ChoiceLine, DemandJson, OptionJson, QuestionLine};
pub use diagnosis::{
    BecauseJson, BlameJson, CandidateJson, DiagnosisLine, EvidenceJson, FindingJson, ProducerJson,
    RemedyJson, RetryJson, VantageJson,
};
pub use exchange::{ExchangeLine, ReadError, read_visits};
pub use outcome::{
    CandidatesLine, ErrorLine, FixJson, NamedJson, OutcomeLine, OutcomeText, SaidJson,
};

/// The version of all objects written by this crate.
pub const SCHEMA: u32 = 1;

/// The JSON Schemas of all kinds, by kind.
pub fn schemas() -> Vec<(&'static str, schemars::Schema)> {
    vec![
        ("candidates", schemars::schema_for!(CandidatesLine)),
        ("choice", schemars::schema_for!(ChoiceLine)),
        ("diagnosis", schemars::schema_for!(DiagnosisLine)),
        ("error", schemars::schema_for!(ErrorLine)),
        ("exchange", schemars::schema_for!(ExchangeLine)),
        ("outcome", schemars::schema_for!(OutcomeLine)),
        ("question", schemars::schema_for!(QuestionLine)),
    ]
}

/// Writes one object as one line.
///
/// # Errors
/// Those of the writer.
pub fn write_line(
    out: &mut dyn std::io::Write,
    object: &impl serde::Serialize,
) -> std::io::Result<()> {
    serde_json::to_writer(&mut *out, object).map_err(std::io::Error::from)?;
    out.write_all(b"\n")
}
