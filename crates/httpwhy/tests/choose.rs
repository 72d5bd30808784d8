//! `httpwhy choose`: from answers to a status, and samples that are right on the wire.

mod json;

use httpwhy_catalog::choose::{questions, statuses};
use httpwhy_diagnose::diagnose;
use httpwhy_model::End;
use httpwhy_testkit::{Httpwhy, Ran};
use serde_json::Value;

fn choose(args: &[&str]) -> Ran {
    Httpwhy::at(env!("CARGO_BIN_EXE_httpwhy"))
        .arg("choose")
        .args(args)
        .run()
}

/// Read as recorded bytes, every sample is whole, without a defect, breaks no rule, and means what it should.
#[test]
fn every_sample_is_right_on_the_wire() {
    for status in statuses() {
        let sample = status.sample();
        let visits = httpwhy_ingest::read(sample.as_bytes(), None).expect("a raw response");
        assert_eq!(visits.len(), 1, "{sample}");
        let exchange = &visits[0].last().expect("one step").exchange;
        let signals: Vec<String> = (exchange.faults.iter())
            .flat_map(|fault| &fault.signals)
            .map(ToString::to_string)
            .collect();
        assert!(signals.is_empty(), "{signals:?}\n{sample}");
        let (shown, end) = match status.code {
            100 | 102..=199 => (204, End::Answered),
            101 => (101, End::Upgraded),
            208 => (207, End::Answered),
            code => (code, End::Answered),
        };
        assert_eq!(exchange.status(), Some(shown), "{sample}");
        assert_eq!(exchange.end, end, "{sample}");
        let interim = (exchange.interim.iter()).any(|head| head.status() == Some(status.code));
        assert_eq!(interim, status.code < 200 && status.code != 101, "{sample}");
        let diagnosis = diagnose(&visits[0]);
        let findings: Vec<&str> = diagnosis.findings.iter().map(|f| f.rule).collect();
        assert!(findings.is_empty(), "{findings:?}\n{sample}");
        let named = format!("http/{shown}");
        let all: Vec<&str> = [&diagnosis.outcome]
            .into_iter()
            .chain(&diagnosis.also)
            .map(|id| id.0)
            .collect();
        assert!(all.contains(&named.as_str()), "{all:?}\n{sample}");
    }
}

#[test]
fn problem_details_are_json_that_agrees_with_the_status() {
    let mut problems = 0;
    for status in statuses() {
        let sample = status.sample();
        let (head, content) = sample.split_once("\r\n\r\n").expect("a head");
        if !head.contains("application/problem+json") {
            continue;
        }
        problems += 1;
        let problem: Value = serde_json::from_str(content).expect("JSON");
        assert_eq!(problem["status"], status.code);
        assert_eq!(problem["title"], status.entry().title);
        let detail = problem["detail"].as_str().expect("a sentence");
        assert!(detail.ends_with('.'), "{detail}");
    }
    assert!(problems > 30, "{problems}");
}

#[test]
fn answers_by_order_and_by_name_lead_to_the_same() {
    let in_order = choose(&["--answers", "origin,yes,yes,yes,exists,no-method"]);
    let named = choose(&[
        "--answers",
        "offer=no-method, resource=exists,role=1,server=y,message=yes,access=YES",
    ]);
    assert_eq!(in_order.code, Some(0), "{}", in_order.stderr);
    assert_eq!(in_order.text(), named.text());
    assert!(
        in_order.text().starts_with("405 Method Not Allowed "),
        "{}",
        in_order.text()
    );
    assert!(
        in_order.text().contains("\n  Allow: GET, HEAD\n"),
        "{}",
        in_order.text()
    );
}

#[test]
fn the_json_holds_everything() {
    let ran = choose(&["--json", "--answers", "origin,yes,yes,login"]);
    let lines = json::lines(&ran);
    let [choice] = &lines[..] else {
        panic!("{} lines", lines.len());
    };
    assert_eq!(choice["kind"], "choice");
    assert_eq!(choice["status"], 401);
    assert_eq!(choice["outcome"], "http/401");
    assert_eq!(choice["fields"][0]["name"], "WWW-Authenticate");
    assert_eq!(choice["fields"][0]["level"], "must");
    assert_eq!(choice["answers"][3]["answer"], "login");
    assert!(
        choice["sample"]
            .as_str()
            .expect("a text")
            .starts_with("HTTP/1.1 401 Unauthorized\r\n")
    );
    let against = choice["against"].as_array().expect("a list");
    let codes: Vec<&Value> = against.iter().map(|near| &near["status"]).collect();
    assert_eq!(codes, [403, 404, 407]);
}

#[test]
fn the_list_has_every_question() {
    let text = choose(&["--list"]);
    let lines = json::lines(&choose(&["--list", "--json"]));
    assert_eq!(lines.len(), questions().len());
    for (line, question) in lines.iter().zip(questions()) {
        assert_eq!(line["kind"], "question");
        assert_eq!(line["key"], question.key);
        assert!(text.text().contains(question.text), "{}", question.text);
        for choice in line["choices"].as_array().expect("a list") {
            assert_ne!(
                choice["asks"].is_null(),
                choice["sends"].is_null(),
                "{choice}"
            );
        }
    }
}

#[test]
fn missing_and_wrong_answers_are_wrong_use() {
    for (args, what) in [
        (
            &["--answers", "origin,yes"][..],
            "an answer to 'message' is missing",
        ),
        (&["--answers", ""], "an answer to 'role' is missing"),
        (
            &["--answers", "origin,perhaps"],
            "'perhaps' is no answer to server",
        ),
        (&["--answers", "network,yes"], "already lead to 511"),
        (&[], "an answer to 'role' is missing"),
    ] {
        let ran = choose(args);
        assert_eq!(ran.code, Some(2), "{args:?}");
        assert!(ran.stderr.contains(what), "{args:?}: {}", ran.stderr);
        assert!(ran.text().is_empty(), "{args:?}: {}", ran.text());
    }
}

#[test]
fn an_interview_asks_on_standard_error_and_answers_on_standard_output() {
    let ran = Httpwhy::at(env!("CARGO_BIN_EXE_httpwhy"))
        .arg("choose")
        .stdin("?\ngateway\nb\nga\ntime\n")
        .run();
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(
        ran.text().starts_with("504 Gateway Timeout "),
        "{}",
        ran.text()
    );
    assert!(
        ran.stderr.contains("What came from the server behind?"),
        "{}",
        ran.stderr
    );
}
