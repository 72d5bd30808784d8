//! A page as a browser loads it: a document, and what it asks for by itself.

use httpwhy_catalog::id;
use httpwhy_model::{Blame, Diagnosis, Visit};
use url::Url;

/// The step that decides instead of a document that is well: the first of what the page asked for that failed, on the
/// document's own host before others. What the page itself gave up, and the icon that browsers ask for on their own, do
/// not count.
pub(crate) fn deciding(visit: &Visit, steps: &[Diagnosis], document: usize) -> Option<usize> {
    if steps.get(document)?.blame != Blame::Nobody {
        return None;
    }
    let host = host(&visit.steps.get(document)?.exchange.target);
    let failed = || {
        let steps = steps.iter().enumerate().skip(document + 1);
        steps.filter(|&(index, diagnosis)| {
            visit.is_of_page(index) && is_failure(diagnosis) && !is_icon(visit, index)
        })
    };
    let own = failed().find(|&(index, _)| {
        let target = visit.steps.get(index).map(|step| &step.exchange.target);
        host.is_some() && target.and_then(|target| self::host(target)) == host
    });
    own.or_else(|| failed().next()).map(|(index, _)| index)
}

fn is_failure(diagnosis: &Diagnosis) -> bool {
    diagnosis.blame != Blame::Nobody && diagnosis.outcome != id::NET_ABORTED
}

fn is_icon(visit: &Visit, index: usize) -> bool {
    let target = visit.steps.get(index).map(|step| &step.exchange.target);
    target.is_some_and(|target| target.ends_with("/favicon.ico"))
}

fn host(target: &str) -> Option<String> {
    Some(Url::parse(target).ok()?.host_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    use httpwhy_model::{Because, End, Exchange, Response, Step};

    use super::*;

    /// Target, status, and why it was asked for.
    type Asking<'a> = (&'a str, &'static str, Because);

    fn step(target: &str, status: &'static str, because: Because) -> Step {
        let exchange = Exchange {
            target: target.to_owned(),
            end: End::Answered,
            response: Some(Response {
                code: status.into(),
                ..Response::default()
            }),
            ..Exchange::default()
        };
        Step { exchange, because }
    }

    #[test]
    fn the_document_first_then_its_own_host() {
        use Because::{Asked, Redirect, Subresource};
        let page = "http://a.test/";
        let rows: &[(&[Asking<'_>], usize)] = &[
            (
                &[
                    (page, "200", Asked),
                    ("http://a.test/x", "200", Subresource(0)),
                ],
                0,
            ),
            (
                &[
                    (page, "404", Asked),
                    ("http://a.test/x", "503", Subresource(0)),
                ],
                0,
            ),
            (
                &[
                    (page, "200", Asked),
                    ("http://a.test/x", "503", Subresource(0)),
                ],
                1,
            ),
            (
                &[
                    (page, "200", Asked),
                    ("http://b.test/x", "500", Subresource(0)),
                    ("http://a.test/x", "503", Subresource(0)),
                ],
                2,
            ),
            (
                &[
                    ("http://a.test/old", "302", Asked),
                    (page, "200", Redirect(0)),
                    ("http://a.test/x", "301", Subresource(1)),
                    ("http://a.test/y", "410", Redirect(2)),
                ],
                3,
            ),
            (
                &[
                    (page, "200", Asked),
                    ("http://a.test/favicon.ico", "404", Subresource(0)),
                ],
                0,
            ),
        ];
        for (row, wanted) in rows {
            let steps = row
                .iter()
                .map(|&(target, status, because)| step(target, status, because));
            let visit = Visit {
                asked: page.to_owned(),
                steps: steps.collect(),
            };
            let judged = crate::steps(&visit);
            assert_eq!(crate::deciding(&visit, &judged), *wanted, "{row:?}");
        }
    }
}
