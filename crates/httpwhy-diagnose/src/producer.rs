//! Which software made the response, or passed it on.

use std::sync::OnceLock;

use httpwhy_catalog::{Strength, Vendor, VendorEvidence, VendorPlace, VendorRole, vendors};
use httpwhy_model::{Evidence, Exchange, Place, Producer, Response, Role};
use regex::bytes::RegexSet;

use crate::marks::Marks;
use crate::quote::quote;

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

    /// The keys of all products that left such a mark.
    pub(crate) fn all(&self) -> impl Iterator<Item = &'static str> {
        self.present.iter().copied()
    }
}

struct Mark {
    vendor: &'static Vendor,
    evidence: &'static VendorEvidence,
    found: Evidence,
}

pub(crate) fn identify(exchange: &Exchange, step: usize, content: &Marks) -> Identified {
    let Some(response) = exchange.spoken() else {
        return Identified::default();
    };
    let marks = marks(response, step, content);
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

fn marks(response: &Response, step: usize, content: &Marks) -> Vec<Mark> {
    let patterns = patterns();
    let mut marks = Vec::new();
    let mut add = |group: &Group, text: &[u8], name: &str| {
        marks.extend(
            group
                .matches(text)
                .map(|&member| Mark::new(member, step, Place::Field(name.to_owned()), text)),
        );
    };
    for field in &response.fields.list {
        if field.name.eq_ignore_ascii_case(b"set-cookie") {
            // Only the name is looked at: the value is a secret and may have been redacted.
            let value = field.value.as_bytes();
            let end = value
                .iter()
                .position(|&b| b == b'=')
                .map_or(value.len(), |at| at + 1);
            add(&patterns.cookies, &value[..end], "set-cookie");
        } else if let Some((name, group)) = patterns.field(&field.name) {
            add(group, field.value.as_bytes(), name);
        }
    }
    let reasons = patterns.reasons.matches(&response.reason);
    marks.extend(
        reasons.map(|&member| Mark::new(member, step, Place::StatusLine, &response.reason)),
    );
    if response.status().is_none_or(|status| status >= 300) {
        for (number, (from, to)) in content.products() {
            let place = Place::Body(from as u64, to as u64);
            let quoted = &content.content()[from..to];
            marks.push(Mark::new(bodies()[number], step, place, quoted));
        }
    }
    marks
}

impl Mark {
    fn new((vendor, evidence): Member, step: usize, place: Place, quoted: &[u8]) -> Self {
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

/// A product and one thing that gives it away.
pub(crate) type Member = (&'static Vendor, &'static VendorEvidence);

/// What may stand in content.
pub(crate) fn bodies() -> &'static [Member] {
    static BODIES: OnceLock<Vec<Member>> = OnceLock::new();
    BODIES.get_or_init(|| {
        all()
            .filter(|(_, evidence)| evidence.place == VendorPlace::Body)
            .collect()
    })
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
            .collect();
        // A test compiles every pattern.
        let set = RegexSet::new(members.iter().map(pattern_of));
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
    /// At each length, the names of that length.
    fields: Vec<Vec<(&'static str, Group)>>,
    cookies: Group,
    reasons: Group,
}

impl Patterns {
    fn field(&self, name: &[u8]) -> Option<(&'static str, &Group)> {
        let known = self.fields.get(name.len())?;
        let is = |known: &&(&'static str, Group)| name.eq_ignore_ascii_case(known.0.as_bytes());
        known.iter().find(is).map(|(name, group)| (*name, group))
    }
}

/// The groups.
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
        let longest = names
            .iter()
            .map(|name| name.len())
            .max()
            .unwrap_or_default();
        let mut fields: Vec<Vec<(&'static str, Group)>> = Vec::new();
        fields.resize_with(longest + 1, Vec::new);
        for name in names {
            fields[name.len()].push((name, Group::of(VendorPlace::Field(name))));
        }
        Patterns {
            fields,
            cookies: Group::of(VendorPlace::Cookie("")),
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

/// The expression to look for. A cookie's evidence is its name: `^name=`.
pub(crate) fn pattern_of((_, evidence): &Member) -> String {
    match evidence.place {
        VendorPlace::Cookie(name) => format!("^{name}="),
        _ => evidence.pattern.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use regex::bytes::Regex;

    #[test]
    fn every_pattern_compiles() {
        for member in all() {
            let text = pattern_of(&member);
            assert!(Regex::new(&text).is_ok(), "{}: {text}", member.0.key);
        }
    }
}
