//! What every page has around its content, and escaping.

use std::fmt::Write as _;

use super::data::AUDIENCES;

/// A page to be framed.
pub(crate) struct Page<'a> {
    /// Its path within the site.
    pub(crate) path: &'a str,
    /// Its title, plain text.
    pub(crate) title: &'a str,
    /// What it is about in a sentence, plain text.
    pub(crate) about: &'a str,
    /// Where it hangs: names and paths from the index down, without itself.
    pub(crate) trail: &'a [(String, String)],
    /// Its content, HTML.
    pub(crate) body: String,
    /// Scripts it loads, by path within the site.
    pub(crate) scripts: &'a [&'a str],
}

/// The text with everything escaped that means something in HTML, in content and in quoted attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // A control character is nothing that HTML can hold.
            c if c.is_control() && c != '\n' && c != '\t' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// The way from one page to another, relative, so that the site works from any folder and from `file:`.
pub(crate) fn relative(from: &str, to: &str) -> String {
    let ups = from.matches('/').count();
    format!("{}{to}", "../".repeat(ups))
}

/// `<a href="…">text</a>`, both escaped.
pub(crate) fn link(from: &str, to: &str, text: &str) -> String {
    format!(
        "<a href=\"{}\">{}</a>",
        escape(&relative(from, to)),
        escape(text)
    )
}

/// The whole document.
pub(crate) fn frame(page: &Page<'_>) -> String {
    let root = |to: &str| escape(&relative(page.path, to));
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en-GB\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{}</title>\n\
         <meta name=\"description\" content=\"{}\">\n<link rel=\"stylesheet\" href=\"{}\">\n",
        escape(page.title),
        escape(page.about),
        root("style.css")
    );
    for script in page.scripts {
        let _ = writeln!(out, "<script src=\"{}\" defer></script>", root(script));
    }
    out.push_str("</head>\n<body>\n<a class=\"skip\" href=\"#content\">Skip to the content</a>\n");
    let _ = write!(
        out,
        "<header class=\"site\"><a class=\"name\" href=\"{}\">httpwhy</a>\n<nav aria-label=\"Site\">{} {}</nav></header>\n",
        root("index.html"),
        link(page.path, "index.html#outcomes", "Outcomes"),
        link(page.path, "choose.html", "Which status to send?"),
    );
    if !page.trail.is_empty() {
        out.push_str("<nav class=\"trail\" aria-label=\"Where this is\">");
        for (name, path) in page.trail {
            let _ = write!(
                out,
                "{} <span aria-hidden=\"true\">/</span> ",
                link(page.path, path, name)
            );
        }
        out.push_str("</nav>\n");
    }
    let _ = write!(out, "<main id=\"content\">\n{}</main>\n", page.body);
    out.push_str("<footer><p>For the ");
    for (index, audience) in AUDIENCES.iter().enumerate() {
        let between = if index == 0 { "" } else { " · " };
        let to = super::data::audience_page(audience.key);
        let _ = write!(out, "{between}{}", link(page.path, &to, audience.key));
    }
    out.push_str("</p>\n<p>Made from the catalogue of httpwhy; the same text stands in <code>httpwhy explain</code>.</p></footer>\n</body>\n</html>\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_escapes_escaping() {
        assert_eq!(
            escape("<a href=\"x\" & 'y'>"),
            "&lt;a href=&quot;x&quot; &amp; &#39;y&#39;&gt;"
        );
        assert_eq!(escape("a\u{1b}[2J\u{0}\n"), "a\u{fffd}[2J\u{fffd}\n");
    }

    #[test]
    fn links_are_relative() {
        assert_eq!(relative("index.html", "style.css"), "style.css");
        assert_eq!(
            relative("outcome/http/404.html", "style.css"),
            "../../style.css"
        );
    }
}
