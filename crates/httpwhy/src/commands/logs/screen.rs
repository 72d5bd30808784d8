//! The first screen: who failed, since when, where, and what to do.

use std::fmt::Write as _;
use std::io;

use httpwhy_catalog::by_id;
use httpwhy_logs::{Counted, Depth, Dimension, FileReport, Group, Percentiles, Triage, shown};
use httpwhy_model::{Audience, Blame};
use httpwhy_render::{Style, markdown_text, safe};

use super::join;
use super::json::{share, word};
use super::sentence::sentence;
use super::{Shown, when};

/// Groups that are shown in full; the rest take a line each.
const IN_FULL: usize = 6;
/// Incidents that are told.
const INCIDENTS: usize = 8;
/// Columns of the labels on the left.
const LABEL: usize = 10;
/// Columns of a sparkline at most.
const SPARKS: usize = 60;

pub(crate) fn write(
    out: &mut dyn io::Write,
    triage: &Triage,
    how: Shown,
    style: Style,
) -> io::Result<()> {
    let mut screen = Screen {
        triage,
        how,
        style,
        text: String::new(),
    };
    screen.head();
    screen.incidents();
    screen.failures();
    screen.complaints();
    screen.tail();
    out.write_all(screen.text.as_bytes())
}

struct Screen<'a> {
    triage: &'a Triage,
    how: Shown,
    style: Style,
    text: String,
}

impl Screen<'_> {
    fn head(&mut self) {
        for file in &self.triage.files {
            let title = if file.title.is_empty() {
                "no known format"
            } else {
                &file.title
            };
            let line = format!(
                "**{}**: {}{}; {}",
                plain(&file.name),
                plain(title),
                plain(&confidence(file)),
                lines(file)
            );
            self.paragraph(&line, 0);
            for doubt in &file.doubts {
                let doubt = shown(doubt.as_bytes(), self.how.anonymize);
                self.paragraph(&format!("**Doubtful**: {}", plain(&doubt)), 2);
            }
        }
        for (why, line) in self.triage.unread.iter().take(3) {
            let cut: String = shown(line, self.how.anonymize).chars().take(100).collect();
            let _ = writeln!(self.text, "{:LABEL$}{}", word(*why), safe(&cut));
        }
        let (all, failures) = (self.triage.exchanges(), self.triage.failures());
        let mut line = format!(
            "**{} of {} exchanges failed** ({})",
            grouped(failures),
            grouped(all),
            percent(failures, all)
        );
        if let Some((first, last)) = self.triage.span() {
            let _ = write!(line, ", {} UTC", when::span(first, last));
        }
        if self.triage.counters.not_asked > 0 {
            let _ = write!(
                line,
                "; {} more lines were not asked for",
                grouped(self.triage.counters.not_asked)
            );
        }
        self.text.push('\n');
        self.paragraph(&line, 0);
        if let Some(joined) = join::told(&self.triage.joined) {
            self.paragraph(&plain(&joined), 0);
        }
    }

    fn incidents(&mut self) {
        let mut incidents = self.triage.incidents();
        if incidents.is_empty() {
            return;
        }
        let more = incidents.len().saturating_sub(INCIDENTS);
        if more > 0 {
            incidents.sort_by_key(|incident| std::cmp::Reverse(incident.count));
            incidents.truncate(INCIDENTS);
            incidents.sort_by_key(|incident| incident.from);
        }
        self.text.push('\n');
        for incident in &incidents {
            let line = format!("- {}", plain(&sentence(incident, self.how)));
            self.paragraph(&line, 0);
        }
        if more > 0 {
            let line = format!("- and {more} smaller ones (--json shows all)");
            self.paragraph(&line, 0);
        }
    }

    fn failures(&mut self) {
        let groups: Vec<&Group> = self
            .triage
            .groups()
            .into_iter()
            .filter(|group| group.happened.is_failure())
            .collect();
        for (at, group) in groups.iter().enumerate() {
            if at < IN_FULL {
                self.text.push('\n');
                self.group(group);
            } else {
                if at == IN_FULL {
                    self.text.push('\n');
                }
                let line = format!(
                    "{:>10}  {:>7}  {} · {}",
                    grouped(group.count),
                    percent(group.count, self.triage.exchanges()),
                    group.happened.title(),
                    group.diagnosis.outcome
                );
                self.text.push_str(&line);
                self.text.push('\n');
            }
        }
    }

    fn complaints(&mut self) {
        let complaints = self.triage.complaints();
        if complaints.is_empty() {
            return;
        }
        self.text.push('\n');
        self.paragraph("**Error lines**", 0);
        for group in complaints.iter().take(IN_FULL) {
            let example: String = shown(&group.example, self.how.anonymize)
                .chars()
                .take(160)
                .collect();
            let line = format!("{:>10}  {}", grouped(group.count), safe(&example));
            self.text.push_str(&line);
            self.text.push('\n');
        }
    }

    fn group(&mut self, group: &Group) {
        let entry = by_id(group.diagnosis.outcome.0);
        let title = entry.map_or("", |entry| entry.title);
        let head = format!(
            "**{}**: {}, {}, {}{} · `{}`",
            group.happened.title(),
            grouped(group.count),
            percent(group.count, self.triage.exchanges()),
            statuses(group),
            title,
            group.diagnosis.outcome
        );
        self.paragraph(&head, 0);
        if let Some(entry) = entry {
            self.paragraph(entry.lead(), 2);
        }
        self.row("Who", &who(group));
        if let (Some(first), Some(last)) = (group.first, group.last) {
            self.row("When", &when::span(first, last));
        }
        let sparks = sparkline(&self.triage.minutes(group), self.triage.minutes_to_a_cell());
        if !sparks.is_empty() {
            self.row("", &sparks);
        }
        for (label, dimension) in [
            ("Path", Dimension::Path),
            ("Upstream", Dimension::Upstream),
            ("Host", Dimension::Host),
        ] {
            let top = self.triage.top(group, dimension, self.how.top);
            if !top.is_empty() {
                self.row(label, &self.names(&top, group.count));
            }
        }
        if let Some(times) = self.triage.percentiles(group) {
            let mut line = took(&times);
            if let Some(seconds) = self.triage.timeout(group) {
                let _ = write!(
                    line,
                    "; they pile up at {seconds} s, the timeout that fired"
                );
            }
            self.row("Took", &line);
        }
        let example: String = shown(&group.example, self.how.anonymize)
            .chars()
            .take(300)
            .collect();
        self.row("Line", &code(&example));
        if group.witnessed > 0 {
            let line = format!(
                "{} of them have their line in the log from behind",
                grouped(group.witnessed)
            );
            self.row("Proof", &line);
        }
        if group.joined > 0 {
            let line = format!(
                "{} of them have their line in the error log",
                grouped(group.joined)
            );
            self.row("Proof", &line);
        }
        if let Some(open) = group.open {
            self.row(
                "Open",
                &format!(
                    "these lines cannot tell: {}. To know next time, log more:",
                    open.between
                ),
            );
            for line in open.paste.lines() {
                let _ = writeln!(self.text, "{:width$}{line}", "", width = LABEL + 2);
            }
        }
        let mut label = "Fix";
        for remedy in group
            .diagnosis
            .remedies
            .iter()
            .filter(|remedy| remedy.audience == Audience::Operator)
        {
            self.row(label, &remedy.text);
            label = "";
        }
        let more = format!("httpwhy explain {}", group.diagnosis.outcome);
        self.row("More", &format!("`{more}`"));
    }

    fn tail(&mut self) {
        if self.triage.depth == Depth::Counts {
            self.text.push('\n');
            for (status, count) in self.triage.statuses() {
                let status = if status == 0 {
                    "none".to_owned()
                } else {
                    status.to_string()
                };
                let line = format!(
                    "{status:>6}  {:>14}  {}\n",
                    grouped(count),
                    percent(count, self.triage.exchanges())
                );
                self.text.push_str(&line);
            }
            return;
        }
        let paths = self.triage.paths(self.how.top.max(5));
        if !paths.is_empty() {
            self.text.push('\n');
            self.paragraph("**Paths**", 0);
        }
        for (path, failed, times) in paths {
            let times = times.map_or_else(String::new, |times| format!("  {}", took(&times)));
            let line = format!(
                "{:>12}  {:>8} failed  {}{times}\n",
                grouped(path.count),
                percent(failed, path.count),
                safe(&shown(&path.name, self.how.anonymize))
            );
            self.text.push_str(&line);
        }
        let clients = self.triage.distinct_clients();
        if clients > 0 {
            let bots: u64 = self.triage.groups().iter().map(|group| group.bots).sum();
            let line = format!(
                "About {} clients; {} of the exchanges are programs' without a person.",
                grouped(clients),
                percent(bots, self.triage.exchanges())
            );
            self.text.push('\n');
            self.paragraph(&line, 0);
        }
        let error = Dimension::ALL
            .iter()
            .map(|dimension| self.triage.error_of(*dimension))
            .max()
            .unwrap_or(0);
        if error > 0 {
            let line = format!(
                "More names than are kept: counts of single names may be too small by up to {}.",
                grouped(error)
            );
            self.paragraph(&line, 0);
        }
    }

    fn names(&self, top: &[Counted], all: u64) -> String {
        top.iter()
            .map(|one| {
                let name = shown(&one.name, self.how.anonymize);
                format!("{} {}", code(&name), percent(one.count, all))
            })
            .collect::<Vec<_>>()
            .join(", ")
    }

    fn paragraph(&mut self, markdown: &str, indent: usize) {
        self.text
            .push_str(&markdown_text(markdown, self.style, indent));
        if !self.text.ends_with('\n') {
            self.text.push('\n');
        }
    }

    fn row(&mut self, label: &str, markdown: &str) {
        let indent = LABEL + 2;
        let text = markdown_text(markdown, self.style, indent);
        let text = text.strip_prefix(&" ".repeat(indent)).unwrap_or(&text);
        let _ = write!(self.text, "  {label:LABEL$}{text}");
        if !self.text.ends_with('\n') {
            self.text.push('\n');
        }
    }
}

/// `502, 504 · `, the most frequent first; nothing when the lines have none.
fn statuses(group: &Group) -> String {
    let mut list: Vec<(u16, u64)> = group
        .statuses
        .iter()
        .copied()
        .filter(|(status, _)| *status > 0)
        .collect();
    list.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let words: Vec<String> = list
        .iter()
        .take(3)
        .map(|(status, _)| status.to_string())
        .collect();
    if words.is_empty() {
        String::new()
    } else {
        format!("{} · ", words.join(", "))
    }
}

fn who(group: &Group) -> String {
    let who = match group.diagnosis.blame {
        Blame::Nobody => "nobody: nothing is wrong".to_owned(),
        Blame::Proven(party) => format!("**{party}**, proven"),
        Blame::Likely(party) => format!("**{party}**, likely"),
        Blame::Unknown { missing } => {
            return format!("not known; what would tell: {}", plain(missing));
        }
    };
    // The last evidence is the one that decided.
    match group
        .diagnosis
        .evidence
        .iter()
        .rfind(|evidence| evidence.shows != "the status")
    {
        Some(evidence) if evidence.shows != "the word that was recorded" => {
            format!("{who}: {}", plain(&evidence.shows))
        }
        _ => who,
    }
}

/// How surely the format was recognised, where that is not beyond doubt.
fn confidence(file: &FileReport) -> String {
    let (fitted, sampled) = file.fitted;
    if fitted == sampled || fitted == 0 {
        return String::new();
    }
    format!(
        " (of {} lines looked at, {} fit)",
        grouped(sampled as u64),
        grouped(fitted as u64)
    )
}

fn lines(file: &FileReport) -> String {
    let counters = &file.counters;
    let mut text = format!("{} lines", grouped(counters.lines()));
    for (count, what) in [
        (counters.torn, "torn"),
        (counters.foreign, "of no known format"),
        (counters.oversize, "too long"),
        (counters.empty, "empty"),
        (counters.directives, "headers"),
    ] {
        if count > 0 {
            let _ = write!(text, ", {} {what}", grouped(count));
        }
    }
    if file.unended {
        text.push_str(", the last one without an end");
    }
    text
}

fn took(times: &Percentiles) -> String {
    format!(
        "half within {}, 90 % {}, 99 % {}, at most {}",
        duration(times.p50),
        duration(times.p90),
        duration(times.p99),
        duration(times.max)
    )
}

fn duration(micros: u64) -> String {
    match micros {
        0..=999 => format!("{micros} \u{b5}s"),
        1_000..=999_999 => format!("{:.1} ms", micros as f64 / 1e3),
        _ => format!("{:.2} s", micros as f64 / 1e6),
    }
}

/// One column for each cell, or for some: the higher, the more.
fn sparkline(minutes: &[(i64, u64)], cell: i64) -> String {
    const BARS: [char; 8] = [
        '\u{2581}', '\u{2582}', '\u{2583}', '\u{2584}', '\u{2585}', '\u{2586}', '\u{2587}',
        '\u{2588}',
    ];
    let (Some((first, _)), Some((last, _))) = (minutes.first(), minutes.last()) else {
        return String::new();
    };
    let cells = ((last - first) / cell + 1) as usize;
    if cells < 3 {
        return String::new();
    }
    let width = cells.min(SPARKS);
    let mut sums = vec![0_u64; width];
    for (minute, count) in minutes {
        let at = ((minute - first) / cell) as usize * width / cells;
        sums[at] += count;
    }
    let most = sums.iter().copied().max().unwrap_or(1).max(1);
    sums.into_iter()
        .map(|sum| match sum {
            0 => ' ',
            sum => BARS[(sum * 7 / most) as usize],
        })
        .collect()
}

fn percent(count: u64, all: u64) -> String {
    percent_of(share(count, all))
}

/// A share, 0 to 1, in per cent.
pub(super) fn percent_of(share: f64) -> String {
    let percent = share * 100.0;
    match percent {
        0.0 => "0 %".to_owned(),
        ..0.01 => "<0.01 %".to_owned(),
        ..10.0 => format!("{percent:.2} %"),
        _ => format!("{percent:.1} %"),
    }
}

/// `1,234,567`.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A stranger's text as Markdown code.
fn code(text: &str) -> String {
    format!("`{}`", safe(text).replace('`', "'"))
}

/// A text in which nothing is Markdown.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in safe(text).chars() {
        if matches!(
            c,
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '&' | '!'
        ) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(percent(1, 100_000), "<0.01 %");
        assert_eq!(percent(1, 3), "33.3 %");
        assert_eq!(duration(60_003_000), "60.00 s");
    }

    #[test]
    fn sparklines_show_gaps() {
        assert_eq!(sparkline(&[(0, 1), (2, 8)], 1), "\u{2581} \u{2588}");
        assert_eq!(sparkline(&[(0, 1)], 1), "");
    }
}
