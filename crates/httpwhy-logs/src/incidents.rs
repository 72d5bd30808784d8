//! When one outcome was much more frequent than before and after, and what those failures have in common.
//!
//! Pure functions over counts. The rate of each group by minute is held against the rate of its quieter quarter; minutes
//! that stand out join to a window; the window counts when at least [`FEWEST`] failures lie in it and their share of all
//! exchanges is more than [`LIFT`] times that outside. Inside, a value of a dimension is told when it is more than
//! [`LIFT`] times as frequent among the failures as among everything else.

use httpwhy_diagnose::many::Happening;
use httpwhy_model::{Blame, OutcomeId};

use crate::tables::Dimension;

/// An incident has at least so many failures.
pub const FEWEST: u64 = 20;
/// How many times more frequent something must be to be told.
pub const LIFT: f64 = 3.0;
/// A value that fewer of the failures share than this tells little.
const TELLING: f64 = 0.25;
/// Traits that are told of one incident.
const TRAITS: usize = 3;
/// Timeouts that people and software choose, seconds.
const ROUND: &[f64] = &[
    1.0, 2.0, 3.0, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 40.0, 45.0, 50.0, 60.0, 75.0, 90.0, 100.0,
    120.0, 150.0, 180.0, 240.0, 300.0, 350.0, 600.0, 900.0, 1800.0, 3600.0,
];
/// Of the times taken, that share within 1.5 % above a round time is a pile-up.
const PILE: f64 = 0.3;

/// A time in which one outcome was much more frequent than before and after.
#[derive(Debug, Clone, PartialEq)]
pub struct Incident {
    /// What happened.
    pub happened: Happening,
    /// The outcome.
    pub outcome: OutcomeId,
    /// Who is to blame.
    pub blame: Blame,
    /// The first second, since 1970; a whole minute.
    pub from: i64,
    /// The second behind the last minute; `None` when it goes on to the end of the log.
    pub to: Option<i64>,
    /// How many failures.
    pub count: u64,
    /// Of how many exchanges in that time.
    pub all: u64,
    /// The failures' share outside that time, 0 to 1.
    pub share_else: f64,
    /// What the failures have in common, the most telling first.
    pub traits: Vec<Trait>,
    /// The timeout that their times taken pile up at, seconds.
    pub timeout: Option<f64>,
}

/// A value that failures have in common.
#[derive(Debug, Clone, PartialEq)]
pub struct Trait {
    /// Of what.
    pub dimension: Dimension,
    /// The value; a stranger's bytes.
    pub value: Vec<u8>,
    /// Its share among the incident's failures, 0 to 1.
    pub share: f64,
    /// Its share among everything else.
    pub share_else: f64,
}

impl Incident {
    /// The failures' share of the exchanges in that time, 0 to 1.
    pub fn share(&self) -> f64 {
        ratio(self.count, self.all)
    }
}

impl Trait {
    /// How many times more frequent it is than elsewhere; a value that is nowhere else counts as if it were there once
    /// in a thousand.
    pub fn lift(&self) -> f64 {
        self.share / self.share_else.max(0.001)
    }

    /// How much it tells: its part in the distance between the two distributions (Kullback and Leibler 1951).
    fn weight(&self) -> f64 {
        self.share * self.lift().ln()
    }
}

/// One cell of time: failures of the group, and all exchanges.
pub(crate) type Cell = (u64, u64);

/// The windows (from, to behind the last) in which the group's rate stands out.
pub(crate) fn windows(cells: &[Cell]) -> Vec<(usize, usize)> {
    let base = quiet_rate(cells);
    let mut found: Vec<(usize, usize)> = Vec::new();
    for (at, cell) in cells.iter().enumerate() {
        if !stands_out(*cell, base) {
            continue;
        }
        match found.last_mut() {
            // Two calm minutes do not end it.
            Some((_, to)) if at - *to <= 2 => *to = at + 1,
            _ => found.push((at, at + 1)),
        }
    }
    found.retain(|window| is_incident(cells, *window));
    found
}

/// The rate in the quarter of the exchanges where it is least.
fn quiet_rate(cells: &[Cell]) -> f64 {
    let mut sorted: Vec<Cell> = cells.iter().copied().filter(|(_, all)| *all > 0).collect();
    sorted.sort_by(|a, b| ratio(a.0, a.1).total_cmp(&ratio(b.0, b.1)));
    let wanted = sorted.iter().map(|(_, all)| all).sum::<u64>() / 4;
    let (mut failures, mut exchanges) = (0, 0);
    for (failed, all) in sorted {
        failures += failed;
        exchanges += all;
        if exchanges >= wanted {
            break;
        }
    }
    ratio(failures, exchanges)
}

/// Whether chance (a Poisson distribution with that rate) hardly makes so many failures.
fn stands_out((failed, all): Cell, base: f64) -> bool {
    let expected = base * all as f64;
    failed as f64 > expected + 4.0 * expected.sqrt() + 3.0 && ratio(failed, all) > LIFT * base
}

fn is_incident(cells: &[Cell], (from, to): (usize, usize)) -> bool {
    let (failed, all) = sum(&cells[from..to]);
    failed >= FEWEST && ratio(failed, all) > LIFT * share_else(cells, (from, to))
}

/// The group's share outside a window.
pub(crate) fn share_else(cells: &[Cell], (from, to): (usize, usize)) -> f64 {
    let (before, behind) = (sum(&cells[..from]), sum(&cells[to..]));
    ratio(before.0 + behind.0, before.1 + behind.1)
}

/// All failures and exchanges of some cells.
pub(crate) fn sum(cells: &[Cell]) -> Cell {
    cells
        .iter()
        .fold((0, 0), |sum, cell| (sum.0 + cell.0, sum.1 + cell.1))
}

/// The most telling of the values that failures share: each with how often it is among them (of `failures`), and among
/// all exchanges (of `all`).
pub(crate) fn traits(
    values: impl Iterator<Item = (Dimension, Vec<u8>, u64, u64)>,
    failures: u64,
    all: u64,
) -> Vec<Trait> {
    let mut found: Vec<Trait> = values
        .filter(|(_, _, inside, _)| *inside >= FEWEST)
        .map(|(dimension, value, inside, total)| Trait {
            dimension,
            value,
            share: ratio(inside, failures),
            share_else: ratio(total.saturating_sub(inside), all.saturating_sub(failures)),
        })
        .filter(|one| one.share >= TELLING && one.lift() > LIFT)
        .collect();
    found.sort_by(|a, b| {
        b.weight()
            .total_cmp(&a.weight())
            .then_with(|| (a.dimension, &a.value).cmp(&(b.dimension, &b.value)))
    });
    let mut told = Vec::new();
    found.retain(|one| {
        let new = !told.contains(&one.dimension);
        told.push(one.dimension);
        new
    });
    found.truncate(TRAITS);
    found
}

/// The round time at which times taken (microseconds, with their counts) pile up, seconds.
pub(crate) fn timeout(times: &[(u64, u64)]) -> Option<f64> {
    let all: u64 = times.iter().map(|(_, count)| count).sum();
    if all < FEWEST {
        return None;
    }
    let at = |seconds: f64| -> u64 {
        // Times are known within 0.8 %, and what waits for a clock is late, never early.
        let (low, high) = (seconds * 0.991e6, seconds * 1.015e6 + 20_000.0);
        times
            .iter()
            .filter(|(micros, _)| (low..=high).contains(&(*micros as f64)))
            .map(|(_, count)| count)
            .sum()
    };
    ROUND
        .iter()
        .map(|seconds| (at(*seconds), *seconds))
        .filter(|(count, _)| ratio(*count, all) >= PILE)
        .max_by_key(|(count, _)| *count)
        .map(|(_, seconds)| seconds)
}

fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_onset_is_found_and_steady_noise_is_not() {
        let noise = |at: usize| ((at * 7919) % 5) as u64;
        let steady: Vec<Cell> = (0..200).map(|at| (noise(at), 1000)).collect();
        assert_eq!(windows(&steady), []);
        let mut burst = steady.clone();
        for cell in &mut burst[100..110] {
            cell.0 += 60;
        }
        assert_eq!(windows(&burst), [(100, 110)]);
        let mut gap = burst;
        gap[105].0 = 0;
        assert_eq!(windows(&gap), [(100, 110)], "a calm minute does not end it");
    }

    #[test]
    fn a_change_that_stays_is_found() {
        let cells: Vec<Cell> = (0..100)
            .map(|at| (if at < 40 { 1 } else { 80 }, 1000))
            .collect();
        assert_eq!(windows(&cells), [(40, 100)]);
    }

    #[test]
    fn rates_count_not_numbers() {
        let busy: Vec<Cell> = (0..60)
            .map(|at| if at == 30 { (300, 30_000) } else { (10, 1000) })
            .collect();
        assert_eq!(windows(&busy), []);
    }

    #[test]
    fn few_failures_are_no_incident() {
        let mut cells: Vec<Cell> = vec![(0, 100); 50];
        cells[20] = (10, 100);
        assert_eq!(windows(&cells), []);
        assert_eq!(windows(&[]), []);
    }

    #[test]
    fn the_value_that_tells_most_comes_first() {
        let values = [
            (Dimension::Path, b"/cart".to_vec(), 95, 150),
            (Dimension::Upstream, b"10.0.0.5:80".to_vec(), 60, 2500),
            (Dimension::Method, b"GET".to_vec(), 100, 9500),
            (Dimension::Agent, b"curl".to_vec(), 10, 10),
        ];
        let found = traits(values.into_iter(), 100, 10_000);
        let named: Vec<_> = found.iter().map(|one| one.dimension).collect();
        assert_eq!(named, [Dimension::Path]);
        assert!(found[0].lift() > 100.0, "{found:?}");
    }

    #[test]
    fn pile_ups_name_the_timeout() {
        assert_eq!(
            timeout(&[(60_100_000, 50), (3_000_000, 20), (100_000, 20)]),
            Some(60.0)
        );
        assert_eq!(timeout(&[(60_100_000, 5), (3_000_000, 5)]), None, "too few");
        let spread: Vec<(u64, u64)> = (1..100).map(|at| (at * 700_000, 1)).collect();
        assert_eq!(timeout(&spread), None);
    }
}
