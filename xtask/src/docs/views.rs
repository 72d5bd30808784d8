//! The views: the outcomes that one kind of reader needs, in a reader's order, with what they can do.

use std::fmt::Write as _;

use super::data::{Data, Outcome, View, ViewRow, view_page};
use super::frame::{Page, escape, frame, link};
use super::markdown::{blocks, inline};

/// A kind of reader, as `list --view` knows it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader {
    /// The word behind `--view`.
    pub(crate) key: &'static str,
    /// What the view is called.
    pub(crate) name: &'static str,
    /// Whom it is for.
    pub(crate) who: &'static str,
}

/// All views.
pub(crate) const READERS: &[Reader] = &[
    Reader {
        key: "scanner",
        name: "Running a scanner",
        who: "What the errors of a scan mean and how to mend them, for those who run it.",
    },
    Reader {
        key: "tester",
        name: "Testing security",
        who: "What to read from an answer, for those who attack with permission.",
    },
    Reader {
        key: "encyclopaedia",
        name: "Looking a code up",
        who: "What each code means, for anybody.",
    },
    Reader {
        key: "api",
        name: "Working with an API",
        who: "What to do on either side of an API.",
    },
    Reader {
        key: "developer",
        name: "Writing an API",
        who: "What to send when, for those who write the server.",
    },
];

/// The page of one view.
pub(crate) fn page(data: &Data, view: &View) -> String {
    let path = view_page(view.reader.key);
    let mut body = format!(
        "<header class=\"outcome\"><h1>{}</h1>\n<p class=\"lead\">{}</p>\n<p>{} outcomes, as <code>httpwhy list --view {}</code> lists them.</p></header>\n",
        escape(view.reader.name),
        escape(view.reader.who),
        view.rows.len(),
        view.reader.key
    );
    body.push_str("<ul class=\"entries\">\n");
    for row in &view.rows {
        if let Some(outcome) = data.outcome(&row.id) {
            body.push_str(&item(data, &path, row, outcome));
        }
    }
    body.push_str("</ul>\n");
    frame(&Page {
        path: &path,
        title: &format!("{} · httpwhy", view.reader.name),
        about: view.reader.who,
        trail: &[],
        body,
        scripts: &[],
    })
}

fn item(data: &Data, path: &str, row: &ViewRow, outcome: &Outcome) -> String {
    let headline = if outcome.title.starts_with(&row.code) {
        outcome.title.clone()
    } else {
        format!("{} {}", row.code, outcome.title)
    };
    let mut out = format!(
        "<li>{} <code>{}</code><p>{}</p>\n",
        link(path, data.page(&outcome.id), &headline),
        escape(&outcome.id),
        inline(&outcome.text.lead, data, path)
    );
    let fixes = outcome
        .text
        .fix
        .iter()
        .filter(|fix| row.audiences.contains(&fix.audience));
    for fix in fixes {
        let _ = writeln!(
            out,
            "<div class=\"fix\"><p class=\"for\">{}</p>{}</div>",
            escape(&fix.audience),
            blocks(&fix.text, data, path)
        );
    }
    out.push_str("</li>\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::docs::data::planted;

    #[test]
    fn a_view_shows_its_rows_with_what_its_reader_can_do() {
        let data = planted();
        let html = page(&data, &data.views[0]);
        assert!(
            html.contains("<a href=\"../outcome/http/404.html\">404 Not Found</a>"),
            "{html}"
        );
        assert!(html.contains("<p class=\"for\">operator</p>"), "{html}");
        assert!(!html.contains("<script>"), "{html}");
    }
}
