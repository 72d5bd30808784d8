//! The status to send, for a person and as JSON.

use httpwhy_catalog::choose::{Choice, Next, Question, Status};
use httpwhy_schema::{
    AgainstJson, AnswerJson, ChoiceLine, DemandJson, OptionJson, QuestionLine, SCHEMA,
};

use crate::entry::title;
use crate::markdown::render;
use crate::style::{Look, Style, columns};

/// Columns of the labels on the left.
const LABEL: usize = 10;
/// Near misses that a person is shown; JSON has all.
const MOST_NEAR: usize = 6;

/// A status that answers led to.
#[derive(Debug, Clone, Copy)]
pub struct Advice<'a> {
    /// The questions asked, each with the answer.
    pub given: &'a [(&'static Question, &'static Choice)],
    /// The status.
    pub status: &'static Status,
    /// Why, in one sentence.
    pub because: &'static str,
}

/// The whole advice: status, reason, mandatory fields, a sample, the reasons against the near misses.
pub fn choice_text(advice: Advice<'_>, style: Style) -> String {
    let (entry, near) = (advice.status.entry(), advice.status.near_misses());
    let name = title(entry);
    let gap = (style.columns())
        .saturating_sub(columns(&name) + columns(entry.id.0))
        .max(2);
    let mut out = style.paint(Look::Strong, &name);
    out.push_str(&" ".repeat(gap));
    out.push_str(&style.paint(Look::Faint, entry.id.0));
    out.push('\n');
    out.push_str(&render(advice.because, style, 0));
    out.push('\n');
    out.push_str(&row(
        "Fields",
        &fields(entry.expected, entry.forbidden),
        style,
    ));
    let mut label = "Not";
    for near in near.iter().take(MOST_NEAR) {
        let text = format!("**{}** would say that {}.", title(near.entry()), near.says);
        out.push_str(&row(label, &text, style));
        label = "";
    }
    out.push('\n');
    out.push_str(&style.paint(Look::Heading, "A response"));
    out.push('\n');
    for line in advice.status.sample().lines() {
        let line = format!("  {line}");
        out.push_str(&style.paint(Look::Code, line.trim_end()));
        out.push('\n');
    }
    out.push('\n');
    let keys: Vec<&str> = advice.given.iter().map(|(_, choice)| choice.key).collect();
    out.push_str(&row(
        "Again",
        &format!("`httpwhy choose --answers {}`", keys.join(",")),
        style,
    ));
    let codes: Vec<String> = std::iter::once(advice.status)
        .chain(near.into_iter().take(2))
        .map(|status| status.code.to_string())
        .collect();
    let more = format!("`httpwhy explain {}`", codes.join(" "));
    out.push_str(&row("More", &more, style));
    out
}

/// A question with its numbered answers; with `help`, what to know in order to answer it.
pub fn question_text(question: &Question, help: bool, style: Style) -> String {
    let mut out = style.paint(Look::Strong, question.text);
    out.push_str("  ");
    out.push_str(&style.paint(Look::Faint, question.key));
    out.push('\n');
    if help {
        out.push_str(&render(question.help, style, 0));
    }
    let widest = (question.choices.iter())
        .map(|choice| choice.key.len())
        .max()
        .unwrap_or(0);
    for (index, choice) in question.choices.iter().enumerate() {
        let left = format!("  {}  {:<widest$}  ", index + 1, choice.key);
        let text = render(choice.text, style, left.len());
        out.push_str(&style.paint(Look::Code, &left));
        out.push_str(text.get(left.len()..).unwrap_or_default());
    }
    out
}

/// The advice as JSON.
pub fn choice_line(advice: Advice<'_>) -> ChoiceLine<'static> {
    let entry = advice.status.entry();
    ChoiceLine {
        schema: SCHEMA,
        kind: "choice",
        status: advice.status.code,
        outcome: entry.id.0,
        title: entry.title,
        reason: advice.because,
        answers: (advice.given.iter())
            .map(|(question, choice)| AnswerJson {
                question: question.key,
                answer: choice.key,
            })
            .collect(),
        fields: (entry.expected.iter())
            .map(|field| {
                let (name, level) = demand(field);
                DemandJson { name, level }
            })
            .collect(),
        forbidden: entry.forbidden,
        sample: advice.status.sample(),
        against: (advice.status.near_misses().into_iter())
            .map(|near| AgainstJson {
                status: near.code,
                outcome: near.entry().id.0,
                title: near.entry().title,
                says: near.says,
            })
            .collect(),
    }
}

/// A question as JSON.
pub fn question_line(question: &'static Question) -> QuestionLine<'static> {
    QuestionLine {
        schema: SCHEMA,
        kind: "question",
        key: question.key,
        text: question.text,
        help: question.help,
        choices: question.choices.iter().map(option).collect(),
    }
}

fn option(choice: &'static Choice) -> OptionJson<'static> {
    let (asks, sends, because) = match choice.next {
        Next::Ask(question) => (Some(question.key), None, None),
        Next::Send { status, because } => (None, Some(status.code), Some(because)),
    };
    OptionJson {
        key: choice.key,
        text: choice.text,
        asks,
        sends,
        because,
    }
}

/// `ETag (should)` as name and level; without a level it is a must.
fn demand(field: &'static str) -> (&'static str, &'static str) {
    field
        .split_once(" (")
        .map_or((field, "must"), |(name, level)| {
            (name, level.trim_end_matches(')'))
        })
}

fn fields(expected: &'static [&'static str], forbidden: &[&str]) -> String {
    let mut parts: Vec<String> = (expected.iter())
        .map(|field| demand(field))
        .map(|(name, level)| format!("{level} have `{name}`"))
        .collect();
    parts.extend(
        forbidden
            .iter()
            .map(|name| format!("must not have `{name}`")),
    );
    if parts.is_empty() {
        return "none is demanded".to_owned();
    }
    parts.join(", ")
}

/// A label on the left and wrapped Markdown on the right.
fn row(label: &str, content: &str, style: Style) -> String {
    let body = render(content, style, LABEL);
    let gap = " ".repeat(LABEL.saturating_sub(columns(label)));
    let label = style.paint(Look::Strong, label);
    format!("{label}{gap}{}", body.get(LABEL..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use httpwhy_catalog::choose::{Answers, End, follow};

    use super::*;

    fn advice(answers: &str, f: impl FnOnce(Advice<'_>)) {
        let way = follow(&Answers::parse(answers).expect("well formed")).expect("offered");
        let End::Send { status, because } = way.end else {
            panic!("{answers} leaves a question open");
        };
        f(Advice {
            given: &way.given,
            status,
            because,
        });
    }

    #[test]
    fn the_text_holds_reason_fields_sample_and_near_misses() {
        let style = Style {
            color: false,
            width: 72,
        };
        advice("origin,yes,yes,yes,exists,no-method", |advice| {
            let text = choice_text(advice, style);
            for part in [
                "405 Method Not Allowed",
                "http/405",
                "Fields    must have `Allow`",
                "Not       501 Not Implemented would say that",
                "  HTTP/1.1 405 Method Not Allowed\n  Date: ",
                "  Allow: GET, HEAD\n",
                "--answers origin,yes,yes,yes,exists,no-method",
                "`httpwhy explain 405 501`",
            ] {
                assert!(text.contains(part), "{part}:\n{text}");
            }
            // All but the wire's own lines keep to the width.
            let mut told = text.lines().filter(|line| !line.starts_with("  "));
            assert!(told.all(|line| columns(line) <= style.width), "{text}");
        });
    }

    #[test]
    fn levels_of_demands_are_told_apart() {
        advice("origin,yes,yes,yes,exists,yes,holds,yes,part", |advice| {
            let line = choice_line(advice);
            let fields: Vec<_> = line.fields.iter().map(|f| (f.name, f.level)).collect();
            assert_eq!(
                fields,
                [
                    ("Content-Range", "must"),
                    ("Date", "must"),
                    ("ETag", "should")
                ]
            );
        });
    }
}
