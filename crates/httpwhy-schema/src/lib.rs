//! The public JSON of httpwhy, version 1: one object a line, `null` where not known. Fields may be added, none renamed.
//!
//! `kind` says what an object is; each kind has a committed JSON Schema in `schemas/`. Exchanges travel both ways, so
//! that anything recorded can be judged again; a diagnosis only goes out.

mod auth;
mod choice;
mod diagnosis;
mod exchange;
mod login;
mod logs;
mod outcome;
mod record;
mod rule;
mod run;
mod scenario;
mod stored;
mod tls;
mod way;

pub use auth::{
    AuthApply, AuthBrowserAct, AuthClient, AuthConflict, AuthCookies, AuthExec, AuthExpect,
    AuthExtract, AuthFile, AuthFileError, AuthGrant, AuthHash, AuthOauth2, AuthOnFail, AuthRelogin,
    AuthSign, AuthStep, AuthText, AuthTotp, AuthVerify, AuthWatch, nearest,
};
pub use choice::{AgainstJson, AnswerJson, ChoiceLine, DemandJson, OptionJson, QuestionLine};
pub use diagnosis::{
    BecauseJson, BlameJson, CandidateJson, DiagnosisLine, EntryPointJson, EvidenceJson, FactsJson,
    FindingJson, JudgementJson, MeasuresJson, Millis, ProducerJson, RemedyJson, RetryJson,
    VantageJson, Writing, Written,
};
pub use exchange::{DocumentedJson, ExchangeLine, ReadError, moment, read_visits};
pub use login::{LoginLine, LoginStepLine, TakenJson};
pub use logs::{
    IncidentLine, IncidentTraitJson, LogCountJson, LogGroupJson, LogInputJson, LogJoinedJson,
    LogLinesJson, LogMinuteJson, LogOpenJson, LogPathJson, LogPathOutcomeJson, LogStatusJson,
    LogTimesJson, LogUnreadJson, LogUnreadableJson, LogsLine,
};
pub use outcome::{
    CandidatesLine, ErrorLine, FixJson, ListedJson, NamedJson, OutcomeLine, OutcomeText, SaidJson,
};
pub use record::RecordHead;
pub use rule::RuleLine;
pub use run::{
    AdviceJson, ChangeJson, CodeJson, CountJson, DiffCountsJson, DiffLine, DiffSideJson, GroupJson,
    HealthCountsJson, HealthJson, PartyCountJson, PlaceJson, QuantilesJson, RunLine, ShiftJson,
    StoredRunJson,
};
pub use scenario::{
    ScenarioAfter, ScenarioAnswer, ScenarioEnd, ScenarioError, ScenarioFile, ScenarioHow,
    ScenarioMatch, ScenarioPiece, ScenarioRule, ScenarioStep, ScenarioText, ScenarioWire,
};

pub use stored::StoredParts;

use httpwhy_model::acts_on_terminals;

/// The version of all objects written by this crate.
pub const SCHEMA: u32 = 1;

/// The JSON Schemas of all kinds, by kind.
pub fn schemas() -> Vec<(&'static str, schemars::Schema)> {
    vec![
        ("auth", schemars::schema_for!(AuthFile)),
        ("candidates", schemars::schema_for!(CandidatesLine)),
        ("choice", schemars::schema_for!(ChoiceLine)),
        ("diagnosis", schemars::schema_for!(DiagnosisLine)),
        ("diff", schemars::schema_for!(DiffLine)),
        ("error", schemars::schema_for!(ErrorLine)),
        ("exchange", schemars::schema_for!(ExchangeLine)),
        ("incident", schemars::schema_for!(IncidentLine)),
        ("login", schemars::schema_for!(LoginLine)),
        ("login-step", schemars::schema_for!(LoginStepLine)),
        ("logs", schemars::schema_for!(LogsLine)),
        ("outcome", schemars::schema_for!(OutcomeLine)),
        ("question", schemars::schema_for!(QuestionLine)),
        ("rule", schemars::schema_for!(RuleLine)),
        ("run", schemars::schema_for!(RunLine)),
        ("scenario", schemars::schema_for!(ScenarioFile)),
    ]
}

/// Writes one object as one line, in which nothing stands that a terminal obeys.
///
/// # Errors
/// Those of the writer.
pub fn write_line(
    out: &mut dyn std::io::Write,
    object: &impl serde::Serialize,
) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    append(&mut bytes, object)?;
    bytes.push(b'\n');
    out.write_all(&bytes)
}

/// Adds one object, without an end of line.
fn append(bytes: &mut Vec<u8>, object: &impl serde::Serialize) -> std::io::Result<()> {
    let mut serializer = serde_json::Serializer::with_formatter(bytes, Quiet);
    Ok(object.serialize(&mut serializer)?)
}

/// JSON as serde_json writes it, with DEL, C1 controls and characters that turn or hide text escaped as well: RFC 8259
/// demands it of C0 controls only, and a terminal obeys the others too.
struct Quiet;

impl serde_json::ser::Formatter for Quiet {
    fn write_string_fragment<W: ?Sized + std::io::Write>(
        &mut self,
        out: &mut W,
        fragment: &str,
    ) -> std::io::Result<()> {
        // Most fragments hold no byte that such a character begins with. Without a way out in the middle many bytes
        // are looked at in one step.
        #[allow(clippy::needless_bitwise_bool, reason = "no way out in the middle")]
        let begins = |byte: u8| (byte == 0x7f) | (byte == 0xc2) | (byte == 0xe2) | (byte == 0xef);
        if !fragment.bytes().fold(false, |any, byte| any | begins(byte)) {
            return out.write_all(fragment.as_bytes());
        }
        let mut rest = fragment;
        while let Some((at, c)) = rest.char_indices().find(|&(_, c)| acts_on_terminals(c)) {
            out.write_all(&rest.as_bytes()[..at])?;
            write!(out, "\\u{:04x}", u32::from(c))?;
            rest = &rest[at + c.len_utf8()..];
        }
        out.write_all(rest.as_bytes())
    }
}
