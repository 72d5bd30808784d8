//! Credentials that are lent to pages: by whoever keeps a session, which may end and be renewed while a run goes on.

use std::fmt;
use std::task::{Context, Poll};

use httpwhy_model::{Signal, Visit};

use crate::{Credentials, Load};

/// What a page is given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lent {
    /// Goes with its requests, beside what the page was to carry anyway.
    pub with: Credentials,
    /// It replaces what the page was to carry under the same name; else that stays.
    pub replace: bool,
    /// The URL to ask for instead, where a key stands in its query.
    pub target: Option<String>,
    /// Which session it is of; `None`: of none, nothing is given.
    pub epoch: Option<u64>,
}

/// Keeps a session for all pages. Both functions are polled and must not block: whoever is not ready keeps the waker. A
/// wait has no deadline of its own here: the lender has.
pub trait Lender: fmt::Debug + Send + Sync {
    /// What the page at that URL is given, or the signal that says why it is not to be opened.
    fn lend(&self, target: &str, cx: &mut Context<'_>) -> Poll<Result<Lent, Signal>>;

    /// Looks at one request of a page to its own origin, alone in its visit. It may note signals on it, and says whether the
    /// page is to be loaded again. `memory` is 0 when a request is first looked at, and kept from poll to poll.
    fn look(
        &self,
        request: &mut Visit,
        epoch: u64,
        memory: &mut u64,
        cx: &mut Context<'_>,
    ) -> Poll<bool>;
}

impl Lent {
    /// The page with what is lent to it.
    pub(crate) fn to(self, page: &Load) -> Load {
        let mut page = page.clone();
        let Self { with, replace, .. } = self;
        let is = |name: &str, other: &str| name.eq_ignore_ascii_case(other);
        merge(&mut page.with.fields, with.fields, replace, |a, b| {
            is(&a.0, &b.0)
        });
        merge(&mut page.with.cookies, with.cookies, replace, |a, b| {
            a.name == b.name
        });
        page.target = self.target.unwrap_or(page.target);
        page
    }
}

/// Adds what is lent to what is there; of two that are the same, one stays.
fn merge<T>(own: &mut Vec<T>, lent: Vec<T>, replace: bool, same: impl Fn(&T, &T) -> bool) {
    if replace {
        own.retain(|mine| !lent.iter().any(|other| same(mine, other)));
        own.extend(lent);
        return;
    }
    let kept = own.len();
    for other in lent {
        if !own[..kept].iter().any(|mine| same(mine, &other)) {
            own.push(other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_of_one_name_one_stays() {
        let with = |value: &str| Credentials {
            fields: vec![("X-Token".to_owned(), value.to_owned())],
            ..Credentials::default()
        };
        let page = Load {
            with: with("own"),
            ..Load::of(1, "http://a.test/")
        };
        for (replace, stays) in [(false, "own"), (true, "lent")] {
            let mut lent = Lent {
                with: with("lent"),
                replace,
                ..Lent::default()
            };
            "x-token".clone_into(&mut lent.with.fields[0].0);
            let carried = lent.to(&page);
            let values: Vec<&str> = carried
                .with
                .fields
                .iter()
                .map(|(_, value)| &**value)
                .collect();
            assert_eq!(values, [stays]);
            assert_eq!(carried.target, page.target);
        }
    }
}
