//! Writes the tables: constants, entries, indexes and the text blob.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;
use std::path::Path;

use crate::entry::{Close, Clue, Entry, Usual};
use crate::names::{self, constants};
use crate::rows::SeedRow;
use crate::vendor::{Role, Says, Strength, Vendor};

pub(crate) fn write(out: &Path, entries: &[Entry], vendors: &[Vendor], seeds: &[SeedRow]) {
    let mut text = String::new();
    let mut code = String::new();
    let constants = constants(entries);
    ids(&mut code, entries, &constants);
    rows(&mut code, &mut text, entries, &constants);
    names::write(&mut code, entries);
    seed_rows(&mut code, seeds);
    clues(&mut code, entries);
    vendor_rows(&mut code, vendors);
    let save = |name: &str, content: &str| {
        std::fs::write(out.join(name), content).unwrap_or_else(|error| panic!("{name}: {error}"));
    };
    save("tables.rs", &code);
    save("text.md", &text);
}

fn ids(code: &mut String, entries: &[Entry], constants: &[String]) {
    code.push_str(
        "/// One constant for each entry: `http/404` is [`HTTP_404`]. Ids that differ by case only keep their case.\n\
         #[allow(non_upper_case_globals)]\npub mod id {\n    use httpwhy_model::OutcomeId;\n",
    );
    for (entry, name) in entries.iter().zip(constants) {
        let _ = writeln!(
            code,
            "    /// `{}`: {}\n    pub const {name}: OutcomeId = OutcomeId({:?});",
            entry.id,
            entry.front.title.replace('[', "\\["),
            entry.id
        );
    }
    code.push_str("}\n\n");
}

/// What the five source documents list, in their order.
fn seed_rows(code: &mut String, seeds: &[SeedRow]) {
    let _ = writeln!(code, "static SEED_ROWS: [SeedRow; {}] = [", seeds.len());
    for row in seeds {
        let _ = writeln!(
            code,
            "    SeedRow {{ seed: {:?}, code: {:?}, name: {:?}, entry: {} }},",
            row.seed, row.code, row.name, row.entry
        );
    }
    code.push_str("];\n\n");
}

fn rows(code: &mut String, text: &mut String, entries: &[Entry], constants: &[String]) {
    code.push_str("#[allow(clippy::unreadable_literal)]\n");
    let _ = writeln!(code, "static ENTRIES: [Entry; {}] = [", entries.len());
    for (entry, constant) in entries.iter().zip(constants) {
        let base = text.len();
        text.push_str(&entry.text.body);
        text.push_str("\n\n");
        let range = |r: &Range<usize>| format!("({}, {})", base + r.start, base + r.end);
        let front = &entry.front;
        let _ = writeln!(
            code,
            "    Entry {{ id: OutcomeId({:?}), constant: {constant:?}, title: {:?}, former: &{:?}, phase: Phase::{:?}, usual: {}, \
             recognise: &[{}], aliases: &{:?}, retry: Advice::{:?}, expected: &{:?}, forbidden: &{:?}, \
             reproduce: {}, sources: &{:?}, said: &[{}], seeds: &{:?}, leads_to: &[{}], confirmed: {}, \
             text: Text {{ whole: {}, lead: {}, sections: [{}], fixes: &[{}] }} }},",
            entry.id,
            front.title,
            front.former,
            front.phase.0,
            usual(front.blame.0),
            front
                .recognise
                .iter()
                .map(clue)
                .collect::<Vec<_>>()
                .join(", "),
            front.aliases,
            front.retry.0,
            front.fields.expected,
            front.fields.forbidden,
            reproduce(&front.reproduce),
            front.sources,
            front
                .said
                .iter()
                .map(|s| format!(
                    "Said {{ claim: {:?}, truth: {:?}, source: {:?} }}",
                    s.claim, s.truth, s.source
                ))
                .collect::<Vec<_>>()
                .join(", "),
            front.seeds,
            front
                .leads_to
                .iter()
                .map(|id| format!("OutcomeId({id:?})"))
                .collect::<Vec<_>>()
                .join(", "),
            front.confirmed,
            range(&(0..entry.text.body.len())),
            range(&entry.text.lead),
            entry
                .text
                .sections
                .iter()
                .map(range)
                .collect::<Vec<_>>()
                .join(", "),
            entry
                .text
                .fixes
                .iter()
                .map(|(audience, r)| format!("(Audience::{audience:?}, {})", range(r)))
                .collect::<Vec<_>>()
                .join(", "),
        );
    }
    code.push_str("];\n\n");
}

fn usual(usual: Usual) -> String {
    match usual {
        Usual::Party(party) => format!("Usual::Party(Party::{party:?})"),
        Usual::Nobody => "Usual::Nobody".into(),
        Usual::Depends => "Usual::Depends".into(),
    }
}

fn reproduce(table: &BTreeMap<String, toml::Value>) -> String {
    if let Some(reason) = table.get("none") {
        return format!("Reproduce::Not({:?})", reason.as_str().unwrap_or_default());
    }
    let act = table
        .get("act")
        .and_then(toml::Value::as_str)
        .unwrap_or_default();
    let params: Vec<String> = table
        .iter()
        .filter(|(key, _)| *key != "act")
        .map(|(key, value)| format!("({key:?}, {})", param(value)))
        .collect();
    format!(
        "Reproduce::Act {{ act: {act:?}, params: &[{}] }}",
        params.join(", ")
    )
}

fn param(value: &toml::Value) -> String {
    match value {
        toml::Value::Integer(number) => format!("Param::Number({number})"),
        toml::Value::Boolean(flag) => format!("Param::Flag({flag})"),
        toml::Value::Array(items) => {
            let items: Vec<String> = items
                .iter()
                .map(|item| format!("{:?}", item.as_str().unwrap_or_default()))
                .collect();
            format!("Param::List(&[{}])", items.join(", "))
        }
        other => format!("Param::Text({:?})", other.as_str().unwrap_or_default()),
    }
}

fn clue(clue: &Clue) -> String {
    let text = |t: &Option<String>| t.as_ref().map_or("None".into(), |t| format!("Some({t:?})"));
    let close = clue
        .close
        .as_ref()
        .map_or("None".into(), |close| match close {
            Close::Codes(from, to) => format!("Some(CloseClue::Codes({from}, {to}))"),
            Close::NoCode => "Some(CloseClue::NoCode)".into(),
            Close::Absent => "Some(CloseClue::Absent)".into(),
        });
    format!(
        "Clue {{ status: {:?}, class: {:?}, signal: {}, phase: {}, end: {}, sent: {}, close: {close}, vendor: {}, \
         field: {}, absent: {}, body: {}, request: {}, reused: {:?} }}",
        clue.status,
        clue.class,
        text(&clue.signal),
        clue.phase
            .as_ref()
            .map_or("None".into(), |p| format!("Some(Phase::{:?})", p.0)),
        clue.end.as_ref().map_or("None".into(), |e| format!(
            "Some(httpwhy_model::End::{:?})",
            e.0
        )),
        clue.sent.as_ref().map_or("None".into(), |s| format!(
            "Some(httpwhy_model::Sent::{:?})",
            s.0
        )),
        text(&clue.vendor),
        text(&clue.field.as_ref().map(|f| f.to_lowercase())),
        text(&clue.absent.as_ref().map(|f| f.to_lowercase())),
        text(&clue.body),
        text(&clue.request.as_ref().map(|f| f.to_lowercase())),
        clue.reused,
    )
}

fn clues(code: &mut String, entries: &[Entry]) {
    let mut by_status: BTreeMap<u16, Vec<(usize, usize)>> = BTreeMap::new();
    let mut by_class: BTreeMap<u8, Vec<(usize, usize)>> = BTreeMap::new();
    let mut by_signal: BTreeMap<&str, Vec<(usize, usize)>> = BTreeMap::new();
    let mut by_vendor: BTreeMap<&str, Vec<(usize, usize)>> = BTreeMap::new();
    let mut by_field: BTreeMap<String, Vec<(usize, usize)>> = BTreeMap::new();
    let mut others: Vec<(usize, usize)> = Vec::new();
    for (at, entry) in entries.iter().enumerate() {
        for (nth, clue) in entry.front.recognise.iter().enumerate() {
            let place = (at, nth);
            if let Some(signal) = &clue.signal {
                by_signal.entry(signal).or_default().push(place);
            } else if let Some(status) = clue.status {
                by_status.entry(status).or_default().push(place);
            } else if let Some(class) = clue.class {
                by_class.entry(class).or_default().push(place);
            } else if let Some(vendor) = &clue.vendor {
                by_vendor.entry(vendor).or_default().push(place);
            } else if let Some(field) = &clue.field {
                let name = field.to_lowercase();
                by_field.entry(name).or_default().push(place);
            } else {
                others.push(place);
            }
        }
    }
    let _ = writeln!(
        code,
        "static BY_STATUS: [(u16, &[(u16, u8)]); {}] = {};",
        by_status.len(),
        table(&by_status)
    );
    let _ = writeln!(
        code,
        "static BY_CLASS: [(u8, &[(u16, u8)]); {}] = {};",
        by_class.len(),
        table(&by_class)
    );
    let _ = writeln!(
        code,
        "static BY_SIGNAL: [(&str, &[(u16, u8)]); {}] = {};",
        by_signal.len(),
        table(&by_signal)
    );
    let _ = writeln!(
        code,
        "static BY_VENDOR: [(&str, &[(u16, u8)]); {}] = {};",
        by_vendor.len(),
        table(&by_vendor)
    );
    let _ = writeln!(
        code,
        "static BY_FIELD: [(&str, &[(u16, u8)]); {}] = {};",
        by_field.len(),
        table(&by_field)
    );
    let _ = writeln!(
        code,
        "static OTHER_CLUES: [(u16, u8); {}] = {others:?};",
        others.len()
    );
}

fn table<K: std::fmt::Debug>(rows: &BTreeMap<K, Vec<(usize, usize)>>) -> String {
    let rows: Vec<String> = rows
        .iter()
        .map(|(key, places)| format!("({key:?}, &{places:?})"))
        .collect();
    format!("[{}]", rows.join(", "))
}

fn vendor_rows(code: &mut String, vendors: &[Vendor]) {
    let _ = writeln!(code, "static VENDORS: [Vendor; {}] = [", vendors.len());
    for vendor in vendors {
        let role = match vendor.signature.role {
            Role::Intermediary => "VendorRole::Intermediary",
            Role::Origin => "VendorRole::Origin",
            Role::Either => "VendorRole::Either",
        };
        let evidence: Vec<String> = vendor.signature.evidence.iter().map(|evidence| {
            let place = match (&evidence.field, &evidence.cookie) {
                (Some(name), _) => format!("VendorPlace::Field({:?})", name.to_lowercase()),
                (_, Some(name)) => format!("VendorPlace::Cookie({name:?})"),
                _ if evidence.body => "VendorPlace::Body".into(),
                _ => "VendorPlace::Reason".into(),
            };
            let strength = match evidence.strength {
                Strength::Certain => "Strength::Certain",
                Strength::Strong => "Strength::Strong",
                Strength::Weak => "Strength::Weak",
            };
            let made = matches!(evidence.says, Says::Made);
            format!(
                "VendorEvidence {{ place: {place}, pattern: {:?}, strength: {strength}, made: {made}, source: {:?} }}",
                evidence.pattern, evidence.source
            )
        }).collect();
        let _ = writeln!(
            code,
            "    Vendor {{ key: {:?}, name: {:?}, role: {role}, evidence: &[{}] }},",
            vendor.key,
            vendor.signature.name,
            evidence.join(", ")
        );
    }
    code.push_str("];\n");
}
