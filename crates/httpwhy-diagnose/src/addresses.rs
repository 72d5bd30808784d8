//! The same request at every address of a name: which of them fail.

use httpwhy_model::{Blame, Diagnosis, Evidence, Place, Visit};

/// The steps that asked at one address each, with that address.
fn asked(visit: &Visit) -> Vec<(usize, &str)> {
    let steps = visit.steps.iter().enumerate();
    steps
        .filter_map(|(index, step)| {
            let instead = step.exchange.way.as_ref()?.instead.as_ref()?;
            (instead.set_by == "--all-addresses").then_some((index, &*instead.to))
        })
        .collect()
}

/// Says in each step that failed how many of the addresses did.
pub(crate) fn compare(visit: &Visit, steps: &mut [Diagnosis]) {
    let asked = asked(visit);
    let failed: Vec<_> = asked
        .iter()
        .filter(|(index, _)| steps.get(*index).is_some_and(is_failure))
        .collect();
    if failed.is_empty() || asked.len() < 2 {
        return;
    }
    let list: Vec<_> = failed.iter().map(|(_, to)| *to).collect();
    let (count, all) = (failed.len(), asked.len());
    for (index, _) in &failed {
        steps[*index].evidence.push(Evidence {
            step: *index,
            place: Place::Target,
            quote: Some(crate::quote::quote(list.join(", ").as_bytes())),
            shows: format!("{count} of {all} addresses of this name fail").into(),
        });
    }
}

/// The first address that failed decides, when there were several.
pub(crate) fn deciding(visit: &Visit, steps: &[Diagnosis]) -> Option<usize> {
    let asked = asked(visit);
    let mut failed = asked.iter().map(|(index, _)| *index);
    let first = failed.find(|&index| steps.get(index).is_some_and(is_failure))?;
    (asked.len() > 1).then_some(first)
}

fn is_failure(diagnosis: &Diagnosis) -> bool {
    diagnosis.blame != Blame::Nobody
}

#[cfg(test)]
mod tests {
    use httpwhy_model::{Because, End, Exchange, Instead, Phase, Response, Step, Way};

    use super::*;

    fn at(to: &str, dead: bool) -> Exchange {
        let mut exchange = Exchange {
            way: Some(Box::new(Way {
                instead: Some(Instead {
                    to: to.into(),
                    set_by: "--all-addresses".into(),
                }),
                ..Way::default()
            })),
            ..Exchange::default()
        };
        if dead {
            exchange.end = End::Nothing;
            exchange.signal(
                Phase::Connect,
                "errno:ECONNREFUSED".parse().expect("a signal"),
            );
        } else {
            exchange.end = End::Answered;
            exchange.response = Some(Response {
                version: "HTTP/1.1".into(),
                code: "200".into(),
                ..Response::default()
            });
        }
        exchange
    }

    #[test]
    fn one_of_two_is_dead() {
        for order in [[true, false], [false, true]] {
            let mut visit = Visit::of(at("192.0.2.1", order[0]));
            visit.steps.push(Step {
                exchange: at("192.0.2.2", order[1]),
                because: Because::Same(0),
            });
            let verdict = crate::diagnose(&visit);
            assert_eq!(verdict.outcome.0, "net/connect-refused");
            let said = verdict
                .evidence
                .iter()
                .any(|e| e.shows == "1 of 2 addresses of this name fail");
            assert!(said, "{:?}", verdict.evidence);
        }
        let mut visit = Visit::of(at("192.0.2.1", false));
        visit.steps.push(Step {
            exchange: at("192.0.2.2", false),
            because: Because::Same(0),
        });
        assert_eq!(crate::diagnose(&visit).outcome.0, "http/200");
    }
}
