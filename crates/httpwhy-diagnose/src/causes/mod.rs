//! Many diagnoses at once: what failures have in common, so that one cause is told once.
//!
//! Pure, and within bounds: however many are added, what is kept is a table of distinct shapes.

mod domain;
mod shared;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::SocketAddr;

use httpwhy_model::{
    Blame, Cause, Diagnosis, Exchange, Group, OutcomeId, Phase, PlainUri, Remedy, Retry, Visit,
};
use url::Url;

pub use domain::registrable;
pub use shared::{Alarm, Shared, Streak};

/// Distinct shapes kept; past it hosts are no longer told apart.
const SHAPES: usize = 4_096;
/// Examples kept of one shape, and shown of one group.
const EXAMPLES: usize = 3;
/// So many owners have to fail alike before it is taken for something that they share.
const OWNERS: usize = 5;
/// Fewer failures than this at one place are not told as a cause of their own.
const FEW: u64 = 2;

/// What one failure looks like from afar: those with equal shapes are counted together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Shape {
    outcome: OutcomeId,
    phase: Phase,
    status: Option<u16>,
    producer: Option<&'static str>,
    /// A name and a port; empty once hosts are no longer told apart.
    host: String,
    address: Option<SocketAddr>,
}

/// How often a shape was met, and what its diagnoses say.
#[derive(Debug, Clone)]
struct Tally {
    count: u64,
    first: u64,
    last: u64,
    examples: Vec<String>,
    blame: Blame,
    retry: Retry,
    remedies: Vec<Remedy>,
}

/// Failures, counted by their shapes.
#[derive(Debug, Default)]
pub struct Causes {
    shapes: HashMap<Shape, Tally>,
    failed: u64,
}

impl Causes {
    /// Adds the verdict on the input of that number; one that nobody is to blame for is no failure, and passed over.
    pub fn add(&mut self, number: u64, visit: &Visit, verdict: &Diagnosis) {
        if verdict.blame == Blame::Nobody {
            return;
        }
        self.failed += 1;
        let Some(exchange) = visit.landed().map(|step| &step.exchange) else {
            return;
        };
        let mut shape = Shape::of(exchange, verdict);
        if self.shapes.len() >= SHAPES && !self.shapes.contains_key(&shape) {
            shape.host.clear();
            shape.address = None;
        }
        let tally = self.shapes.entry(shape).or_insert_with(|| Tally {
            count: 0,
            first: number,
            last: number,
            examples: Vec::new(),
            blame: verdict.blame,
            retry: verdict.retry,
            remedies: verdict.remedies.clone(),
        });
        tally.add(number, &visit.asked, verdict);
    }

    /// How many failures were added.
    pub const fn failed(&self) -> u64 {
        self.failed
    }

    /// The failures by cause, the most frequent first; those that share nothing but their outcome are one group of their
    /// kind.
    pub fn groups(&self) -> Vec<Group> {
        let wide = self.wide();
        let mut by_cause: BTreeMap<Key, Vec<(&Shape, &Tally)>> = BTreeMap::new();
        for (shape, tally) in &self.shapes {
            let key = shape.key(&wide);
            by_cause.entry(key).or_default().push((shape, tally));
        }
        let mut merged: BTreeMap<Key, Vec<(&Shape, &Tally)>> = BTreeMap::new();
        for (mut key, members) in by_cause {
            let count: u64 = members.iter().map(|(_, tally)| tally.count).sum();
            if count < FEW {
                key = Key::each(members[0].0);
            }
            merged.entry(key).or_default().extend(members);
        }
        let mut groups: Vec<Group> = merged
            .into_iter()
            .map(|(key, members)| group(key.cause, members))
            .collect();
        groups.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.span.cmp(&b.span)));
        groups
    }

    /// Outcomes of name look-up and of the way out that several owners' hosts share.
    fn wide(&self) -> HashSet<OutcomeId> {
        let mut owners: HashMap<OutcomeId, HashSet<&str>> = HashMap::new();
        for shape in self.shapes.keys() {
            if SHARED_BY_MANY.iter().any(|(id, _)| *id == shape.outcome.0) {
                let owner = registrable(name_of(&shape.host));
                owners.entry(shape.outcome).or_default().insert(owner);
            }
        }
        owners.retain(|_, owners| owners.len() >= OWNERS);
        owners.into_keys().collect()
    }
}

/// Outcomes that, met with several owners' hosts, come from what these hosts share.
const SHARED_BY_MANY: &[(&str, Cause)] = &[
    ("net/dns-timeout", Cause::Resolver),
    ("net/dns-temporary", Cause::Resolver),
    ("net/dns-refused", Cause::Resolver),
    ("net/dns-malformed", Cause::Resolver),
    ("net/net-unreachable", Cause::WayOut),
    ("net/net-down", Cause::WayOut),
    ("engine/your-side", Cause::WayOut),
];
/// Statuses that a server gives to a client, not to a target.
const OF_THE_CLIENT: &[u16] = &[401, 403, 407, 429, 511];

/// What is told together. Outcomes of one place before an answer are one cause, whatever each of them is called.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    cause: Cause,
    outcome: Option<OutcomeId>,
}

impl Key {
    const fn each(shape: &Shape) -> Self {
        Self {
            cause: Cause::Each,
            outcome: Some(shape.outcome),
        }
    }
}

impl Shape {
    fn of(exchange: &Exchange, verdict: &Diagnosis) -> Self {
        Self {
            outcome: verdict.outcome,
            phase: verdict.phase,
            status: exchange.status(),
            producer: verdict.producer.as_ref().map(|producer| producer.name),
            host: host_and_port(&exchange.target).unwrap_or_default(),
            address: exchange.peer,
        }
    }

    fn key(&self, wide: &HashSet<OutcomeId>) -> Key {
        let shared = SHARED_BY_MANY.iter().find(|(id, _)| *id == self.outcome.0);
        if let Some((_, cause)) = shared.filter(|_| wide.contains(&self.outcome)) {
            return Key {
                cause: cause.clone(),
                outcome: None,
            };
        }
        if self.host.is_empty() {
            return Key::each(self);
        }
        let host = Cause::Host(self.host.clone());
        let (cause, outcome) = match self.phase {
            Phase::Resolve => {
                let zone = registrable(name_of(&self.host));
                (Cause::Zone(zone.to_owned()), None)
            }
            Phase::Connect => (
                self.address
                    .map_or(host, |address| Cause::Address(address.to_string())),
                None,
            ),
            Phase::Tunnel | Phase::Tls => (host, None),
            Phase::Queue => return Key::each(self),
            Phase::Send | Phase::Wait | Phase::Receive | Phase::Close => match self.status {
                Some(status) if status < 500 && !OF_THE_CLIENT.contains(&status) => {
                    return Key::each(self);
                }
                _ => (host, Some(self.outcome)),
            },
        };
        Key { cause, outcome }
    }
}

impl Tally {
    fn add(&mut self, number: u64, asked: &str, verdict: &Diagnosis) {
        self.count += 1;
        self.first = self.first.min(number);
        self.last = self.last.max(number);
        if self.examples.len() < EXAMPLES {
            self.examples.push(asked.to_owned());
        }
        if self.blame != verdict.blame {
            self.blame = differs(self.blame, verdict.blame);
        }
    }
}

/// One party, proven or likely, is likely; several are none.
fn differs(a: Blame, b: Blame) -> Blame {
    match (a.party(), b.party()) {
        (Some(a), Some(b)) if a == b => Blame::Likely(a),
        _ => Blame::Unknown {
            missing: "the records differ: each says what it lacks",
        },
    }
}

fn group(cause: Cause, mut members: Vec<(&Shape, &Tally)>) -> Group {
    // The order of a hash table must not show.
    members
        .sort_by_key(|(shape, tally)| (std::cmp::Reverse(tally.count), tally.first, shape.outcome));
    let mut outcomes: BTreeMap<OutcomeId, u64> = BTreeMap::new();
    for (shape, tally) in &members {
        *outcomes.entry(shape.outcome).or_default() += tally.count;
    }
    let mut outcomes: Vec<(OutcomeId, u64)> = outcomes.into_iter().collect();
    outcomes.sort_by_key(|&(id, count)| (std::cmp::Reverse(count), id));
    let leading = outcomes.first().map(|(id, _)| *id);
    let of_leading: Vec<&Tally> = members
        .iter()
        .filter(|(shape, _)| Some(shape.outcome) == leading)
        .map(|(_, tally)| *tally)
        .collect();
    let first = of_leading[0];
    let hosts: HashSet<&str> = members.iter().map(|(shape, _)| &*shape.host).collect();
    let examples = members.iter().flat_map(|(_, tally)| &tally.examples);
    Group {
        cause,
        count: members.iter().map(|(_, tally)| tally.count).sum(),
        hosts: hosts.len() as u64,
        span: (
            members.iter().map(|(_, t)| t.first).min().unwrap_or(0),
            members.iter().map(|(_, t)| t.last).max().unwrap_or(0),
        ),
        examples: examples.take(EXAMPLES).cloned().collect(),
        blame: of_leading
            .iter()
            .map(|tally| tally.blame)
            .reduce(|a, b| if a == b { a } else { differs(a, b) })
            .unwrap_or(first.blame),
        retry: first.retry,
        remedies: first.remedies.clone(),
        outcomes,
    }
}

/// The host and port of a URL.
fn host_and_port(target: &str) -> Option<String> {
    if let Some(plain) = PlainUri::of(target) {
        return Some(match plain.port {
            Some(_) => plain.authority.to_owned(),
            None => format!("{}:{}", plain.host, plain.port()),
        });
    }
    let url = Url::parse(target).ok()?;
    let port = url.port_or_known_default()?;
    Some(format!("{}:{port}", url.host_str()?))
}

/// The name without the port.
fn name_of(host: &str) -> &str {
    host.rsplit_once(':').map_or(host, |(name, _)| name)
}

#[cfg(test)]
mod tests;
