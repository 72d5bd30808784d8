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
    let mut add = |group: &Group, text: &[u8], place: &dyn Fn(&Regex) -> Place, show: bool| {
        for nth in group.set.matches(text) {
            let (vendor, evidence, regex) = &group.members[nth];
            let quoted = show.then(|| {
                quote(regex.find(text).map_or(text, |found| {
                    if matches!(evidence.place, VendorPlace::Body) {
                        found.as_bytes()
                    } else {
                        text
                    }
                }))
            });
            let shows = if evidence.made {
                format!("{} made this response", vendor.name)
            } else {
                format!("{} was on the way", vendor.name)
            };
            marks.push(Mark {
                vendor,
                evidence,
                found: Evidence {
                    step,
                    place: place(regex),
                    quote: quoted,
                    shows: shows.into(),
                },
            });
        }
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
            add(
                &patterns.cookies,
                &value[..end],
                &|_| Place::Field(name.clone()),
                true,
            );
        } else if let Ok(at) = patterns
            .fields
            .binary_search_by(|(known, _)| (*known).cmp(name.as_str()))
        {
            add(
                &patterns.fields[at].1,
                field.value.as_bytes(),
                &|_| Place::Field(name.clone()),
                true,
            );
        }
    }
    add(
        &patterns.reasons,
        &response.reason,
        &|_| Place::StatusLine,
        true,
    );
    if response.status().is_none_or(|status| status >= 300)
        && let Some(body) = response.body.as_ref().present()
    {
        let text = &body.bytes[..body.bytes.len().min(BODY_SEARCHED)];
        let place = |regex: &Regex| {
            regex.find(text).map_or(Place::Body(0, 0), |found| {
                Place::Body(found.start() as u64, found.end() as u64)
            })
        };
        add(&patterns.bodies, text, &place, true);
    }
    marks
}

/// All patterns for one place, matched in one pass.
struct Group {
    set: RegexSet,
    members: Vec<(&'static Vendor, &'static VendorEvidence, Regex)>,
}

struct Patterns {
    fields: Vec<(&'static str, Group)>,
    cookies: Group,
    bodies: Group,
    reasons: Group,
}

/// Compiled on the first response that is looked at.
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
                .map(|name| {
                    (
                        name,
                        group(|place| matches!(place, VendorPlace::Field(other) if other == name)),
                    )
                })
                .collect(),
            cookies: group(|place| matches!(place, VendorPlace::Cookie(_))),
            bodies: group(|place| matches!(place, VendorPlace::Body)),
            reasons: group(|place| matches!(place, VendorPlace::Reason)),
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

/// The patterns of one place. One that does not compile is left out; a test compiles them all.
fn group(wanted: impl Fn(VendorPlace) -> bool) -> Group {
    let members: Vec<_> = all()
        .filter(|(_, evidence)| wanted(evidence.place))
        .filter_map(|(vendor, evidence)| {
            Regex::new(&pattern(evidence))
                .ok()
                .map(|regex| (vendor, evidence, regex))
        })
        .collect();
    let set = RegexSet::new(members.iter().map(|(_, evidence, _)| pattern(evidence)))
        .unwrap_or_else(|_| RegexSet::empty());
    Group { set, members }
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
