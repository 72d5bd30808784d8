//! Reads logs and prints how many lines and exchanges by status there were: what `benches/logs.sh` measures without the
//! rest of the binary. `triage [--counts] [--threads N] FILE…`.

use std::io::Write as _;

use httpwhy_logs::{Depth, Input, Options, Progress, read};

fn main() -> std::io::Result<()> {
    let mut options = Options::default();
    let mut inputs = Vec::new();
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--counts" => options.depth = Depth::Counts,
            "--threads" => {
                options.threads = words
                    .next()
                    .and_then(|number| number.parse().ok())
                    .unwrap_or(0);
            }
            file => inputs.push(Input::from(file)),
        }
    }
    let triage = read(&inputs, &options, &Progress::default());
    let mut out = std::io::stdout().lock();
    writeln!(out, "{:?}", triage.counters)?;
    writeln!(out, "{:?}", triage.statuses())?;
    for group in triage.groups() {
        writeln!(
            out,
            "{:>9} {} {}",
            group.count, group.happened, group.diagnosis.outcome
        )?;
    }
    Ok(())
}
