//! Columns for a terminal.

use httpwhy_render::{Style, safe};

/// How a column stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Right,
}

/// Rows under headings. What is too long for the terminal goes on in its next line: nothing is cut.
#[derive(Debug)]
pub(super) struct Table {
    headings: Vec<(&'static str, Align)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(super) fn new(headings: &[(&'static str, Align)]) -> Self {
        Self {
            headings: headings.to_vec(),
            rows: Vec::new(),
        }
    }

    /// Adds a row: a cell for each heading, in which nothing stays that a terminal obeys.
    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let cells = cells.into_iter().map(|cell| safe(&cell));
        self.rows.push(cells.collect());
    }

    /// All of it.
    pub(super) fn text(&self, style: Style) -> String {
        let widths: Vec<usize> = (0..self.headings.len()).map(|at| self.width(at)).collect();
        let mut out = String::new();
        let headings = self.headings.iter().map(|(heading, _)| *heading);
        let headings = self.line(&widths, headings);
        out.push_str(&style.faint(&headings));
        out.push('\n');
        for row in &self.rows {
            out.push_str(&self.line(&widths, row.iter().map(String::as_str)));
            out.push('\n');
        }
        out
    }

    fn line<'c>(&self, widths: &[usize], cells: impl Iterator<Item = &'c str>) -> String {
        let mut line = String::new();
        for ((cell, &width), (_, align)) in cells.zip(widths).zip(&self.headings) {
            if !line.is_empty() {
                line.push_str("  ");
            }
            let gap = " ".repeat(width.saturating_sub(cell.chars().count()));
            match align {
                Align::Left => line.extend([cell, &gap]),
                Align::Right => line.extend([&*gap, cell]),
            }
        }
        line.truncate(line.trim_end().len());
        line
    }

    fn width(&self, at: usize) -> usize {
        let cells = self.rows.iter().filter_map(|row| row.get(at));
        let widest = cells.map(|cell| cell.chars().count()).max();
        widest.unwrap_or(0).max(self.headings[at].0.chars().count())
    }
}

/// `12.3 s`, `210 ms`, `0.8 ms`; a dash where there is none.
pub(super) fn millis(millis: Option<f64>) -> String {
    match millis {
        None => "-".to_owned(),
        Some(ms) if ms >= 10_000.0 => format!("{:.1} s", ms / 1e3),
        Some(ms) if ms >= 10.0 => format!("{ms:.0} ms"),
        Some(ms) => format!("{ms:.1} ms"),
    }
}

/// `5.1 MB`.
pub(super) fn bytes(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_their_headings() {
        let mut table = Table::new(&[
            ("n", Align::Right),
            ("name", Align::Left),
            ("x", Align::Left),
        ]);
        table.row(["1".to_owned(), "a".to_owned(), "\u{1b}[31m".to_owned()]);
        table.row(["234".to_owned(), "longer".to_owned(), String::new()]);
        let style = Style {
            color: false,
            width: 80,
        };
        assert_eq!(
            table.text(style),
            "  n  name    x\n  1  a       \\u{1b}[31m\n234  longer\n"
        );
    }
}
