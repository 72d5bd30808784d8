//! What was met lately, so that it is not folded and looked for again.

use httpwhy_ingest::logs::digits_and_slashes;
use httpwhy_model::template::fold;

use crate::agent;
use crate::errors::without_port;
use crate::hash::Seed;
use crate::tables::names::{Handle, Id, Names};
use crate::tables::{Dimension, Tables};

/// Pairs of the small tables of what was met lately.
const PAIRS: usize = 2048;
/// The same for methods, of which there are few.
const METHODS: usize = 8;

/// What was met lately, by hash, so that the same path or agent is not folded again.
#[derive(Default)]
pub(crate) struct Lookup {
    paths: Lately<Handle, PAIRS>,
    agents: Lately<(Handle, bool), PAIRS>,
    clients: Lately<Handle, PAIRS>,
    bots: Lately<bool, PAIRS>,
    template: Vec<u8>,
    methods: Lately<Handle, METHODS>,
}

/// A part of a line. What stands around it in the line is read with it and left out again, so that its length, which
/// nobody can foresee, is no branch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part<'l> {
    line: &'l [u8],
    from: usize,
    to: usize,
}

impl<'l> Part<'l> {
    #[inline]
    pub(crate) const fn new(line: &'l [u8], from: usize, to: usize) -> Self {
        Self { line, from, to }
    }

    #[inline]
    fn text(self) -> &'l [u8] {
        &self.line[self.from..self.to]
    }

    #[inline]
    fn hash(self, seed: Seed) -> u64 {
        match self.line.get(self.from..).and_then(<[u8]>::first_chunk) {
            Some(sixteen) if self.to - self.from <= 16 => {
                seed.of_first(*sixteen, self.to - self.from)
            }
            _ => seed.of(self.text()),
        }
    }

    /// At most eight bytes as they are, where so many stand from there on.
    #[inline]
    fn few(self) -> Option<u64> {
        let eight = self.line.get(self.from..)?.first_chunk()?;
        let length = self.to - self.from;
        let is_few = (1..=8).contains(&length);
        is_few.then(|| u64::from_le_bytes(*eight) & u64::MAX >> (64 - length * 8))
    }

    /// What a path is looked up by: alike for paths that differ only in the digits of segments that are numbers, whose
    /// template is the same. Most paths that are met once have one. Of a long path, the last 32 bytes are looked at for them.
    #[inline]
    fn path_key(self, seed: Seed) -> u64 {
        let length = self.to - self.from;
        let before = self
            .to
            .checked_sub(WINDOW)
            .and_then(|from| self.line.get(from..));
        let mut copy = [0; WINDOW];
        let window = before.and_then(<[u8]>::first_chunk).unwrap_or_else(|| {
            let text = &self.text()[length.saturating_sub(WINDOW)..];
            copy[WINDOW - text.len()..].copy_from_slice(text);
            &copy
        });
        let outside = (1_u64 << WINDOW.saturating_sub(length)) - 1;
        let numbers = numbers(window, outside);
        let key = seed.of_window(window, outside | numbers, length as u64 | numbers << 32);
        match length.checked_sub(WINDOW) {
            None | Some(0) => key,
            Some(head) => key ^ seed.of(&self.line[self.from..self.from + head]),
        }
    }
}

impl<'l> From<&'l [u8]> for Part<'l> {
    fn from(text: &'l [u8]) -> Self {
        Self::new(text, 0, text.len())
    }
}

/// So many bytes of a path are looked at for numbers.
const WINDOW: usize = 32;

/// Which bytes of the end of a path are of segments that are numbers, a bit each; none where some segment only begins with
/// a digit. `outside` are those before the path.
#[inline]
fn numbers(window: &[u8; WINDOW], outside: u64) -> u64 {
    let (digits, slashes) = digits_and_slashes(window);
    let digits = digits & !outside;
    let slashes = slashes & !outside;
    let first = digits & (slashes << 1);
    // One more at the first digit of a run carries through the run into the byte behind.
    let behind = (digits + first) & !digits;
    let is_segment = behind & !(slashes | 1 << WINDOW) == 0;
    // The end of a run less its begin is the run.
    if is_segment { behind - first } else { 0 }
}

/// A small table of two places to each hash; the one met first gives way. It takes no memory before it is used.
#[derive(Default)]
struct Lately<T, const PAIRS: usize> {
    pairs: Option<Box<[Pair<T>; PAIRS]>>,
}

type Pair<T> = [(u64, T); 2];

impl<T: Copy + Default, const PAIRS: usize> Lately<T, PAIRS> {
    #[expect(clippy::inline_always, reason = "calls for each line")]
    #[inline(always)]
    fn get(&self, hash: u64) -> Option<T> {
        let pair = &self.pairs.as_deref()?[hash as usize % PAIRS];
        // Which of the two it is cannot be foreseen, and so is no branch.
        let (known, value) = pair[usize::from(pair[1].0 == hash)];
        (known == hash).then_some(value)
    }

    fn set(&mut self, hash: u64, value: T) {
        let free = || vec![[(0, T::default()); 2]; PAIRS].try_into().ok();
        if self.pairs.is_none() {
            self.pairs = free();
        }
        let Some(pairs) = self.pairs.as_deref_mut() else {
            return;
        };
        let [latest, before] = &mut pairs[hash as usize % PAIRS];
        if latest.0 != hash {
            *before = *latest;
        }
        *latest = (hash, value);
    }
}

impl Lookup {
    #[expect(clippy::inline_always, reason = "a call for each line")]
    #[inline(always)]
    pub(crate) fn path(&mut self, tables: &mut Tables, seed: Seed, path: Part<'_>) -> Id {
        let hash = path.path_key(seed);
        let names = &mut tables.names[Dimension::Path as usize];
        if let Some(handle) = self.paths.get(hash)
            && names.again(handle)
        {
            return handle.id;
        }
        self.other_path(names, hash, path.text())
    }

    #[cold]
    fn other_path(&mut self, names: &mut Names, hash: u64, path: &[u8]) -> Id {
        self.template.clear();
        fold(path, &mut self.template);
        let handle = names.handle(&self.template, 1);
        self.paths.set(hash, handle);
        handle.id
    }

    /// The agent's family, and whether it claims to be a bot.
    #[expect(clippy::inline_always, reason = "a call for each line")]
    #[inline(always)]
    pub(crate) fn agent(&mut self, tables: &mut Tables, seed: Seed, agent: &[u8]) -> (Id, bool) {
        let hash = seed.of(agent);
        let names = &mut tables.names[Dimension::Agent as usize];
        if let Some((handle, bot)) = self.agents.get(hash)
            && names.again(handle)
        {
            return (handle.id, bot);
        }
        self.other_agent(names, hash, agent)
    }

    #[cold]
    fn other_agent(&mut self, names: &mut Names, hash: u64, agent: &[u8]) -> (Id, bool) {
        let (family, bot) = agent::family(agent);
        let handle = names.handle(&family, 1);
        self.agents.set(hash, (handle, bot));
        (handle.id, bot)
    }

    /// Whether the agent claims to be a bot.
    pub(crate) fn is_bot(&mut self, seed: Seed, agent: &[u8]) -> bool {
        let hash = seed.of(agent);
        if let Some(bot) = self.bots.get(hash) {
            return bot;
        }
        let bot = agent::is_bot(agent);
        self.bots.set(hash, bot);
        bot
    }

    /// The client's network.
    #[expect(clippy::inline_always, reason = "a call for each line")]
    #[inline(always)]
    pub(crate) fn network(&mut self, tables: &mut Tables, seed: Seed, client: Part<'_>) -> Id {
        let hash = client.hash(seed);
        let names = &mut tables.names[Dimension::Network as usize];
        if let Some(handle) = self.clients.get(hash)
            && names.again(handle)
        {
            return handle.id;
        }
        self.other_network(tables, hash, client.text())
    }

    #[cold]
    fn other_network(&mut self, tables: &mut Tables, hash: u64, client: &[u8]) -> Id {
        let client = without_port(client);
        tables.distinct.add(client);
        self.template.clear();
        crate::network::write(client, &mut self.template);
        let handle = tables.names[Dimension::Network as usize].handle(&self.template, 1);
        self.clients.set(hash, handle);
        handle.id
    }

    #[expect(clippy::inline_always, reason = "a call for each line")]
    #[inline(always)]
    pub(crate) fn method(&mut self, tables: &mut Tables, seed: Seed, method: Part<'_>) -> Id {
        let names = &mut tables.names[Dimension::Method as usize];
        let hash = method.few().unwrap_or_else(|| method.hash(seed));
        if let Some(handle) = self.methods.get(hash)
            && names.again(handle)
        {
            return handle.id;
        }
        self.other_method(names, hash, method.text())
    }

    #[cold]
    fn other_method(&mut self, names: &mut Names, hash: u64, method: &[u8]) -> Id {
        let handle = names.handle(method, 1);
        self.methods.set(hash, handle);
        handle.id
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    /// Paths on either side of every border: short and long ones, numbers of any length, alone, in a name, at the end.
    fn paths() -> Vec<String> {
        let far = "/abc".repeat(30);
        let mut paths = vec![String::new(), "*".to_owned(), "12345678".to_owned()];
        for before in [
            "/",
            "/a/",
            "/a",
            "/a-",
            "/7/",
            "//",
            "/\u{e9}/",
            "/\0/",
            "/api/orders/of/",
            &far,
        ] {
            for digits in 0..14 {
                for after in [
                    "",
                    "/",
                    "x",
                    "/9",
                    "/81/a",
                    "/8b",
                    ":",
                    "\u{661}",
                    "\0",
                    "/of/all/that/are/far/away",
                    &far,
                ] {
                    for number in ["91827364554637", "27182818284590"] {
                        paths.push(format!("{before}{}{after}", &number[..digits]));
                    }
                }
            }
        }
        paths
    }

    #[test]
    fn what_is_looked_up_as_one_path_has_one_template() {
        let seed = Seed::random();
        let mut known: HashMap<u64, (String, String)> = HashMap::new();
        let mut shared = 0;
        for path in paths() {
            let line = format!("01/Nov/2026:01:02:03 \"1234567 GET {path} HTTP/1.1");
            let from = line.len() - " HTTP/1.1".len() - path.len();
            let part = Part::new(line.as_bytes(), from, from + path.len());
            let key = part.path_key(seed);
            assert_eq!(Part::from(path.as_bytes()).path_key(seed), key, "{path}");
            let mut template = Vec::new();
            fold(path.as_bytes(), &mut template);
            let template = template.escape_ascii().to_string();
            let (other, known) = known
                .entry(key)
                .or_insert_with(|| (path.clone(), template.clone()));
            assert_eq!(*known, template, "{other} {path}");
            shared += usize::from(*other != path);
        }
        assert!(shared > 100, "{shared}");
    }

    #[test]
    fn numbers_are_whole_segments() {
        for (path, wanted) in [
            ("/img/67281", "/img/....."),
            ("/users/1/orders/22/333", "/users/./orders/../..."),
            ("/2/", "/./"),
            ("/v2/9", "/v2/."),
            ("/9/2a", "/9/2a"),
            ("/9-2", "/9-2"),
            ("/", "/"),
            ("12", "12"),
            ("/a/12\0", "/a/12\0"),
        ] {
            let mut window = [b'9'; WINDOW];
            let from = WINDOW - path.len();
            window[from..].copy_from_slice(path.as_bytes());
            let numbers = numbers(&window, (1 << from) - 1);
            let seen = window.iter().enumerate().skip(from).map(|(at, byte)| {
                if numbers >> at & 1 == 1 {
                    '.'
                } else {
                    char::from(*byte)
                }
            });
            assert_eq!(seen.collect::<String>(), wanted);
            assert_eq!(numbers & ((1 << from) - 1), 0, "{path}");
        }
    }

    #[test]
    fn a_part_of_a_line_is_hashed_like_the_same_text_alone() {
        let seed = Seed::random();
        let line = b"/api/orders/12345 and so on, for more than sixteen bytes";
        for from in 0..line.len() {
            for to in from..line.len() {
                let part = Part::new(line, from, to);
                assert_eq!(part.hash(seed), seed.of(&line[from..to]), "{from}..{to}");
                let alone = Part::from(&line[from..to]);
                assert_eq!(alone.hash(seed), seed.of(&line[from..to]), "{from}..{to}");
                let few = part.few().filter(|_| from + 8 <= line.len());
                let wanted = (1..=8).contains(&(to - from)) && from + 8 <= line.len();
                assert_eq!(few.is_some(), wanted, "{from}..{to}");
            }
        }
    }

    #[test]
    fn the_latest_two_of_a_place_are_known() {
        let mut lately = Lately::<u8, 4>::default();
        assert_eq!(lately.get(0), None);
        for (hash, value) in [(5, 1), (9, 2), (5, 3), (13, 4), (6, 5)] {
            lately.set(hash, value);
        }
        assert_eq!(
            [5, 9, 13, 6].map(|hash| lately.get(hash)),
            [Some(3), None, Some(4), Some(5)]
        );
    }
}
