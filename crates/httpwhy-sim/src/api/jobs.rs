//! Jobs: work that is taken on now (202) and done later. Their clock is the number of looks at the monitor, so that a run
//! can be repeated.

use std::collections::BTreeMap;

use http::StatusCode;
use httpwhy_respond::{Failure, Location, NoContent, Redirect};
use serde_json::{Value, json};

use super::built;
use super::operation::Call;
use super::shape::{self, Members, needed};
use super::tenant::Tenant;
use super::trouble::{Done, Trouble};

/// The most jobs of a key; then the oldest goes.
const MOST_JOBS: usize = 50;
/// The most looks that a job may take.
pub(super) const MOST_LOOKS: u64 = 10;

/// The jobs of a key.
#[derive(Debug, Default)]
pub(super) struct Jobs {
    by_number: BTreeMap<u64, Job>,
    taken: u64,
}

#[derive(Debug)]
struct Job {
    task: Task,
    looks: u64,
    result: Option<Result<Value, &'static str>>,
}

#[derive(Debug, Clone, Copy)]
enum Task {
    Count,
    Average,
}

impl Jobs {
    fn find(&mut self, id: &str) -> Result<&mut Job, Trouble> {
        let number = id.strip_prefix('j').and_then(|number| number.parse().ok());
        let job = number.and_then(|number: u64| self.by_number.get_mut(&number));
        job.ok_or_else(|| Failure::not_found().detail("There is no such job.").into())
    }

    fn add(&mut self, job: Job) -> String {
        if self.by_number.len() >= MOST_JOBS {
            self.by_number.pop_first();
        }
        self.taken += 1;
        self.by_number.insert(self.taken, job);
        format!("j{}", self.taken)
    }
}

/// `POST /jobs`: 202, with the monitor's place; 424 when it needs a job that failed.
pub(super) fn start(call: &Call<'_>, tenant: &mut Tenant) -> Done {
    let mut members = Members::of(call.ask)?;
    let task = members.text("task", 1..=20)?;
    let looks = members.number("looks", 0..=MOST_LOOKS)?.unwrap_or(1);
    let needs = members.name("needs")?;
    members.end()?;
    let task = match needed("task", task)?.as_str() {
        "count" => Task::Count,
        "average" => Task::Average,
        _ => return Err(shape::wrong("task", "count or average")),
    };
    if let Some(id) = needs {
        let before = tenant.jobs.by_id(&id);
        match before.map(|job| job.result.as_ref()) {
            None => return Err(shape::wrong("needs", "a job that is there")),
            Some(Some(Err(why))) => {
                let detail = format!("Job {id}, which this one needs, has failed: {why}.");
                return Err(Failure::failed_dependency().detail(detail).into());
            }
            Some(_) => {}
        }
    }
    let id = tenant.jobs.add(Job {
        task,
        looks,
        result: None,
    });
    let state = json!({"id": id, "state": "running", "looks": looks});
    let monitor = built::place(&["jobs", &id])?;
    let response = built::json(StatusCode::ACCEPTED, &state);
    built::with(response, http::header::LOCATION, monitor.as_str())
}

impl Jobs {
    fn by_id(&self, id: &str) -> Option<&Job> {
        let number: u64 = id.strip_prefix('j')?.parse().ok()?;
        self.by_number.get(&number)
    }
}

/// `GET /jobs/{id}`: the monitor: 200 while it runs or when it failed, 303 to the result when it is done.
pub(super) fn look(call: &Call<'_>, tenant: &mut Tenant) -> Done {
    let id = call.param("job");
    let records = tenant.records.values().map(|record| record.said.quantity);
    let (count, sum) = records.fold((0u64, 0u64), |(count, sum), quantity| {
        (count + 1, sum + quantity)
    });
    let job = tenant.jobs.find(id)?;
    if job.result.is_none() && job.looks > 0 {
        job.looks -= 1;
        let state = json!({"id": id, "state": "running", "looks": job.looks});
        return Ok(built::ok(&state));
    }
    let result = job.result.get_or_insert_with(|| match job.task {
        Task::Count => Ok(json!({"count": count})),
        Task::Average => sum
            .checked_div(count)
            .map(|average| json!({"average": average}))
            .ok_or("there is no record to take the average of"),
    });
    match result {
        Ok(_) => Ok(Redirect::see_other(result_place(id)?).into()),
        Err(why) => Ok(built::ok(&json!({"id": id, "state": "failed", "why": why}))),
    }
}

fn result_place(id: &str) -> Result<Location, Trouble> {
    built::place(&["jobs", id, "result"])
}

/// `GET /jobs/{id}/result`: 200; 404 before it is done.
pub(super) fn result(call: &Call<'_>, tenant: &mut Tenant) -> Done {
    match &tenant.jobs.find(call.param("job"))?.result {
        Some(Ok(value)) => Ok(built::ok(value)),
        _ => Err(Failure::not_found()
            .detail("There is no result, or not yet.")
            .into()),
    }
}

/// `DELETE /jobs/{id}`: 204.
pub(super) fn forget(call: &Call<'_>, tenant: &mut Tenant) -> Done {
    let id = call.param("job");
    tenant.jobs.find(id)?;
    let number = id.strip_prefix('j').and_then(|number| number.parse().ok());
    if let Some(number) = number {
        tenant.jobs.by_number.remove(&number);
    }
    Ok(NoContent::new().into())
}
