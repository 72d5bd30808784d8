//! One thing that happened: who, since when, where, an example, and what to do.

use std::fmt::Write as _;

use httpwhy_schema::{BlameJson, IncidentLine, LogCountJson, LogGroupJson};

use super::escape::{escape, grouped, moment, percent, percent_of, ratio};
use super::markdown::{html, inline};
use super::series::Axis;
use super::{durations_line, entry_anchor, name_of, plot};

/// The section of a group.
pub(crate) fn section(
    group: &LogGroupJson<'_>,
    anchor: &str,
    colour: usize,
    axis: Option<&Axis>,
    incidents: &[IncidentLine],
) -> String {
    let mut out = format!(
        "<article class=\"group s{colour}\" id=\"{anchor}\" aria-labelledby=\"{anchor}-name\">\n<h3 id=\"{anchor}-name\">{}</h3>\n\
         <p class=\"id\">{} of all exchanges · {} · <a href=\"#{}\"><code>{}</code></a></p>\n",
        escape(&name_of(group)),
        percent(group.share),
        grouped(group.count),
        entry_anchor(group.outcome),
        escape(group.outcome),
    );
    let _ = writeln!(out, "<p class=\"lead\">{}</p>", inline(group.meaning));
    if let Some(axis) = axis {
        let of_group = plot::incidents_of(group, incidents);
        out.push_str(&plot::single(
            axis,
            &axis.rates(group),
            &of_group,
            colour,
            anchor,
        ));
    }
    facts(&mut out, group);
    tops(&mut out, group);
    if !group.example.is_empty() {
        let _ = writeln!(
            out,
            "<h4>A line of it</h4>\n<pre tabindex=\"0\"><code>{}</code></pre>",
            escape(&group.example)
        );
    }
    open(&mut out, group);
    remedies(&mut out, group);
    out.push_str("</article>\n");
    out
}

fn facts(out: &mut String, group: &LogGroupJson<'_>) {
    out.push_str("<table class=\"facts\"><caption>Facts</caption><tbody>\n");
    let mut row = |label: &str, html: &str| {
        let _ = writeln!(
            out,
            "<tr><th scope=\"row\">{label}</th><td>{html}</td></tr>"
        );
    };
    let by = group
        .shown_by
        .filter(|_| group.blame.party.is_some())
        .map_or_else(String::new, |by| format!(": {}", escape(by)));
    row("Who", &(who(&group.blame) + &by));
    if let (Some(first), Some(last)) = (&group.first, &group.last) {
        row("First seen", &moment(first));
        row("Last seen", &moment(last));
    }
    let statuses: Vec<String> = group
        .statuses
        .iter()
        .take(6)
        .map(|one| match one.status {
            0 => format!("none × {}", grouped(one.count)),
            status => format!("{status} × {}", grouped(one.count)),
        })
        .collect();
    if group.statuses.len() > 1 {
        row("Statuses", &statuses.join(", "));
    }
    if let Some(times) = &group.times_ms {
        row("Took", &durations_line(times));
    }
    if let Some(seconds) = group.timeout_s {
        let of = group
            .timeout_of
            .map_or_else(String::new, |of| format!(": {}", inline(of)));
        row(
            "Timeout",
            &format!("Their times pile up at {seconds}\u{a0}s, the timeout that fired{of}."),
        );
    }
    if group.bots > 0 {
        let share = percent_of(group.bots, group.count);
        row(
            "Bots",
            &format!("{share} came from bots by their user agent, which is a claim"),
        );
    }
    for (count, log) in [
        (group.witnessed, "the log from behind"),
        (group.joined, "the error log"),
    ] {
        if count > 0 {
            let text = format!("{} of them have their line in {log}", grouped(count));
            row("Proof", &text);
        }
    }
    out.push_str("</tbody></table>\n");
}

/// The party to blame, and how sure that is.
pub(crate) fn who(blame: &BlameJson) -> String {
    let Some(party) = blame.party else {
        return match blame.missing {
            Some(missing) => format!("Not known. What would tell: {}", escape(missing)),
            None => "Not known".to_owned(),
        };
    };
    if party == "nobody" {
        return "Nobody: nothing is wrong".to_owned();
    }
    format!(
        "<strong>{}</strong>, {}",
        escape(party),
        escape(blame.certainty)
    )
}

/// What is most frequent among them.
fn tops(out: &mut String, group: &LogGroupJson<'_>) {
    let lists: [(&str, &[LogCountJson]); 5] = [
        ("Paths", &group.paths),
        ("Upstreams", &group.upstreams),
        ("Hosts", &group.hosts),
        ("Client networks", &group.networks),
        ("Agents", &group.agents),
    ];
    if lists.iter().all(|(_, list)| list.is_empty()) {
        return;
    }
    out.push_str("<div class=\"tops\">\n");
    for (name, list) in lists.iter().filter(|(_, list)| !list.is_empty()) {
        out.push_str(&bars(name, list, group.count));
    }
    out.push_str("</div>\n");
}

/// Names with their share, as a table with bars.
pub(crate) fn bars(name: &str, list: &[LogCountJson], all: u64) -> String {
    let mut out = format!("<table class=\"bars\"><caption>{name}</caption><tbody>\n");
    for one in list {
        let share = ratio(one.count, all).min(1.0);
        let _ = writeln!(
            out,
            "<tr><th scope=\"row\"><span class=\"bar\" style=\"width:{:.1}%\"></span><code>{}</code></th><td>{}</td></tr>",
            share * 100.0,
            escape(&one.name),
            percent(share)
        );
    }
    out.push_str("</tbody></table>\n");
    out
}

/// What these lines leave open, and what to log so that the next ones do not.
fn open(out: &mut String, group: &LogGroupJson<'_>) {
    let Some(open) = &group.open else {
        return;
    };
    let _ = writeln!(
        out,
        "<div class=\"note\"><p><strong>What these lines cannot tell:</strong> {}.</p>\n<p>To know next time, log more:</p>\n<pre tabindex=\"0\"><code>{}</code></pre></div>",
        inline(open.between),
        open.paste
            .lines()
            .map(escape)
            .collect::<Vec<_>>()
            .join("\n")
    );
}

fn remedies(out: &mut String, group: &LogGroupJson<'_>) {
    if group.remedies.is_empty() {
        return;
    }
    out.push_str("<h4>What to do</h4>\n");
    let (operator, others): (Vec<_>, Vec<_>) = group
        .remedies
        .iter()
        .partition(|remedy| remedy.audience == "operator");
    for remedy in &operator {
        out.push_str(&html(remedy.text, 5));
    }
    if others.is_empty() {
        return;
    }
    let list = |out: &mut String| {
        for remedy in &others {
            let _ = writeln!(
                out,
                "<div class=\"fix\"><p class=\"for\">For the {}</p>{}</div>",
                escape(remedy.audience),
                html(remedy.text, 5)
            );
        }
    };
    if operator.is_empty() {
        list(out);
        return;
    }
    out.push_str("<details><summary>What others can do</summary>\n");
    list(out);
    out.push_str("</details>\n");
}
