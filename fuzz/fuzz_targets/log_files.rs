//! A log file of any bytes, packed or plain, is read to its end or told as unreadable; the counters sum to its lines, and
//! one thread counts what two count.

#![no_main]

use std::cell::RefCell;
use std::io::Write as _;

use httpwhy_logs::{Counters, Input, Options, Progress, read};
use libfuzzer_sys::fuzz_target;
use tempfile::NamedTempFile;

thread_local! {
    static FILE: RefCell<NamedTempFile> = RefCell::new(NamedTempFile::new().expect("a temporary file"));
}

fuzz_target!(|data: &[u8]| {
    let data = &data[..data.len().min(256 * 1024)];
    let path = FILE.with_borrow_mut(|file| {
        file.as_file().set_len(0).expect("a file of our own");
        std::io::Seek::rewind(file).expect("a file of our own");
        file.write_all(data).expect("a file of our own");
        file.path().to_owned()
    });
    let counters = [1, 2].map(|threads| {
        let options = Options {
            threads,
            ..Options::default()
        };
        let triage = read(&[Input::File(path.clone())], &options, &Progress::default());
        let _ = (triage.groups(), triage.incidents());
        (triage.counters, triage.unreadable.len())
    });
    assert_eq!(counters[0], counters[1]);
    let (found, unreadable) = counters[0];
    assert!(
        unreadable > 0 || is_packed(data) || found.lines() == lines(data),
        "{found:?}"
    );
    assert!(unreadable == 0 || found == Counters::default() || is_packed(data));
});

fn lines(data: &[u8]) -> u64 {
    let ends = data.iter().filter(|byte| **byte == b'\n').count();
    let unended = !data.is_empty() && !data.ends_with(b"\n");
    (ends + usize::from(unended)) as u64
}

/// As gzip, Zstandard, xz and bzip2 begin; their lines are not those of the file.
fn is_packed(data: &[u8]) -> bool {
    let heads: [&[u8]; 4] = [b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"\xfd7zXZ\0", b"BZh"];
    let skippable = matches!(data, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..]);
    skippable || heads.iter().any(|head| data.starts_with(head))
}
