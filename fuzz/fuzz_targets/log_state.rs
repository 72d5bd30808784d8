//! A state of whatever bytes is refused in words or harmless: it is told, merged, gone on from and written again.
//!
//! The bytes are what stands inside a state's gzip member; a target that had to find its check sum would find nothing else.

#![no_main]

use std::cell::LazyCell;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use httpwhy_logs::{Options, Progress, Reading, State, StateError};
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;

thread_local! {
    static FOLDER: LazyCell<TempDir> = LazyCell::new(|| tempfile::tempdir().expect("a temporary folder"));
    static HEAD: LazyCell<Vec<u8>> = LazyCell::new(head);
}

fuzz_target!(|data: &[u8]| {
    let data = &data[..data.len().min(256 * 1024)];
    let _ = State::from_bytes(data);
    let mut packer = GzEncoder::new(HEAD.with(|head| (**head).clone()), Compression::none());
    packer.write_all(data).expect("memory takes it");
    let file = packer.finish().expect("memory takes it");
    match State::from_bytes(&file) {
        Err(error) => assert!(!error.to_string().is_empty()),
        Ok(state) => sound(&file, state),
    }
});

fn sound(file: &[u8], mut state: State) {
    let again = || State::from_bytes(file).expect("as before");
    told(&state.triage());
    assert!(matches!(state.merge("other", again()), Err(StateError::Twice)));
    let options = Options::default();
    if let Ok(mut reading) = Reading::new(Vec::new(), options, "", Some(again()), false) {
        reading.advance(&Progress::default());
        told(&reading.finish(&Progress::default()));
    }
    FOLDER.with(|folder| {
        let path = folder.path().join("state");
        state.save(&path).expect("a file of our own");
        let read = State::load(&path).expect("what was written is read").expect("it is there");
        assert_eq!(read.triage().counters, state.triage().counters);
    });
}

fn told(triage: &httpwhy_logs::Triage) {
    let _ = (triage.groups(), triage.complaints(), triage.incidents(), triage.paths(10));
    let _ = (triage.statuses(), triage.exchanges(), triage.failures(), triage.distinct_clients());
}

/// The first line of a state.
fn head() -> Vec<u8> {
    FOLDER.with(|folder| {
        let path = folder.path().join("empty");
        let reading = Reading::new(Vec::new(), Options::default(), "", None, false);
        reading.and_then(|reading| reading.save(&path)).expect("an empty state");
        let bytes = std::fs::read(&path).expect("it was written");
        let end = bytes.iter().position(|byte| *byte == b'\n').expect("a line");
        bytes[..=end].to_vec()
    })
}
