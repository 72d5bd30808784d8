//! Writes a log whose content is known, and its truth: `logs DIALECT SIZE FILE [SEED]`; SIZE is a number of bytes (`1GB`,
//! `300MB`) or of lines (`5000`); the truth goes to `FILE.truth.json`. Without arguments: lists the dialects.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};

use httpwhy_testkit::logs::{Amount, DIALECTS, dialect, write};

fn main() -> io::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [name, size, path, ..] = &words[..] else {
        let mut out = io::stdout().lock();
        for dialect in DIALECTS {
            writeln!(out, "{}", dialect.name)?;
        }
        return Ok(());
    };
    let wrong = |what: &str| io::Error::new(io::ErrorKind::InvalidInput, what.to_owned());
    let dialect = dialect(name).ok_or_else(|| wrong("no such dialect"))?;
    let amount = amount(size).ok_or_else(|| wrong("SIZE: 5000, 300MB or 1GB"))?;
    let seed = words.get(3).and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    let truth = write(dialect, amount, seed, &mut out)?;
    out.flush()?;
    std::fs::write(format!("{path}.truth.json"), truth.json() + "\n")
}

fn amount(size: &str) -> Option<Amount> {
    let bytes = |number: &str, unit: u64| Some(Amount::Bytes(number.parse::<u64>().ok()? * unit));
    if let Some(number) = size.strip_suffix("GB") {
        return bytes(number, 1_000_000_000);
    }
    if let Some(number) = size.strip_suffix("MB") {
        return bytes(number, 1_000_000);
    }
    size.parse().ok().map(Amount::Lines)
}
