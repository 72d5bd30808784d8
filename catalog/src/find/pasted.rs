//! A name inside a pasted text: an error message, a line of a log, a stack trace.

use std::ops::Range;

use super::{add, by_code, by_id, by_name, by_signal, rank};
use crate::normal::{push_word, words};
use crate::{ENTRIES, Entry, PHRASES};

/// Words of a text that are looked at.
const MOST_WORDS: usize = 700;
/// Words between a request's method and its status: a long path has many.
const FURTHEST_METHOD: usize = 24;
/// What a number tells that is said to be a status or an error.
const NUMBER: u32 = 80;
/// What an id tells.
const ID: u32 = 120;
/// What a phrase tells that only its place between marks makes a name.
const BETWEEN_MARKS: u32 = 20;
/// What a namespace's own name elsewhere in the text adds (`nginx`, `heroku`).
const NAMESPACE: u32 = 25;
/// Longest answer, unless more are exactly as likely.
const CANDIDATES: usize = 4;

/// What a text holds.
#[derive(Debug, Default)]
pub(super) struct Pasted {
    /// The entries that its names point to, the likeliest first.
    pub(super) entries: Vec<&'static Entry>,
    /// A status code that nobody owns.
    pub(super) status: Option<u16>,
}

/// Weighs all names inside a text against each other. Names that several phrases point to win; prose says nothing.
pub(super) fn inside(text: &str) -> Pasted {
    let text = Text::read(text);
    let mut votes = Votes::default();
    let mut status = None;
    let mut numbers = Vec::new();
    for place in 0..text.words.len() {
        if let Some(number) = text.number(place) {
            let entries = text.owners_of(place);
            if entries.is_empty() {
                status = status.or_else(|| number.parse().ok());
            }
            votes.add(entries.into_iter(), NUMBER);
            numbers.push(place);
        }
    }
    for found in text.phrases() {
        // `404 Not Found` is said once, not twice.
        let is_said = found.words.start.checked_sub(1).is_some_and(|before| {
            numbers.contains(&before) && text.is_followed_by_its_name(before)
        });
        if !is_said {
            votes.add(found.owners.iter().copied(), found.weight);
        }
    }
    for entries in text.ids_and_signals() {
        votes.add(entries.into_iter(), ID);
    }
    votes.favour(|namespace| text.holds(namespace));
    Pasted {
        entries: votes.winners(),
        status,
    }
}

/// A phrase inside the text.
struct Match {
    words: Range<usize>,
    owners: Vec<&'static Entry>,
    weight: u32,
}

/// A text, cut into words.
struct Text<'a> {
    raw: &'a str,
    words: Vec<Range<usize>>,
    /// The words in the spelling of the phrase table, one space between them.
    key: String,
    /// Where each word stands in `key`.
    places: Vec<Range<usize>>,
}

impl<'a> Text<'a> {
    fn read(raw: &'a str) -> Self {
        let mut words = words(raw);
        words.truncate(MOST_WORDS);
        let mut key = String::with_capacity(raw.len());
        let mut places = Vec::with_capacity(words.len());
        for word in &words {
            if !key.is_empty() {
                key.push(' ');
            }
            let start = key.len();
            push_word(&mut key, &raw[word.clone()]);
            places.push(start..key.len());
        }
        Self {
            raw,
            words,
            key,
            places,
        }
    }

    fn word(&self, place: usize) -> &str {
        self.places
            .get(place)
            .map_or("", |range| &self.key[range.clone()])
    }

    /// Whether all words of that namespace stand in the text.
    fn holds(&self, namespace: &str) -> bool {
        namespace
            .split('-')
            .all(|part| (0..self.words.len()).any(|place| self.word(place) == part))
    }

    /// All phrases, the longest at each place, none within another.
    fn phrases(&self) -> Vec<Match> {
        let mut found: Vec<Match> = Vec::new();
        for start in 0..self.words.len() {
            if let Some(phrase) = self.longest_from(start)
                && found
                    .last()
                    .is_none_or(|last| last.words.end < phrase.words.end)
            {
                found.push(phrase);
            }
        }
        found
    }

    fn longest_from(&self, start: usize) -> Option<Match> {
        let mut best = None;
        let mut from = 0;
        for end in start..self.words.len() {
            let key = &self.key[self.places[start].start..self.places[end].end];
            from += PHRASES[from..].partition_point(|(name, ..)| *name < key);
            let Some(&(name, owners, weight)) = PHRASES.get(from) else {
                break;
            };
            if name == key {
                if let Some(weight) = self.weight(start..end + 1, weight) {
                    best = Some(Match {
                        words: start..end + 1,
                        owners: owners.iter().map(|&at| &ENTRIES[usize::from(at)]).collect(),
                        weight,
                    });
                }
                from += 1;
            }
            let goes_on = PHRASES.get(from).is_some_and(|(name, ..)| {
                name.strip_prefix(key)
                    .is_some_and(|rest| rest.starts_with(' '))
            });
            if !goes_on {
                break;
            }
        }
        best
    }

    /// What these words tell here, if they are a name here.
    fn weight(&self, words: Range<usize>, weight: u16) -> Option<u32> {
        match weight {
            0 => self.is_between_marks(&words).then_some(BETWEEN_MARKS),
            1 => {
                let is_upper = !self.raw[self.words[words.start].clone()]
                    .chars()
                    .any(char::is_lowercase);
                (is_upper || self.is_between_marks(&words)).then_some(2 * BETWEEN_MARKS)
            }
            weight => Some(u32::from(weight)),
        }
    }

    /// Whether punctuation or an end of the text stands on both sides.
    fn is_between_marks(&self, words: &Range<usize>) -> bool {
        let is_mark = |gap: &str| {
            gap.chars()
                .any(|c| !c.is_whitespace() && !matches!(c, '-' | '/' | '\\' | '.' | '%' | '='))
        };
        let before = match words.start.checked_sub(1) {
            Some(last) => &self.raw[self.words[last].end..self.words[words.start].start],
            None => "|",
        };
        let after = match self.words.get(words.end) {
            Some(next) => &self.raw[self.words[words.end - 1].end..next.start],
            None => "|",
        };
        is_mark(before) && is_mark(after)
    }

    /// The word at this place, when it is a number (or `H12`, `403.14`) that the words around it call a status or error.
    fn number(&self, place: usize) -> Option<&str> {
        let word = self.word(place);
        let digits = word.strip_prefix('-').unwrap_or(word);
        let is_number = digits.len() >= 3
            && digits.len() <= 6
            && digits.starts_with(|c: char| c.is_ascii_digit())
            && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        // `5xx`: nothing else is written so.
        let is_class =
            word.len() == 3 && word.starts_with(['1', '2', '3', '4', '5']) && word.ends_with("xx");
        if is_class {
            return Some(word);
        }
        let is_code = word.len() <= 4
            && word.bytes().any(|b| b.is_ascii_digit())
            && word.starts_with(|c: char| c.is_ascii_alphabetic());
        if !is_number && !is_code {
            return None;
        }
        let is_told = self.is_announced(place)
            || (is_number
                && (self.is_followed_by_its_name(place) || self.is_after_a_request(place)));
        is_told.then_some(word)
    }

    /// `GET /cart 404 12 ms`: a status by its shape, alone between spaces, behind a method.
    fn is_after_a_request(&self, place: usize) -> bool {
        const METHODS: &[&str] = &["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];
        let number = &self.words[place];
        let is_space = |c: Option<char>| c.is_none_or(char::is_whitespace);
        let stands_alone = is_space(self.raw[..number.start].chars().next_back())
            && is_space(self.raw[number.end..].chars().next());
        let is_status = self
            .word(place)
            .parse()
            .is_ok_and(|code: u16| (100..600).contains(&code));
        stands_alone
            && is_status
            && self.words[place.saturating_sub(FURTHEST_METHOD)..place]
                .iter()
                .any(|word| METHODS.contains(&&self.raw[word.clone()]))
    }

    /// `status 404`, `error code: 1020`, `HTTP/1.1 502`, `code of 500`.
    fn is_announced(&self, place: usize) -> bool {
        const ANNOUNCES: &[&str] = &[
            "answered",
            "close",
            "closed",
            "code",
            "err",
            "errorcode",
            "got",
            "http",
            "https",
            "httpstatus",
            "httpstatuscode",
            "received",
            "responded",
            "response",
            "returned",
            "returns",
            "status",
            "status_code",
            "statuscode",
            "winerror",
        ];
        const BETWEEN: &[&str] = &["is", "of", "was", "a", "an", "http"];
        const ENDED: &[&str] = &["answered", "closed", "failed", "replied", "responded"];
        const VERSIONS: &[&str] = &["0.9", "1.0", "1.1", "2", "2.0", "3"];
        let Some(before) = place.checked_sub(1) else {
            return false;
        };
        let earlier = before.checked_sub(1).map_or("", |at| self.word(at));
        match self.word(before) {
            word if ANNOUNCES.contains(&word) => true,
            // `HTTPError: 403`, `SocketException (10054)`.
            word if word.ends_with("error") || word.ends_with("exception") => true,
            word if VERSIONS.contains(&word) => earlier == "http",
            word if BETWEEN.contains(&word) => ANNOUNCES.contains(&earlier),
            "with" => ENDED.contains(&earlier),
            // `GET https://shop.example/ -> 404`
            _ => {
                let gap = &self.raw[self.words[before].end..self.words[place].start];
                let is_colon = gap.trim() == ":" && ENDED.contains(&self.word(before));
                // `closed abnormally (1006)`
                let is_bracket = gap.ends_with('(')
                    && (before.saturating_sub(2)..=before).any(|at| {
                        ANNOUNCES.contains(&self.word(at)) || ENDED.contains(&self.word(at))
                    });
                is_colon || is_bracket || ["->", "=>", "→"].iter().any(|arrow| gap.contains(arrow))
            }
        }
    }

    /// `404 Not Found`, `1006 (abnormal closure)`.
    fn is_followed_by_its_name(&self, place: usize) -> bool {
        let Some(next) = self.places.get(place + 1) else {
            return false;
        };
        let rest = &self.key[next.start..];
        by_code(self.word(place)).iter().any(|entry| {
            let title = crate::normal::phrase(entry.title);
            rest.strip_prefix(title.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        })
    }

    /// The owners of the number here, those whose namespace the text names first.
    fn owners_of(&self, place: usize) -> Vec<&'static Entry> {
        let mut found = by_code(self.word(place));
        add(&mut found, by_name(self.word(place)));
        found.sort_by_key(|entry| !self.holds(entry.id.namespace()));
        found.truncate(CANDIDATES);
        found
    }

    /// Ids and signals, as httpwhy itself prints them: `nginx/499`, `cert:expired`.
    fn ids_and_signals(&self) -> impl Iterator<Item = Vec<&'static Entry>> {
        self.raw
            .split_whitespace()
            .take(MOST_WORDS)
            .filter(|word| word.contains(['/', ':']))
            .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()))
            .map(|word| by_id(word).map_or_else(|| by_signal(word), |entry| vec![entry]))
    }
}

/// What speaks for which entry.
#[derive(Default)]
struct Votes(Vec<(&'static Entry, u32)>);

impl Votes {
    fn add(&mut self, owners: impl Iterator<Item = &'static Entry>, weight: u32) {
        for entry in owners {
            // A page covers many outcomes: any of them says more.
            let weight = if entry.leads_to.is_empty() {
                weight
            } else {
                weight / 4
            };
            match self.0.iter_mut().find(|(other, _)| other.id == entry.id) {
                Some((_, sum)) => *sum += weight,
                None => self.0.push((entry, weight)),
            }
        }
    }

    /// Adds to those whose namespace the text names.
    fn favour(&mut self, is_named: impl Fn(&str) -> bool) {
        for (entry, sum) in &mut self.0 {
            if !matches!(entry.id.namespace(), "http" | "net" | "tls")
                && is_named(entry.id.namespace())
            {
                *sum += NAMESPACE;
            }
        }
    }

    /// Those nearly as likely as the likeliest.
    fn winners(mut self) -> Vec<&'static Entry> {
        self.0
            .sort_by_key(|(entry, sum)| (std::cmp::Reverse(*sum), rank(entry), entry.id));
        let most = self.0.first().map_or(0, |(_, sum)| *sum);
        self.0.retain(|(_, sum)| sum * 5 >= most * 4);
        let mut kept: Vec<&Entry> = Vec::new();
        for (entry, sum) in &self.0 {
            if *sum == most || kept.len() < CANDIDATES {
                kept.push(entry);
            }
        }
        // A page says less than the precise outcomes that it leads to.
        let pages: Vec<&Entry> = kept
            .iter()
            .copied()
            .filter(|page| kept.iter().any(|entry| page.leads_to.contains(&entry.id)))
            .collect();
        kept.retain(|entry| !pages.iter().any(|page| page.id == entry.id));
        kept
    }
}
