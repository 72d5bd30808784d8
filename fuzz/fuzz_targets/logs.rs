//! No log reader panics, every column lies in its line, and what a line becomes is bounded.
//!
//! The bytes are lines. All of them together are the sample that the layouts are fitted to; then each is split and made a
//! visit by every format that fits. A line whose quotes were found before is split alike.

#![no_main]

use httpwhy_ingest::logs::{
    Brief, Column, Line, QuoteIndex, Quotes, Shape, Spans, Split, formats, path_end, prove,
    same_exchange,
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
            if let Some(brief) = layout.brief(raw, quotes) {
                assert_eq!(split, Split::Read);
                is_same(
                    &brief,
                    &Line::new(raw, &spans),
                    &(format.shape)(&Line::new(raw, &spans)),
                );
            }
            match split {
                Split::Read => read(format, raw, &spans),
                Split::Directive => drop(layout.after(raw)),
                Split::Torn | Split::Foreign => {}
            }
        }
    }
});

/// What is known at first sight is what a careful look finds.
fn is_same(brief: &Brief, line: &Line<'_>, shape: &Shape<'_>) {
    let part = |(from, to): (u32, u32)| line.raw.get(from as usize..to as usize);
    let status = brief.status;
    assert_eq!(
        *shape,
        Shape {
            status,
            ..Shape::default()
        }
    );
    assert_eq!(line.get(Column::Client), part((0, brief.client)));
    assert_eq!(line.method(), part(brief.method));
    assert_eq!(line.target(), part(brief.target));
    assert_eq!(line.bytes(), Some(brief.bytes));
    assert_eq!(line.get(Column::Agent), part(brief.agent));
    let (from, to) = (brief.target.0 as usize, brief.target.1 as usize);
    let path = part((brief.target.0, path_end(line.raw, from, to) as u32));
    assert_eq!(line.path(), path);
}

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
