//! The catalogue's Markdown as HTML: what its entries use, and nothing raw.

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

use super::escape::escape;

/// The text as HTML. `heading` is the level that the text's third-level headings get.
pub(crate) fn html(text: &str, heading: u8) -> String {
    let level = heading.to_string();
    let mut out = String::with_capacity(text.len() * 5 / 4);
    for event in Parser::new(text) {
        match event {
            Event::Start(tag) => start(&tag, &level, &mut out),
            Event::End(tag) => end(tag, &level, &mut out),
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => {
                out.push_str(&lines(&text));
            }
            Event::Code(text) => {
                out.push_str("<code>");
                out.push_str(&escape(&text));
                out.push_str("</code>");
            }
            Event::SoftBreak | Event::HardBreak => out.push('\n'),
            _ => {}
        }
    }
    out
}

/// One line of Markdown without the paragraph around it.
pub(crate) fn inline(text: &str) -> String {
    let html = html(text, 3);
    let inner = html.trim().strip_prefix("<p>");
    match inner.and_then(|inner| inner.strip_suffix("</p>")) {
        Some(inner) if !inner.contains("<p>") => inner.to_owned(),
        _ => html,
    }
}

/// Escaped, with the ends of lines kept: those are the catalogue's own.
fn lines(text: &str) -> String {
    let escaped: Vec<String> = text.split('\n').map(escape).collect();
    escaped.join("\n")
}

fn start(tag: &Tag<'_>, level: &str, out: &mut String) {
    match tag {
        Tag::Paragraph => out.push_str("<p>"),
        Tag::Heading { .. } => out.extend(["<h", level, ">"]),
        Tag::List(None) => out.push_str("<ul>\n"),
        Tag::List(Some(_)) => out.push_str("<ol>\n"),
        Tag::Item => out.push_str("<li>"),
        Tag::Strong => out.push_str("<strong>"),
        Tag::Emphasis => out.push_str("<em>"),
        Tag::CodeBlock(CodeBlockKind::Fenced(_) | CodeBlockKind::Indented) => {
            out.push_str("<pre tabindex=\"0\"><code>");
        }
        Tag::BlockQuote(_) => out.push_str("<blockquote>"),
        // Only what leads to the web; the report itself loads nothing.
        Tag::Link { dest_url, .. } if dest_url.starts_with("https://") => {
            out.extend(["<a href=\"", &escape(dest_url), "\">"]);
        }
        Tag::Link { .. } => out.push_str("<a>"),
        _ => {}
    }
}

fn end(tag: TagEnd, level: &str, out: &mut String) {
    match tag {
        TagEnd::Paragraph => out.push_str("</p>\n"),
        TagEnd::Heading(_) => out.extend(["</h", level, ">\n"]),
        TagEnd::List(false) => out.push_str("</ul>\n"),
        TagEnd::List(true) => out.push_str("</ol>\n"),
        TagEnd::Item => out.push_str("</li>\n"),
        TagEnd::Strong => out.push_str("</strong>"),
        TagEnd::Emphasis => out.push_str("</em>"),
        TagEnd::CodeBlock => out.push_str("</code></pre>\n"),
        TagEnd::BlockQuote(_) => out.push_str("</blockquote>\n"),
        TagEnd::Link => out.push_str("</a>"),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_becomes_html_and_html_becomes_text() {
        assert_eq!(
            html(
                "One `a<b` and **two**.\n\n1. x\n2. y <script>z</script>\n",
                3
            ),
            "<p>One <code>a&lt;b</code> and <strong>two</strong>.</p>\n<ol>\n<li>x</li>\n<li>y \
             &lt;script&gt;z&lt;/script&gt;</li>\n</ol>\n"
        );
        assert_eq!(html("### Operator\n", 4), "<h4>Operator</h4>\n");
        assert_eq!(inline("a `b`"), "a <code>b</code>");
        assert!(!html("[x](javascript:alert(1))", 3).contains("javascript"));
    }
}
