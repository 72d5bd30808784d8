//! What the search on the index looks through: a script that sets one variable, so that it works from `file:` too.

use super::data::Data;
use super::markdown;

/// `var httpwhyIndex = [[id, headline, page, first sentence, [names]], …];`, one entry a line.
pub(crate) fn index(data: &Data) -> String {
    let rows: Vec<String> = (data.outcomes.iter())
        .map(|outcome| {
            let names: Vec<&String> = (outcome.aliases.iter())
                .chain(&outcome.former)
                .chain([&outcome.title])
                .collect();
            let lead = markdown::plain(&outcome.text.lead);
            let row = (
                &outcome.id,
                outcome.headline(),
                data.page(&outcome.id),
                lead,
                names,
            );
            harmless(&serde_json::to_string(&row).expect("texts are JSON"))
        })
        .collect();
    format!("var httpwhyIndex = [\n{}\n];\n", rows.join(",\n"))
}

/// JSON in which nothing can end a script, or a line of one.
fn harmless(json: &str) -> String {
    json.replace('<', "\\u003c")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}

#[cfg(test)]
mod tests {
    use super::super::data::planted;
    use super::*;

    #[test]
    fn the_index_is_json_without_markup() {
        let script = index(&planted());
        let json = (script.strip_prefix("var httpwhyIndex = "))
            .and_then(|rest| rest.strip_suffix(";\n"))
            .expect("one variable");
        assert!(!json.contains('<'), "{json}");
        let rows: Vec<(String, String, String, String, Vec<String>)> =
            serde_json::from_str(json).expect("JSON");
        assert_eq!(rows.len(), 4);
        assert_eq!(rows[2].0, "http/404");
        assert_eq!(rows[2].1, "404 Not Found");
        assert_eq!(rows[2].2, "outcome/http/404.html");
    }
}
