//! How fast hosts are asked: who may begin now, who waits for its turn, and what a host's answers change about that.
//!
//! Pure but for the moments handed in, so that it can be tested without a clock.

mod heard;
mod host;

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap, VecDeque};
use std::time::{Duration, Instant};

use httpwhy_model::PlainUri;

pub(crate) use heard::Heard;
use host::Host;

/// Hosts remembered while nothing of them is under way or waits; from here on those without a grudge are forgotten.
const REMEMBERED: usize = 4_096;

/// How fast hosts are asked. A host is a name or address and a port. Whatever is said here, a host that answers 429 or
/// 503, or resets connections, is asked less: half as many exchanges at a time, then with pauses; Retry-After (RFC 9110
/// section 10.2.3) is honoured for the whole host, and for that host alone; beside a 503 of a host that is not public,
/// for a second at most.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// Exchanges under way with one host at the same time at most; `None`: no bound of its own.
    pub per_host: Option<usize>,
    /// Exchanges begun per second, all hosts together; `None`: no bound.
    pub rate: Option<f64>,
    /// Exchanges begun per second with one host; `None`: no bound.
    pub rate_per_host: Option<f64>,
    /// What holds for public hosts where the fields above say nothing. A host counts as public until its address turns
    /// out to be a loopback, link-local or private one (RFC 1122, 1918, 3927, 4193, 4291, 6598).
    pub public: Option<Manners>,
    /// Whether a host whose answers take ever longer is asked less.
    pub latency: bool,
    /// The longest pause that a host can ask for.
    pub longest: Duration,
    /// Jobs held back for their hosts' turn at most. When it is full, nothing more is read of the list until one begins.
    pub window: usize,
}

impl Default for Pace {
    /// No bounds but what hosts ask for, up to 2 minutes; 10 000 jobs held back.
    fn default() -> Self {
        Self {
            per_host: None,
            rate: None,
            rate_per_host: None,
            public: None,
            latency: true,
            longest: Duration::from_mins(2),
            window: 10_000,
        }
    }
}

/// Bounds for one public host.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Manners {
    /// Exchanges under way at the same time.
    pub per_host: usize,
    /// Exchanges begun per second.
    pub rate: f64,
}

/// Why a step waited before it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// As many exchanges as are allowed were under way with this host.
    HostLimit,
    /// So many a second with this host.
    HostRate,
    /// So many a second in all.
    Rate,
    /// The host named the time (Retry-After).
    HostAsked,
    /// The host had answered 429 or 503, reset connections or become slow.
    HostSlowed,
    /// The policy wanted a pause before this step.
    Policy,
}

impl Why {
    /// The word in the record.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::HostLimit => "host-limit",
            Self::HostRate => "host-rate",
            Self::Rate => "rate",
            Self::HostAsked => "host-asked",
            Self::HostSlowed => "host-slowed",
            Self::Policy => "retry",
        }
    }
}

/// A host's key: what stands between scheme and path, lower case, without user information and with the port that the
/// scheme implies. `None` for what is no URL: it goes nowhere.
pub(crate) fn host_key(target: &str) -> Option<Cow<'_, str>> {
    if let Some(plain) = PlainUri::of(target) {
        return Some(match plain.port {
            Some(_) => plain.authority.into(),
            None => format!("{}:{}", plain.host, plain.port()).into(),
        });
    }
    let (scheme, rest) = target.split_once("://")?;
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    if host.is_empty() {
        return None;
    }
    let mut key = host.to_ascii_lowercase();
    let port = key.rsplit(':').next().filter(|port| {
        !port.is_empty() && port.len() < host.len() && port.bytes().all(|b| b.is_ascii_digit())
    });
    if port.is_none() {
        let tls = scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("wss");
        key.truncate(key.trim_end_matches(':').len());
        key.push_str(if tls { ":443" } else { ":80" });
    }
    Some(key.into())
}

/// A target up to its path's first slash: all that its host is told from. `None` where something else comes first.
fn as_far_as_path(target: &str) -> Option<&str> {
    let host = target.find("://")? + 3;
    let end = host + target[host..].find(['/', '?', '#', '\\'])?;
    target[end..].starts_with('/').then(|| &target[..=end])
}

/// Something that may begin.
#[derive(Debug)]
pub(crate) struct Begun<T> {
    pub(crate) what: T,
    /// Given back at its end; `None`: nothing is counted.
    pub(crate) turn: Option<Turn>,
    /// Since when and why it waited, when it did.
    pub(crate) waited: Option<(Instant, Why)>,
}

/// A host, once it has been looked up by its key: good as long as something of it is under way, waits or is put off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct HostId(usize);

/// One exchange under way with a host.
#[derive(Debug, Clone)]
pub(crate) struct Turn {
    host: HostId,
    began: Instant,
}

/// What waits, and for whom.
#[derive(Debug)]
struct Waiting<T> {
    what: T,
    since: Instant,
    why: Why,
}

/// What was put off, with its host, and since when.
type Delayed<T> = (Option<HostId>, T, Instant);

/// All hosts of a run, with what waits for them.
#[derive(Debug)]
pub(crate) struct Hosts<T> {
    pace: Option<Pace>,
    /// Exchanges under way with one host at most, whatever else is said.
    ceiling: usize,
    by_key: HashMap<Box<str>, HostId>,
    /// What the target looked up last begins with, its host included, and that host: the next one is mostly of the same.
    latest: Option<(String, HostId)>,
    /// By their numbers; those forgotten leave room for others.
    all: Vec<Host<Waiting<T>>>,
    forgotten: Vec<HostId>,
    /// Hosts for which something waits and that may be asked now, or soon: looked at in turn.
    runnable: VecDeque<HostId>,
    /// Hosts that must not be asked before that moment.
    resting: BinaryHeap<Reverse<(Instant, HostId)>>,
    /// What the policy put off.
    delayed: BTreeMap<(Instant, u64), Delayed<T>>,
    serial: u64,
    held: usize,
    /// The earliest moment for the next exchange with anybody.
    next: Option<Instant>,
    /// Idle hosts are looked through when there are so many.
    sweep_at: usize,
}

impl<T> Hosts<T> {
    pub(crate) fn new(pace: Option<Pace>, ceiling: usize) -> Self {
        Self {
            pace,
            ceiling: ceiling.max(1),
            by_key: HashMap::new(),
            latest: None,
            all: Vec::new(),
            forgotten: Vec::new(),
            runnable: VecDeque::new(),
            resting: BinaryHeap::new(),
            delayed: BTreeMap::new(),
            serial: 0,
            held: 0,
            next: None,
            sweep_at: REMEMBERED,
        }
    }

    /// How many wait.
    pub(crate) fn waiting(&self) -> usize {
        self.held + self.delayed.len()
    }

    /// Whether nothing more may be held back.
    pub(crate) fn is_full(&self) -> bool {
        self.pace
            .is_some_and(|pace| self.held >= pace.window.max(1))
    }

    /// Whether anybody may be asked now, as far as the overall rate is concerned.
    pub(crate) fn may_begin(&self, now: Instant) -> bool {
        self.next.is_none_or(|next| next <= now)
    }

    /// Lets it begin, or keeps it until its host's turn comes; `first`: before all others that wait.
    pub(crate) fn admit(
        &mut self,
        id: Option<HostId>,
        what: T,
        now: Instant,
        first: bool,
    ) -> Option<Begun<T>> {
        let free = self.may_begin(now);
        let (Some(pace), Some(id)) = (self.pace, id) else {
            return Some(Begun {
                what,
                turn: None,
                waited: None,
            });
        };
        let host = &mut self.all[id.0];
        let behind = !first && !host.waiting.is_empty();
        let why = match host.blocked(now) {
            Some((why, _)) => Some(why),
            None if !free => Some(Why::Rate),
            None => behind.then_some(Why::HostLimit),
        };
        if let Some(why) = why {
            host.wait(
                Waiting {
                    what,
                    since: now,
                    why,
                },
                first,
            );
            self.held += 1;
            self.schedule(id, now);
            return None;
        }
        host.begin(now);
        self.began(&pace, now);
        let turn = Some(Turn {
            host: id,
            began: now,
        });
        Some(Begun {
            what,
            turn,
            waited: None,
        })
    }

    /// Keeps it until that moment, and then until its host's turn comes.
    pub(crate) fn put_off(&mut self, id: Option<HostId>, what: T, until: Instant, now: Instant) {
        self.serial += 1;
        self.delayed.insert((until, self.serial), (id, what, now));
    }

    /// What may begin now of all that waits.
    pub(crate) fn take(&mut self, now: Instant) -> Option<Begun<T>> {
        if let Some(begun) = self.take_delayed(now) {
            return Some(begun);
        }
        while let Some(Reverse((when, _))) = self.resting.peek()
            && *when <= now
        {
            let Some(Reverse((_, id))) = self.resting.pop() else {
                break;
            };
            self.all[id.0].resting = false;
            self.schedule(id, now);
        }
        let pace = self.pace?;
        while self.may_begin(now) {
            let id = self.runnable.pop_front()?;
            let host = &mut self.all[id.0];
            host.runnable = false;
            if host.blocked(now).is_none()
                && let Some(waiting) = host.waiting.pop_front()
            {
                host.begin(now);
                self.held -= 1;
                self.schedule(id, now);
                self.began(&pace, now);
                let turn = Some(Turn {
                    host: id,
                    began: now,
                });
                return Some(Begun {
                    what: waiting.what,
                    turn,
                    waited: Some((waiting.since, waiting.why)),
                });
            }
            self.schedule(id, now);
        }
        None
    }

    fn take_delayed(&mut self, now: Instant) -> Option<Begun<T>> {
        while let Some(entry) = self.delayed.first_entry()
            && entry.key().0 <= now
        {
            let (id, what, since) = entry.remove();
            let why = Why::Policy;
            let Some(id) = id else {
                // No bound holds it.
                return Some(Begun {
                    what,
                    turn: None,
                    waited: Some((since, why)),
                });
            };
            self.all[id.0].wait(Waiting { what, since, why }, true);
            self.held += 1;
            self.schedule(id, now);
        }
        None
    }

    /// When something that waits may begin at the earliest; `None`: when something else ends.
    pub(crate) fn due(&self) -> Option<Instant> {
        let rested = self.resting.peek().map(|Reverse((when, _))| *when);
        let delayed = self.delayed.first_key_value().map(|((when, _), _)| *when);
        // Somebody could begin, were it not for the overall rate.
        let rate = self.next.filter(|_| !self.runnable.is_empty());
        [rested, delayed, rate].into_iter().flatten().min()
    }

    /// Ends a turn; what was heard changes how the host is asked. Says whether something may now begin.
    pub(crate) fn leave(&mut self, turn: &Turn, heard: Option<&Heard>, now: Instant) -> bool {
        let Some(pace) = self.pace else {
            return false;
        };
        let host = &mut self.all[turn.host.0];
        host.running = host.running.saturating_sub(1);
        if let Some(heard) = heard {
            host.learn(heard, turn.began, now, &pace, self.ceiling);
        }
        self.schedule(turn.host, now);
        if self.by_key.len() >= self.sweep_at {
            self.sweep(now);
        }
        !self.runnable.is_empty()
    }

    /// What waits, all of it, in no order.
    pub(crate) fn drain(&mut self) -> Vec<T> {
        let mut all: Vec<T> = self
            .all
            .iter_mut()
            .flat_map(|host| host.waiting.drain(..))
            .map(|waiting| waiting.what)
            .collect();
        let delayed = std::mem::take(&mut self.delayed);
        all.extend(delayed.into_values().map(|(_, what, _)| what));
        self.runnable.clear();
        self.resting.clear();
        self.held = 0;
        all
    }

    /// The host of a target, remembered from now on; `None` when nothing has a pace, and for what is no URL.
    pub(crate) fn host_of(&mut self, target: &str) -> Option<HostId> {
        if let Some((begins, id)) = &self.latest
            && target.starts_with(&**begins)
        {
            return Some(*id);
        }
        self.pace?;
        let id = self.host(&host_key(target)?)?;
        self.latest = as_far_as_path(target).map(|begins| (begins.to_owned(), id));
        Some(id)
    }

    /// The host of that key, remembered from now on; `None` when nothing has a pace.
    fn host(&mut self, key: &str) -> Option<HostId> {
        let pace = self.pace.as_ref()?;
        if let Some(&id) = self.by_key.get(key) {
            return Some(id);
        }
        let host = Host::new(key, pace, self.ceiling);
        let id = if let Some(id) = self.forgotten.pop() {
            self.all[id.0] = host;
            id
        } else {
            self.all.push(host);
            HostId(self.all.len() - 1)
        };
        self.by_key.insert(key.into(), id);
        Some(id)
    }

    /// Puts a host for which something waits where it will be looked at again.
    fn schedule(&mut self, id: HostId, now: Instant) {
        let host = &mut self.all[id.0];
        if host.waiting.is_empty() || host.runnable || host.resting {
            return;
        }
        match host.blocked(now) {
            None => {
                host.runnable = true;
                self.runnable.push_back(id);
            }
            Some((_, Some(when))) => {
                host.resting = true;
                self.resting.push(Reverse((when, id)));
            }
            // Looked at again when one of its exchanges ends.
            Some((_, None)) => {}
        }
    }

    fn began(&mut self, pace: &Pace, now: Instant) {
        if let Some(rate) = pace.rate {
            let next = self.next.map_or(now, |next| next.max(now));
            self.next = Some(next + gap(rate));
        }
    }

    /// Forgets hosts of which nothing is under way, waits or is remembered.
    fn sweep(&mut self, now: Instant) {
        self.latest = None;
        let put_off: Vec<HostId> = self.delayed.values().filter_map(|(id, ..)| *id).collect();
        self.by_key.retain(|_, id| {
            let stays = !self.all[id.0].is_idle(now) || put_off.contains(id);
            if !stays {
                self.forgotten.push(*id);
            }
            stays
        });
        self.sweep_at = REMEMBERED.max(2 * self.by_key.len());
    }
}

/// The time between two beginnings.
fn gap(rate: f64) -> Duration {
    Duration::try_from_secs_f64(1.0 / rate.max(1e-6)).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests;
