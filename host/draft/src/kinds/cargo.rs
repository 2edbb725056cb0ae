//! Packages and workspaces of cargo, tested by `cargo test` or by `cargo nextest`.
//!
//! Source of the layouts: the Cargo Book, "Package Layout" and "Workspaces"; nextest's book, "Configuration".

use evident_regular::Members;
use toml::{Table, Value};

use super::{leaves, owned, present, top_above};
use crate::findings::{Bench, First, Kind, Needs, Paths, Suite};
use crate::folder::Folder;
use crate::ignored::{Leftover, is_ignored_folder};
use crate::look::Found;
use crate::text::is_plain;

/// What must be there.
pub(crate) const LOOKED_FOR: &[&str] = &["`Cargo.toml` with `[package]` or `[workspace]`"];

const MANIFEST: &str = "Cargo.toml";
const LOCK: &str = "Cargo.lock";
const NEXTEST: &str = ".config/nextest.toml";

/// Where nextest puts reports if its configuration names no other folder.
const NEXTEST_STORE: &str = "target/nextest";

/// Members of a workspace that are named one by one: more make no text that a person reads.
const MEMBERS_MAX: usize = 100;

/// Tables around a `path`: `target`, its condition, `dependencies`, the crate.
const LEVELS_OF_PATHS: usize = 4;

/// Attributes that switch a test off.
const SHORTCUTS: &[&str] = &["#[ignore", "#[cfg(any())]"];

/// A setting of the user, in a file outside of the tree, can name one folder for all builds: what another tree
/// built there would be taken for what this one did.
const OWN_BUILD: &[(&str, &str)] = &[("CARGO_TARGET_DIR", "target"), ("CARGO_BUILD_BUILD_DIR", "target")];

/// Adds a suite if the folder is a package or a workspace.
pub(crate) fn recognise(folder: &Folder, found: &mut Found) {
    let Some(manifest) = folder.toml(MANIFEST) else { return };
    let package = manifest.get("package").and_then(Value::as_table);
    let workspace = manifest.get("workspace").and_then(Value::as_table);
    if package.is_none() && workspace.is_none() {
        folder.note(MANIFEST, "has neither `[package]` nor `[workspace]`");
        return;
    }
    let name = package.and_then(|package| package.get("name")).and_then(Value::as_str);
    found.named(name);
    // A member of a workspace takes its lock file, and maybe its settings, from a folder above.
    let top = if workspace.is_none() { top_above(folder, Members::Cargo, MANIFEST) } else { None };
    let is_locked = folder.has_file(LOCK) || top.as_ref().is_some_and(|top| top.join(LOCK).is_file());
    let mut paths = Paths {
        settings: owned(&[MANIFEST, ".cargo/**", ".config/**", "rust-toolchain*"]),
        manifests: owned(&[MANIFEST, LOCK]),
        ..Paths::default()
    };
    if package.is_some() {
        add_package(&mut paths, "");
    }
    if let Some(workspace) = workspace {
        add_members(folder, workspace, &mut paths);
    }
    let mut suite = suite(is_locked, workspace.is_some(), paths);
    let is_member = top.is_some();
    suite.needs = needs(folder, &manifest, is_member, found);
    if !suite.needs.only_in_place {
        suite.set = OWN_BUILD.to_vec();
        suite.remarks.push(
            "The build stays in the copy, whatever folder the user's own settings of cargo name.".into(),
        );
    }
    if !is_locked {
        suite.paths.sources.push(LOCK.to_owned());
        suite.remarks.push(
            "There is no Cargo.lock: run `cargo generate-lockfile` once, or the first run makes one and"
                .into(),
        );
        suite.remarks.push("changes the tree. With one, add \"--locked\" behind the subcommand.".into());
        found.first.push(First {
            command: "cargo generate-lockfile",
            why: "once, before the first check: a run that makes Cargo.lock changes the tree",
        });
    }
    let what = if workspace.is_some() { "a workspace" } else { "a package" };
    found.because(MANIFEST, format!("{what} of cargo"));
    if folder.has_file(NEXTEST) {
        use_nextest(folder, &mut suite, found);
    }
    found.leftovers.push(Leftover { line: "target/", why: "cargo builds there" });
    found.suites.push(suite);
    if let Some(name) = name {
        let needs = needs(folder, &manifest, is_member, &mut Found { git: found.git, ..Found::default() });
        let bench = || bench(folder, &manifest, name, is_locked).map(|bench| Bench { needs, ..bench });
        found.bench = found.bench.take().or_else(bench);
    }
}

/// Crates that lie in the folder and that git ignores belong to the start tree; crates outside of it keep a
/// copy from being built, as do those of the workspace that it is a member of.
fn needs(folder: &Folder, manifest: &Table, is_member: bool, found: &mut Found) -> Needs {
    let config = [".cargo/config.toml", ".cargo/config"].into_iter().find(|name| folder.has_file(name));
    let names_it = |name: &str| folder.text(name).is_some_and(|text| text.contains("vendor"));
    let is_vendored = config.is_some_and(names_it) && is_ignored_folder(folder, found.git, "vendor");
    if is_vendored {
        found.because("vendor", "its crates are ignored, and part of the start all the same");
    }
    let only_in_place = is_member || manifest.values().any(|value| leaves_below(value, 0));
    if only_in_place {
        folder.note(MANIFEST, "needs what lies outside of this folder: no copy of it can be built");
    }
    let inputs = if is_vendored { vec!["/vendor/**"] } else { Vec::new() };
    Needs { inputs, only_in_place, ..Needs::default() }
}

/// True if a `path` of a dependency, a test or a program leads out of the folder.
fn leaves_below(value: &Value, level: usize) -> bool {
    if level > LEVELS_OF_PATHS {
        return false;
    }
    match value {
        Value::Array(items) => items.iter().any(|item| leaves_below(item, level + 1)),
        Value::Table(table) => {
            table.get("path").and_then(Value::as_str).is_some_and(leaves)
                || table.values().any(|value| leaves_below(value, level + 1))
        }
        _ => false,
    }
}

fn suite(is_locked: bool, is_workspace: bool, paths: Paths) -> Suite {
    let mut run = owned(&["cargo", "test"]);
    run.extend(is_workspace.then(|| "--workspace".to_owned()));
    run.extend(is_locked.then(|| "--locked".to_owned()));
    run.push("--no-fail-fast".to_owned());
    let mut experiment = owned(&["cargo", "run", "--release", "--quiet"]);
    // Any other command may write Cargo.lock anew, which changes the tree.
    experiment.extend(is_locked.then(|| "--locked".to_owned()));
    experiment.extend(owned(&["--example", "experiment", "--"]));
    Suite {
        kind: Kind::Cargo,
        run,
        set: Vec::new(),
        needs: Needs::default(),
        collect: Vec::new(),
        report: Some("stdout"),
        failed: 101,
        remarks: Vec::new(),
        shortcuts: SHORTCUTS,
        skips: true,
        example: "tests::the_bug_is_gone",
        experiment: (experiment, "examples/experiment.rs"),
        paths,
    }
}

/// The folders of one package; `below` is empty or ends with `/`.
fn add_package(paths: &mut Paths, below: &str) {
    paths.sources.push(format!("{below}src/**"));
    paths.tests.push(format!("{below}tests/**"));
    paths.tests.push(format!("{below}benches/**"));
}

/// A member may be a glob, which is a pattern as well.
fn add_members(folder: &Folder, workspace: &Table, paths: &mut Paths) {
    let members = workspace.get("members").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    if members.len() > MEMBERS_MAX {
        folder
            .note(MANIFEST, format!("has more than {MEMBERS_MAX} members: their folders are meant by `**`"));
        add_package(paths, "**/");
        return;
    }
    for member in members.iter().filter_map(Value::as_str) {
        let member = member.trim_start_matches("./").trim_end_matches('/');
        if is_plain(&member.replace('*', "a")) {
            add_package(paths, &format!("{member}/"));
        } else if member != "." {
            folder.note(MANIFEST, format!("the member {member:?} is left out: it is not a plain path"));
        }
    }
}

/// nextest reports to stderr; with `junit` in its default profile it also writes a file, which is better:
/// nothing that a test prints can look like a line of it.
fn use_nextest(folder: &Folder, suite: &mut Suite, found: &mut Found) {
    suite.run.splice(1..2, owned(&["nextest", "run"]));
    suite.failed = 100;
    suite.report = Some("stderr");
    found.because(NEXTEST, "`cargo nextest run` instead of `cargo test`");
    let Some(config) = folder.toml(NEXTEST) else { return };
    let junit = at(&config, &["profile", "default", "junit", "path"]);
    let store = at(&config, &["store", "dir"]).unwrap_or(NEXTEST_STORE);
    match junit {
        Some(path) if is_plain(path) && is_plain(store) && store.starts_with("target/") => {
            suite.collect = vec![format!("{store}/default/{path}")];
            suite.report = None;
            found.because(NEXTEST, "the default profile writes a JUnit report");
        }
        Some(_) => folder.note(NEXTEST, "its JUnit report is not used: it does not lie below `target`"),
        None => {}
    }
}

fn at<'a>(table: &'a Table, keys: &[&str]) -> Option<&'a str> {
    let (last, above) = keys.split_last()?;
    let table = above.iter().try_fold(table, |table, key| table.get(*key)?.as_table())?;
    table.get(*last)?.as_str()
}

/// The one binary of a package: with several nobody knows which one counts.
fn bench(folder: &Folder, manifest: &Table, package: &str, is_locked: bool) -> Option<Bench> {
    let mut names: Vec<String> = Vec::new();
    if !present(folder, &["src/main.rs"]).is_empty() {
        names.push(package.to_owned());
    }
    let in_folder = folder.files().filter_map(|path| path.strip_prefix("src/bin/")?.strip_suffix(".rs"));
    names.extend(in_folder.filter(|name| !name.contains('/')).map(str::to_owned));
    let stated = manifest.get("bin").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let stated: Vec<_> = stated.iter().filter_map(|entry| entry.get("name")?.as_str()).collect();
    if let [name] = stated.as_slice() {
        // A path may belong to it: with one stated and at most one found, the stated name counts.
        names.truncate(if names.len() == 1 { 0 } else { names.len() });
        names.push((*name).to_owned());
    } else {
        names.extend(stated.into_iter().map(str::to_owned));
    }
    names.sort();
    names.dedup();
    let setup = if is_locked { "cargo build --release --locked" } else { "cargo build --release" };
    match names.as_slice() {
        [name] if is_plain(name) && !name.contains('/') => Some(Bench {
            name: name.clone(),
            needs: Needs::default(),
            setup: Some(setup),
            command: format!("target/release/{name}"),
        }),
        _ => None,
    }
}
