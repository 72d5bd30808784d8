//! Sentences in the pages that servers in front write themselves, each with the party it speaks of.

use std::time::Duration;

use httpwhy_model::{Blame, Party, Place};

use super::{Case, FRONT, ORIGIN, Ruling};
use crate::marks::Range;

/// A sentence of a built-in page.
struct Page {
    says: &'static str,
    blame: Blame,
    shows: &'static str,
}

/// Where a sentence contains another, the longer stands first.
const PAGES: &[Page] = &[
    // HAProxy, src/http.c (http_err_msgs).
    Page {
        says: "The server returned an invalid or incomplete response.",
        blame: ORIGIN,
        shows: "HAProxy's page: the server behind sent no valid response",
    },
    Page {
        says: "The server didn't respond in time.",
        blame: ORIGIN,
        shows: "HAProxy's page: the server behind was silent for too long",
    },
    Page {
        says: "An internal server error occur",
        blame: FRONT,
        shows: "HAProxy's page about a failure of its own",
    },
    // Apache, modules/proxy (the reasons given to ap_proxyerror).
    Page {
        says: "DNS lookup failure for",
        blame: Blame::Likely(Party::Dns),
        shows: "Apache's page: the name of the server behind did not resolve",
    },
    Page {
        says: "Error during SSL Handshake with remote server",
        blame: ORIGIN,
        shows: "Apache's page: no TLS with the server behind",
    },
    Page {
        says: "Error reading from remote server",
        blame: ORIGIN,
        shows: "Apache's page: the server behind broke off",
    },
    Page {
        says: "Corrupt status line returned by remote server",
        blame: ORIGIN,
        shows: "Apache's page: the server behind does not answer in HTTP",
    },
    Page {
        says: "Timeout on 100-Continue",
        blame: ORIGIN,
        shows: "Apache's page: the server behind was silent for too long",
    },
    // Apache, modules/http/http_protocol.c (get_canned_error_string).
    Page {
        says: "response from an upstream server.",
        blame: ORIGIN,
        shows: "Apache's page: the server behind sent no valid response",
    },
    Page {
        says: "did not receive a timely response",
        blame: ORIGIN,
        shows: "Apache's page: the server behind was silent for too long",
    },
    // Varnish, builtin.vcl (vcl_backend_error); the reason is set in cache_fetch.c.
    Page {
        says: "<h1>Error 503 Backend fetch failed</h1>",
        blame: ORIGIN,
        shows: "Varnish's page: it got no usable response from behind",
    },
    // Varnish, builtin.vcl (vcl_synth): the configuration, or Varnish in distress, chose the status and the reason.
    Page {
        says: "<h3>Guru Meditation:</h3>",
        blame: FRONT,
        shows: "Varnish's page about a decision of its own",
    },
];

/// HAProxy's page when it has no server to send the request to.
const NO_SERVER: &str = "No server is available to handle this request.";
/// After a connection that failed HAProxy waits a second, or its connect timeout if that is shorter, before it tries
/// again (HAProxy configuration manual, `retries`); a queue has its own timeout.
const TRIED: Duration = Duration::from_millis(500);

pub(super) fn ruling(case: &Case) -> Option<Ruling> {
    if !case.is_plain_status() || case.status()? < 500 {
        return None;
    }
    if let Some(range) = case.content.text(NO_SERVER) {
        return Some(no_server(case, range));
    }
    let found = |page: &'static Page| Some((page, case.content.text(page.says)?));
    let (page, range) = PAGES.iter().find_map(found)?;
    Some(case.ruling(
        page.blame,
        place(range),
        Some(page.says.as_bytes()),
        page.shows,
    ))
}

/// The texts that are looked for.
pub(crate) fn texts() -> impl Iterator<Item = &'static str> {
    PAGES.iter().map(|page| page.says).chain([NO_SERVER])
}

fn place((from, to): Range) -> Place {
    Place::Body(from as u64, to as u64)
}

/// The page is the same whether no server is configured or enabled, or whether all that there are could not be reached:
/// the time it took tells.
fn no_server(case: &Case, range: Range) -> Ruling {
    let place = place(range);
    let quoted = Some(NO_SERVER.as_bytes());
    match case.waited() {
        Some(waited) if waited >= TRIED => {
            let shows = "HAProxy's page, after a time in which it queued or tried to connect";
            case.ruling(ORIGIN, place, quoted, shows)
        }
        Some(_) => {
            let shows = "HAProxy's page, at once: it tried no server, for its configuration, a rule or a check left it none";
            case.ruling(FRONT, place, quoted, shows)
        }
        None => {
            let missing = "how long the answer took (at once: HAProxy tried no server), or HAProxy's log line with its \
                           termination state";
            let shows = "HAProxy's page when no server could be used";
            case.ruling(Blame::Unknown { missing }, place, quoted, shows)
        }
    }
}
