//! The page of one outcome.

use std::fmt::Write as _;

use super::clients;
use super::data::{AUDIENCES, Data, Outcome, audience_page, namespace_page};
use super::frame::{Page, escape, frame, link};
use super::markdown::{blocks, id_link, inline, plain};
use super::transcript;

/// Names shown at once; the rest is folded away.
const MOST_NAMES: usize = 8;
/// Outcomes of which others are named under "see also", of each kind.
const MOST_ALSO: usize = 12;

/// The whole page.
pub(crate) fn page(data: &Data, outcome: &Outcome) -> String {
    let path = data.page(&outcome.id);
    let headline = outcome.headline();
    let mut body = head(data, outcome, path);
    body.push_str(&facts(data, outcome, path));
    let sections = sections(data, outcome, path);
    body.push_str(&contents(&sections));
    for section in &sections {
        let _ = write!(
            body,
            "<section aria-labelledby=\"{0}\">\n<{2} id=\"{0}\">{1}</{2}>\n{3}</section>\n",
            section.id,
            escape(&section.name),
            if section.is_audience { "h3" } else { "h2" },
            section.html
        );
    }
    let namespace = outcome.namespace();
    frame(&Page {
        path,
        title: &format!("{headline} ({}) · httpwhy", outcome.id),
        about: &plain(&outcome.text.lead),
        trail: &[
            ("Outcomes".to_owned(), "index.html#outcomes".to_owned()),
            (data.name(namespace).to_owned(), namespace_page(namespace)),
        ],
        body,
        scripts: &[],
    })
}

fn head(data: &Data, outcome: &Outcome, path: &str) -> String {
    let mut out = format!(
        "<header class=\"outcome\">\n<h1>{}</h1>\n<p class=\"id\"><code>{}</code>{}</p>\n<p class=\"lead\">{}</p>\n",
        escape(&outcome.headline()),
        escape(&outcome.id),
        match outcome.former.is_empty() {
            true => String::new(),
            false => format!(
                " <span class=\"former\">formerly {}</span>",
                escape(&outcome.former.join("; "))
            ),
        },
        inline(&outcome.text.lead, data, path)
    );
    if !outcome.confirmed {
        out.push_str("<p class=\"note\">Not confirmed: no document of its owner was found.</p>\n");
    }
    out.push_str("</header>\n");
    out
}

/// The few facts that a person in trouble looks for first.
fn facts(data: &Data, outcome: &Outcome, path: &str) -> String {
    let mut out = String::from("<table class=\"facts\">\n<caption>At a glance</caption>\n");
    let mut row = |name: &str, html: String| {
        let _ = writeln!(out, "<tr><th scope=\"row\">{name}</th><td>{html}</td></tr>");
    };
    row("Who", who(&outcome.blame).to_owned());
    row("Retry", retry(&outcome.retry).to_owned());
    row("When", phase(&outcome.phase).to_owned());
    if !outcome.expected.is_empty() {
        row("Fields", demands(&outcome.expected));
    }
    if !outcome.forbidden.is_empty() {
        let names: Vec<String> = outcome.forbidden.iter().map(|name| code(name)).collect();
        row("Never with", names.join(", "));
    }
    // Other entries' ids lead here too, but nothing prints them.
    let printed: Vec<&String> = (outcome.aliases.iter())
        .filter(|name| data.outcome(name).is_none())
        .collect();
    if !printed.is_empty() {
        row("Also printed as", names(&printed));
    }
    if let Some(said) = clients::facts(data, &outcome.id) {
        row("Your client says", said);
    }
    let same: Vec<String> = (data.outcomes.iter())
        .filter(|other| other.code() == outcome.code() && other.id != outcome.id)
        .map(|other| id_link(&other.id, data, path))
        .collect();
    if !same.is_empty() {
        row("Same name", same.join(" "));
    }
    out.push_str("</table>\n");
    out
}

fn code(text: &str) -> String {
    format!("<code>{}</code>", escape(text))
}

/// `must have Allow, should have ETag`
fn demands(expected: &[String]) -> String {
    let parts: Vec<String> = (expected.iter())
        .map(|field| {
            let (name, level) = field.split_once(" (").unwrap_or((field, "must"));
            format!(
                "{} have {}",
                escape(level.trim_end_matches(')')),
                code(name)
            )
        })
        .collect();
    parts.join(", ")
}

fn names(aliases: &[&String]) -> String {
    let all: Vec<String> = aliases.iter().map(|name| code(name)).collect();
    if all.len() <= MOST_NAMES {
        return all.join(" ");
    }
    let (first, rest) = all.split_at(MOST_NAMES - 1);
    format!(
        "{} <details><summary>and {} more</summary>{}</details>",
        first.join(" "),
        rest.len(),
        rest.join(" ")
    )
}

/// The usual party, for a reader who does not know our words.
fn who(blame: &str) -> &str {
    match blame {
        "client" => "the client, usually",
        "dns" => "the name system, usually",
        "network" => "the network, usually",
        "intermediary" => "something in between (proxy, gateway, CDN), usually",
        "origin" => "the origin server, usually",
        "repeater" => "the repeater, usually",
        "engine" => "httpwhy itself",
        "nobody" => "nobody: nothing is wrong",
        "depends" => "it depends; the evidence decides",
        _ => "not known",
    }
}

fn retry(advice: &str) -> &str {
    match advice {
        "never" => "never: the same request ends the same way",
        "now" => "at once",
        "if-idempotent" => "only if doing it twice is harmless: it may have been processed",
        "after-delay" => "after a while",
        "after-remedy" => "after something was mended",
        _ => "cannot be said",
    }
}

fn phase(phase: &str) -> &str {
    match phase {
        "queue" => "before anything was sent",
        "resolve" => "while the name was looked up",
        "connect" => "while connecting",
        "tunnel" => "while a proxy opened the tunnel",
        "tls" => "during the TLS handshake",
        "send" => "while the request was sent",
        "wait" => "when the answer should begin",
        "receive" => "while the answer came",
        "close" => "at the end of the connection",
        _ => "not known",
    }
}

struct Section {
    id: String,
    name: String,
    html: String,
    is_audience: bool,
}

fn sections(data: &Data, outcome: &Outcome, path: &str) -> Vec<Section> {
    let text = &outcome.text;
    let section = |id: &str, name: &str, html: String| Section {
        id: id.to_owned(),
        name: name.to_owned(),
        html,
        is_audience: false,
    };
    let mut found = Vec::new();
    if !outcome.leads_to.is_empty() {
        let name = "Which one is it?";
        found.push(section(
            "leads-to",
            name,
            list(data, path, outcome.leads_to.iter().map(String::as_str)),
        ));
    }
    found.push(section(
        "meaning",
        "What it means",
        blocks(&text.meaning, data, path),
    ));
    found.push(section(
        "cause",
        "Who caused it",
        blocks(&text.cause, data, path),
    ));
    found.push(section("retry", "Retry", blocks(&text.retry, data, path)));
    let html = blocks(&text.fix_all, data, path);
    found.push(section("fix", "Fix it", html));
    for fix in &text.fix {
        let audience = AUDIENCES
            .iter()
            .find(|audience| audience.key == fix.audience);
        found.push(Section {
            id: fix.audience.clone(),
            name: audience
                .map_or(fix.audience.as_str(), |audience| audience.name)
                .to_owned(),
            html: blocks(&fix.text, data, path),
            is_audience: true,
        });
    }
    if !outcome.said.is_empty() {
        found.push(section(
            "said",
            "Often said, and wrong",
            said(data, outcome, path),
        ));
    }
    found.push(section("happen", "See it happen", happen(outcome)));
    let also = also(data, outcome, path);
    if !also.is_empty() {
        found.push(section("also", "See also", also));
    }
    found.push(section("sources", "Sources", sources(data, outcome, path)));
    found
}

/// Links to the sections; the audiences look like the tabs they stand for.
fn contents(sections: &[Section]) -> String {
    let item = |section: &Section| {
        format!(
            "<li><a href=\"#{}\">{}</a></li>",
            section.id,
            escape(&section.name)
        )
    };
    let (audiences, rest): (Vec<_>, Vec<_>) =
        sections.iter().partition(|section| section.is_audience);
    let mut out = String::from("<nav class=\"contents\" aria-label=\"On this page\"><ul>");
    out.extend(rest.into_iter().map(item));
    out.push_str("</ul>");
    if !audiences.is_empty() {
        out.push_str(
            "<p id=\"fix-for\">Fix it as</p><ul class=\"tabs\" aria-labelledby=\"fix-for\">",
        );
        out.extend(audiences.into_iter().map(item));
        out.push_str("</ul>");
    }
    out.push_str("</nav>\n");
    out
}

fn said(data: &Data, outcome: &Outcome, path: &str) -> String {
    let mut out = String::from("<dl class=\"said\">\n");
    for said in &outcome.said {
        let _ = writeln!(
            out,
            "<div><dt>\u{201c}{}\u{201d}</dt><dd>{} <span class=\"source\">{}</span></dd></div>",
            inline(&said.claim, data, path),
            inline(&said.truth, data, path),
            source(&said.source)
        );
    }
    out.push_str("</dl>\n");
    out
}

fn happen(outcome: &Outcome) -> String {
    let mut out = transcript::block(&outcome.text.transcript);
    let _ = match outcome
        .reproduce
        .get("none")
        .and_then(|reason| reason.as_str())
    {
        Some(reason) => writeln!(
            out,
            "<p>Not on the wire: {}.</p>",
            escape(reason.trim_end_matches('.'))
        ),
        None => writeln!(
            out,
            "<p>On the wire: <code>httpwhy sim</code>, then <code>/outcome/{}</code></p>",
            escape(&outcome.id)
        ),
    };
    out
}

/// What its texts name, and whose texts name it.
fn also(data: &Data, outcome: &Outcome, path: &str) -> String {
    let mut out = String::new();
    let mentioned = data.mentioned(outcome);
    let by: Vec<&str> = (data.mentioned_by(&outcome.id))
        .filter(|id| !mentioned.contains(*id))
        .take(MOST_ALSO)
        .collect();
    let mentioned: Vec<&str> = (mentioned.iter().map(String::as_str))
        .filter(|id| !outcome.leads_to.iter().any(|leads| leads == id))
        .take(MOST_ALSO)
        .collect();
    if !mentioned.is_empty() {
        out.push_str(&list(data, path, mentioned.into_iter()));
    }
    if !by.is_empty() {
        out.push_str("<p>Named by</p>\n");
        out.push_str(&list(data, path, by.into_iter()));
    }
    out
}

fn list<'a>(data: &Data, path: &str, ids: impl Iterator<Item = &'a str>) -> String {
    let mut out = String::from("<ul class=\"outcomes\">\n");
    for other in ids.filter_map(|id| data.outcome(id)) {
        let _ = writeln!(
            out,
            "<li>{} <strong>{}.</strong> {}</li>",
            id_link(&other.id, data, path),
            escape(&other.title),
            inline(&other.text.lead, data, path)
        );
    }
    out.push_str("</ul>\n");
    out
}

fn sources(data: &Data, outcome: &Outcome, path: &str) -> String {
    let mut out = String::from("<ul class=\"sources\">\n");
    for name in &outcome.sources {
        let _ = writeln!(out, "<li>{}</li>", source(name));
    }
    out.push_str("</ul>\n");
    out.push_str(&blocks(&outcome.text.references, data, path));
    let audiences: Vec<String> = (outcome.text.fix.iter())
        .map(|fix| link(path, &audience_page(&fix.audience), &fix.audience))
        .collect();
    if !audiences.is_empty() {
        let _ = writeln!(
            out,
            "<p class=\"more\">All outcomes for the {}</p>",
            audiences.join(", ")
        );
    }
    out
}

/// A source; an RFC is a link to its section.
fn source(name: &str) -> String {
    let text = escape(name);
    let Some(rest) = name.strip_prefix("RFC ") else {
        return text;
    };
    let mut words = rest.split_whitespace();
    let number = words.next().unwrap_or_default();
    if number.is_empty() || !number.chars().all(|c| c.is_ascii_digit()) {
        return text;
    }
    let section = (words.next())
        .filter(|word| word.starts_with(|c: char| c.is_ascii_digit()))
        .filter(|word| word.chars().all(|c| c.is_ascii_digit() || c == '.'))
        .map_or_else(String::new, |section| {
            format!("#section-{}", section.trim_end_matches('.'))
        });
    format!("<a href=\"https://www.rfc-editor.org/rfc/rfc{number}{section}\">{text}</a>")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::docs::data::planted;

    #[test]
    fn sources_that_are_rfcs_are_links() {
        for (name, wanted) in [
            (
                "RFC 9110 15.5.5",
                "<a href=\"https://www.rfc-editor.org/rfc/rfc9110#section-15.5.5\">RFC 9110 15.5.5</a>",
            ),
            (
                "RFC 6455",
                "<a href=\"https://www.rfc-editor.org/rfc/rfc6455\">RFC 6455</a>",
            ),
            (
                "RFC 9110 appendix B",
                "<a href=\"https://www.rfc-editor.org/rfc/rfc9110\">RFC 9110 appendix B</a>",
            ),
            ("RFC x<y", "RFC x&lt;y"),
            ("nginx <src>", "nginx &lt;src&gt;"),
        ] {
            assert_eq!(source(name), wanted);
        }
    }

    #[test]
    fn a_page_has_its_parts() {
        let data = planted();
        let html = page(&data, data.outcome("nginx/499").expect("planted"));
        for part in [
            "<h1>499 Client closed request</h1>",
            "<h2 id=\"meaning\">What it means</h2>",
            "<h3 id=\"operator\">Operator</h3>",
            "<li><a href=\"#operator\">Operator</a></li>",
            "should have <code>ETag</code>",
            "<h2 id=\"leads-to\">",
            "Not confirmed",
            "class=\"transcript\"",
        ] {
            assert!(html.contains(part), "{part}:\n{html}");
        }
    }
}
