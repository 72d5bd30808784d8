//! The first screen: who failed, since when, where, and what to do.

use std::fmt::Write as _;
use std::io;

use httpwhy_catalog::by_id;
use httpwhy_diagnose::timer::timer;
use httpwhy_logs::{
    Counted, Counters, Depth, Dimension, FileReport, Group, Percentiles, Triage, shown,
    shown_client,
};
use httpwhy_model::{Audience, Blame};
use httpwhy_render::{Style, markdown_text, safe};

use super::advice;
use super::figures::{Axis, bound, duration, grouped, percent};
use super::join;
use super::json::{bots, shown_by, word};
use super::sentence::{formats_of, sentence};
use super::{Shown, when};

/// Groups that are shown in full; the table above shows all.
const IN_FULL: usize = 6;
/// Rows of that table.
const ROWS: usize = 16;
/// Incidents that are told.
const INCIDENTS: usize = 8;
/// Inputs that have a line each.
const INPUTS: usize = 4;
/// Columns of the labels on the left.
const LABEL: usize = 10;
/// Columns of a row of bars at most.
const BARS: usize = 60;
/// Of a group, so large a part must share a network or an agent for it to be told.
const TELLING: f64 = 0.1;

pub(crate) fn write(
    out: &mut dyn io::Write,
    triage: &Triage,
    how: Shown,
    style: Style,
) -> io::Result<()> {
    let loose = triage.loose();
    let exchanges = triage.exchanges();
    // Error logs alone: their lines are all that is known.
    let told = loose.iter().map(|group| group.count).sum();
    let mut screen = Screen {
        triage,
        loose,
        all: if exchanges == 0 { told } else { exchanges },
        how,
        style,
        axis: Axis::of(&triage.all_minutes(), triage.minutes_to_a_cell()),
        pasted: Vec::new(),
        text: String::new(),
    };
    screen.inputs();
    screen.head();
    screen.incidents();
    screen.failures();
    screen.complaints();
    screen.tail();
    out.write_all(screen.text.as_bytes())
}

struct Screen<'a> {
    triage: &'a Triage,
    /// Error lines of which no access line was found.
    loose: Vec<Group>,
    /// Exchanges, or error lines where there are none: the whole of which shares are told.
    all: u64,
    how: Shown,
    style: Style,
    axis: Option<Axis>,
    /// Configurations that have been shown for pasting.
    pasted: Vec<&'static str>,
    text: String,
}

impl Screen<'_> {
    fn inputs(&mut self) {
        let files = &self.triage.files;
        if files.len() <= INPUTS {
            for file in files {
                self.input(file);
            }
        } else {
            self.many_inputs();
        }
        let mut told: Vec<String> = Vec::new();
        for (why, line) in &self.triage.unread {
            let line = safe(&shown(line, self.how.anonymize));
            let line = format!("{:LABEL$}{line}", word(*why));
            if !told.contains(&line) && told.len() < 3 {
                let _ = writeln!(self.text, "{}", self.cut(&line));
                told.push(line);
            }
        }
        self.text.push('\n');
    }

    fn input(&mut self, file: &FileReport) {
        let line = format!(
            "**{}**: {}{}; {}",
            plain(&file.name),
            plain(title(file)),
            plain(&confidence(file)),
            lines(file)
        );
        self.paragraph(&line, 0);
        for doubt in &file.doubts {
            let doubt = shown(doubt.as_bytes(), self.how.anonymize);
            self.paragraph(&format!("**Doubtful**: {}", plain(&doubt)), 2);
        }
    }

    /// Logs of one format in a line, with the first name of them.
    fn many_inputs(&mut self) {
        let files = &self.triage.files;
        let mut titles: Vec<&str> = Vec::new();
        for file in files {
            if !titles.contains(&title(file)) {
                titles.push(title(file));
            }
        }
        for wanted in titles {
            let alike: Vec<&FileReport> =
                files.iter().filter(|file| title(file) == wanted).collect();
            if let [file] = alike[..] {
                self.input(file);
                continue;
            }
            let all: u64 = alike.iter().map(|file| file.counters.lines()).sum();
            let line = format!(
                "**{} and {} more**: {}; {} lines",
                plain(&alike[0].name),
                alike.len() - 1,
                plain(wanted),
                grouped(all)
            );
            self.paragraph(&line, 0);
            let doubts: usize = alike.iter().map(|file| file.doubts.len()).sum();
            if doubts > 0 {
                let line = format!("**Doubtful**: {doubts} of their columns (--json says which)");
                self.paragraph(&line, 2);
            }
        }
        let counters = counters(&self.triage.counters);
        if !counters.is_empty() {
            let line = format!(
                "In all {} lines{counters}",
                grouped(self.triage.counters.lines())
            );
            self.paragraph(&line, 0);
        }
    }

    fn head(&mut self) {
        let (all, failures) = (self.triage.exchanges(), self.triage.failures());
        let mut line = if self.is_of_errors() {
            format!(
                "**{} error lines say what went wrong**; of how many exchanges, the access log tells",
                grouped(self.all)
            )
        } else {
            format!(
                "**{} of {} exchanges failed** ({})",
                grouped(failures),
                grouped(all),
                percent(failures, all)
            )
        };
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
        let groups = self.triage.groups();
        self.text.push('\n');
        for incident in &incidents {
            let formats = formats_of(incident, &groups);
            let line = format!("- {}", plain(&sentence(incident, formats, self.how)));
            self.paragraph(&line, 0);
        }
        if more > 0 {
            let line = format!("- and {more} smaller ones (--json shows all)");
            self.paragraph(&line, 0);
        }
    }

    /// Whether there are error lines and no exchanges.
    fn is_of_errors(&self) -> bool {
        self.triage.exchanges() == 0 && !self.loose.is_empty()
    }

    fn failures(&mut self) {
        let loose = self.loose.clone();
        let groups: Vec<&Group> = if self.is_of_errors() {
            loose.iter().collect()
        } else {
            let groups = self.triage.groups().into_iter();
            groups.filter(|group| group.happened.is_failure()).collect()
        };
        if groups.len() > 1 {
            self.table(&groups);
        }
        for group in groups.iter().take(IN_FULL) {
            self.text.push('\n');
            self.group(group);
        }
        if groups.len() > IN_FULL {
            self.text.push('\n');
            let line = format!(
                "{} smaller groups are in the table above; --html FILE or --json tells all of them in full.",
                groups.len() - IN_FULL
            );
            self.paragraph(&line, 0);
        }
    }

    /// A line for each group.
    fn table(&mut self, groups: &[&Group]) {
        let width = self.style.columns();
        let bars = match width {
            ..60 => 0,
            60..100 => 18,
            _ => 30,
        };
        self.text.push('\n');
        if let (Some(axis), true) = (self.axis, bars > 0) {
            let (from, to) = (when::minute(axis.from * 60), when::minute(axis.to * 60));
            let line = format!(
                "{:20}{from}{to:>rest$}",
                "",
                rest = axis.bars(&[], bars).chars().count().max(11) - from.len()
            );
            let _ = writeln!(self.text, "{}", self.faint(&line));
        }
        for group in groups.iter().take(ROWS) {
            let mut line = format!(
                "{:>10}  {:>7}",
                grouped(group.count),
                percent(group.count, self.all)
            );
            if let Some(axis) = self.axis.filter(|_| bars > 0) {
                let row = axis.bars(&self.triage.minutes(group), bars);
                let _ = write!(line, " {row}");
            }
            if width >= 100 {
                let _ = write!(line, "  {:<21}", party(group));
            }
            let _ = write!(
                line,
                "  {}{}: {}",
                statuses(group).replace(" \u{b7} ", " "),
                group.diagnosis.outcome,
                group.happened.title()
            );
            let line = self.cut(&line);
            self.text.push_str(&line);
            self.text.push('\n');
        }
        if groups.len() > ROWS {
            let rest: u64 = groups[ROWS..].iter().map(|group| group.count).sum();
            let _ = writeln!(
                self.text,
                "{:>10}  in {} smaller groups",
                grouped(rest),
                groups.len() - ROWS
            );
        }
    }

    fn complaints(&mut self) {
        if self.triage.unkept > 0 {
            let line = format!(
                "{} error lines are more than are kept at a time, and were not joined: give the logs of a shorter time",
                grouped(self.triage.unkept)
            );
            self.text.push('\n');
            self.paragraph(&line, 0);
        }
        if self.loose.is_empty() || self.is_of_errors() {
            return;
        }
        self.text.push('\n');
        self.paragraph("**Error lines** of which no access line was found", 0);
        for group in self.loose.iter().take(IN_FULL) {
            let example = safe(&shown(&group.example, self.how.anonymize));
            let line = format!("{:>10}  {example}", grouped(group.count));
            let line = self.cut(&line);
            self.text.push_str(&line);
            self.text.push('\n');
        }
        if self.loose.len() > IN_FULL {
            let more = self.loose.len() - IN_FULL;
            let _ = writeln!(self.text, "{:>10}  {more} more kinds (--json)", "");
        }
    }

    fn group(&mut self, group: &Group) {
        let entry = by_id(group.diagnosis.outcome.0);
        let title = entry.map_or("", |entry| entry.title);
        let head = format!(
            "**{}**: {} ({}), {}{} · `{}`",
            group.happened.title(),
            grouped(group.count),
            percent(group.count, self.all),
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
        if let Some(axis) = self.axis {
            let room = self.style.columns() - LABEL - 2;
            let bars = axis.bars(&self.triage.minutes(group), room.min(BARS));
            let _ = writeln!(self.text, "{:width$}{bars}", "", width = LABEL + 2);
        }
        for (label, dimension) in [
            ("Path", Dimension::Path),
            ("Upstream", Dimension::Upstream),
            ("Host", Dimension::Host),
        ] {
            // The only host there is tells nothing.
            let one_of_many = self.triage.top_of_all(dimension, 2).len() > 1;
            let top = self.triage.top(group, dimension, self.how.top);
            if !top.is_empty() && (dimension != Dimension::Host || one_of_many) {
                self.row(label, &self.names(&top, group.count, shown));
            }
        }
        self.row("From", &self.from(group));
        if let Some(times) = self.triage.percentiles(group) {
            let mut line = took(&times);
            if let Some(seconds) = self.triage.timeout(group) {
                let _ = write!(
                    line,
                    "; they pile up at {seconds} s, the timeout that fired"
                );
                let outcome = group.diagnosis.outcome.0;
                if let Some(timer) = timer(group.happened, outcome, &group.formats) {
                    let _ = write!(line, ": {timer}");
                }
            }
            self.row("Took", &line);
        }
        let example: String = shown(&group.example, self.how.anonymize)
            .chars()
            .take(400)
            .collect();
        self.row("Line", &code(&example));
        for (count, log) in [
            (group.witnessed, "the log from behind"),
            (group.joined, "the error log"),
        ] {
            if count > 0 {
                let line = format!("{} of them have their line in {log}", grouped(count));
                self.row("Proof", &line);
            }
        }
        self.open(group);
        let mut label = "Fix";
        for remedy in group
            .diagnosis
            .remedies
            .iter()
            .filter(|remedy| remedy.audience == Audience::Operator)
        {
            self.row(label, &advice::fitting(&remedy.text, &group.formats));
            label = "";
        }
        let more = format!("httpwhy explain {}", group.diagnosis.outcome);
        self.row("More", &format!("`{more}`"));
    }

    /// What the lines leave open, and once for all groups what to log so that the next ones do not.
    fn open(&mut self, group: &Group) {
        let Some(open) = group.open else {
            return;
        };
        let known = self.pasted.contains(&open.paste);
        let log = if known {
            "log more, as shown above"
        } else {
            "log more:"
        };
        let line = format!(
            "these lines cannot tell: {}. To know next time, {log}",
            open.between
        );
        self.row("Open", &line);
        if !known {
            self.pasted.push(open.paste);
            for line in open.paste.lines() {
                let _ = writeln!(self.text, "    {line}");
            }
        }
    }

    /// Networks and agents that many of the group come from, and how many are bots.
    fn from(&self, group: &Group) -> String {
        let mut parts = Vec::new();
        for dimension in [Dimension::Network, Dimension::Agent] {
            let top = self.triage.top(group, dimension, 2);
            let telling = top
                .iter()
                .filter(|one| one.count as f64 >= TELLING * group.count as f64);
            let telling: Vec<Counted> = telling.cloned().collect();
            if !telling.is_empty() {
                parts.push(self.names(&telling, group.count, shown));
            }
        }
        if group.bots > 0 {
            parts.push(format!("{} bots", percent(group.bots, group.count)));
        }
        parts.join("; ")
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
                    "{status:>6}  {:>14}  {:>8}\n",
                    grouped(count),
                    percent(count, self.triage.exchanges())
                );
                self.text.push_str(&line);
            }
            return;
        }
        self.paths();
        self.clients();
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

    /// The paths asked for most, with the times of what went well and of what failed.
    fn paths(&mut self) {
        let paths = self.triage.paths(self.how.top.max(5));
        if paths.is_empty() {
            return;
        }
        let timed = paths.iter().any(|path| path.fine.is_some()) && self.style.columns() >= 70;
        self.text.push('\n');
        let mut line = format!("{:>10} {:>8}", "exchanges", "failed");
        if timed {
            let _ = write!(line, " {:>9} {:>9} {:>12}", "50 %", "99 %", "failed: 50 %");
        }
        line.push_str("  path");
        let _ = writeln!(self.text, "{}", self.faint(&line));
        for path in paths {
            let mut line = format!(
                "{:>10} {:>8}",
                grouped(path.path.count),
                percent(path.failures, path.path.count)
            );
            if timed {
                let of = |times: &Option<Percentiles>, of: fn(&Percentiles) -> u64| {
                    times
                        .as_ref()
                        .map_or_else(|| "-".to_owned(), |times| duration(of(times)))
                };
                let _ = write!(
                    line,
                    " {:>9} {:>9} {:>12}",
                    of(&path.fine, |times| times.p50),
                    of(&path.fine, |times| times.p99),
                    of(&path.failed, |times| times.p50)
                );
            }
            let name = safe(&shown(&path.path.name, self.how.anonymize));
            let name = if name.is_empty() { "(none)" } else { &name };
            let _ = write!(line, "  {name}");
            let _ = writeln!(self.text, "{}", self.cut(&line));
        }
    }

    fn clients(&mut self) {
        let clients = self.triage.distinct_clients();
        if clients == 0 {
            return;
        }
        let mut line = match clients {
            1 => "One client".to_owned(),
            clients => format!("About {} clients", grouped(clients)),
        };
        match bots(self.triage) {
            None => {}
            Some(0) => line.push_str("; no user agent claims to be a bot"),
            Some(bots) => {
                let share = percent(bots, self.triage.exchanges());
                let _ = write!(
                    line,
                    "; {share} of the exchanges came from bots by their user agent, which is a claim (--bots without leaves them \
                     out)"
                );
            }
        }
        let top = self.triage.clients(self.how.top);
        if !top.is_empty() {
            let names = self.names(&top, self.triage.failures(), shown_client);
            let _ = write!(line, ". Most failures: {names}");
        }
        self.text.push('\n');
        self.paragraph(&format!("{line}."), 0);
    }

    fn names(&self, top: &[Counted], all: u64, shown: fn(&[u8], bool) -> String) -> String {
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
            .push_str(&markdown_text(&bound(markdown), self.style, indent));
        if !self.text.ends_with('\n') {
            self.text.push('\n');
        }
    }

    fn row(&mut self, label: &str, markdown: &str) {
        if markdown.is_empty() {
            return;
        }
        let indent = LABEL + 2;
        let text = markdown_text(&bound(markdown), self.style, indent);
        let text = text.strip_prefix(&" ".repeat(indent)).unwrap_or(&text);
        let _ = write!(self.text, "  {label:LABEL$}{text}");
        if !self.text.ends_with('\n') {
            self.text.push('\n');
        }
    }

    /// The line, cut to the width.
    fn cut(&self, line: &str) -> String {
        self.style.cut(line)
    }

    fn faint(&self, line: &str) -> String {
        self.style.faint(&self.cut(line))
    }
}

fn title(file: &FileReport) -> &str {
    if file.title.is_empty() {
        "no known format"
    } else {
        &file.title
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
    if let Blame::Unknown { missing } = group.diagnosis.blame {
        return format!("not known; what would tell: {}", plain(missing));
    }
    let who = party(group);
    let who = match who.split_once(',') {
        Some((party, sure)) => format!("**{party}**,{sure}"),
        None => who,
    };
    match shown_by(group).filter(|_| group.diagnosis.blame != Blame::Nobody) {
        Some(shows) => format!("{who}: {}", plain(shows)),
        None => who,
    }
}

/// `origin, likely`.
fn party(group: &Group) -> String {
    match group.diagnosis.blame {
        Blame::Nobody => "nobody: nothing is wrong".to_owned(),
        Blame::Proven(party) => format!("{party}, proven"),
        Blame::Likely(party) => format!("{party}, likely"),
        Blame::Unknown { .. } => "not known".to_owned(),
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
    let all = file.counters.lines();
    let mut text = format!(
        "{} {}{}",
        grouped(all),
        if all == 1 { "line" } else { "lines" },
        counters(&file.counters)
    );
    if file.unended {
        text.push_str(", the last one without an end");
    }
    text
}

/// What became of lines that were not read.
fn counters(counters: &Counters) -> String {
    let mut text = String::new();
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
    text
}

fn took(times: &Percentiles) -> String {
    if times.p50 == times.max {
        return duration(times.max);
    }
    format!(
        "half within {}, 90 % {}, 99 % {}, 99.9 % {}, at most {}",
        duration(times.p50),
        duration(times.p90),
        duration(times.p99),
        duration(times.p999),
        duration(times.max)
    )
}

/// A stranger's text as Markdown code.
fn code(text: &str) -> String {
    if text.is_empty() {
        return "(none)".to_owned();
    }
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
