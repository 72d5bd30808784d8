//! One host: how much of it is under way, and how it takes it.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use super::heard::{Heard, Trouble, is_private};
use super::{Pace, Why, gap};

/// The longest pause between exchanges that a 429 without Retry-After leads to.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// The longest pause that 503 and resets lead to: they may be what the list is about.
const SHORT_PAUSE: Duration = Duration::from_secs(1);
/// The first pause, once a host is asked one thing at a time.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// A pause shorter than this is none.
const NO_PAUSE: Duration = Duration::from_millis(50);
/// Answers heard before latency means anything.
const SAMPLES: u32 = 8;
/// Latency rises when it is so many times the host's quick one, and so much longer.
const RISEN: f64 = 4.0;
const RISEN_BY: f64 = 0.2;

/// One host, with what waits for it.
#[derive(Debug)]
pub(super) struct Host<W> {
    pub(super) waiting: VecDeque<W>,
    pub(super) running: usize,
    /// It is in the line of those that may be asked.
    pub(super) runnable: bool,
    /// It is among those that must not be asked yet.
    pub(super) resting: bool,
    public: bool,
    /// Exchanges at the same time at most: a ceiling that holds.
    most: usize,
    /// How many of these it takes well; between 1 and `most`.
    takes: f64,
    /// Between two beginnings.
    gap: Duration,
    /// Between the end of one and the next, while it is in trouble.
    pause: Duration,
    /// Not asked before, and why.
    not_before: Option<(Instant, Why)>,
    /// When it was last slowed down: trouble of exchanges begun before that is old news.
    slowed: Option<Instant>,
    latency: Latency,
}

/// How long answers take, in seconds.
#[derive(Debug, Default)]
struct Latency {
    /// The quick ones: falls at once, rises by a fiftieth an answer.
    quick: f64,
    /// The recent ones, smoothed.
    recent: f64,
    heard: u32,
}

impl<W> Host<W> {
    pub(super) fn new(key: &str, pace: &Pace, ceiling: usize) -> Self {
        let mut host = Self {
            waiting: VecDeque::new(),
            running: 0,
            runnable: false,
            resting: false,
            public: !is_here(key),
            most: 0,
            takes: 0.0,
            gap: Duration::ZERO,
            pause: Duration::ZERO,
            not_before: None,
            slowed: None,
            latency: Latency::default(),
        };
        host.bound(pace, ceiling);
        host.takes = host.most as f64;
        host
    }

    /// Sets the bounds that hold for it.
    fn bound(&mut self, pace: &Pace, ceiling: usize) {
        let manners = pace.public.filter(|_| self.public);
        let most = pace.per_host.or(manners.map(|m| m.per_host));
        let rate = pace.rate_per_host.or(manners.map(|m| m.rate));
        self.most = most.unwrap_or(ceiling).clamp(1, ceiling);
        self.gap = rate.map_or(Duration::ZERO, gap);
    }

    /// Why it must not be asked now, and until when; `None` there: until one of its exchanges ends.
    pub(super) fn blocked(&self, now: Instant) -> Option<(Why, Option<Instant>)> {
        if let Some((until, why)) = self.not_before
            && until > now
        {
            return Some((why, Some(until)));
        }
        let takes = (self.takes as usize).clamp(1, self.most);
        (self.running >= takes).then(|| {
            let slowed = takes < self.most;
            let why = if slowed {
                Why::HostSlowed
            } else {
                Why::HostLimit
            };
            (why, None)
        })
    }

    /// One more waits; `first`: before all others.
    pub(super) fn wait(&mut self, waiting: W, first: bool) {
        if first {
            self.waiting.push_front(waiting);
        } else {
            self.waiting.push_back(waiting);
        }
    }

    /// One more is under way.
    pub(super) fn begin(&mut self, now: Instant) {
        self.running += 1;
        if !self.gap.is_zero() {
            self.wait_until(now + self.gap, Why::HostRate);
        }
    }

    fn wait_until(&mut self, until: Instant, why: Why) {
        if self.not_before.is_none_or(|(other, _)| other < until) {
            self.not_before = Some((until, why));
        }
    }

    /// Whether forgetting it changes nothing, and nobody knows it by its number.
    pub(super) fn is_idle(&self, now: Instant) -> bool {
        self.running == 0
            && self.waiting.is_empty()
            && !self.runnable
            && !self.resting
            && self.not_before.is_none_or(|(until, _)| until <= now)
            && self.takes as usize >= self.most
            && self.pause.is_zero()
    }

    /// Changes how it is asked by what was heard of an exchange that began then.
    pub(super) fn learn(
        &mut self,
        heard: &Heard,
        began: Instant,
        now: Instant,
        pace: &Pace,
        ceiling: usize,
    ) {
        if self.public && heard.private {
            self.public = false;
            self.bound(pace, ceiling);
            self.takes = self.most as f64;
            self.not_before = None;
        }
        if let Some(asked) = heard.asked {
            // A 503 of a host of one's own may be what the list is about.
            let ours = !self.public && heard.trouble == Some(Trouble::Unwell);
            let longest = if ours { SHORT_PAUSE } else { pace.longest };
            self.wait_until(now + asked.min(longest).min(pace.longest), Why::HostAsked);
        }
        if let Some(trouble) = heard.trouble {
            // Those under way when it was slowed down say nothing new.
            if self.slowed.is_none_or(|slowed| began >= slowed) {
                self.slow_down(trouble, now);
            }
            return;
        }
        let wait = heard.wait.filter(|_| pace.latency);
        let risen = wait.is_some_and(|wait| self.hear_latency(wait.as_secs_f64(), now));
        if !risen {
            self.recover();
        }
    }

    /// Half as many; where it is one already, with a pause that doubles.
    fn slow_down(&mut self, trouble: Trouble, now: Instant) {
        self.slowed = Some(now);
        if self.takes >= 2.0 {
            self.takes = (self.takes / 2.0).max(1.0);
            return;
        }
        let longest = match trouble {
            Trouble::TooMany => LONGEST_PAUSE,
            Trouble::Unwell => SHORT_PAUSE,
        };
        self.takes = 1.0;
        self.pause = (self.pause * 2).clamp(FIRST_PAUSE, longest);
        self.wait_until(now + self.pause, Why::HostSlowed);
    }

    /// One more for every round of answers.
    fn recover(&mut self) {
        self.pause /= 2;
        if self.pause < NO_PAUSE {
            self.pause = Duration::ZERO;
            self.takes = (self.takes + 1.0 / self.takes.max(1.0)).min(self.most as f64);
        }
    }

    /// Says whether answers take longer than they did; then it is asked less.
    fn hear_latency(&mut self, wait: f64, now: Instant) -> bool {
        let latency = &mut self.latency;
        if latency.heard == 0 {
            (latency.quick, latency.recent) = (wait, wait);
        }
        latency.heard = latency.heard.saturating_add(1);
        latency.quick = wait.min(latency.quick * 1.02);
        latency.recent += (wait - latency.recent) / f64::from(SAMPLES);
        let risen = latency.recent > RISEN * latency.quick + RISEN_BY;
        let enough = latency.heard >= SAMPLES.max(self.takes as u32);
        // It is we who load it only as long as it does as much for us as it is allowed to.
        let busy = self.running + 1 >= self.takes as usize;
        if risen && enough && busy {
            let least = self.most.div_ceil(8) as f64;
            self.takes = (self.takes * 0.75).max(least).min(self.takes);
            self.slowed = Some(now);
            self.latency.heard = 1;
        }
        risen
    }
}

/// Whether a host is known not to be public by its name alone.
fn is_here(key: &str) -> bool {
    let name = key.rsplit_once(':').map_or(key, |(name, _)| name);
    let name = name.trim_matches(['[', ']']).trim_end_matches('.');
    name == "localhost"
        || name.ends_with(".localhost")
        || name.parse::<IpAddr>().is_ok_and(is_private)
}
