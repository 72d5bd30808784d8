//! Going on with a run from its own results: what has its record is not asked for again.

use std::fs::{File, OpenOptions};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{self, BufRead, BufReader, BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use httpwhy_model::redact_uri;
use httpwhy_render::safe;
use httpwhy_schema::RecordHead;

use super::targets::Targets;
use crate::exit::Failure;

/// Outcomes of targets that were not asked for: their records give way to better ones.
const NOT_DONE: &[&str] = &["engine/cancelled", "engine/your-side"];

/// The inputs that have their record, with four bytes of a hash of each target.
#[derive(Debug, Default)]
pub(crate) struct Done {
    /// By number less one; 0: no record.
    targets: Vec<u32>,
    count: usize,
}

impl Done {
    /// Whether that input has its record, and whether the record speaks of that target; `None`: it has none.
    pub(crate) fn knows(&self, number: u64, target: &str) -> Option<bool> {
        let at = usize::try_from(number).ok()?.checked_sub(1)?;
        let known = *self.targets.get(at).filter(|&&known| known != 0)?;
        Some(known == hash(&redact_uri(target)))
    }

    /// How many have their record.
    pub(crate) const fn count(&self) -> usize {
        self.count
    }

    /// Adds a record. `false`: there is one already, or the number is none.
    fn add(&mut self, number: u64, target: &str) -> bool {
        let Some(at) = usize::try_from(number)
            .ok()
            .and_then(|number| number.checked_sub(1))
            .filter(|&at| at < u32::MAX as usize)
        else {
            return false;
        };
        if self.targets.len() <= at {
            self.targets.resize(at + 1, 0);
        }
        let slot = &mut self.targets[at];
        let new = *slot == 0;
        *slot = hash(target);
        self.count += usize::from(new);
        new
    }

    /// Compares the records with the whole list, before anything is sent.
    pub(crate) fn check(&self, list: Targets, file: &Path) -> Result<(), Failure> {
        let mut length = 0;
        for (number, target) in (1..).zip(list) {
            length = number;
            let target = target.name();
            if self.knows(number, &target) == Some(false) {
                return Err(another_list(file, number, &target));
            }
        }
        if self.targets.len() as u64 > length {
            return Err(Failure::usage(format_args!(
                "'{}' has a record of target {}, and the list has {length}: it belongs to another list; give that list, or another file",
                file.display(),
                self.targets.len()
            )));
        }
        Ok(())
    }
}

/// The list is not the one that the results were made from.
pub(crate) fn another_list(file: &Path, number: u64, target: &str) -> Failure {
    Failure::usage(format_args!(
        "'{}' has a record of another target {number} than '{}': it belongs to another list; give that list, or another file",
        file.display(),
        safe(&redact_uri(target))
    ))
}

/// Never 0.
fn hash(target: &str) -> u32 {
    let mut hasher = DefaultHasher::new();
    target.hash(&mut hasher);
    (hasher.finish() as u32).max(1)
}

/// What a file of results holds.
#[derive(Default)]
struct Found {
    done: Done,
    /// Bytes from and to that give way: records of targets that were not asked for, and those without an end.
    dropped: Vec<(u64, u64)>,
}

/// Reads the results of a run that was stopped or killed, and takes out of the file what is not whole: a torn last
/// line, a visit without its end, and records of targets that were not asked for. A file that is not there is an empty
/// one.
pub(crate) fn read(file: &Path) -> Result<Done, Failure> {
    let failed = |error: io::Error| {
        Failure::usage(format_args!("cannot read '{}': {error}", file.display()))
    };
    let open = match File::open(file) {
        Ok(open) => open,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Done::default()),
        Err(error) => return Err(failed(error)),
    };
    let length = open.metadata().map_err(failed)?.len();
    let found = scan(BufReader::with_capacity(256 * 1024, open), file)?;
    match &found.dropped[..] {
        [] => {}
        [(from, to)] if *to == length => {
            let cut = OpenOptions::new().write(true).open(file);
            cut.and_then(|open| open.set_len(*from)).map_err(failed)?;
        }
        ranges => rewrite(file, ranges, length).map_err(failed)?,
    }
    Ok(found.done)
}

fn scan(mut reader: impl BufRead, file: &Path) -> Result<Found, Failure> {
    let mut found = Found::default();
    let mut line = Vec::new();
    let mut at = 0;
    let mut number = 0;
    // The visit being read: where it began, and the target of its first step.
    let mut open: Option<(u64, String, String)> = None;
    loop {
        line.clear();
        let read = reader.read_until(b'\n', &mut line).map_err(|error| {
            Failure::usage(format_args!("cannot read '{}': {error}", file.display()))
        })?;
        number += 1;
        let end = at + read as u64;
        if line.last() != Some(&b'\n') {
            // The last line, torn or empty.
            let from = open.map_or(at, |(from, ..)| from);
            found.drop_range(from, end);
            return Ok(found);
        }
        let Some(head) = RecordHead::read(&line) else {
            return Err(Failure::usage(format_args!(
                "'{}' line {number} is no record of a probe: --resume goes on with JSON Lines that httpwhy probe wrote",
                file.display()
            )));
        };
        if open
            .as_ref()
            .is_some_and(|(_, visit, _)| *visit != head.visit)
        {
            let from = open.take().map_or(at, |(from, ..)| from);
            found.drop_range(from, at);
        }
        let (from, visit, target) = open
            .take()
            .unwrap_or_else(|| (at, head.visit.clone(), head.target.clone()));
        at = end;
        if !head.closes_visit() {
            open = Some((from, visit, target));
        } else if visit.starts_with(super::auth::VISIT) {
            // Of a login: no target's.
        } else if NOT_DONE.contains(&head.outcome()) {
            found.drop_range(from, end);
        } else if !visit
            .parse()
            .is_ok_and(|number| found.done.add(number, &target))
        {
            return Err(Failure::usage(format_args!(
                "'{}' line {number} is a second record of target {visit}: the file holds more than one run",
                file.display()
            )));
        }
    }
}

impl Found {
    fn drop_range(&mut self, from: u64, to: u64) {
        match self.dropped.last_mut() {
            _ if from == to => {}
            Some(last) if last.1 == from => last.1 = to,
            _ => self.dropped.push((from, to)),
        }
    }
}

/// Writes the file anew without these ranges, and puts it in place at once.
fn rewrite(file: &Path, ranges: &[(u64, u64)], length: u64) -> io::Result<()> {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".resuming");
    let fresh = file.with_file_name(name);
    let mut from = File::open(file)?;
    let mut to = BufWriter::new(File::create(&fresh)?);
    let mut at = 0;
    for &(gone, next) in ranges.iter().chain([&(length, length)]) {
        from.seek(SeekFrom::Start(at))?;
        io::copy(&mut (&from).take(gone - at), &mut to)?;
        at = next;
    }
    to.flush()?;
    to.get_ref().sync_all()?;
    std::fs::rename(&fresh, file)
}
