//! Which lines are asked for.

use std::ops::RangeInclusive;

use httpwhy_ingest::logs::{Column, Line};

use crate::judge::Judged;

/// What is asked for; everything when empty. Every part has to hold.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Statuses, of which one has to be it.
    pub statuses: Vec<RangeInclusive<u16>>,
    /// Outcomes or namespaces, of which one has to be it: `http/502`, `nginx/*`.
    pub outcomes: Vec<String>,
    /// Parties to blame, of which one has to be it.
    pub parties: Vec<String>,
    /// Paths with `*` for anything.
    pub paths: Vec<String>,
    /// Hosts with `*` for anything.
    pub hosts: Vec<String>,
    /// Not before, seconds since 1970.
    pub since: Option<i64>,
    /// Not from here on, seconds since 1970.
    pub until: Option<i64>,
    /// Conditions on columns.
    pub conditions: Vec<Where>,
    /// Only those whose user agent claims to be a program without a person, or only the others.
    pub bots: Option<bool>,
}

/// Conditions on columns with `and` and `or` between them, `and` first: `duration>5 and agent~bot or host=a.example`.
#[derive(Debug, Clone, PartialEq)]
pub struct Where {
    /// One of these has to hold, with all that is in it; never empty.
    any: Vec<Vec<Condition>>,
}

impl std::str::FromStr for Where {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let any = text.split(" or ").map(|all| {
            let all = all.split(" and ").map(str::parse);
            all.collect::<Result<Vec<Condition>, _>>()
        });
        Ok(Self {
            any: any.collect::<Result<_, _>>()?,
        })
    }
}

impl std::fmt::Display for Where {
    /// As it is read.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (at, all) in self.any.iter().enumerate() {
            f.write_str(if at > 0 { " or " } else { "" })?;
            for (at, condition) in all.iter().enumerate() {
                f.write_str(if at > 0 { " and " } else { "" })?;
                write!(f, "{condition}")?;
            }
        }
        Ok(())
    }
}

impl Where {
    fn holds(&self, line: &Line<'_>) -> bool {
        self.any
            .iter()
            .any(|all| all.iter().all(|condition| condition.holds(line)))
    }
}

/// A condition on a column: `duration>5`, `agent~bot`, `upstream=10.0.0.5:80`.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// The column.
    pub column: Column,
    /// How it is compared.
    pub relation: Relation,
    /// With what; times taken in seconds.
    pub value: String,
}

/// How a column is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// Equal, as text; `*` stands for anything.
    Is,
    /// Not equal.
    IsNot,
    /// Holds the text, whatever the case.
    Holds,
    /// Does not hold it.
    HoldsNot,
    /// Greater, as a number.
    Above,
    /// Less, as a number.
    Below,
    /// Greater or equal, as a number.
    AtLeast,
    /// Less or equal, as a number.
    AtMost,
}

/// The signs of the relations; the longer ones first.
const RELATIONS: &[(&str, Relation)] = &[
    ("!=", Relation::IsNot),
    ("!~", Relation::HoldsNot),
    (">=", Relation::AtLeast),
    ("<=", Relation::AtMost),
    ("=", Relation::Is),
    ("~", Relation::Holds),
    (">", Relation::Above),
    ("<", Relation::Below),
];

impl std::fmt::Display for Condition {
    /// As it is read.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = RELATIONS
            .iter()
            .find(|(_, relation)| *relation == self.relation)
            .map_or("", |(sign, _)| sign);
        let column = Column::WORDS[self.column as usize];
        write!(f, "{column}{sign}{}", self.value)
    }
}

impl std::str::FromStr for Condition {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let split = text.find(['!', '=', '~', '>', '<']).and_then(|at| {
            let (name, rest) = text.split_at(at);
            let (sign, relation) = RELATIONS.iter().find(|(sign, _)| rest.starts_with(sign))?;
            Some((name.trim(), *relation, rest[sign.len()..].trim()))
        });
        let Some((name, relation, value)) = split else {
            return Err(format!(
                "'{text}' is no condition: COLUMN=TEXT, !=, ~ (holds), !~, >, >=, < and <= are known, and ' and ', ' or ' between them"
            ));
        };
        let Some(at) = Column::WORDS.iter().position(|word| *word == name) else {
            return Err(format!(
                "'{name}' is no column: {}",
                Column::WORDS.join(", ")
            ));
        };
        let of_numbers = matches!(
            relation,
            Relation::Above | Relation::Below | Relation::AtLeast | Relation::AtMost
        );
        if of_numbers && number(value).is_none() {
            return Err(format!(
                "'{value}' in '{text}' is no number (5, 0.25, 250ms)"
            ));
        }
        Ok(Self {
            column: Column::ALL[at],
            relation,
            value: value.to_owned(),
        })
    }
}

impl Filter {
    /// Whether nothing at all is asked for.
    pub fn is_empty(&self) -> bool {
        !self.asks_of_lines()
            && self.statuses.is_empty()
            && self.outcomes.is_empty()
            && self.parties.is_empty()
    }

    /// Whether anything is asked of a line that its shape does not tell.
    pub(crate) fn asks_of_lines(&self) -> bool {
        !self.paths.is_empty()
            || !self.hosts.is_empty()
            || !self.conditions.is_empty()
            || self.since.is_some()
            || self.until.is_some()
            || self.bots.is_some()
    }

    /// Whether a shape is asked for.
    pub(crate) fn takes_shape(&self, status: u16, judged: &Judged) -> bool {
        let by_status =
            self.statuses.is_empty() || self.statuses.iter().any(|range| range.contains(&status));
        let outcome = judged.diagnosis.outcome;
        let by_outcome = self.outcomes.is_empty()
            || self
                .outcomes
                .iter()
                .any(|wanted| match wanted.strip_suffix("/*") {
                    Some(namespace) => outcome.namespace() == namespace,
                    None => {
                        outcome.0 == wanted || judged.diagnosis.also.iter().any(|id| id.0 == wanted)
                    }
                });
        let party = judged.diagnosis.blame.party();
        let by_party = self.parties.is_empty()
            || self
                .parties
                .iter()
                .any(|wanted| party.is_some_and(|party| party.as_str() == wanted));
        by_status && by_outcome && by_party
    }

    /// Whether a line of a shape that is asked for is asked for.
    /// `is_bot` is what is known of a user agent.
    pub(crate) fn takes_line(
        &self,
        line: &Line<'_>,
        second: Option<i64>,
        mut is_bot: impl FnMut(&[u8]) -> bool,
    ) -> bool {
        let after = self
            .since
            .is_none_or(|since| second.is_some_and(|second| second >= since));
        let before = self
            .until
            .is_none_or(|until| second.is_some_and(|second| second < until));
        let any = |patterns: &[String], text: Option<&[u8]>| {
            patterns.is_empty()
                || text.is_some_and(|text| {
                    patterns
                        .iter()
                        .any(|pattern| matches(pattern.as_bytes(), text))
                })
        };
        after
            && before
            && any(&self.paths, line.path())
            && any(&self.hosts, line.host())
            && self
                .conditions
                .iter()
                .all(|condition| condition.holds(line))
            && self
                .bots
                .is_none_or(|wanted| wanted == line.some(Column::Agent).is_some_and(&mut is_bot))
    }
}

impl Condition {
    fn holds(&self, line: &Line<'_>) -> bool {
        let text = match self.column {
            Column::Method => line.method(),
            Column::Target => line.target(),
            Column::Host => line.host(),
            column => line.get(column),
        };
        let wanted = self.value.as_bytes();
        match self.relation {
            Relation::Is => text.is_some_and(|text| matches(wanted, text)),
            Relation::IsNot => text.is_none_or(|text| !matches(wanted, text)),
            Relation::Holds => text.is_some_and(|text| holds(text, wanted)),
            Relation::HoldsNot => text.is_none_or(|text| !holds(text, wanted)),
            Relation::Above => self.compared(line, text, |have, wanted| have > wanted),
            Relation::Below => self.compared(line, text, |have, wanted| have < wanted),
            Relation::AtLeast => self.compared(line, text, |have, wanted| have >= wanted),
            Relation::AtMost => self.compared(line, text, |have, wanted| have <= wanted),
        }
    }

    fn compared(&self, line: &Line<'_>, text: Option<&[u8]>, by: fn(f64, f64) -> bool) -> bool {
        self.number(line, text)
            .is_some_and(|(have, wanted)| by(have, wanted))
    }

    /// The column's number and the wanted one; times in seconds.
    fn number(&self, line: &Line<'_>, text: Option<&[u8]>) -> Option<(f64, f64)> {
        let wanted = number(&self.value)?;
        let have = match self.column {
            Column::Duration
            | Column::FirstByte
            | Column::UpstreamConnect
            | Column::UpstreamHeader
            | Column::UpstreamResponse => line.micros(self.column)? as f64 / 1e6,
            _ => std::str::from_utf8(text?).ok()?.parse().ok()?,
        };
        Some((have, wanted))
    }
}

/// A number, of seconds also with their unit: `5`, `5s`, `250ms`.
fn number(text: &str) -> Option<f64> {
    let (digits, unit) = match (text.strip_suffix("ms"), text.strip_suffix('s')) {
        (Some(digits), _) => (digits, 1e-3),
        (None, Some(digits)) => (digits, 1.0),
        (None, None) => (text, 1.0),
    };
    let number: f64 = digits.trim().parse().ok()?;
    number.is_finite().then_some(number * unit)
}

fn holds(text: &[u8], wanted: &[u8]) -> bool {
    memchr::memmem::find(&text.to_ascii_lowercase(), &wanted.to_ascii_lowercase()).is_some()
}

/// Whether a text is what a pattern with `*` says. Linear in the text for each star.
pub(crate) fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let mut parts = pattern.split(|byte| *byte == b'*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let parts: Vec<&[u8]> = parts.collect();
    let Some((last, middle)) = parts.split_last() else {
        return rest.is_empty();
    };
    for part in middle {
        match memchr::memmem::find(rest, part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_anything() {
        let table = [
            ("/api/*", "/api/x", true),
            ("/api/*", "/api", false),
            ("*.css", "/a/b.css", true),
            ("/a*b*c", "/a1b2c", true),
            ("/a*b*c", "/a1c2b", false),
            ("*", "", true),
            ("/a", "/a", true),
            ("/a", "/ab", false),
            ("a*a", "a", false),
        ];
        for (pattern, text, wanted) in table {
            assert_eq!(
                matches(pattern.as_bytes(), text.as_bytes()),
                wanted,
                "{pattern} {text}"
            );
        }
    }

    #[test]
    fn conditions_are_read() {
        let condition: Condition = "duration > 5".parse().expect("sound");
        assert_eq!(
            (condition.column, condition.relation),
            (Column::Duration, Relation::Above)
        );
        let condition: Condition = "upstream-header>=250ms".parse().expect("sound");
        assert_eq!(condition.relation, Relation::AtLeast);
        assert_eq!(number(&condition.value), Some(0.25));
        for broken in ["duration", "nothing=1", "duration>x", "duration>NaN", ""] {
            assert!(broken.parse::<Condition>().is_err(), "{broken}");
        }
    }

    #[test]
    fn and_binds_more_than_or() {
        let both: Where = "method=GET and agent~bot or host=a and host!=b"
            .parse()
            .expect("sound");
        let lengths: Vec<usize> = both.any.iter().map(Vec::len).collect();
        assert_eq!(lengths, [2, 2]);
        assert!("agent=grand or small".parse::<Where>().is_err());
    }
}
