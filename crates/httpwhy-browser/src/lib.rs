//! Loads pages in a Chromium that is installed here, and reports what was seen.
//!
//! A [`Pool`] keeps browsers and lends them out, one page at a time ([`Lease`]); [`load`] opens a page and gives one
//! [`Visit`](httpwhy_model::Visit): the document with its redirects, and every subresource as a step of its own. [`run`]
//! does so for many pages. Nothing is judged here: what Chromium says becomes signals in its own words
//! (`chromium:net::ERR_…`), and what became of the pool or the browser becomes `browser:…`.
//!
//! The browser is spoken to by the Chrome DevTools Protocol over two pipes (`--remote-debugging-pipe`): a port would let
//! any program of this machine drive it. The protocol changes with every version, so messages are read as plain JSON and
//! what is not known is passed over. When the pipes close, for whatever reason, Chromium ends by itself.
//!
//! ```no_run
//! # async fn example() -> Result<(), httpwhy_browser::Trouble> {
//! use httpwhy_browser::{Load, Look, Pool, PoolConfig, load};
//! let pool = Pool::new(PoolConfig::default());
//! let mut lease = pool.lease("https://shop.example/").await?;
//! let seen = load(&mut lease, &Load::of(0, "https://shop.example/"), &Look::default()).await;
//! lease.give_back().await;
//! println!("{} steps", seen.visit.steps.len());
//! # Ok(())
//! # }
//! ```

mod browser;
mod cdp;
mod find;
mod json;
mod launch;
mod lend;
mod page;
mod pool;
mod run;
mod trouble;

pub use find::{NAMES, find};
pub use lend::{Lender, Lent};
pub use page::{Act, Cookie, Credentials, Load, Loaded, Look, Performed, Refused, load, perform};
pub use pool::{Counts, Lease, Pool, PoolConfig};
pub use run::{Error, Finished, Run, Totals, run};
pub use trouble::Trouble;
