//! Logs of any size whose content is known: the same dialect, size and seed give the same bytes and the same [`Truth`].
//!
//! Among sound lines stand torn, foreign, oversize and empty ones, and in one stretch of time the exchanges that have
//! one trait in common (an upstream, a path, a network …) fail: the planted incident.

mod calendar;
mod dialects;
mod exchange;
mod truth;

use std::io::{self, Write};

pub use dialects::{DIALECTS, Dialect, dialect};
pub use exchange::Cause;
pub use truth::{Incident, Truth};

use exchange::{Chance, Exchange};

/// Seconds since 1970 of the first line: 2026-11-03T14:00:00Z.
pub const BEGINS: u64 = 1_793_714_400;
/// Seconds that a log goes over.
pub const LASTS: u64 = 3 * 3600;
/// Where in a log the incident lies, in tenths of its time.
const INCIDENT: (u64, u64) = (5, 6);
/// Longer than any reader takes (64 KiB).
const TOO_LONG: usize = 70_000;
/// Of so many lines about one each is torn, foreign or empty.
const DIRT: u64 = 400;
/// Of so many lines one is oversize, and one in the middle of any log.
const OVERSIZE: u64 = 250_000;
/// Lines that are no log of any kind.
const FOREIGN: &[&str] = &[
    "Traceback (most recent call last):",
    "  File \"/srv/app/main.py\", line 31, in handle",
    "*** reopened after rotation ***",
    "warning: the disk is nearly full",
];

/// How much to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Amount {
    /// So many lines besides headers.
    Lines(u64),
    /// About so many bytes.
    Bytes(u64),
}

/// Writes a log and says what is in it.
///
/// # Errors
/// When `out` takes no more.
pub fn write(
    dialect: &Dialect,
    amount: Amount,
    seed: u64,
    out: &mut dyn Write,
) -> io::Result<Truth> {
    let lines = match amount {
        Amount::Lines(lines) => lines,
        Amount::Bytes(bytes) => bytes / typical(dialect, seed).max(1),
    };
    let mut truth = Truth::of(dialect, incident_of(dialect));
    let mut chance = Chance::new(seed);
    let mut line = Vec::new();
    for at in 0..lines {
        if at == 0 || at == lines / 2 {
            header(dialect, out, &mut truth)?;
        }
        line.clear();
        let kind = kind(&mut chance, at, lines);
        one(dialect, kind, at, lines, &mut chance, &mut line, &mut truth);
        out.write_all(&line)?;
    }
    Ok(truth)
}

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Sound,
    Torn,
    Foreign,
    Oversize,
    Empty,
}

fn kind(chance: &mut Chance, at: u64, lines: u64) -> Kind {
    if at % OVERSIZE == OVERSIZE - 1 || at == lines / 2 + 1 {
        return Kind::Oversize;
    }
    match chance.below(DIRT) {
        0 => Kind::Torn,
        1 => Kind::Foreign,
        2 => Kind::Empty,
        _ => Kind::Sound,
    }
}

fn header(dialect: &Dialect, out: &mut dyn Write, truth: &mut Truth) -> io::Result<()> {
    for text in dialect.header() {
        out.write_all(text.as_bytes())?;
        out.write_all(b"\n")?;
        truth.headers += 1;
        truth.ok += 1;
    }
    Ok(())
}

fn one(
    dialect: &Dialect,
    kind: Kind,
    at: u64,
    lines: u64,
    chance: &mut Chance,
    line: &mut Vec<u8>,
    truth: &mut Truth,
) {
    let millis = BEGINS * 1000 + at * LASTS * 1000 / lines;
    let mut exchange = Exchange::any(chance, millis);
    exchange.cause = cause(dialect, &exchange, chance, truth);
    match kind {
        Kind::Sound => {
            dialect.write(&exchange, line);
            truth.sound(dialect, &exchange);
        }
        Kind::Torn => {
            dialect.write(&exchange, line);
            dialect.tear(line);
            match dialect.shows_torn() {
                true => truth.torn += 1,
                false => truth.foreign += 1,
            }
        }
        Kind::Foreign => {
            let text = FOREIGN[chance.below(FOREIGN.len() as u64) as usize];
            line.extend_from_slice(text.as_bytes());
            truth.foreign += 1;
        }
        Kind::Oversize if dialect.is_grouped() => {
            // One of the lines, and not the one that says what was asked for.
            line.extend_from_slice(b"-   ReqHeader      X-Long: ");
            line.resize(TOO_LONG, b'x');
            truth.oversize += 1;
        }
        Kind::Oversize => {
            exchange.suffix = "x".repeat(TOO_LONG);
            dialect.write(&exchange, line);
            truth.oversize += 1;
        }
        Kind::Empty => {
            if chance.below(2) == 0 {
                line.push(b'\r');
            }
            truth.empty += 1;
        }
    }
    line.push(b'\n');
}

/// The planted incident of a dialect.
fn incident_of(dialect: &Dialect) -> Incident {
    Incident {
        from: BEGINS + LASTS * INCIDENT.0 / 10,
        to: BEGINS + LASTS * INCIDENT.1 / 10,
        dimension: dialect.incident.0,
        value: dialect.incident.1,
        cause: dialect.incident.2,
        count: 0,
    }
}

/// Why this exchange ends as it does: nine of ten that have the incident's trait fail in its time, of all others one in
/// fifty at any time.
fn cause(dialect: &Dialect, exchange: &Exchange, chance: &mut Chance, truth: &Truth) -> Cause {
    let incident = &truth.incident;
    let second = exchange.millis / 1000;
    let hit = (incident.from..incident.to).contains(&second)
        && exchange.has(incident.dimension, incident.value);
    // Drawn in any case, so that the incident shifts nothing behind it.
    let (draw, usual) = (chance.below(1000), chance.below(10));
    if hit && usual > 0 {
        return incident.cause;
    }
    let drawn = match draw {
        0..4 => Cause::ClientLeft,
        4..7 => Cause::Refused,
        7..9 => Cause::Silent,
        9..12 => Cause::Said,
        12..14 => Cause::Denied,
        14..34 => Cause::NotFound,
        _ => Cause::Fine,
    };
    if dialect.tells_of(drawn) {
        drawn
    } else {
        Cause::Fine
    }
}

/// The mean length of a line, bytes.
fn typical(dialect: &Dialect, seed: u64) -> u64 {
    let mut chance = Chance::new(seed);
    let mut text = Vec::new();
    for _ in 0..1000 {
        let exchange = Exchange::any(&mut chance, BEGINS * 1000);
        dialect.write(&exchange, &mut text);
        text.push(b'\n');
    }
    text.len() as u64 / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_truth_counts_every_line_and_the_same_seed_gives_the_same_bytes() {
        for dialect in DIALECTS {
            let (mut first, mut again) = (Vec::new(), Vec::new());
            let truth = write(dialect, Amount::Lines(3000), 7, &mut first).unwrap();
            write(dialect, Amount::Lines(3000), 7, &mut again).unwrap();
            assert_eq!(first, again, "{}", dialect.name);
            let lines = first.split(|byte| *byte == b'\n').count() as u64 - 1;
            assert_eq!(truth.lines(), lines, "{}", dialect.name);
            let exchanges: u64 = truth.causes.values().sum();
            assert_eq!(exchanges + truth.headers, truth.ok, "{}", dialect.name);
            assert_eq!(truth.torn > 0, dialect.shows_torn(), "{}", dialect.name);
            for count in [truth.foreign, truth.oversize, truth.empty] {
                assert!(count > 0, "{}: {truth:?}", dialect.name);
            }
            assert!(truth.incident.count > 20, "{}: {truth:?}", dialect.name);
        }
    }

    #[test]
    fn a_size_is_nearly_met() {
        let mut out = Vec::new();
        let dialect = dialect("nginx").unwrap();
        write(dialect, Amount::Bytes(2_000_000), 1, &mut out).unwrap();
        assert!((1_900_000..2_200_000).contains(&out.len()), "{}", out.len());
    }
}
