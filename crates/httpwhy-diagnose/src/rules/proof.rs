//! Every rule speaks on its violating twin and is silent on its conforming one.

use std::collections::BTreeSet;

use httpwhy_model::{Finding, Visit};

use super::index::MOST_RULES;
use super::{Rule, Watch, all, check};

/// What the rule says about a transcript's last step.
pub(super) fn said(rule: &Rule, transcript: &str) -> Vec<String> {
    let visit = httpwhy_ingest::read_transcript(transcript)
        .unwrap_or_else(|unread| panic!("{}: {unread}\n{transcript}", rule.name));
    said_of(rule, &visit)
}

/// What the rule says about recorded bytes without a request.
pub(super) fn said_of_raw(rule: &Rule, bytes: &[u8]) -> Vec<String> {
    let visits = httpwhy_ingest::read(bytes, None).expect("a raw response");
    said_of(rule, &visits[0])
}

/// What the rule says about the head `HTTP/1.1 200 OK` with this one field.
pub(super) fn said_of_field(rule: &Rule, name: &str, value: &[u8]) -> Vec<String> {
    let head = [
        b"HTTP/1.1 200 OK\r\n",
        name.as_bytes(),
        b": ",
        value,
        b"\r\n\r\n",
    ]
    .concat();
    said_of_raw(rule, &head)
}

fn said_of(rule: &Rule, visit: &Visit) -> Vec<String> {
    findings(visit)
        .into_iter()
        .filter(|finding| finding.rule == rule.name)
        .map(|finding| finding.message.into_owned())
        .collect()
}

fn findings(visit: &Visit) -> Vec<Finding> {
    visit
        .last()
        .map(|step| check(&step.exchange))
        .unwrap_or_default()
}

#[test]
fn every_rule_tells_its_twins_apart() {
    for rule in all() {
        let name = rule.name;
        assert_eq!(said(rule, rule.conforming), Vec::<String>::new(), "{name}");
        let messages = said(rule, rule.violating);
        assert!(
            !messages.is_empty(),
            "{name} is silent on its violating twin"
        );
        for message in messages {
            assert!(
                !message.is_empty() && !message.ends_with('.'),
                "{name}: {message}"
            );
            assert!(!message.contains(char::is_control), "{name}: {message}");
        }
    }
}

#[test]
fn conforming_twins_break_no_rule() {
    for rule in all() {
        let visit = httpwhy_ingest::read_transcript(rule.conforming).expect(rule.name);
        assert_eq!(findings(&visit), [], "the conforming twin of {}", rule.name);
    }
}

#[test]
fn a_violating_twin_breaks_its_own_rule_only() {
    for rule in all() {
        let visit = httpwhy_ingest::read_transcript(rule.violating).expect(rule.name);
        let broken: BTreeSet<&str> = findings(&visit)
            .iter()
            .map(|finding| finding.rule)
            .collect();
        assert_eq!(broken, BTreeSet::from([rule.name]));
    }
}

#[test]
fn rules_are_named_and_placed_well() {
    assert!((20..=MOST_RULES).contains(&all().len()), "{}", all().len());
    assert!(
        all().is_sorted_by(|a, b| a.name < b.name),
        "unique and sorted"
    );
    for rule in all() {
        let name = rule.name;
        let is_word = |word: &str| {
            !word.is_empty()
                && word
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        };
        assert!(name.split('-').all(is_word), "{name} is not kebab-case");
        let named = ["RFC ", "OpenAPI "];
        let mut sections = named.iter().filter_map(|of| rule.section.strip_prefix(of));
        let section = sections.next().expect(name);
        assert!(
            section.starts_with(|c: char| c.is_ascii_digit()),
            "{name}: {section}"
        );
        assert!(
            rule.about.ends_with('.') && rule.about.len() < 160,
            "{name}: {}",
            rule.about
        );
        match rule.watches {
            Watch::Status(statuses) => {
                assert!(statuses.is_sorted() && !statuses.is_empty(), "{name}");
                assert!(
                    statuses.iter().all(|status| (100..600).contains(status)),
                    "{name}"
                );
            }
            Watch::Field(names) => {
                assert!(names.is_sorted() && !names.is_empty(), "{name}");
                assert!(
                    names
                        .iter()
                        .all(|field| *field == field.to_ascii_lowercase()),
                    "{name}"
                );
            }
            Watch::Defect(_) | Watch::Every => {}
        }
    }
}

#[test]
fn nothing_is_said_of_what_was_not_captured() {
    for rule in all() {
        let mut visit = httpwhy_ingest::read_transcript(rule.violating).expect(rule.name);
        for step in &mut visit.steps {
            let exchange = &mut step.exchange;
            for response in exchange
                .interim
                .iter_mut()
                .chain(exchange.response.as_mut())
            {
                response.fields.list.clear();
                response.fields.kept = httpwhy_model::Kept::Nothing;
            }
        }
        assert_eq!(findings(&visit), [], "{}", rule.name);
    }
}

#[test]
fn an_ordinary_response_breaks_nothing() {
    for transcript in [
        "> GET / HTTP/1.1\n> Host: a.example\n>\n< HTTP/1.1 200 OK\n< Date: Sun, 06 Nov 1994 08:49:37 GMT\n\
         < Server: nginx\n< Content-Type: text/html\n< Content-Length: 2\n< Last-Modified: Sat, 05 Nov 1994 08:49:37 GMT\n\
         < ETag: \"6d-5e\"\n< Accept-Ranges: bytes\n< Cache-Control: max-age=60\n< Age: 3\n< Vary: Accept-Encoding\n<\n< hi\n",
        "> GET / HTTP/2\n> Host: a.example\n>\n< HTTP/2 404\n< date: Sun, 06 Nov 1994 08:49:37 GMT\n\
         < content-type: text/html\n< content-length: 2\n< set-cookie: a=b\n< set-cookie: c=d\n<\n< no\n",
        "> GET / HTTP/1.1\n> Host: a.example\n>\n< HTTP/1.1 301 Moved Permanently\n< Date: Sun, 06 Nov 1994 08:49:37 GMT\n\
         < Location: https://a.example/\n< Content-Length: 0\n<\n",
        "> HEAD / HTTP/1.1\n> Host: a.example\n>\n< HTTP/1.1 200 OK\n< Date: Sun, 06 Nov 1994 08:49:37 GMT\n\
         < Content-Length: 40\n<\n",
    ] {
        let visit = httpwhy_ingest::read_transcript(transcript).expect("a transcript");
        assert_eq!(findings(&visit), [], "{transcript}");
    }
}
