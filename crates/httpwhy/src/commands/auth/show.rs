//! The steps of a login for a person: what was sent, what came, what was taken; values never.

use std::io::{self, Write};

use httpwhy_auth::{StepReport, Tested};
use httpwhy_model::{Exchange, Field, Seen};
use httpwhy_render::{Style, by_name, safe};

use crate::judge::Judged;

/// Response fields that matter for a login.
const SHOWN: &[&str] = &[
    "location",
    "set-cookie",
    "www-authenticate",
    "content-type",
    "retry-after",
];
/// Request fields that say nothing of a login.
const HIDDEN: &[&str] = &["host", "user-agent", "accept", "content-length"];
/// Bytes of content shown at most.
const CONTENT: usize = 200;

/// The first line.
pub(super) fn head(out: &mut dyn Write, flow: &str, style: Style) -> io::Result<()> {
    writeln!(out, "{}", style.faint(&format!("flow {}", safe(flow))))
}

/// One step; that which failed with its whole diagnosis.
pub(super) fn step(
    out: &mut dyn Write,
    report: &StepReport,
    judged: Option<&Judged<'_>>,
    style: Style,
) -> io::Result<()> {
    writeln!(out)?;
    let mark = match (&report.failed, report.inside) {
        (Some(_), _) => "failed",
        (None, Some(true)) => "logged in",
        (None, Some(false)) => "not logged in",
        (None, None) => "done",
    };
    writeln!(
        out,
        "{:>2}  {:<16} {:<30} {mark}",
        report.number,
        safe(&report.step),
        safe(&report.what)
    )?;
    if let Some(judged) = judged {
        for seen in &judged.visit.steps {
            exchange(out, &seen.exchange, style)?;
        }
    }
    for taken in &report.taken {
        let value = match &taken.value {
            Some((bytes, mark)) => format!("{bytes} bytes, mark {mark}"),
            None if taken.optional => "not there (optional)".to_owned(),
            None => "not there".to_owned(),
        };
        writeln!(
            out,
            "    {} = {value}; {}",
            safe(&taken.name),
            safe(&taken.from)
        )?;
    }
    for signal in report.failed.iter().chain(&report.facts) {
        writeln!(out, "    * {}", safe(&signal.to_string()))?;
    }
    match judged.filter(|_| report.failed.is_some()) {
        Some(judged) => {
            writeln!(out)?;
            record(out, "", judged, "text")
        }
        None => Ok(()),
    }
}

fn exchange(out: &mut dyn Write, exchange: &Exchange, style: Style) -> io::Result<()> {
    let text = |bytes: &[u8]| safe(&String::from_utf8_lossy(bytes));
    let request = &exchange.request;
    let mut line = |mark: &str, text: &str| {
        let text = style.cut(&format!("    {mark} {text}"));
        writeln!(out, "{}", style.faint(&text))
    };
    if !request.target.is_empty() {
        let asked = format!("{} {}", text(&request.method), text(&request.target));
        line(">", &asked)?;
    }
    let is = |field: &Field, names: &[&str]| {
        names
            .iter()
            .any(|name| field.name.eq_ignore_ascii_case(name.as_bytes()))
    };
    for field in request
        .fields
        .list
        .iter()
        .filter(|field| !is(field, HIDDEN))
    {
        line(
            ">",
            &format!("{}: {}", text(&field.name), text(field.value.as_bytes())),
        )?;
    }
    if let Seen::Present(body) = &request.body {
        line(">", &text(&body.bytes[..body.bytes.len().min(CONTENT)]))?;
    }
    if let Some(response) = &exchange.response {
        line(
            "<",
            &format!("{} {}", text(&response.code), text(&response.reason)),
        )?;
        for field in response.fields.list.iter().filter(|field| is(field, SHOWN)) {
            line(
                "<",
                &format!("{}: {}", text(&field.name), text(field.value.as_bytes())),
            )?;
        }
        if let Seen::Present(body) = &response.body {
            let length = match body.received {
                Seen::Present(received) => received,
                Seen::Absent | Seen::NotCaptured => body.bytes.len() as u64,
            };
            line("<", &format!("({length} bytes)"))?;
        }
    }
    Ok(())
}

/// A visit in one of the formats of results.
pub(super) fn record(
    out: &mut dyn Write,
    name: &str,
    judged: &Judged<'_>,
    format: &str,
) -> io::Result<()> {
    let report = judged.report(name);
    let style = Style {
        color: false,
        width: 100,
    };
    match by_name(format) {
        Some(format) => (format.write)(out, &report, style),
        None => Ok(()),
    }
}

/// The last line.
pub(super) fn verdict(
    out: &mut dyn Write,
    tested: &Tested,
    outcome: Option<&str>,
) -> io::Result<()> {
    writeln!(out)?;
    match tested {
        Tested::Passed => writeln!(
            out,
            "Logged in: the check fails for a stranger and passes with this session, each time."
        ),
        Tested::Failed(why) => writeln!(
            out,
            "Not logged in: {}. httpwhy explain {} says more.",
            safe(&why.to_string()),
            outcome.unwrap_or("auth/step-failed")
        ),
        Tested::Stopped => writeln!(out, "Stopped before its end."),
    }
}
