//! Colour, width, and what must never reach a terminal.

use std::fmt::Write as _;

use httpwhy_model::acts_on_terminals;

/// How to write for whom.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// Whether escape sequences for colour may be written.
    pub color: bool,
    /// Columns of the terminal; 40 at least are assumed.
    pub width: usize,
}

/// What a piece of text is, and so how it looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    Plain,
    Strong,
    Heading,
    Code,
    Faint,
    Good,
    Bad,
    Warn,
}

impl Style {
    /// Columns that text may fill: never less than 40, never more than reads well.
    pub fn columns(self) -> usize {
        self.width.clamp(40, 110)
    }

    /// The line, cut where it would fill more columns than that; an ellipsis tells.
    pub fn cut(self, line: &str) -> String {
        if columns(line) <= self.columns() {
            return line.to_owned();
        }
        let mut out = String::new();
        let mut filled = 0;
        for c in line.chars() {
            filled += unicode_width::UnicodeWidthChar::width(c).unwrap_or(0);
            if filled >= self.columns() {
                break;
            }
            out.push(c);
        }
        out.push('\u{2026}');
        out
    }

    /// The text so that it stands back, where colour may be written.
    pub fn faint(self, text: &str) -> String {
        self.paint(Look::Faint, text)
    }

    /// The text in that look. Without colour it is the text itself.
    pub(crate) fn paint(self, look: Look, text: &str) -> String {
        let code = match look {
            Look::Strong => "1",
            Look::Heading => "1;4",
            Look::Code => "36",
            Look::Faint => "2",
            Look::Good => "32",
            Look::Bad => "31",
            Look::Warn => "33",
            Look::Plain => return text.to_owned(),
        };
        if self.color && !text.is_empty() {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}

/// The text without anything a terminal obeys: control characters as `\u{1b}`, line ends kept out as `\n`.
pub fn safe(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if acts_on_terminals(c) {
            let _ = write!(out, "{}", c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

/// Columns a text fills.
pub(crate) fn columns(text: &str) -> usize {
    unicode_width::UnicodeWidthStr::width(text)
}
