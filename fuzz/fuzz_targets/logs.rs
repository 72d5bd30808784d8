//! No log reader panics, every column lies in its line, and what a line becomes is bounded.
//!
//! The bytes are lines. All of them together are the sample that the layouts are fitted to; then each is split and made a
//! visit by every format that fits. A line whose quotes were found before is split alike.

#![no_main]

use httpwhy_ingest::logs::{
    Column, Line, QuoteIndex, Quotes, Spans, Split, formats, prove, same_exchange,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let data = &data[..data.len().min(64 * 1024)];
    let lines: Vec<&[u8]> = data.split(|&b| b == b'\n').take(50).collect();
    for format in formats() {
        let Some(layout) = (format.fit)(&lines) else {
            continue;
        };
        for raw in &lines {
            let (mut spans, mut same) = (Spans::default(), Spans::default());
            let split = layout.split(raw, &mut spans);
            let mut index = QuoteIndex::default();
            index.look_through(raw);
            let quotes = Quotes::new(index.places());
            assert_eq!(layout.split_at_quotes(raw, quotes, &mut same), split);
            match split {
                Split::Read => read(format, raw, &spans),
                Split::Directive => drop(layout.after(raw)),
                Split::Torn | Split::Foreign => {}
            }
        }
    }
});

fn read(format: &httpwhy_ingest::logs::Format, raw: &[u8], spans: &Spans) {
    for column in Column::ALL {
        if let Some((from, to)) = spans.get(*column) {
            assert!(from <= to && to <= raw.len());
        }
    }
    let line = Line::new(raw, spans);
    let shape = (format.shape)(&line);
    let mut visit = (format.visit)(&shape);
    assert!(visit.steps.len() <= 3);
    prove(&mut visit, &shape);
    let _ = (format.open)(&shape);
    let _ = same_exchange(&line, &line, 0);
}
