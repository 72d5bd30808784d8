//! What could not be read, as it is told: with its outcome, and the name that others have for it.

use httpwhy_catalog::Entry;
use httpwhy_ingest::Unread;
use httpwhy_render::safe;

/// The entry of the catalogue that explains it.
pub(crate) fn entry(unread: &Unread) -> Option<&'static Entry> {
    let id = format!("input/{}", unread.word);
    httpwhy_catalog::by_id(&id).filter(|_| !unread.word.is_empty())
}

/// `file.har: line 3, column 5: … (input/json-parse, elsewhere JSON::ParseException)`
pub(crate) fn said(name: &str, unread: &Unread) -> String {
    let said = format!("{}: {}", safe(name), safe(&unread.to_string()));
    let Some(entry) = entry(unread) else {
        return said;
    };
    let elsewhere = entry.aliases.iter().find(|alias| alias.contains("::"));
    match elsewhere {
        Some(alias) => format!("{said} ({}, elsewhere {alias})", entry.id),
        None => format!("{said} ({})", entry.id),
    }
}
