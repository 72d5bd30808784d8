//! When hosts that have nothing to do with each other all fail in one way: the run pauses, says so once, and goes on
//! when that is mended.

mod local;

use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use httpwhy_catalog::by_id;
use httpwhy_diagnose::causes::{Alarm, Shared, Streak};
use httpwhy_model::{Audience, Exchange, Phase, Seen, Signal};
use httpwhy_probe::{Config, Gate};
use httpwhy_render::safe;

use super::pace::seconds;
use crate::judge::Judged;

/// Targets tried while the run pauses, spread over the time it may pause.
const TRIES: u32 = 12;
/// The longest time between two of them.
const LONGEST: Duration = Duration::from_secs(10);

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct YourSideArgs {
    /// When the last 50 targets, on 5 or more unrelated hosts, fail in one way that points to this machine or its network,
    /// the run pauses and says what it found out. Seconds to pause at most, with a target tried now and then: when none
    /// gets through, the rest ends as engine/your-side. 0: no pause, no check
    #[arg(long, help_heading = "Your side", value_name = "SECONDS", default_value = "120", value_parser = seconds)]
    pause: Duration,

    /// A URL that is known to answer, asked for when the run pauses; by itself nothing is sent to anybody but the name
    /// servers that are asked anyway
    #[arg(long, help_heading = "Your side", value_name = "URL")]
    check_url: Option<String>,
}

/// Looks at every end, and pauses the run.
pub(crate) struct YourSide {
    pause: Duration,
    check_url: Option<String>,
    config: Arc<Config>,
    gate: Gate,
    stop: Arc<AtomicBool>,
    quiet: bool,
    watch: Mutex<Watch>,
    changed: Condvar,
}

#[derive(Default)]
struct Watch {
    streak: Streak,
    /// What is wrong, while the run pauses.
    alarm: Option<Alarm>,
    /// It was said before, in this run.
    said: bool,
    /// What the run ends with.
    gave_up: Option<Alarm>,
    /// What was last wrong, mended or not.
    known: Option<Alarm>,
    /// How far the last answer's Date was from this machine's clock, in seconds: positive when the clock is ahead.
    skew: Option<i64>,
    /// When that was.
    skew_seen: Option<SystemTime>,
    ended: bool,
}

impl Watch {
    /// Compares clocks, once a second: a Date has no finer steps.
    fn tell_time(&mut self, exchange: &Exchange) {
        let Seen::Present(now) = exchange.observed_at else {
            return;
        };
        let since = self.skew_seen.map(|seen| now.duration_since(seen));
        if matches!(since, Some(Ok(since)) if since < Duration::from_secs(1)) {
            return;
        }
        if let Some(skew) = skew(exchange, now) {
            self.skew = Some(skew);
            self.skew_seen = Some(now);
        }
    }
}

impl YourSide {
    pub(crate) fn new(
        args: &YourSideArgs,
        config: &Arc<Config>,
        stop: Arc<AtomicBool>,
        quiet: bool,
    ) -> Self {
        Self {
            pause: args.pause,
            check_url: args.check_url.clone(),
            config: Arc::clone(config),
            gate: config.gate.clone(),
            stop,
            quiet,
            watch: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    /// Takes note of one target's end.
    pub(crate) fn see(&self, judged: &Judged) {
        let Some(exchange) = judged.visit.landed().map(|step| &step.exchange) else {
            return;
        };
        let shared = Shared::of(&judged.visit, judged.verdict());
        // What was never asked for, an input that is no URL, says nothing of the network.
        let tried = exchange.peer.is_some() || judged.verdict().phase != Phase::Queue;
        if self.pause.is_zero() || !tried && shared.is_none() {
            return;
        }
        let mut watch = self.lock();
        watch.tell_time(exchange);
        if let Some(alarm) = &watch.alarm {
            // Those under way when it was raised still come in.
            let resolved = alarm.shared == Shared::Resolver && exchange.peer.is_some();
            if shared.is_none() && (exchange.received > 0 || resolved) {
                watch.alarm = None;
                watch.streak.clear();
                self.changed.notify_all();
            }
        } else if let Some(alarm) = watch.streak.add(&judged.visit.asked, shared) {
            self.gate.shut();
            watch.known = Some(alarm.clone());
            watch.alarm = Some(alarm);
            self.changed.notify_all();
        }
    }

    /// Waits for an alarm, and deals with it, until the run ends.
    pub(crate) fn guard(&self) {
        loop {
            let watch = self.lock();
            let waited = self
                .changed
                .wait_while(watch, |watch| watch.alarm.is_none() && !watch.ended);
            let mut watch = waited.unwrap_or_else(PoisonError::into_inner);
            if watch.ended {
                return;
            }
            let Some(alarm) = watch.alarm.clone() else {
                continue;
            };
            let first = !std::mem::replace(&mut watch.said, true);
            let skew = watch.skew;
            drop(watch);
            if first {
                self.say(&self.report(&alarm, skew));
            }
            if !self.wait_for_mending(&alarm) {
                return;
            }
        }
    }

    /// Ends [`YourSide::guard`].
    pub(crate) fn end(&self) {
        self.lock().ended = true;
        self.changed.notify_all();
    }

    /// What the rest of the inputs ends with, when the run was given up.
    pub(crate) fn gave_up(&self) -> Option<Signal> {
        self.lock().gave_up.as_ref().map(Alarm::signal)
    }

    /// What unrelated hosts shared, when they all failed at some time.
    pub(crate) fn shared(&self) -> Option<&'static str> {
        self.lock().known.as_ref().map(|alarm| alarm.shared.word())
    }

    /// Lets a target through now and then. `false`: the run is over.
    fn wait_for_mending(&self, alarm: &Alarm) -> bool {
        let until = Instant::now() + self.pause;
        let between = (self.pause / TRIES).min(LONGEST);
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let watch = self.lock();
            let waited = self
                .changed
                .wait_timeout_while(watch, between.min(left), |watch| {
                    watch.alarm.is_some() && !watch.ended
                });
            let (mut watch, _) = waited.unwrap_or_else(PoisonError::into_inner);
            if watch.ended || self.stop.load(Ordering::Relaxed) {
                self.gate.open();
                return false;
            }
            if watch.alarm.is_none() {
                drop(watch);
                self.gate.open();
                self.say("httpwhy: a target got through: the run goes on; what failed before keeps its record");
                return true;
            }
            if Instant::now() >= until {
                watch.gave_up = Some(alarm.clone());
                drop(watch);
                self.say("httpwhy: nothing got through: the rest of the list ends as engine/your-side; mend it, then go on with --resume");
                self.stop.store(true, Ordering::Relaxed);
                return false;
            }
            drop(watch);
            self.gate.let_through(1);
        }
    }

    fn report(&self, alarm: &Alarm, skew: Option<i64>) -> String {
        // Writing into a string does not fail.
        let mut text = format!(
            "httpwhy: engine/your-side: the last {} targets, on {} unrelated hosts, all failed in one way. What they share is on your side: {}",
            alarm.targets,
            alarm.hosts,
            safe(&alarm.shared.to_string())
        );
        for (what, found) in local::check(&self.config, self.check_url.as_deref(), skew) {
            let _ = write!(text, "\n  {what:<9} {}", safe(&found));
        }
        let _ = write!(
            text,
            "\n  paused    for {} s at most (--pause); a target is tried every {} s",
            self.pause.as_secs(),
            (self.pause / TRIES).min(LONGEST).as_secs().max(1)
        );
        let remedy = by_id("engine/your-side").and_then(|entry| {
            let mut fixes = entry.fixes();
            fixes.find(|(audience, _)| *audience == Audience::Caller)
        });
        if let Some((_, remedy)) = remedy {
            let _ = write!(
                text,
                "\n  do        {}",
                remedy.lines().next().unwrap_or_default()
            );
        }
        text + "\n  more      httpwhy explain engine/your-side"
    }

    fn say(&self, text: &str) {
        if !self.quiet {
            let _ = std::io::stderr().write_all(format!("{text}\n").as_bytes());
        }
    }

    fn lock(&self) -> MutexGuard<'_, Watch> {
        self.watch.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Seconds by which this machine's clock is ahead of the answer's Date.
fn skew(exchange: &Exchange, observed: SystemTime) -> Option<i64> {
    let fields = &exchange.response.as_ref()?.fields;
    let date: SystemTime = httpdate::parse_http_date(fields.text("date")?).ok()?;
    Some(match observed.duration_since(date) {
        Ok(ahead) => ahead.as_secs() as i64,
        Err(behind) => -(behind.duration().as_secs() as i64),
    })
}
