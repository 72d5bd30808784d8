//! Truth on real logs: the lines that real servers wrote about exchanges whose culprit is known, first the access line
//! alone, then with the error lines beside it. Neither the wire nor the scenario's name is looked at.
#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test that reads its own fixtures and prints its table"
)]

mod captures;

use httpwhy_diagnose::diagnose;
use httpwhy_ingest::logs::{
    Cause, Column, Format, Kind, Layout, Line, Spans, Split, VslGatherer, formats, is_nameless,
    prove, same_exchange, time,
};
use httpwhy_model::{Blame, Visit};

use captures::captures;

/// A section of a capture's log, and the format of its lines.
type Source = (&'static str, &'static str);

/// For each server: the sections with access lines and their format, the plain one first; the sections with error lines
/// and theirs.
const SERVERS: &[(&str, &[Source], &[Source])] = &[
    (
        "nginx",
        &[("access.log", "nginx"), ("upstream.log", "nginx")],
        &[("error.log", "nginx-error")],
    ),
    (
        "apache",
        &[("access.log", "apache")],
        &[("error.log", "apache-error")],
    ),
    (
        "haproxy",
        &[("haproxy.log", "haproxy")],
        &[("haproxy.log", "haproxy-error")],
    ),
    (
        "varnish",
        &[("access.log", "varnish")],
        &[("vsl.log", "varnish-vsl")],
    ),
    (
        "squid",
        &[("access.log", "squid")],
        &[("cache.log", "squid-cache")],
    ),
    (
        "caddy",
        &[("access.log", "caddy")],
        &[("error.log", "caddy-error")],
    ),
];

/// Where the log calls something whole, or the client's, that was not, and no line says otherwise; each with the reason.
const NOT_IN_THE_LOG: &[(&str, &str)] = &[
    (
        "nginx/up-unsolicited-101",
        "whether the request asked for the switch of protocol stands in no column",
    ),
    (
        "varnish/h2-client-cancels",
        "Varnish 7.1 does not note that the client cancelled the stream; the server behind was silent as well",
    ),
];

#[test]
fn the_party_is_the_true_one() {
    let mut plain = Tally::default();
    let mut proven = Tally::default();
    for capture in captures() {
        let capture = Capture::of(capture);
        plain.add(&capture, capture.access_alone());
        proven.add(&capture, capture.with_errors());
    }
    println!("\naccess lines alone: {plain}");
    proven.print();
    println!("with error lines and upstream columns: {proven}");
    plain.check("alone");
    proven.check("with errors");
    assert!(
        proven.counts[0] > plain.counts[0] * 3,
        "error lines prove much more"
    );
    // Squid writes no line about a body that was cut.
    assert_eq!(proven.looks_whole, 4);
}

/// What varnishlog alone tells, as an access log of its own.
#[test]
fn the_party_is_the_true_one_by_the_records_of_varnish() {
    let mut tally = Tally::default();
    let (format, layout) = VslGatherer::format(Kind::Access);
    let of_varnish = |capture: &captures::Capture| capture.name.starts_with("varnish/");
    for capture in captures().into_iter().filter(of_varnish) {
        let capture = Capture::of(capture);
        let records = capture
            .sections
            .iter()
            .filter(|(name, _)| name == "vsl.log");
        let requests: Vec<Vec<u8>> = records
            .flat_map(|(_, lines)| gathered(Kind::Access, lines))
            .collect();
        assert!(requests.len() <= 1, "{}: {requests:?}", capture.lain.name);
        let request = requests
            .first()
            .map(|raw| split(format, &*layout, raw).expect("its own"));
        tally.add(&capture, request.map(|read| read.visit()));
    }
    tally.print();
    println!("varnishlog alone: {tally}");
    tally.check("varnishlog alone");
    assert!(tally.counts[0] >= 14 && tally.unknown == 0, "{tally}");
}

/// One capture and the sections of its log.
struct Capture {
    lain: captures::Capture,
    server: String,
    sections: Vec<(String, Vec<String>)>,
}

/// A line that its format split: the format, the line, its columns.
struct Read {
    format: &'static Format,
    raw: Vec<u8>,
    spans: Spans,
}

impl Read {
    fn line(&self) -> Line<'_> {
        Line::new(&self.raw, &self.spans)
    }

    fn second(&self) -> i64 {
        self.line()
            .get(Column::Time)
            .and_then(time::parse)
            .expect("a time")
    }

    fn visit(&self) -> Visit {
        (self.format.visit)(&(self.format.shape)(&self.line()))
    }
}

impl Capture {
    fn of(lain: captures::Capture) -> Self {
        let mut sections: Vec<(String, Vec<String>)> = Vec::new();
        for line in String::from_utf8_lossy(&lain.beside("log")).lines() {
            let title = line.strip_prefix("==> ");
            if let Some(name) = title.and_then(|title| title.strip_suffix(" <==")) {
                sections.push((name.to_owned(), Vec::new()));
            } else {
                let section = sections.last_mut().expect("a section");
                section.1.push(line.to_owned());
            }
        }
        let (server, _) = lain.name.split_once('/').expect("a folder");
        Self {
            server: server.to_owned(),
            lain,
            sections,
        }
    }

    fn sources(&self) -> (&'static [Source], &'static [Source]) {
        SERVERS
            .iter()
            .find(|(server, ..)| *server == self.server)
            .map(|(_, access, errors)| (*access, *errors))
            .expect("a known server")
    }

    /// The lines of a section that a format reads.
    fn lines(&self, (section, name): (&str, &str)) -> Vec<Read> {
        let format = formats().find(|format| format.name == name).expect(name);
        let lines = self.sections.iter().filter(|(found, _)| found == section);
        let lines: Vec<Vec<u8>> = lines
            .flat_map(|(_, lines)| match section {
                "vsl.log" => gathered(Kind::Error, lines),
                _ => lines.iter().map(|line| line.clone().into_bytes()).collect(),
            })
            .collect();
        let sample: Vec<&[u8]> = lines.iter().map(Vec::as_slice).collect();
        let Some(layout) = (!sample.is_empty())
            .then(|| (format.fit)(&sample))
            .flatten()
        else {
            return Vec::new();
        };
        lines
            .iter()
            .filter_map(|raw| split(format, &*layout, raw))
            .collect()
    }

    fn access(&self, richest: bool) -> Option<Read> {
        let (sources, _) = self.sources();
        let source = if richest {
            sources.last()
        } else {
            sources.first()
        };
        self.lines(*source?).into_iter().next()
    }

    /// What the plainest access line says.
    fn access_alone(&self) -> Option<Visit> {
        self.access(false).map(|read| read.visit())
    }

    /// What all lines together say.
    fn with_errors(&self) -> Option<Visit> {
        let (_, sources) = self.sources();
        let errors: Vec<Read> = sources
            .iter()
            .flat_map(|source| self.lines(*source))
            .collect();
        let Some(access) = self.access(true) else {
            return strongest(errors.iter()).map(Read::visit);
        };
        let mut visit = access.visit();
        let mine = errors.iter().filter(|error| {
            let apart = access.second().abs_diff(error.second());
            same_exchange(&access.line(), &error.line(), apart).is_some()
                || (is_nameless(&error.line()) && apart <= 3)
        });
        if let Some(error) = strongest(mine) {
            prove(&mut visit, &(error.format.shape)(&error.line()));
        }
        Some(visit)
    }
}

/// The error line that says most: of the greatest weight the first.
fn strongest<'a>(errors: impl Iterator<Item = &'a Read>) -> Option<&'a Read> {
    let mut best: Option<(&Read, u8)> = None;
    for error in errors {
        let weight =
            Cause::of(&(error.format.shape)(&error.line())).map_or(0, |(.., weight)| weight);
        if weight > best.map_or(0, |(_, weight)| weight) {
            best = Some((error, weight));
        }
    }
    best.map(|(error, _)| error)
}

/// varnishlog's records become lines.
fn gathered(kind: Kind, lines: &[String]) -> Vec<Vec<u8>> {
    let mut gatherer = VslGatherer::new(kind);
    let mut found: Vec<Vec<u8>> = lines
        .iter()
        .flat_map(|line| gatherer.line(line.as_bytes()))
        .collect();
    found.extend(gatherer.end());
    found
}

fn split(format: &'static Format, layout: &dyn Layout, raw: &[u8]) -> Option<Read> {
    let mut spans = Spans::default();
    (layout.split(raw, &mut spans) == Split::Read).then(|| Read {
        format,
        raw: raw.to_vec(),
        spans,
    })
}

#[derive(Default)]
struct Tally {
    /// Proven right, proven wrong, likely right, likely wrong.
    counts: [usize; 4],
    unknown: usize,
    /// Lines with a success about exchanges that were cut later: nothing in them shows it.
    looks_whole: usize,
    no_line: usize,
    rows: Vec<String>,
    wrong: Vec<String>,
}

impl Tally {
    fn add(&mut self, capture: &Capture, visit: Option<Visit>) {
        let Some(visit) = visit else {
            self.no_line += 1;
            return;
        };
        let diagnosis = diagnose(&visit);
        let row = format!(
            "{:<42} {:<44} true: {:<28} {:?}",
            capture.lain.name,
            diagnosis.outcome.to_string(),
            capture.lain.culprits.join(","),
            diagnosis.blame
        );
        self.rows.push(row.clone());
        if matches!(diagnosis.blame, Blame::Unknown { .. }) {
            self.unknown += 1;
            return;
        }
        let named = diagnosis
            .blame
            .party()
            .map_or("none", |party| party.as_str());
        let right = capture.lain.is_right(named);
        if !right && diagnosis.outcome.0 == "http/200" {
            self.looks_whole += 1;
            return;
        }
        let proven = diagnosis.blame.certainty() == "proven";
        self.counts[usize::from(!proven) * 2 + usize::from(!right)] += 1;
        if !right {
            self.wrong.push(row);
        }
    }

    fn print(&self) {
        for row in &self.rows {
            println!("{row}");
        }
    }

    fn check(&self, which: &str) {
        let [_, proven_wrong, likely_right, likely_wrong] = self.counts;
        assert_eq!(
            proven_wrong, 0,
            "{which}: proven is never wrong: {:#?}",
            self.wrong
        );
        for row in &self.wrong {
            assert!(
                NOT_IN_THE_LOG
                    .iter()
                    .any(|(name, _)| row.starts_with(&format!("{name} "))),
                "{which}: wrong, and no reason stands above: {row}"
            );
        }
        assert!(
            likely_right * 100 >= (likely_right + likely_wrong) * 95,
            "{which}: likely is right in 95 of 100"
        );
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [proven_right, proven_wrong, likely_right, likely_wrong] = self.counts;
        for row in &self.wrong {
            writeln!(f, "WRONG   {row}")?;
        }
        write!(
            f,
            "proven {proven_right} right, {proven_wrong} wrong; likely {likely_right} right, {likely_wrong} wrong; unknown \
             {}; a 200 about what was cut later {}; no line {}",
            self.unknown, self.looks_whole, self.no_line
        )
    }
}
