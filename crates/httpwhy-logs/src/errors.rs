//! Error lines, kept so that access lines find them.

use std::cmp::Reverse;
use std::collections::VecDeque;

use httpwhy_ingest::logs::time::Clock;
use httpwhy_ingest::logs::{Cause, Column, Format, Leg, Line, may_lead_to};
use httpwhy_model::Phase;

use crate::hash::steady;
use crate::judge::Complaint;
use crate::marks::Marks;
use crate::witness::{Wanted, Witnesses};

/// Places under which error lines are kept; further ones join nothing, which is told.
pub(crate) const MOST: usize = 600_000;
/// An access line is written when the exchange ends, its error line when the failure is noticed: between them lie the
/// seconds that the writer still served, and the rounding of both stamps.
const APART: i64 = 2;
/// The same where the access line alone shows no failure: there a neighbour must not be taken for it.
const CLOSE: i64 = 1;
const HOUR: i64 = 3600;
/// Lines before that the next one may belong to, at most.
pub(crate) const RECENT: usize = 16;
/// Lines under one key that are compared, at most.
const LOOKED_AT: usize = 256;
/// Folders of a file's path that a path of the web may leave out, at most.
const FOLDERS: usize = 16;

/// When a line was written.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct When {
    /// Seconds since 1970, of UTC where the stamp names its zone, else of the writer's own time.
    pub(crate) second: i64,
    /// Seconds east of UTC that the stamp names.
    pub(crate) zone: Option<i64>,
}

impl When {
    /// At that second, read by that clock just now.
    pub(crate) fn of(second: Option<i64>, clock: &Clock) -> Self {
        Self {
            second: second.unwrap_or(0),
            zone: clock.zone(),
        }
    }
}

/// An error line under one of its keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) second: i64,
    /// The stamp names no zone, as in the error logs of nginx and Apache.
    pub(crate) local: bool,
    /// Its place among what was said.
    pub(crate) index: u32,
}

impl Said {
    /// How many seconds after the access line this was written.
    fn after(self, when: When) -> i64 {
        let zone = if self.local { when.zone } else { None };
        self.second - zone.unwrap_or(0) - when.second
    }
}

/// The place of what was found by something better: nothing is there.
const NOBODYS: u32 = u32::MAX;

/// A line that the next one may belong to: what they share, the second, and its place among what was said.
pub(crate) type Recent = (u64, i64, u32);

/// Error lines by what they share with access lines.
#[derive(Debug, Clone, Default)]
pub(crate) struct Complaints {
    distinct: Vec<Complaint>,
    by_key: Marks,
    kept: usize,
    /// How many may be kept here; 0 for all.
    room: usize,
    /// Error lines that found no room.
    pub(crate) dropped: u64,
    recent: VecDeque<Recent>,
    /// Some of them tell of an answer that was cut, which its access line may not show.
    tells_of_cuts: bool,
    /// The ids of failures, where lines from behind are to be joined.
    pub(crate) wanted: Wanted,
    /// What the servers behind wrote.
    pub(crate) witnesses: Witnesses,
}

/// An access line that looks for what was said of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'l> {
    pub(crate) line: &'l Line<'l>,
    pub(crate) format: &'static Format,
    pub(crate) when: When,
    /// Whole seconds that it took.
    pub(crate) took: i64,
    /// It shows by itself that something went wrong.
    pub(crate) failed: bool,
}

impl Complaints {
    /// Keeps an error line of that format, if it says what went wrong.
    pub(crate) fn add(
        &mut self,
        line: &Line<'_>,
        format: &Format,
        when: When,
        complaint: &Complaint,
    ) {
        if weight(complaint) == 0 {
            return;
        }
        if self.kept >= self.room() {
            self.dropped += 1;
            return;
        }
        let own = self.number_of(complaint);
        let index = self.first_of_pair(line, format, when.second, own);
        if index != own && path(line).is_some() {
            self.found_by_path(line, when.second, index);
        }
        let said = Said {
            second: when.second,
            local: when.zone.is_none(),
            index,
        };
        let status = self.leads_to(index);
        for key in written(line, format, status) {
            self.kept += 1;
            self.by_key.push(key, said);
        }
        self.tells_of_cuts |= is_cut(&self.distinct[index as usize]);
    }

    /// Some servers write two lines of one failure, the cause first and then, of the same client and port or the same
    /// thread, what was asked for (Apache: `AH01102: error reading status line`, `AH00898: Error reading from remote server
    /// returned by /path`): the number of the first, if that tells more.
    fn first_of_pair(&mut self, line: &Line<'_>, format: &Format, second: i64, own: u32) -> u32 {
        let marks = marks(line, format);
        let names = line.some(Column::Client).is_some() || line.path().is_some();
        let tells = |index: u32| {
            let complaint = &self.distinct[index as usize];
            (weight(complaint), self.leads_to(index))
        };
        let (own_weight, own_status) = tells(own);
        let before = self.recent.iter().rev().find(|(mark, at, index)| {
            let (weight, status) = tells(*index);
            let agrees = status == own_status || status == 0 || own_status == 0;
            let near = marks.contains(&Some(*mark)) && (0..=1).contains(&(second - at));
            near && agrees && weight > own_weight
        });
        if let Some((_, _, index)) = before.filter(|_| names) {
            return *index;
        }
        for mark in marks.into_iter().flatten() {
            if self.recent.len() == RECENT {
                self.recent.pop_front();
            }
            self.recent.push_back((mark, second, own));
        }
        own
    }

    /// How many places are taken.
    pub(crate) const fn kept(&self) -> usize {
        self.kept
    }

    /// The first of a pair, whose second names what was asked for, is not found by its client alone any more.
    fn found_by_path(&mut self, line: &Line<'_>, second: i64, index: u32) {
        let client = line.some(Column::Client).map(without_port);
        let Some(client) = client else {
            return;
        };
        let near = second - 1..=second;
        let list = self.by_key.get_mut(key(b'a', &[client]), near);
        if let Some(first) = list.filter(|said| said.index == index).last() {
            first.index = NOBODYS;
        }
    }

    /// One of so many that keep error lines at the same time, and put them together at the end.
    pub(crate) fn one_of(workers: usize) -> Self {
        Self {
            room: MOST / workers.max(1),
            ..Self::default()
        }
    }

    const fn room(&self) -> usize {
        if self.room == 0 { MOST } else { self.room }
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.kept == 0 && self.witnesses.is_empty()
    }

    /// Whether an access line that shows no failure may have one.
    pub(crate) const fn may_tell_of_fine_lines(&self) -> bool {
        self.tells_of_cuts
    }

    /// The complaint that belongs to an access line.
    pub(crate) fn find(&self, asked: &Asked<'_>) -> Option<&Complaint> {
        let index = if asked.failed {
            self.by_name(asked).or_else(|| self.by_little(asked))
        } else {
            self.by_name(asked)
        };
        self.distinct.get(index? as usize)
    }

    /// By what names the exchange: the most telling line, and of those the nearest.
    fn by_name(&self, asked: &Asked<'_>) -> Option<u32> {
        let (named, _) = read(asked.line, asked.format);
        // Where nothing shows a failure, only what names this very request is good enough.
        let named = named
            .into_iter()
            .filter(|(exact, _)| *exact || asked.failed);
        named.filter_map(|(_, key)| key).find_map(|key| {
            let near = self.near(key, asked);
            let best = near.max_by_key(|said| {
                let complaint = &self.distinct[said.index as usize];
                (weight(complaint), Reverse(said.after(asked.when).abs()))
            });
            best.map(|said| said.index)
        })
    }

    /// By the client or the status alone: only where all lines of that time that can lead to the status say the same.
    fn by_little(&self, asked: &Asked<'_>) -> Option<u32> {
        let (_, little) = read(asked.line, asked.format);
        let status = asked.line.status().unwrap_or(0);
        little.into_iter().flatten().find_map(|key| {
            let list = self.near(key, asked).map(|said| said.index);
            let list = list.filter(|index| may_explain(&self.distinct[*index as usize], status));
            let list: Vec<u32> = list.collect();
            // One that leads to this very status tells more than one that may lead to many.
            let sure = list
                .iter()
                .copied()
                .filter(|index| self.leads_to(*index) != 0);
            let sure: Vec<u32> = sure.collect();
            let list = if sure.is_empty() { list } else { sure };
            let first = *list.first()?;
            list.iter().all(|index| *index == first).then_some(first)
        })
    }

    /// The status that it leads to; 0 where that may differ.
    fn leads_to(&self, index: u32) -> u16 {
        self.distinct[index as usize].shape.get().status
    }

    /// Lines under a key that were written when the exchange was at hand, and can lead to its status; some of very many.
    fn near(&self, key: u64, asked: &Asked<'_>) -> impl Iterator<Item = Said> {
        let status = asked.line.status().unwrap_or(0);
        let apart = if asked.failed { APART } else { CLOSE };
        let fits = move |said: &Said| {
            let Some(complaint) = self.distinct.get(said.index as usize) else {
                return false;
            };
            if asked.failed {
                may_lead_to(&complaint.shape.get(), status)
            } else {
                is_cut(complaint)
            }
        };
        // A stamp of no zone is in the writer's own time, as the access line's zone tells it.
        let zone = asked.when.zone.unwrap_or(0);
        let within = |zone: i64| {
            let second = asked.when.second.saturating_add(zone);
            second.saturating_sub(asked.took + apart)..=second.saturating_add(apart)
        };
        let own = self.by_key.get(key, within(zone)).filter(|said| said.local);
        let named = self.by_key.get(key, within(0)).filter(|said| !said.local);
        own.chain(named).filter(fits).take(LOOKED_AT)
    }

    fn number_of(&mut self, complaint: &Complaint) -> u32 {
        let known = self.distinct.iter().position(|known| known == complaint);
        let index = known.unwrap_or_else(|| {
            self.distinct.push(complaint.clone());
            self.distinct.len() - 1
        });
        index as u32
    }

    /// Goes on behind the last lines of what was read before.
    pub(crate) fn go_on(&mut self, before: &Self) {
        if self.recent.is_empty() {
            for (mark, second, index) in &before.recent {
                let index = self.number_of(&before.distinct[*index as usize]);
                self.recent.push_back((*mark, *second, index));
            }
        }
    }

    /// Makes room when many are kept: an access line comes at most an hour after its error line, and the latest are more
    /// likely to be asked for.
    pub(crate) fn forget_old(&mut self) {
        if self.kept <= MOST / 2 {
            return;
        }
        let mut seconds: Vec<i64> = self.by_key.iter().map(|(_, said)| said.second).collect();
        let half = seconds.len() / 2;
        let (_, middle, later) = seconds.select_nth_unstable(half);
        let latest = later.iter().max().copied().unwrap_or(*middle);
        let oldest = (latest - HOUR).max(*middle);
        self.by_key
            .retain(|said| said.second >= oldest && said.index != NOBODYS);
        self.kept = self.by_key.len();
    }

    /// All of them: what was said, by key when and which, in the order of the keys, and the last lines.
    pub(crate) fn all(&self) -> (&[Complaint], Vec<(u64, Said)>, Vec<Recent>) {
        let marks = self.by_key.iter();
        let mut marks: Vec<(u64, Said)> = marks.filter(|(_, said)| said.index != NOBODYS).collect();
        marks.sort_by_key(|(key, _)| *key);
        (&self.distinct, marks, self.recent.iter().copied().collect())
    }

    /// The same again; `None` when they name what is not there.
    pub(crate) fn restore(
        distinct: Vec<Complaint>,
        marks: Vec<(u64, Said)>,
        recent: Vec<Recent>,
    ) -> Option<Self> {
        let count = distinct.len();
        let all = Self {
            tells_of_cuts: distinct.iter().any(is_cut),
            distinct,
            kept: marks.len(),
            by_key: Marks::of(marks),
            recent: recent.into(),
            ..Self::default()
        };
        let indices = all.by_key.iter().map(|(_, said)| said.index);
        let sound = indices
            .chain(all.recent.iter().map(|(.., index)| *index))
            .all(|index| (index as usize) < count);
        sound.then_some(all)
    }

    /// Takes another worker's in.
    pub(crate) fn merge(&mut self, other: Self) {
        let indices: Vec<u32> = other
            .distinct
            .iter()
            .map(|complaint| self.number_of(complaint))
            .collect();
        self.dropped += other.dropped;
        if other.kept > 0 {
            let room = MOST.saturating_sub(self.kept);
            self.dropped += other.kept.saturating_sub(room) as u64;
            let mut theirs = other.by_key;
            theirs.change(|said| {
                let index = indices.get(said.index as usize).copied();
                said.index = index.unwrap_or(NOBODYS);
            });
            let mut mine = std::mem::take(&mut self.by_key);
            if mine.len() == 0 {
                std::mem::swap(&mut mine, &mut theirs);
            }
            let more = theirs.len().min(room);
            let mut all = mine.into_one(more);
            all.extend(theirs.into_all().take(more));
            self.by_key = Marks::of(all);
            self.kept = self.by_key.len();
        }
        if !other.recent.is_empty() {
            let moved = other.recent.into_iter();
            self.recent = moved
                .map(|(mark, second, index)| (mark, second, indices[index as usize]))
                .collect();
        }
        self.tells_of_cuts |= other.tells_of_cuts;
        self.wanted.merge(other.wanted);
        self.witnesses.merge(other.witnesses);
    }
}

/// How exact a complaint is; 0 when it tells nothing that went wrong.
fn weight(complaint: &Complaint) -> u8 {
    Cause::of(&complaint.shape.get()).map_or(0, |(.., weight)| weight)
}

/// Whether it tells of an answer that had begun: its access line has the status that was sent before.
fn is_cut(complaint: &Complaint) -> bool {
    Cause::of(&complaint.shape.get()).is_some_and(|(leg, phase, signal, _)| match leg {
        Leg::Upstream => phase == Phase::Receive,
        Leg::Client => {
            matches!(phase, Phase::Wait | Phase::Receive) && signal.is("log:client-gone")
        }
    })
}

/// Whether it can be why that status was sent: not a client that left, where the status blames the server, nor an answer
/// that was cut behind a head that was passed on.
fn may_explain(complaint: &Complaint, status: u16) -> bool {
    Cause::of(&complaint.shape.get()).is_some_and(|(leg, phase, signal, _)| match leg {
        Leg::Upstream => phase != Phase::Receive,
        Leg::Client => status < 500 || !signal.is("log:client-gone"),
    })
}

/// A hash of some words of a kind.
fn key(kind: u8, parts: &[&[u8]]) -> u64 {
    let mut text = vec![kind];
    for part in parts {
        text.extend_from_slice(part);
        text.push(0);
    }
    steady(&text)
}

/// The writer, which both its logs share: `nginx` of `nginx-error`.
fn writer(format: &Format) -> &'static [u8] {
    format.name.split('-').next().unwrap_or_default().as_bytes()
}

/// The path of what was asked for, where it is one.
fn path<'a>(line: &Line<'a>) -> Option<&'a [u8]> {
    line.path().filter(|path| path.starts_with(b"/"))
}

/// What an error line and the next one about the same failure share: the client with its port, the thread or connection;
/// in the log of a writer that names neither, that they are neighbours.
fn marks(line: &Line<'_>, format: &Format) -> [Option<u64>; 2] {
    let client = line.some(Column::Client);
    let peer = client.filter(|client| without_port(client).len() != client.len());
    let connection = line.some(Column::Connection);
    if client.is_none() && connection.is_none() {
        return [Some(key(b'n', &[writer(format)])), None];
    }
    [
        peer.map(|peer| key(b'm', &[peer])),
        connection.map(|connection| key(b't', &[connection])),
    ]
}

/// The keys under which an error line is kept. `status`: what it leads to, where it says that.
fn written(line: &Line<'_>, format: &Format, status: u16) -> Vec<u64> {
    let id = line.some(Column::RequestId).map(|id| key(b'i', &[id]));
    let mut keys: Vec<u64> = id.into_iter().collect();
    let (path, client) = (path(line), line.some(Column::Client).map(without_port));
    if let Some(connection) = line.some(Column::Connection) {
        // A connection may bear many requests.
        keys.push(match path {
            Some(path) => key(b'x', &[connection, path]),
            None => key(b'c', &[connection]),
        });
    }
    match (client, path) {
        (Some(client), Some(path)) => keys.push(key(b'r', &[client, path])),
        (Some(client), None) => {
            let file = line.some(Column::File).unwrap_or_default();
            keys.extend(tails(file).map(|tail| key(b'r', &[client, tail])));
            keys.push(key(b'a', &[client]));
        }
        (None, Some(path)) => keys.push(key(b'p', &[writer(format), path])),
        (None, None) if status != 0 => {
            keys.push(key(b's', &[writer(format), &status.to_be_bytes()]));
        }
        (None, None) => {}
    }
    keys
}

/// `/srv/www/a/b` as `/srv/www/a/b`, `/www/a/b`, `/a/b`, `/b`: one of them is what was asked for.
fn tails(file: &[u8]) -> impl Iterator<Item = &[u8]> {
    let slashes = memchr::memchr_iter(b'/', file).filter(|at| at + 1 < file.len());
    let starts: Vec<usize> = slashes.collect();
    let skipped = starts.len().saturating_sub(FOLDERS);
    starts.into_iter().skip(skipped).map(|at| &file[at..])
}

/// Keys that name an exchange, each with whether it names this very request.
type Named = [(bool, Option<u64>); 5];

/// The keys that an access line looks under: those that name the exchange, and those that say little.
fn read(line: &Line<'_>, format: &Format) -> (Named, [Option<u64>; 2]) {
    let id = line.some(Column::RequestId).map(|id| key(b'i', &[id]));
    let (path, client) = (path(line), line.some(Column::Client).map(without_port));
    let connection = line.some(Column::Connection);
    let both = |kind, a: Option<&[u8]>, b: Option<&[u8]>| Some(key(kind, &[a?, b?]));
    let named = [
        (true, id),
        (true, both(b'x', connection, path)),
        (false, connection.map(|connection| key(b'c', &[connection]))),
        (true, both(b'r', client, path)),
        (false, both(b'p', Some(writer(format)), path)),
    ];
    let status = line.status().unwrap_or(0).to_be_bytes();
    let little = [
        client.map(|client| key(b'a', &[client])),
        Some(key(b's', &[writer(format), &status])),
    ];
    (named, little)
}

/// `203.0.113.9:51234` without its port; IPv6 addresses have more than one colon.
pub(crate) fn without_port(client: &[u8]) -> &[u8] {
    if let Some(inner) = client.strip_prefix(b"[") {
        return &inner[..memchr::memchr(b']', inner).unwrap_or(inner.len())];
    }
    let mut colons = memchr::memchr_iter(b':', client);
    match (colons.next(), colons.next()) {
        (Some(at), None) => &client[..at],
        _ => client,
    }
}

#[cfg(test)]
mod tests {
    use httpwhy_ingest::logs::Shape;

    use super::*;

    fn full(from: u64) -> Complaints {
        let complaint = Complaint {
            format: 0,
            shape: Shape::default().to_owned(),
            late: false,
        };
        let said = |at: u64| Said {
            second: at as i64,
            local: false,
            index: 0,
        };
        let marks = (from..from + MOST as u64).map(|at| (at, said(at)));
        Complaints::restore(vec![complaint], marks.collect(), Vec::new()).expect("sound")
    }

    #[test]
    fn no_more_are_kept_than_a_state_holds() {
        let mut all = full(0);
        all.merge(full(MOST as u64 / 2));
        all.merge(full(MOST as u64 * 2));
        assert_eq!(all.kept(), MOST);
        assert_eq!(all.all().1.len(), MOST);
        assert_eq!(all.dropped, 2 * MOST as u64);
        // The later half has room for as many again, also when all lie within the hour.
        all.forget_old();
        assert!(all.kept() <= MOST / 2 + 1, "{}", all.kept());
    }

    #[test]
    fn a_file_has_the_paths_of_all_its_folders() {
        let found: Vec<&[u8]> = tails(b"/srv/www/a").collect();
        assert_eq!(found, [&b"/srv/www/a"[..], b"/www/a", b"/a"]);
        assert_eq!(tails(b"/srv/").collect::<Vec<_>>(), [b"/srv/"]);
        assert_eq!(tails(b"x").count(), 0);
        assert_eq!(tails(&b"/x".repeat(100)).count(), FOLDERS);
    }
}
