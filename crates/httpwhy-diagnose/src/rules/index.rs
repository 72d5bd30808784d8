//! From what a response has to the rules that look at it, so that an ordinary response meets few.

use std::sync::OnceLock;

use httpwhy_model::{Fields, H1Defect};

use super::{ALL, Rule, Watch};

/// One past the greatest status of three digits.
const STATUSES: usize = 1_000;
/// How many rules can be told apart while one response is looked at; a test counts them.
pub(super) const MOST_RULES: usize = 128;

/// The rules by what they watch.
pub(super) struct Index {
    rules: Vec<&'static Rule>,
    by_status: Vec<Vec<&'static Rule>>,
    /// At each length, the names of that length that are watched.
    by_name: Vec<Vec<Name>>,
    by_defect: Vec<Vec<&'static Rule>>,
    every: Vec<&'static Rule>,
}

/// A field's name, and the rules that watch it with their numbers.
struct Name {
    name: &'static str,
    rules: Vec<(usize, &'static Rule)>,
}

impl Index {
    /// Built on the first use.
    pub(super) fn get() -> &'static Self {
        static INDEX: OnceLock<Index> = OnceLock::new();
        INDEX.get_or_init(Self::build)
    }

    fn build() -> Self {
        let mut rules: Vec<&'static Rule> = ALL.iter().copied().flatten().copied().collect();
        rules.sort_by_key(|rule| rule.name);
        let mut index = Self {
            rules: Vec::new(),
            by_status: vec![Vec::new(); STATUSES],
            by_name: Vec::new(),
            by_defect: vec![Vec::new(); H1Defect::ALL.len()],
            every: Vec::new(),
        };
        for (number, &rule) in rules.iter().enumerate() {
            match rule.watches {
                Watch::Status(statuses) => {
                    for &status in statuses {
                        index.by_status[usize::from(status)].push(rule);
                    }
                }
                Watch::Field(names) => {
                    for &name in names {
                        index.watch_name(name, number, rule);
                    }
                }
                Watch::Defect(defect) => index.by_defect[defect as usize].push(rule),
                Watch::Every => index.every.push(rule),
            }
        }
        index.rules = rules;
        index
    }

    fn watch_name(&mut self, name: &'static str, number: usize, rule: &'static Rule) {
        if self.by_name.len() <= name.len() {
            self.by_name.resize_with(name.len() + 1, Vec::new);
        }
        let names = &mut self.by_name[name.len()];
        match names.iter_mut().find(|known| known.name == name) {
            Some(known) => known.rules.push((number, rule)),
            None => names.push(Name {
                name,
                rules: vec![(number, rule)],
            }),
        }
    }

    /// All rules, by name.
    pub(super) fn rules(&self) -> &[&'static Rule] {
        &self.rules
    }

    /// The rules that watch that status.
    pub(super) fn by_status(&self, status: Option<u16>) -> &[&'static Rule] {
        status
            .and_then(|status| self.by_status.get(usize::from(status)))
            .map_or(&[], Vec::as_slice)
    }

    /// Calls `run` once for each rule that watches a field which is there.
    pub(super) fn by_fields(&self, fields: &Fields, mut run: impl FnMut(&'static Rule)) {
        let mut done = 0u128;
        for field in &fields.list {
            let Some(names) = self.by_name.get(field.name.len()) else {
                continue;
            };
            let known = names
                .iter()
                .find(|known| field.name.eq_ignore_ascii_case(known.name.as_bytes()));
            for &(number, rule) in known.map_or(&[][..], |known| &known.rules) {
                let bit = 1 << (number % MOST_RULES);
                if done & bit == 0 {
                    done |= bit;
                    run(rule);
                }
            }
        }
    }

    /// The rules that watch that defect.
    pub(super) fn by_defect(&self, defect: H1Defect) -> &[&'static Rule] {
        &self.by_defect[defect as usize]
    }

    /// The rules that look at every final response.
    pub(super) fn every(&self) -> &[&'static Rule] {
        &self.every
    }
}
