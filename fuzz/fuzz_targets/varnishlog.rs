//! Whatever varnishlog's records are, every line that is gathered from them is split, and what is kept is bounded.

#![no_main]

use httpwhy_ingest::logs::{Kind, Line, Spans, Split, VslGatherer};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let data = &data[..data.len().min(64 * 1024)];
    for kind in [Kind::Access, Kind::Error] {
        let (format, layout) = VslGatherer::format(kind);
        let mut gatherer = VslGatherer::new(kind);
        let (mut requests, mut gathered) = (0, Vec::new());
        for line in data.split(|&b| b == b'\n') {
            let is_record = VslGatherer::is_record(line);
            assert!(!is_record || !VslGatherer::is_torn(line));
            let begins = line.starts_with(b"*") || memchr::memmem::find(line, b" Begin ").is_some();
            requests += usize::from(is_record && begins);
            gathered.extend(gatherer.line(line));
        }
        gathered.extend(gatherer.end());
        assert!(gatherer.end().is_empty());
        assert!(gathered.len() <= requests);
        for raw in &gathered {
            let mut spans = Spans::default();
            assert_eq!(layout.split(raw, &mut spans), Split::Read);
            let shape = (format.shape)(&Line::new(raw, &spans));
            assert!((format.visit)(&shape).steps.len() <= 3);
        }
    }
});
