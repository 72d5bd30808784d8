//! Every registered code has its entry. The registries stand in `registry/`, each saying where it came from.

mod csv;

use httpwhy_catalog::{Entry, by_id, entries};

struct Registry {
    name: &'static str,
    text: &'static str,
    namespace: &'static str,
}

const REGISTRIES: &[Registry] = &[
    Registry {
        name: "http-status-codes.csv",
        text: include_str!("../registry/http-status-codes.csv"),
        namespace: "http",
    },
    Registry {
        name: "websocket-close-codes.csv",
        text: include_str!("../registry/websocket-close-codes.csv"),
        namespace: "ws",
    },
    Registry {
        name: "tls-alerts.csv",
        text: include_str!("../registry/tls-alerts.csv"),
        namespace: "tls-alert",
    },
    Registry {
        name: "http2-error-codes.csv",
        text: include_str!("../registry/http2-error-codes.csv"),
        namespace: "h2",
    },
    Registry {
        name: "http3-error-codes.csv",
        text: include_str!("../registry/http3-error-codes.csv"),
        namespace: "h3",
    },
];

/// Namespaces whose writing has begun: a registry is held from its first entry on.
fn has_begun(namespace: &str) -> bool {
    entries()
        .iter()
        .any(|entry| entry.id.namespace() == namespace)
}

#[test]
fn every_registered_code_has_an_entry_of_that_name() {
    let mut missing = Vec::new();
    for registry in REGISTRIES.iter().filter(|r| has_begun(r.namespace)) {
        for [code, name, reference] in csv::rows(registry.text) {
            let id = format!("{}/{code}", registry.namespace);
            match by_id(&id) {
                None => missing.push(format!("{id} ({name}, {reference}): no entry")),
                Some(entry) if !carries(entry, &name) => {
                    missing.push(format!("{id}: neither title nor name \"{name}\""));
                }
                Some(_) => {}
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

fn carries(entry: &Entry, name: &str) -> bool {
    [&[entry.title][..], entry.former, entry.aliases]
        .concat()
        .iter()
        .any(|known| known.eq_ignore_ascii_case(name))
}

#[test]
fn the_statuses_that_stand_for_nothing_are_there() {
    for id in ["http/306", "http/418"] {
        assert_eq!(by_id(id).map(|entry| entry.title), Some("(Unused)"), "{id}");
    }
}

#[test]
fn every_registry_says_where_it_came_from_and_names_no_code_twice() {
    let methods = Registry {
        name: "http-methods.csv",
        text: include_str!("../registry/http-methods.csv"),
        namespace: "",
    };
    for registry in REGISTRIES.iter().chain([&methods]) {
        assert!(
            registry.text.starts_with("# "),
            "{}: no source",
            registry.name
        );
        let rows: Vec<[String; 3]> = csv::rows(registry.text);
        assert!(rows.len() > 10, "{}: {} rows", registry.name, rows.len());
        for (at, row) in rows.iter().enumerate() {
            assert!(
                row.iter().all(|field| !field.is_empty()),
                "{}: {row:?}",
                registry.name
            );
            assert!(
                rows[..at].iter().all(|other| other[0] != row[0]),
                "{}: {row:?}",
                registry.name
            );
        }
    }
}
