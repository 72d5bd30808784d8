//! Keys, and what belongs to each: settings, records, locks, jobs, folders. All in memory, and bounded.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::folders::Folders;
use super::jobs::Jobs;
use super::record::Record;
use crate::state::{Bucket, Taken};

/// The most keys that can be issued; then the one that was used least recently goes.
const MOST_KEYS: usize = 64;
/// The most deleted records that are remembered as gone.
const MOST_GONE: usize = 256;
/// The most records of a key.
pub(super) const MOST_RECORDS: u64 = 200;
/// The most bytes of a key's records.
pub(super) const MOST_BYTES: usize = 1 << 20;

/// What a key may do.
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent switches, one a status"
)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Settings {
    /// 403.
    pub(super) disabled: bool,
    /// 402.
    pub(super) unpaid: bool,
    /// 428: changes need If-Match.
    pub(super) conditional: bool,
    /// 503.
    pub(super) maintenance: bool,
    /// 511.
    pub(super) captive: bool,
    /// Where the key's owner is: two letters.
    pub(super) region: String,
    /// 429: so many requests …
    pub(super) requests: u32,
    /// … in so many seconds.
    pub(super) seconds: u64,
    /// 507: the most records.
    pub(super) records: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            disabled: false,
            unpaid: false,
            conditional: false,
            maintenance: false,
            captive: false,
            region: "ZZ".to_owned(),
            requests: 100_000,
            seconds: 60,
            records: MOST_RECORDS,
        }
    }
}

impl Settings {
    /// As JSON.
    pub(super) fn json(&self, key: &str) -> Value {
        json!({
            "key": key,
            "disabled": self.disabled,
            "unpaid": self.unpaid,
            "conditional": self.conditional,
            "maintenance": self.maintenance,
            "captive": self.captive,
            "region": self.region,
            "requests": self.requests,
            "per_seconds": self.seconds,
            "records": self.records,
        })
    }
}

/// What belongs to a key.
#[derive(Debug, Default)]
pub(super) struct Tenant {
    /// What it may do.
    pub(super) settings: Settings,
    /// Whether it was there from the start: it cannot be taken away.
    pub(super) built_in: bool,
    /// Its records, by id.
    pub(super) records: BTreeMap<String, Record>,
    /// The ids of deleted records, the oldest first.
    pub(super) gone: VecDeque<String>,
    /// How many records were ever created.
    pub(super) created: u64,
    /// Its jobs.
    pub(super) jobs: Jobs,
    /// Its folders.
    pub(super) folders: Folders,
    bucket: Option<Bucket>,
    used: u64,
}

impl Tenant {
    /// With these settings, and nothing else.
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            settings,
            ..Self::default()
        }
    }

    /// Forgets everything but the settings.
    pub(super) fn reset(&mut self) {
        *self = Self {
            settings: self.settings.clone(),
            built_in: self.built_in,
            used: self.used,
            ..Self::default()
        };
    }

    /// Takes one request off the limit.
    pub(super) fn take(&mut self, now: Instant) -> Taken {
        let (size, window) = (self.settings.requests, self.settings.seconds);
        let bucket = self.bucket.get_or_insert(Bucket::full(size, now));
        bucket.take(size, Duration::from_secs(window), now)
    }

    /// Remembers that a record is gone for good.
    pub(super) fn bury(&mut self, id: String) {
        if self.gone.len() >= MOST_GONE {
            self.gone.pop_front();
        }
        self.gone.push_back(id);
    }

    /// The bytes that its records take.
    pub(super) fn bytes(&self) -> usize {
        self.records.values().map(Record::bytes).sum()
    }
}

/// All keys.
#[derive(Debug)]
pub(super) struct Tenants {
    by_key: BTreeMap<String, Tenant>,
    clock: u64,
    issued: u64,
}

impl Default for Tenants {
    fn default() -> Self {
        let built_in = |(key, settings): (&str, Settings)| {
            let tenant = Tenant {
                built_in: true,
                ..Tenant::new(settings)
            };
            (key.to_owned(), tenant)
        };
        Self {
            by_key: built_in_keys().into_iter().map(built_in).collect(),
            clock: 0,
            issued: 0,
        }
    }
}

/// The keys that are there from the start: each shows one thing.
#[rustfmt::skip]
fn built_in_keys() -> [(&'static str, Settings); 9] {
    let plain = Settings::default;
    [
        ("demo", plain()),
        ("disabled", Settings { disabled: true, ..plain() }),
        ("unpaid", Settings { unpaid: true, ..plain() }),
        ("careful", Settings { conditional: true, ..plain() }),
        ("limited", Settings { requests: 3, ..plain() }),
        ("small", Settings { records: 2, ..plain() }),
        ("abroad", Settings { region: "XA".to_owned(), ..plain() }),
        ("maintenance", Settings { maintenance: true, ..plain() }),
        ("captive", Settings { captive: true, ..plain() }),
    ]
}

impl Tenants {
    /// What belongs to that key.
    pub(super) fn find(&mut self, key: &str) -> Option<&mut Tenant> {
        self.clock += 1;
        let tenant = self.by_key.get_mut(key)?;
        tenant.used = self.clock;
        Some(tenant)
    }

    /// What belongs to that key, to look at.
    pub(super) fn peek(&self, key: &str) -> Option<&Tenant> {
        self.by_key.get(key)
    }

    /// All, by key.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &Tenant)> {
        let all = self.by_key.iter();
        all.map(|(key, tenant)| (key.as_str(), tenant))
    }

    /// Issues a key, of that name or of a new one; `None` when the name is taken.
    pub(super) fn issue(&mut self, name: Option<String>, settings: Settings) -> Option<String> {
        let key = name.unwrap_or_else(|| self.new_name());
        if self.by_key.contains_key(&key) {
            return None;
        }
        self.make_room();
        self.clock += 1;
        let tenant = Tenant {
            used: self.clock,
            ..Tenant::new(settings)
        };
        self.by_key.insert(key.clone(), tenant);
        Some(key)
    }

    fn new_name(&mut self) -> String {
        loop {
            self.issued += 1;
            let name = format!("key-{}", self.issued);
            if !self.by_key.contains_key(&name) {
                return name;
            }
        }
    }

    /// Takes a key away, with all that belongs to it.
    pub(super) fn revoke(&mut self, key: &str) {
        self.by_key.remove(key);
    }

    fn make_room(&mut self) {
        let issued = || self.by_key.iter().filter(|(_, tenant)| !tenant.built_in);
        if issued().count() < MOST_KEYS {
            return;
        }
        let oldest = issued().min_by_key(|(_, tenant)| tenant.used);
        if let Some(key) = oldest.map(|(key, _)| key.clone()) {
            self.by_key.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_bounded_and_the_built_in_ones_stay() {
        let mut tenants = Tenants::default();
        let built_in = tenants.all().count();
        for _ in 0..MOST_KEYS {
            assert!(tenants.issue(None, Settings::default()).is_some());
        }
        assert!(tenants.find("key-1").is_some(), "used again");
        let name = tenants.issue(None, Settings::default());
        assert_eq!(name.as_deref(), Some("key-65"));
        assert_eq!(tenants.all().count(), built_in + MOST_KEYS);
        assert!(tenants.peek("key-1").is_some() && tenants.peek("key-2").is_none());
        assert!(
            tenants
                .issue(Some("demo".to_owned()), Settings::default())
                .is_none()
        );
    }

    #[test]
    fn the_gone_are_bounded() {
        let mut tenant = Tenant::default();
        for at in 0..=MOST_GONE {
            tenant.bury(at.to_string());
        }
        assert_eq!(tenant.gone.len(), MOST_GONE);
        assert!(!tenant.gone.contains(&"0".to_owned()));
    }
}
