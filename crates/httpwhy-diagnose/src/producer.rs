//! Which software made the response, or passed it on.

use std::sync::OnceLock;

use httpwhy_catalog::{Strength, Vendor, VendorEvidence, VendorPlace, VendorRole, vendors};
use httpwhy_model::{Evidence, Exchange, Place, Producer, Response, Role};
use regex::bytes::{Regex, RegexSet};

use crate::quote::quote;

/// Content beyond this is not searched for signatures.
const BODY_SEARCHED: usize = 16 * 1024;

/// What the signatures say about one response.
#[derive(Default)]
pub(crate) struct Identified {
    /// The one that made the response, or the one that is known to stand here.
    pub(crate) producer: Option<Producer>,
    /// Why.
    pub(crate) evidence: Vec<Evidence>,
    /// True when the evidence shows that the producer made this response itself.
    pub(crate) made: bool,
    /// Every product that left a mark of at least medium strength.
    present: Vec<&'static str>,
}

impl Identified {
    /// True when that product left its mark on the response.
    pub(crate) fn has(&self, vendor: &str) -> bool {
        self.present.contains(&vendor)
    }
}

struct Mark {
    vendor: &'static Vendor,
    evidence: &'static VendorEvidence,
    found: Evidence,
}

pub(crate) fn identify(exchange: &Exchange, step: usize) -> Identified {
    let Some(response) = &exchange.response else {
        return Identified::default();
    };
    let marks = marks(response, step);
    let mut present: Vec<&'static str> = marks
        .iter()
        .filter(|m| m.evidence.strength >= Strength::Strong)
        .map(|m| m.vendor.key)
        .collect();
    present.dedup();
    // Made before passed, then the stronger; `max_by_key` takes the last of equals, so the order is turned round.
    let best = marks
        .iter()
        .rev()
        .filter(|mark| mark.evidence.strength >= Strength::Strong)
        .max_by_key(|mark| (mark.evidence.made, mark.evidence.strength));
    let Some(best) = best else {
        return Identified {
            present,
            ..Identified::default()
        };
    };
    let made = best.evidence.made;
    let role = match best.vendor.role {
        VendorRole::Intermediary if made => Role::Intermediary,
        VendorRole::Origin if made => Role::Origin,
        _ => Role::Unknown,
    };
    Identified {
        producer: Some(Producer {
            name: best.vendor.name,
            role,
        }),
        evidence: vec![best.found.clone()],
        made,
        present,
    }
}

fn marks(response: &Response, step: usize) -> Vec<Mark> {
    let patterns = patterns();
    let mut marks = Vec::new();
    let mut add = |group: &Group, text: &[u8], place: Place| {
        marks.extend(
            group
                .matches(text)
                .map(|member| Mark::new(member, step, place.clone(), text)),
        );
    };
    for field in &response.fields.list {
        let name = String::from_utf8_lossy(&field.name).to_lowercase();
        if name == "set-cookie" {
            // Only the name is looked at: the value is a secret and may have been redacted.
            let value = field.value.as_bytes();
            let end = value
                .iter()
                .position(|&b| b == b'=')
                .map_or(value.len(), |at| at + 1);
            add(&patterns.cookies, &value[..end], Place::Field(name));
        } else if let Ok(at) = patterns
            .fields
            .binary_search_by(|(known, _)| (*known).cmp(name.as_str()))
        {
            add(
                &patterns.fields[at].1,
                field.value.as_bytes(),
                Place::Field(name),
            );
        }
    }
    add(&patterns.reasons, &response.reason, Place::StatusLine);
    if response.status().is_none_or(|status| status >= 300)
        && let Some(body) = response.body.as_ref().present()
    {
        let text = &body.bytes[..body.bytes.len().min(BODY_SEARCHED)];
        for member in patterns.bodies.matches(text) {
            let (from, to) = member.find(text);
            marks.push(Mark::new(
                member,
                step,
                Place::Body(from as u64, to as u64),
                &text[from..to],
            ));
        }
    }
    marks
}

impl Mark {
    fn new(member: &Member, step: usize, place: Place, quoted: &[u8]) -> Self {
        let Member {
            vendor, evidence, ..
        } = *member;
        let shows = if evidence.made {
            format!("{} made this response", vendor.name)
        } else {
            format!("{} was on the way", vendor.name)
        };
        let found = Evidence {
            step,
            place,
            quote: Some(quote(quoted)),
            shows: shows.into(),
        };
        Self {
            vendor,
            evidence,
            found,
        }
    }
}

/// One pattern of a group.
struct Member {
    vendor: &'static Vendor,
    evidence: &'static VendorEvidence,
    /// Compiled when it is first known to match and its place is asked for.
    alone: OnceLock<Option<Regex>>,
}

impl Member {
    /// Where the pattern matches: from, to.
    fn find(&self, text: &[u8]) -> (usize, usize) {
        let alone = self
            .alone
            .get_or_init(|| Regex::new(&pattern(self.evidence)).ok());
        alone
            .as_ref()
            .and_then(|regex| regex.find(text))
            .map_or((0, 0), |found| (found.start(), found.end()))
    }
}

/// All patterns for one place, matched in one pass; compiled on the first response that has such a place.
struct Group {
    place: VendorPlace,
    compiled: OnceLock<(RegexSet, Vec<Member>)>,
}

impl Group {
    const fn of(place: VendorPlace) -> Self {
        Self {
            place,
            compiled: OnceLock::new(),
        }
    }

    fn matches(&self, text: &[u8]) -> impl Iterator<Item = &Member> {
        let (set, members) = self.compiled.get_or_init(|| self.compile());
        set.matches(text)
            .into_iter()
            .filter_map(move |nth| members.get(nth))
    }

    fn compile(&self) -> (RegexSet, Vec<Member>) {
        let members: Vec<Member> = all()
            .filter(|(_, evidence)| self.holds(evidence.place))
            .map(|(vendor, evidence)| Member {
                vendor,
                evidence,
                alone: OnceLock::new(),
            })
            .collect();
        // A test compiles every pattern.
        let set = RegexSet::new(members.iter().map(|member| pattern(member.evidence)));
        (set.unwrap_or_else(|_| RegexSet::empty()), members)
    }

    /// A field's group is of that field; the other groups hold all of their kind.
    fn holds(&self, place: VendorPlace) -> bool {
        match (self.place, place) {
            (VendorPlace::Field(name), VendorPlace::Field(other)) => name == other,
            (a, b) => std::mem::discriminant(&a) == std::mem::discriminant(&b),
        }
    }
}

struct Patterns {
    fields: Vec<(&'static str, Group)>,
    cookies: Group,
    bodies: Group,
    reasons: Group,
}

/// The groups, sorted by field.
fn patterns() -> &'static Patterns {
    static PATTERNS: OnceLock<Patterns> = OnceLock::new();
    PATTERNS.get_or_init(|| {
        let mut names: Vec<&'static str> = all()
            .filter_map(|(_, evidence)| match evidence.place {
                VendorPlace::Field(name) => Some(name),
                _ => None,
            })
            .collect();
        names.sort_unstable();
        names.dedup();
        Patterns {
            fields: names
                .into_iter()
                .map(|name| (name, Group::of(VendorPlace::Field(name))))
                .collect(),
            cookies: Group::of(VendorPlace::Cookie("")),
            bodies: Group::of(VendorPlace::Body),
            reasons: Group::of(VendorPlace::Reason),
        }
    })
}

fn all() -> impl Iterator<Item = (&'static Vendor, &'static VendorEvidence)> {
    vendors().iter().flat_map(|vendor| {
        vendor
            .evidence
            .iter()
            .map(move |evidence| (vendor, evidence))
    })
}

/// A cookie's evidence is its name: `^name=`.
fn pattern(evidence: &VendorEvidence) -> String {
    match evidence.place {
        VendorPlace::Cookie(name) => format!("^{name}="),
        _ => evidence.pattern.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_compiles() {
        for (vendor, evidence) in all() {
            let text = pattern(evidence);
            assert!(Regex::new(&text).is_ok(), "{}: {text}", vendor.key);
        }
    }
}
