//! The journal: what was asked for, and what was done, for assertions in clients' tests.
//!
//! It is a ring of fixed size: the oldest entries go. An entry is there before the first byte of its answer is, and is
//! completed when the act is over, so that a stall can be seen while it lasts. Fields and content of requests are kept
//! only when wanted ([`Journal::keep_requests`]); credentials among them never.

mod entry;
mod page;

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime};

use httpwhy_model::is_secret_field;

pub use entry::{Ended, Entry, Over};
pub(crate) use page::{PATH, page};

use crate::request::Asked;

/// How many entries are kept.
pub(crate) const KEPT: usize = 4096;
/// The longest method, path, query or act that is kept, in bytes.
const LONGEST: usize = 2048;
/// How much of a request's fields, and of its content, is kept, in bytes.
const KEPT_FIELDS: usize = 8192;
const KEPT_CONTENT: usize = 4096;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    ring: Mutex<Ring>,
    keeps_requests: AtomicBool,
}

#[derive(Debug, Default)]
struct Ring {
    entries: VecDeque<Kept>,
    /// The number of the first entry that is kept.
    first: u64,
}

/// A line, and where it is one of the short way, only what differs from another: a ring that stays in the cache.
#[derive(Debug)]
enum Kept {
    Plain(Plain),
    Full(Box<Entry>),
}

/// A GET of `/status/{code}`.
#[derive(Debug, Clone, Copy)]
struct Plain {
    at: SystemTime,
    code: u16,
    bytes: u32,
    peer: Option<IpAddr>,
    ended: Ended,
}

impl Plain {
    fn entry(self, number: u64) -> Entry {
        Entry {
            number,
            at: Some(self.at),
            over: Over::Http1,
            method: "GET".to_owned(),
            path: format!("/status/{}", self.code),
            status: Some(self.code),
            bytes: self.bytes.into(),
            peer: self.peer,
            ended: self.ended,
            ..Entry::default()
        }
    }
}

/// What was seen of an answer while it went out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Told {
    /// The status of the last head that began; 0 for none.
    pub(crate) status: u16,
    /// How many bytes went out.
    pub(crate) bytes: u64,
    /// Whether it ended in silence.
    pub(crate) silent: bool,
}

impl Told {
    /// Takes note of bytes that go out.
    pub(crate) fn hear(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        if (self.status < 200 || self.status == 0)
            && let Some(code) = bytes
                .strip_prefix(b"HTTP/1.")
                .and_then(|rest| rest.get(2..5))
            && code.iter().all(u8::is_ascii_digit)
        {
            self.status = code
                .iter()
                .fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0'));
        }
    }
}

impl Journal {
    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether fields and content of requests are kept: what answers without reading them must not, then.
    pub(crate) fn keeps_requests(&self) -> bool {
        self.keeps_requests.load(Ordering::Relaxed)
    }

    /// Fields and content of requests are kept from now on, or no longer.
    pub(crate) fn keep_requests(&self, wanted: bool) {
        self.keeps_requests.store(wanted, Ordering::Relaxed);
    }

    /// A GET of `/status/{code}` that was answered so, with as many bytes: the hook of the short way.
    pub(crate) fn note(&self, code: u16, bytes: usize, peer: Option<IpAddr>, ended: Ended) {
        let plain = Plain {
            at: SystemTime::now(),
            code,
            bytes: u32::try_from(bytes).unwrap_or(u32::MAX),
            peer,
            ended,
        };
        self.ring().push(Kept::Plain(plain));
    }

    /// An exchange begins; the returned note is completed by [`Noting::over`], or when it is dropped.
    pub(crate) fn begin(&self, asked: &Asked, at: Whence, act: &str) -> Noting<'_> {
        let keeps = self.keeps_requests();
        let mut ring = self.ring();
        let number = ring.next();
        let mut entry = Box::new(Entry {
            number,
            at: Some(SystemTime::now()),
            over: at.over,
            ..Entry::default()
        });
        entry.set(&asked.method, &asked.path, act);
        if let Some(query) = &asked.query {
            entry.query = Some(cut(query).to_owned());
        }
        entry.peer = at.peer;
        entry.secure = at.secure;
        entry.length = asked.length;
        if keeps {
            entry.fields = Some(kept_fields(asked));
            entry.content = Some(asked.content[..asked.content.len().min(KEPT_CONTENT)].to_vec());
        }
        ring.push(Kept::Full(entry));
        Noting {
            journal: self,
            number,
            begun: Instant::now(),
            is_over: false,
        }
    }

    /// A connection to a port of an act begins.
    pub(crate) fn arrival(&self, at: Whence, act: &str) -> Noting<'_> {
        self.begin(&Asked::default(), at, act)
    }

    fn complete(&self, number: u64, begun: Instant, told: Told, ended: Ended) {
        let mut ring = self.ring();
        let Some(entry) = ring.find(number) else {
            return;
        };
        entry.status = (told.status != 0).then_some(told.status);
        entry.bytes = told.bytes;
        entry.ended = if told.silent { Ended::Silence } else { ended };
        entry.took = Some(begun.elapsed());
    }

    /// The entries that are wanted, oldest first, and the number of the next one.
    pub(crate) fn entries(&self, wanted: impl Fn(&Entry) -> bool) -> (Vec<Entry>, u64) {
        let ring = self.ring();
        let entries = (ring.first..)
            .zip(&ring.entries)
            .map(|(number, kept)| match kept {
                Kept::Plain(plain) => plain.entry(number),
                Kept::Full(entry) => Entry::clone(entry),
            });
        (entries.filter(wanted).collect(), ring.next())
    }

    /// Forgets all. Numbers go on.
    pub(crate) fn clear(&self) {
        let mut ring = self.ring();
        ring.first = ring.next();
        ring.entries.clear();
    }
}

impl Ring {
    fn next(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    /// Adds one, in place of the oldest when the ring is full.
    fn push(&mut self, kept: Kept) {
        if self.entries.len() >= KEPT {
            self.first += 1;
            self.entries.pop_front();
        }
        self.entries.push_back(kept);
    }

    fn find(&mut self, number: u64) -> Option<&mut Entry> {
        let at = usize::try_from(number.checked_sub(self.first)?).ok()?;
        match self.entries.get_mut(at)? {
            Kept::Plain(_) => None,
            Kept::Full(entry) => Some(entry),
        }
    }
}

/// Where an exchange came from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Whence {
    /// In what.
    pub(crate) over: Over,
    /// From whom.
    pub(crate) peer: Option<IpAddr>,
    /// Whether there is TLS under it.
    pub(crate) secure: bool,
}

/// An entry that is not complete.
pub(crate) struct Noting<'a> {
    journal: &'a Journal,
    number: u64,
    begun: Instant,
    is_over: bool,
}

impl Noting<'_> {
    /// Completes it.
    pub(crate) fn over(mut self, told: Told, ended: Ended) {
        self.is_over = true;
        self.journal.complete(self.number, self.begun, told, ended);
    }
}

impl Drop for Noting<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            // The act was given up: its time was over, or the simulator stops.
            self.journal
                .complete(self.number, self.begun, Told::default(), Ended::GivenUp);
        }
    }
}

/// The fields of a request, up to a bound, without secrets.
fn kept_fields(asked: &Asked) -> Vec<(String, String)> {
    let mut room = KEPT_FIELDS;
    let mut kept = Vec::new();
    for (name, value) in &asked.fields {
        let size = name.len() + value.len();
        if size > room {
            break;
        }
        room -= size;
        let value = if is_secret_field(name.as_bytes()) {
            "*".repeat(value.len())
        } else {
            value.clone()
        };
        kept.push((name.clone(), value));
    }
    kept
}

/// The text up to the bound.
fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(LONGEST)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(path: &str) -> Asked {
        Asked {
            method: "GET".to_owned(),
            path: path.to_owned(),
            fields: vec![
                ("Accept".to_owned(), "*/*".to_owned()),
                ("Authorization".to_owned(), "Basic YQ==".to_owned()),
            ],
            ..Asked::default()
        }
    }

    const HERE: Whence = Whence {
        over: Over::Http1,
        peer: None,
        secure: false,
    };

    #[test]
    fn the_ring_is_bounded_and_numbers_go_on() {
        let journal = Journal::default();
        for _ in 0..KEPT + 10 {
            journal.note(503, 100, None, Ended::Kept);
        }
        let (all, next) = journal.entries(|_| true);
        assert_eq!((all.len(), next), (KEPT, KEPT as u64 + 10));
        assert_eq!((all[0].number, all[0].status), (10, Some(503)));
        journal.clear();
        journal.note(200, 1, None, Ended::Fin);
        let (all, next) = journal.entries(|_| true);
        assert_eq!(
            (all.len(), all[0].number, next),
            (1, KEPT as u64 + 10, KEPT as u64 + 11)
        );
    }

    #[test]
    fn an_entry_is_there_before_it_is_complete() {
        let journal = Journal::default();
        let noting = journal.begin(&asked("/hang"), HERE, "");
        assert_eq!(journal.entries(|_| true).0[0].ended, Ended::UnderWay);
        drop(noting);
        assert_eq!(journal.entries(|_| true).0[0].ended, Ended::GivenUp);
        let noting = journal.begin(&asked("/get"), HERE, "");
        let mut told = Told::default();
        told.hear(b"HTTP/1.1 103 Early Hints\r\n\r\n");
        told.hear(b"HTTP/1.1 200 OK\r\n");
        told.hear(b"HTTP/1.1 999 is content\r\n");
        noting.over(told, Ended::Fin);
        let (all, _) = journal.entries(|entry| entry.path == "/get");
        assert_eq!(
            (all[0].status, all[0].bytes, all[0].ended),
            (Some(200), 70, Ended::Fin)
        );
        assert_eq!(all[0].fields, None);
    }

    #[test]
    fn fields_are_kept_when_wanted_and_secrets_never() {
        let journal = Journal::default();
        journal.keep_requests(true);
        journal
            .begin(&asked("/get"), HERE, "")
            .over(Told::default(), Ended::Kept);
        let fields = journal.entries(|_| true).0[0].fields.clone();
        let fields = fields.expect("kept");
        assert_eq!(fields[0].1, "*/*");
        assert_eq!(
            fields[1],
            ("Authorization".to_owned(), "**********".to_owned())
        );
    }
}
