//! The visits of a stored run, as they were observed.

use std::ops::ControlFlow;

use httpwhy_model::{Step, Visit};
use httpwhy_store::{Run, SqliteStore, Store, Wanted};

use super::place::{Name, find};
use crate::exit::Failure;

/// The visits of a run that were kept with their bytes, at most so many, and the run.
///
/// # Errors
/// When there is no such file or run.
pub(crate) fn visits(
    store: &SqliteStore,
    name: Name,
    most: usize,
) -> Result<(Run, Vec<Visit>), Failure> {
    let run = find(store, name)?;
    let mut visits: Vec<Visit> = Vec::new();
    let mut number = None;
    let wanted = Wanted {
        exchanges: true,
        ..Wanted::default()
    };
    store.rows(run.id, &wanted, &mut |row| {
        let Some(step) = row.kept else {
            return ControlFlow::Continue(());
        };
        if number != Some(row.number) {
            if visits.len() == most {
                return ControlFlow::Break(());
            }
            number = Some(row.number);
            visits.push(Visit {
                asked: row.target,
                steps: Vec::new(),
            });
        }
        add(&mut visits, step);
        ControlFlow::Continue(())
    })?;
    Ok((run, visits))
}

fn add(visits: &mut [Visit], step: Step) {
    if let Some(visit) = visits.last_mut() {
        visit.steps.push(step);
    }
}

/// `runs.db#12`, `#last`: a file, none for the usual one, and a run in it. `None` for what is a file's name.
pub(crate) fn reference(text: &str) -> Option<(Option<&str>, Name)> {
    let (file, name) = text.rsplit_once('#')?;
    let name = name.parse().ok()?;
    Some(((!file.is_empty()).then_some(file), name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_files_and_runs() {
        for (text, wanted) in [
            ("runs.db#12", Some((Some("runs.db"), Name::Number(12)))),
            ("#last", Some((None, Name::FromLast(0)))),
            ("a#b.db#last~2", Some((Some("a#b.db"), Name::FromLast(2)))),
            ("a.har", None),
            ("a#b.har", None),
            ("runs.db#", None),
        ] {
            assert_eq!(reference(text), wanted, "{text}");
        }
    }
}
