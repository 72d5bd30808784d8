//! Paths, clients, error lines, and what was read: every line accounted for.

use std::fmt::Write as _;

use httpwhy_schema::{LogLinesJson, LogsLine};

use super::escape::{duration, escape, grouped, percent_of};
use super::group::bars;
use super::name_of as group_name;

/// The paths with most exchanges: how many failed, and the times of what went well and of what failed.
pub(crate) fn paths(out: &mut String, logs: &LogsLine<'_>) {
    if logs.paths.is_empty() {
        return;
    }
    let timed = logs
        .paths
        .iter()
        .any(|path| path.times_ms.is_some() || path.failed_times_ms.is_some());
    out.push_str("<section id=\"paths\" aria-labelledby=\"paths-name\">\n<h2 id=\"paths-name\">Paths</h2>\n<p class=\"about\">Those asked for most. Numbers and ids in them are put together: <code>/items/{n}</code>.</p>\n<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-labelledby=\"paths-name\"><table class=\"paths\">\n<thead><tr><th scope=\"col\">Path</th><th scope=\"col\">Exchanges</th><th scope=\"col\">Failed</th>");
    if timed {
        out.push_str("<th scope=\"col\">50 %</th><th scope=\"col\">99 %</th><th scope=\"col\">Failed: 50 %</th><th scope=\"col\">Failed: 99 %</th>");
    }
    out.push_str("<th scope=\"col\">Most often as</th></tr></thead>\n<tbody>\n");
    for path in &logs.paths {
        let _ = write!(
            out,
            "<tr><th scope=\"row\"><code>{}</code></th><td data-label=\"Exchanges\">{}</td><td data-label=\"Failed\">{}</td>",
            escape(&path.path),
            grouped(path.count),
            percent_of(path.failures, path.count)
        );
        if timed {
            let (times, failed) = (path.times_ms.as_ref(), path.failed_times_ms.as_ref());
            let cells: [(&str, Option<f64>); 4] = [
                ("50 %", times.map(|times| times.p50)),
                ("99 %", times.map(|times| times.p99)),
                ("Failed: 50 %", failed.map(|times| times.p50)),
                ("Failed: 99 %", failed.map(|times| times.p99)),
            ];
            for (label, time) in cells {
                let text = time.map_or_else(|| "–".to_owned(), duration);
                let _ = write!(out, "<td data-label=\"{label}\">{text}</td>");
            }
        }
        let most = path.outcomes.first().map_or_else(String::new, |one| {
            format!(
                "<code>{}</code> {}",
                escape(one.outcome),
                percent_of(one.count, path.failures)
            )
        });
        let _ = writeln!(out, "<td data-label=\"Most often as\">{most}</td></tr>");
    }
    out.push_str("</tbody></table></div>\n</section>\n");
}

/// Who asked: how many, how many of them programs, and whose requests failed most.
pub(crate) fn clients(out: &mut String, logs: &LogsLine<'_>) {
    let Some(clients) = logs.clients.filter(|clients| *clients > 0) else {
        return;
    };
    let _ = write!(
        out,
        "<section id=\"clients\" aria-labelledby=\"clients-name\">\n<h2 id=\"clients-name\">Clients</h2>\n<p>About {} different addresses (standard error 1.6 %)",
        grouped(clients)
    );
    match logs.bots {
        Some(bots) => {
            let _ = writeln!(
                out,
                "; {} of the exchanges came from bots (crawlers, monitors, scanners).</p>",
                percent_of(bots, logs.exchanges)
            );
        }
        None => out.push_str(". These lines name no user agent, so bots cannot be told.</p>\n"),
    }
    if !logs.top_clients.is_empty() {
        out.push_str("<div class=\"tops\">\n");
        let name = if logs.anonymized {
            "Networks with most failures"
        } else {
            "Addresses with most failures"
        };
        out.push_str(&bars(name, &logs.top_clients, logs.failures));
        out.push_str("</div>\n");
    }
    out.push_str("</section>\n");
}

/// Error lines without an access line.
pub(crate) fn complaints(out: &mut String, logs: &LogsLine<'_>) {
    if logs.complaints.is_empty() {
        return;
    }
    out.push_str("<section id=\"error-lines\" aria-labelledby=\"error-lines-name\">\n<h2 id=\"error-lines-name\">Error lines</h2>\n<p class=\"about\">By what they say; a line of each.</p>\n");
    for group in &logs.complaints {
        let _ = writeln!(
            out,
            "<h3>{} × {}</h3>\n<pre tabindex=\"0\"><code>{}</code></pre>",
            grouped(group.count),
            escape(&group_name(group)),
            escape(&group.example)
        );
    }
    out.push_str("</section>\n");
}

/// Every line of every input, accounted for.
pub(crate) fn counters(out: &mut String, logs: &LogsLine<'_>) {
    out.push_str("<section id=\"reading\" aria-labelledby=\"reading-name\">\n<h2 id=\"reading-name\">What was read</h2>\n<p class=\"about\">Every line is accounted for: read + torn + foreign + too long + empty = all, as <code>wc -l</code> counts them.</p>\n<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-labelledby=\"reading-name\"><table class=\"counters\">\n<thead><tr><th scope=\"col\">Log</th>");
    for (name, _) in COUNTERS {
        let _ = write!(out, "<th scope=\"col\">{name}</th>");
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for input in &logs.inputs {
        let recognised = if input.recognised.is_empty() {
            "no known format"
        } else {
            input.recognised
        };
        let mut head = format!(
            "{}<span class=\"soft\">{}</span>",
            escape(&name_of(input.name, logs.anonymized)),
            escape(recognised)
        );
        for doubt in &input.doubts {
            let _ = write!(
                head,
                "<span class=\"doubt\">Doubtful: {}</span>",
                escape(doubt)
            );
        }
        if input.unended {
            head.push_str("<span class=\"soft\">the last line has no end</span>");
        }
        row(out, &head, &input.lines);
    }
    if logs.inputs.len() > 1 {
        row(out, "<strong>All</strong>", &logs.lines);
    }
    out.push_str("</tbody></table></div>\n");
    for lost in &logs.unreadable {
        let _ = writeln!(
            out,
            "<p class=\"note\"><strong>{}</strong> could not be read, or not to its end: {}</p>",
            escape(&name_of(lost.name, logs.anonymized)),
            escape(lost.what)
        );
    }
    if logs.lines.not_asked > 0 {
        let _ = writeln!(
            out,
            "<p>{} of the lines read were not asked for by the filters and are not in the figures.</p>",
            grouped(logs.lines.not_asked)
        );
    }
    if let Some(joined) = &logs.joined {
        let _ = writeln!(
            out,
            "<p>Joined with the log from behind: {} failures have a line there, {} have none, {} have no id, {} were not looked for.</p>",
            grouped(joined.found),
            grouped(joined.missing),
            grouped(joined.without_id),
            grouped(joined.dropped)
        );
    }
    if logs.count_error > 0 {
        let _ = writeln!(
            out,
            "<p>There were more names than are kept: counts of single paths, upstreams and the like may be too small by up to {}.</p>",
            grouped(logs.count_error)
        );
    }
    if !logs.unread.is_empty() {
        out.push_str("<details><summary>Some of the lines that were not read</summary>\n");
        for one in &logs.unread {
            let _ = writeln!(
                out,
                "<p class=\"for\">{}</p><pre tabindex=\"0\"><code>{}</code></pre>",
                one.why,
                escape(&one.line)
            );
        }
        out.push_str("</details>\n");
    }
    out.push_str("</section>\n");
}

type Counter = (&'static str, fn(&LogLinesJson) -> u64);

const COUNTERS: [Counter; 6] = [
    ("All lines", |lines| lines.all),
    ("Read", |lines| lines.ok),
    ("Torn", |lines| lines.torn),
    ("Foreign", |lines| lines.foreign),
    ("Too long", |lines| lines.oversize),
    ("Empty", |lines| lines.empty),
];

fn row(out: &mut String, head: &str, lines: &LogLinesJson) {
    let _ = write!(out, "<tr><th scope=\"row\">{head}</th>");
    for (name, of) in COUNTERS {
        let _ = write!(out, "<td data-label=\"{name}\">{}</td>", grouped(of(lines)));
    }
    out.push_str("</tr>\n");
}

/// What an input is called: without its folders where it is for strangers.
pub(crate) fn name_of(path: &str, anonymized: bool) -> String {
    let last = path.rsplit(['/', '\\']).next().unwrap_or(path);
    if anonymized { last } else { path }.to_owned()
}
