//! Lines of the servers behind, kept so that the front's failures find them by the request's id.
//!
//! The front's logs are read twice: first to learn the ids of its failures, then, after the logs from behind have been
//! read for those ids only, to count. So memory is bounded by the failures, not by the logs.

use std::collections::{HashMap, HashSet};
use std::str::FromStr;

use httpwhy_ingest::logs::{Column, Line, OwnedShape};

use crate::hash::steady;
use crate::judge::Complaint;

/// Failures whose ids are kept; further ones are counted, and join nothing.
const MOST: usize = 200_000;
/// A shorter id is no id: numbers of connections or of lines.
const SHORTEST: usize = 8;

/// By which id the lines of two logs are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum JoinBy {
    /// Whichever both have.
    #[default]
    Auto,
    /// The request's id.
    RequestId,
    /// The trace's id.
    TraceId,
}

impl FromStr for JoinBy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "request-id" => Ok(Self::RequestId),
            "trace-id" => Ok(Self::TraceId),
            other => Err(format!("'{other}' is none of auto, request-id, trace-id")),
        }
    }
}

impl JoinBy {
    /// The ids of a line, hashed.
    fn ids(self, line: &Line<'_>) -> impl Iterator<Item = u64> {
        let columns: &[Column] = match self {
            Self::Auto => &[Column::RequestId, Column::TraceId],
            Self::RequestId => &[Column::RequestId],
            Self::TraceId => &[Column::TraceId],
        };
        let ids: Vec<u64> = columns
            .iter()
            .filter_map(|column| id(line.some(*column)?))
            .collect();
        ids.into_iter()
    }
}

/// What of an id is the same on both sides: the trace's part of a `traceparent` (W3C Trace Context section 3.2.2), the
/// root of an `X-Amzn-Trace-Id`, the last part of Google's `projects/…/traces/…`; hyphens and case do not count.
fn id(text: &[u8]) -> Option<u64> {
    let text = text.strip_prefix(b"Root=").unwrap_or(text);
    let text = text.split(|byte| *byte == b';').next()?;
    let text = text.rsplit(|byte| *byte == b'/').next()?;
    let text = match text {
        [
            b'0'..=b'9' | b'a'..=b'f',
            b'0'..=b'9' | b'a'..=b'f',
            b'-',
            rest @ ..,
        ] if rest.len() == 52 && rest[32] == b'-' => &rest[..32],
        other => other,
    };
    let bare: Vec<u8> = text
        .iter()
        .filter(|byte| **byte != b'-')
        .map(u8::to_ascii_lowercase)
        .collect();
    (bare.len() >= SHORTEST).then(|| steady(&bare))
}

/// What a worker does with access lines.
#[derive(Debug, Clone, Default)]
pub(crate) enum Role {
    /// It counts them.
    #[default]
    Count,
    /// It only keeps the error lines among them.
    Hear,
    /// It only learns the ids of failures.
    Learn(JoinBy),
    /// They are from behind: those with these ids are kept, and nothing is counted.
    Behind(JoinBy, std::sync::Arc<Wanted>),
}

/// The ids of failures.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    ids: HashSet<u64>,
    joined: Joined,
}

/// How a join of logs went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Joined {
    /// Failures in front that have an id.
    pub with_id: u64,
    /// Failures in front that have none, and so cannot be joined.
    pub without_id: u64,
    /// Of those with an id, how many were more than are kept, and join nothing.
    pub dropped: u64,
    /// Of those kept, how many have a line from behind.
    pub found: u64,
}

impl Joined {
    /// Takes another part's in.
    pub(crate) const fn add(&mut self, other: &Self) {
        self.with_id += other.with_id;
        self.without_id += other.without_id;
        self.dropped += other.dropped;
        self.found += other.found;
    }

    /// Failures whose id was looked for, and of which no log from behind has a line.
    pub const fn missing(&self) -> u64 {
        (self.with_id - self.dropped).saturating_sub(self.found)
    }
}

impl Wanted {
    /// Notes a failure in front.
    pub(crate) fn learn(&mut self, line: &Line<'_>, by: JoinBy) {
        let mut ids = by.ids(line).peekable();
        if ids.peek().is_none() {
            self.joined.without_id += 1;
            return;
        }
        self.joined.with_id += 1;
        if self.ids.len() >= MOST {
            self.joined.dropped += 1;
        } else {
            self.ids.extend(ids);
        }
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.joined.with_id += other.joined.with_id;
        self.joined.without_id += other.joined.without_id;
        self.joined.dropped += other.joined.dropped;
        for id in other.ids {
            if self.ids.len() < MOST {
                self.ids.insert(id);
            } else if !self.ids.contains(&id) {
                self.joined.dropped += 1;
            }
        }
    }

    /// What is known before anything was found.
    pub(crate) const fn joined(&self) -> Joined {
        self.joined
    }
}

/// Lines from behind by their ids.
#[derive(Debug, Clone, Default)]
pub(crate) struct Witnesses {
    distinct: Vec<(u16, OwnedShape)>,
    by_id: HashMap<u64, Seen>,
}

#[derive(Debug, Clone, Copy)]
struct Seen {
    second: i64,
    /// Microseconds.
    took: Option<u64>,
    index: u32,
}

impl Witnesses {
    /// Keeps a line from behind whose id is wanted. Of several with one id (tries of the front) the last counts.
    pub(crate) fn add(
        &mut self,
        line: &Line<'_>,
        second: i64,
        (format, shape): (u16, OwnedShape),
        by: JoinBy,
        wanted: &Wanted,
    ) {
        let ids: Vec<u64> = by.ids(line).filter(|id| wanted.ids.contains(id)).collect();
        if ids.is_empty() {
            return;
        }
        let index = self.number_of((format, shape));
        let seen = Seen {
            second,
            took: line.micros(Column::Duration),
            index,
        };
        for id in ids {
            self.keep(id, seen);
        }
    }

    fn keep(&mut self, id: u64, seen: Seen) {
        let kept = self.by_id.entry(id).or_insert(seen);
        if kept.second <= seen.second {
            *kept = seen;
        }
    }

    fn number_of(&mut self, shape: (u16, OwnedShape)) -> u32 {
        let known = self.distinct.iter().position(|known| *known == shape);
        let index = known.unwrap_or_else(|| {
            self.distinct.push(shape);
            self.distinct.len() - 1
        });
        index as u32
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// What a server behind wrote of the exchange of this line.
    pub(crate) fn find(&self, line: &Line<'_>, by: JoinBy) -> Option<Complaint> {
        let seen = by.ids(line).find_map(|id| self.by_id.get(&id))?;
        let (format, shape) = self.distinct.get(seen.index as usize)?;
        let in_front = line.micros(Column::Duration);
        Some(Complaint {
            format: *format,
            shape: shape.clone(),
            late: in_front
                .zip(seen.took)
                .is_some_and(|(front, behind)| behind > front),
        })
    }

    pub(crate) fn merge(&mut self, other: Self) {
        let indices: Vec<u32> = other
            .distinct
            .into_iter()
            .map(|shape| self.number_of(shape))
            .collect();
        for (id, seen) in other.by_id {
            let index = indices[seen.index as usize];
            self.keep(id, Seen { index, ..seen });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::id;

    #[test]
    fn one_trace_in_every_spelling() {
        let plain = id(b"0af7651916cd43dd8448eb211c80319c");
        assert!(plain.is_some());
        for same in [
            &b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"[..],
            b"0AF7651916CD43DD8448EB211C80319C",
            b"0af76519-16cd-43dd-8448-eb211c80319c",
            b"projects/shop/traces/0af7651916cd43dd8448eb211c80319c",
        ] {
            assert_eq!(id(same), plain, "{}", String::from_utf8_lossy(same));
        }
        assert_eq!(
            id(b"Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8"),
            id(b"1-5759e988-bd862e3fe1be46a994272793")
        );
        assert_eq!(id(b"4711"), None);
        assert_ne!(id(b"00000001"), id(b"00000002"));
    }
}
