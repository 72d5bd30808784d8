//! The committed JSON Schemas are those of the types: a change of the public JSON is seen in review.

#![allow(clippy::disallowed_methods, reason = "a test compares files")]

use std::path::Path;

/// `HTTPWHY_UPDATE=1` rewrites them; without it a stale one fails.
#[test]
fn committed_schemas_are_current() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
    let mut stale = Vec::new();
    for (kind, schema) in httpwhy_schema::schemas() {
        let file = folder.join(format!("{kind}.v1.json"));
        let wanted = serde_json::to_string_pretty(&schema).expect("a schema is JSON") + "\n";
        if std::fs::read_to_string(&file).unwrap_or_default() != wanted {
            if std::env::var_os("HTTPWHY_UPDATE").is_some() {
                std::fs::write(&file, wanted).expect("the folder is there");
            } else {
                stale.push(kind);
            }
        }
    }
    assert!(
        stale.is_empty(),
        "stale: {stale:?}; run the test with HTTPWHY_UPDATE=1 and review the change"
    );
}
