//! `httpwhy choose`: which status should I send?

use std::io::{self, BufRead, IsTerminal, Read, Write};

use httpwhy_catalog::choose::{Answers, End, Question, Way, follow, questions};
use httpwhy_render::{Advice, Style, choice_line, choice_text, question_line, question_text, safe};
use httpwhy_schema::write_line;

use crate::cli::Common;
use crate::exit::{Exit, Failure};
use crate::output;

/// A line that is typed may have so many bytes; what is longer is no answer.
const LONGEST_LINE: u64 = 1024;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Answers for scripts, by key, number or beginning: a,b,c in the order of the questions, or question=answer,…
    #[arg(long, value_name = "ANSWERS")]
    answers: Option<String>,

    /// Print every question with its key and answers
    #[arg(long, conflicts_with = "answers")]
    list: bool,
}

pub(crate) fn run(args: &Args, common: &Common) -> Result<Exit, Failure> {
    let style = output::style(common.color);
    if args.list {
        return list(common.json, style);
    }
    let way = match &args.answers {
        Some(answers) => {
            let answers = Answers::parse(answers).map_err(Failure::usage)?;
            follow(&answers).map_err(Failure::usage)?
        }
        None => interview(
            &mut io::stdin().lock(),
            &mut io::stderr().lock(),
            prompts(style),
        )?,
    };
    match way.end {
        End::Open(question) => Err(Failure::usage(missing(&way, question))),
        End::Send { status, because } => {
            let given = &way.given;
            let advice = Advice {
                given,
                status,
                because,
            };
            output::write(|out| {
                if common.json {
                    return write_line(out, &choice_line(advice));
                }
                out.write_all(choice_text(advice, style).as_bytes())
            })?;
            Ok(Exit::Fine)
        }
    }
}

fn list(json: bool, style: Style) -> Result<Exit, Failure> {
    output::write(|out| {
        for (index, question) in questions().iter().enumerate() {
            if json {
                write_line(out, &question_line(question))?;
                continue;
            }
            if index > 0 {
                writeln!(out)?;
            }
            out.write_all(question_text(question, true, style).as_bytes())?;
        }
        Ok(())
    })?;
    Ok(Exit::Fine)
}

/// Questions go to standard error: in colour only when that is a terminal, too.
fn prompts(style: Style) -> Style {
    Style {
        color: style.color && io::stderr().is_terminal(),
        ..style
    }
}

/// Asks one question at a time until the way ends, or the input does.
fn interview(input: &mut dyn BufRead, out: &mut dyn Write, style: Style) -> Result<Way, Failure> {
    let told = |result: io::Result<()>| result.map_err(|error| Failure::output(&error));
    told(writeln!(
        out,
        "Which status should I send? Answer with a number or the first letters; ? explains, b goes back.\n"
    ))?;
    let mut keys: Vec<&'static str> = Vec::new();
    let mut help = false;
    loop {
        let way = follow(&answered(&keys)).map_err(Failure::internal)?;
        let End::Open(question) = way.end else {
            told(writeln!(out))?;
            return Ok(way);
        };
        told(out.write_all(question_text(question, help, style).as_bytes()))?;
        help = false;
        told(write!(out, "> ").and_then(|()| out.flush()))?;
        let Some(line) = line(input)? else {
            told(writeln!(out))?;
            return Ok(way);
        };
        match line.trim() {
            "" => {}
            "?" => help = true,
            "b" | "B" => {
                if keys.pop().is_none() {
                    told(writeln!(out, "This is the first question."))?;
                }
            }
            answer => match question.choice(answer) {
                Some(choice) => keys.push(choice.key),
                None => told(writeln!(
                    out,
                    "'{}' is none of the answers, or the beginning of several.",
                    safe(answer)
                ))?,
            },
        }
        told(writeln!(out))?;
    }
}

fn answered(keys: &[&str]) -> Answers {
    let mut answers = Answers::default();
    for key in keys {
        answers.push(key);
    }
    answers
}

/// The next line, at most [`LONGEST_LINE`] bytes of it; `None` at the end of the input.
fn line(input: &mut dyn BufRead) -> Result<Option<String>, Failure> {
    let mut bytes = Vec::new();
    let read = input.take(LONGEST_LINE).read_until(b'\n', &mut bytes);
    match read {
        Err(error) => Err(Failure::usage(format_args!(
            "cannot read the answers: {error}"
        ))),
        Ok(0) => Ok(None),
        Ok(_) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
    }
}

/// `the question access is not answered (May this client do this?): one of yes, login …`
fn missing(way: &Way, question: &Question) -> String {
    let keys: Vec<&str> = question.choices.iter().map(|choice| choice.key).collect();
    let given: Vec<&str> = way.given.iter().map(|(_, choice)| choice.key).collect();
    let mut so_far = given.join(",");
    if !so_far.is_empty() {
        so_far.push(',');
    }
    format!(
        "an answer to '{}' is missing ({}); one of: {}; go on with --answers {so_far}…",
        question.key,
        question.text,
        keys.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Style = Style {
        color: false,
        width: 80,
    };

    fn talk(typed: &str) -> (Way, String) {
        let mut out = Vec::new();
        let way = interview(&mut typed.as_bytes(), &mut out, PLAIN).expect("memory");
        (way, String::from_utf8(out).expect("text"))
    }

    fn keys(way: &Way) -> Vec<&str> {
        way.given.iter().map(|(_, choice)| choice.key).collect()
    }

    #[test]
    fn numbers_beginnings_help_and_the_way_back() {
        let (way, out) = talk("b\n?\ng\nb\n1\nzzz\ny\nYES\n\nlog\n");
        assert_eq!(keys(&way), ["origin", "yes", "yes", "login"]);
        assert!(matches!(way.end, End::Send { status, .. } if status.code == 401));
        for part in [
            "This is the first question.",
            questions()[0].help.split('.').next().expect("a sentence"),
            "'zzz' is none of the answers",
        ] {
            let flat: Vec<&str> = out.split_whitespace().collect();
            assert!(
                flat.join(" ")
                    .contains(&part.split_whitespace().collect::<Vec<_>>().join(" ")),
                "{part}:\n{out}"
            );
        }
    }

    #[test]
    fn the_end_of_input_names_what_is_missing() {
        let (way, _) = talk("origin\nyes\n");
        let End::Open(question) = way.end else {
            panic!("not open")
        };
        let what = missing(&way, question);
        assert!(what.contains("'message' is missing"), "{what}");
        assert!(what.ends_with("--answers origin,yes,…"), "{what}");
    }

    #[test]
    fn an_endless_line_is_taken_in_pieces() {
        let endless = "y".repeat(1 << 16) + "\nnetwork\n";
        let (way, _) = talk(&endless);
        assert!(matches!(way.end, End::Send { status, .. } if status.code == 511));
    }
}
