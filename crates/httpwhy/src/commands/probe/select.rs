//! Which results are written: filters by what was judged and what was seen.
//!
//! Values of one option are alternatives, different options must all hold, and `--not-…` takes away. They look at the
//! visit's end: its verdict and its last exchange, with credentials hidden; time is that of all its steps.

use std::str::FromStr;
use std::time::Duration;

use httpwhy_model::{Exchange, Response, Seen};
use httpwhy_wire::coding::{Bounds, codings, decode};
use regex::bytes::{Regex, RegexBuilder};

use crate::judge::Judged;
use crate::terms::{Term, level, outcome, party, rule, statuses};

#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Filters: what is written (the rest is counted)")]
pub(crate) struct Filters {
    /// Final statuses: 404, 5xx, 500-504, or none
    #[arg(long, value_name = "STATUS,…", value_delimiter = ',')]
    status: Vec<Status>,
    /// Not these
    #[arg(long, value_name = "STATUS,…", value_delimiter = ',')]
    not_status: Vec<Status>,
    /// Outcomes: http/404, tls/*
    #[arg(long, value_name = "ID,…", value_delimiter = ',', value_parser = outcomes)]
    outcome: Vec<Term>,
    /// Not these
    #[arg(long, value_name = "ID,…", value_delimiter = ',', value_parser = outcomes)]
    not_outcome: Vec<Term>,
    /// The party blamed: client, dns, network, intermediary, origin …, nobody, or unknown
    #[arg(long, value_name = "PARTY,…", value_delimiter = ',')]
    party: Vec<Blamed>,
    /// Not these
    #[arg(long, value_name = "PARTY,…", value_delimiter = ',')]
    not_party: Vec<Blamed>,
    /// Findings: rules by name, must, should, practice, or any
    #[arg(long, value_name = "RULE,…", value_delimiter = ',', value_parser = findings)]
    finding: Vec<Term>,
    /// Not these
    #[arg(long, value_name = "RULE,…", value_delimiter = ',', value_parser = findings)]
    not_finding: Vec<Term>,
    /// The software that made the response: part of its name, or none
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    vendor: Vec<String>,
    /// Not these
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    not_vendor: Vec<String>,
    /// Visits that took longer: 2s, 500ms
    #[arg(long, value_name = "TIME", value_parser = time)]
    slower_than: Option<Duration>,
    /// Visits that took this long or less
    #[arg(long, value_name = "TIME", value_parser = time)]
    faster_than: Option<Duration>,
    /// More bytes of content as received: 500, 10k, 2M
    #[arg(long, value_name = "BYTES", value_parser = bytes)]
    larger_than: Option<u64>,
    /// As many bytes of content, or fewer
    #[arg(long, value_name = "BYTES", value_parser = bytes)]
    smaller_than: Option<u64>,
    /// A response field whose value matches: 'server: nginx'; without an expression it only has to be there
    #[arg(long, value_name = "NAME: REGEX")]
    match_field: Vec<FieldMatch>,
    /// Not these
    #[arg(long, value_name = "NAME: REGEX")]
    not_match_field: Vec<FieldMatch>,
    /// Content that matches, in the part that is kept, with content codings taken off
    #[arg(long, value_name = "REGEX", value_parser = expression)]
    match_body: Vec<Regex>,
    /// Not these
    #[arg(long, value_name = "REGEX", value_parser = expression)]
    not_match_body: Vec<Regex>,
}

impl Filters {
    /// Whether nothing is filtered.
    pub(crate) fn are_none(&self) -> bool {
        let lists = [
            self.status.len(),
            self.not_status.len(),
            self.outcome.len(),
            self.not_outcome.len(),
        ];
        let more = [
            self.party.len(),
            self.not_party.len(),
            self.finding.len(),
            self.not_finding.len(),
        ];
        let matches = [
            self.match_field.len(),
            self.not_match_field.len(),
            self.match_body.len(),
            self.not_match_body.len(),
        ];
        let names = [self.vendor.len(), self.not_vendor.len()];
        let amounts = self.slower_than.is_none()
            && self.faster_than.is_none()
            && self.larger_than.is_none()
            && self.smaller_than.is_none();
        amounts
            && [&lists[..], &more, &matches, &names]
                .concat()
                .iter()
                .all(|&count| count == 0)
    }

    /// Whether the result is to be written.
    pub(crate) fn select(&self, judged: &Judged) -> bool {
        let last = judged.visit.landed().map(|step| &step.exchange);
        let took = || {
            judged
                .visit
                .steps
                .iter()
                .map(|s| s.exchange.timeline.total())
                .sum::<Duration>()
        };
        let size = || {
            last.and_then(|exchange| exchange.response.as_ref())
                .map_or(0, received)
        };
        let holds = |term: &Term| term.holds(judged);
        of(&self.status, &self.not_status, |status| {
            status.is(judged.status())
        }) && of(&self.outcome, &self.not_outcome, holds)
            && of(&self.party, &self.not_party, |party| party.is(judged))
            && of(&self.finding, &self.not_finding, holds)
            && of(&self.vendor, &self.not_vendor, |name| {
                is_made_by(judged, name)
            })
            && self.slower_than.is_none_or(|least| took() > least)
            && self.faster_than.is_none_or(|most| took() <= most)
            && self.larger_than.is_none_or(|least| size() > least)
            && self.smaller_than.is_none_or(|most| size() <= most)
            && of(&self.match_field, &self.not_match_field, |field| {
                field.is_in(last)
            })
            && self.body(last)
    }

    fn body(&self, last: Option<&Exchange>) -> bool {
        if self.match_body.is_empty() && self.not_match_body.is_empty() {
            return true;
        }
        let content = last
            .and_then(|exchange| exchange.response.as_ref())
            .map_or_else(Vec::new, content);
        of(&self.match_body, &self.not_match_body, |regex| {
            regex.is_match(&content)
        })
    }
}

/// Whether one of the wanted holds, or none is named, and none of the unwanted.
fn of<T>(wanted: &[T], unwanted: &[T], holds: impl Fn(&T) -> bool) -> bool {
    (wanted.is_empty() || wanted.iter().any(&holds)) && !unwanted.iter().any(holds)
}

fn received(response: &Response) -> u64 {
    match &response.body {
        Seen::Present(body) => body.received.present().unwrap_or(body.bytes.len() as u64),
        Seen::Absent | Seen::NotCaptured => 0,
    }
}

/// The content that is kept, as it reads.
fn content(response: &Response) -> Vec<u8> {
    let Seen::Present(body) = &response.body else {
        return Vec::new();
    };
    let codings = codings(&response.fields).filter(|codings| !codings.is_empty());
    let decoded = codings.map(|codings| {
        let bounds = Bounds {
            keep: 1024 * 1024,
            ..Bounds::default()
        };
        decode(&codings, &body.bytes, &bounds)
    });
    match decoded {
        Some(decoded) if decoded.size > 0 => decoded.bytes,
        _ => body.bytes.to_vec(),
    }
}

fn is_made_by(judged: &Judged, name: &str) -> bool {
    match &judged.verdict().producer {
        None => name == "none",
        Some(producer) => producer
            .name
            .to_ascii_lowercase()
            .contains(&name.to_ascii_lowercase()),
    }
}

/// A range of statuses, or none.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Status(Option<std::ops::RangeInclusive<u16>>);

impl FromStr for Status {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "none" {
            return Ok(Self(None));
        }
        let range = statuses(text)
            .ok_or_else(|| format!("'{text}' is no status: 404, 5xx, 500-504, or none"))?;
        Ok(Self(Some(range)))
    }
}

impl Status {
    fn is(&self, status: Option<u16>) -> bool {
        match (&self.0, status) {
            (Some(range), Some(status)) => range.contains(&status),
            (None, None) => true,
            _ => false,
        }
    }
}

/// Who is blamed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Blamed {
    Party(&'static str),
    Nobody,
    Unknown,
}

impl FromStr for Blamed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "nobody" => Ok(Self::Nobody),
            "unknown" => Ok(Self::Unknown),
            _ => party(text).map(Self::Party).ok_or_else(|| {
                let parties = httpwhy_model::Party::WORDS.join(", ");
                format!("'{text}' is no party: {parties}, nobody, unknown")
            }),
        }
    }
}

impl Blamed {
    fn is(self, judged: &Judged) -> bool {
        use httpwhy_model::Blame;
        match judged.verdict().blame {
            Blame::Nobody => self == Self::Nobody,
            Blame::Unknown { .. } => self == Self::Unknown,
            Blame::Proven(party) | Blame::Likely(party) => self == Self::Party(party.as_str()),
        }
    }
}

/// A field and what its value has to be like.
#[derive(Debug, Clone)]
struct FieldMatch {
    name: String,
    value: Regex,
}

impl FromStr for FieldMatch {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = text.split_once(':').unwrap_or((text, ""));
        let name = name.trim();
        if name.is_empty() {
            return Err("NAME: REGEX is expected".to_owned());
        }
        Ok(Self {
            name: name.to_owned(),
            value: expression(value.trim())?,
        })
    }
}

impl FieldMatch {
    fn is_in(&self, exchange: Option<&Exchange>) -> bool {
        let response = exchange.and_then(|exchange| exchange.response.as_ref());
        response.is_some_and(|response| {
            response
                .fields
                .iter(&self.name)
                .chain(response.trailers.iter(&self.name))
                .any(|value| self.value.is_match(value.as_bytes()))
        })
    }
}

fn expression(text: &str) -> Result<Regex, String> {
    RegexBuilder::new(text)
        .build()
        .map_err(|error| error.to_string())
}

fn outcomes(text: &str) -> Result<Term, String> {
    outcome(text)
        .ok_or_else(|| format!("'{text}' is no outcome (http/404) and no namespace (tls/*)"))
}

fn findings(text: &str) -> Result<Term, String> {
    match text {
        "any" => Ok(Term::Findings),
        _ => level(text)
            .map(Term::Level)
            .or_else(|| rule(text).map(Term::Rule))
            .ok_or_else(|| {
                format!("'{text}' is no rule of `httpwhy rules`, and none of must, should, practice, any")
            }),
    }
}

/// `2`, `2s`, `500ms`.
fn time(text: &str) -> Result<Duration, String> {
    let bad = || format!("'{text}' is no time: 2s or 500ms is expected");
    let (number, unit) = match (text.strip_suffix("ms"), text.strip_suffix('s')) {
        (Some(number), _) => (number, 0.001),
        (None, Some(number)) => (number, 1.0),
        (None, None) => (text, 1.0),
    };
    let seconds = number.trim().parse::<f64>().map_err(|_| bad())? * unit;
    Duration::try_from_secs_f64(seconds).map_err(|_| bad())
}

/// `500`, `10k`, `2M`; k and M are 1024 and 1024 times 1024.
fn bytes(text: &str) -> Result<u64, String> {
    let bad = || format!("'{text}' is no size: 500, 10k or 2M is expected");
    let (number, unit) = match text.trim_end_matches(char::is_alphabetic) {
        number if number.len() == text.len() => (text, 1),
        number => match &text[number.len()..] {
            "k" | "K" | "KiB" => (number, 1 << 10),
            "M" | "MiB" => (number, 1 << 20),
            "G" | "GiB" => (number, 1 << 30),
            "B" => (number, 1),
            _ => return Err(bad()),
        },
    };
    let number: u64 = number.trim().parse().map_err(|_| bad())?;
    number.checked_mul(unit).ok_or_else(bad)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read() {
        for (text, milliseconds) in [
            ("2", 2000),
            ("2s", 2000),
            ("500ms", 500),
            ("0.5s", 500),
            ("1.5", 1500),
        ] {
            assert_eq!(
                time(text),
                Ok(Duration::from_millis(milliseconds)),
                "{text}"
            );
        }
        for (text, size) in [
            ("0", 0),
            ("500", 500),
            ("10k", 10240),
            ("2M", 2 << 20),
            ("1KiB", 1024),
        ] {
            assert_eq!(bytes(text), Ok(size), "{text}");
        }
        for bad in ["", "-1", "1m", "s", "1e999"] {
            assert!(time(bad).is_err(), "{bad}");
        }
        for bad in ["", "-1", "1.5k", "3x", "99999999999999G"] {
            assert!(bytes(bad).is_err(), "{bad}");
        }
    }
}
