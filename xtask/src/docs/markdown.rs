//! Markdown as HTML. Raw HTML in it is text; only links to this site and to `https:` are links; pictures are not shown.

use std::collections::BTreeSet;

use pulldown_cmark::{CowStr, Event, Parser, Tag, TagEnd, html};

use super::data::Data;
use super::frame::{escape, relative};

/// Blocks as HTML, for the page at that path.
pub(crate) fn blocks(text: &str, data: &Data, path: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    html::push_html(&mut out, safe(text, data, path));
    out
}

/// A single paragraph as HTML without its `<p>`.
pub(crate) fn inline(text: &str, data: &Data, path: &str) -> String {
    let paragraph = |event: &Event<'_>| {
        !matches!(
            event,
            Event::Start(Tag::Paragraph) | Event::End(TagEnd::Paragraph)
        )
    };
    let mut out = String::with_capacity(text.len() * 2);
    html::push_html(&mut out, safe(text, data, path).filter(paragraph));
    out
}

/// The text alone, for titles and descriptions.
pub(crate) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for event in Parser::new(text) {
        match event {
            Event::Text(text) | Event::Code(text) | Event::Html(text) | Event::InlineHtml(text) => {
                out.push_str(&text);
            }
            Event::SoftBreak | Event::HardBreak => out.push(' '),
            _ => {}
        }
    }
    out
}

/// Ids of outcomes that a text names.
pub(crate) fn ids(text: &str, data: &Data) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for event in Parser::new(text) {
        match event {
            Event::Code(code) if data.outcome(&code).is_some() => {
                found.insert(code.into_string());
            }
            Event::Text(text) => {
                for (piece, is_id) in pieces(&text, data) {
                    if is_id {
                        found.insert(piece.to_owned());
                    }
                }
            }
            _ => {}
        }
    }
    found
}

fn safe<'a>(text: &'a str, data: &'a Data, path: &'a str) -> impl Iterator<Item = Event<'a>> {
    let mut in_code = false;
    // Of each open link, whether it is one here too.
    let mut links: Vec<bool> = Vec::new();
    Parser::new(text).map(move |event| match event {
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
        Event::Start(Tag::Link { ref dest_url, .. }) => {
            let kept = dest_url.starts_with("https://");
            links.push(kept);
            if kept {
                event
            } else {
                Event::InlineHtml("<span>".into())
            }
        }
        Event::End(TagEnd::Link) => match links.pop() {
            Some(true) => event,
            _ => Event::InlineHtml("</span>".into()),
        },
        Event::Start(Tag::Image { .. }) => Event::InlineHtml("<span>".into()),
        Event::End(TagEnd::Image) => Event::InlineHtml("</span>".into()),
        Event::Start(Tag::CodeBlock(_)) => {
            in_code = true;
            event
        }
        Event::End(TagEnd::CodeBlock) => {
            in_code = false;
            event
        }
        Event::Code(code) if links.is_empty() && data.outcome(&code).is_some() => {
            Event::InlineHtml(id_link(&code, data, path).into())
        }
        Event::Text(text) if !in_code && links.is_empty() => linked(text, data, path),
        other => other,
    })
}

/// A link to an outcome, by its id.
pub(crate) fn id_link(id: &str, data: &Data, path: &str) -> String {
    format!(
        "<a href=\"{}\"><code>{}</code></a>",
        escape(&relative(path, data.page(id))),
        escape(id)
    )
}

/// Text whose bare ids are links; unchanged when there is none.
fn linked<'a>(text: CowStr<'a>, data: &Data, path: &str) -> Event<'a> {
    let pieces = pieces(&text, data);
    if pieces.iter().all(|(_, is_id)| !is_id) {
        return Event::Text(text);
    }
    let html: String = (pieces.iter())
        .map(|(piece, is_id)| match is_id {
            true => id_link(piece, data, path),
            false => escape(piece),
        })
        .collect();
    Event::InlineHtml(html.into())
}

/// Cuts a text at the ids within it: the pieces in order, and whether each is an id.
fn pieces<'t>(text: &'t str, data: &Data) -> Vec<(&'t str, bool)> {
    let part_of_id = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.');
    let mut pieces = Vec::new();
    let mut rest = text;
    let mut before = 0;
    let mut at = 0;
    while let Some(start) = rest[at..].find(part_of_id).map(|found| found + at) {
        let end = rest[start..]
            .find(|c| !part_of_id(c))
            .map_or(rest.len(), |found| found + start);
        let word = rest[start..end].trim_end_matches(['.', '/']);
        if word.contains('/') && data.outcome(word).is_some() {
            pieces.push((&rest[before..start], false));
            pieces.push((word, true));
            before = start + word.len();
        }
        at = end;
    }
    rest = &rest[before..];
    pieces.push((rest, false));
    pieces.retain(|(piece, _)| !piece.is_empty());
    pieces
}

#[cfg(test)]
mod tests {
    use super::super::data::planted;
    use super::*;

    #[test]
    fn html_links_and_pictures_are_tamed() {
        let data = planted();
        for (text, wanted) in [
            ("a <b>c</b>", "a &lt;b&gt;c&lt;/b&gt;"),
            ("`<i>`", "<code>&lt;i&gt;</code>"),
            ("[x](javascript:alert(1))", "<span>x</span>"),
            (
                "[x](https://rfc.example/a)",
                "<a href=\"https://rfc.example/a\">x</a>",
            ),
            ("![x](https://evil.example/p.png)", "<span>x</span>"),
            (
                "see `http/404`.",
                "see <a href=\"../outcome/http/404.html\"><code>http/404</code></a>.",
            ),
            (
                "see http/404.",
                "see <a href=\"../outcome/http/404.html\"><code>http/404</code></a>.",
            ),
            ("see no/such", "see no/such"),
            ("a & b", "a &amp; b"),
        ] {
            assert_eq!(inline(text, &data, "for/x.html"), wanted, "{text}");
        }
        let block = blocks(
            "<script>alert(1)</script>\n\n```\n<x> http/404\n```\n",
            &data,
            "x.html",
        );
        assert!(!block.contains("<script"), "{block}");
        assert!(
            block.contains("<pre><code>&lt;x&gt; http/404\n</code></pre>"),
            "{block}"
        );
    }

    #[test]
    fn plain_text_has_no_marks() {
        assert_eq!(
            plain("A `Host` **field**\nis <b>missing</b>"),
            "A Host field is <b>missing</b>"
        );
    }
}
