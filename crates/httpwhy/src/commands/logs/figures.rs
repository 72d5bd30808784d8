//! Figures, durations and rows of bars, as people read them in a terminal.

use super::json::share;

/// A share of a whole in per cent.
pub(super) fn percent(count: u64, all: u64) -> String {
    percent_of(share(count, all))
}

/// A share, 0 to 1, in per cent.
pub(super) fn percent_of(share: f64) -> String {
    let percent = share * 100.0;
    match percent {
        0.0 => "0 %".to_owned(),
        ..0.01 => "<0.01 %".to_owned(),
        ..10.0 => format!("{percent:.2} %"),
        ..99.95 => format!("{percent:.1} %"),
        ..100.0 => ">99.9 %".to_owned(),
        _ => "100 %".to_owned(),
    }
}

/// `1,234,567`.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A time taken, from microseconds.
pub(super) fn duration(micros: u64) -> String {
    match micros {
        0..=999 => format!("{micros} \u{b5}s"),
        1_000..=99_999 => format!("{:.1} ms", micros as f64 / 1e3),
        100_000..=999_999 => format!("{:.0} ms", micros as f64 / 1e3),
        1_000_000..=599_999_999 => format!("{:.2} s", micros as f64 / 1e6),
        _ => format!("{:.1} min", micros as f64 / 6e7),
    }
}

/// Ties figures to their units, so that no line ends between them; the renderer writes a plain space.
pub(super) fn bound(text: &str) -> String {
    const UNITS: [&str; 6] = ["%", "s", "ms", "\u{b5}s", "min", "MB"];
    let mut out = String::with_capacity(text.len());
    for word in text.split(' ') {
        let unit = word.trim_end_matches([',', ';', '.', ':', ')']);
        if !out.is_empty() {
            let figure = out.ends_with(|c: char| c.is_ascii_digit());
            out.push(if figure && UNITS.contains(&unit) {
                '\u{a0}'
            } else {
                ' '
            });
        }
        out.push_str(word);
    }
    out
}

/// The time that all rows of bars have in common: from and behind the last minute, and the minutes to a cell.
#[derive(Debug, Clone, Copy)]
pub(super) struct Axis {
    pub(super) from: i64,
    pub(super) to: i64,
    pub(super) cell: i64,
}

impl Axis {
    /// Of the minutes of all exchanges; `None` when they are too few to show anything.
    pub(super) fn of(all: &[(i64, u64)], cell: i64) -> Option<Self> {
        let (first, last) = (all.first()?.0, all.last()?.0);
        let axis = Self {
            from: first,
            to: last + cell,
            cell,
        };
        (axis.cells() >= 3).then_some(axis)
    }

    const fn cells(self) -> i64 {
        (self.to - self.from) / self.cell
    }

    /// One column for each cell, or for some, at most `most`: the higher, the more; a dot where there is nothing.
    pub(super) fn bars(self, minutes: &[(i64, u64)], most: usize) -> String {
        const BARS: [char; 8] = [
            '\u{2581}', '\u{2582}', '\u{2583}', '\u{2584}', '\u{2585}', '\u{2586}', '\u{2587}',
            '\u{2588}',
        ];
        let cells = self.cells().max(1) as usize;
        let width = cells.min(most).max(1);
        let mut sums = vec![0_u64; width];
        for (minute, count) in minutes {
            let at = (minute - self.from) / self.cell;
            if (0..cells as i64).contains(&at) {
                sums[at as usize * width / cells] += count;
            }
        }
        let highest = sums.iter().copied().max().unwrap_or(1).max(1);
        sums.into_iter()
            .map(|sum| match sum {
                0 => '\u{b7}',
                sum => BARS[(sum * 7 / highest) as usize],
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(percent(1, 100_000), "<0.01 %");
        assert_eq!(percent(1, 3), "33.3 %");
        assert_eq!(percent(99_999, 100_000), ">99.9 %");
        assert_eq!(duration(60_003_000), "60.00 s");
        assert_eq!(duration(900_000_000), "15.0 min");
        assert_eq!(
            bound("99 % in 12 ms, 4 s"),
            "99\u{a0}% in 12\u{a0}ms, 4\u{a0}s"
        );
    }

    #[test]
    fn bars_show_gaps_on_the_axis_of_all() {
        let axis = Axis::of(&[(0, 9), (4, 9)], 1).expect("long enough");
        assert_eq!(
            axis.bars(&[(0, 1), (2, 8)], 60),
            "\u{2581}\u{b7}\u{2588}\u{b7}\u{b7}"
        );
        assert!(Axis::of(&[(0, 1)], 1).is_none());
        assert!(Axis::of(&[], 1).is_none());
        assert_eq!(axis.bars(&[(0, 1)], 2).chars().count(), 2);
    }
}
