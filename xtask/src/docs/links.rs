//! Every internal link leads somewhere: to a page of the site, and to an anchor on it.

use std::collections::{BTreeMap, BTreeSet};

use super::Site;

/// Schemes and hosts a page may lead to, by a link that is clicked. Nothing is ever loaded from elsewhere.
const OUTSIDE: &str = "https://";

/// What a tag refers to.
#[derive(Debug, PartialEq, Eq)]
struct Reference {
    /// `a`, `link`, `script` …
    tag: String,
    to: String,
}

/// Dead links, doubled ids, and what would be loaded from elsewhere.
pub(crate) fn problems(site: &Site) -> Vec<String> {
    let mut problems = Vec::new();
    let mut anchors: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (path, text) in pages(site) {
        let own = anchors.entry(path).or_default();
        for (_, attributes) in tags(text) {
            if let Some(id) = attribute(attributes, "id")
                && !own.insert(id.clone())
            {
                problems.push(format!("{path}: two elements have the id '{id}'"));
            }
        }
    }
    for (path, text) in pages(site) {
        for reference in references(text) {
            problems.extend(problem(site, &anchors, path, &reference));
        }
    }
    problems
}

/// Internal links of the site.
pub(crate) fn count(site: &Site) -> usize {
    pages(site)
        .flat_map(|(_, text)| references(text))
        .filter(|reference| !reference.to.starts_with(OUTSIDE))
        .count()
}

fn pages(site: &Site) -> impl Iterator<Item = (&str, &str)> {
    (site.iter())
        .filter(|(path, _)| crate::tree::has_extension(path, "html"))
        .map(|(path, text)| (path.as_str(), text.as_str()))
}

fn problem(
    site: &Site,
    anchors: &BTreeMap<&str, BTreeSet<String>>,
    from: &str,
    reference: &Reference,
) -> Option<String> {
    let to = reference.to.as_str();
    if to.starts_with(OUTSIDE) {
        let loads = reference.tag != "a";
        return loads.then(|| format!("{from}: loads '{to}' from elsewhere"));
    }
    let (path, anchor) = to
        .split_once('#')
        .map_or((to, None), |(path, anchor)| (path, Some(anchor)));
    let Some(target) = resolve(from, path) else {
        return Some(format!("{from}: '{to}' leads out of the site"));
    };
    if !site.contains_key(&target) {
        return Some(format!(
            "{from}: '{to}' leads to {target}, which does not exist"
        ));
    }
    let is_there = |anchor| {
        anchors
            .get(target.as_str())
            .is_some_and(|own| own.contains(anchor))
    };
    match anchor {
        Some(anchor) if !is_there(anchor) => Some(format!(
            "{from}: '{to}': {target} has no element with the id '{anchor}'"
        )),
        _ => None,
    }
}

/// The path within the site, or `None` when it leaves the site or is none (empty path with a scheme, `//`, `/`).
fn resolve(from: &str, path: &str) -> Option<String> {
    if path.is_empty() {
        return Some(from.to_owned());
    }
    if path.starts_with('/') || path.contains(':') {
        return None;
    }
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            ".." => {
                parts.pop()?;
            }
            "." => {}
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

fn references(text: &str) -> Vec<Reference> {
    tags(text)
        .flat_map(|(tag, attributes)| {
            ["href", "src"].into_iter().filter_map(move |name| {
                let to = attribute(attributes, name)?;
                let tag = tag.to_owned();
                Some(Reference { tag, to })
            })
        })
        .collect()
}

/// Opening tags: name and attributes. The site's own pages have `<` and `>` in tags only, all else is escaped.
fn tags(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split('<').skip(1).filter_map(|piece| {
        let tag = piece.split('>').next()?;
        let (name, attributes) = tag.split_once(char::is_whitespace)?;
        Some((name, attributes))
    })
}

/// The value of an attribute in double quotes, with its character references read.
fn attribute(attributes: &str, name: &str) -> Option<String> {
    let start = format!("{name}=\"");
    let mut rest = attributes;
    loop {
        let at = rest.find(&start)?;
        let begins = at == 0 || rest[..at].ends_with(char::is_whitespace);
        let value = &rest[at + start.len()..];
        if begins {
            let value = &value[..value.find('"')?];
            return Some(
                (value.replace("&lt;", "<").replace("&gt;", ">"))
                    .replace("&quot;", "\"")
                    .replace("&#39;", "'")
                    .replace("&amp;", "&"),
            );
        }
        rest = value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(body: &str) -> Site {
        Site::from([
            ("a/b.html".to_owned(), body.to_owned()),
            ("c.html".to_owned(), "<h1 id=\"here\">C</h1>".to_owned()),
            ("style.css".to_owned(), "a{}".to_owned()),
        ])
    }

    #[test]
    fn planted_defects() {
        for (body, what) in [
            ("<a href=\"../c.html\">", None),
            ("<a href=\"../c.html#here\">", None),
            ("<p id=\"x\"><a class=\"y\" href=\"#x\">", None),
            ("<link rel=\"stylesheet\" href=\"../style.css\">", None),
            ("<a href=\"https://rfc.example/\">", None),
            ("&lt;a href=\"gone.html\"&gt;", None),
            ("<a data-href=\"gone.html\">", None),
            (
                "<a href=\"c.html\">",
                Some("leads to a/c.html, which does not exist"),
            ),
            (
                "<a href=\"../c.html#gone\">",
                Some("c.html has no element with the id 'gone'"),
            ),
            ("<a href=\"#gone\">", Some("a/b.html has no element")),
            ("<a href=\"../../x.html\">", Some("leads out of the site")),
            ("<a href=\"/c.html\">", Some("leads out of the site")),
            (
                "<a href=\"http://x.example/\">",
                Some("leads out of the site"),
            ),
            (
                "<script src=\"https://cdn.example/x.js\">",
                Some("from elsewhere"),
            ),
            (
                "<p id=\"x\"><p id=\"x\">",
                Some("two elements have the id 'x'"),
            ),
        ] {
            let found = problems(&site(body));
            match what {
                None => assert!(found.is_empty(), "{body}: {found:?}"),
                Some(what) => {
                    assert_eq!(found.len(), 1, "{body}: {found:?}");
                    assert!(found[0].contains(what), "{body}: {found:?}");
                }
            }
        }
    }
}
