//! `docs/conformance.md` against the code: a number without its row, a test that is not there, and a surface
//! that is left out without leave, all fail here.

use std::fs;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

/// How many behaviours are known.
const BEHAVIOURS: u32 = 91;

/// The only ones that may have no counterpart here: surfaces that are not built.
const MAY_NOT_APPLY: [RangeInclusive<u32>; 7] =
    [22..=22, 24..=25, 60..=63, 70..=71, 73..=73, 79..=79, 80..=91];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The cells of every row: number, behaviour, here, test, why.
fn rows() -> Vec<Vec<String>> {
    let page = fs::read_to_string(root().join("docs/conformance.md")).expect("the page is there");
    let rows = page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| Number"));
    rows.map(|row| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()).collect()
}

/// True if a test exists: a file, or a function of a file.
fn exists(test: &str) -> bool {
    let (path, name) = test.split_once("::").map_or((test, None), |(path, name)| (path, Some(name)));
    let Ok(text) = fs::read_to_string(root().join(path)) else { return false };
    name.is_none_or(|name| ["(", "<"].iter().any(|next| text.contains(&format!("fn {name}{next}"))))
}

/// True if a story says in its head that it shows that behaviour; other tests say nothing of numbers.
fn shows(test: &str, number: &str) -> bool {
    if !test.starts_with("tests/scripts/") || !test.ends_with(".txt") {
        return true;
    }
    let story = fs::read_to_string(root().join(test)).expect("is there");
    let head = story.lines().find_map(|line| line.strip_prefix("# Codex: ")).unwrap_or_default();
    let numbers = head.split('.').next().unwrap_or_default().split(',');
    numbers.map(|text| text.split_whitespace().next().unwrap_or_default()).any(|shown| shown == number)
}

/// What is wrong with a row.
fn problem(row: &[String]) -> Option<String> {
    let [number, behaviour, here, tests, why] = row else { return Some(format!("{row:?}: five cells")) };
    let number_read = number.parse::<u32>().unwrap_or(0);
    let may_not_apply = MAY_NOT_APPLY.iter().any(|range| range.contains(&number_read));
    let named: Vec<&str> = tests.split('`').skip(1).step_by(2).collect();
    let is_said = |text: &str| !text.is_empty() && text != "-";
    let wrong = match here.as_str() {
        _ if !is_said(behaviour) => Some("no behaviour"),
        "same" if named.is_empty() => Some("no test"),
        "differs" if named.is_empty() || !is_said(why) => Some("no test, or no reason"),
        "does not apply" if !may_not_apply || !is_said(why) => Some("applies, or has no reason"),
        "same" | "differs" | "does not apply" => None,
        _ => Some("neither same, differs nor does not apply"),
    };
    let missing = named.iter().find(|test| !exists(test));
    let silent = || named.iter().find(|test| !shows(test, number));
    wrong
        .map(|wrong| format!("{number}: {wrong}"))
        .or_else(|| missing.map(|test| format!("{number}: `{test}` is not there")))
        .or_else(|| silent().map(|test| format!("{number}: `{test}` does not say that it shows it")))
}

/// Catches a behaviour that was forgotten, told twice, or whose number is none.
#[test]
fn every_behaviour_has_one_row() {
    let numbers: Vec<String> = rows().into_iter().map(|mut row| row.remove(0)).collect();
    let expected: Vec<String> = (1..=BEHAVIOURS).map(|number| number.to_string()).collect();
    assert_eq!(numbers, expected);
}

/// Catches a test that is gone, a difference without a reason, and a surface that is left out without leave.
#[test]
fn every_row_is_true() {
    let problems: Vec<String> = rows().iter().filter_map(|row| problem(row)).collect();
    assert_eq!(problems, [""; 0]);
}

/// Catches a test of the page that finds nothing wrong with anything.
#[test]
fn a_false_row_is_seen() {
    let row = |here: &str, tests: &str, why: &str| {
        problem(&["1", "b", here, tests, why].map(str::to_owned)).unwrap_or_default()
    };
    let page = "`docs/conformance.md`";
    assert_eq!(row("same", page, "-"), "");
    assert_eq!(row("same", "-", "-"), "1: no test");
    assert_eq!(row("differs", page, "-"), "1: no test, or no reason");
    assert_eq!(row("does not apply", "-", "None."), "1: applies, or has no reason");
    assert_eq!(row("same", "`docs/nothing.md`", "-"), "1: `docs/nothing.md` is not there");
    let story = "`tests/scripts/storage.txt`";
    assert_eq!(row("same", story, "-"), format!("1: {story} does not say that it shows it"));
    assert_eq!(
        row("same", "`docs/conformance.md::nothing`", "-"),
        "1: `docs/conformance.md::nothing` is not there"
    );
}
