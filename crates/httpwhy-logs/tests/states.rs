//! States of many hosts are merged into what one triage of all their logs counts; and a state of a stranger does no harm.

#![allow(clippy::unwrap_used, reason = "a test that fails names the line")]

mod summary;

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::path::Path;

use httpwhy_logs::{Dimension, Input, Options, Progress, Reading, State, StateError, read};
use tempfile::TempDir;

/// So many names of each kind are exact.
const FEW: u32 = 500;

/// Lines of a host; with `names` different clients, paths and agents.
fn log(host: u32, lines: u32, names: u32) -> String {
    let mut text = String::new();
    for at in 0..lines {
        let status = match at % 9 {
            0 => 502,
            4 => 404,
            _ => 200,
        };
        let name = (at * 7919 + host * 31) % names;
        writeln!(
            text,
            "10.{}.{}.{} - - [03/Nov/2026:14:{:02}:{:02} +0000] \"GET /a{}x/often HTTP/1.1\" {status} {at} \"-\" \"agent{}/1\" rt=0.{:03} ua=\"10.9.0.{}:80\" us=\"{status}\" uct=\"0.001\" uht=\"0.002\"",
            name / 60_000,
            name / 250 % 250,
            name % 250,
            at / 60 % 60,
            at % 60,
            if at % 3 == 0 { "z".repeat(2) } else { letters(name) },
            letters(name),
            at % 1000,
            host % 5,
        )
        .unwrap();
    }
    text
}

/// A number as letters: digits would be folded.
fn letters(mut number: u32) -> String {
    let mut text = String::new();
    loop {
        text.push(char::from(b'a' + (number % 26) as u8));
        number /= 26;
        if number == 0 {
            return text;
        }
    }
}

fn options() -> Options {
    Options {
        threads: 1,
        ..Options::default()
    }
}

fn state_of(folder: &Path, name: &str, text: &str) -> State {
    let (log, state) = (folder.join(format!("{name}.log")), folder.join(name));
    std::fs::write(&log, text).unwrap();
    let mut reading = Reading::new(vec![Input::File(log)], options(), "", None, false).unwrap();
    reading.advance(&Progress::default());
    reading.save(&state).unwrap();
    State::load(&state).unwrap().unwrap()
}

fn merged(folder: &Path, texts: &[String]) -> State {
    let mut states = texts
        .iter()
        .enumerate()
        .map(|(at, text)| state_of(folder, &format!("web{at}"), text));
    let mut first = states.next().unwrap().named("web0");
    for (at, state) in states.enumerate() {
        first.merge(&format!("web{}", at + 1), state).unwrap();
    }
    first
}

fn concatenated(folder: &Path, texts: &[String]) -> httpwhy_logs::Triage {
    let path = folder.join("all.log");
    std::fs::write(&path, texts.concat()).unwrap();
    read(&[Input::File(path)], &options(), &Progress::default())
}

#[test]
fn merged_states_say_what_one_triage_of_all_logs_says() {
    let folder = TempDir::new().unwrap();
    let texts: Vec<String> = (0..4)
        .map(|host| log(host, 3000 + host * 500, FEW))
        .collect();
    let state = merged(folder.path(), &texts);
    let (all, one) = (state.triage(), concatenated(folder.path(), &texts));
    assert_eq!(summary::counts(&all), summary::counts(&one));
    assert!(
        all.files[1].name.starts_with("web1: "),
        "{:?}",
        all.files[1]
    );
    // What was merged can be merged again, in any grouping, and nothing twice.
    let path = folder.path().join("merged");
    state.save(&path).unwrap();
    let mut again = State::load(&path).unwrap().unwrap();
    assert_eq!(summary::counts(&again.triage()), summary::counts(&one));
    let twice = again.merge(
        "x",
        State::load(&folder.path().join("web2")).unwrap().unwrap(),
    );
    assert!(matches!(twice, Err(StateError::Twice)));
    let inputs = vec![Input::File(folder.path().join("web0.log"))];
    let on = Reading::new(inputs, options(), "", Some(again), false);
    assert!(matches!(on.err(), Some(StateError::Merged)));
}

#[test]
fn sketches_stay_within_the_stated_error() {
    let folder = TempDir::new().unwrap();
    let texts: Vec<String> = (0..3).map(|host| log(host, 30_000, 25_000)).collect();
    let all = merged(folder.path(), &texts).triage();
    let one = concatenated(folder.path(), &texts);
    assert_eq!(all.statuses(), one.statuses());
    assert_eq!(all.counters, one.counters);
    assert_eq!(all.all_minutes(), one.all_minutes());
    // HyperLogLog's registers are the same in whatever order they were met.
    assert_eq!(all.distinct_clients(), one.distinct_clients());
    assert_eq!(all.percentiles_where(true), one.percentiles_where(true));
    let often = all.top_of_all(Dimension::Path, 1);
    let truth = texts.concat().matches("/azzx/").count() as u64;
    let error = all.error_of(Dimension::Path);
    assert!(error > 0, "there were more names than are kept");
    assert_eq!(often[0].name, b"/azzx/often");
    assert!(
        often[0].count <= truth && often[0].count + error >= truth,
        "{often:?} of {truth}, {error}"
    );
}

#[test]
fn other_options_and_other_files_are_refused() {
    let folder = TempDir::new().unwrap();
    let state = state_of(folder.path(), "a", &log(0, 100, 10));
    let inputs = || vec![Input::File(folder.path().join("a.log"))];
    let other = Reading::new(inputs(), options(), "--status 5xx", Some(state), false).err();
    let told = other.unwrap().to_string();
    assert!(
        told.contains("all lines") && told.contains("--status 5xx"),
        "{told}"
    );
    assert!(
        State::load(&folder.path().join("nowhere"))
            .unwrap()
            .is_none()
    );
    let whole = std::fs::read(folder.path().join("a")).unwrap();
    let end = whole.iter().position(|byte| *byte == b'\n').unwrap();
    let newer = [b"httpwhy logs state 99 (httpwhy 7.0)", &whole[end..]].concat();
    for (bytes, words) in [
        (newer, "version 99"),
        (b"hello".to_vec(), "no state"),
        (Vec::new(), "no state"),
        (whole[..whole.len() / 2].to_vec(), "damaged"),
        ([&whole[..], b"x"].concat(), "behind its end"),
    ] {
        let told = State::from_bytes(&bytes).unwrap_err().to_string();
        assert!(told.contains(words), "{told}");
    }
}

/// A small generator of numbers, the same each time (xorshift, Marsaglia 2003).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 as usize
    }
}

#[test]
fn a_strangers_state_is_refused_or_harmless() {
    let folder = TempDir::new().unwrap();
    state_of(folder.path(), "a", &log(1, 300, 40));
    let whole = std::fs::read(folder.path().join("a")).unwrap();
    let end = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    let mut image = Vec::new();
    flate2::read::GzDecoder::new(&whole[end..])
        .read_to_end(&mut image)
        .unwrap();
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let mut accepted = 0;
    state_of(folder.path(), "b", &log(2, 20, 4));
    let sound = std::fs::read(folder.path().join("b")).unwrap();
    for round in 0..1500 {
        let mut bytes = image.clone();
        for _ in 0..=dice.next() % 3 {
            // Half of them in front, where the structure is.
            let range = if round % 2 == 0 { 1500 } else { bytes.len() };
            let at = dice.next() % range.min(bytes.len());
            bytes[at] = dice.next() as u8;
        }
        if round % 10 == 0 {
            bytes.truncate(dice.next() % bytes.len());
        }
        // With a sound check sum, as a stranger would write it.
        let mut packer =
            flate2::write::GzEncoder::new(whole[..end].to_vec(), flate2::Compression::fast());
        packer.write_all(&bytes).unwrap();
        if let Ok(state) = State::from_bytes(&packer.finish().unwrap()) {
            accepted += 1;
            let triage = state.triage();
            assert!(!summary::counts(&triage).is_empty());
            let mut sound = State::from_bytes(&sound).unwrap();
            sound.merge("x", state).unwrap_or_default();
        }
    }
    assert!(accepted > 50, "the changes go deep: {accepted}");
}

#[test]
fn a_state_that_unpacks_to_more_than_any_is_refused() {
    let folder = TempDir::new().unwrap();
    state_of(folder.path(), "a", &log(1, 3, 4));
    let whole = std::fs::read(folder.path().join("a")).unwrap();
    let end = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    let mut packer =
        flate2::write::GzEncoder::new(whole[..end].to_vec(), flate2::Compression::fast());
    packer.write_all(&vec![0; 70 << 20]).unwrap();
    let bomb = packer.finish().unwrap();
    assert!(matches!(State::from_bytes(&bomb), Err(StateError::TooLong)));
}
