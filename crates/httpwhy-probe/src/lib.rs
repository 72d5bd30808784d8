//! Sends requests and reports what was seen: resolve, connect, TLS, HTTP/1, HTTP/2, WebSocket.
//!
//! [`run`] takes [`Job`]s and hands over one [`Visit`] for each. A failed target is never an `Err`: it is an exchange
//! with a phase, an end and typed signals. Nothing is judged here, and nothing is done in secret: every redirect,
//! every retry on a fresh connection is a step of its own, every failed name server and address a signal.
//!
//! ```no_run
//! use std::sync::{Arc, atomic::AtomicBool};
//! use httpwhy_probe::{Config, Finished, Job, Next, run};
//! let stop = AtomicBool::new(false);
//! let jobs = ["http://localhost/", "https://localhost/"].into_iter().zip(0..);
//! let totals = run(
//!     &Arc::new(Config::default()),
//!     jobs.map(|(target, index)| Job::get(index, target)),
//!     |_visit: &httpwhy_model::Visit| Next::Done,
//!     |finished: Finished| println!("{} {:?}", finished.index, finished.visit.steps[0].exchange.end),
//!     &stop,
//! )?;
//! assert_eq!(totals.jobs, 2);
//! # Ok::<(), httpwhy_probe::Error>(())
//! ```

#[cfg(doc)]
use httpwhy_model::Visit;

mod config;
mod connection;
mod cookies;
mod deadline;
mod dial;
mod dispatch;
mod fallback;
mod h1;
mod h2;
mod h3;
mod lend;
mod login;
mod pace;
mod panic;
mod pool;
mod request;
mod resolve;
mod run;
mod signals;
mod stream;
mod talk;
mod target;
mod tls;
mod visit;
pub mod ways;
mod websocket;

pub use config::{
    Config, Cookies, Deadlines, Error, Finished, Identity, Job, Next, Policy, Protocol, Resolver,
    Reuse, ServerNameSent, TestFault, TlsOptions, TlsVersions, Totals, Trust,
};
pub use cookies::{Cookie, Jar};
pub use dispatch::Gate;
pub use lend::{Coming, Lender, Lent, Loan};
pub use login::{Login, Scheme};
pub use pace::{Manners, Pace};
pub use run::run;
pub use target::next_target;
