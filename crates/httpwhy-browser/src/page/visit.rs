//! The requests of a page as one visit.

use std::collections::HashMap;
use std::time::Duration;

use httpwhy_model::{
    Because, End as Ended, Exchange, Phase, Sent, Side, Signal, Step, Vantage, Visit, Who,
    redact_uri,
};

use super::hop::Hop;
use super::record::Record;
use super::{End, Load, Look, exchange};
use crate::Trouble;
use crate::trouble::{joined, signal};

/// What has been open for so long when a restless page is left is said to be late.
const LATE: Duration = Duration::from_secs(5);

/// The visit to a page that was not opened, and why.
pub(crate) fn unopened(target: &str, why: Signal) -> Visit {
    let mut exchange = Exchange {
        vantage: Vantage {
            who: Who::Browser,
            side: Side::Client,
        },
        target: target.to_owned(),
        sent: Sent::Nothing,
        end: Ended::Nothing,
        ..Exchange::default()
    };
    exchange.signal(Phase::Queue, why);
    Visit::of(exchange)
}

/// The visit: the document and its redirects, then each request of the page in the order in which they were made.
pub(crate) fn of(
    load: &Load,
    mut record: Record,
    end: &End,
    trouble: Option<&Trouble>,
    look: &Look,
    lost: u64,
) -> Visit {
    record.put_heads_in_place();
    record.tell_connections_apart();
    let Some(main) = record.main_place() else {
        let why = match trouble {
            Some(trouble) => trouble.signal(),
            None => timed_out(look.patience),
        };
        return unopened(&load.target, why);
    };
    let becauses = becauses(&record.hops);
    let ages: Vec<_> = record.hops.iter().map(Age::of).collect();
    let open = ages.iter().position(|age| age.busy.is_some());
    let Record {
        hops,
        notes,
        more,
        certificate,
        ..
    } = record;
    let exchanges = hops.into_iter().map(exchange::of);
    let mut steps: Vec<Step> = exchanges
        .zip(becauses)
        .map(|(exchange, because)| Step { exchange, because })
        .collect();
    let late = LATE.min(look.patience / 2);
    for (place, (step, age)) in steps.iter_mut().zip(&ages).enumerate() {
        // What an earlier document asked for was left when the page went elsewhere.
        let waited_for = trouble.is_none() && place >= main;
        match age.busy {
            Some(busy) if waited_for && (*end == End::TimedOut || busy >= late) => {
                age.is_late(&mut step.exchange, busy);
            }
            // Left together with its page. Of the page's own document the trouble says more.
            Some(_) if !age.answered && (place != main || trouble.is_none()) => {
                step.exchange
                    .signal(Phase::Wait, Signal::word("browser", "page-left"));
            }
            _ => {}
        }
    }
    let held_up = open.map(|place| redact_uri(&steps[place].exchange.target));
    let document = &mut steps[main].exchange;
    if let Some(error) = certificate
        .as_deref()
        .and_then(httpwhy_ingest::browser::error)
    {
        document.signal(Phase::Tls, error);
    }
    for note in notes {
        document.signal(Phase::Receive, note);
    }
    if more + lost > 0 {
        let params = [("lost", (more + lost).to_string())];
        document.signal(Phase::Receive, signal("not-all-kept", &params));
    }
    let phase = if document.response.is_some() {
        Phase::Receive
    } else {
        Phase::Queue
    };
    if let Some(trouble) = trouble {
        document.signal(phase, trouble.signal());
    } else if *end == End::TimedOut && document.end == Ended::Answered {
        let open = held_up.map(|url| joined(&url)).unwrap_or_default();
        document.signal(phase, signal("navigation-timeout", &[("open", open)]));
    }
    Visit {
        asked: load.target.clone(),
        steps,
    }
}

fn timed_out(patience: Duration) -> Signal {
    Signal::Timeout(patience.as_millis() as u64)
}

/// How long a request has been under way, and how far it came.
struct Age {
    /// `None`: it is over.
    busy: Option<Duration>,
    went_out: bool,
    answered: bool,
}

impl Age {
    fn of(hop: &Hop) -> Self {
        let since = hop.seen.map(|seen| seen.elapsed()).unwrap_or_default();
        Self {
            busy: hop.is_busy().then_some(since),
            went_out: hop.sent.is_some(),
            answered: hop.answer.is_some(),
        }
    }

    /// Our own deadline passed while it was under way.
    fn is_late(&self, exchange: &mut Exchange, busy: Duration) {
        let (phase, end, sent) = match (self.answered, self.went_out) {
            (true, _) => (Phase::Receive, Ended::Partial, Sent::All),
            // The browser tells what it sent when it has a connection.
            (false, true) => (Phase::Wait, Ended::Nothing, Sent::All),
            (false, false) => (Phase::Connect, Ended::Nothing, Sent::Nothing),
        };
        exchange.end = end;
        exchange.sent = sent;
        exchange.signal(phase, timed_out(busy));
    }
}

/// Why each request was made.
fn becauses(hops: &[Hop]) -> Vec<Because> {
    // A document's number is that of its loader.
    let mut documents: HashMap<&str, usize> = HashMap::new();
    let mut main: Option<usize> = None;
    let mut found = Vec::with_capacity(hops.len());
    for (place, hop) in hops.iter().enumerate() {
        let parent = documents.get(hop.loader.as_str()).copied();
        found.push(match (hop.redirect_of, main) {
            (Some(before), _) => Because::Redirect(before),
            (None, None) => Because::Asked,
            // The page went elsewhere by itself: by a script, or by a refresh.
            (None, Some(before)) if hop.main => Because::Redirect(before),
            (None, Some(before)) if hop.document => Because::Subresource(before),
            (None, Some(before)) => Because::Subresource(parent.unwrap_or(before)),
        });
        if hop.main {
            main = Some(place);
        }
        if hop.document {
            documents.insert(&hop.request, place);
        }
    }
    found
}
