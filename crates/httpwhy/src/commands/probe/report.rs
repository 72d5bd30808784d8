//! `--report`: ten lines for the party at fault, for one target or for the largest groups of failures.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use bytes::Bytes;
use httpwhy_model::{Blame, Diagnosis, Exchange, OutcomeId, Seen};
use httpwhy_render::{Letter, Occurrences, letter_text};

use crate::judge::Judged;

/// Groups held at most; failures beyond them are counted, not described.
const GROUPS: usize = 512;
/// Hosts whose visits are counted at most.
const HOSTS: usize = 4096;
/// Other targets of a group that are named.
const OTHERS: usize = 3;

/// The failures of a run, by what one letter can speak of: one cause, at one host.
#[derive(Default)]
pub(crate) struct Reports(Mutex<Inside>);

#[derive(Default)]
struct Inside {
    groups: BTreeMap<Key, Group>,
    /// Visits to each host, good ones too.
    hosts: BTreeMap<String, u64>,
    visits: u64,
    beyond: u64,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    outcome: OutcomeId,
    party: Option<&'static str>,
    producer: Option<&'static str>,
    host: String,
}

struct Group {
    exchange: Exchange,
    diagnosis: Diagnosis,
    count: u64,
    between: Option<(SystemTime, SystemTime)>,
    others: Vec<String>,
}

impl Reports {
    /// Takes what is needed of one visit.
    pub(crate) fn add(&self, judged: &Judged) {
        let (step, verdict) = judged.deciding();
        let Some(exchange) = judged.visit.steps.get(step).map(|step| &step.exchange) else {
            return;
        };
        let host = host(&exchange.target);
        let mut inside = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inside.visits += 1;
        if inside.hosts.len() < HOSTS || inside.hosts.contains_key(&host) {
            *inside.hosts.entry(host.clone()).or_default() += 1;
        }
        if verdict.blame == Blame::Nobody {
            return;
        }
        let key = Key {
            outcome: verdict.outcome,
            party: verdict.blame.party().map(httpwhy_model::Party::as_str),
            producer: verdict.producer.as_ref().map(|producer| producer.name),
            host,
        };
        let room = inside.groups.len() < GROUPS;
        match inside.groups.entry(key) {
            Entry::Occupied(mut entry) => entry.get_mut().add(exchange),
            Entry::Vacant(entry) if room => {
                entry.insert(Group::of(exchange, verdict));
            }
            Entry::Vacant(_) => inside.beyond += 1,
        }
    }

    /// Writes letters about the largest groups, at most so many.
    pub(crate) fn write(&self, out: &mut dyn Write, most: usize) -> io::Result<()> {
        let inside = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut groups: Vec<(&Key, &Group)> = inside.groups.iter().collect();
        groups.sort_by_key(|(key, group)| (std::cmp::Reverse(group.count), *key));
        if groups.is_empty() {
            let visits = inside.visits;
            return writeln!(
                out,
                "Nothing to report: all is well with {visits} of {visits}."
            );
        }
        for (at, (key, group)) in groups.iter().take(most).enumerate() {
            if at > 0 {
                writeln!(out)?;
            }
            let of = inside.hosts.get(&key.host).copied().unwrap_or(group.count);
            let seen = (inside.visits > 1).then_some(Occurrences {
                count: group.count,
                of: of.max(group.count),
                between: group.between.filter(|_| group.count > 1),
                others: &group.others,
            });
            let letter = Letter {
                exchange: &group.exchange,
                diagnosis: &group.diagnosis,
                seen,
            };
            letter_text(out, &letter)?;
        }
        let rest: u64 = groups
            .iter()
            .skip(most)
            .map(|(_, group)| group.count)
            .sum::<u64>()
            + inside.beyond;
        if rest > 0 {
            writeln!(
                out,
                "\n{rest} other failures are not described here; --report=N describes N groups"
            )?;
        }
        Ok(())
    }
}

impl Group {
    fn of(exchange: &Exchange, diagnosis: &Diagnosis) -> Self {
        let mut exchange = exchange.clone();
        // The letter tells its size only.
        if let Some(response) = &mut exchange.response
            && let Seen::Present(body) = &mut response.body
        {
            body.bytes = Bytes::new();
        }
        Self {
            between: exchange.observed_at.present().map(|at| (at, at)),
            exchange,
            diagnosis: diagnosis.clone(),
            count: 1,
            others: Vec::new(),
        }
    }

    fn add(&mut self, exchange: &Exchange) {
        self.count += 1;
        if let Seen::Present(at) = exchange.observed_at {
            let (first, last) = self.between.unwrap_or((at, at));
            self.between = Some((first.min(at), last.max(at)));
        }
        let known =
            exchange.target == self.exchange.target || self.others.contains(&exchange.target);
        if self.others.len() < OTHERS && !known {
            self.others.push(exchange.target.clone());
        }
    }
}

fn host(target: &str) -> String {
    let url = url::Url::parse(target).ok();
    url.and_then(|url| url.host_str().map(str::to_owned))
        .unwrap_or_default()
}
