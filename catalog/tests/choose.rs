//! The decision path: every way ends, every status that may be sent is reached, situations lead where they should.

mod csv;

use std::collections::BTreeSet;

use httpwhy_catalog::by_id;
use httpwhy_catalog::choose::{
    Answers, Astray, End, NEVER_SENT, Next, Question, Way, follow, questions, statuses,
};

/// A person should not be asked more than this.
const MOST_QUESTIONS: usize = 9;

fn way(answers: &str) -> Result<Way, Astray> {
    follow(&Answers::parse(answers)?)
}

fn sent(answers: &str) -> u16 {
    match way(answers).map(|way| way.end) {
        Ok(End::Send { status, .. }) => status.code,
        other => panic!("{answers}: {other:?}"),
    }
}

/// All ways from a question on, as keys, with the status they end in.
fn ways(from: &'static Question, before: &[&'static str]) -> Vec<(Vec<&'static str>, u16)> {
    assert!(before.len() < 32, "the path goes in a circle: {before:?}");
    let mut found = Vec::new();
    for choice in from.choices {
        let mut path = before.to_vec();
        path.push(choice.key);
        match choice.next {
            Next::Ask(next) => found.extend(ways(next, &path)),
            Next::Send { status, .. } => found.push((path, status.code)),
        }
    }
    found
}

#[test]
fn every_way_ends_soon_and_where_the_walk_says() {
    let ways = ways(questions()[0], &[]);
    for (path, code) in &ways {
        assert!(path.len() <= MOST_QUESTIONS, "{path:?}");
        assert_eq!(sent(&path.join(",")), *code, "{path:?}");
        // One answer fewer leaves the last question open.
        let shorter = path[..path.len() - 1].join(",");
        match way(&shorter).expect("a beginning of a way").end {
            End::Open(question) => assert!(question.choice(path[path.len() - 1]).is_some()),
            End::Send { .. } => panic!("{shorter} ends early"),
        }
        // One more has nobody to ask for it.
        let longer = format!("{},yes", path.join(","));
        assert!(matches!(way(&longer), Err(Astray::Unasked(..))), "{longer}");
    }
}

#[test]
fn every_registered_status_is_reached_or_named_with_a_reason() {
    let reached: BTreeSet<u16> = (ways(questions()[0], &[]).iter())
        .map(|(_, code)| *code)
        .collect();
    let described: BTreeSet<u16> = statuses().iter().map(|status| status.code).collect();
    assert_eq!(reached, described);
    let exempt: BTreeSet<u16> = NEVER_SENT.iter().map(|(code, _)| *code).collect();
    assert!(reached.is_disjoint(&exempt));
    assert!(NEVER_SENT.iter().all(|(_, reason)| reason.len() > 20));
    let registered: BTreeSet<u16> =
        csv::rows::<3>(include_str!("../registry/http-status-codes.csv"))
            .iter()
            .map(|row| row[0].parse().expect("a code"))
            .collect();
    assert_eq!(&reached | &exempt, registered);
}

#[test]
fn questions_are_well_formed() {
    let mut keys = BTreeSet::new();
    for question in questions() {
        assert!(keys.insert(question.key), "{} twice", question.key);
        assert!(question.text.ends_with('?'), "{}", question.text);
        assert!(!question.help.is_empty() && question.choices.len() >= 2);
        let mut own = BTreeSet::new();
        for (index, choice) in question.choices.iter().enumerate() {
            assert!(
                own.insert(choice.key),
                "{}={} twice",
                question.key,
                choice.key
            );
            // `b` goes back, `?` explains, digits count.
            assert!(
                choice
                    .key
                    .starts_with(|c: char| c.is_ascii_lowercase() && c != 'b')
            );
            assert!(!choice.key.contains([',', '=', ' ']));
            let number = (index + 1).to_string();
            for answer in [choice.key, &choice.key.to_uppercase(), &number] {
                let found = question.choice(answer).expect("offered");
                assert_eq!(found.key, choice.key, "{answer}");
            }
        }
        for nothing in ["", "0", "99", "-1", "zzz", "99999999999999999999999"] {
            assert!(question.choice(nothing).is_none(), "{nothing}");
        }
    }
}

#[test]
fn every_status_has_its_entry_its_near_misses_and_a_sample_with_its_mandatory_fields() {
    for status in statuses() {
        let entry = status.entry();
        assert_eq!(entry.id.0, format!("http/{}", status.code));
        let near = status.near_misses();
        assert!(!near.is_empty(), "{}", status.code);
        assert!(near.iter().all(|other| other.code != status.code));
        assert!(!status.says.ends_with('.'), "{}", status.says);
        let sample = status.sample();
        let (head, content) = sample.split_once("\r\n\r\n").expect("a head");
        let names: Vec<String> = (head.lines().skip(1))
            .map(|line| line.split(':').next().unwrap_or_default().to_lowercase())
            .collect();
        for field in entry.expected.iter().filter(|field| !field.contains(" (")) {
            assert!(
                names.contains(&field.to_lowercase()),
                "{}: {field}",
                status.code
            );
        }
        for field in entry.forbidden {
            assert!(
                !names.contains(&field.to_lowercase()),
                "{}: {field}",
                status.code
            );
        }
        let length = format!("Content-Length: {}\r\n", content.len());
        let has_length = names.iter().any(|name| name == "content-length");
        assert!(
            !has_length || format!("{head}\r\n").contains(&length),
            "{sample}"
        );
    }
}

/// Which near misses an answer must speak of: the pairs people confuse most.
#[test]
fn the_common_confusions_are_argued() {
    for group in [
        &[401, 403, 404][..],
        &[400, 422],
        &[409, 412],
        &[302, 303, 307, 308],
        &[500, 502, 503, 504],
        &[200, 201, 202, 204],
        &[404, 410],
        &[405, 501],
        &[413, 414, 431],
        &[429, 503],
    ] {
        for &code in group {
            let status = (statuses().iter().find(|status| status.code == code)).expect("known");
            let near: Vec<u16> = status.near_misses().iter().map(|near| near.code).collect();
            for other in group.iter().filter(|other| **other != code) {
                assert!(
                    near.contains(other),
                    "{code} says nothing of {other}: {near:?}"
                );
            }
        }
    }
}

/// Situations as people put them, the answers they give, the status they should send.
const SITUATIONS: &[(&str, &str, u16)] = &[
    (
        "the list of orders, found",
        "origin,yes,yes,yes,exists,yes,none,yes,whole",
        200,
    ),
    (
        "a search without hits",
        "result=whole,role=origin,server=yes,message=yes,access=yes,resource=exists,offer=yes,condition=none,content=yes",
        200,
    ),
    (
        "POST /orders made order 18",
        "origin,yes,yes,yes,exists,yes,none,yes,created",
        201,
    ),
    (
        "PUT to a new address stored it",
        "origin,yes,yes,yes,create,yes,none,yes,created",
        201,
    ),
    (
        "a report takes minutes and was queued",
        "origin,yes,yes,yes,exists,yes,none,yes,later",
        202,
    ),
    (
        "DELETE worked, nothing to show",
        "origin,yes,yes,yes,exists,yes,none,yes,empty",
        204,
    ),
    (
        "the entry mask should be cleared",
        "origin,yes,yes,yes,exists,yes,none,yes,reset",
        205,
    ),
    (
        "resuming a download with Range",
        "origin,yes,yes,yes,exists,yes,holds,yes,part",
        206,
    ),
    ("a proxy shrank the pictures", "gateway,changed", 203),
    (
        "a DELETE on a folder, one file was locked",
        "origin,yes,yes,yes,exists,dav,several",
        207,
    ),
    (
        "the shop moved to another domain, pages only",
        "origin,yes,yes,yes,moved,permanent-page",
        301,
    ),
    (
        "the API moved for good, POST included",
        "origin,yes,yes,yes,moved,permanent",
        308,
    ),
    (
        "POST goes to the other region today",
        "origin,yes,yes,yes,moved,temporary",
        307,
    ),
    (
        "the page is elsewhere during the sale",
        "origin,yes,yes,yes,moved,temporary-page",
        302,
    ),
    (
        "after a form was sent: show the result page",
        "origin,yes,yes,yes,exists,yes,none,yes,elsewhere",
        303,
    ),
    (
        "If-None-Match holds the current ETag",
        "origin,yes,yes,yes,exists,yes,unchanged",
        304,
    ),
    ("the JSON does not parse", "origin,yes,malformed", 400),
    ("no token, or an expired one", "origin,yes,yes,login", 401),
    (
        "the subscription has run out",
        "origin,yes,yes,payment",
        402,
    ),
    (
        "logged in, but not an administrator",
        "origin,yes,yes,forbidden,yes",
        403,
    ),
    (
        "somebody else's secret project",
        "origin,yes,yes,forbidden,no",
        404,
    ),
    ("no such order", "origin,yes,yes,yes,missing", 404),
    (
        "DELETE on a read-only resource",
        "origin,yes,yes,yes,exists,no-method",
        405,
    ),
    (
        "only JSON is to be had, Accept wants XML",
        "origin,yes,yes,yes,exists,accept",
        406,
    ),
    ("the office proxy wants a login", "proxy,login", 407),
    ("the client sends its body too slowly", "origin,slow", 408),
    (
        "the user name is taken",
        "origin,yes,yes,yes,exists,yes,none,conflict",
        409,
    ),
    (
        "the post was deleted by its author for good",
        "origin,yes,yes,yes,gone",
        410,
    ),
    (
        "If-Match no longer holds",
        "origin,yes,yes,yes,exists,yes,fails",
        412,
    ),
    ("a picture of 50 MB", "origin,yes,content", 413),
    ("a query string of 100 kB", "origin,yes,uri", 414),
    (
        "XML was sent where only JSON is taken",
        "origin,yes,yes,yes,exists,format-sent",
        415,
    ),
    (
        "a range beyond the end",
        "origin,yes,yes,yes,exists,yes,outside",
        416,
    ),
    (
        "HTTP/2 coalesced onto the wrong certificate",
        "origin,wrong-host",
        421,
    ),
    (
        "the quantity is negative",
        "origin,yes,yes,yes,exists,yes,none,invalid",
        422,
    ),
    (
        "PUT without If-Match where updates get lost",
        "origin,yes,yes,yes,exists,yes,required",
        428,
    ),
    ("101 requests in a minute", "origin,rate", 429),
    ("cookies of 20 kB", "origin,yes,fields", 431),
    ("a court forbids it", "origin,yes,yes,legal", 451),
    (
        "a null pointer in our code",
        "origin,yes,yes,yes,exists,yes,none,yes,failed",
        500,
    ),
    (
        "the method BREW is known nowhere",
        "origin,unknown-method",
        501,
    ),
    (
        "the application crashed, its gateway answers",
        "gateway,refused",
        502,
    ),
    ("the application sent half a head", "gateway,garbage", 502),
    ("maintenance", "origin,overloaded", 503),
    ("all backends are marked down", "gateway,none", 503),
    (
        "the application takes more than a minute",
        "gateway,timeout",
        504,
    ),
    (
        "a forward proxy got no answer in time",
        "proxy,yes,timeout",
        504,
    ),
    ("the hotel's network wants a login", "network", 511),
    (
        "Expect: 100-continue, and the head is fine",
        "interim,continue",
        100,
    ),
    ("a WebSocket handshake is accepted", "interim,switch", 101),
    ("style sheets can be loaded meanwhile", "interim,hints", 103),
];

#[test]
fn situations_lead_to_the_right_status() {
    for (situation, answers, code) in SITUATIONS {
        assert_eq!(sent(answers), *code, "{situation}: {answers}");
        assert!(by_id(&format!("http/{code}")).is_some());
    }
}

#[test]
fn wrong_answers_say_what_is_wrong() {
    for (answers, what) in [
        ("origin,,yes", "an answer is empty"),
        (
            "rule=yes",
            "no question is called 'rule'; one of: role, interim",
        ),
        ("role=origin,role=proxy", "'role' is answered twice"),
        (
            "origin,perhaps",
            "'perhaps' is no answer to server (Can the server take up this request now?); one of: yes, overloaded",
        ),
        (
            "network,yes",
            "'yes' is never asked for: the answers before it already lead to 511",
        ),
        ("network,server=yes", "'server=yes' is never asked for"),
        ("origin,o\u{1b}[2J", "o\\u{1b}[2J"),
    ] {
        let error = way(answers).expect_err(answers).to_string();
        assert!(error.contains(what), "{answers}: {error}");
    }
    assert!(matches!(way(" ").expect("nothing yet").end, End::Open(q) if q.key == "role"));
}
