//! Messages as people paste them, of many programs, each with the outcome that must be among at most four answers; and
//! prose that must not be answered.

use httpwhy_catalog::{Entry, Found, find};

/// Texts and the ids of which one must be in the answer: `pasted.tsv`.
fn messages() -> Vec<(String, Vec<&'static str>)> {
    include_str!("pasted.tsv")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let (ids, text) = line.split_once('\t').expect("ids, a tab, and the text");
            let text = text.replace("\\n", "\n").replace("\\t", "\t");
            (text, ids.split(' ').collect())
        })
        .collect()
}

/// Longest list of candidates that still helps.
const MOST: usize = 4;

fn answer(question: &str) -> Vec<&'static Entry> {
    match find(question) {
        Found::One(entry) => vec![entry],
        Found::Several(entries) => entries,
        Found::Class(..) | Found::Misspelt(..) | Found::Nothing(_) => Vec::new(),
    }
}

fn failures(respell: impl Fn(&str) -> String) -> Vec<String> {
    messages()
        .iter()
        .filter_map(|(text, wanted)| {
            let found = answer(&respell(text));
            let ids: Vec<&str> = found.iter().map(|entry| entry.id.0).collect();
            let is_right = ids.len() <= MOST && ids.iter().any(|id| wanted.contains(id));
            (!is_right).then(|| format!("{text}\n    {wanted:?} wanted, {ids:?} found"))
        })
        .collect()
}

#[test]
fn pasted_messages_are_understood() {
    assert!(messages().len() >= 300);
    let failures = failures(str::to_owned);
    assert!(
        failures.is_empty(),
        "{}:\n{}",
        failures.len(),
        failures.join("\n")
    );
}

#[test]
fn text_around_a_message_changes_nothing() {
    let failures = failures(|text| {
        format!("Nov 20 20:45:22 web1 worker[812]: job 17 gave up, last words were: {text}")
    });
    assert!(
        failures.is_empty(),
        "{}:\n{}",
        failures.len(),
        failures.join("\n")
    );
}

#[test]
fn lower_case_is_understood_where_words_are_no_prose() {
    for (text, wanted) in [
        (
            "error: getaddrinfo enotfound shop.example",
            "net/dns-not-found",
        ),
        ("net::err_cert_date_invalid", "tls/cert-expired"),
        (
            "java.net.sockettimeoutexception: read timed out",
            "net/read-timeout",
        ),
        ("http/1.1 502 bad gateway", "http/502"),
        (
            "CURL: (56) RECV FAILURE: CONNECTION RESET BY PEER",
            "net/read-reset",
        ),
    ] {
        let found = answer(text);
        assert!(
            found.iter().any(|entry| entry.id.0 == wanted),
            "{text}: {found:?}"
        );
    }
}

#[test]
fn prose_is_not_answered() {
    for text in [
        "connection",
        "the connection",
        "why does my site not work",
        "it worked yesterday and today it does not",
        "I found the page and continue to read, OK",
        "the file was not found in the folder",
        "please cancel my order",
        "we accepted 200 orders and created 404 invoices",
        "an error",
        "timeout of the year",
        "exception to the rule",
        "",
        "   ",
        "line 404, column 500",
        "port 443 on 10.0.0.1:8080",
    ] {
        let found = answer(text);
        let ids: Vec<&str> = found.iter().map(|entry| entry.id.0).collect();
        assert!(ids.is_empty(), "'{text}' is answered with {ids:?}");
    }
}

#[test]
fn an_unregistered_status_inside_a_text_gets_its_class() {
    for text in [
        "477",
        "HTTP 477",
        "HTTP/1.1 477 Nobody Knows",
        "status code 477",
    ] {
        assert!(
            matches!(find(text), Found::Class(477, entry) if entry.id.0 == "http/4xx"),
            "{text}: {:?}",
            find(text)
        );
    }
}

#[test]
fn typing_errors_are_forgiven() {
    for (question, wanted) in [
        ("ECONREFUSED", "net/connect-refused"),
        ("ECONNRFEUSED", "net/connect-refused"),
        ("ERR_CERT_DATE_INVALD", "tls/cert-expired"),
        ("certifcate expird", "tls/cert-expired"),
        ("RemoteDisconected", "net/empty-reply"),
        ("Gatway Timeout", "http/504"),
        ("Unauthorised", "http/401"),
    ] {
        let Found::Misspelt(_, entries) = find(question) else {
            panic!("{question}: {:?}", find(question));
        };
        assert!(
            entries.iter().any(|entry| entry.id.0 == wanted),
            "{question}"
        );
    }
    // Numbers are never guessed.
    assert!(!matches!(find("4004"), Found::Misspelt(..)));
}

#[test]
fn hostile_texts_are_bounded() {
    let long = "connection ".repeat(10_000);
    assert!(matches!(find(&long), Found::Nothing(_)));
    for text in [
        "\u{0}\u{1}\u{fffd}",
        "''''''",
        "((((",
        "-",
        "- - -",
        "\u{301}\u{301}",
        "%s%n%x",
    ] {
        assert!(!matches!(find(text), Found::One(_)), "{text:?}");
    }
}
