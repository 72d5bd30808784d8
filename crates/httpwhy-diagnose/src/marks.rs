//! What an answer's content shows, found in one pass: products' marks, details of errors, words that clues ask for.

use std::cell::OnceCell;
use std::sync::OnceLock;

use httpwhy_catalog::entries;
use httpwhy_model::Response;

use crate::derive::kept_content;
use crate::scan::Scanner;
use crate::{blame, derive, details, producer};

/// A place in the content: from, to.
pub(crate) type Range = (usize, usize);

/// What one content shows; looked for when it is first asked for.
pub(crate) struct Marks<'a> {
    content: &'a [u8],
    /// The numbers of the patterns that match, ascending, with their first places.
    found: OnceCell<Vec<(usize, Range)>>,
}

/// All patterns in one list, and where each kind begins in it.
struct All {
    scanner: Scanner,
    details: usize,
    words: usize,
    /// Texts, sorted; each is a pattern of its own.
    texts: Vec<&'static str>,
}

impl<'a> Marks<'a> {
    /// Of that response's content, as far as it was kept and is read.
    pub(crate) fn of(response: Option<&'a Response>) -> Self {
        Self {
            content: response.map_or(&[], kept_content),
            found: OnceCell::new(),
        }
    }

    /// The content that is looked at.
    pub(crate) fn content(&self) -> &'a [u8] {
        self.content
    }

    /// Products' marks: the number among [`producer::bodies`], and the place.
    pub(crate) fn products(&self) -> impl Iterator<Item = (usize, Range)> {
        let found = self.found();
        // Where nothing was found, nothing has to be prepared.
        let end = if found.is_empty() { 0 } else { all().details };
        found
            .iter()
            .copied()
            .take_while(move |(number, _)| *number < end)
    }

    /// Details of errors: the number among [`details::DETAILS`], and the place.
    pub(crate) fn details(&self) -> impl Iterator<Item = (usize, Range)> {
        let found = self.found();
        let (details, words) = match found {
            [] => (0, 0),
            _ => (all().details, all().words),
        };
        found
            .iter()
            .filter(move |(number, _)| (details..words).contains(number))
            .map(move |&(number, range)| (number - details, range))
    }

    /// Where a text stands that a clue asks for, [`derive::CSRF_WORDS`] or [`blame::pages`] holds.
    pub(crate) fn text(&self, text: &str) -> Option<Range> {
        let found = self.found();
        if found.is_empty() {
            return None;
        }
        let all = all();
        let number = all.words + all.texts.binary_search(&text).ok()?;
        let at = found.binary_search_by_key(&number, |(number, _)| *number);
        at.ok().map(|at| found[at].1)
    }

    fn found(&self) -> &[(usize, Range)] {
        self.found.get_or_init(|| {
            if self.content.is_empty() {
                return Vec::new();
            }
            all().scanner.matches(self.content)
        })
    }
}

fn all() -> &'static All {
    static ALL: OnceLock<All> = OnceLock::new();
    ALL.get_or_init(|| {
        let products = producer::bodies().iter().map(producer::pattern_of);
        let details = details::DETAILS
            .iter()
            .map(|detail| detail.pattern.to_owned());
        let clues = entries().iter().flat_map(|entry| entry.recognise);
        let mut texts: Vec<&'static str> = clues.filter_map(|clue| clue.body).collect();
        texts.extend(derive::CSRF_WORDS.iter().map(|(word, _)| *word));
        texts.extend(blame::pages::texts());
        texts.sort_unstable();
        texts.dedup();
        let words = texts.iter().map(|text| regex::escape(text));
        All {
            details: producer::bodies().len(),
            words: producer::bodies().len() + details.len(),
            scanner: Scanner::new(products.chain(details).chain(words)),
            texts,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_compiles_and_few_are_always_run() {
        let scanner = &all().scanner;
        assert!(scanner.compiles());
        let slow: Vec<&str> = scanner
            .run_always()
            .into_iter()
            .filter(|pattern| !pattern.starts_with('^'))
            .collect();
        assert_eq!(slow, [""; 0], "run on every page");
    }
}
