//! `httpwhy rules [NAME]`: the conformance rules.

use httpwhy_diagnose::rules::{Rule, all};
use httpwhy_schema::{RuleLine, SCHEMA, write_line};

use crate::cli::Common;
use crate::exit::{Exit, Failure};
use crate::output;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// One rule, with an exchange that keeps it and one that breaks it
    name: Option<String>,
}

pub(crate) fn run(args: &Args, common: &Common) -> Result<Exit, Failure> {
    let wanted: Vec<&Rule> = match &args.name {
        None => all().to_vec(),
        Some(name) => {
            let found = all().iter().find(|rule| rule.name == name);
            vec![*found.ok_or_else(|| {
                Failure::usage(format_args!(
                    "no rule is called '{name}'; httpwhy rules lists them"
                ))
            })?]
        }
    };
    output::write(|out| {
        for rule in &wanted {
            if common.json {
                let line = RuleLine {
                    schema: SCHEMA,
                    kind: "rule",
                    rule: rule.name,
                    level: rule.level.as_str(),
                    party: rule.party.as_str(),
                    section: rule.section,
                    about: rule.about,
                    conforming: rule.conforming,
                    violating: rule.violating,
                };
                write_line(out, &line)?;
            } else if args.name.is_some() {
                let (level, section, party) = (rule.level, rule.section, rule.party);
                writeln!(
                    out,
                    "{}\n{}\n\n{level}, {section}; {party} to mend",
                    rule.name, rule.about
                )?;
                writeln!(
                    out,
                    "\nKept:\n\n{}\nBroken:\n\n{}",
                    rule.conforming.trim_start(),
                    rule.violating.trim_start()
                )?;
            } else {
                writeln!(
                    out,
                    "{:<46} {:<8} {:<12} {}",
                    rule.name, rule.level, rule.party, rule.section
                )?;
            }
        }
        Ok(())
    })?;
    Ok(Exit::Fine)
}
