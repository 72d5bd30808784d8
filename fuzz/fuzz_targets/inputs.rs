//! Readers of inputs never panic, whatever the bytes. One target a kind: the target's name says which.

#![no_main]

use httpwhy_ingest::Options;
use httpwhy_ingest::inputs::{Input, kind};
use libfuzzer_sys::fuzz_target;

/// `input_raw_request` reads as kind `raw-request`, `input_any` as what is recognised.
const TARGET: &str = env!("CARGO_BIN_NAME");

fuzz_target!(|bytes: &[u8]| {
    let name = TARGET.trim_start_matches("input_").replace('_', "-");
    let input = || {
        let options = Options {
            for_calls: true,
            base: Some("http://a.example/b".to_owned()),
            ..Options::default()
        };
        Input::recognise(Box::new(std::io::Cursor::new(bytes.to_vec())), options, kind(&name))
    };
    let _ = input().and_then(Input::calls).map(Iterator::count);
    let _ = input().and_then(Input::visits).map(Iterator::count);
});
