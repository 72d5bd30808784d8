//! The collection of records: create, list, read, replace, delete, and what a record is worth.

use httpwhy_respond::{Created, Failure, NoContent, NotModified, Problem, Redirect};
use serde_json::{Value, json};

use super::ask::Ask;
use super::built::{self, JSON};
use super::operation::Call;
use super::record::{Record, Said};
use super::shape::{self, Members, needed};
use super::tenant::{MOST_BYTES, Tenant};
use super::trouble::{Done, Trouble};

/// The largest quantity and price.
pub(super) const LARGEST: u64 = 1_000_000_000;
/// The most regions of a record.
const MOST_REGIONS: usize = 8;
/// The name that stands for the newest record.
const LATEST: &str = "latest";

/// `POST /records`: 201 with Location; 409 when the id is there, 507 when the key has no more room.
pub(super) fn create(call: &Call<'_>, tenant: &mut Tenant) -> Done {
    let mut members = Members::of(call.ask)?;
    let id = members.name("id")?;
    let said = said(&mut members)?;
    members.end()?;
    let id = match id {
        Some(id) if id == LATEST => return Err(shape::wrong("id", "another: latest is taken")),
        Some(id) if tenant.records.contains_key(&id) || tenant.gone.contains(&id) => {
            let detail = format!("There is, or was, a record {id}.");
            return Err(Failure::conflict().detail(detail).into());
        }
        Some(id) => id,
        None => new_id(tenant),
    };
    if tenant.records.len() as u64 >= tenant.settings.records {
        let detail = format!("The key may have {} records.", tenant.settings.records);
        return Err(Failure::insufficient_storage().detail(detail).into());
    }
    let record = Record::new(said, tenant.created + 1);
    has_room(tenant, record.bytes())?;
    tenant.created += 1;
    let created = Created::at(built::place(&["records", &id])?)
        .etag(record.tag(&id)?)
        .content(&built::media(JSON)?, crate::json::pretty(&record.json(&id)));
    tenant.records.insert(id, record);
    Ok(created.into())
}

/// `GET /records?limit=&after=`: 200, or 304.
pub(super) fn list(call: &Call<'_>, tenant: &mut Tenant) -> Done {
    let limit = limit(call.ask)?;
    let after = call.ask.arg("after").unwrap_or_default();
    let mut behind = tenant.records.iter().filter(|(id, _)| id.as_str() > after);
    let page: Vec<Value> = behind
        .by_ref()
        .take(limit)
        .map(|(id, record)| record.json(id))
        .collect();
    let more = behind.next().is_some();
    let next = page.last().filter(|_| more).map(|last| last["id"].clone());
    let value = json!({"items": page, "next": next, "total": tenant.records.len()});
    if_changed(call.ask, &value)
}

fn limit(ask: &Ask) -> Result<usize, Trouble> {
    let Some(text) = ask.arg("limit") else {
        return Ok(50);
    };
    let number = text
        .parse()
        .ok()
        .filter(|number| (1..=100).contains(number));
    let detail = "limit must be a whole number from 1 to 100.";
    number.ok_or_else(|| Failure::bad_request().detail(detail).into())
}

/// 200 with a tag; 304 when the client has that state.
pub(super) fn if_changed(ask: &Ask, value: &Value) -> Done {
    let tag = built::tag(value.to_string().as_bytes())?;
    let response = built::tagged(built::ok(value), &tag)?;
    match ask.has_state(&tag.to_string()) {
        true => Ok(NotModified::of(response.headers())?.into()),
        false => Ok(response),
    }
}

/// `GET /records/{id}`: 200 or 304; 404, 410, 451.
pub(super) fn read(call: &Call<'_>, tenant: &mut Tenant) -> Done {
    let id = call.param("id");
    let record = found(tenant, id)?;
    let response = built::tagged(built::ok(&record.json(id)), &record.tag(id)?)?;
    match call.ask.has_state(&record.tag(id)?.to_string()) {
        true => Ok(NotModified::of(response.headers())?.into()),
        false => Ok(response),
    }
}

/// `PUT /records/{id}`: 204, for records that are there: 404 and 410 otherwise; 409 when the row version is not the
/// current one.
pub(super) fn replace(call: &Call<'_>, tenant: &mut Tenant) -> Done {
    let id = call.param("id");
    let mut members = Members::of(call.ask)?;
    let version = members.number("row_version", 1..=u64::from(u32::MAX))?;
    let said = said(&mut members)?;
    members.end()?;
    let version = needed("row_version", version)?;
    let used = tenant.bytes();
    let record = may_change(call.ask, tenant, id)?;
    if record.row_version != version {
        let current = record.row_version;
        let problem = Problem::new()
            .detail(format!(
                "Row version {version} was sent, {current} is current. Read the record again."
            ))
            .with("row_version", current)?;
        return Err(Failure::conflict().problem(problem).into());
    }
    if used + said.title.len() > MOST_BYTES + record.said.title.len() {
        return Err(no_room());
    }
    record.said = said;
    record.row_version += 1;
    Ok(NoContent::new().etag(record.tag(id)?).into())
}

/// `DELETE /records/{id}`: 204; 410 from then on.
pub(super) fn delete(call: &Call<'_>, tenant: &mut Tenant) -> Done {
    let id = call.param("id");
    may_change(call.ask, tenant, id)?;
    remove(tenant, id);
    Ok(NoContent::new().into())
}

/// Removes a record; it is remembered as gone.
pub(super) fn remove(tenant: &mut Tenant, id: &str) {
    tenant.records.remove(id);
    tenant.bury(id.to_owned());
}

/// `GET /records/{id}/total`: quantity times price, in a number that is too small for it: nobody thought of that, and
/// the error goes up to where it becomes a 500.
pub(super) fn total(call: &Call<'_>, tenant: &mut Tenant) -> Done {
    let id = call.param("id");
    let said = &found(tenant, id)?.said;
    let cents = u32::try_from(said.quantity * said.price)?;
    Ok(built::ok(&json!({"id": id, "cents": cents})))
}

/// `/records/latest`: where the newest record is for now: 302, or 307 to what would lose its method.
pub(super) fn latest(call: &Call<'_>, tenant: &mut Tenant) -> Done {
    let newest = tenant
        .records
        .iter()
        .max_by_key(|(_, record)| record.created);
    let Some((id, _)) = newest else {
        return Err(Failure::not_found()
            .detail("There is no record yet.")
            .into());
    };
    let place = built::place(&["records", id])?;
    Ok(Redirect::for_now(&call.ask.method, place).into())
}

/// `/items`: the collection's name of old: 301, or 308 to what would lose its method.
pub(super) fn moved(call: &Call<'_>, _: &mut Tenant) -> Done {
    let place = built::place(&["records"])?;
    Ok(Redirect::for_good(&call.ask.method, place).into())
}

/// The record, when the key may see it.
pub(super) fn found<'a>(tenant: &'a mut Tenant, id: &str) -> Result<&'a mut Record, Trouble> {
    if tenant.gone.iter().any(|gone| gone == id) {
        let detail = format!("Record {id} was deleted, for good.");
        return Err(Failure::gone().detail(detail).into());
    }
    let region = &tenant.settings.region;
    match tenant.records.get_mut(id) {
        None => Err(Failure::not_found()
            .detail(format!(
                "There is no record {id}. A new one is made by POST to the collection."
            ))
            .into()),
        Some(record) if record.said.blocked_in.contains(region) => Err(blocked(region)),
        Some(record) => Ok(record),
    }
}

/// 451 with a link to who demands it (RFC 7725 section 4).
fn blocked(region: &str) -> Trouble {
    let failure = Failure::unavailable_for_legal_reasons().detail(format!(
        "The law forbids this record in the region {region}, where your key is."
    ));
    let link = "<https://authority.example/>; rel=\"blocked-by\"";
    match built::with(failure.into(), http::header::LINK, link) {
        Ok(response) => response.into(),
        Err(trouble) => trouble,
    }
}

/// The record, when it may be changed: nobody else has locked it, and the conditions hold.
pub(super) fn may_change<'a>(
    ask: &Ask,
    tenant: &'a mut Tenant,
    id: &str,
) -> Result<&'a mut Record, Trouble> {
    let is_needed = tenant.settings.conditional;
    let record = unlocked(ask, tenant, id)?;
    ask.may_change(&record.tag(id)?.to_string(), is_needed)?;
    Ok(record)
}

/// The record, when nobody has locked it, or the request names the lock's token (RFC 4918 section 10.4).
pub(super) fn unlocked<'a>(
    ask: &Ask,
    tenant: &'a mut Tenant,
    id: &str,
) -> Result<&'a mut Record, Trouble> {
    let record = found(tenant, id)?;
    let said = ask.field("If").unwrap_or_default();
    match &record.lock {
        Some(token) if !said.contains(&format!("<{token}>")) => {
            let detail = "The record is locked. Name the lock's token in the field If, or wait.";
            Err(Failure::locked().detail(detail).into())
        }
        _ => Ok(record),
    }
}

/// Whether so many bytes more have room.
pub(super) fn has_room(tenant: &Tenant, more: usize) -> Result<(), Trouble> {
    match tenant.bytes() + more <= MOST_BYTES {
        true => Ok(()),
        false => Err(no_room()),
    }
}

fn no_room() -> Trouble {
    let detail = format!("A key has room for {MOST_BYTES} bytes. Delete something first.");
    Failure::insufficient_storage().detail(detail).into()
}

fn new_id(tenant: &Tenant) -> String {
    let mut number = tenant.created + 1;
    loop {
        let id = format!("r{number}");
        if !tenant.records.contains_key(&id) && !tenant.gone.contains(&id) {
            return id;
        }
        number += 1;
    }
}

fn said(members: &mut Members) -> Result<Said, Trouble> {
    let title = members.text("title", 1..=100)?;
    let quantity = members.number("quantity", 0..=LARGEST)?;
    let price = members.number("price", 0..=LARGEST)?;
    let regions = members.list("blocked_in", 0..=MOST_REGIONS)?;
    Ok(Said {
        title: needed("title", title)?,
        quantity: quantity.unwrap_or(1),
        price: price.unwrap_or(0),
        blocked_in: regions
            .into_iter()
            .map(|value| region("blocked_in", value))
            .collect::<Result<_, _>>()?,
    })
}

/// A region: two capital letters.
pub(super) fn region(name: &str, value: Value) -> Result<String, Trouble> {
    match value {
        Value::String(text) if text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase()) => {
            Ok(text)
        }
        _ => Err(shape::wrong(name, "of two capital letters")),
    }
}

/// `POST /reset`: 204; everything of the key is as at the start.
pub(super) fn reset(_: &Call<'_>, tenant: &mut Tenant) -> Done {
    tenant.reset();
    Ok(NoContent::new().into())
}
