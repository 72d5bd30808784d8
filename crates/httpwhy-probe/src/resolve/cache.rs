//! What name servers said, as long as they said it holds (RFC 1035 section 4.1.3, RFC 2308).

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use super::Denial;

/// How many names are remembered.
const NAMES: usize = 8_192;

/// One name's place: locked while it is asked for.
pub(super) type Slot = Arc<tokio::sync::Mutex<Option<Cached>>>;

/// An answer, positive or negative.
#[derive(Debug, Clone)]
pub(super) struct Cached {
    pub(super) found: Result<Vec<IpAddr>, Denial>,
    pub(super) until: Instant,
}

/// Answers by name, for all threads.
#[derive(Debug, Default)]
pub(super) struct Cache(Mutex<HashMap<String, Slot>>);

impl Cache {
    /// The place of that name; empty when it is not known.
    pub(super) fn slot(&self, name: &str) -> Slot {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = slots.get(name) {
            return Arc::clone(slot);
        }
        if slots.len() >= NAMES {
            make_room(&mut slots);
        }
        Arc::clone(slots.entry(name.to_owned()).or_default())
    }
}

/// Forgets what is old, and everything when that is not enough; never what is being asked for.
fn make_room(slots: &mut HashMap<String, Slot>) {
    let now = Instant::now();
    slots.retain(|_, slot| {
        slot.try_lock().map_or(true, |slot| {
            slot.as_ref().is_some_and(|cached| cached.until > now)
        })
    });
    if slots.len() >= NAMES {
        slots.retain(|_, slot| Arc::strong_count(slot) > 1);
    }
}
