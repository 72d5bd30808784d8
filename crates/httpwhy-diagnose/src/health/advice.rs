//! What many answers say together: rules as data, one row each.

use std::collections::BTreeMap;

use httpwhy_catalog::VendorRole;

use super::{Answers, Health};

/// So many hosts are told of one by one.
const APART: usize = 2;
/// Outcomes named in the evidence of one advice.
const NAMED: usize = 4;

/// What to look at first.
#[derive(Debug, Clone, PartialEq)]
pub struct Advice {
    /// The rule's name, e.g. `login`.
    pub rule: &'static str,
    /// The host or product it is about; of several hosts, one and how many others.
    pub about: Option<String>,
    /// How many visits say so.
    pub count: u64,
    /// Of how many.
    pub of: u64,
    /// Their outcomes, the most frequent first.
    pub outcomes: Vec<(String, u64)>,
    /// What it is, in one sentence.
    pub says: &'static str,
    /// What to do.
    pub text: &'static str,
}

/// One rule. All that is set must hold.
struct Rule {
    name: &'static str,
    /// Statuses that count.
    statuses: &'static [u16],
    /// Outcomes that count: an id, or `namespace/*`.
    outcomes: &'static [&'static str],
    /// What is counted together.
    per: Per,
    /// What the count is compared with.
    of: Of,
    /// So many at least,
    least: u64,
    /// and this share.
    share: f64,
    says: &'static str,
    text: &'static str,
}

/// What is counted together.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Per {
    Run,
    Host,
    /// What a product in front made that is there to filter, or to serve anybody from afar.
    Filter,
    /// What a product in front made that only forwards.
    Front,
}

/// What a count is compared with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    /// All that was tried: in the run, or at that host.
    Tried,
    /// All that was given, also what was skipped.
    Given,
    /// All that the rule's statuses and outcomes match.
    Alike,
}

/// Products in front that decide nothing unless somebody told them to.
const FORWARDERS: &[&str] = &[
    "nginx",
    "openresty",
    "haproxy",
    "envoy",
    "traefik",
    "istio",
    "linkerd",
    "squid",
    "tengine",
    "apache-traffic-server",
    "gorouter",
    "varnish",
];

/// The most telling first: of equally many, the first is told first.
const RULES: &[Rule] = &[
    Rule {
        name: "login",
        statuses: &[401],
        outcomes: &["auth/*", "net/redirect-to-login"],
        per: Per::Run,
        of: Of::Tried,
        least: 3,
        share: 0.2,
        says: "nobody is logged in",
        text: "look at the login before the single answers: were credentials given, are they right, do they reach these hosts? \
               One such target by itself says whether they were missing, refused or lost on the way",
    },
    Rule {
        name: "waf",
        statuses: &[403, 406],
        outcomes: &[],
        per: Per::Filter,
        of: Of::Alike,
        least: 3,
        share: 0.5,
        says: "one product in front refuses, most likely a web application firewall or bot filter",
        text: "its rules look at who asks and how, not at rights: have this client's address or name allowed there, or ask more \
               slowly (--rate); other credentials will not help",
    },
    Rule {
        name: "front-refuses",
        statuses: &[403],
        outcomes: &[],
        per: Per::Front,
        of: Of::Alike,
        least: 3,
        share: 0.5,
        says: "the server in front refuses, not the application",
        text: "look into its configuration: deny and allow lists, missing index files, client certificates",
    },
    Rule {
        name: "timeouts-of-one-host",
        statuses: &[],
        outcomes: &[
            "net/connect-timeout",
            "net/read-timeout",
            "net/write-timeout",
            "net/body-timeout",
            "net/deadline-exceeded",
            "net/generic-timeout",
            "net/tls-handshake-timeout",
            "net/idle-timeout",
        ],
        per: Per::Host,
        of: Of::Tried,
        least: 3,
        share: 0.3,
        says: "this host does not answer in time",
        text: "ask it for less at a time (--per-host) and see whether it then answers: if so it was overloaded; if not, a \
               firewall drops the packets or the service hangs",
    },
    Rule {
        name: "rate-limit",
        statuses: &[429],
        outcomes: &[],
        per: Per::Host,
        of: Of::Tried,
        least: 3,
        share: 0.05,
        says: "this host limits how fast it may be asked",
        text: "ask more slowly (--rate-per-host): from its limit on, each answer tells about the limit and not about the target",
    },
    Rule {
        name: "host-down",
        statuses: &[],
        outcomes: &[
            "net/connect-refused",
            "net/connect-reset",
            "net/host-unreachable",
            "net/net-unreachable",
            "net/empty-reply",
            "net/read-reset",
        ],
        per: Per::Host,
        of: Of::Tried,
        least: 3,
        share: 0.5,
        says: "nothing answers at this host and port",
        text: "is the service running, and on this port? What was asked for does not matter here",
    },
    Rule {
        name: "name-unknown",
        statuses: &[],
        outcomes: &[
            "net/dns-not-found",
            "net/dns-nodata",
            "net/dns-servfail",
            "net/dns-refused",
        ],
        per: Per::Host,
        of: Of::Tried,
        least: 2,
        share: 0.9,
        says: "this name does not lead anywhere",
        text: "is it spelled right, and known where this runs? Internal names need the internal name server (--resolver)",
    },
    Rule {
        name: "certificate",
        statuses: &[],
        outcomes: &["tls/*"],
        per: Per::Host,
        of: Of::Tried,
        least: 2,
        share: 0.5,
        says: "no trusted connection to this host",
        text: "one certificate or setting is behind all of these; for a CA of your own, name it with --cacert",
    },
    Rule {
        name: "wrong-base",
        statuses: &[404, 410],
        outcomes: &[],
        per: Per::Host,
        of: Of::Tried,
        least: 5,
        share: 0.5,
        says: "most paths do not exist at this host",
        text: "more likely the base is wrong than each path: a missing prefix or version, another environment (--base)",
    },
    Rule {
        name: "methods",
        statuses: &[405, 501],
        outcomes: &[],
        per: Per::Host,
        of: Of::Tried,
        least: 3,
        share: 0.2,
        says: "methods are refused",
        text: "the list or description names methods that are not there; where they are documented, something in front filters them",
    },
    Rule {
        name: "server-fails",
        statuses: &[500, 502, 503, 504],
        outcomes: &[],
        per: Per::Host,
        of: Of::Tried,
        least: 5,
        share: 0.3,
        says: "this host fails by itself",
        text: "its operator can see why at the times of these answers; while it fails, nothing else it says can be relied on",
    },
    Rule {
        name: "bad-requests",
        statuses: &[400, 422, 415],
        outcomes: &[],
        per: Per::Host,
        of: Of::Tried,
        least: 5,
        share: 0.3,
        says: "what is sent does not please this host",
        text: "example values stand where real ones are needed: give parameters (--var) and content of your own",
    },
    Rule {
        name: "left-out",
        statuses: &[],
        outcomes: &["input/unsafe-method"],
        per: Per::Run,
        of: Of::Given,
        least: 1,
        share: 0.2,
        says: "much was left out because its method may change something",
        text: "where that is harmless, --all-methods sends these too",
    },
];

impl Rule {
    fn matches(&self, answers: &Answers) -> bool {
        if answers.health == Health::Ok {
            return false;
        }
        let by_status = answers
            .status
            .is_some_and(|status| self.statuses.contains(&status));
        by_status
            || self
                .outcomes
                .iter()
                .any(|wanted| match wanted.strip_suffix('*') {
                    Some(namespace) => answers.outcome.starts_with(namespace),
                    None => answers.outcome == *wanted,
                })
    }
}

/// What the answers, the most frequent first, say together.
pub(super) fn of(answers: &[&Answers]) -> Vec<Advice> {
    let mut all: Vec<Advice> = RULES.iter().flat_map(|rule| apply(rule, answers)).collect();
    all.sort_by_key(|advice| std::cmp::Reverse(advice.count));
    all
}

fn apply(rule: &Rule, answers: &[&Answers]) -> Vec<Advice> {
    let mut found: BTreeMap<&str, Advice> = BTreeMap::new();
    let mut alike = 0;
    for answers in answers.iter().filter(|answers| rule.matches(answers)) {
        alike += answers.count;
        let Some(place) = place(rule.per, answers) else {
            continue;
        };
        let advice = found.entry(place).or_insert_with(|| Advice {
            rule: rule.name,
            about: (!place.is_empty()).then(|| place.to_owned()),
            count: 0,
            of: 0,
            outcomes: Vec::new(),
            says: rule.says,
            text: rule.text,
        });
        advice.count += answers.count;
        let known = advice
            .outcomes
            .iter_mut()
            .find(|(id, _)| *id == answers.outcome);
        match known {
            Some((_, count)) => *count += answers.count,
            None => advice
                .outcomes
                .push((answers.outcome.clone(), answers.count)),
        }
    }
    for (place, advice) in &mut found {
        advice.of = match rule.of {
            Of::Alike => alike,
            of => compared(of, rule.per, place, answers),
        };
        advice
            .outcomes
            .sort_by(|a, b| (b.1, &a.0).cmp(&(a.1, &b.0)));
        advice.outcomes.truncate(NAMED);
    }
    let holds = |advice: &Advice| {
        advice.count >= rule.least && advice.count as f64 >= advice.of as f64 * rule.share
    };
    let mut found: Vec<Advice> = found.into_values().filter(holds).collect();
    found.sort_by_key(|advice| std::cmp::Reverse(advice.count));
    if found.len() > APART && rule.per == Per::Host {
        found = vec![together(found)];
    }
    found
}

/// The same said of many hosts, once.
fn together(all: Vec<Advice>) -> Advice {
    let others = all.len() - 1;
    let mut all = all.into_iter();
    let mut one = all.next().expect("there are several");
    one.about = one
        .about
        .map(|first| format!("{first} and {others} other hosts"));
    for other in all {
        one.count += other.count;
        one.of += other.of;
        for (outcome, count) in other.outcomes {
            match one.outcomes.iter_mut().find(|(id, _)| *id == outcome) {
                Some((_, known)) => *known += count,
                None => one.outcomes.push((outcome, count)),
            }
        }
    }
    one.outcomes.sort_by(|a, b| (b.1, &a.0).cmp(&(a.1, &b.0)));
    one.outcomes.truncate(NAMED);
    one
}

/// What the answers are counted under; `None`: the rule says nothing about them.
fn place(per: Per, answers: &Answers) -> Option<&str> {
    match per {
        Per::Run => Some(""),
        Per::Host => Some(answers.host.as_str()).filter(|host| !host.is_empty()),
        Per::Filter | Per::Front => {
            let producer = answers.producer.as_deref()?;
            let vendors = httpwhy_catalog::vendors().iter();
            let vendor = vendors
                .filter(|vendor| vendor.role != VendorRole::Origin)
                .find(|vendor| vendor.name == producer)?;
            let forwards = FORWARDERS.contains(&vendor.key);
            (forwards == (per == Per::Front)).then_some(producer)
        }
    }
}

fn compared(of: Of, per: Per, place: &str, answers: &[&Answers]) -> u64 {
    let there = answers.iter().filter(|answers| {
        let tried = of == Of::Given || answers.health != Health::Skipped;
        tried && (per == Per::Run || answers.host == place)
    });
    there.map(|answers| answers.count).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_name_what_there_is() {
        let mut names: Vec<&str> = RULES.iter().map(|rule| rule.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), RULES.len());
        for rule in RULES {
            for outcome in rule.outcomes {
                let known = match outcome.strip_suffix('*') {
                    Some(namespace) => httpwhy_catalog::entries()
                        .iter()
                        .any(|entry| entry.id.0.starts_with(namespace)),
                    None => httpwhy_catalog::by_id(outcome).is_some(),
                };
                assert!(known, "{}: {outcome}", rule.name);
            }
            assert!(rule.share > 0.0 && rule.share <= 1.0, "{}", rule.name);
        }
        let keys: Vec<&str> = httpwhy_catalog::vendors()
            .iter()
            .map(|vendor| vendor.key)
            .collect();
        for forwarder in FORWARDERS {
            assert!(keys.contains(forwarder), "{forwarder}");
        }
    }
}
