//! Pages that lead to outcomes: the index, a namespace, an audience, the decision path.

use std::fmt::Write as _;

use super::clients;
use super::data::{
    AUDIENCES, Audience, Data, Outcome, Signature, audience_page, namespace_page, view_page,
};
use super::frame::{Page, escape, frame, link, relative};
use super::markdown::{inline, plain};

/// The first page: search, paste, and everything there is.
pub(crate) fn index(data: &Data) -> String {
    let path = "index.html";
    let mut body = format!(
        "<header class=\"outcome\"><h1>Why did this HTTP exchange go wrong?</h1>\n\
         <p class=\"lead\">{} outcomes of HTTP and of everything below, in front of and behind it: what happened, who caused it, whether to retry, what to do.</p></header>\n",
        thousands(data.outcomes.len())
    );
    body.push_str(SEARCH);
    body.push_str("<section aria-labelledby=\"codes\"><h2 id=\"codes\">Status codes</h2>\n");
    body.push_str(&codes(data, path));
    body.push_str("</section>\n<section aria-labelledby=\"you\"><h2 id=\"you\">Who are you?</h2>\n<ul class=\"cards\">\n");
    for audience in AUDIENCES {
        let count = (data.outcomes.iter())
            .filter(|outcome| fix(outcome, audience).is_some())
            .count();
        let _ = writeln!(
            body,
            "<li>{} <span>You {}. {count} outcomes.</span></li>",
            link(path, &audience_page(audience.key), audience.name),
            escape(audience.who)
        );
    }
    body.push_str("</ul>\n</section>\n<section aria-labelledby=\"task\"><h2 id=\"task\">What are you doing?</h2>\n<ul class=\"cards\">\n");
    for view in &data.views {
        let _ = writeln!(
            body,
            "<li>{} <span>{} {} outcomes.</span></li>",
            link(path, &view_page(view.reader.key), view.reader.name),
            escape(view.reader.who),
            view.rows.len()
        );
    }
    let _ = writeln!(
        body,
        "<li>{} <span>The words and codes of curl, Python requests, Node and Chromium for what happens on the wire.</span></li>",
        link(path, clients::PAGE, "What does your client say?")
    );
    let _ = writeln!(
        body,
        "<li>{} <span>From the situation to the status code, for those who write the server.</span></li>\n</ul></section>",
        link(path, "choose.html", "Which status should I send?")
    );
    body.push_str("<section aria-labelledby=\"outcomes\"><h2 id=\"outcomes\">All outcomes</h2>\n");
    for (name, wanted) in [("By subject", true), ("By product", false)] {
        let _ = write!(body, "<h3>{name}</h3>\n<ul class=\"cards small\">\n");
        for namespace in data.namespaces() {
            if Data::is_subject(namespace) == wanted {
                let count = data.within(namespace).count();
                let _ = writeln!(
                    body,
                    "<li>{} <span>{count} {}</span></li>",
                    link(path, &namespace_page(namespace), data.name(namespace)),
                    if count == 1 { "outcome" } else { "outcomes" }
                );
            }
        }
        body.push_str("</ul>\n");
    }
    body.push_str("</section>\n");
    frame(&Page {
        path,
        title: "httpwhy: why did this HTTP exchange go wrong?",
        about: "What every outcome of an HTTP exchange means, who caused it and what to do.",
        trail: &[],
        body,
        scripts: &["search-index.js", "search.js"],
    })
}

const SEARCH: &str = "\
<section class=\"ask\" aria-label=\"Look it up\">
<form role=\"search\" id=\"search-form\">
<label for=\"search\">Search a code, a name or words</label>
<input type=\"search\" id=\"search\" name=\"q\" autocomplete=\"off\" autocapitalize=\"off\" spellcheck=\"false\" placeholder=\"502, ECONNRESET, certificate expired\" maxlength=\"200\">
<label for=\"paste\">Or paste what you have: an error message, a response, lines of a log</label>
<textarea id=\"paste\" name=\"paste\" rows=\"3\" spellcheck=\"false\" autocomplete=\"off\" placeholder=\"curl: (56) Recv failure: Connection reset by peer\" maxlength=\"100000\"></textarea>
<p class=\"hint\">Nothing leaves this page: the catalogue is in it.</p>
</form>
<p id=\"count\" role=\"status\"></p>
<ol id=\"results\" class=\"results\"></ol>
<noscript><p>Searching needs JavaScript. Without it, everything is listed below.</p></noscript>
</section>
";

/// `1,044`
fn thousands(count: usize) -> String {
    match count {
        0..1000 => count.to_string(),
        _ => format!("{},{:03}", thousands(count / 1000), count % 1000),
    }
}

/// The registered status codes in rows of one class each.
fn codes(data: &Data, path: &str) -> String {
    let mut out = String::from("<div class=\"codes\">\n");
    for class in '1'..='5' {
        let _ = write!(out, "<ul aria-label=\"{class}xx\">");
        for outcome in data
            .within("http")
            .filter(|outcome| outcome.code().starts_with(class))
        {
            let _ = write!(
                out,
                "<li><a href=\"{}\" title=\"{}\">{}</a></li>",
                escape(&relative(path, data.page(&outcome.id))),
                escape(&outcome.title),
                escape(outcome.code())
            );
        }
        out.push_str("</ul>\n");
    }
    out.push_str("</div>\n");
    out
}

fn fix<'a>(outcome: &'a Outcome, audience: &Audience) -> Option<&'a str> {
    let fix = outcome
        .text
        .fix
        .iter()
        .find(|fix| fix.audience == audience.key)?;
    Some(&fix.text)
}

/// What one subject or product says, and how a product is recognised.
pub(crate) fn namespace(data: &Data, namespace: &str) -> String {
    let path = namespace_page(namespace);
    let name = data.name(namespace);
    let about = data.about(namespace);
    let mut body = format!(
        "<header class=\"outcome\"><h1>{}</h1>\n<p class=\"id\"><code>{}/</code></p>\n<p class=\"lead\">{}</p></header>\n",
        escape(name),
        escape(namespace),
        escape(&about)
    );
    body.push_str(&entries(data, &path, data.within(namespace), ""));
    if let Some(signature) = data.signatures.get(namespace) {
        body.push_str(&recognised(signature));
    }
    frame(&Page {
        path: &path,
        title: &format!("{name} · httpwhy"),
        about: &about,
        trail: &[("Outcomes".to_owned(), "index.html#outcomes".to_owned())],
        body,
        scripts: &[],
    })
}

/// A list of outcomes: headline, id, first sentence. Links lead to the anchor on the page.
fn entries<'a>(
    data: &Data,
    path: &str,
    outcomes: impl Iterator<Item = &'a Outcome>,
    anchor: &str,
) -> String {
    let mut out = String::from("<ul class=\"entries\">\n");
    for outcome in outcomes {
        let to = format!("{}{anchor}", data.page(&outcome.id));
        let _ = writeln!(
            out,
            "<li>{} <code>{}</code><p>{}</p></li>",
            link(path, &to, &outcome.headline()),
            escape(&outcome.id),
            inline(&outcome.text.lead, data, path)
        );
    }
    out.push_str("</ul>\n");
    out
}

fn recognised(signature: &Signature) -> String {
    let mut out = format!(
        "<section aria-labelledby=\"signature\"><h2 id=\"signature\">How {} is recognised</h2>\n\
         <p>\u{201c}Made\u{201d} shows that it wrote the response, \u{201c}passed\u{201d} only that it stood on the way.</p>\n\
         <div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"Evidence\"><table>\n\
         <thead><tr><th scope=\"col\">Where</th><th scope=\"col\">Pattern</th><th scope=\"col\">Proves</th><th scope=\"col\">Shows</th><th scope=\"col\">Source</th></tr></thead>\n<tbody>\n",
        escape(&signature.name)
    );
    for evidence in &signature.evidence {
        let place = match (&evidence.field, &evidence.cookie) {
            (Some(field), _) => format!("field <code>{}</code>", escape(field)),
            (_, Some(cookie)) => format!("cookie <code>{}</code>", escape(cookie)),
            _ if evidence.body => "content".to_owned(),
            _ => "reason phrase".to_owned(),
        };
        let _ = writeln!(
            out,
            "<tr><td data-label=\"Where\">{place}</td><td data-label=\"Pattern\"><code>{}</code></td>\
             <td data-label=\"Proves\">{}</td><td data-label=\"Shows\">{}</td><td data-label=\"Source\">{}</td></tr>",
            escape(&evidence.pattern),
            escape(&evidence.strength),
            escape(&evidence.says),
            escape(&evidence.source)
        );
    }
    out.push_str("</tbody></table></div></section>\n");
    out
}

/// Everything that one audience can do something about.
pub(crate) fn audience(data: &Data, audience: &Audience) -> String {
    let path = audience_page(audience.key);
    let about = format!("What to do if you {}.", audience.who);
    let mut body = format!(
        "<header class=\"outcome\"><h1>For the {}</h1>\n<p class=\"lead\">{}</p></header>\n",
        audience.key,
        escape(&about)
    );
    let anchor = format!("#{}", audience.key);
    let mut contents = String::from("<nav class=\"contents\" aria-label=\"On this page\"><ul>");
    let mut lists = String::new();
    for namespace in data.namespaces() {
        let mut found = (data.within(namespace))
            .filter(|outcome| fix(outcome, audience).is_some())
            .peekable();
        if found.peek().is_none() {
            continue;
        }
        let name = escape(data.name(namespace));
        let id = escape(namespace);
        let _ = write!(contents, "<li><a href=\"#{id}\">{name}</a></li>");
        let _ = write!(
            lists,
            "<section aria-labelledby=\"{id}\"><h2 id=\"{id}\">{name}</h2>\n{}</section>\n",
            entries(data, &path, found, &anchor)
        );
    }
    contents.push_str("</ul></nav>\n");
    body.push_str(&contents);
    body.push_str(&lists);
    frame(&Page {
        path: &path,
        title: &format!("For the {} · httpwhy", audience.key),
        about: &about,
        trail: &[],
        body,
        scripts: &[],
    })
}

/// The decision path: every question with its answers, each leading to the next question or to a status.
pub(crate) fn choose(data: &Data) -> String {
    let path = "choose.html";
    let about = "From the situation to the status code: each answer leads to the next question or to the status.";
    let mut body = format!(
        "<header class=\"outcome\"><h1>Which status should I send?</h1>\n<p class=\"lead\">{about}</p>\n\
         <p>In a terminal, <code>httpwhy choose</code> asks the same and ends with a response to copy.</p></header>\n"
    );
    for (number, question) in data.questions.iter().enumerate() {
        let key = escape(&question.key);
        let _ = write!(
            body,
            "<section class=\"question\" aria-labelledby=\"q-{key}\"><h2 id=\"q-{key}\"><span class=\"number\">{}</span> {}</h2>\n<p>{}</p>\n<ul class=\"choices\">\n",
            number + 1,
            escape(&question.text),
            inline(&question.help, data, path)
        );
        for choice in &question.choices {
            let _ = writeln!(
                body,
                "<li><p>{} <code>{}</code></p>{}</li>",
                inline(&choice.text, data, path),
                escape(&choice.key),
                leads(data, path, choice)
            );
        }
        body.push_str("</ul></section>\n");
    }
    frame(&Page {
        path,
        title: "Which status should I send? · httpwhy",
        about: &plain(about),
        trail: &[],
        body,
        scripts: &[],
    })
}

fn leads(data: &Data, path: &str, choice: &super::data::Choice) -> String {
    if let Some(code) = choice.sends {
        let id = format!("http/{code}");
        let headline = data
            .outcome(&id)
            .map_or_else(|| code.to_string(), Outcome::headline);
        let because = choice.because.as_deref().unwrap_or_default();
        return format!(
            "<p class=\"send\">{} <span>{}</span></p>",
            link(path, data.page(&id), &headline),
            escape(because)
        );
    }
    let key = choice.asks.as_deref().unwrap_or_default();
    let number = data
        .questions
        .iter()
        .position(|question| question.key == key);
    let name = number.map_or_else(String::new, |number| {
        let text = escape(&data.questions[number].text);
        format!("on to question {}</a> <span>{text}</span>", number + 1)
    });
    format!("<p class=\"go\"><a href=\"#q-{}\">{name}</p>", escape(key))
}

#[cfg(test)]
mod tests {
    use super::super::data::planted;
    use super::*;

    #[test]
    fn the_decision_path_links_questions_and_statuses() {
        let html = choose(&planted());
        for part in [
            "<h2 id=\"q-role\">",
            "<a href=\"#q-role\">on to question 1</a> <span>",
            "<a href=\"outcome/http/404.html\">404 Not Found</a>",
        ] {
            assert!(html.contains(part), "{part}:\n{html}");
        }
    }

    #[test]
    fn large_counts_are_readable() {
        for (count, wanted) in [
            (7, "7"),
            (999, "999"),
            (1044, "1,044"),
            (1_000_000, "1,000,000"),
        ] {
            assert_eq!(thousands(count), wanted);
        }
    }

    #[test]
    fn an_audience_sees_its_own_section() {
        let html = audience(&planted(), &AUDIENCES[3]);
        assert!(
            html.contains("href=\"../outcome/nginx/499.html#operator\""),
            "{html}"
        );
        let none = audience(&planted(), &AUDIENCES[0]);
        assert!(!none.contains("class=\"entries\""), "{none}");
    }
}
