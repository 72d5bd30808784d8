//! As JSON Lines of kind exchange: facts, without the judgement of that day.

use std::io::{self, Write};

use httpwhy_schema::{ExchangeLine, write_line};
use httpwhy_store::Row;

pub(super) fn write(out: &mut dyn Write, row: &Row) -> io::Result<()> {
    let step = row.step();
    let name = row.number.to_string();
    let line = ExchangeLine::new(&name, row.step as usize, step.because, &step.exchange);
    let steps = Some(row.steps as usize);
    write_line(out, &ExchangeLine { steps, ..line })
}
