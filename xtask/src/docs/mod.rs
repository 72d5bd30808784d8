//! The documentation site: one page an outcome, a product and an audience, an index that searches without a server.
//!
//! Everything on it is what the binary itself says (`list --json`, its views, `choose --list --json`), beside the products'
//! signatures in the catalogue. The same data gives the same bytes. A dead internal link fails the chore.

mod clients;
mod data;
mod frame;
mod links;
mod lists;
mod markdown;
mod outcome;
mod search;
mod transcript;
mod views;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::tree::Tree;
use data::Data;

/// Where the site goes when nobody says otherwise.
const OUT: &str = "target/docs";
/// Says that a folder was made by this chore, and so may be made anew.
const MARKER: &str = "made-by-xtask-docs.txt";
const MARKER_TEXT: &str =
    "Made by `cargo xtask docs`; everything in this folder is replaced by its next run.\n";

/// The files of the site: path within it (with `/`) and content.
pub(crate) type Site = BTreeMap<String, String>;

/// Builds the site, checks its links and writes it.
pub(crate) fn run(tree: &Tree, out: Option<&str>) -> Result<()> {
    let data = Data::of_the_binary(tree)?;
    let site = build(&data);
    let dead = links::problems(&site);
    for problem in &dead {
        println!("{problem}");
    }
    if !dead.is_empty() {
        bail!("docs: {} problem(s)", dead.len());
    }
    let folder = out.map_or_else(|| tree.path(OUT), PathBuf::from);
    write(&folder, &site)?;
    println!(
        "docs: {} pages, {} links hold: {}",
        site.keys()
            .filter(|path| crate::tree::has_extension(path, "html"))
            .count(),
        links::count(&site),
        folder.join("index.html").display()
    );
    Ok(())
}

/// All pages and what they load.
fn build(data: &Data) -> Site {
    let mut site = Site::new();
    site.insert("style.css".into(), include_str!("assets/style.css").into());
    site.insert("search.js".into(), include_str!("assets/search.js").into());
    site.insert("search-index.js".into(), search::index(data));
    site.insert("index.html".into(), lists::index(data));
    site.insert("choose.html".into(), lists::choose(data));
    site.insert(clients::PAGE.into(), clients::page(data));
    for namespace in data.namespaces() {
        site.insert(
            data::namespace_page(namespace),
            lists::namespace(data, namespace),
        );
    }
    for audience in data::AUDIENCES {
        site.insert(
            data::audience_page(audience.key),
            lists::audience(data, audience),
        );
    }
    for view in &data.views {
        site.insert(data::view_page(view.reader.key), views::page(data, view));
    }
    for outcome in &data.outcomes {
        let page = data.page(&outcome.id).to_owned();
        site.insert(page, outcome::page(data, outcome));
    }
    site
}

/// Writes the site into a folder that is new, empty, or was made by this chore.
fn write(folder: &Path, site: &Site) -> Result<()> {
    let here = || folder.display().to_string();
    if folder.join(MARKER).exists() {
        std::fs::remove_dir_all(folder).with_context(here)?;
    } else if folder.exists()
        && std::fs::read_dir(folder)
            .with_context(here)?
            .next()
            .is_some()
    {
        bail!(
            "{}: not empty, and not made by this chore; name another folder",
            here()
        );
    }
    let marker = [(MARKER.to_owned(), MARKER_TEXT.to_owned())];
    for (path, text) in marker.iter().map(|(path, text)| (path, text)).chain(site) {
        let file = folder.join(path);
        if let Some(parent) = file.parent() {
            std::fs::create_dir_all(parent).with_context(here)?;
        }
        std::fs::write(&file, text).with_context(|| file.display().to_string())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::data::planted;
    use super::*;

    #[test]
    fn a_planted_catalogue_makes_a_site_without_dead_links_twice_the_same() {
        let data = planted();
        let site = build(&data);
        assert_eq!(links::problems(&site), Vec::<String>::new());
        assert_eq!(site, build(&data));
        for path in [
            "index.html",
            "choose.html",
            "for/operator.html",
            "view/scanner.html",
            "vendor/nginx.html",
            "outcome/http/404.html",
        ] {
            assert!(site.contains_key(path), "{path}");
        }
    }

    #[test]
    fn what_the_catalogue_says_never_becomes_markup() {
        let site = build(&planted());
        for (path, text) in &site {
            assert!(!text.contains("<script>alert"), "{path}");
            assert!(!text.contains("<img src=x"), "{path}");
            assert!(!text.contains("javascript:"), "{path}");
        }
        // The text is there all the same, as text.
        assert!(site["outcome/nginx/499.html"].contains("&lt;script&gt;alert"));
    }

    #[test]
    fn a_folder_of_somebody_else_is_left_alone() {
        let planted = crate::tree::planted::Planted::new(&[("out/precious.txt", "x")]);
        let folder = planted.tree.path("out");
        let site = Site::from([("a/b.html".to_owned(), "b".to_owned())]);
        let error = write(&folder, &site).expect_err("not empty").to_string();
        assert!(error.contains("not made by this chore"), "{error}");
        let fresh = planted.tree.path("fresh");
        write(&fresh, &site).expect("a new folder");
        std::fs::write(fresh.join("stale.html"), "").expect("a file");
        write(&fresh, &site).expect("its own folder");
        assert!(!fresh.join("stale.html").exists());
        assert!(fresh.join("a/b.html").exists());
    }
}
