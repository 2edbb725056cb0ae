//! `docs/threats.md` against the code: a row without its test, a numbered test without a row, and a switch
//! that no row names, all fail here.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use evident_core::defence::Defence;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn page() -> String {
    fs::read_to_string(root().join("docs/threats.md")).expect("the page is there")
}

/// The cells of every row of every table.
fn rows(page: &str) -> Vec<Vec<String>> {
    let rows = page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| Case"));
    rows.map(|row| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()).collect()
}

/// The words of a cell that stand in backticks.
fn quoted(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Names of all functions in Rust files below the folders that hold tests.
fn functions() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut folders: Vec<PathBuf> =
        ["tests/all", "tests/cli", "host", "plugins"].map(|name| root().join(name)).into();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("is listed") {
            let path = entry.expect("is listed").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("is text");
                let names = text.lines().filter_map(|line| {
                    let line = line.trim_start();
                    let line = line.strip_prefix("pub(super) ").unwrap_or(line);
                    line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ")
                });
                found.extend(names.filter_map(|name| Some(name.split_once('(')?.0.to_owned())));
            }
        }
    }
    found
}

/// True for the name of a test of the catalogue: `a01_...`.
fn is_numbered(name: &str) -> bool {
    let bytes = name.as_bytes();
    matches!(bytes, [b'a'..=b'c' | b'f', tens, ones, b'_', ..] if tens.is_ascii_digit() && ones.is_ascii_digit())
}

#[test]
fn every_row_has_its_test() {
    let (functions, page) = (functions(), page());
    let rows = rows(&page);
    assert!(rows.len() > 40, "the tables are read: {}", rows.len());
    let missing: Vec<String> = rows
        .iter()
        .flat_map(|row| quoted(row.last().expect("a row has cells")))
        .filter(|name| !functions.contains(name))
        .collect();
    assert_eq!(missing, [""; 0], "named and not there");
    let empty = rows.iter().filter(|row| row.len() != 5 || row[4].is_empty());
    assert_eq!(empty.count(), 0, "every row has five cells");
}

#[test]
fn every_numbered_test_has_a_row() {
    let page = page();
    let named: BTreeSet<String> =
        rows(&page).iter().flat_map(|row| quoted(row.last().expect("has cells"))).collect();
    let unnamed: Vec<String> =
        functions().into_iter().filter(|name| is_numbered(name) && !named.contains(name)).collect();
    assert_eq!(unnamed, [""; 0]);
}

#[test]
fn every_switch_is_named() {
    let page = page();
    let named: BTreeSet<String> = rows(&page).iter().flat_map(|row| quoted(&row[3])).collect();
    let switches: BTreeSet<String> = Defence::ALL.iter().map(|defence| defence.name().to_owned()).collect();
    assert_eq!(named, switches);
}
