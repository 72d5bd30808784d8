//! Standard output: colour, width, and writing that ends quietly when the reader has gone.

use std::io::{self, BufWriter, IsTerminal, Write};

use clap::ValueEnum;
use httpwhy_render::Style;

use crate::exit::Failure;

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The style for standard output.
pub(crate) fn style(color: Color) -> Style {
    style_of(io::stdout().is_terminal(), color)
}

/// The style for standard error.
pub(crate) fn error_style(color: Color) -> Style {
    style_of(io::stderr().is_terminal(), color)
}

fn style_of(terminal: bool, color: Color) -> Style {
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    Style {
        color: match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => terminal && !no_color,
        },
        width: width(terminal),
    }
}

/// The terminal's width; into a pipe 100 columns, or what COLUMNS says.
fn width(terminal: bool) -> usize {
    let told = std::env::var("COLUMNS")
        .ok()
        .and_then(|text| text.parse().ok());
    let measured = terminal
        .then(terminal_size::terminal_size)
        .flatten()
        .map(|(width, _)| usize::from(width.0));
    measured.or(told).unwrap_or(100)
}

/// Writes to standard output in one piece at the end, or as it grows.
pub(crate) fn write(f: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
    let mut out = BufWriter::new(io::stdout().lock());
    f(&mut out)
        .and_then(|()| out.flush())
        .map_err(|error| Failure::output(&error))
}
