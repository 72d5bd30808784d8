//! Who asks: Basic (RFC 7617), Digest (RFC 7616) and Bearer (RFC 6750).

mod challenges;
mod digest;

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use httpwhy_model::{Exchange, Phase, Signal};

use crate::target::{Origin, Target};
use crate::visit::Internal;
use crate::{Job, tls};
use challenges::challenges;
pub(crate) use digest::{Asked, Digest};

/// With what to log in. It goes to the origin of the job's own target and to no other.
///
/// User name and password in a target URI go before those given here. What it holds is secret: its `Debug` form tells the
/// scheme alone.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// How.
    pub scheme: Scheme,
    /// User name and password, or none but those of the target URI.
    pub user: Option<(String, String)>,
}

/// How to log in.
#[derive(Clone, PartialEq, Eq)]
pub enum Scheme {
    /// At once, without being asked.
    Basic,
    /// When a 401 asks for it, in a step of its own.
    Digest,
    /// This token, at once.
    Bearer(String),
}

impl Login {
    /// The Authorization field's value that is sent without being asked (RFC 7617, RFC 6750); `None` for Digest, and
    /// where there is no user name.
    pub fn at_once(&self) -> Option<String> {
        match &self.scheme {
            Scheme::Basic => self.user.as_ref().map(basic),
            Scheme::Bearer(token) => Some(format!("Bearer {token}")),
            Scheme::Digest => None,
        }
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Login({:?})", self.scheme)
    }
}

impl fmt::Debug for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Basic => "Basic",
            Self::Digest => "Digest",
            Self::Bearer(_) => "Bearer",
        })
    }
}

/// How often in a row a challenge is answered: once, and once more when only the nonce was stale (RFC 7616 section 3.5).
const ANSWERS: u8 = 2;

/// The login of one visit.
#[derive(Debug)]
pub(crate) struct Session {
    login: Arc<Login>,
    /// Where the credentials may go; `None`: the target is no URL.
    home: Option<Origin>,
    digest: Option<Digest>,
    /// Challenges answered since the last answer that was none.
    answered: u8,
}

impl Session {
    /// That of a job, if it has a login.
    pub(crate) fn of(job: &Job) -> Option<Self> {
        Some(Self {
            login: Arc::clone(job.login.as_ref()?),
            home: Target::parse(&job.target).ok().map(|target| target.origin),
            digest: None,
            answered: 0,
        })
    }

    /// The user name and password for that target, where they may go.
    fn user<'a>(&'a self, target: &'a Target) -> Option<&'a (String, String)> {
        let may_go = self.home.as_ref() == Some(&target.origin);
        let own = target.user.as_ref();
        own.or(self.login.user.as_ref()).filter(|_| may_go)
    }

    /// Looks at what came; whether the same is to be asked again with an answer to its challenge.
    pub(crate) fn is_challenged(&mut self, exchange: &mut Exchange) -> Result<bool, Internal> {
        let response = exchange.response.as_ref();
        let Some(response) = response.filter(|response| response.status() == Some(401)) else {
            self.answered = 0;
            return Ok(false);
        };
        let target = Target::parse(&exchange.target).ok();
        let has_user = target.is_some_and(|target| self.user(&target).is_some());
        if self.login.scheme != Scheme::Digest || !has_user || self.answered >= ANSWERS {
            return Ok(false);
        }
        let challenges = challenges(&response.fields);
        let sent = exchange.request.fields.has("authorization");
        let asked_for_any = !challenges.is_empty();
        let Some(digest) = Digest::best(challenges, tls::random::<16>()?) else {
            if asked_for_any && !sent {
                let unknown = Signal::word("auth", "scheme-unsupported");
                exchange.signal(Phase::Wait, unknown);
            }
            return Ok(false);
        };
        if sent && !digest.says_stale() {
            // These credentials were refused.
            return Ok(false);
        }
        self.digest = Some(digest);
        self.answered += 1;
        Ok(true)
    }
}

/// The value of Authorization for that target, if anything is to be sent: by the session's login, else by what the target
/// URI itself holds.
pub(crate) fn field(
    session: Option<&Session>,
    target: &Target,
    asked: Asked<'_>,
) -> Option<String> {
    let at_home = session.filter(|session| session.home.as_ref() == Some(&target.origin));
    let Some(session) = at_home else {
        return target.user.as_ref().map(basic);
    };
    match &session.login.scheme {
        Scheme::Bearer(token) if target.user.is_none() => Some(format!("Bearer {token}")),
        Scheme::Digest => {
            let (name, password) = session.user(target)?;
            Some(session.digest.as_ref()?.answer(name, password, asked))
        }
        Scheme::Basic | Scheme::Bearer(_) => session.user(target).map(basic),
    }
}

fn basic((name, password): &(String, String)) -> String {
    format!(
        "Basic {}",
        BASE64_STANDARD.encode(format!("{name}:{password}"))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_shown() {
        let login = Login {
            scheme: Scheme::Bearer("s3cret".into()),
            user: Some(("me".into(), "s3cret".into())),
        };
        assert_eq!(format!("{login:?}"), "Login(Bearer)");
    }
}
