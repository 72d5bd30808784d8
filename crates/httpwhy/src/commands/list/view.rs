//! `httpwhy list --view`: the rows of one source document, in its order and in our words.

use clap::ValueEnum;
use httpwhy_catalog::{Entry, SeedRow, seed_rows};
use httpwhy_model::Audience;
use httpwhy_render::{listed_text, outcome_line};
use httpwhy_schema::{ListedJson, OutcomeLine, write_line};

use crate::cli::Common;
use crate::exit::{Exit, Failure};
use crate::output;

/// A kind of reader, and the document that was written for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum View {
    /// Who runs a scanner: what its errors mean and how to mend them
    Scanner,
    /// Who tests security with permission: what to read from an answer
    Tester,
    /// Who looks a code up: what it means
    Encyclopaedia,
    /// Who works with an API, on either side
    Api,
    /// Who writes an API: what to send when
    Developer,
}

impl View {
    fn seed(self) -> &'static str {
        match self {
            Self::Scanner => "000",
            Self::Tester => "001",
            Self::Encyclopaedia => "002",
            Self::Api => "003",
            Self::Developer => "004",
        }
    }

    /// Whose remedies are told.
    fn audiences(self) -> &'static [Audience] {
        match self {
            Self::Scanner => &[Audience::Caller, Audience::Operator],
            Self::Tester => &[Audience::Tester],
            Self::Encyclopaedia => &[],
            Self::Api => &[Audience::Caller, Audience::Author],
            Self::Developer => &[Audience::Author],
        }
    }

    fn name(self) -> String {
        self.to_possible_value()
            .map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

pub(super) fn run(
    view: View,
    common: &Common,
    wanted: impl Fn(&Entry) -> bool,
) -> Result<Exit, Failure> {
    let style = output::style(common.color);
    let rows = seed_rows()
        .iter()
        .filter(|row| row.seed == view.seed() && wanted(row.entry()));
    output::write(|out| {
        for (index, row) in rows.enumerate() {
            if common.json {
                write_line(out, &line(view, row))?;
            } else {
                if index > 0 {
                    writeln!(out)?;
                }
                out.write_all(listed_text(row, view.audiences(), style).as_bytes())?;
            }
        }
        Ok(())
    })?;
    Ok(Exit::Fine)
}

/// The outcome, with `listed`: the view, the code and name as its document prints them, and whose remedies it tells.
fn line(view: View, row: &SeedRow) -> OutcomeLine<'_> {
    let listed = ListedJson {
        view: view.name(),
        seed: row.seed,
        code: row.code,
        name: row.name,
        audiences: view
            .audiences()
            .iter()
            .map(|audience| audience.as_str())
            .collect(),
    };
    OutcomeLine {
        listed: Some(listed),
        ..outcome_line(row.entry())
    }
}
