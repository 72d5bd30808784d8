//! A diagnosis for a person in trouble.

use std::io;

use httpwhy_catalog::by_id;
use httpwhy_model::{
    Advice, Attempt, AttemptEnd, Audience, Blame, Diagnosis, Evidence, Exchange, Phase, Response,
    Role, Seen, Way, alternatives, redact_uri,
};

use super::{Format, Report};
use crate::entry::title;
use crate::markdown::{escape_markdown, render};
use crate::steps;
use crate::style::{Look, Style, columns, safe};

pub(crate) static FORMAT: Format = Format {
    name: "text",
    about: "for a person, wrapped to the terminal",
    write,
};

/// Columns of the labels on the left.
const LABEL: usize = 10;
/// Whom the short answer speaks to, unless somebody else is asked for.
const SHORT_FOR: &[Audience] = &[Audience::Caller, Audience::Author, Audience::Operator];

fn write(out: &mut dyn io::Write, report: &Report<'_>, style: Style) -> io::Result<()> {
    let Some(told) = report.visit.steps.get(report.told()) else {
        return Ok(());
    };
    let diagnosis = report.verdict;
    let exchange = &told.exchange;
    let mut text = String::new();
    text.push_str(&headline(diagnosis, style));
    if let Some(entry) = by_id(diagnosis.outcome.0) {
        text.push_str(&render(entry.lead(), style, 0));
    }
    text.push('\n');
    let mut row = |label: &str, content: &str| text.push_str(&labelled(label, content, style));
    if !report.visit.asked.is_empty() {
        row("Target", &escape_markdown(&safe(&report.visit.asked)));
    }
    if report.visit.steps.len() > 1 {
        row("Steps", &steps::lines(report).join("\n"));
    }
    row("Who", &who(diagnosis));
    for evidence in diagnosis.evidence.iter().take(4) {
        row("Because", &because(evidence));
    }
    if let Some(said) = &diagnosis.server_says {
        row(
            "Said",
            &format!("\u{201c}{}\u{201d}", escape_markdown(said)),
        );
    }
    if !diagnosis.also.is_empty() {
        row(
            "Also",
            &diagnosis
                .also
                .iter()
                .map(|id| format!("`{id}`"))
                .collect::<Vec<_>>()
                .join(", "),
        );
    }
    for candidate in diagnosis.candidates.iter().take(4) {
        row(
            "Or",
            &format!(
                "`{}`, if there were {}",
                candidate.outcome,
                escape_markdown(&candidate.needs)
            ),
        );
    }
    if diagnosis.blame != Blame::Nobody {
        row("Retry", &retry(diagnosis));
    }
    let mut label = "Fix";
    for remedy in diagnosis
        .remedies
        .iter()
        .filter(|remedy| SHORT_FOR.contains(&remedy.audience))
    {
        row(label, &format!("**{}:** {}", remedy.audience, remedy.text));
        label = "";
    }
    for finding in &diagnosis.findings {
        row(
            "Broken",
            &format!(
                "{} ({} {}, {} to mend)",
                escape_markdown(&finding.message),
                finding.level,
                finding.section,
                finding.party
            ),
        );
    }
    for complaint in steps::complaints(report.visit) {
        row("Script", &complaint);
    }
    if let Some(interim) = interim(exchange) {
        row("Interim", &escape_markdown(&safe(&interim)));
    }
    for line in exchange.way.as_deref().map(way).unwrap_or_default() {
        row("Way", &escape_markdown(&safe(&line)));
    }
    if let Some(over) = over(exchange) {
        row("Over", &escape_markdown(&safe(&over)));
    }
    if let Some(shown) = certificate(exchange) {
        row("Shown", &escape_markdown(&safe(&shown)));
    }
    let offered = offered(exchange);
    if !offered.is_empty() {
        row("Offers", &escape_markdown(&safe(&offered)));
    }
    if let Some(held) = held(exchange) {
        row("Held", &escape_markdown(&held));
    }
    if let Some(took) = times(exchange) {
        row("Took", &took);
    }
    row("More", &more(diagnosis));
    out.write_all(text.as_bytes())
}

/// `502 Bad Gateway ………… http/502 · made by nginx, in front`
fn headline(diagnosis: &Diagnosis, style: Style) -> String {
    let name = by_id(diagnosis.outcome.0).map_or_else(|| diagnosis.outcome.0.to_owned(), title);
    let mut right = diagnosis.outcome.0.to_owned();
    if let Some(producer) = &diagnosis.producer {
        let (before, behind) = match producer.role {
            Role::Intermediary => ("made by ", ", in front"),
            Role::Origin => ("made by ", ""),
            Role::Unknown => ("", " was on the way"),
        };
        right = format!("{right} · {before}{}{behind}", producer.name);
    }
    let gap = style
        .columns()
        .saturating_sub(columns(&name) + columns(&right))
        .max(2);
    let look = match diagnosis.blame {
        Blame::Nobody => Look::Good,
        Blame::Unknown { .. } => Look::Warn,
        _ => Look::Bad,
    };
    let name = if style.color {
        style.paint(look, &name)
    } else {
        name
    };
    format!(
        "{name}{}{}\n",
        " ".repeat(gap),
        style.paint(Look::Faint, &right)
    )
}

/// A label on the left and wrapped Markdown on the right.
fn labelled(label: &str, content: &str, style: Style) -> String {
    let body = render(content, style, LABEL);
    let gap = " ".repeat(LABEL.saturating_sub(columns(label)));
    format!(
        "{}{gap}{}",
        style.paint(Look::Strong, label),
        body.get(LABEL..).unwrap_or_default()
    )
}

fn who(diagnosis: &Diagnosis) -> String {
    match diagnosis.blame {
        Blame::Nobody => "nobody: nothing is wrong".to_owned(),
        Blame::Proven(party) => format!("{party}, proven"),
        Blame::Likely(party) => format!("{party}, likely"),
        Blame::Unknown { missing } => format!("not known; what would tell: {missing}"),
    }
}

fn because(evidence: &Evidence) -> String {
    let place = format!("`{}`", safe(&evidence.place.to_string()).replace('`', "'"));
    match &evidence.quote {
        Some(quote) => format!(
            "{place} {}: {}",
            escape_markdown(quote),
            escape_markdown(&evidence.shows)
        ),
        None => format!("{place} {}", escape_markdown(&evidence.shows)),
    }
}

fn retry(diagnosis: &Diagnosis) -> String {
    let advice = match diagnosis.retry.advice {
        Advice::Never => "never: the same request fails again",
        Advice::Now => "now",
        Advice::IfIdempotent => "if idempotent: it may have been processed",
        Advice::AfterDelay => "after a while",
        Advice::AfterRemedy => "after it is mended",
        Advice::Unknown => "cannot be said",
    };
    match diagnosis.retry.after_s {
        Some(seconds) => format!("after {seconds} s, as the server asks"),
        None => advice.to_owned(),
    }
}

/// `192.0.2.1:443, HTTP/2, TLSv1.3 TLS_AES_128_GCM_SHA256`
fn over(exchange: &Exchange) -> Option<String> {
    let tls = exchange.tls.as_ref()?;
    let version = exchange.response.as_ref().map(|r| &r.version);
    let version = version.map(|version| String::from_utf8_lossy(version).into_owned());
    let cipher = format!("{} {}", tls.version, tls.cipher);
    let parts = [
        exchange.peer.map(|peer| peer.to_string()),
        version,
        Some(cipher.trim().to_owned()),
    ];
    let parts: Vec<_> = parts
        .into_iter()
        .flatten()
        .filter(|p| !p.is_empty())
        .collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// `100, 103 Link: </style.css>; rel=preload`: what came before the final response.
fn interim(exchange: &Exchange) -> Option<String> {
    let said = |response: &Response| {
        let mut said = String::from_utf8_lossy(&response.code).into_owned();
        for field in response.fields.list.iter().take(4) {
            let name = String::from_utf8_lossy(&field.name);
            let value = String::from_utf8_lossy(field.value.as_bytes());
            said = format!("{said} {name}: {value}");
        }
        said
    };
    let told: Vec<_> = exchange.interim.iter().take(8).map(said).collect();
    (!told.is_empty()).then(|| told.join(", "))
}

/// `through http://proxy.example:3128 (environment https_proxy), its answer to CONNECT 407`
fn way(way: &Way) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(proxy) = &way.proxy {
        let mut line = format!("through {} ({})", redact_uri(&proxy.uri), proxy.set_by);
        if proxy.credentials {
            line.push_str(", with credentials");
        }
        if let Some(answer) = &proxy.answer {
            let code = String::from_utf8_lossy(&answer.code);
            line = format!("{line}, its answer to CONNECT: {code}");
        }
        lines.push(line);
    }
    if let Some(instead) = &way.instead {
        lines.push(format!("to {} instead ({})", instead.to, instead.set_by));
    }
    if let Some(from) = &way.from {
        lines.push(format!("from {from}"));
    }
    if way.attempts.len() > 1 {
        let told: Vec<_> = way.attempts.iter().take(8).map(attempt).collect();
        let more = way.attempts.len() - told.len();
        let more = (more > 0).then(|| format!(", {more} more"));
        lines.push(told.join(", ") + &more.unwrap_or_default());
    }
    lines
}

/// `192.0.2.1:443 errno:ECONNREFUSED`
fn attempt(attempt: &Attempt) -> String {
    let end = match &attempt.end {
        AttemptEnd::Connected => "connected".to_owned(),
        AttemptEnd::Abandoned => "was overtaken".to_owned(),
        AttemptEnd::Failed(signal) => signal.to_string(),
    };
    format!("{} {end}", attempt.to)
}

/// `CN=a.example by CN=Some CA, 61 days left, 2 certificates sent`
fn certificate(exchange: &Exchange) -> Option<String> {
    let tls = exchange.tls.as_ref()?;
    let names = format!("{} by {}", tls.subject.as_ref()?, tls.issuer.as_ref()?);
    let days = match exchange.observed_at {
        Seen::Present(moment) => tls.days_left(moment),
        Seen::Absent | Seen::NotCaptured => None,
    };
    let days = days.map(|days| match days {
        ..0 => format!("over for {} days", -days),
        _ => format!("{days} days left"),
    });
    let sent = match tls.chain.len() {
        0 => None,
        1 => Some("sent alone".to_owned()),
        more => Some(format!("{more} certificates sent")),
    };
    let parts: Vec<_> = [Some(names), days, sent].into_iter().flatten().collect();
    Some(parts.join(", "))
}

/// `h3 at :443` (RFC 7838)
fn offered(exchange: &Exchange) -> String {
    let Some(response) = &exchange.response else {
        return String::new();
    };
    let services: Vec<_> = alternatives(&response.fields)
        .into_iter()
        .take(4)
        .map(|s| {
            format!(
                "{} at {}:{}",
                s.protocol,
                s.host.unwrap_or_default(),
                s.port
            )
        })
        .collect();
    services.join(", ")
}

/// `1.0 s, because the host named a time (Retry-After)`: why the prober waited before it asked.
fn held(exchange: &Exchange) -> Option<String> {
    let why = match exchange.held? {
        "host-limit" => "as many exchanges as are allowed were under way with this host",
        "host-rate" => "of the rate for one host",
        "rate" => "of the rate for all hosts",
        "host-asked" => "the host named a time (Retry-After)",
        "host-slowed" => "the host was in trouble or slow",
        "login" => "the session that it needs was being made or checked",
        _ => "it is a retry",
    };
    let took = exchange.timeline.get(Phase::Queue).unwrap_or_default();
    Some(format!("{:.1} s, because {why}", took.as_secs_f64()))
}

/// `resolve 1 ms, connect 2 ms, wait 31 ms`
fn times(exchange: &Exchange) -> Option<String> {
    let parts: Vec<String> = exchange
        .timeline
        .iter()
        .map(|(phase, took)| {
            format!(
                "{} {:.1} ms",
                Phase::as_str(phase),
                took.as_secs_f64() * 1000.0
            )
        })
        .collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn more(diagnosis: &Diagnosis) -> String {
    format!("`httpwhy explain {}`", diagnosis.outcome)
}
