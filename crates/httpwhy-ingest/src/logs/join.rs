//! An access line and the error lines about it become one visit.

use httpwhy_model::{Because, End, Exchange, Phase, Sent, Side, Signal, Step, Vantage, Visit};

use super::{Cause, Column, Leg, Line, Shape};

/// How surely two lines are about the same exchange; greater is surer. `apart` is the time between them in whole
/// seconds (an access line of most servers is written at the exchange's end, an error line when the error occurs).
/// `None` when they are not: something both name differs, they are further apart than the exchange took, or nothing but
/// the time agrees.
pub fn same_exchange(access: &Line<'_>, error: &Line<'_>, apart: u64) -> Option<u8> {
    let took = access.micros(Column::Duration).unwrap_or(0) / 1_000_000;
    if apart > took + 2 {
        return None;
    }
    let mut sure = 0;
    for (found, worth) in [
        (
            same(
                access.some(Column::Connection),
                error.some(Column::Connection),
            ),
            8,
        ),
        (same(client(access), client(error)), 2),
        (same(path(access), path(error)), 4),
        (same(access.method(), error.method()), 1),
    ] {
        match found {
            Some(true) => sure += worth,
            Some(false) => return None,
            None => {}
        }
    }
    (sure > 1).then_some(sure + u8::from(apart == 0))
}

/// Whether an error line names nothing of its exchange: it may be joined only where a single access line lies near, or
/// by its neighbour of the same [`Column::Connection`] (Apache's process and thread).
pub fn is_nameless(error: &Line<'_>) -> bool {
    client(error).is_none() && path(error).is_none()
}

/// Whether what an error line shows can lead to that status (0: none was sent).
pub fn may_lead_to(error: &Shape<'_>, status: u16) -> bool {
    const CLIENTS: [&str; 10] = [
        "log:client-malformed",
        "log:client-method",
        "log:client-too-large",
        "log:client-late",
        "log:client-plain",
        "log:client-certificate",
        "log:client-handshake",
        "log:credentials",
        "log:no-file",
        "log:no-permission",
    ];
    if error.status != 0 {
        return error.status == status;
    }
    match Cause::of(error) {
        None => false,
        // 499 is nginx's for a client that left meanwhile, 009 its own for what was no HTTP.
        Some((Leg::Upstream, ..)) => !(100..499).contains(&status),
        Some((Leg::Client, _, signal, _)) if CLIENTS.iter().any(|word| signal.is(word)) => {
            matches!(status, 0 | 400..=499 | 501 | 505)
        }
        Some((Leg::Client, ..)) => true,
    }
}

/// Whether both are there and equal.
fn same(a: Option<&[u8]>, b: Option<&[u8]>) -> Option<bool> {
    Some(a? == b?)
}

/// The client's address without its port.
fn client<'a>(line: &Line<'a>) -> Option<&'a [u8]> {
    let text = line.some(Column::Client)?;
    let colons = memchr::memchr_iter(b':', text).count();
    match (text.first(), colons) {
        (Some(b'['), _) => text[1..].split(|&b| b == b']').next(),
        (_, 1) => text.split(|&b| b == b':').next(),
        _ => Some(text),
    }
}

/// The path of the target without what proxies cut or change behind it.
fn path<'a>(line: &Line<'a>) -> Option<&'a [u8]> {
    line.path().filter(|path| path.starts_with(b"/"))
}

/// Puts what an error line shows into the visit of its access line: on the leg where it happened.
///
/// A failure before the head of a leg that was answered in the end belongs to an earlier try: it becomes a leg of its
/// own, before the one that was answered.
pub fn prove(visit: &mut Visit, error: &Shape<'_>) {
    let Some((leg, phase, signal, _)) = Cause::of(error) else {
        return;
    };
    match leg {
        Leg::Client => {
            if let Some(step) = visit.steps.first_mut() {
                step.exchange.signal(phase, signal);
            }
        }
        Leg::Upstream => upstream(visit, phase, signal),
    }
}

fn upstream(visit: &mut Visit, phase: Phase, signal: Signal) {
    let Some(first) = visit.steps.first() else {
        return;
    };
    let behind = Vantage {
        side: Side::Client,
        ..first.exchange.vantage.clone()
    };
    let is_leg = |step: &Step| matches!(step.because, Because::Forwarded(_));
    let failed = failed_in(phase);
    match visit.steps.iter().rposition(is_leg) {
        Some(at) if visit.steps[at].exchange.response.is_none() => {
            let exchange = &mut visit.steps[at].exchange;
            let asked = exchange.request.clone();
            *exchange = Exchange {
                vantage: behind,
                request: asked,
                ..failed
            };
            exchange.signal(phase, signal);
        }
        Some(at) if phase >= Phase::Receive => {
            let exchange = &mut visit.steps[at].exchange;
            exchange.end = End::Partial;
            exchange.signal(phase, signal);
        }
        last => {
            let mut exchange = Exchange {
                vantage: behind,
                ..failed
            };
            exchange.signal(phase, signal);
            let step = Step {
                exchange,
                because: Because::Forwarded(0),
            };
            visit.steps.insert(last.unwrap_or(visit.steps.len()), step);
        }
    }
}

/// An exchange with a server behind that failed in that phase.
fn failed_in(phase: Phase) -> Exchange {
    Exchange {
        sent: if phase < Phase::Send {
            Sent::Nothing
        } else {
            Sent::All
        },
        end: if phase < Phase::Receive {
            End::Nothing
        } else {
            End::Partial
        },
        ..Exchange::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::{Legs, Spans};

    fn line(columns: &[(Column, &str)]) -> (Vec<u8>, Spans) {
        let (mut raw, mut spans) = (Vec::new(), Spans::default());
        for (column, text) in columns {
            let from = raw.len();
            raw.extend_from_slice(text.as_bytes());
            spans.set(*column, from, raw.len());
        }
        (raw, spans)
    }

    #[test]
    fn lines_find_each_other() {
        use Column::{Client, Connection, Duration, Request, Target};
        type Columns = &'static [(Column, &'static str)];
        let table: &[(Columns, Columns, u64, bool)] = &[
            (&[(Connection, "46")], &[(Connection, "46")], 0, true),
            (
                &[(Connection, "46"), (Client, "a")],
                &[(Connection, "46"), (Client, "b")],
                0,
                false,
            ),
            (
                &[(Client, "127.0.0.1"), (Request, "GET /a?x HTTP/1.1")],
                &[(Client, "127.0.0.1:5"), (Target, "/a")],
                1,
                true,
            ),
            (
                &[(Client, "127.0.0.1"), (Request, "GET /a HTTP/1.1")],
                &[(Client, "127.0.0.1"), (Request, "GET /b HTTP/1.1")],
                0,
                false,
            ),
            (&[(Client, "::1")], &[(Client, "[::1]:7")], 0, true),
            (&[(Client, "::1")], &[(Client, "::1")], 60, false),
            (
                &[(Client, "::1"), (Duration, "60.1")],
                &[(Client, "::1")],
                60,
                true,
            ),
            (&[(Client, "::1")], &[(Target, "/a")], 0, false),
        ];
        for (access, error, apart, wanted) in table {
            let (a, b) = (line(access), line(error));
            let found = same_exchange(&Line::new(&a.0, &a.1), &Line::new(&b.0, &b.1), *apart);
            assert_eq!(found.is_some(), *wanted, "{access:?} {error:?}");
        }
    }

    #[test]
    fn a_cause_leads_to_some_statuses() {
        let refused = Cause::upstream(Phase::Connect, "errno:ECONNREFUSED");
        let no_file = Cause::client(Phase::Wait, "log:no-file");
        let limited = Cause::client(Phase::Wait, "log:limited");
        for (cause, status, wanted) in [
            (refused, 502, true),
            (refused, 404, false),
            (refused.answered(503), 503, true),
            (refused.answered(503), 502, false),
            (no_file, 404, true),
            (no_file, 502, false),
            (limited, 503, true),
            (limited, 429, true),
        ] {
            assert_eq!(
                may_lead_to(&cause.shape(), status),
                wanted,
                "{cause:?} {status}"
            );
        }
        assert!(!may_lead_to(&Shape::default(), 502));
    }

    #[test]
    fn a_cause_comes_to_its_leg() {
        let refused = Cause::upstream(Phase::Connect, "errno:ECONNREFUSED").shape();
        let cut = Cause::upstream(Phase::Receive, "errno:ECONNRESET").shape();
        let gone = Cause::client(Phase::Wait, "log:client-gone").shape();
        let bare = || Legs::of("nginx", Side::Server).answered(502);
        let steps = |legs: Legs, error: &Shape| {
            let mut visit = legs.visit();
            prove(&mut visit, error);
            let text: Vec<String> = visit
                .steps
                .iter()
                .map(|step| {
                    let exchange = &step.exchange;
                    let words: Vec<String> = exchange
                        .signals()
                        .map(|(phase, s)| format!("{phase} {s}"))
                        .collect();
                    format!("{:?} {}", exchange.status(), words.join(","))
                })
                .collect();
            text.join(" | ")
        };
        let neutral = Signal::word("upstream", "no-connection");
        for (legs, error, wanted) in [
            (
                bare(),
                &refused,
                "Some(502)  | None connect errno:ECONNREFUSED",
            ),
            (
                bare().upstream_failed(Phase::Connect, &[neutral]),
                &refused,
                "Some(502)  | None connect errno:ECONNREFUSED",
            ),
            (
                bare().upstream_answered(200),
                &refused,
                "Some(502)  | None connect errno:ECONNREFUSED | Some(200) ",
            ),
            (
                bare().upstream_answered(200),
                &cut,
                "Some(502)  | Some(200) receive errno:ECONNRESET",
            ),
            (bare(), &gone, "Some(502) wait log:client-gone"),
        ] {
            assert_eq!(steps(legs, error), wanted);
        }
    }
}
