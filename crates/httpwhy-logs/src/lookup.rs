//! What was met lately, so that it is not folded and looked for again.

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

    /// Of a path: what stands before the number that is its last segment, and whether there is one. Whatever the number is,
    /// the template is the same, and most paths that are met once end in one. Longer ones than seven digits are not
    /// looked for.
    #[expect(
        clippy::needless_bitwise_bool,
        reason = "`&&` is a branch, and unforeseen"
    )]
    #[inline]
    fn without_number(self) -> (Self, bool) {
        let last = self
            .to
            .checked_sub(8)
            .and_then(|from| self.line.get(from..));
        let Some(last) = last.and_then(<[u8]>::first_chunk) else {
            return (self, false);
        };
        let last = u64::from_le_bytes(*last);
        let digits = digits_at_end(last);
        let before = last.wrapping_shl(digits as u32 * 8) >> 56;
        let is_segment = (before == u64::from(b'/'))
            & (digits.wrapping_sub(1) < 7)
            & (digits < self.to - self.from);
        let length = if is_segment { digits } else { 0 };
        let to = self.to - length;
        (Self { to, ..self }, is_segment)
    }
}

impl<'l> From<&'l [u8]> for Part<'l> {
    fn from(text: &'l [u8]) -> Self {
        Self::new(text, 0, text.len())
    }
}

/// How many of eight bytes, from the last one on, are decimal digits. The last byte is the highest.
#[inline]
const fn digits_at_end(text: u64) -> usize {
    const HIGH: u64 = u64::from_le_bytes([0x80; 8]);
    // The highest bit of each byte that is no digit: above `9`, below `0`, or above 0x7f. No byte carries into the next.
    let low = text & !HIGH;
    let above = low + u64::from_le_bytes([0x7f - b'9'; 8]);
    let reaches = low + u64::from_le_bytes([0x80 - b'0'; 8]);
    ((above | !reaches | text) & HIGH).leading_zeros() as usize / 8
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
        let (before, number) = path.without_number();
        let hash = before.hash(seed) ^ u64::from(number);
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
        let mut paths = vec![String::new(), "*".to_owned(), "12345678".to_owned()];
        for before in [
            "/",
            "/a/",
            "/a",
            "/a-",
            "/7/",
            "//",
            "/\u{e9}/",
            "/api/orders/of/a/far/",
        ] {
            for digits in 0..12 {
                for after in ["", "/", "x", "/9", ":", "\u{661}"] {
                    paths.push(format!(
                        "{before}{}{after}",
                        &"918273645546372819"[..digits]
                    ));
                }
            }
        }
        paths
    }

    #[test]
    fn what_is_looked_up_as_one_path_has_one_template() {
        let mut known: HashMap<(Vec<u8>, bool), Vec<u8>> = HashMap::new();
        let mut shared = 0;
        for path in paths() {
            let line = format!("1234567 GET {path} HTTP/1.1");
            let (before, number) = Part::new(line.as_bytes(), 12, 12 + path.len()).without_number();
            let mut template = Vec::new();
            fold(path.as_bytes(), &mut template);
            let key = (before.text().to_vec(), number);
            let other = known.entry(key).or_insert_with(|| template.clone());
            shared += usize::from(number);
            assert_eq!(
                other.escape_ascii().to_string(),
                template.escape_ascii().to_string(),
                "{path}"
            );
        }
        assert!(shared > 30, "{shared}");
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
