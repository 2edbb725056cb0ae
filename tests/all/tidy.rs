//! The rules of the house as tests: docs, sizes, floors, banned calls, and that nothing lies unused.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use evident_tests::repository;
use toml::{Table, Value};

/// A file above it has two subjects.
const LINES_MAX: usize = 800;

/// At this size an author looks for the seam.
const LINES_AIM: usize = 400;

/// What core may use: every one is pure.
const CORE_DEPENDENCIES: &[&str] =
    &["globset", "schemars", "serde", "serde_json", "strsim", "thiserror", "toml"];

/// What core never names, not even in its unit tests: input, output, clocks, chance. The stories under
/// `host/core/tests` are files, and its benchmark has a clock.
const CORE_BANNED: &[&str] = &[
    "std::fs",
    "std::process",
    "std::net",
    "std::env",
    "std::io",
    "std::thread",
    "SystemTime",
    "Instant::now",
    "rand::",
    "tokio",
    "println!",
];

/// Left-overs, in any file.
const LEFT_OVERS: &[&str] = &["todo!(", "unimplemented!(", "dbg!(", "FIXME", "#[ignore", "#[should_panic"];

/// A file of the repository as git sees it.
struct File {
    /// Relative to the repository.
    path: String,
    text: String,
}

/// Every file that git tracks or would add, so that a file is held to the rules before it is committed.
fn listed() -> Vec<String> {
    let git = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(repository())
        .output()
        .expect("git is installed");
    assert!(git.status.success(), "the tests need the repository");
    let text = String::from_utf8(git.stdout).expect("paths are text");
    let names = text.split('\0').filter(|name| !name.is_empty() && repository().join(name).is_file());
    names.map(str::to_owned).collect()
}

fn rust_files() -> Vec<File> {
    let names = listed().into_iter().filter(|name| name.ends_with(".rs"));
    names.map(|path| File { text: read(&path), path }).collect()
}

fn read(path: &str) -> String {
    fs::read_to_string(repository().join(path)).unwrap_or_else(|error| panic!("`{path}`: {error}"))
}

/// Fails with every line, so that one run names all of them.
fn none(what: &str, found: &[String]) {
    assert!(found.is_empty(), "{what}:\n  {}", found.join("\n  "));
}

#[test]
fn every_file_says_what_it_is_for() {
    let opens = |file: &File| file.text.lines().take(3).any(|line| line.starts_with("//! "));
    let silent: Vec<_> = rust_files().into_iter().filter(|file| !opens(file)).map(|file| file.path).collect();
    none("files that do not open with `//!`", &silent);
}

#[test]
fn no_file_is_too_long() {
    let lines: Vec<_> = rust_files().into_iter().map(|file| (file.text.lines().count(), file.path)).collect();
    let small = lines.iter().filter(|(count, _)| *count <= LINES_AIM).count();
    let percent = small * 100 / lines.len();
    let mut stderr = std::io::stderr();
    writeln!(stderr, "{percent} % of {} files have at most {LINES_AIM} lines", lines.len()).expect("is open");
    let long = lines.iter().filter(|(count, _)| *count > LINES_MAX);
    let long: Vec<_> = long.map(|(count, path)| format!("{path}: {count} lines")).collect();
    none("files that are too long", &long);
}

#[test]
fn nothing_is_left_over() {
    let mut found = Vec::new();
    for file in rust_files().iter().filter(|file| file.path != "tests/all/tidy.rs") {
        // An attribute stands at the start of its line; elsewhere it is text that somebody looks for.
        let is_there = |word: &&&str| match word.starts_with('#') {
            true => file.text.lines().any(|line| line.trim_start().starts_with(**word)),
            false => file.text.contains(**word),
        };
        for word in LEFT_OVERS.iter().filter(is_there) {
            found.push(format!("{}: {word}", file.path));
        }
    }
    none("left-overs", &found);
}

/// A closed pipe is handled in one place. A build script speaks to cargo, a benchmark has a person before
/// it, a test of a plugin says what it skips, and an example is what a stranger would write.
#[test]
fn only_one_file_prints() {
    let may = |path: &str| {
        let folders = ["examples/", "tests/benches/"];
        let files = ["host/cli/src/ui.rs", "tests/all/tidy.rs"];
        let is_test = path.starts_with("plugins/") && path.contains("/tests/");
        is_test
            || files.contains(&path)
            || path.ends_with("build.rs")
            || folders.iter().any(|it| path.starts_with(it))
    };
    let mut found = Vec::new();
    for file in rust_files().iter().filter(|file| !may(&file.path)) {
        for (number, line) in file.text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            if ["print!(", "println!("].iter().any(|word| code.contains(word)) {
                found.push(format!("{}:{}", file.path, number + 1));
            }
        }
    }
    none("files that print by themselves", &found);
}

#[test]
fn core_is_pure() {
    let mut found = Vec::new();
    // Its switches, which only tests have, are set by a variable; see the file.
    let is_pure =
        |file: &&File| file.path.starts_with("host/core/src/") && !file.path.ends_with("src/defence.rs");
    for file in rust_files().iter().filter(is_pure) {
        for (number, line) in file.text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            for word in CORE_BANNED.iter().filter(|word| code.contains(*word)) {
                found.push(format!("{}:{}: {word}", file.path, number + 1));
            }
        }
    }
    none("what core must not name", &found);
    let manifest = manifest("host/core/Cargo.toml");
    let dependencies: Vec<_> = table(&manifest, "dependencies").keys().cloned().collect();
    assert_eq!(dependencies, CORE_DEPENDENCIES, "a new dependency of core is a decision of its own");
    assert!(!manifest.contains_key("build-dependencies") && !manifest.contains_key("target"));
}

/// The compiler's own check of the same rule: each entry says why.
#[test]
fn the_bans_of_core_have_reasons() {
    let bans = manifest("host/core/clippy.toml");
    for key in ["disallowed-methods", "disallowed-types"] {
        let entries = bans[key].as_array().expect("is a list");
        assert!(!entries.is_empty(), "{key}");
        for entry in entries {
            assert!(entry.get("reason").and_then(Value::as_str).is_some_and(|why| why.len() > 10), "{entry}");
        }
    }
}

/// Floor by crate, as the file says.
fn floors() -> BTreeMap<String, u32> {
    let mut floors = BTreeMap::new();
    for line in read("FLOORS").lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (floor, name) = line.split_once("  ").unwrap_or_else(|| panic!("FLOORS: {line}"));
        let floor = floor.strip_prefix('F').and_then(|floor| floor.parse().ok());
        let floor = floor.unwrap_or_else(|| panic!("FLOORS: {line}"));
        assert!(floors.insert(name.to_owned(), floor).is_none(), "FLOORS names `{name}` twice");
    }
    floors
}

/// Every manifest of the workspace: members are folders below `host` and `plugins`, and `tests`.
fn manifests() -> Vec<Table> {
    let is_member = |name: &str| {
        let parts: Vec<&str> = name.split('/').collect();
        matches!(parts.as_slice(), ["host" | "plugins", _, "Cargo.toml"] | ["tests", "Cargo.toml"])
    };
    listed().iter().filter(|name| is_member(name)).map(|name| manifest(name)).collect()
}

#[test]
fn a_crate_depends_only_on_lower_floors() {
    let floors = floors();
    let manifests = manifests();
    let name = |manifest: &Table| manifest["package"]["name"].as_str().expect("is text").to_owned();
    let mut members: Vec<_> = manifests.iter().map(name).collect();
    members.sort();
    assert_eq!(members, floors.keys().cloned().collect::<Vec<_>>(), "FLOORS and the workspace disagree");
    let mut found = Vec::new();
    for manifest in &manifests {
        let own = name(manifest);
        for (needed, kind) in dependencies(manifest) {
            let Some(floor) = floors.get(&needed) else { continue };
            if *floor >= floors[&own] {
                found.push(format!("{own} (F{}) has {needed} (F{floor}) in its {kind}", floors[&own]));
            }
        }
    }
    none("dependencies that do not go down", &found);
}

/// Every dependency of every kind, those of a single target included.
fn dependencies(manifest: &Table) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let empty = Table::new();
    let targets = manifest.get("target").and_then(Value::as_table).unwrap_or(&empty);
    let tables = targets.values().filter_map(Value::as_table).chain([manifest]);
    for table in tables {
        for (kind, entries) in table.iter().filter(|(kind, _)| kind.ends_with("dependencies")) {
            let names = entries.as_table().into_iter().flat_map(Table::keys);
            found.extend(names.map(|name| (name.clone(), kind.clone())));
        }
    }
    found
}

/// Only the room `sandbox` knows wasmtime, only `process` starts agents and producers, only the store knows
/// SQLite: what FLOORS cannot say.
#[test]
fn rooms_keep_to_themselves() {
    let owners: [(&str, &[&str]); 3] = [
        ("wasmtime", &["host/sandbox/"]),
        ("tokio::process", &["host/process/"]),
        ("rusqlite", &["host/store/"]),
    ];
    let mut found = Vec::new();
    for file in rust_files().iter().filter(|file| file.path.starts_with("host/")) {
        for (word, rooms) in owners {
            let names =
                file.text.lines().any(|line| line.split("//").next().unwrap_or_default().contains(word));
            if names && !rooms.iter().any(|room| file.path.starts_with(room)) {
                found.push(format!("{}: {word} belongs to {}", file.path, rooms.join(" and ")));
            }
        }
    }
    none("what belongs to another room", &found);
}

/// A map with a road that is not there is worse than none.
#[test]
fn the_map_names_what_is_there() {
    let text = read("ARCHITECTURE.md");
    let mut found = Vec::new();
    let mut count = 0;
    for word in text.split('`').skip(1).step_by(2) {
        let is_path = ["host/", "plugins/", "tests/", "examples/", "docs/", "wit/"]
            .iter()
            .any(|it| word.starts_with(it));
        if is_path && !word.contains(['*', ' ', '<', '{']) {
            count += 1;
            if !repository().join(word).exists() {
                found.push(word.to_owned());
            }
        }
    }
    none("paths of ARCHITECTURE.md that are not there", &found);
    assert!(count >= 5, "the map names {count} paths");
}

/// A binary drifts from its source: components are built.
#[test]
fn no_component_is_committed() {
    let binary = |name: &String| name.ends_with(".wasm") || name.ends_with(".cwasm");
    none("components in git", &listed().into_iter().filter(binary).collect::<Vec<_>>());
}

#[test]
fn every_guest_is_built() {
    let guests = manifest("tests/guests/Cargo.toml");
    let examples = guests["example"].as_array().expect("is a list");
    let mut built: Vec<_> =
        examples.iter().map(|example| example["path"].as_str().expect("is text")).collect();
    built.sort_unstable();
    let mut sources = rust_names("tests/guests/src");
    sources.retain(|name| name != "lib.rs");
    let sources: Vec<_> = sources.iter().map(|name| format!("src/{name}")).collect();
    assert_eq!(built, sources, "guests and `[[example]]` entries of tests/guests/Cargo.toml disagree");
}

/// A guest that nothing loads proves nothing.
#[test]
fn every_guest_is_used() {
    let tests: String = rust_files()
        .into_iter()
        .filter(|file| file.path.starts_with("tests/all/") || file.path.starts_with("tests/benches/"))
        .filter(|file| file.path != "tests/all/tidy.rs")
        .map(|file| file.text)
        .collect();
    let guests = rust_names("tests/guests/src").into_iter().filter(|name| name != "lib.rs");
    let names = guests.map(|name| name.trim_end_matches(".rs").to_owned());
    let unused: Vec<_> = names.filter(|name| !tests.contains(&format!("\"{name}\""))).collect();
    none("guests that no test names", &unused);
}

/// A golden that no test asks for can say anything.
#[test]
fn every_golden_is_used() {
    let tests: String = rust_files()
        .into_iter()
        .filter(|file| file.path.starts_with("tests/cli/"))
        .map(|file| file.text)
        .collect();
    let goldens = files("tests/cli/snapshots");
    assert!(!goldens.is_empty());
    let is_used = |name: &String| {
        name.strip_suffix(".snap").is_some_and(|name| {
            tests.contains(&format!("golden(\"{name}\"")) || tests.contains(&format!("golden_of(\"{name}\""))
        })
    };
    let unused: Vec<_> = goldens.into_iter().filter(|name| !is_used(name)).collect();
    none("goldens that no test asks for", &unused);
}

/// A test file that nobody declares never runs.
#[test]
fn every_test_file_is_a_module() {
    let mut forgotten = Vec::new();
    for folder in [
        "tests/all",
        "tests/cli",
        "host/core/tests/scripts",
        "plugins/test-report/tests/all",
        "plugins/changes/tests/all",
    ] {
        let main = read(&format!("{folder}/main.rs"));
        for name in rust_names(folder).iter().filter(|name| *name != "main.rs") {
            let module = format!("mod {};", name.trim_end_matches(".rs"));
            if !main.lines().any(|line| line == module) {
                forgotten.push(format!("{folder}/{name}"));
            }
        }
    }
    none("test files that are not a module", &forgotten);
}

fn manifest(path: &str) -> Table {
    read(path).parse().unwrap_or_else(|error| panic!("`{path}`: {error}"))
}

fn table<'a>(manifest: &'a Table, key: &str) -> &'a Table {
    manifest[key].as_table().unwrap_or_else(|| panic!("`{key}` is not a table"))
}

/// Names of the files in a folder, in order.
fn files(folder: &str) -> Vec<String> {
    let path: PathBuf = repository().join(folder);
    let entries = fs::read_dir(&path).unwrap_or_else(|error| panic!("`{folder}`: {error}"));
    let paths = entries.map(|entry| entry.expect("is there").path()).filter(|path| path.is_file());
    let name = |path: &Path| path.file_name().expect("has one").to_str().expect("is text").to_owned();
    let mut names: Vec<_> = paths.map(|path| name(&path)).collect();
    names.sort();
    names
}

fn rust_names(folder: &str) -> Vec<String> {
    files(folder).into_iter().filter(|name| name.ends_with(".rs")).collect()
}
