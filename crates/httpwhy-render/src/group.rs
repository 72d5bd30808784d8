//! Failures by cause, for a person.

use std::fmt::Write as _;

use httpwhy_model::{Audience, Blame, Cause, Group, OutcomeId, Party};

use crate::style::{Look, Style, safe};

/// Groups shown at most; the rest is counted together.
const SHOWN: usize = 12;
/// Characters shown of a target.
const TARGET: usize = 90;

/// `312 of 10000 failed; 290 of them are one cause: …` and a few lines for each group.
pub fn groups_text(targets: u64, failed: u64, groups: &[Group], style: Style) -> String {
    let mut out = String::new();
    if failed == 0 {
        return out;
    }
    let _ = write!(out, "{failed} of {targets} failed");
    let leading = groups.iter().find(|group| group.cause != Cause::Each);
    if let Some(group) = leading.filter(|group| group.count > 1) {
        let count = if group.count == failed {
            "all".to_owned()
        } else {
            group.count.to_string()
        };
        let _ = write!(
            out,
            "; {count} of them are one cause, {}",
            shown(&group.cause)
        );
    }
    out.push_str(":\n");
    for group in groups.iter().take(SHOWN) {
        one(&mut out, group, style);
    }
    if groups.len() > SHOWN {
        let rest: u64 = groups[SHOWN..].iter().map(|group| group.count).sum();
        let _ = writeln!(out, "{rest:>9}  in {} smaller groups", groups.len() - SHOWN);
    }
    out
}

fn one(out: &mut String, group: &Group, style: Style) {
    let title = match &group.outcomes[..] {
        [(id, _)] => format!("{id}  {}", title(*id)),
        all => {
            let all = all.iter().take(4);
            let all: Vec<String> = all.map(|(id, count)| format!("{count} {id}")).collect();
            all.join(", ")
        }
    };
    let title = style.paint(Look::Strong, &title);
    let cause = match group.cause {
        Cause::Each if group.count == 1 => String::new(),
        ref cause => format!("  {}", shown(cause)),
    };
    let _ = writeln!(out, "{:>9}  {title}{cause}", group.count);
    let party = match group.blame {
        Blame::Nobody => "nobody".to_owned(),
        Blame::Unknown { .. } => "not known by whom".to_owned(),
        blame => blame.party().map_or_else(String::new, |party| {
            format!("{party}, {}", blame.certainty())
        }),
    };
    let retry = match group.retry.after_s {
        Some(seconds) => format!("after {seconds} s"),
        None => group.retry.advice.to_string(),
    };
    let hosts = match group.hosts {
        1 => String::new(),
        hosts => format!(" · {hosts} hosts"),
    };
    let span = match group.span {
        (first, last) if first == last => format!("target {first}"),
        (first, last) => format!("targets {first} to {last}"),
    };
    let _ = writeln!(out, "           {party} · retry: {retry}{hosts} · {span}");
    if let Some(example) = group.examples.first() {
        let example: String = safe(example).chars().take(TARGET).collect();
        let _ = writeln!(out, "           e.g. {example}");
    }
    if let Some(remedy) = remedy(group) {
        let _ = writeln!(out, "           do: {remedy}");
    }
}

fn shown(cause: &Cause) -> String {
    safe(&cause.to_string())
}

fn title(id: OutcomeId) -> &'static str {
    httpwhy_catalog::by_id(id.0).map_or("", |entry| entry.title)
}

/// The first line of what the party to blame can do.
fn remedy(group: &Group) -> Option<&str> {
    let wanted = match group.blame.party() {
        Some(Party::Client | Party::Engine) => Audience::Caller,
        _ => Audience::Operator,
    };
    let remedies = &group.remedies;
    let remedy = remedies
        .iter()
        .find(|remedy| remedy.audience == wanted)
        .or_else(|| remedies.first())?;
    remedy.text.lines().find(|line| !line.trim().is_empty())
}
