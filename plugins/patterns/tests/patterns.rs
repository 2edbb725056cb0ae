//! Patterns against the shared table, against what they must refuse, and against hostile ones.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use evident_patterns::Pattern;

fn pattern(text: &str) -> Pattern {
    Pattern::parse(text).unwrap_or_else(|error| panic!("`{text}`: {error}"))
}

/// The shared table, or nothing (with a line saying so) where it is not there.
fn shared_table() -> Option<String> {
    let named = std::env::var_os("EVIDENT_FIXTURES").map(PathBuf::from);
    let root =
        named.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures"));
    let table = root.join("diff/patterns.json");
    if table.is_file() {
        return Some(std::fs::read_to_string(table).expect("is readable"));
    }
    #[allow(clippy::print_stderr, reason = "a test that skips says so")]
    {
        eprintln!("skipped: no fixtures at {}", table.display());
    }
    None
}

#[test]
fn conforms_to_the_shared_table() {
    let Some(table) = shared_table() else { return };
    let rows: Vec<BTreeMap<String, serde_json::Value>> = serde_json::from_str(&table).expect("is JSON");
    let (mut checks, mut wrong) = (0, Vec::new());
    for row in &rows {
        let text = row["pattern"].as_str().expect("a text");
        let pattern = pattern(text);
        for (path, expected) in row["paths"].as_object().expect("a table") {
            checks += 1;
            if pattern.matches(path) != expected.as_bool().expect("a truth") {
                wrong.push(format!("`{text}` and `{path}`"));
            }
        }
    }
    assert_eq!((rows.len(), checks, wrong), (30, 153, Vec::new()));
}

#[test]
fn matches_what_the_table_leaves_open() {
    let table = [
        ("**", "a", true),
        ("**", "a/b", true),
        ("/**", "a", true),
        ("src/**", "src", false),
        ("src/**", "src/a/b", true),
        ("a/**/b", "a/b", true),
        ("a/**/**/b", "a/x/b/c", true),
        ("**/b", "b", true),
        ("a?c", "aéc", true),
        ("a?c", "ac", false),
        ("a*b*c", "a-b-b-c", true),
        ("a*b*c", "a-b-b-d", false),
        ("A", "a", false),
        ("\\!a", "!a", true),
        ("\\#a", "#a", true),
        ("#a", "#a", true),
        ("a b ", "a b ", true),
        ("a b ", "a b", false),
        ("{a,b}", "a", false),
        ("*.rs", "deep/er/x.rs", true),
        ("/*.rs", "deep/x.rs", false),
        ("é*", "éa", true),
    ];
    for (text, path, expected) in table {
        assert_eq!(pattern(text).matches(path), expected, "`{text}` and `{path}`");
    }
}

#[test]
fn a_path_that_is_no_text_is_matched_byte_by_byte() {
    assert!(pattern("src/*.rs").matches_bytes(b"src/\xff\xfe.rs"));
    assert!(pattern("a?b").matches_bytes(b"a\xffb") && !pattern("a?b").matches_bytes(b"a\xff\xfeb"));
}

#[test]
fn knows_where_it_can_match() {
    let table = [
        ("tests/**", "", true),
        ("tests/**", "tests", true),
        ("tests/**", "tests/deep/er", true),
        ("tests/**", "target", false),
        ("/a/*/c", "a/b", true),
        ("/a/*/c", "a/b/d", false),
        ("/a/*/c", "b", false),
        ("/*", "a", false),
        ("/a/*", "a", true),
        ("/a/*", "a/b", false),
        ("*.env", "target/debug", true),
        ("/a", "a/b", true),
        ("/a/", "a", true),
        (".env.test", "target", true),
        ("/.env.test", "target", false),
    ];
    for (text, folder, expected) in table {
        assert_eq!(pattern(text).can_match_below(folder), expected, "`{text}` below `{folder}`");
    }
}

/// What matches must lie in a folder that is entered: a walk that trusts the answer misses nothing.
#[test]
fn every_match_lies_where_it_can_match() {
    let texts = ["a", "/a", "a/", "/a/", "a/b", "*", "/*", "a/*", "**", "a/**", "**/b", "a/**/b", "*/b/"];
    let names = ["a", "b", "c"];
    let mut paths: Vec<String> = names.map(str::to_owned).to_vec();
    for _ in 0..3 {
        let deeper = paths.iter().flat_map(|path| names.map(|name| format!("{path}/{name}")));
        paths.extend(deeper.collect::<Vec<_>>());
    }
    let mut matched = 0;
    for text in texts {
        let pattern = pattern(text);
        for path in paths.iter().filter(|path| pattern.matches(path)) {
            matched += 1;
            for folder in Path::new(path).ancestors().skip(1) {
                let folder = folder.to_str().expect("a text");
                assert!(pattern.can_match_below(folder), "`{text}` matches `{path}`, not below `{folder}`");
            }
        }
    }
    assert!(matched > 100, "{matched}");
}

#[test]
fn refuses_what_it_would_not_do() {
    let table = [
        ("", "names nothing"),
        ("/", "names nothing"),
        ("!src", "exception"),
        ("//a", "two slashes"),
        ("a//b", "two slashes"),
        ("a//", "two slashes"),
        ("../a", "`..`"),
        ("a/../b", "`..`"),
        ("./a", "`.`"),
        ("a\\", "nothing behind"),
        ("a\0b", "zero byte"),
    ];
    for (text, expected) in table {
        let error = Pattern::parse(text).expect_err(text);
        assert!(error.problem.contains(expected) && !error.hint.is_empty(), "`{text}`: {error}");
    }
    assert!(Pattern::parse(&"a/".repeat(200)).is_err());
    assert!(Pattern::parse(&"a".repeat(5000)).is_err());
}

/// Tried one way after the other, each of these takes longer than the age of the world.
#[test]
fn a_hostile_pattern_takes_no_time() {
    let folders = format!("{}b", "**/a/".repeat(40));
    let stars = format!("{}b", "*a".repeat(100));
    let deep = "a/".repeat(2000);
    let long = "a".repeat(4000);
    let start = Instant::now();
    assert!(!pattern(&folders).matches(&format!("{deep}c")));
    assert!(pattern(&folders).matches(&format!("{deep}b")));
    assert!(!pattern(&stars).matches(&long));
    assert!(pattern(&stars).matches(&format!("{long}b")));
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

/// Catches a pattern that is taken to name more than it does.
#[test]
fn a_pattern_begins_with_what_it_names() {
    for (text, beginning) in [
        ("tests/**", "tests"),
        ("/tests/", "tests"),
        ("tests/unit/*.py", "tests/unit"),
        (".env", ".env"),
        ("**/a/b", "a/b"),
        ("a/**/b", "a"),
        ("a\\*b/c", "a*b/c"),
        ("*.so", ""),
        ("**", ""),
        ("a?/b", ""),
        ("/*", ""),
    ] {
        assert_eq!(pattern(text).literal_beginning(), beginning.as_bytes(), "{text}");
    }
}
