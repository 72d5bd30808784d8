//! Scenario files of the simulator: which request is answered by what, in which order. TOML or JSON.
//!
//! ```toml
//! schema = 1
//!
//! [[rules]]
//! name = "orders fail twice"
//! when = { method = "POST", path = "/orders/{id}", fields = { Authorization = { begins = "Bearer " } } }
//! then = [
//!   { play = "/status/503?h=Retry-After:1" },     # any path of the simulator, with its modifiers
//!   { play = "net/reset-in-head" },               # any outcome of the catalogue
//!   { answer = { status = 201, fields = [["Location", "/orders/7"]], body = "created" } },
//! ]
//! after = "last"                                  # the last step again; or "cycle", or "pass"
//! ```

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A scenario: the first rule that fits a request answers it; what fits none is answered as without a scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScenarioFile {
    /// 1.
    pub schema: u32,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// The rules, in order.
    pub rules: Vec<ScenarioRule>,
}

/// Which requests are answered by what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScenarioRule {
    /// Its name, for the journal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What a request must be; without it every request fits.
    #[serde(default)]
    pub when: ScenarioMatch,
    /// The steps: the first request gets the first, and so on. At least one.
    pub then: Vec<ScenarioStep>,
    /// What comes behind the last step.
    #[serde(default)]
    pub after: ScenarioAfter,
    /// Counts by the value of this request field: each client has a sequence of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// What a request must be. All that is said must hold.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScenarioMatch {
    /// The method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The path: `{name}` stands for a segment, `*` at the end for all that follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Path and query, exactly as they stand in the request line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Parameters of the query.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub query: BTreeMap<String, ScenarioText>,
    /// Request fields.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, ScenarioText>,
    /// The content, as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<ScenarioText>,
}

/// What a text must be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum ScenarioText {
    /// Exactly this.
    Is(String),
    /// One of these ways.
    How(ScenarioHow),
}

/// How a text is compared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "lowercase")]
pub enum ScenarioHow {
    /// It begins so.
    Begins(String),
    /// It contains this.
    Contains(String),
    /// It is there (true), or not (false).
    Present(bool),
}

/// What comes behind the last step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ScenarioAfter {
    /// The last step again.
    #[default]
    Last,
    /// The first step again.
    Cycle,
    /// The rule fits no more: the next one that does, or the simulator's own pages.
    Pass,
}

/// One answer: exactly one of the three.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, try_from = "StepIn")]
pub struct ScenarioStep {
    /// A path of the simulator with its query (`/status/503?sleep=1s`), or an outcome's id (`net/reset-in-head`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub play: Option<String>,
    /// A well-formed answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<ScenarioAnswer>,
    /// Bytes as they are, with their times and their end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wire: Option<ScenarioWire>,
}

/// One answer: exactly one of the three.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct StepIn {
    /// A path of the simulator with its query (`/status/503?sleep=1s`), or an outcome's id (`net/reset-in-head`).
    #[serde(default)]
    play: Option<String>,
    /// A well-formed answer.
    #[serde(default)]
    answer: Option<ScenarioAnswer>,
    /// Bytes as they are, with their times and their end.
    #[serde(default)]
    wire: Option<ScenarioWire>,
}

impl TryFrom<StepIn> for ScenarioStep {
    type Error = String;

    fn try_from(step: StepIn) -> Result<Self, String> {
        let StepIn { play, answer, wire } = step;
        let said = [play.is_some(), answer.is_some(), wire.is_some()];
        if said.into_iter().filter(|said| *said).count() != 1 {
            return Err("a step has exactly one of play, answer and wire".to_owned());
        }
        Ok(Self { play, answer, wire })
    }
}

/// A well-formed answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScenarioAnswer {
    /// The status, 200 to 999.
    pub status: u16,
    /// Field lines, name and value.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<(String, String)>,
    /// The content; the status's own page when not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The wait before it, in milliseconds.
    #[serde(default)]
    pub after_ms: u64,
}

/// Bytes as they are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScenarioWire {
    /// What is sent, in order.
    #[serde(default)]
    pub pieces: Vec<ScenarioPiece>,
    /// What becomes of the connection behind it.
    #[serde(default)]
    pub end: ScenarioEnd,
    /// The wait before that end, in milliseconds.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub end_after_ms: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Bytes that are sent at one time.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScenarioPiece {
    /// The wait before it, in milliseconds.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub after_ms: u64,
    /// The bytes, as text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// The bytes, as base64 (RFC 4648 section 4), behind the text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub base64: String,
    /// So many asterisks behind both: content that was counted and not kept.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub filler: u64,
}

impl ScenarioPiece {
    /// A piece of these bytes.
    pub fn of(after_ms: u64, bytes: &[u8]) -> Self {
        let (text, base64) = match std::str::from_utf8(bytes) {
            Ok(text) => (text.to_owned(), String::new()),
            Err(_) => (String::new(), STANDARD.encode(bytes)),
        };
        Self {
            after_ms,
            text,
            base64,
            filler: 0,
        }
    }

    /// Its bytes, without the filler. `None`: what stands as base64 is none.
    pub fn bytes(&self) -> Option<Vec<u8>> {
        let mut bytes = self.text.clone().into_bytes();
        bytes.extend(STANDARD.decode(&self.base64).ok()?);
        Some(bytes)
    }
}

/// What becomes of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ScenarioEnd {
    /// It ends in order.
    #[default]
    Fin,
    /// It is torn down.
    Rst,
    /// It stays, and is silent.
    Stall,
    /// It may carry another exchange.
    Keep,
}

/// What is wrong with a scenario file, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScenarioError {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// What is wrong, as a sentence without final stop.
    pub what: String,
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column, what } = self;
        write!(f, "line {line}, column {column}: {what}")
    }
}

impl std::error::Error for ScenarioError {}

impl ScenarioFile {
    /// Reads a scenario: JSON when it begins with a brace, TOML otherwise.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn read(text: &str) -> Result<Self, ScenarioError> {
        let read = if text.trim_start().starts_with('{') {
            from_json(text)?
        } else {
            from_toml(text)?
        };
        match read.problem() {
            None => Ok(read),
            Some((what, near)) => {
                // Where the text that is wrong stands first.
                let at = text.find(&near).unwrap_or(0);
                Err(error_at(text, at, what))
            }
        }
    }

    /// What is wrong beyond the form, and a text that stands there.
    fn problem(&self) -> Option<(String, String)> {
        if self.schema != 1 {
            let what = format!(
                "schema is 1, not {}: this is written for another version",
                self.schema
            );
            return Some((what, "schema".to_owned()));
        }
        self.rules.iter().find_map(ScenarioRule::problem)
    }
}

impl ScenarioRule {
    fn problem(&self) -> Option<(String, String)> {
        let near = self.name.clone().or_else(|| self.when.path.clone());
        let near = near.unwrap_or_else(|| "then".to_owned());
        if self.then.is_empty() {
            return Some((
                "a rule needs a step: then = [{ play = \"/status/503\" }]".to_owned(),
                near,
            ));
        }
        if let Some(path) = self
            .when
            .path
            .as_ref()
            .filter(|path| !path.starts_with('/'))
        {
            return Some((
                format!("a path begins with /, '{path}' does not"),
                path.clone(),
            ));
        }
        self.then.iter().find_map(|step| step.problem(&near))
    }
}

impl ScenarioStep {
    fn problem(&self, near: &str) -> Option<(String, String)> {
        if let Some(play) = &self.play
            && !play.contains('/')
        {
            let what =
                format!("'{play}' is neither a path (/status/503) nor an outcome's id (http/503)");
            return Some((what, play.clone()));
        }
        if let Some(answer) = &self.answer {
            if !(200..=999).contains(&answer.status) {
                return Some((
                    format!("status is from 200 to 999, not {}", answer.status),
                    near.to_owned(),
                ));
            }
            let is_line =
                |text: &String| !text.bytes().any(|byte| matches!(byte, b'\r' | b'\n' | 0));
            let wrong = answer.fields.iter().find(|(name, value)| {
                name.is_empty() || name.contains([' ', ':']) || !is_line(name) || !is_line(value)
            });
            if let Some((name, _)) = wrong {
                return Some((
                    format!("'{}' is no field line", name.escape_debug()),
                    near.to_owned(),
                ));
            }
        }
        let mut pieces = self.wire.iter().flat_map(|wire| &wire.pieces);
        let piece = pieces.find(|piece| piece.bytes().is_none())?;
        Some((
            "base64 is expected (RFC 4648 section 4)".to_owned(),
            piece.base64.clone(),
        ))
    }
}

fn from_json(text: &str) -> Result<ScenarioFile, ScenarioError> {
    serde_json::from_str(text).map_err(|error| {
        let what = error.to_string();
        let what = what.split(" at line ").next().unwrap_or_default();
        ScenarioError {
            line: error.line(),
            column: error.column(),
            what: what.to_owned(),
        }
    })
}

fn from_toml(text: &str) -> Result<ScenarioFile, ScenarioError> {
    toml::from_str(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        error_at(text, at, error.message().to_owned())
    })
}

fn error_at(text: &str, at: usize, what: String) -> ScenarioError {
    let before = &text[..text.floor_char_boundary(at)];
    let line_begins = before.rfind('\n').map_or(0, |end| end + 1);
    ScenarioError {
        line: before.matches('\n').count() + 1,
        column: before[line_begins..].chars().count() + 1,
        what,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDERS: &str = r#"schema = 1
[[rules]]
name = "orders"
when = { method = "POST", path = "/orders/{id}", fields = { Authorization = { begins = "Bearer " } } }
then = [
  { play = "/status/503?h=Retry-After:1" },
  { wire = { pieces = [{ text = "HTTP/1.1 2" }], end = "rst" } },
  { answer = { status = 201, fields = [["Location", "/orders/7"]], body = "created" } },
]
after = "cycle"
"#;

    #[test]
    fn both_notations_say_the_same() {
        let toml = ScenarioFile::read(ORDERS).expect("a scenario");
        assert_eq!(toml.rules[0].then.len(), 3);
        assert_eq!(toml.rules[0].after, ScenarioAfter::Cycle);
        let json = serde_json::to_string_pretty(&toml).expect("JSON");
        assert_eq!(ScenarioFile::read(&json), Ok(toml));
    }

    #[test]
    fn errors_say_where_and_what() {
        let wrong = |from: &str, to: &str| {
            let error = ScenarioFile::read(&ORDERS.replace(from, to)).expect_err("wrong");
            error.to_string()
        };
        for (from, to, said) in [
            (
                "schema = 1",
                "schema = 2",
                "line 1, column 1: schema is 1, not 2",
            ),
            (
                "after",
                "afterwards",
                "line 10, column 1: unknown field `afterwards`",
            ),
            (
                "\"cycle\"",
                "\"never\"",
                "line 10, column 9: unknown variant `never`",
            ),
            (
                "\"/orders/{id}\"",
                "\"orders\"",
                "line 3, column 9: a path begins with /",
            ),
            (
                "\"/status/503?h=Retry-After:1\"",
                "\"503\"",
                "line 6, column 13: '503' is neither",
            ),
            ("status = 201", "status = 99", "status is from 200 to 999"),
            (
                "play = ",
                "plays = ",
                "line 6, column 5: unknown field `plays`",
            ),
            (
                ", end = \"rst\" }",
                ", end = \"rst\" }, play = \"/a\"",
                "exactly one of",
            ),
        ] {
            let error = wrong(from, to);
            assert!(error.contains(said), "{from} -> {to}: {error}");
        }
        let json = ScenarioFile::read("{\n  \"schema\": 1,\n  \"rules\": [{\"then\": [{}]}]\n}");
        let error = json.expect_err("wrong");
        assert_eq!(
            (error.line, error.what.contains("exactly one")),
            (3, true),
            "{error}"
        );
    }
}
