//! Folders that can be bound into one another, in circles too (after RFC 5842): 208 for what was told already, 508 to a
//! client that does not know of bindings.

use std::collections::{BTreeMap, BTreeSet};

use http::StatusCode;
use httpwhy_respond::{Created, Failure};
use serde_json::json;

use super::BASE;
use super::built::{self, JSON};
use super::multistatus::{self, Part};
use super::operation::Call;
use super::records::if_changed;
use super::shape::{Members, needed};
use super::tenant::Tenant;
use super::trouble::{Done, Trouble};

/// The folder that is always there.
const ROOT: &str = "root";
/// The most folders of a key, and the most members of a folder.
const MOST_FOLDERS: usize = 50;
/// The most results of one walk.
const MOST_RESULTS: usize = 500;

/// Folders by id; each has members by name, which are the ids of folders.
#[derive(Debug)]
pub(super) struct Folders(BTreeMap<String, BTreeMap<String, String>>);

impl Default for Folders {
    fn default() -> Self {
        Self(BTreeMap::from([(ROOT.to_owned(), BTreeMap::new())]))
    }
}

impl Folders {
    fn find(&self, id: &str) -> Result<&BTreeMap<String, String>, Trouble> {
        let found = self.0.get(id);
        found.ok_or_else(|| {
            Failure::not_found()
                .detail(format!("There is no folder {id}."))
                .into()
        })
    }
}

/// `POST /folders`: 201: a new folder, or a binding to one that is there; 409 when there is no such parent, or a member
/// of that name; 507 when there are too many.
pub(super) fn create(call: &Call<'_>, tenant: &mut Tenant) -> Done {
    let mut members = Members::of(call.ask)?;
    let parent = members.name("in")?;
    let name = members.name("name")?;
    let to = members.name("to")?;
    members.end()?;
    let parent = parent.unwrap_or_else(|| ROOT.to_owned());
    let name = needed("name", name)?;
    let folders = &mut tenant.folders.0;
    let count = folders.len();
    let is_known = |id: &String| folders.contains_key(id);
    let no = match (folders.get(&parent), &to) {
        (None, _) => Some("There is no such parent: make that one first."),
        (Some(members), _) if members.contains_key(&name) => {
            Some("There is a member of that name.")
        }
        (_, Some(to)) if !is_known(to) => Some("There is no folder to bind to."),
        _ => None,
    };
    if let Some(detail) = no {
        return Err(Failure::conflict().detail(detail).into());
    }
    let of_parent = folders.get(&parent).map_or(0, BTreeMap::len);
    if count >= MOST_FOLDERS || of_parent >= MOST_FOLDERS {
        let detail = format!("A key may have {MOST_FOLDERS} folders, a folder as many members.");
        return Err(Failure::insufficient_storage().detail(detail).into());
    }
    let id = to.unwrap_or_else(|| format!("f{count}"));
    folders.entry(id.clone()).or_default();
    if let Some(members) = folders.get_mut(&parent) {
        members.insert(name, id.clone());
    }
    let value = json!({"id": id, "members": folders.get(&id)});
    Ok(Created::at(built::place(&["folders", &id])?)
        .content(&built::media(JSON)?, crate::json::pretty(&value))
        .into())
}

/// `GET /folders/{id}`: 200 or 304.
pub(super) fn read(call: &Call<'_>, tenant: &mut Tenant) -> Done {
    let id = call.param("folder");
    let members = tenant.folders.find(id)?;
    if_changed(call.ask, &json!({"id": id, "members": members}))
}

/// `GET /folders/{id}/tree`: 207 with all that is below. What is bound a second time is told by 208, without what is
/// below it, to a client that says `DAV: bind`; to others a circle is a 508 (RFC 5842 sections 7.1 and 7.2).
pub(super) fn tree(call: &Call<'_>, tenant: &mut Tenant) -> Done {
    let id = call.param("folder");
    tenant.folders.find(id)?;
    let knows = call.ask.field("DAV").unwrap_or_default();
    let mut walk = Walk {
        folders: &tenant.folders,
        knows: knows.split(',').any(|word| word.trim() == "bind"),
        told: BTreeSet::new(),
        above: Vec::new(),
        parts: Vec::new(),
    };
    walk.visit(id, &format!("{BASE}/folders/{id}"))?;
    Ok(multistatus::of(&walk.parts))
}

struct Walk<'a> {
    folders: &'a Folders,
    knows: bool,
    told: BTreeSet<&'a str>,
    above: Vec<String>,
    parts: Vec<Part>,
}

impl Walk<'_> {
    fn visit(&mut self, id: &str, href: &str) -> Result<(), Trouble> {
        if self.above.iter().any(|above| above == id) && !self.knows {
            let detail = format!(
                "{href} leads back to a folder above it. A client that says DAV: bind is told the rest."
            );
            return Err(Failure::loop_detected().detail(detail).into());
        }
        if self.parts.len() >= MOST_RESULTS {
            let detail = format!("A walk tells {MOST_RESULTS} results.");
            return Err(Failure::insufficient_storage().detail(detail).into());
        }
        let folders = self.folders;
        let Some((id, members)) = folders.0.get_key_value(id) else {
            return Ok(());
        };
        let again = self.knows && !self.told.insert(id.as_str());
        let (status, about) = match again {
            true => (
                StatusCode::ALREADY_REPORTED,
                format!("folder {id}, told above"),
            ),
            false => (StatusCode::OK, format!("folder {id}")),
        };
        let href = href.to_owned();
        self.parts.push(Part {
            href: href.clone(),
            status,
            about,
        });
        if again {
            return Ok(());
        }
        self.above.push(id.clone());
        for (name, member) in members {
            self.visit(member, &format!("{href}/{name}"))?;
        }
        self.above.pop();
        Ok(())
    }
}
