//! How the entry points of a run are, as people ask for it: OK, unauthorized, problem, unreachable or skipped; the share
//! that is OK; and what the many say together that none says alone.
//!
//! Pure, and within bounds: however many visits are added, what is kept is a count for each entry point and each kind of
//! answer of each host.

mod advice;

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::Hasher as _;

use httpwhy_model::{Blame, Diagnosis, EntryPoint, Exchange, Phase};

pub use advice::Advice;

/// Kinds of answers told apart; of what comes beyond, hosts are not told apart.
const KINDS: usize = 4_096;

/// How a visit went, or an entry point is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Health {
    /// Nothing is wrong.
    Ok,
    /// Answered, and something is wrong.
    Problem,
    /// Refused for who asks: 401, 403, 407, a login in the way.
    Unauthorized,
    /// No answer came.
    Unreachable,
    /// Not asked for, or not to the end, for a reason on our side.
    Skipped,
}

impl Health {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 5] = [
        Self::Ok,
        Self::Problem,
        Self::Unauthorized,
        Self::Unreachable,
        Self::Skipped,
    ];

    /// The word for it: ok, problem, unauthorized, unreachable or skipped.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Problem => "problem",
            Self::Unauthorized => "unauthorized",
            Self::Unreachable => "unreachable",
            Self::Skipped => "skipped",
        }
    }

    /// How a visit with that verdict went.
    pub fn of(facts: &Facts<'_>) -> Self {
        let namespace = facts.outcome.split('/').next().unwrap_or_default();
        match (facts.fine, facts.status) {
            // Whoever is to blame: what was left out on purpose is nobody's fault, and not well either.
            (_, None) if facts.phase == Phase::Queue => Self::Skipped,
            (true, _) => Self::Ok,
            (false, Some(401 | 403 | 407)) => Self::Unauthorized,
            (false, _) if namespace == "auth" || facts.outcome == TO_LOGIN => Self::Unauthorized,
            (false, None) => Self::Unreachable,
            (false, Some(_)) => Self::Problem,
        }
    }
}

/// A redirect that landed on a login.
const TO_LOGIN: &str = "net/redirect-to-login";

/// What is looked at of a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts<'a> {
    /// The outcome's id.
    pub outcome: &'a str,
    /// Whether nobody is to blame.
    pub fine: bool,
    /// The phase.
    pub phase: Phase,
    /// The final status, when it is three digits.
    pub status: Option<u16>,
    /// The software that made the response.
    pub producer: Option<&'a str>,
}

impl<'a> Facts<'a> {
    /// Those of an exchange and the verdict on it.
    pub fn of(exchange: &Exchange, verdict: &'a Diagnosis) -> Self {
        Self {
            outcome: verdict.outcome.0,
            fine: verdict.blame == Blame::Nobody,
            phase: verdict.phase,
            status: exchange.status(),
            producer: verdict.producer.as_ref().map(|producer| producer.name),
        }
    }
}

/// Visits of how many kinds: one number for each of [`Health::ALL`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts([u64; 5]);

impl Counts {
    /// Adds visits.
    pub const fn add(&mut self, health: Health, count: u64) {
        self.0[health as usize] += count;
    }

    /// How many of that kind.
    pub const fn get(&self, health: Health) -> u64 {
        self.0[health as usize]
    }

    /// All but what was skipped.
    pub fn tried(&self) -> u64 {
        self.0.iter().sum::<u64>() - self.get(Health::Skipped)
    }

    /// The share of what was tried that is OK, in percent; `None` where nothing was tried.
    pub fn percent(&self) -> Option<f64> {
        let tried = self.tried();
        (tried > 0).then(|| self.get(Health::Ok) as f64 * 100.0 / tried as f64)
    }

    /// What most visits are; of equally many the one that is worse. Skipped only where all were.
    pub fn state(&self) -> Health {
        let tried = Health::ALL[..4].iter().rev().copied();
        // The first of equals is taken: the worst.
        tried.fold(Health::Skipped, |state, health| {
            let more = match state {
                Health::Skipped => self.get(health) > 0,
                state => self.get(health) > self.get(state),
            };
            if more { health } else { state }
        })
    }
}

/// One kind of answer of one host.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Answers {
    host: String,
    outcome: String,
    status: Option<u16>,
    producer: Option<String>,
    health: Health,
    count: u64,
}

/// Entry points and answers, counted.
#[derive(Debug)]
pub struct Healths {
    entry_points: HashMap<u64, Counts>,
    room: usize,
    visits: Counts,
    answers: HashMap<u64, Answers>,
}

/// What a run's entry points came to.
#[derive(Debug, Clone, PartialEq)]
pub struct HealthReport {
    /// Visits by how they went.
    pub visits: Counts,
    /// Entry points by what most of their visits are.
    pub entry_points: Counts,
    /// The share of the entry points tried that are OK, in percent.
    pub percent: Option<f64>,
    /// What to look at first, the most frequent first.
    pub advice: Vec<Advice>,
}

impl Healths {
    /// Nothing yet. So many entry points are told apart; what comes beyond is left out of their count.
    pub fn with_room(room: usize) -> Self {
        Self {
            entry_points: HashMap::new(),
            room,
            visits: Counts::default(),
            answers: HashMap::new(),
        }
    }

    /// Adds visits with one verdict.
    pub fn add(&mut self, entry_point: Option<&EntryPoint<'_>>, facts: &Facts<'_>, count: u64) {
        let health = Health::of(facts);
        self.visits.add(health, count);
        if let Some(entry_point) = entry_point {
            let key = hashed(entry_point);
            let room = self.entry_points.len() < self.room;
            if room || self.entry_points.contains_key(&key) {
                self.entry_points.entry(key).or_default().add(health, count);
            }
        }
        // With its port: what listens on another is another server.
        let origin = entry_point.map_or("", |entry_point| &*entry_point.origin);
        let host = origin.split_once("://").map_or("", |(_, host)| host);
        self.answer(host, facts, health, count);
    }

    fn answer(&mut self, host: &str, facts: &Facts<'_>, health: Health, count: u64) {
        let key = |host: &str| hashed(&(host, facts.outcome, facts.status, facts.producer));
        let room = self.answers.len() < KINDS;
        let host = match room || self.answers.contains_key(&key(host)) {
            true => host,
            false => "",
        };
        let answers = self.answers.entry(key(host)).or_insert_with(|| Answers {
            host: host.to_owned(),
            outcome: facts.outcome.to_owned(),
            status: facts.status,
            producer: facts.producer.map(str::to_owned),
            health,
            count: 0,
        });
        answers.count += count;
    }

    /// What it comes to.
    pub fn report(&self) -> HealthReport {
        let mut entry_points = Counts::default();
        for counts in self.entry_points.values() {
            entry_points.add(counts.state(), 1);
        }
        let mut answers: Vec<&Answers> = self.answers.values().collect();
        // The order of a hash table must not show.
        answers.sort_by(|a, b| {
            let key = |answers: &Answers| std::cmp::Reverse(answers.count);
            let order = key(a).cmp(&key(b));
            order
                .then_with(|| (&a.host, &a.outcome, a.status).cmp(&(&b.host, &b.outcome, b.status)))
        });
        HealthReport {
            visits: self.visits,
            entry_points,
            percent: entry_points.percent(),
            advice: advice::of(&answers),
        }
    }
}

/// Two are equal by chance in none of many runs; the hasher has no seed, so that runs are alike.
fn hashed(value: &impl std::hash::Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests;
