//! Plain statuses are answered on a short way of their own. Nobody may see a difference.

mod client;

use std::io::{Read, Write};

use client::{End, connect, read_all, say, start};

/// Answers without their Date fields.
fn dateless(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let lines = text.split_inclusive("\r\n");
    lines.filter(|line| !line.starts_with("Date: ")).collect()
}

#[test]
fn the_short_way_answers_as_the_long_way() {
    let simulator = start();
    for code in (100..1000).filter(|code| *code != 101) {
        for fields in ["", "Connection: close\r\n", "Accept: */*\r\n"] {
            let ask = |more: &str| {
                let request =
                    format!("GET /status/{code} HTTP/1.1\r\nHost: sim.test\r\n{fields}{more}\r\n");
                let last = "GET /landing HTTP/1.1\r\nConnection: close\r\n\r\n";
                let (bytes, end) = say(simulator.http(), (request + last).as_bytes());
                assert_eq!(end, End::Fin, "{code}");
                dateless(&bytes)
            };
            let short = ask("");
            assert!(short.starts_with("HTTP/1.1 "), "{short}");
            // A field that the short way does not know leads to the long one.
            assert_eq!(short, ask("X-Unknown: 1\r\n"), "{code} {fields}");
        }
    }
}

#[test]
fn dates_are_those_of_now() {
    let simulator = start();
    let answer = client::get(simulator.http(), "/status/503");
    let date = answer.field("Date").expect("a date");
    let date = httpdate::parse_http_date(date).expect("a date");
    let now = std::time::SystemTime::now();
    let apart = now
        .duration_since(date)
        .unwrap_or_else(|ahead| ahead.duration());
    assert!(apart.as_secs() < 60, "{apart:?}");
}

/// The statuses of a run of answers.
fn statuses(bytes: &[u8]) -> Vec<u16> {
    let text = String::from_utf8_lossy(bytes);
    let heads = text.split("HTTP/1.1 ").skip(1);
    heads
        .map(|head| head[..3].parse().expect("a number"))
        .collect()
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let simulator = start();
    let codes: Vec<u16> = (0..600).map(|n| 400 + n % 100).collect();
    let codes: Vec<u16> = codes.into_iter().filter(|code| *code != 408).collect();
    let mut requests = String::new();
    let mut expected = Vec::new();
    for (at, code) in codes.iter().enumerate() {
        // Now and then one that the short way does not know.
        let path = if at % 97 == 96 {
            expected.push(200);
            "/landing".to_owned()
        } else {
            expected.push(*code);
            format!("/status/{code}")
        };
        requests.extend(["GET ", &path, " HTTP/1.1\r\nHost: sim.test\r\n\r\n"]);
    }
    requests += "GET /status/299 HTTP/1.1\r\nConnection: close\r\n\r\n";
    expected.push(299);
    let (bytes, end) = say(simulator.http(), requests.as_bytes());
    assert_eq!(end, End::Fin);
    assert_eq!(statuses(&bytes), expected);
}

#[test]
fn a_request_may_come_in_pieces() {
    let simulator = start();
    let request = b"GET /status/503 HTTP/1.1\r\nHost: sim.test\r\n\r\n";
    let last = b"GET /status/404 HTTP/1.1\r\nHost: sim.test\r\nConnection: close\r\n\r\n";
    for at in 1..request.len() {
        let mut stream = connect(simulator.http());
        stream.set_nodelay(true).expect("an option");
        stream.write_all(request).expect("sends");
        stream.write_all(&request[..at]).expect("sends");
        // The first answer has come: what was read so far ends within the second request.
        let mut first = [0; 12];
        stream.read_exact(&mut first).expect("an answer");
        assert_eq!(&first, b"HTTP/1.1 503");
        stream.write_all(&request[at..]).expect("sends");
        stream.write_all(last).expect("sends");
        let (bytes, end) = read_all(&mut stream);
        assert_eq!((statuses(&bytes), end), (vec![503, 404], End::Fin), "{at}");
    }
}

#[test]
fn what_follows_the_last_request_does_not_make_the_end_a_reset() {
    let simulator = start();
    let last = "GET /status/503 HTTP/1.1\r\nConnection: close\r\n\r\n";
    for more in ["x".to_owned(), last.repeat(1000)] {
        let (bytes, end) = say(simulator.http(), format!("{last}{more}").as_bytes());
        assert_eq!((statuses(&bytes), end), (vec![503], End::Fin));
    }
}

#[test]
fn several_threads_serve_one_port() {
    let config = httpwhy_sim::Config {
        threads: 4,
        ..Default::default()
    };
    let simulator = httpwhy_sim::Simulator::start(config).expect("ports are free");
    let address = simulator.http();
    let clients: Vec<_> = (0..8)
        .map(|_| {
            std::thread::spawn(move || {
                for code in 500..550 {
                    let answer = client::get(address, &format!("/status/{code}"));
                    assert_eq!(answer.status(), code);
                }
            })
        })
        .collect();
    for client in clients {
        client.join().expect("all answered");
    }
}
