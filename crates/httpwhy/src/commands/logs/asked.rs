//! Which lines are asked for.

use httpwhy_catalog::by_id;
use httpwhy_logs::{Filter, Where};
use httpwhy_model::Party;

use super::when;
use crate::terms::statuses;

#[derive(Debug, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Which lines")]
pub(crate) struct Args {
    /// Statuses: 502, 500-504, 5xx
    #[arg(long, value_name = "STATUSES", value_delimiter = ',')]
    status: Vec<String>,

    /// Outcomes: http/502, nginx/*
    #[arg(long, value_name = "OUTCOMES", value_delimiter = ',')]
    outcome: Vec<String>,

    /// Parties to blame: client, origin, intermediary …
    #[arg(long, value_name = "PARTIES", value_delimiter = ',')]
    party: Vec<String>,

    /// Paths, with * for anything
    #[arg(long, value_name = "PATTERN")]
    path: Vec<String>,

    /// Hosts, with * for anything
    #[arg(long, value_name = "PATTERN")]
    host: Vec<String>,

    /// Not before: 2026-11-03T14:00, 14:00 (today), 1h (ago)
    #[arg(long, value_name = "TIME")]
    since: Option<String>,

    /// Only before
    #[arg(long, value_name = "TIME")]
    until: Option<String>,

    /// Conditions on columns: duration>=250ms, "agent~bot and status>499 or upstream=10.0.0.5:*"; several of these options
    /// must all hold
    #[arg(long = "where", value_name = "CONDITION")]
    conditions: Vec<Where>,

    /// Bots (crawlers, monitors, scanners): only them, or all without them. Told by the user agent, which is what the
    /// client claims to be
    #[arg(long, value_name = "WHICH")]
    bots: Option<Bots>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Bots {
    Only,
    Without,
}

impl Bots {
    const fn word(self) -> &'static str {
        match self {
            Self::Only => "only",
            Self::Without => "without",
        }
    }
}

impl Args {
    /// What is asked for, as it was typed; empty for everything.
    pub(crate) fn words(&self) -> String {
        let conditions = self.conditions.iter().map(ToString::to_string).collect();
        let bots = self.bots.map(|bots| bots.word().to_owned());
        let lists: [(&str, Vec<String>); 9] = [
            ("--status", self.status.clone()),
            ("--outcome", self.outcome.clone()),
            ("--party", self.party.clone()),
            ("--path", self.path.clone()),
            ("--host", self.host.clone()),
            ("--since", self.since.iter().cloned().collect()),
            ("--until", self.until.iter().cloned().collect()),
            ("--where", conditions),
            ("--bots", bots.into_iter().collect()),
        ];
        let words: Vec<String> = lists
            .into_iter()
            .filter(|(_, list)| !list.is_empty())
            .map(|(option, list)| format!("{option} {}", list.join(",")))
            .collect();
        words.join(" ")
    }

    pub(crate) fn filter(&self) -> Result<Filter, String> {
        for outcome in &self.outcome {
            let known = match outcome.strip_suffix("/*") {
                Some(namespace) => httpwhy_catalog::entries()
                    .iter()
                    .any(|entry| entry.id.namespace() == namespace),
                None => by_id(outcome).is_some(),
            };
            if !known {
                return Err(format!(
                    "'{outcome}' is no outcome: http/502, or nginx/* (httpwhy list)"
                ));
            }
        }
        if let Some(party) = self
            .party
            .iter()
            .find(|party| !Party::WORDS.contains(&party.as_str()))
        {
            return Err(format!(
                "'{party}' is no party: {}",
                Party::WORDS.join(", ")
            ));
        }
        Ok(Filter {
            statuses: self
                .status
                .iter()
                .map(|term| {
                    statuses(term)
                        .ok_or_else(|| format!("'{term}' is no status: 502, 500-504, or 5xx"))
                })
                .collect::<Result<_, _>>()?,
            outcomes: self.outcome.clone(),
            parties: self.party.clone(),
            paths: self.path.clone(),
            hosts: self.host.clone(),
            since: self.since.as_deref().map(when::parse).transpose()?,
            until: self.until.as_deref().map(when::parse).transpose()?,
            conditions: self.conditions.clone(),
            bots: self.bots.map(|bots| matches!(bots, Bots::Only)),
        })
    }
}
