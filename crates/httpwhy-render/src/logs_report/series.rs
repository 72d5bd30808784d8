//! Counts by time on one axis for the whole report, put together to as many columns as can be told apart.

use httpwhy_schema::{IncidentLine, LogGroupJson, LogMinuteJson, LogsLine};

use super::escape::{minutes_of, ratio};

/// Columns of a plot at most.
const COLUMNS: i64 = 240;

/// The axis of time: minutes since 1970, in columns of equal width.
#[derive(Debug, Clone)]
pub(crate) struct Axis {
    /// The first minute.
    pub(crate) from: i64,
    /// Minutes to a column.
    pub(crate) step: i64,
    /// All exchanges of each column.
    pub(crate) all: Vec<u64>,
}

impl Axis {
    /// The axis of these logs; `None` when fewer than two columns could be drawn.
    pub(crate) fn of(logs: &LogsLine<'_>) -> Option<Self> {
        let minutes: Vec<i64> = logs
            .minutes
            .iter()
            .filter_map(|one| minutes_of(&one.at))
            .collect();
        let (from, last) = (*minutes.iter().min()?, *minutes.iter().max()?);
        let cell = i64::try_from(logs.minutes_to_a_cell).unwrap_or(1).max(1);
        let length = last - from + cell;
        let step = ceil(nice(ceil(length, COLUMNS)), cell) * cell;
        let columns = ceil(length, step);
        if columns < 3 {
            return None;
        }
        let mut axis = Self {
            from,
            step,
            all: vec![0; columns as usize],
        };
        axis.all = axis.sums(&logs.minutes);
        Some(axis)
    }

    /// How many columns there are.
    pub(crate) const fn columns(&self) -> usize {
        self.all.len()
    }

    /// The minute at which a column begins.
    pub(crate) const fn minute(&self, column: usize) -> i64 {
        self.from + column as i64 * self.step
    }

    /// Counts by column.
    pub(crate) fn sums(&self, minutes: &[LogMinuteJson]) -> Vec<u64> {
        let mut sums = vec![0; self.all.len()];
        for one in minutes {
            let column = minutes_of(&one.at).map(|minute| (minute - self.from) / self.step);
            if let Some(sum) = column
                .and_then(|column| usize::try_from(column).ok())
                .and_then(|column| sums.get_mut(column))
            {
                *sum += one.count;
            }
        }
        sums
    }

    /// A group's share of all exchanges by column; 0 where there were none.
    pub(crate) fn rates(&self, group: &LogGroupJson<'_>) -> Vec<f64> {
        let sums = self.sums(&group.minutes);
        let of = |(part, all): (u64, &u64)| ratio(part, *all).min(1.0);
        sums.into_iter().zip(&self.all).map(of).collect()
    }

    /// From and to of an incident in columns, with fractions.
    pub(crate) fn window(&self, incident: &IncidentLine) -> Option<(f64, f64)> {
        let place = |text: &str| {
            let minute = minutes_of(text)?;
            let end = self.columns() as f64;
            Some(((minute - self.from) as f64 / self.step as f64).clamp(0.0, end))
        };
        let from = place(&incident.from)?;
        let to = match &incident.to {
            Some(to) => place(to)?,
            None => self.columns() as f64,
        };
        (to > from).then_some((from, to))
    }

    /// Minutes to be written under the axis, each with its place in columns.
    pub(crate) fn ticks(&self) -> Vec<(i64, f64)> {
        let length = self.columns() as i64 * self.step;
        let apart = nice(ceil(length, 7));
        let first = ceil(self.from, apart) * apart;
        let all = (0..).map(|at| first + at * apart);
        all.take_while(|minute| *minute < self.from + length)
            .map(|minute| (minute, (minute - self.from) as f64 / self.step as f64))
            .collect()
    }
}

/// How many of `part` it takes for `whole`.
const fn ceil(whole: i64, part: i64) -> i64 {
    (whole + part - 1).div_euclid(part)
}

/// The least number of minutes, not below, that people count by.
fn nice(minutes: i64) -> i64 {
    const NICE: [i64; 14] = [
        1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10_080,
    ];
    let found = NICE.into_iter().find(|nice| *nice >= minutes);
    found.unwrap_or_else(|| ceil(minutes, 10_080) * 10_080)
}

/// The least number of the form 1, 2, 5 times a power of ten that is not below.
pub(crate) fn nice_share(share: f64) -> f64 {
    (-6..0)
        .flat_map(|power| [1.0, 2.0, 2.5, 5.0].map(|times| times * 10_f64.powi(power)))
        .find(|nice| *nice >= share)
        .unwrap_or(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_have_round_figures() {
        assert_eq!(
            (nice(1), nice(7), nice(100), nice(20_000)),
            (1, 10, 120, 20_160)
        );
        for (share, wanted) in [(0.238, 0.25), (0.003, 0.005), (1.0, 1.0), (0.0, 1e-6)] {
            assert!((nice_share(share) - wanted).abs() < 1e-9, "{share}");
        }
    }
}
