//! What was found in logs as one HTML file: it loads nothing, needs no script, and can be sent to others.
//!
//! It is written from the public JSON (`logs` and `incident`), so that it says nothing that those do not. All text of
//! strangers is escaped in one place ([`escape`]), and the file's own policy forbids scripts and whatever would be
//! fetched.

mod durations;
mod escape;
mod group;
mod markdown;
mod plot;
mod reading;
mod series;

use std::fmt::Write as _;

use httpwhy_catalog::{Entry, Section, by_id};
use httpwhy_model::Audience;
use httpwhy_schema::{IncidentLine, LogGroupJson, LogTimesJson, LogsLine};

use escape::{duration, escape, grouped, moment, percent, percent_of};
use plot::{COLOURS, Series, colour};
use series::Axis;

const STYLE: &str = include_str!("style.css");
/// Groups that are told in full.
const IN_FULL: usize = 24;

/// The whole document. `made_by` is the program and its version.
pub fn logs_html(logs: &LogsLine<'_>, incidents: &[IncidentLine], made_by: &str) -> String {
    let failures: Vec<&LogGroupJson<'_>> = logs
        .groups
        .iter()
        .filter(|group| group.happened != "fine")
        .collect();
    let anchors: Vec<String> = (1..=failures.len())
        .map(|at| format!("group-{at}"))
        .collect();
    let page = Page {
        logs,
        incidents,
        axis: Axis::of(logs),
        failures,
        anchors,
    };
    let mut out = String::with_capacity(64 << 10);
    page.head(&mut out);
    page.summary(&mut out);
    page.told_incidents(&mut out);
    page.rates(&mut out);
    page.overview(&mut out);
    out.push_str(&durations::section(logs, &page.anchors));
    page.groups(&mut out);
    reading::paths(&mut out, logs);
    reading::clients(&mut out, logs);
    reading::complaints(&mut out, logs);
    reading::counters(&mut out, logs);
    page.entries(&mut out);
    let _ = write!(
        out,
        "</main>\n<footer><p>Made by {} from its reading of the logs alone: nothing was asked of any server. Times are UTC.</p></footer>\n</body>\n</html>\n",
        escape(made_by)
    );
    out
}

struct Page<'a> {
    logs: &'a LogsLine<'a>,
    incidents: &'a [IncidentLine],
    axis: Option<Axis>,
    failures: Vec<&'a LogGroupJson<'a>>,
    /// The place of each failure's section.
    anchors: Vec<String>,
}

impl Page<'_> {
    fn head(&self, out: &mut String) {
        let title = self.title();
        let _ = write!(
            out,
            "<!doctype html>\n<html lang=\"en-GB\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n\
             <meta name=\"referrer\" content=\"no-referrer\">\n<meta name=\"robots\" content=\"noindex\">\n<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
             <a class=\"skip\" href=\"#content\">Skip to the content</a>\n<header class=\"site\"><span class=\"name\">httpwhy</span>\n<nav aria-label=\"Sections\">"
        );
        for (anchor, name, there) in [
            ("incidents", "Incidents", !self.incidents.is_empty()),
            ("failures", "Failures", !self.failures.is_empty()),
            (
                "durations",
                "Times",
                self.logs.times_ms.is_some() || self.logs.failed_times_ms.is_some(),
            ),
            ("paths", "Paths", !self.logs.paths.is_empty()),
            ("reading", "What was read", true),
        ] {
            if there {
                let _ = write!(out, "<a href=\"#{anchor}\">{name}</a> ");
            }
        }
        out.push_str("</nav></header>\n<main id=\"content\">\n");
    }

    fn title(&self) -> String {
        match (self.logs.failures, self.logs.exchanges) {
            (_, 0) => "No exchange was read from these logs".to_owned(),
            (0, all) => format!("None of {} exchanges failed", grouped(all)),
            (failures, all) => {
                format!("{} of {} exchanges failed", grouped(failures), grouped(all))
            }
        }
    }

    fn summary(&self, out: &mut String) {
        let logs = self.logs;
        let _ = writeln!(out, "<h1>{}</h1>", self.title());
        let mut parts = Vec::new();
        if logs.exchanges > 0 && logs.failures > 0 {
            parts.push(format!(
                "<strong>{}</strong>",
                percent_of(logs.failures, logs.exchanges)
            ));
        }
        if let (Some(first), Some(last)) = (&logs.first, &logs.last) {
            parts.push(format!("{} to {} UTC", moment(first), moment(last)));
        }
        parts.push(match &logs.inputs[..] {
            [one] => escape(&self.name(one.name)),
            all => format!("{} logs", all.len()),
        });
        if let Some(clients) = logs.clients.filter(|clients| *clients > 0) {
            parts.push(format!("about {} clients", grouped(clients)));
        }
        let _ = writeln!(out, "<p class=\"sub\">{}</p>", parts.join(" · "));
        if logs.anonymized {
            out.push_str("<p class=\"badge\">Made to be shared: addresses are cut to their network (/24, /48); queries and users’ names are dropped where they are known as such.</p>\n");
        } else {
            out.push_str("<p class=\"badge warn\">Not anonymised: this file holds clients’ addresses and whatever their requests’ queries say. Think before you share it.</p>\n");
        }
    }

    /// What an input is called: without its folders where it is for strangers.
    fn name(&self, path: &str) -> String {
        reading::name_of(path, self.logs.anonymized)
    }

    fn told_incidents(&self, out: &mut String) {
        if self.incidents.is_empty() {
            return;
        }
        out.push_str("<section id=\"incidents\" aria-labelledby=\"incidents-name\">\n<h2 id=\"incidents-name\">Incidents</h2>\n<ol class=\"incidents\">\n");
        for incident in self.incidents {
            let at = self.failures.iter().position(|group| {
                group.outcome == incident.outcome && group.happened == incident.happened
            });
            let (class, link) = match at {
                Some(at) => (
                    colour(at),
                    format!(
                        " <a href=\"#{}\">{}</a>",
                        self.anchors[at],
                        escape(&name_of(self.failures[at]))
                    ),
                ),
                None => (COLOURS, String::new()),
            };
            let _ = writeln!(
                out,
                "<li class=\"s{class}\"><p class=\"when\">{}{}{link}</p><p>{}</p></li>",
                moment(&incident.from),
                incident.to.as_ref().map_or_else(
                    || " to the end of the log".to_owned(),
                    |to| format!(" to {}", moment(to))
                ),
                escape(&incident.sentence)
            );
        }
        out.push_str("</ol>\n</section>\n");
    }

    fn rates(&self, out: &mut String) {
        let Some(axis) = self.axis.as_ref().filter(|_| !self.failures.is_empty()) else {
            return;
        };
        let mut series: Vec<Series> = Vec::new();
        for (at, group) in self.failures.iter().enumerate() {
            let rates = axis.rates(group);
            match series.last_mut().filter(|_| at >= COLOURS) {
                Some(rest) => {
                    rest.rates
                        .iter_mut()
                        .zip(rates)
                        .for_each(|(sum, rate)| *sum += rate);
                    "the rest".clone_into(&mut rest.name);
                }
                None => series.push(Series {
                    name: name_of(group),
                    anchor: self.anchors[at].clone(),
                    rates,
                }),
            }
        }
        if self.failures.len() > COLOURS
            && let Some(rest) = series.last_mut()
        {
            "failures".clone_into(&mut rest.anchor);
        }
        out.push_str("<section aria-labelledby=\"rates-title\">\n<h2 id=\"rates-title\">Failures over time</h2>\n");
        out.push_str(&plot::stacked(axis, &series, self.incidents));
        out.push_str("</section>\n");
    }

    fn overview(&self, out: &mut String) {
        if self.failures.is_empty() {
            return;
        }
        out.push_str("<section id=\"failures\" aria-labelledby=\"failures-name\">\n<h2 id=\"failures-name\">What happened</h2>\n<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-labelledby=\"failures-name\"><table class=\"overview\">\n<thead><tr><th scope=\"col\">What happened</th><th scope=\"col\">Exchanges</th><th scope=\"col\">Share</th><th scope=\"col\">Who</th><th scope=\"col\">Over time</th></tr></thead>\n<tbody>\n");
        for (at, group) in self.failures.iter().enumerate() {
            let spark = self.axis.as_ref().map_or_else(String::new, |axis| {
                plot::sparkline(axis, &axis.rates(group), colour(at))
            });
            let name = escape(&name_of(group));
            let name = if at < IN_FULL {
                format!("<a href=\"#{}\">{name}</a>", self.anchors[at])
            } else {
                name
            };
            let party = match group.blame.party {
                Some(party) => format!("{party}, {}", group.blame.certainty),
                None => "not known".to_owned(),
            };
            let _ = writeln!(
                out,
                "<tr><th scope=\"row\"><span class=\"swatch s{}\"></span>{name}</th><td data-label=\"Exchanges\">{}</td><td data-label=\"Share\">{}</td><td data-label=\"Who\">{}</td><td class=\"over-time\">{spark}</td></tr>",
                colour(at),
                grouped(group.count),
                percent(group.share),
                escape(&party)
            );
        }
        out.push_str("</tbody></table></div>\n</section>\n");
    }

    fn groups(&self, out: &mut String) {
        if self.failures.is_empty() {
            return;
        }
        out.push_str(
            "<section aria-labelledby=\"groups-name\">\n<h2 id=\"groups-name\">Each of them</h2>\n",
        );
        for (at, group) in self.failures.iter().enumerate().take(IN_FULL) {
            out.push_str(&group::section(
                group,
                &self.anchors[at],
                colour(at),
                self.axis.as_ref(),
                self.incidents,
            ));
        }
        if self.failures.len() > IN_FULL {
            let more = self.failures.len() - IN_FULL;
            let _ = writeln!(
                out,
                "<p>{more} smaller ones stand in the table above only.</p>"
            );
        }
        out.push_str("</section>\n");
    }

    /// What the catalogue says of the outcomes met, once each.
    fn entries(&self, out: &mut String) {
        let mut ids: Vec<&str> = Vec::new();
        for group in self.failures.iter().take(IN_FULL) {
            if !ids.contains(&group.outcome) {
                ids.push(group.outcome);
            }
        }
        if ids.is_empty() {
            return;
        }
        out.push_str("<section id=\"entries\" aria-labelledby=\"entries-name\">\n<h2 id=\"entries-name\">From the catalogue</h2>\n<p class=\"about\">What is known of these outcomes in general; <code>httpwhy explain</code> says the same.</p>\n");
        for entry in ids.into_iter().filter_map(by_id) {
            catalogue_entry(out, entry);
        }
        out.push_str("</section>\n");
    }
}

fn catalogue_entry(out: &mut String, entry: &Entry) {
    let anchor = entry_anchor(entry.id.0);
    let _ = write!(
        out,
        "<article class=\"entry\" id=\"{anchor}\" aria-labelledby=\"{anchor}-name\">\n<h3 id=\"{anchor}-name\">{} <code>{}</code></h3>\n<p>{}</p>\n<details><summary>More</summary>\n",
        escape(entry.title),
        entry.id.0,
        markdown::inline(entry.lead())
    );
    for (section, name) in [
        (Section::Meaning, "What it means"),
        (Section::Cause, "Who caused it"),
        (Section::Retry, "Retry"),
    ] {
        let text = entry.section(section);
        if !text.trim().is_empty() {
            let _ = write!(out, "<h4>{name}</h4>\n{}", markdown::html(text, 5));
        }
    }
    let fixes: Vec<(Audience, &str)> = entry.fixes().collect();
    if !fixes.is_empty() {
        out.push_str("<h4>Fix it</h4>\n");
        for (audience, text) in fixes {
            let _ = writeln!(
                out,
                "<div class=\"fix\"><p class=\"for\">For the {}</p>{}</div>",
                audience.as_str(),
                markdown::html(text, 5)
            );
        }
    }
    if !entry.sources.is_empty() {
        let sources: Vec<String> = entry.sources.iter().map(|source| escape(source)).collect();
        let _ = writeln!(out, "<p class=\"soft\">Sources: {}</p>", sources.join("; "));
    }
    out.push_str("</details>\n</article>\n");
}

/// Where a catalogue entry stands in the report.
fn entry_anchor(id: &str) -> String {
    let plain = id
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' });
    format!("entry-{}", plain.collect::<String>())
}

/// `Upstream silent: 504 Gateway Timeout`.
fn name_of(group: &LogGroupJson<'_>) -> String {
    let status = group
        .statuses
        .iter()
        .filter(|one| one.status > 0)
        .max_by_key(|one| one.count)
        .map_or_else(String::new, |one| format!("{} ", one.status));
    format!("{}: {status}{}", group.happened_title, group.title)
}

/// `half within 12 ms, 90 % within 40 ms …`.
fn durations_line(times: &LogTimesJson) -> String {
    format!(
        "half within {}, 90\u{a0}% within {}, 99\u{a0}% within {}, 99.9\u{a0}% within {}, the slowest {}",
        duration(times.p50),
        duration(times.p90),
        duration(times.p99),
        duration(times.p999),
        duration(times.max)
    )
}
