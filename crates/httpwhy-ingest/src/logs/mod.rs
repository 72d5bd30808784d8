//! Log lines: whose they are, what stands in them, what shape they have, and what visit that shape is.
//!
//! A log has millions of lines and a few dozen *shapes*: what decides the outcome is the status, the upstream's status,
//! a word or two (HAProxy's termination state, Envoy's flags) and which of the timers ran. So a line is never made into
//! an exchange. It is split into columns (borrowed places in the line, nothing is copied or parsed), its [`Shape`] is
//! counted, and each distinct shape becomes one visit, which is diagnosed once, like any other.
//!
//! ```text
//! bytes ── carrier peeled ──► Layout::split ──► Spans ──► Format::shape ──► Shape ──(once)──► Format::visit ──► Visit
//! ```
//!
//! # A format, worked
//!
//! One file, `formats/<name>.rs`, with `pub(crate) static FORMAT: Format`; `cargo xtask codegen` lists it. Four
//! functions make it:
//!
//! * `fit`: looks at up to 200 sample lines and, if they can be its own, gives the [`Layout`] that splits them. A
//!   layout may have learnt something from the sample (an order of columns, a unit). It is cheap and may be generous:
//!   whoever drives counts how many lines the layout really splits, and takes the best; `rank` breaks ties, the more
//!   specific format has the greater one.
//! * [`Layout::split`]: notes where each [`Column`] stands. `Torn` for a line that begins like its own and is cut or
//!   garbled; `Foreign` for any other; `Directive` for a header line such as `#Fields:`, behind which
//!   [`Layout::after`] gives the layout of the lines that follow. No allocation, no regular expression, `memchr`. Where
//!   quotes alone split the line, [`Layout::split_at_quotes`] may do it without a search.
//! * `shape`: reads the few columns that decide. Whatever is unbounded (paths, addresses, times) stays out.
//! * `visit`: the shape as facts. The downstream leg is step 0, each known upstream leg a further step
//!   ([`httpwhy_model::Because::Forwarded`]); [`Legs`] builds them. No judgement: the words are the machine's own
//!   (`haproxy:sC`, `nginx:499`) or the neutral ones of [`Legs`].
//!
//! ```
//! use httpwhy_ingest::logs::{Column, Line, Spans, Split, formats};
//! let raw = br#"203.0.113.9 - - [03/Nov/2026:14:05:12 +0000] "GET /cart HTTP/2.0" 499 0 "-" "curl/8.5.0""#;
//! let nginx = formats().find(|format| format.name == "nginx").unwrap();
//! let layout = (nginx.fit)(&[raw]).unwrap();
//! let mut spans = Spans::default();
//! assert_eq!(layout.split(raw, &mut spans), Split::Read);
//! let line = Line::new(raw, &spans);
//! assert_eq!(line.get(Column::Client), Some(&b"203.0.113.9"[..]));
//! assert_eq!((line.status(), line.target()), (Some(499), Some(&b"/cart"[..])));
//! let visit = (nginx.visit)(&(nginx.shape)(&line));
//! assert!(visit.steps[0].exchange.signals().any(|(_, signal)| signal.is("nginx:499")));
//! ```
//!
//! # A carrier, worked
//!
//! What wraps a line on its way into a file (a container runtime, syslog, journald) is peeled first: one file,
//! `carriers/<name>.rs`, with `pub(crate) static CARRIER: Carrier`. See [`Carrier`].
//!
//! # Error logs
//!
//! They are formats too, of [`Kind::Error`]: their shape's first word is the cause in the catalogue's signal text
//! (`errno:ECONNREFUSED`), their visit holds the leg that failed, and [`Column::Connection`], [`Column::Client`],
//! [`Column::Request`] and the time join them to their access lines.

mod carrier;
mod carriers;
mod clf;
mod complaint;
mod formats;
mod join;
pub mod json;
mod legs;
mod line;
mod members;
mod quotes;
mod record;
mod roles;
mod shape;
pub mod time;
pub mod user;
mod varnishlog;
mod w3c;
mod witness;

use std::fmt;
use std::sync::Arc;

use httpwhy_model::{Side, Visit};

pub use carrier::{Carrier, Peeled};
pub use complaint::{Cause, Leg};
pub use join::{is_nameless, may_lead_to, prove, same_exchange};
pub use legs::Legs;
pub use line::{Column, Line, Spans, Unit, is_nothing, last_of_list, list, path_end, path_of};
pub use quotes::{QuoteIndex, Quotes, digits_and_slashes};
pub use shape::{NO_UPSTREAM, NOT_CAPTURED, OwnedShape, Request, Shape};
pub use varnishlog::VslGatherer;
pub use witness::corroborate;

/// Every log format, in the order of their names.
pub fn formats() -> impl ExactSizeIterator<Item = &'static Format> {
    formats::ALL.iter().copied()
}

/// Every carrier, in the order of their names.
pub fn carriers() -> impl ExactSizeIterator<Item = &'static Carrier> {
    carriers::ALL.iter().copied()
}

/// A log format: static facts and the functions that read it.
pub struct Format {
    /// Its name, which is the vantage's (`log nginx`) and the `--json` word; lower case with hyphens.
    pub name: &'static str,
    /// For people, e.g. `nginx combined`.
    pub title: &'static str,
    /// Access or error lines.
    pub kind: Kind,
    /// Where the writer stood.
    pub side: Side,
    /// Among formats that split equally many lines of a sample, the greater rank wins.
    pub rank: u8,
    /// The layout for lines like these, if they can be this format's. The sample holds at least one line, without line
    /// ends, carriers peeled.
    pub fit: Fit,
    /// What decides the outcome of a line that was split.
    pub shape: for<'a> fn(&Line<'a>) -> Shape<'a>,
    /// The shape as facts.
    pub visit: fn(&Shape<'_>) -> Visit,
    /// What a shape leaves open in this format, and what would tell; `None` where nothing is open.
    pub open: fn(&Shape<'_>) -> Option<Open>,
}

impl fmt::Debug for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Format")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Looks at a sample, and gives the layout for lines like these.
pub type Fit = fn(sample: &[&[u8]]) -> Option<Arc<dyn Layout>>;

/// For [`Format::open`] of formats whose lines leave nothing open.
pub fn nothing_open(_: &Shape<'_>) -> Option<Open> {
    None
}

/// What cannot be known from lines of this format, and what to add so that it can.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Open {
    /// The explanations that this line cannot tell apart.
    pub between: &'static str,
    /// What to paste, in the configuration's own language.
    pub paste: &'static str,
}

/// What the lines are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One line an exchange.
    Access,
    /// One line a complaint.
    Error,
}

/// How the lines of one file (or of a part of it) are split.
pub trait Layout: Send + Sync + fmt::Debug {
    /// Notes where each column stands in `raw`, one line without its end. `spans` comes cleared. Must not allocate,
    /// and must take time linear in the line.
    fn split(&self, raw: &[u8], spans: &mut Spans) -> Split;

    /// The same for a line whose quotes were found already, with the same result.
    fn split_at_quotes(&self, raw: &[u8], _quotes: Quotes<'_>, spans: &mut Spans) -> Split {
        self.split(raw, spans)
    }

    /// Whether [`Layout::split_at_quotes`] is the faster way, so that quotes should be found.
    fn wants_quotes(&self) -> bool {
        false
    }

    /// The few columns of a line whose shape is its status alone; `None` of any other, or where that is not known without
    /// more looks at it.
    fn brief(&self, _raw: &[u8], _quotes: Quotes<'_>) -> Option<Brief> {
        None
    }

    /// The layout behind a directive, a line for which [`Layout::split`] said so.
    fn after(&self, _directive: &[u8]) -> Option<Arc<dyn Layout>> {
        None
    }

    /// The bytes with which the directives begin that change the layout, so that a reader who starts in the middle
    /// finds the last one before.
    fn directive(&self) -> Option<&'static [u8]> {
        None
    }

    /// What was learnt, for people: `combined with rt, us, uct, uht, urt`; empty when there is nothing to say.
    fn learnt(&self) -> String {
        String::new()
    }
}

/// A line that a layout reads, whose [`Shape`] is that of its status and otherwise the default, and which has these columns
/// alone. Places are byte offsets in the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Brief {
    /// The status written, 100 to 999.
    pub status: u16,
    /// Where its time begins, [`time::USUAL`] bytes long.
    pub stamp: u32,
    /// Where the client's address ends, which begins the line.
    pub client: u32,
    /// The method.
    pub method: (u32, u32),
    /// The request target, which begins with `/`.
    pub target: (u32, u32),
    /// Bytes sent to the client.
    pub bytes: u64,
    /// User-Agent.
    pub agent: (u32, u32),
}

/// What a line is to a layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Split {
    /// Its own, and split.
    Read,
    /// Its own header or comment.
    Directive,
    /// Its own, but cut off or garbled.
    Torn,
    /// Not its own.
    Foreign,
}
