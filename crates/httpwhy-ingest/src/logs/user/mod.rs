//! Formats that users wrote themselves: the server's own line, pasted, is compiled into a splitter.
//!
//! | server | what is pasted |
//! |---|---|
//! | nginx | `log_format main '$remote_addr - …';`, or the format alone |
//! | Apache | `LogFormat "%h %l %u %t \"%r\" %>s %b" common`, or the format alone |
//! | HAProxy | `log-format "%ci:%cp [%tr] …"`, or the format alone |
//! | Envoy | a format string with `%START_TIME%`, `%REQ(:METHOD)%` … |
//!
//! The result is a layout for the format of that server, so that shapes and meaning are those of its own. No regular
//! expression is built: literals are looked for one after the other.

mod apache;
mod config;
mod envoy;
mod haproxy;
mod nginx;
mod splitter;

use std::fmt;
use std::sync::Arc;

pub use config::{Configured, configured};

use super::{Column, Format, Layout, Line, Spans, Split, formats, time};
use splitter::Splitter;

/// A format that a user wrote.
#[derive(Debug, Clone)]
pub struct UserFormat {
    /// The format whose meaning its lines have.
    pub format: &'static Format,
    /// How its lines are split.
    pub layout: Arc<dyn Layout>,
}

/// Why a pasted format cannot be used; a sentence for the user that says where and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unusable(pub String);

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unusable {}

/// Compiles a pasted format; which server's it is shows in its words.
pub fn compile(text: &str) -> Result<UserFormat, Unusable> {
    let text = text.trim();
    let first = text.split_ascii_whitespace().next().unwrap_or_default();
    match first {
        "log_format" => {
            let found = config::nginx(text);
            let format = found
                .first()
                .ok_or_else(|| Unusable("log_format needs a name and a string".into()))?;
            compile_as("nginx", &format.text)
        }
        "LogFormat" | "CustomLog" | "ErrorLogFormat" => {
            let words = config::apache_words(text);
            let format = match first {
                "CustomLog" => words.get(2),
                _ => words.get(1),
            };
            compile_as("apache", format.map_or("", String::as_str))
        }
        "log-format" => compile_as(
            "haproxy",
            &config::haproxy_text(&text["log-format".len()..]),
        ),
        _ => compile_as(dialect(text)?, text),
    }
}

/// Whose words these are.
fn dialect(text: &str) -> Result<&'static str, Unusable> {
    if text.contains("%START_TIME") || text.contains("%REQ(") || text.contains("%RESPONSE_CODE%") {
        Ok("envoy")
    } else if text.contains("%ci") || text.contains("%ST") || text.contains("%tsc") {
        Ok("haproxy")
    } else if text.contains('$') {
        Ok("nginx")
    } else if text.contains('%') {
        Ok("apache")
    } else {
        Err(Unusable(format!(
            "'{}' holds no variable: paste the server's own line, e.g. log_format main '$remote_addr …' (nginx), LogFormat \
             \"%h …\" (Apache), log-format \"%ci:%cp …\" (HAProxy) or Envoy's format string",
            text.escape_debug()
        )))
    }
}

/// Compiles the format of a server that is known: `nginx`, `apache`, `haproxy` or `envoy`.
pub fn compile_as(server: &str, text: &str) -> Result<UserFormat, Unusable> {
    let pieces = match server {
        "nginx" => nginx::pieces(text),
        "apache" => apache::pieces(text),
        "haproxy" => haproxy::pieces(text),
        "envoy" => envoy::pieces(text),
        other => {
            return Err(Unusable(format!(
                "'{other}' is none of nginx, apache, haproxy, envoy"
            )));
        }
    };
    let layout = Splitter::new(pieces, server)?;
    let format = formats()
        .find(|format| format.name == server)
        .ok_or_else(|| Unusable(format!("no format is called '{server}'")))?;
    Ok(UserFormat {
        format,
        layout: Arc::new(layout),
    })
}

/// A column that does not hold what its name says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// The column.
    pub column: Column,
    /// How many of the lines split have something else there.
    pub lines: usize,
    /// How many lines were split.
    pub of: usize,
    /// One of the values, as it stands.
    pub example: Vec<u8>,
}

/// Looks over a sample for columns that cannot be what they are called: a status that is no number, a time that cannot be
/// read. Positional formats go wrong silently when somebody inserts a field; this is how it shows.
pub fn misfits(layout: &dyn Layout, sample: &[&[u8]]) -> Vec<Misfit> {
    let mut found: Vec<Misfit> = Vec::new();
    let mut of = 0;
    for raw in sample {
        let mut spans = Spans::default();
        if layout.split(raw, &mut spans) != Split::Read {
            continue;
        }
        of += 1;
        let line = Line::new(raw, &spans);
        for column in Column::ALL {
            let Some(text) = line.some(*column).filter(|text| !fits(*column, text)) else {
                continue;
            };
            match found.iter_mut().find(|misfit| misfit.column == *column) {
                Some(misfit) => misfit.lines += 1,
                None => found.push(Misfit {
                    column: *column,
                    lines: 1,
                    of: 0,
                    example: text[..text.len().min(80)].to_vec(),
                }),
            }
        }
    }
    for misfit in &mut found {
        misfit.of = of;
    }
    found
}

/// Whether a value can be what the column says.
fn fits(column: Column, text: &[u8]) -> bool {
    let numeric = |extra: &[u8]| text.iter().all(|b| b.is_ascii_digit() || extra.contains(b));
    match column {
        Column::Status => numeric(b"-") && text.len() <= 3,
        Column::UpstreamStatus => numeric(b"-, :"),
        Column::Bytes | Column::BytesIn => numeric(b"-+"),
        Column::Duration
        | Column::FirstByte
        | Column::UpstreamConnect
        | Column::UpstreamHeader
        | Column::UpstreamResponse => numeric(b".-+, :msun"),
        Column::Client => text
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || b".:[]-_%".contains(b)),
        Column::Time => time::parse(text).is_some() || text.get(2) == Some(&b':'),
        _ => true,
    }
}

#[cfg(test)]
mod tests;
