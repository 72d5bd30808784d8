//! Error lines, kept so that access lines find them.

use std::collections::HashMap;

use httpwhy_ingest::logs::{Column, Line};

use crate::hash::steady;
use crate::judge::Complaint;
use crate::witness::{Wanted, Witnesses};

/// Complaints that are kept; further ones are counted, and join nothing.
pub(crate) const MOST: usize = 200_000;
/// An access line is written when the exchange ends, its error line when the failure is noticed: between them lie the
/// seconds that the writer still served, and the rounding of both stamps.
const APART: i64 = 2;
const HOUR: i64 = 3600;

/// A key, the second, and the number of what was said.
pub(crate) type Mark = (u64, i64, u32);

/// Error lines by what they share with access lines.
#[derive(Debug, Clone, Default)]
pub(crate) struct Complaints {
    distinct: Vec<Complaint>,
    by_key: HashMap<u64, Vec<(i64, u32)>>,
    kept: usize,
    /// The last line with a client's port: its mark, second and number.
    last: Option<Mark>,
    /// The ids of failures, where lines from behind are to be joined.
    pub(crate) wanted: Wanted,
    /// What the servers behind wrote.
    pub(crate) witnesses: Witnesses,
}

impl Complaints {
    /// Keeps an error line.
    pub(crate) fn add(&mut self, line: &Line<'_>, second: i64, complaint: &Complaint) {
        if self.kept >= MOST {
            return;
        }
        let own = self.number_of(complaint);
        let index = self.first_of_pair(line, second, own);
        let [id, connection, request, client] = keys(line);
        // A line that names what was asked for is not found by its client alone.
        let client = client.filter(|_| request.is_none());
        for key in [id, connection, request, client].into_iter().flatten() {
            self.kept += 1;
            self.by_key.entry(key).or_default().push((second, index));
        }
    }

    /// Apache writes two lines of one failure, the cause first and then, of the same client and port, the path
    /// (`AH01102: error reading status line`, `AH00898: Error reading from remote server returned by /path`): the number
    /// of the first.
    fn first_of_pair(&mut self, line: &Line<'_>, second: i64, own: u32) -> u32 {
        let Some(client) = line.some(Column::Client) else {
            return own;
        };
        if without_port(client).len() == client.len() {
            return own;
        }
        let mark = steady(client);
        match self.last.take() {
            Some((known, at, index))
                if known == mark && second - at <= 1 && line.path().is_some() =>
            {
                index
            }
            _ => {
                self.last = Some((mark, second, own));
                own
            }
        }
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.by_key.is_empty() && self.witnesses.is_empty()
    }

    /// The complaint that belongs to an access line of that second, which took so many seconds.
    pub(crate) fn find(&self, line: &Line<'_>, second: i64, took: i64) -> Option<&Complaint> {
        let near = |key: &u64| {
            let window = second - took - APART..=second + APART;
            let list = self.by_key.get(key)?.iter();
            let list: Vec<_> = list.filter(|(at, _)| window.contains(at)).collect();
            (!list.is_empty()).then_some(list)
        };
        let [id, connection, request, client] = keys(line);
        let named = [id, connection, request].into_iter().flatten();
        let index = named
            .filter_map(|key| near(&key))
            .find_map(|list| list.into_iter().min_by_key(|(at, _)| (at - second).abs()))
            .or_else(|| {
                // The client alone is enough only where all its lines of that time say the same.
                let list = near(&client?)?;
                let first = *list.first()?;
                list.iter()
                    .all(|(_, index)| *index == first.1)
                    .then_some(first)
            })?
            .1;
        self.distinct.get(index as usize)
    }

    fn number_of(&mut self, complaint: &Complaint) -> u32 {
        let known = self.distinct.iter().position(|known| known == complaint);
        let index = known.unwrap_or_else(|| {
            self.distinct.push(complaint.clone());
            self.distinct.len() - 1
        });
        index as u32
    }

    /// Goes on behind the last line of what was read before.
    pub(crate) fn go_on(&mut self, before: &Self) {
        if let (None, Some((mark, second, index))) = (self.last, before.last) {
            let index = self.number_of(&before.distinct[index as usize]);
            self.last = Some((mark, second, index));
        }
    }

    /// Makes room when many are kept: an access line comes at most an hour after its error line.
    pub(crate) fn forget_old(&mut self) {
        if self.kept <= MOST / 2 {
            return;
        }
        let seconds = self.by_key.values().flatten().map(|(second, _)| *second);
        let oldest = seconds.max().unwrap_or(0) - HOUR;
        self.by_key.retain(|_, list| {
            list.retain(|(second, _)| *second >= oldest);
            !list.is_empty()
        });
        self.kept = self.by_key.values().map(Vec::len).sum();
    }

    /// All of them: what was said, and by key when and which; in the order of the keys.
    pub(crate) fn all(&self) -> (&[Complaint], Vec<Mark>, Option<Mark>) {
        let mut marks: Vec<Mark> = self
            .by_key
            .iter()
            .flat_map(|(key, list)| list.iter().map(|(second, index)| (*key, *second, *index)))
            .collect();
        marks.sort_by_key(|(key, ..)| *key);
        (&self.distinct, marks, self.last)
    }

    /// The same again; `None` when they name what is not there.
    pub(crate) fn restore(
        distinct: Vec<Complaint>,
        marks: Vec<Mark>,
        last: Option<Mark>,
    ) -> Option<Self> {
        let count = distinct.len();
        let mut all = Self {
            distinct,
            kept: marks.len(),
            last,
            ..Self::default()
        };
        for (key, second, index) in marks {
            all.by_key.entry(key).or_default().push((second, index));
        }
        let indices = all.by_key.values().flatten().map(|(_, index)| *index);
        let sound = indices
            .chain(last.map(|(.., index)| index))
            .all(|index| (index as usize) < count);
        sound.then_some(all)
    }

    /// Takes another worker's in.
    pub(crate) fn merge(&mut self, other: Self) {
        let indices: Vec<u32> = other
            .distinct
            .iter()
            .map(|complaint| self.number_of(complaint))
            .collect();
        for (key, list) in other.by_key {
            let moved = list
                .into_iter()
                .map(|(second, index)| (second, indices[index as usize]));
            self.by_key.entry(key).or_default().extend(moved);
        }
        self.kept += other.kept;
        self.last = other
            .last
            .map(|(mark, second, index)| (mark, second, indices[index as usize]));
        self.wanted.merge(other.wanted);
        self.witnesses.merge(other.witnesses);
    }
}

/// What both lines hold: the request's id, the connection's number, the client with the path, the client.
fn keys(line: &Line<'_>) -> [Option<u64>; 4] {
    let mark = |kind: u8, parts: &[&[u8]]| {
        let mut text = vec![kind];
        for part in parts {
            text.extend_from_slice(part);
            text.push(0);
        }
        steady(&text)
    };
    let id = line.some(Column::RequestId).map(|id| mark(b'i', &[id]));
    let connection = line
        .some(Column::Connection)
        .map(|number| mark(b'c', &[number]));
    let client = line.some(Column::Client).map(without_port);
    let request = client.and_then(|client| {
        let path = line.path().filter(|path| path.starts_with(b"/"))?;
        Some(mark(b'r', &[client, path]))
    });
    let client = client.map(|client| mark(b'a', &[client]));
    [id, connection, request, client]
}

/// `203.0.113.9:51234` without its port; IPv6 addresses have more than one colon.
pub(crate) fn without_port(client: &[u8]) -> &[u8] {
    if let Some(inner) = client.strip_prefix(b"[") {
        return &inner[..memchr::memchr(b']', inner).unwrap_or(inner.len())];
    }
    let mut colons = memchr::memchr_iter(b':', client);
    match (colons.next(), colons.next()) {
        (Some(at), None) => &client[..at],
        _ => client,
    }
}
