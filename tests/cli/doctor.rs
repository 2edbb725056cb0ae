//! `evident doctor`: what it says of a machine that is fit, and of one that is not.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::workspace::{Run, Workspace, repository, run};

/// What differs from machine to machine. The engine's line says its age after some months.
const FILTERS: &[(&str, &str)] = &[
    (r"[\d.]+ [KMGT]iB free", "[SIZE] free"),
    (r"(?m)^  (ok|note)  ( *)webassembly .*\n(?:          .*\n)?", "  [ENGINE]\n"),
    (r"SQLite [\d.]+", "SQLite [VERSION]"),
    (r"on linux \w+", "on linux [PROCESSOR]"),
];

fn golden(name: &str, workspace: &Workspace, run: &Run) {
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/cli/snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_filters(FILTERS.to_vec());
    let root = workspace.outside("").canonicalize().expect("is there").display().to_string();
    let shown = format!("exit: {}\n----- stdout\n{}----- stderr\n{}", run.exit, run.stdout, run.stderr);
    settings.bind(|| insta::assert_snapshot!(name, shown.replace(&root, "[TEMP]")));
}

/// A machine whose tools say what these say.
fn machine() -> (Workspace, Command) {
    let workspace = Workspace::empty();
    workspace.script("bin/git", "echo git version 9.9.9");
    workspace.script("bin/rustc", "[ $1 = --version ] && echo rustc 9.9.9 || /bin/pwd");
    let mut command = workspace.command(["doctor"]);
    command.env("PATH", workspace.path("bin"));
    (workspace, command)
}

#[test]
fn a_fit_machine() {
    let (workspace, mut command) = machine();
    golden("doctor", &workspace, &run(&mut command));
}

/// Nothing that only some commands need makes a machine unfit.
#[test]
fn without_tools() {
    let (workspace, mut command) = machine();
    golden("doctor-without-tools", &workspace, &run(command.env("PATH", workspace.path("nowhere"))));
}

/// Whoever can write there can write what is judged.
#[test]
fn folders_that_others_can_write() {
    let (workspace, mut command) = machine();
    for name in ["state", "cache"] {
        fs::create_dir(workspace.outside(name)).expect("makes");
        fs::set_permissions(workspace.outside(name), fs::Permissions::from_mode(0o777)).expect("is ours");
    }
    command.env("EVIDENT_CACHE", workspace.outside("cache"));
    golden("doctor-writable", &workspace, &run(&mut command));
}

/// The release that it names is the one that is built in: the source says it twice.
#[test]
fn the_engine_is_the_one_of_the_manifest() {
    let (_workspace, mut command) = machine();
    let shown = run(&mut command).stdout;
    let line = shown.lines().find(|line| line.contains("webassembly")).expect("is told");
    let lock = fs::read_to_string(repository().join("Cargo.lock")).expect("is there");
    let (_, package) = lock.split_once("name = \"wasmtime\"\nversion = \"").expect("is locked");
    let version = package.split('"').next().expect("has one");
    assert!(line.split_whitespace().any(|word| word.trim_end_matches(',') == version), "{version}: {line}");
}
