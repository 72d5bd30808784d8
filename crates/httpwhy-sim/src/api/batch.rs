//! Many changes in one request: each has a result of its own in a 207.

use std::time::Duration;

use http::StatusCode;
use serde_json::Value;

use super::BASE;
use super::multistatus::{self, Part};
use super::operation::Call;
use super::records::{self, found};
use super::shape::{self, Members, needed};
use super::tenant::Tenant;
use super::trouble::{Done, Trouble};
use super::{ask::Ask, locks};

/// The most steps of a batch.
pub(super) const MOST_STEPS: usize = 50;
/// The longest that a batch may ask to take, in milliseconds.
pub(super) const LONGEST_MS: u64 = 2_000;

/// How long a batch takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Work {
    /// So long.
    pub(super) long: Duration,
    /// Whether the client is told by a 102 that it is at work. Only who asks is: some clients take it for the answer.
    pub(super) told: bool,
}

/// `POST /batch`: 207; in it 204, 404, 410, 423, and 424 for what needs a step that failed.
pub(super) fn batch(call: &Call<'_>, tenant: &mut Tenant) -> Done {
    let mut members = Members::of(call.ask)?;
    let steps = members.list("steps", 1..=MOST_STEPS)?;
    let takes = members.number("takes_ms", 0..=LONGEST_MS)?;
    members.end()?;
    let steps: Vec<Step> = steps
        .into_iter()
        .enumerate()
        .map(|(at, step)| Step::read(at, step))
        .collect::<Result<_, _>>()?;
    let mut parts: Vec<Part> = Vec::new();
    for step in &steps {
        let failed = step
            .needs
            .and_then(|needed| parts.get(needed))
            .is_some_and(|part| !part.status.is_success());
        let (status, about) = match failed {
            true => (
                StatusCode::FAILED_DEPENDENCY,
                "a step that it needs has failed".to_owned(),
            ),
            false => step.take(call.ask, tenant),
        };
        let href = format!("{BASE}/records/{}", step.record);
        parts.push(Part {
            href,
            status,
            about,
        });
    }
    let mut response = multistatus::of(&parts);
    if let Some(ms) = takes.filter(|ms| *ms > 0) {
        let wishes = call.ask.field("Prefer").unwrap_or_default();
        let work = Work {
            long: Duration::from_millis(ms),
            told: wishes.split(',').any(|wish| wish.trim() == "processing"),
        };
        response.extensions_mut().insert(work);
    }
    Ok(response)
}

/// One step.
struct Step {
    does: Doing,
    record: String,
    needs: Option<usize>,
}

#[derive(Clone, Copy)]
enum Doing {
    Read,
    Delete,
    Lock,
}

impl Step {
    fn read(at: usize, value: Value) -> Result<Self, Trouble> {
        let mut members = Members::within("steps", value)?;
        let does = members.text("do", 1..=10)?;
        let record = members.name("record")?;
        let needs = members.number("needs", 0..=MOST_STEPS as u64)?;
        members.end()?;
        let does = match needed("do", does)?.as_str() {
            "read" => Doing::Read,
            "delete" => Doing::Delete,
            "lock" => Doing::Lock,
            _ => return Err(shape::wrong("do", "read, delete or lock")),
        };
        let needs = needs.map(|needs| needs as usize);
        if needs.is_some_and(|needs| needs >= at) {
            return Err(shape::wrong(
                "needs",
                "the number of an earlier step, from 0",
            ));
        }
        Ok(Self {
            does,
            record: needed("record", record)?,
            needs,
        })
    }

    fn take(&self, ask: &Ask, tenant: &mut Tenant) -> (StatusCode, String) {
        let id = self.record.as_str();
        let done = match self.does {
            Doing::Read => {
                found(tenant, id).map(|record| format!("row version {}", record.row_version))
            }
            Doing::Lock => locks::set(tenant, id),
            Doing::Delete => records::may_change(ask, tenant, id).map(|_| "deleted".to_owned()),
        };
        match done {
            Ok(about) => {
                if matches!(self.does, Doing::Delete) {
                    records::remove(tenant, id);
                }
                let status = match self.does {
                    Doing::Delete => StatusCode::NO_CONTENT,
                    Doing::Read | Doing::Lock => StatusCode::OK,
                };
                (status, about)
            }
            Err(trouble) => {
                let response = trouble.into_response();
                let problem: Value = serde_json::from_slice(response.body()).unwrap_or_default();
                let about = problem["detail"].as_str().unwrap_or_default().to_owned();
                (response.status(), about)
            }
        }
    }
}
