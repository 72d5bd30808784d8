//! One `.md` file: front matter and text, read strictly.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use httpwhy_model::{Advice, Audience, End, Party, Phase, Sent};
use serde::Deserialize;

use crate::vendor::Vendor;
use crate::{Defect, line_of};

/// The headings of level 2, in the order in which every entry has them.
pub(crate) const HEADINGS: [&str; 6] = [
    "What it means",
    "Who caused it",
    "Retry",
    "Fix it",
    "See it happen",
    "References",
];

/// The five source documents.
const SEEDS: [&str; 5] = ["000", "001", "002", "003", "004"];

pub(crate) struct Entry {
    pub(crate) id: String,
    pub(crate) file: PathBuf,
    pub(crate) front: Front,
    pub(crate) text: Text,
}

/// A word of a closed set of the model, checked while reading.
#[derive(Deserialize)]
#[serde(try_from = "String", bound = "")]
pub(crate) struct Word<T>(pub(crate) T)
where
    T: FromStr,
    T::Err: std::fmt::Display;

impl<T> TryFrom<String> for Word<T>
where
    T: FromStr,
    T::Err: std::fmt::Display,
{
    type Error = String;

    fn try_from(word: String) -> Result<Self, String> {
        word.parse()
            .map(Word)
            .map_err(|error: T::Err| error.to_string())
    }
}

/// Whom the entry usually blames.
#[derive(Clone, Copy)]
pub(crate) enum Usual {
    Party(Party),
    Nobody,
    Depends,
}

impl FromStr for Usual {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "nobody" => Ok(Self::Nobody),
            "depends" => Ok(Self::Depends),
            _ => word
                .parse()
                .map(Self::Party)
                .map_err(|error| format!("{error}, nobody, depends")),
        }
    }
}

/// A `codes.toml`: a family of sub-codes, one row each with its own text, one family text.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Family {
    family: toml::Table,
    code: Vec<toml::Table>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Front {
    pub(crate) title: String,
    #[serde(default)]
    pub(crate) former: Vec<String>,
    pub(crate) phase: Word<Phase>,
    pub(crate) blame: Word<Usual>,
    pub(crate) recognise: Vec<Clue>,
    #[serde(default)]
    pub(crate) aliases: Vec<String>,
    pub(crate) retry: Word<Advice>,
    #[serde(default)]
    pub(crate) fields: FieldDemands,
    pub(crate) reproduce: BTreeMap<String, toml::Value>,
    pub(crate) sources: Vec<String>,
    #[serde(default)]
    pub(crate) said: Vec<Said>,
    #[serde(default)]
    pub(crate) seeds: Vec<String>,
    #[serde(default)]
    pub(crate) leads_to: Vec<String>,
    #[serde(default = "yes")]
    pub(crate) confirmed: bool,
}

const fn yes() -> bool {
    true
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(crate) struct FieldDemands {
    #[serde(default)]
    pub(crate) expected: Vec<String>,
    #[serde(default)]
    pub(crate) forbidden: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Said {
    pub(crate) claim: String,
    pub(crate) truth: String,
    pub(crate) source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Clue {
    pub(crate) status: Option<u16>,
    pub(crate) class: Option<u8>,
    pub(crate) signal: Option<String>,
    pub(crate) phase: Option<Word<Phase>>,
    pub(crate) end: Option<Word<End>>,
    pub(crate) sent: Option<Word<Sent>>,
    pub(crate) close: Option<Close>,
    pub(crate) vendor: Option<String>,
    pub(crate) field: Option<String>,
    pub(crate) absent: Option<String>,
    pub(crate) body: Option<String>,
    pub(crate) request: Option<String>,
    pub(crate) reused: Option<bool>,
}

/// How a WebSocket was closed: a code or a range, without one, or not at all.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "CloseWord")]
pub(crate) enum Close {
    Codes(u16, u16),
    NoCode,
    Absent,
}

/// `1000`, `"4000-4999"`, `"no-code"` or `"absent"`.
#[derive(Deserialize)]
#[serde(untagged)]
enum CloseWord {
    Code(u16),
    Word(String),
}

impl TryFrom<CloseWord> for Close {
    type Error = String;

    fn try_from(word: CloseWord) -> Result<Self, String> {
        let word = match word {
            CloseWord::Code(code) => return Ok(Self::Codes(code, code)),
            CloseWord::Word(word) => word,
        };
        let code = |text: &str| {
            text.parse()
                .map_err(|_| format!("close: a code, a range, no-code or absent, not '{word}'"))
        };
        match word.as_str() {
            "no-code" => Ok(Self::NoCode),
            "absent" => Ok(Self::Absent),
            _ => {
                let (from, to) = word.split_once('-').unwrap_or((&word, &word));
                Ok(Self::Codes(code(from)?, code(to)?))
            }
        }
    }
}

/// The text and where its parts stand, as byte ranges within it.
pub(crate) struct Text {
    pub(crate) body: String,
    pub(crate) lead: Range<usize>,
    pub(crate) sections: [Range<usize>; HEADINGS.len()],
    pub(crate) fixes: Vec<(Audience, Range<usize>)>,
}

impl Entry {
    pub(crate) fn read(file: &Path, source: &str, defects: &mut Vec<Defect>) -> Option<Self> {
        let mut defect = |line: usize, what: String| {
            defects.push(Defect {
                file: file.to_owned(),
                line,
                what,
            });
        };
        let Some((front_text, body)) = split(source) else {
            defect(1, "front matter between two lines of +++ is missing".into());
            return None;
        };
        let front = match toml::from_str::<Front>(front_text) {
            Ok(front) => front,
            Err(error) => {
                let line = error
                    .span()
                    .map_or(1, |span| line_of(front_text, span.start) + 1);
                defect(line, error.message().replace('\n', "; "));
                return None;
            }
        };
        let first_line = line_of(source, source.len() - body.len());
        let text = read_text(body, &mut |line, what| defect(first_line + line - 1, what))?;
        let id = file.with_extension("");
        let id = id
            .strip_prefix("outcomes")
            .ok()?
            .to_str()?
            .replace('\\', "/");
        Some(Self {
            id,
            file: file.to_owned(),
            front,
            text,
        })
    }
}

/// Reads a `codes.toml` as one entry a row: what a row does not say, its family says. In the family's texts and clues
/// `{code}`, `{title}` and `{text}` stand for the row's own.
pub(crate) fn read_family(file: &Path, source: &str, defects: &mut Vec<Defect>) -> Vec<Entry> {
    let mut defect = |line: usize, what: String| {
        defects.push(Defect {
            file: file.to_owned(),
            line,
            what,
        });
    };
    let family: Family = match toml::from_str(source) {
        Ok(family) => family,
        Err(error) => {
            defect(
                error.span().map_or(1, |span| line_of(source, span.start)),
                error.message().replace('\n', "; "),
            );
            return Vec::new();
        }
    };
    let namespace = file
        .parent()
        .and_then(|p| p.file_name())
        .and_then(|n| n.to_str())
        .unwrap_or_default();
    let mut entries = Vec::new();
    for row in family.code {
        let own = |key: &str| {
            row.get(key)
                .and_then(toml::Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let (code, lead) = (own("code"), own("lead"));
        let line = line_of(
            source,
            source.find(&format!("code = \"{code}\"")).unwrap_or(0),
        );
        let words = [
            ("{code}", code.clone()),
            ("{title}", own("title")),
            ("{text}", own("text")),
        ];
        let mut front = family.family.clone();
        front.extend(row.clone());
        for key in ["code", "lead", "text"] {
            front.remove(key);
        }
        for (_, value) in &mut front {
            fill(value, &words);
        }
        let front = match front.try_into::<Front>() {
            Ok(front) => front,
            Err(error) => {
                defect(
                    line,
                    format!("{code}: {}", error.message().replace('\n', "; ")),
                );
                continue;
            }
        };
        let text = family
            .family
            .get("text")
            .and_then(toml::Value::as_str)
            .unwrap_or_default();
        let body = words
            .iter()
            .fold(format!("{lead}\n\n{}", text.trim()), |body, (word, own)| {
                body.replace(word, own)
            });
        if let Some(text) = read_text(&body, &mut |_, what| {
            defect(line, format!("{code}: {what}"));
        }) {
            entries.push(Entry {
                id: format!("{namespace}/{code}"),
                file: file.to_owned(),
                front,
                text,
            });
        }
    }
    entries
}

/// Replaces the words in every text of a value.
fn fill(value: &mut toml::Value, words: &[(&str, String)]) {
    match value {
        toml::Value::String(text) => {
            for (word, own) in words {
                *text = text.replace(word, own);
            }
        }
        toml::Value::Array(items) => items.iter_mut().for_each(|item| fill(item, words)),
        toml::Value::Table(table) => table.iter_mut().for_each(|(_, item)| fill(item, words)),
        _ => {}
    }
}

fn split(source: &str) -> Option<(&str, &str)> {
    let rest = source.strip_prefix("+++\n")?;
    let end = rest.find("\n+++\n")?;
    Some((&rest[..=end], rest[end + 5..].trim_end()))
}

fn read_text(body: &str, defect: &mut dyn FnMut(usize, String)) -> Option<Text> {
    let mut sections: [Range<usize>; HEADINGS.len()] = std::array::from_fn(|_| 0..0);
    let mut fixes: Vec<(Audience, Range<usize>)> = Vec::new();
    let headings = headings(body);
    let found: Vec<&str> = headings
        .iter()
        .filter(|h| h.level == 2)
        .map(|h| h.name)
        .collect();
    if found != HEADINGS {
        defect(1, format!("headings are {found:?}, expected {HEADINGS:?}"));
        return None;
    }
    let mut section = 0;
    for (index, heading) in headings.iter().enumerate() {
        let line = line_of(body, heading.start);
        let next = headings.get(index + 1);
        if heading.level == 2 {
            let until = headings[index + 1..]
                .iter()
                .find(|h| h.level == 2)
                .map_or(body.len(), |h| h.start);
            sections[section] = trimmed(body, heading.end..until);
            if sections[section].is_empty() {
                defect(line, format!("'{}' is empty", heading.name));
            }
            section += 1;
        } else if HEADINGS[section - 1] == "Fix it" {
            let range = trimmed(body, heading.end..next.map_or(body.len(), |h| h.start));
            match heading.name.to_lowercase().parse::<Audience>() {
                Err(error) => defect(line, error.to_string()),
                Ok(_) if range.is_empty() => defect(line, format!("'{}' is empty", heading.name)),
                Ok(audience) if fixes.last().is_some_and(|(last, _)| *last >= audience) => {
                    defect(
                        line,
                        format!(
                            "'{}' is out of order; the order is {}",
                            heading.name,
                            Audience::WORDS.join(", ")
                        ),
                    );
                }
                Ok(audience) => fixes.push((audience, range)),
            }
        } else {
            defect(
                line,
                format!("'### {}' belongs under '## Fix it' only", heading.name),
            );
        }
    }
    let lead = trimmed(body, 0..headings[0].start);
    match body[lead.clone()].chars().count() {
        0 => defect(1, "the first sentence is missing".into()),
        1..=220 => {}
        long => defect(
            1,
            format!("the first sentence has {long} characters, at most 220 are allowed"),
        ),
    }
    if !body[sections[4].clone()].contains("```http\n") {
        defect(1, "'See it happen' has no ```http transcript".into());
    }
    Some(Text {
        body: body.to_owned(),
        lead,
        sections,
        fixes,
    })
}

struct Heading<'a> {
    level: usize,
    name: &'a str,
    start: usize,
    end: usize,
}

/// Headings of level 2 and 3 outside fenced code.
fn headings(body: &str) -> Vec<Heading<'_>> {
    let mut found = Vec::new();
    let (mut at, mut fenced) = (0, false);
    for line in body.split_inclusive('\n') {
        if line.starts_with("```") {
            fenced = !fenced;
        }
        if !fenced && (line.starts_with("## ") || line.starts_with("### ")) {
            let level = line.bytes().take_while(|&b| b == b'#').count();
            found.push(Heading {
                level,
                name: line[level..].trim(),
                start: at,
                end: at + line.len(),
            });
        }
        at += line.len();
    }
    found
}

fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let part = &text[range.clone()];
    let start = range.start + part.len() - part.trim_start().len();
    start..start + part.trim().len()
}

/// What only the whole set can tell: ids that clash, references to entries or vendors that do not exist.
pub(crate) fn check_together(entries: &[Entry], vendors: &[Vendor], defects: &mut Vec<Defect>) {
    let mut defect = |entry: &Entry, what: String| {
        defects.push(Defect {
            file: entry.file.clone(),
            line: 1,
            what,
        });
    };
    let mut lower: HashMap<String, &str> = HashMap::new();
    for entry in entries {
        // The rows of a family are data in one file: only paths can clash or look like options.
        let is_row = entry.file.ends_with("codes.toml");
        if let Some(other) = lower
            .insert(entry.id.to_lowercase(), &entry.id)
            .filter(|_| !is_row)
        {
            defect(entry, format!("differs from {other} by case only"));
        }
        if !is_row && entry.id.split('/').any(|part| part.starts_with('-')) {
            defect(entry, "a part of the path begins with '-'".into());
        }
        let front = &entry.front;
        for id in &front.leads_to {
            if entries
                .binary_search_by(|other| other.id.as_str().cmp(id))
                .is_err()
            {
                defect(entry, format!("leads_to names '{id}', which has no entry"));
            }
        }
        if !front.leads_to.is_empty() && !front.recognise.is_empty() {
            defect(
                entry,
                "a page that leads to others is never a verdict: recognise must be empty".into(),
            );
        }
        for vendor in front
            .recognise
            .iter()
            .filter_map(|clue| clue.vendor.as_ref())
        {
            if !vendors.iter().any(|known| known.key == *vendor) {
                defect(entry, format!("vendor '{vendor}' has no signature.toml"));
            }
        }
        for seed in front
            .seeds
            .iter()
            .filter(|seed| !SEEDS.contains(&seed.as_str()))
        {
            defect(entry, format!("seed '{seed}' is none of {SEEDS:?}"));
        }
        if front.sources.is_empty() {
            defect(entry, "sources is empty: every entry has one".into());
        }
        if front.reproduce.contains_key("none") == front.reproduce.contains_key("act") {
            defect(entry, "reproduce has either 'act' or 'none'".into());
        }
    }
}
