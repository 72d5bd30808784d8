//! What was found, as JSON.

use std::io;

use httpwhy_catalog::by_id;
use httpwhy_diagnose::timer::timer;
use httpwhy_logs::{
    Counted, Counters, Dimension, Group, Incident, Joined, PathTimes, Percentiles, Triage, Unread,
    shown, shown_client,
};
use httpwhy_schema::{
    BlameJson, IncidentLine, IncidentTraitJson, LogCountJson, LogGroupJson, LogInputJson,
    LogJoinedJson, LogLinesJson, LogMinuteJson, LogOpenJson, LogPathJson, LogPathOutcomeJson,
    LogStatusJson, LogTimesJson, LogUnreadJson, LogUnreadableJson, LogsLine, RemedyJson, SCHEMA,
    write_line,
};

use super::sentence::{formats_of, sentence};
use super::{Shown, when};

pub(crate) fn write(out: &mut dyn io::Write, triage: &Triage, how: Shown) -> io::Result<()> {
    write_line(out, &line(triage, how))?;
    for incident in incidents(triage, how) {
        write_line(out, &incident)?;
    }
    Ok(())
}

pub(super) fn incidents(triage: &Triage, how: Shown) -> Vec<IncidentLine> {
    let groups = triage.groups();
    let incidents = triage.incidents();
    let lines = incidents
        .iter()
        .map(|incident| self::incident(incident, formats_of(incident, &groups), how));
    lines.collect()
}

fn incident(incident: &Incident, formats: &[&str], how: Shown) -> IncidentLine {
    IncidentLine {
        schema: SCHEMA,
        kind: "incident",
        sentence: sentence(incident, formats, how),
        happened: incident.happened.word(),
        outcome: incident.outcome.0,
        blame: BlameJson::from(incident.blame),
        from: when::rfc3339(incident.from),
        to: incident.to.map(when::rfc3339),
        count: incident.count,
        share: incident.share(),
        share_else: incident.share_else,
        traits: incident
            .traits
            .iter()
            .map(|one| IncidentTraitJson {
                dimension: one.dimension.word(),
                value: shown(&one.value, how.anonymize),
                share: one.share,
                share_else: one.share_else,
                lift: one.lift(),
            })
            .collect(),
        timeout_s: incident.timeout,
        timeout_of: incident
            .timeout
            .and_then(|_| timer(incident.happened, incident.outcome.0, formats)),
    }
}

pub(super) fn line(triage: &Triage, how: Shown) -> LogsLine<'_> {
    let span = triage.span();
    let full = triage.depth == httpwhy_logs::Depth::Full;
    LogsLine {
        schema: SCHEMA,
        kind: "logs",
        inputs: triage
            .files
            .iter()
            .map(|file| LogInputJson {
                name: &file.name,
                recognised: &file.title,
                confidence: share(file.fitted.0 as u64, file.fitted.1 as u64),
                doubts: file
                    .doubts
                    .iter()
                    .map(|doubt| shown(doubt.as_bytes(), how.anonymize))
                    .collect(),
                lines: lines(&file.counters),
                unended: file.unended,
            })
            .collect(),
        unreadable: triage
            .unreadable
            .iter()
            .map(|unreadable| LogUnreadableJson {
                name: &unreadable.input,
                what: &unreadable.what,
            })
            .collect(),
        lines: lines(&triage.counters),
        unread: triage
            .unread
            .iter()
            .map(|(why, line)| LogUnreadJson {
                why: word(*why),
                line: shown(line, how.anonymize),
            })
            .collect(),
        formats: triage
            .formats()
            .into_iter()
            .map(|(format, count)| LogCountJson {
                name: format.name.to_owned(),
                count,
            })
            .collect(),
        joined: (triage.joined != Joined::default()).then(|| LogJoinedJson {
            found: triage.joined.found,
            missing: triage.joined.missing(),
            without_id: triage.joined.without_id,
            dropped: triage.joined.dropped,
        }),
        exchanges: triage.exchanges(),
        failures: triage.failures(),
        first: span.map(|(first, _)| when::rfc3339(first)),
        last: span.map(|(_, last)| when::rfc3339(last)),
        minutes_to_a_cell: triage.minutes_to_a_cell().unsigned_abs(),
        minutes: minutes(triage.all_minutes()),
        times_ms: triage.percentiles_where(false).map(times),
        failed_times_ms: triage.percentiles_where(true).map(times),
        statuses: statuses(&triage.statuses()),
        groups: triage
            .groups()
            .into_iter()
            .map(|g| group(triage, g, how))
            .collect(),
        complaints: triage
            .complaints()
            .into_iter()
            .map(|g| group(triage, g, how))
            .collect(),
        paths: triage
            .paths(how.top.max(10))
            .into_iter()
            .map(|path| self::path(path, how))
            .collect(),
        clients: full.then(|| triage.distinct_clients()),
        top_clients: counts(triage.clients(how.top), |client| {
            shown_client(client, how.anonymize)
        }),
        count_error: Dimension::ALL
            .into_iter()
            .map(|dimension| triage.error_of(dimension))
            .max()
            .unwrap_or(0),
        time_error_percent: 0.8,
        untold_times: triage.untold_times(),
        bots: bots(triage),
        anonymized: how.anonymize,
    }
}

fn group<'a>(triage: &Triage, group: &'a Group, how: Shown) -> LogGroupJson<'a> {
    let top = |dimension| {
        counts(triage.top(group, dimension, how.top), |name| {
            shown(name, how.anonymize)
        })
    };
    let entry = by_id(group.diagnosis.outcome.0);
    let timeout = triage.timeout(group);
    LogGroupJson {
        happened: group.happened.word(),
        happened_title: group.happened.title(),
        outcome: group.diagnosis.outcome.0,
        title: entry.map_or("", |entry| entry.title),
        blame: BlameJson::from(group.diagnosis.blame),
        shown_by: shown_by(group),
        count: group.count,
        share: share(group.count, triage.exchanges()),
        first: group.first.map(when::rfc3339),
        last: group.last.map(when::rfc3339),
        statuses: statuses(&group.statuses),
        formats: group.formats.clone(),
        paths: top(Dimension::Path),
        upstreams: top(Dimension::Upstream),
        hosts: top(Dimension::Host),
        networks: top(Dimension::Network),
        agents: top(Dimension::Agent),
        bytes: group.bytes,
        bots: group.bots,
        joined: group.joined,
        witnessed: group.witnessed,
        times_ms: triage.percentiles(group).map(times),
        timeout_s: timeout,
        timeout_of: timeout
            .and_then(|_| timer(group.happened, group.diagnosis.outcome.0, &group.formats)),
        example: shown(&group.example, how.anonymize),
        meaning: entry.map_or("", httpwhy_catalog::Entry::lead),
        remedies: group
            .diagnosis
            .remedies
            .iter()
            .map(|remedy| RemedyJson {
                audience: remedy.audience.as_str(),
                text: &remedy.text,
            })
            .collect(),
        open: group.open.map(|open| LogOpenJson {
            between: open.between,
            paste: open.paste,
        }),
        minutes: minutes(triage.minutes(group)),
    }
}

/// The evidence that decided who is to blame, where that is more than the status or the word that was logged.
pub(super) fn shown_by(group: &Group) -> Option<&str> {
    let evidence = &group.diagnosis.evidence;
    let decided = evidence.iter().rfind(|one| one.shows != "the status")?;
    (decided.shows != "the word that was recorded").then_some(&*decided.shows)
}

fn path(path: PathTimes, how: Shown) -> LogPathJson {
    LogPathJson {
        path: shown(&path.path.name, how.anonymize),
        count: path.path.count,
        failures: path.failures,
        times_ms: path.fine.map(times),
        failed_times_ms: path.failed.map(times),
        outcomes: path
            .outcomes
            .into_iter()
            .map(|one| LogPathOutcomeJson {
                happened: one.happened.word(),
                outcome: one.outcome.0,
                count: one.count,
                times_ms: one.times.map(times),
            })
            .collect(),
    }
}

fn minutes(minutes: Vec<(i64, u64)>) -> Vec<LogMinuteJson> {
    let minutes = minutes.into_iter().map(|(minute, count)| LogMinuteJson {
        at: when::rfc3339(minute * 60),
        count,
    });
    minutes.collect()
}

/// Exchanges from programs without a person; `None` when no line names its agent.
pub(super) fn bots(triage: &Triage) -> Option<u64> {
    let named = !triage.top_of_all(Dimension::Agent, 1).is_empty();
    named.then(|| triage.groups().iter().map(|group| group.bots).sum())
}

pub(super) fn share(count: u64, all: u64) -> f64 {
    if all == 0 {
        0.0
    } else {
        count as f64 / all as f64
    }
}

pub(super) const fn word(why: Unread) -> &'static str {
    match why {
        Unread::Torn => "torn",
        Unread::Foreign => "foreign",
        Unread::Oversize => "oversize",
    }
}

fn counts(counted: Vec<Counted>, shown: impl Fn(&[u8]) -> String) -> Vec<LogCountJson> {
    let mut list: Vec<LogCountJson> = Vec::new();
    for one in counted {
        let name = shown(&one.name);
        // Two addresses of a network are one once they are cut.
        match list.iter_mut().find(|known| known.name == name) {
            Some(known) => known.count += one.count,
            None => list.push(LogCountJson {
                name,
                count: one.count,
            }),
        }
    }
    list
}

fn statuses(list: &[(u16, u64)]) -> Vec<LogStatusJson> {
    list.iter()
        .map(|&(status, count)| LogStatusJson { status, count })
        .collect()
}

fn times(times: Percentiles) -> LogTimesJson {
    let millis = |micros: u64| micros as f64 / 1000.0;
    LogTimesJson {
        count: times.count,
        p50: millis(times.p50),
        p90: millis(times.p90),
        p99: millis(times.p99),
        p999: millis(times.p999),
        max: millis(times.max),
    }
}

const fn lines(counters: &Counters) -> LogLinesJson {
    LogLinesJson {
        all: counters.lines(),
        ok: counters.ok,
        torn: counters.torn,
        foreign: counters.foreign,
        oversize: counters.oversize,
        empty: counters.empty,
        headers: counters.directives,
        not_asked: counters.not_asked,
    }
}
