//! A reset is a reset every time, and an orderly end never is one: the bytes before it are read, then the end comes.

mod client;

use std::collections::BTreeMap;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use client::{End, connect, read_all, request, start};

/// How often each end is asked for.
const TIMES: usize = 1000;
/// How many ask at a time.
const TOGETHER: usize = 100;
/// Every named place of an answer, and what comes of it before the end.
const PLACES: &[(&str, &str)] = &[
    ("before-head", ""),
    ("in-status-line", "HTTP/1.1 20"),
    ("byte:5", "HTTP/"),
    ("in-head", "HTTP/1.1 200 OK\r\nDat"),
    ("after-head", "\r\n\r\n"),
    (
        "in-body",
        "\r\n\r\nabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwx",
    ),
    ("before-last-chunk", "rstuv\r\n"),
    ("in-trailer", "0\r\nX-Trailer:"),
    ("after-body", "qrstuv"),
];

/// Asks a thousand times, and counts what comes: the end, and whether the bytes before it are as they should be.
fn ask(address: SocketAddr, path: &str, expected: &str) -> BTreeMap<String, usize> {
    let counts = Mutex::new(BTreeMap::new());
    let left = AtomicUsize::new(TIMES);
    let take = || {
        left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
            left.checked_sub(1)
        })
    };
    std::thread::scope(|scope| {
        for _ in 0..TOGETHER {
            scope.spawn(|| {
                while take().is_ok() {
                    let mut stream = connect(address);
                    // A connection that is torn down at once may refuse the request; the end is read all the same.
                    let _ = stream.write_all(&request("GET", path, &[], b""));
                    let (bytes, end) = read_all(&mut stream);
                    let is_right = match expected {
                        "" => bytes.is_empty(),
                        expected => bytes.ends_with(expected.as_bytes()),
                    };
                    let seen = if is_right {
                        format!("{end:?}")
                    } else {
                        format!("{end:?} after {}", String::from_utf8_lossy(&bytes))
                    };
                    *counts.lock().expect("no panic").entry(seen).or_insert(0) += 1;
                }
            });
        }
    });
    counts.into_inner().expect("no panic")
}

#[test]
fn a_reset_is_a_reset_a_thousand_times() {
    let simulator = start();
    for (place, before) in PLACES {
        let counts = ask(simulator.http(), &format!("/fault/rst/{place}"), before);
        println!("rst {place}: {counts:?}");
        assert_eq!(
            counts,
            BTreeMap::from([(format!("{:?}", End::Reset), TIMES)]),
            "{place}"
        );
    }
}

#[test]
fn an_orderly_end_is_none_a_thousand_times() {
    let simulator = start();
    for (place, before) in PLACES {
        let counts = ask(simulator.http(), &format!("/fault/close/{place}"), before);
        println!("close {place}: {counts:?}");
        assert_eq!(
            counts,
            BTreeMap::from([(format!("{:?}", End::Fin), TIMES)]),
            "{place}"
        );
    }
}

#[test]
fn half_closed_connections_are_still_read() {
    let simulator = start();
    let mut stream = connect(simulator.http());
    stream
        .write_all(&request("GET", "/fault/half-close/in-head", &[], b""))
        .expect("sends");
    assert_eq!(read_all(&mut stream).1, End::Fin);
    for _ in 0..20 {
        stream.write_all(&[b'x'; 4096]).expect("is taken");
    }
}
