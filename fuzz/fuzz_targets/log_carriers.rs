//! No carrier panics, and what it gives is no longer than what it was given, however they are wrapped in one another.
//!
//! The bytes are lines; each is peeled by every carrier, and what came out again.

#![no_main]

use httpwhy_ingest::logs::carriers;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let data = &data[..data.len().min(64 * 1024)];
    for line in data.split(|&b| b == b'\n').take(50) {
        peel(line, 0);
    }
});

fn peel(line: &[u8], depth: usize) {
    if depth > 3 {
        return;
    }
    for carrier in carriers() {
        let mut scratch = Vec::new();
        if let Some(peeled) = (carrier.peel)(line, &mut scratch) {
            assert!(peeled.line.len() <= line.len());
            assert!(peeled.source.len() <= line.len() && peeled.time.len() <= line.len());
            peel(peeled.line, depth + 1);
        }
    }
}
