//! Whatever is pasted as a format, it is compiled or refused in words, and what was compiled splits whatever lines come.
//!
//! The first line is the format, or a whole configuration with `\r` for its line ends; the others are log lines.

#![no_main]

use httpwhy_ingest::logs::{Column, Line, Spans, Split, user};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let data = &data[..data.len().min(16 * 1024)];
    let mut lines = data.split(|&b| b == b'\n');
    let pasted = String::from_utf8_lossy(lines.next().unwrap_or_default()).replace('\r', "\n");
    let lines: Vec<&[u8]> = lines.take(20).collect();
    for head in [
        "",
        "log_format main '",
        "LogFormat \"",
        "log-format \"",
        "[%START_TIME%] ",
    ] {
        let text = format!("{head}{pasted}");
        let _ = user::configured(&text);
        match user::compile(&text) {
            Ok(given) => split(&given, &lines),
            Err(unusable) => assert!(!unusable.0.is_empty()),
        }
    }
});

fn split(given: &user::UserFormat, lines: &[&[u8]]) {
    let _ = user::misfits(&*given.layout, lines);
    for raw in lines {
        let mut spans = Spans::default();
        if given.layout.split(raw, &mut spans) != Split::Read {
            continue;
        }
        for column in Column::ALL {
            if let Some((from, to)) = spans.get(*column) {
                assert!(from <= to && to <= raw.len());
            }
        }
        let shape = (given.format.shape)(&Line::new(raw, &spans));
        assert!((given.format.visit)(&shape).steps.len() <= 3);
    }
}
