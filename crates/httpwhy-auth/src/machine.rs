//! The life of a session as a pure state machine: `Anonymous -> LoggingIn -> Verifying -> Active(epoch) -> Suspect ->
//! Active | LoggingIn … -> Lost`. It has no clock and sends nothing: it is told what happened and when, and says what to
//! do. There is one login at a time, because there is one machine.
//!
//! Each session has an epoch. What comes back with the credentials of an older one says nothing of the session that is
//! there now: a late 401 starts no login. A sign of loss is never believed by itself: the verify request confirms it.

use std::time::Duration;

use httpwhy_model::Signal;

/// Refusals of the credentials after which no further login is tried: accounts are locked after a few more.
pub(crate) const REFUSALS: u32 = 2;
/// A session that ends before so many exchanges were answered inside it was lost right after the login.
pub(crate) const FIRST: u64 = 3;
/// Sessions in a row lost right after login, after which a further login proves nothing.
const SHORT_LIVED: u32 = 2;

/// Where a session stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum State {
    /// Nobody asked for it yet.
    Anonymous,
    /// The steps of the login are under way, or wait for their time.
    LoggingIn,
    /// The steps are done; the verify request has to show that they were good.
    Verifying,
    /// It is there.
    Active,
    /// A sign of loss came: the verify request has to confirm it.
    Suspect,
    /// It cannot be had; why.
    Lost(Signal),
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Do {
    /// Nothing.
    Nothing,
    /// Log in, not before that moment.
    Login { from: Duration },
    /// Ask the verify request with the session that is there.
    Verify,
}

/// How a login ended.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Attempt {
    /// Logged in, as verify shows. When the session ends by what it says itself.
    Passed { ends: Option<Duration> },
    /// The credentials were refused.
    Refused(Signal),
    /// It failed otherwise, verify included.
    Failed(Signal),
}

/// What the verify request showed of a suspected session.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Checked {
    /// It is there, or nothing can be told.
    Inside,
    /// It is gone. `explained`: something that the run did ended it, such as a visit to the logout.
    Gone { explained: bool },
    /// Now it is there and now it is not.
    Unsteady(Signal),
}

/// How often what was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Figures {
    /// Logins that were begun.
    pub logins: u64,
    /// Verify requests with a session.
    pub verified: u64,
    /// Sessions that were lost, as verify confirmed.
    pub losses: u64,
    /// Sessions that were renewed before their end.
    pub renewals: u64,
    /// Whether a server replaced a refresh token: the one that the flow names may be used up.
    pub has_replaced: bool,
}

/// When the session is renewed, and how often.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    pub(crate) before_expiry: Duration,
    pub(crate) max: u32,
    pub(crate) min_interval: Duration,
    pub(crate) every: Option<Duration>,
}

/// The session of a run. All moments are counted from the same beginning.
#[derive(Debug)]
pub(crate) struct Machine {
    rules: Rules,
    state: State,
    epoch: u64,
    /// When the session of this epoch began.
    since: Duration,
    /// When it is to be renewed.
    renew: Option<Duration>,
    /// When verify was asked last.
    checked: Duration,
    /// Exchanges answered inside the session of this epoch.
    good: u64,
    relogins: u32,
    refusals: u32,
    short_lived: u32,
    last_login: Option<Duration>,
    pub(crate) figures: Figures,
}

impl Machine {
    pub(crate) fn new(rules: Rules) -> Self {
        Self {
            rules,
            state: State::Anonymous,
            epoch: 0,
            since: Duration::ZERO,
            renew: None,
            checked: Duration::ZERO,
            good: 0,
            relogins: 0,
            refusals: 0,
            short_lived: 0,
            last_login: None,
            figures: Figures::default(),
        }
    }

    pub(crate) const fn state(&self) -> &State {
        &self.state
    }

    /// The number of the session that is there or was there last; 0 before the first.
    pub(crate) const fn epoch(&self) -> u64 {
        self.epoch
    }

    /// When the session that is there began.
    pub(crate) const fn since(&self) -> Duration {
        self.since
    }

    /// Somebody needs the session.
    pub(crate) fn wanted(&mut self, now: Duration) -> Do {
        match self.state {
            State::Anonymous => self.login(now),
            State::Active if self.renew.is_some_and(|renew| now >= renew) => {
                self.figures.renewals += 1;
                self.login(now)
            }
            State::Active
                if self
                    .rules
                    .every
                    .is_some_and(|every| now >= self.checked + every) =>
            {
                self.suspect()
            }
            _ => Do::Nothing,
        }
    }

    /// An exchange with the credentials of that epoch was answered inside the session.
    pub(crate) const fn good(&mut self, epoch: u64) {
        if epoch == self.epoch {
            self.good += 1;
        }
    }

    /// An exchange with the credentials of that epoch showed a sign of loss.
    pub(crate) fn out(&mut self, epoch: u64) -> Do {
        if epoch == self.epoch && self.state == State::Active {
            return self.suspect();
        }
        Do::Nothing
    }

    fn suspect(&mut self) -> Do {
        self.state = State::Suspect;
        Do::Verify
    }

    /// Whether a session that is gone now would be one lost right after its login.
    pub(crate) const fn is_fresh(&self) -> bool {
        self.good < FIRST
    }

    /// The verify request was answered.
    pub(crate) fn checked(&mut self, found: Checked, now: Duration) -> Do {
        self.figures.verified += 1;
        self.checked = now;
        if self.state != State::Suspect {
            return Do::Nothing;
        }
        let explained = match found {
            Checked::Inside => {
                self.state = State::Active;
                return Do::Nothing;
            }
            Checked::Unsteady(why) => {
                self.figures.losses += 1;
                self.state = State::Lost(why);
                return Do::Nothing;
            }
            Checked::Gone { explained } => explained,
        };
        self.figures.losses += 1;
        if self.is_fresh() && !explained {
            self.short_lived += 1;
        } else {
            self.short_lived = 0;
        }
        if self.short_lived >= SHORT_LIVED {
            let times = self.short_lived.to_string();
            let why = crate::auth("lost-right-after-login", &[("times", times)]);
            self.state = State::Lost(why);
            return Do::Nothing;
        }
        if self.relogins >= self.rules.max {
            let max = self.rules.max.to_string();
            self.state = State::Lost(crate::auth("relogin-limit", &[("max", max)]));
            return Do::Nothing;
        }
        self.relogins += 1;
        self.login(now)
    }

    fn login(&mut self, now: Duration) -> Do {
        self.state = State::LoggingIn;
        self.figures.logins += 1;
        let from = self
            .last_login
            .map_or(now, |last| now.max(last + self.rules.min_interval));
        self.last_login = Some(from);
        Do::Login { from }
    }

    /// The steps of the login are done.
    pub(crate) fn stepped(&mut self) {
        if self.state == State::LoggingIn {
            self.state = State::Verifying;
            self.figures.verified += 1;
        }
    }

    /// A login ended.
    pub(crate) fn ended(&mut self, attempt: Attempt, now: Duration) -> Do {
        match attempt {
            Attempt::Passed { ends } => {
                self.state = State::Active;
                self.epoch += 1;
                self.since = now;
                self.checked = now;
                self.good = 0;
                self.refusals = 0;
                self.renew = ends.map(|ends| self.renewal(ends, now));
                Do::Nothing
            }
            Attempt::Refused(why) => {
                self.refusals += 1;
                if self.refusals < REFUSALS {
                    return self.login(now);
                }
                let refusals = self.refusals.to_string();
                let word = why.word_text().into_owned();
                let params = [("refusals", refusals), ("last", word)];
                self.state = State::Lost(crate::auth("lockout-risk", &params));
                Do::Nothing
            }
            Attempt::Failed(why) => {
                self.state = State::Lost(why);
                Do::Nothing
            }
        }
    }

    /// Nobody logs in or checks any more.
    pub(crate) fn give_up(&mut self, why: Signal) {
        if !matches!(self.state, State::Lost(_)) {
            self.state = State::Lost(why);
        }
    }

    /// Ahead of the end, but not in the first half of the life: a short one would be renewed without end.
    fn renewal(&self, ends: Duration, now: Duration) -> Duration {
        let half = now + ends.saturating_sub(now) / 2;
        ends.saturating_sub(self.rules.before_expiry).max(half)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn machine() -> Machine {
        Machine::new(Rules {
            before_expiry: s(30),
            max: 2,
            min_interval: s(10),
            every: None,
        })
    }

    fn active() -> Machine {
        let mut machine = machine();
        assert_eq!(machine.wanted(s(0)), Do::Login { from: s(0) });
        machine.stepped();
        assert_eq!(machine.state(), &State::Verifying);
        machine.ended(Attempt::Passed { ends: None }, s(1));
        machine
    }

    fn refused() -> Attempt {
        Attempt::Refused(crate::auth("credentials-rejected", &[]))
    }

    #[test]
    fn one_login_however_many_ask() {
        let mut machine = machine();
        assert_eq!(machine.wanted(s(0)), Do::Login { from: s(0) });
        for _ in 0..100 {
            assert_eq!(machine.wanted(s(0)), Do::Nothing);
        }
        machine.ended(Attempt::Passed { ends: None }, s(1));
        assert_eq!((machine.wanted(s(9999)), machine.epoch()), (Do::Nothing, 1));
        assert_eq!(machine.figures.logins, 1);
    }

    #[test]
    fn a_late_sign_of_an_older_session_starts_nothing() {
        let mut machine = active();
        machine.good(1);
        machine.good(1);
        machine.good(1);
        assert_eq!(machine.out(1), Do::Verify);
        assert_eq!(machine.out(1), Do::Nothing, "it is suspected already");
        let gone = Checked::Gone { explained: false };
        assert_eq!(machine.checked(gone, s(20)), Do::Login { from: s(20) });
        machine.ended(Attempt::Passed { ends: None }, s(21));
        assert_eq!(machine.epoch(), 2);
        for _ in 0..50 {
            assert_eq!(machine.out(1), Do::Nothing);
        }
        assert_eq!(machine.figures.logins, 2);
        assert_eq!((machine.since(), machine.figures.losses), (s(21), 1));
    }

    #[test]
    fn a_refused_resource_is_no_loss() {
        let mut machine = active();
        assert_eq!(machine.out(1), Do::Verify);
        assert_eq!(machine.checked(Checked::Inside, s(2)), Do::Nothing);
        assert_eq!((machine.state(), machine.epoch()), (&State::Active, 1));
        assert_eq!(machine.figures.losses, 0);
    }

    #[test]
    fn two_refusals_are_the_end() {
        let mut machine = machine();
        machine.wanted(s(0));
        assert_eq!(machine.ended(refused(), s(1)), Do::Login { from: s(10) });
        assert_eq!(machine.ended(refused(), s(11)), Do::Nothing);
        let State::Lost(why) = machine.state() else {
            panic!("{:?}", machine.state());
        };
        assert_eq!(
            why.to_string(),
            "auth:lockout-risk refusals=2 last=credentials-rejected"
        );
        assert_eq!(machine.wanted(s(9999)), Do::Nothing);
        assert_eq!(machine.figures.logins, 2);
    }

    #[test]
    fn losses_are_limited() {
        let mut machine = active();
        let gone = Checked::Gone { explained: true };
        for (at, epoch) in [(100, 1), (200, 2)] {
            machine.out(epoch);
            assert_eq!(
                machine.checked(gone.clone(), s(at)),
                Do::Login { from: s(at) }
            );
            machine.ended(Attempt::Passed { ends: None }, s(at + 1));
        }
        machine.out(3);
        assert_eq!(machine.checked(gone, s(300)), Do::Nothing);
        assert!(matches!(machine.state(), State::Lost(why) if why.is("auth:relogin-limit")));
    }

    #[test]
    fn sessions_that_do_not_last_are_not_made_again_and_again() {
        let mut machine = active();
        let gone = Checked::Gone { explained: false };
        machine.out(1);
        assert_eq!(
            machine.checked(gone.clone(), s(2)),
            Do::Login { from: s(10) }
        );
        machine.ended(Attempt::Passed { ends: None }, s(11));
        machine.out(2);
        assert_eq!(machine.checked(gone, s(12)), Do::Nothing);
        assert!(
            matches!(machine.state(), State::Lost(why) if why.is("auth:lost-right-after-login"))
        );
    }

    #[test]
    fn it_is_renewed_before_its_end_and_not_at_once() {
        for (ends, early, late) in [(601, 570, 571), (21, 10, 11)] {
            let mut machine = machine();
            machine.wanted(s(0));
            machine.ended(
                Attempt::Passed {
                    ends: Some(s(ends)),
                },
                s(1),
            );
            assert_eq!(machine.wanted(s(early)), Do::Nothing, "{ends}");
            assert_eq!(
                machine.wanted(s(late)),
                Do::Login { from: s(late) },
                "{ends}"
            );
            assert_eq!((machine.figures.renewals, machine.figures.losses), (1, 0));
        }
    }

    #[test]
    fn it_is_checked_now_and_then_when_that_is_asked_for() {
        let mut machine = active();
        machine.rules.every = Some(s(60));
        assert_eq!(machine.wanted(s(60)), Do::Nothing);
        assert_eq!(machine.wanted(s(61)), Do::Verify);
        assert_eq!(machine.wanted(s(62)), Do::Nothing);
        machine.checked(Checked::Inside, s(63));
        assert_eq!(machine.wanted(s(64)), Do::Nothing);
    }
}
