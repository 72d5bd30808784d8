//! Search by words: titles and names before texts, typing errors forgiven, all words wanted.

use httpwhy_catalog::{Entry, entries, search};

fn ids(words: &str) -> Vec<&'static str> {
    search(words).iter().map(|entry| entry.id.0).collect()
}

#[test]
fn the_entry_that_is_called_so_comes_first() {
    for (words, first) in [
        ("certificate expired", "tls/cert-expired"),
        ("expired certificate", "tls/cert-expired"),
        ("not found", "http/404"),
        ("bad gateway", "http/502"),
        ("too many requests", "http/429"),
        ("connection refused", "net/connect-refused"),
    ] {
        let found = ids(words);
        assert_eq!(found.first(), Some(&first), "{words}: {found:?}");
    }
}

#[test]
fn typing_errors_are_forgiven() {
    for (words, wanted) in [
        ("certifcate expird", "tls/cert-expired"),
        ("redirct loop", "net/redirect-loop"),
        ("gatway timeot", "http/504"),
        ("handshke timeout", "net/tls-handshake-timeout"),
    ] {
        let found = ids(words);
        assert!(
            found.iter().take(5).any(|id| *id == wanted),
            "{words}: {found:?}"
        );
    }
}

#[test]
fn names_count_more_than_texts() {
    let found = search("teapot");
    let is_named = |at: usize| {
        let entry = found[at];
        [&[entry.title], entry.former, entry.aliases]
            .concat()
            .iter()
            .any(|name| name.to_lowercase().contains("teapot"))
    };
    let first_unnamed = (0..found.len()).find(|&at| !is_named(at));
    let last_named = (0..found.len()).rfind(|&at| is_named(at));
    assert!(last_named.is_some());
    if let (Some(unnamed), Some(named)) = (first_unnamed, last_named) {
        assert!(named < unnamed, "{found:?}");
    }
}

#[test]
fn every_word_is_wanted() {
    for entry in search("proxy authentication") {
        let names = [&[entry.id.0, entry.title], entry.former, entry.aliases]
            .concat()
            .join(" ");
        let all = format!("{names} {}", entry.text()).to_lowercase();
        assert!(
            all.contains("proxy") && all.contains("authentication"),
            "{}",
            entry.id
        );
    }
    assert!(search("xyzzyplugh proxy").is_empty());
    assert!(search("").is_empty() && search("a b c").is_empty());
}

#[test]
fn entries_are_sorted_by_id_and_each_has_a_source_and_a_constant_of_its_own() {
    assert!(entries().windows(2).all(|pair| pair[0].id < pair[1].id));
    assert!(entries().iter().all(|entry| !entry.sources.is_empty()));
    let mut constants: Vec<&str> = entries().iter().map(Entry::constant).collect();
    constants.sort_unstable();
    constants.dedup();
    assert_eq!(constants.len(), entries().len());
}
