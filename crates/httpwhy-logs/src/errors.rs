//! Error lines, kept so that access lines find them.

use std::collections::HashMap;

use httpwhy_ingest::logs::{Column, Line};

use crate::hash::steady;
use crate::judge::Complaint;
use crate::witness::{Wanted, Witnesses};

/// Complaints that are kept; further ones are counted, and join nothing.
const MOST: usize = 200_000;
/// An access line is written when the exchange ends, its error line when the failure is noticed: between them lie the
/// seconds that the writer still served, and the rounding of both stamps.
const APART: i64 = 2;

/// Error lines by what they share with access lines.
#[derive(Debug, Default)]
pub(crate) struct Complaints {
    distinct: Vec<Complaint>,
    by_key: HashMap<u64, Vec<(i64, u32)>>,
    kept: usize,
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
        let index = self.number_of(complaint);
        for key in keys(line).into_iter().flatten() {
            self.kept += 1;
            self.by_key.entry(key).or_default().push((second, index));
        }
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.by_key.is_empty() && self.witnesses.is_empty()
    }

    /// The complaint that belongs to an access line of that second, which took so many seconds.
    pub(crate) fn find(&self, line: &Line<'_>, second: i64, took: i64) -> Option<&Complaint> {
        keys(line).into_iter().flatten().find_map(|key| {
            let (_, index) = self
                .by_key
                .get(&key)?
                .iter()
                .filter(|(at, _)| (second - took - APART..=second + APART).contains(at))
                .min_by_key(|(at, _)| (at - second).abs())?;
            self.distinct.get(*index as usize)
        })
    }

    fn number_of(&mut self, complaint: &Complaint) -> u32 {
        let known = self.distinct.iter().position(|known| known == complaint);
        let index = known.unwrap_or_else(|| {
            self.distinct.push(complaint.clone());
            self.distinct.len() - 1
        });
        index as u32
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
        self.wanted.merge(other.wanted);
        self.witnesses.merge(other.witnesses);
    }
}

/// What both lines hold: the request's id, the connection's number, the client with its request line.
fn keys(line: &Line<'_>) -> [Option<u64>; 3] {
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
        let target = line.target()?;
        Some(mark(
            b'r',
            &[client, line.method().unwrap_or_default(), target],
        ))
    });
    [id, connection, request]
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
