//! A run's counts, put together by what was asked for.

use std::collections::BTreeMap;

use httpwhy_catalog::{Entry, by_id};
use httpwhy_diagnose::health::{Counts, Facts, Health, HealthReport, Healths};
use httpwhy_schema::{CodeJson, CountJson, PartyCountJson, PlaceJson, QuantilesJson, RemedyJson};
use httpwhy_store::{EntryKey, EntryTotal, Histogram, Total, Verdict};

use crate::health::{counts_json, rounded};

/// An entry point or a host, and how it is.
#[derive(Debug, Default)]
pub(super) struct Place {
    /// Of a host, the origin holds its name alone.
    pub(super) key: EntryKey,
    pub(super) visits: Counts,
    pub(super) outcomes: BTreeMap<String, u64>,
    pub(super) took: Histogram,
}

/// What is looked at of a stored verdict.
pub(super) fn facts(verdict: &Verdict) -> Facts<'_> {
    Facts {
        outcome: &verdict.outcome,
        fine: verdict.is_fine(),
        phase: verdict.phase,
        status: verdict.status,
        producer: verdict.producer.as_deref(),
    }
}

/// How the entry points are.
pub(super) fn health(totals: &[EntryTotal]) -> HealthReport {
    let mut healths = Healths::with_room(usize::MAX);
    for total in totals {
        let is_uri = !total.entry_point.origin.is_empty();
        let entry_point = is_uri.then(|| total.entry_point.entry_point());
        let facts = facts(&total.verdict);
        healths.add(entry_point.as_ref(), &facts, total.count.visits);
    }
    healths.report()
}

/// By entry point, the worst and most frequent first.
pub(super) fn entry_points(totals: &[EntryTotal]) -> Vec<Place> {
    gathered(totals, EntryKey::clone)
}

/// By host and port, the worst and most frequent first.
pub(super) fn hosts(totals: &[EntryTotal]) -> Vec<Place> {
    gathered(totals, |key| EntryKey {
        origin: key
            .origin
            .split_once("://")
            .map_or("", |(_, host)| host)
            .to_owned(),
        ..EntryKey::default()
    })
}

fn gathered(totals: &[EntryTotal], key: impl Fn(&EntryKey) -> EntryKey) -> Vec<Place> {
    let mut places: BTreeMap<EntryKey, Place> = BTreeMap::new();
    for total in totals {
        let key = key(&total.entry_point);
        let place = places.entry(key.clone()).or_insert_with(|| Place {
            key,
            ..Place::default()
        });
        let health = Health::of(&facts(&total.verdict));
        place.visits.add(health, total.count.visits);
        *place
            .outcomes
            .entry(total.verdict.outcome.to_string())
            .or_default() += total.count.visits;
        if health != Health::Skipped {
            place.took.merge(&total.count.took);
        }
    }
    let mut places: Vec<Place> = places.into_values().collect();
    places.sort_by(|a, b| {
        let failed = |place: &Place| place.visits.tried() - place.visits.get(Health::Ok);
        let is_well = |place: &Place| matches!(place.visits.state(), Health::Ok | Health::Skipped);
        (is_well(a), failed(b), b.visits.tried(), &a.key).cmp(&(
            is_well(b),
            failed(a),
            a.visits.tried(),
            &b.key,
        ))
    });
    places
}

impl Place {
    /// Outcomes, the most frequent first.
    pub(super) fn outcomes(&self) -> Vec<(&str, u64)> {
        by_frequency(&self.outcomes)
    }

    pub(super) fn json(&self, is_host: bool) -> PlaceJson<'_> {
        PlaceJson {
            method: (!is_host).then_some(&*self.key.method),
            origin: &self.key.origin,
            template: (!is_host).then_some(&*self.key.template),
            health: self.visits.state().as_str(),
            percent: self.visits.percent().map(rounded),
            visits: counts_json(&self.visits),
            outcomes: self
                .outcomes()
                .into_iter()
                .map(|(outcome, count)| CountJson { outcome, count })
                .collect(),
            took_ms: quantiles(&self.took),
        }
    }
}

fn by_frequency(counts: &BTreeMap<String, u64>) -> Vec<(&str, u64)> {
    let mut all: Vec<(&str, u64)> = counts.iter().map(|(id, count)| (&**id, *count)).collect();
    all.sort_by_key(|&(id, count)| (std::cmp::Reverse(count), id));
    all
}

/// An outcome of a run: how often, whom it was blamed on, how long it took.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) id: String,
    pub(super) count: u64,
    /// Whom it was blamed on most often; `None`: nobody, or not known.
    pub(super) blamed: &'static str,
    pub(super) took: Histogram,
}

/// Outcomes, the most frequent first.
pub(super) fn outcomes(totals: &[Total]) -> Vec<Outcome> {
    let mut all: BTreeMap<&str, (u64, BTreeMap<&'static str, u64>, Histogram)> = BTreeMap::new();
    for total in totals {
        let row = all.entry(&total.verdict.outcome).or_default();
        row.0 += total.count.visits;
        *row.1.entry(total.verdict.blamed.as_str()).or_default() += total.count.visits;
        if is_tried(&total.verdict) {
            row.2.merge(&total.count.took);
        }
    }
    let rows = all.into_iter().map(|(id, (count, parties, took))| Outcome {
        id: id.to_owned(),
        count,
        blamed: parties
            .into_iter()
            .max_by_key(|&(_, count)| count)
            .map_or("", |(party, _)| party),
        took,
    });
    let mut rows: Vec<Outcome> = rows.collect();
    rows.sort_by(|a, b| (b.count, &a.id).cmp(&(a.count, &b.id)));
    rows
}

/// How often each party was to blame, the most frequent first.
pub(super) fn parties(totals: &[Total]) -> Vec<PartyCountJson> {
    let mut all: BTreeMap<&'static str, u64> = BTreeMap::new();
    for total in totals {
        *all.entry(total.verdict.blamed.as_str()).or_default() += total.count.visits;
    }
    let mut all: Vec<PartyCountJson> = all
        .into_iter()
        .map(|(party, count)| PartyCountJson { party, count })
        .collect();
    all.sort_by_key(|row| (std::cmp::Reverse(row.count), row.party));
    all
}

/// What was never asked for took no time: it is not counted as quick.
fn is_tried(verdict: &Verdict) -> bool {
    Health::of(&facts(verdict)) != Health::Skipped
}

/// How long all visits took that were tried.
pub(super) fn took(totals: &[Total]) -> Histogram {
    let mut all = Histogram::default();
    for total in totals.iter().filter(|total| is_tried(&total.verdict)) {
        all.merge(&total.count.took);
    }
    all
}

pub(super) fn quantiles(took: &Histogram) -> QuantilesJson {
    let at = |share| took.quantile_ms(share).map(rounded);
    QuantilesJson {
        p50: at(0.5),
        p95: at(0.95),
        p99: at(0.99),
    }
}

/// The catalogue's entry of a stored outcome; `None` where it is known no more.
pub(super) fn entry(outcome: &str) -> Option<&'static Entry> {
    by_id(outcome)
}

/// A code of the run, with its meaning.
pub(super) fn code(outcome: &Outcome) -> CodeJson<'_> {
    let entry = entry(&outcome.id);
    let code = match outcome.id.split_once('/') {
        Some(("http", code)) => code,
        _ => outcome.id.as_str(),
    };
    CodeJson {
        code,
        outcome: &outcome.id,
        count: outcome.count,
        title: entry.map_or("", |entry| entry.title),
        meaning: entry.map_or("", |entry| entry.lead().trim()),
        fix: match (entry, outcome.blamed) {
            (None, _) | (_, "nobody") => Vec::new(),
            (Some(entry), _) => entry
                .fixes()
                .map(|(audience, text)| RemedyJson {
                    audience: audience.as_str(),
                    text,
                })
                .collect(),
        },
    }
}
