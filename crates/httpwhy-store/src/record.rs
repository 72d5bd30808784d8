//! What is stored of a visit: rows, and of some the exchanges themselves.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use httpwhy_model::{
    Because, Blame, Diagnosis, EntryPoint, Exchange, Party, Phase, Response, Seen, Step, Visit,
    redact_uri, redacted,
};

/// Content kept of one answer at most.
const MOST_CONTENT: usize = 1 << 20;
/// Bytes kept of a target at most: what comes from a list may be of any length.
const MOST_TARGET: usize = 16 * 1024;

/// One input of a run and what came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The input's number within the run.
    pub number: u64,
    /// The index of the step whose verdict is that on the whole.
    pub deciding: usize,
    /// The steps; at least one.
    pub steps: Vec<RecordStep>,
}

/// One exchange of a record.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordStep {
    /// Method, origin and template.
    pub entry_point: EntryKey,
    /// The target URI, or the input that was none.
    pub target: String,
    /// The judgement, for counting.
    pub verdict: Verdict,
    /// When it began.
    pub at: Option<SystemTime>,
    /// From the last byte of the request to the first of the response.
    pub wait: Option<Duration>,
    /// All phases but the time spent waiting for its turn.
    pub took: Duration,
    /// Bytes received.
    pub bytes: u64,
    /// The exchange itself, to be judged again; `None` where only the row is kept.
    pub kept: Option<Box<Kept>>,
}

/// An exchange that is kept, redacted.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// The exchange.
    pub exchange: Exchange,
    /// Why it took place.
    pub because: Because,
}

/// An entry point, on its own.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct EntryKey {
    /// Scheme, host and port; empty for an input that is no URI.
    pub origin: String,
    /// The path's template; for an input that is no URI what it is.
    pub template: String,
    /// The method as sent; empty when not known.
    pub method: String,
}

/// A judgement in the few words that are counted by.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Verdict {
    /// The outcome's id. One that was stored may have gone from the catalogue of today.
    pub outcome: Cow<'static, str>,
    /// Who is to blame.
    pub blamed: Blamed,
    /// The phase.
    pub phase: Phase,
    /// The final status, when it is three digits.
    pub status: Option<u16>,
    /// The software that made the response.
    pub producer: Option<Cow<'static, str>>,
}

/// Who is to blame, as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Blamed {
    /// Nothing is wrong.
    Nobody,
    /// It is not known who.
    Unknown,
    /// Likely that one.
    Likely(Party),
    /// That one.
    Proven(Party),
}

/// A stored row: one exchange.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The number of its visit.
    pub number: u64,
    /// The index of the step.
    pub step: u32,
    /// How many steps the visit has.
    pub steps: u32,
    /// Whether its verdict is that on the whole visit.
    pub decides: bool,
    /// Method, origin and template.
    pub entry_point: EntryKey,
    /// The target URI.
    pub target: String,
    /// The judgement at the time.
    pub verdict: Verdict,
    /// When it began, to the microsecond.
    pub at: Option<SystemTime>,
    /// From the last byte of the request to the first of the response.
    pub wait: Option<Duration>,
    /// All phases but the time spent waiting for its turn.
    pub took: Duration,
    /// Bytes received.
    pub bytes: u64,
    /// Whether the exchange itself was kept.
    pub is_kept: bool,
    /// The exchange, where it was kept and asked for.
    pub kept: Option<Step>,
}

impl Record {
    /// The record of a visit that was judged. `keep`: with its exchanges. Whatever is secret in it is hidden.
    pub fn of(
        number: u64,
        visit: &Visit,
        judged: &[Diagnosis],
        deciding: usize,
        keep: bool,
    ) -> Self {
        let hidden = if keep {
            redacted(visit)
        } else {
            Cow::Borrowed(visit)
        };
        let steps = hidden.steps.iter().zip(judged);
        let steps: Vec<RecordStep> = steps
            .map(|(step, diagnosis)| RecordStep::of(step, diagnosis, keep))
            .collect();
        Self {
            number,
            deciding: deciding.min(steps.len().saturating_sub(1)),
            steps,
        }
    }

    /// The verdict on the whole; `None` for a record without steps, which cannot be stored.
    pub fn verdict(&self) -> Option<&Verdict> {
        self.steps.get(self.deciding).map(|step| &step.verdict)
    }

    /// About how many bytes of memory it holds.
    pub fn weight(&self) -> usize {
        let steps = self.steps.iter().map(|step| {
            let content = step.kept.as_ref().map_or(0, |kept| content(&kept.exchange));
            512 + step.target.len() + content
        });
        steps.sum()
    }
}

/// Bytes of content and fields, about.
fn content(exchange: &Exchange) -> usize {
    let response = exchange.response.as_ref();
    let body = response.map_or(0, |response| match &response.body {
        Seen::Present(body) => body.bytes.len(),
        _ => 0,
    });
    let fields = response.map_or(0, |response| {
        let lines = response.fields.list.iter();
        lines.map(|field| 64 + field.value.as_bytes().len()).sum()
    });
    1024 + body + fields
}

impl RecordStep {
    fn of(step: &Step, diagnosis: &Diagnosis, keep: bool) -> Self {
        let exchange = &step.exchange;
        let mut target = redact_uri(&exchange.target);
        cut(&mut target);
        let queue = exchange.timeline.get(Phase::Queue).unwrap_or_default();
        Self {
            entry_point: EntryKey::of(exchange),
            target,
            verdict: Verdict::of(exchange, diagnosis),
            at: exchange.observed_at.present(),
            wait: exchange.timeline.get(Phase::Wait),
            took: exchange.timeline.total().saturating_sub(queue),
            bytes: exchange.received,
            kept: keep.then(|| {
                let mut exchange = exchange.clone();
                cut(&mut exchange.target);
                cut_content(exchange.response.as_mut());
                Box::new(Kept {
                    exchange,
                    because: step.because,
                })
            }),
        }
    }
}

fn cut(target: &mut String) {
    if target.len() > MOST_TARGET {
        let at = (0..=MOST_TARGET).rfind(|&at| target.is_char_boundary(at));
        target.truncate(at.unwrap_or(0));
    }
}

/// What is kept of content is its beginning, as it is with the prober: how much came is a fact of its own.
fn cut_content(response: Option<&mut Response>) {
    if let Some(response) = response
        && let Seen::Present(body) = &mut response.body
        && body.bytes.len() > MOST_CONTENT
    {
        body.bytes.truncate(MOST_CONTENT);
    }
}

impl EntryKey {
    /// Stands for all inputs that are no URI.
    pub const NO_URI: &'static str = "(no URL)";

    fn of(exchange: &Exchange) -> Self {
        let method = || String::from_utf8_lossy(&exchange.request.method).into_owned();
        match EntryPoint::of(exchange) {
            Some(entry) => Self {
                origin: entry.origin.into_owned(),
                template: entry.template.into_owned(),
                method: entry.method.into_owned(),
            },
            None => Self {
                origin: String::new(),
                template: Self::NO_URI.to_owned(),
                method: method(),
            },
        }
    }

    /// As the model has it.
    pub fn entry_point(&self) -> EntryPoint<'_> {
        EntryPoint {
            method: Cow::Borrowed(&self.method),
            origin: Cow::Borrowed(&self.origin),
            template: Cow::Borrowed(&self.template),
        }
    }
}

impl fmt::Display for EntryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.entry_point().fmt(f)
    }
}

impl Verdict {
    fn of(exchange: &Exchange, diagnosis: &Diagnosis) -> Self {
        Self {
            outcome: Cow::Borrowed(diagnosis.outcome.0),
            blamed: diagnosis.blame.into(),
            phase: diagnosis.phase,
            status: exchange.status(),
            producer: diagnosis
                .producer
                .as_ref()
                .map(|producer| Cow::Borrowed(producer.name)),
        }
    }

    /// Whether nothing is wrong.
    pub fn is_fine(&self) -> bool {
        self.blamed == Blamed::Nobody
    }
}

impl Blamed {
    /// The party named, if any.
    pub const fn party(self) -> Option<Party> {
        match self {
            Self::Likely(party) | Self::Proven(party) => Some(party),
            Self::Nobody | Self::Unknown => None,
        }
    }

    /// The party, `nobody` or `unknown`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Likely(party) | Self::Proven(party) => party.as_str(),
            Self::Nobody => "nobody",
            Self::Unknown => "unknown",
        }
    }

    /// `proven`, `likely` or `unknown`; as [`Blame::certainty`] has it.
    pub const fn certainty(self) -> &'static str {
        match self {
            Self::Proven(_) => "proven",
            Self::Likely(_) | Self::Nobody => "likely",
            Self::Unknown => "unknown",
        }
    }
}

impl From<Blame> for Blamed {
    fn from(blame: Blame) -> Self {
        match blame {
            Blame::Nobody => Self::Nobody,
            Blame::Unknown { .. } => Self::Unknown,
            Blame::Likely(party) => Self::Likely(party),
            Blame::Proven(party) => Self::Proven(party),
        }
    }
}

impl fmt::Display for Blamed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nobody => f.write_str("nobody"),
            Self::Unknown => f.write_str("unknown"),
            Self::Likely(party) => write!(f, "likely {party}"),
            Self::Proven(party) => write!(f, "proven {party}"),
        }
    }
}

impl FromStr for Blamed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let party = |word: &str| word.parse::<Party>().map_err(|error| error.to_string());
        match text.split_once(' ') {
            None if text == "nobody" => Ok(Self::Nobody),
            None if text == "unknown" => Ok(Self::Unknown),
            Some(("likely", word)) => party(word).map(Self::Likely),
            Some(("proven", word)) => party(word).map(Self::Proven),
            _ => Err(format!("'{text}' blames nobody that is known")),
        }
    }
}

impl Row {
    /// The exchange as far as it is known: as it was kept, or else what the row tells. What it does not tell is not
    /// captured.
    pub fn step(&self) -> Step {
        self.kept.clone().unwrap_or_else(|| self.bare())
    }

    fn bare(&self) -> Step {
        let mut exchange = Exchange {
            target: self.target.clone(),
            observed_at: self.at.into(),
            received: self.bytes,
            ..Exchange::default()
        };
        exchange.request.method = self.entry_point.method.clone().into();
        if let Some(status) = self.verdict.status {
            exchange.response = Some(Response {
                code: format!("{status:03}").into(),
                ..Response::default()
            });
        }
        if let Some(wait) = self.wait {
            exchange.timeline.add(Phase::Wait, wait);
        }
        let rest = self.took.saturating_sub(self.wait.unwrap_or_default());
        if self.wait.is_some() && !rest.is_zero() {
            exchange.timeline.add(Phase::Receive, rest);
        }
        Step {
            exchange,
            because: match self.step {
                0 => Because::Asked,
                // Which it was is not told; a later step follows the one before it.
                later => Because::Redirect(later as usize - 1),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blame_is_read_as_written() {
        for blamed in [
            Blamed::Nobody,
            Blamed::Unknown,
            Blamed::Likely(Party::Origin),
            Blamed::Proven(Party::Dns),
        ] {
            assert_eq!(blamed.to_string().parse(), Ok(blamed));
        }
        for bad in ["", "likely", "likely somebody", "origin"] {
            assert!(bad.parse::<Blamed>().is_err(), "{bad}");
        }
    }

    #[test]
    fn long_targets_are_cut_between_characters() {
        let mut target = "é".repeat(MOST_TARGET);
        cut(&mut target);
        assert!(target.len() <= MOST_TARGET && target.ends_with('é'));
    }
}
