//! A machine without the WebAssembly target: one sentence that says what to do, and no backtrace.
//!
//! The target stays installed: a variable that only tests set names another one.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::SystemTime;

use crate::workspace::{Workspace, repository, run};

/// Read by `evident-componentize`.
const VARIABLE: &str = "EVIDENT_TEST_TARGET";

/// No compiler has it.
const ABSENT: &str = "wasm32-absent-target";

const SENTENCE: &str =
    "the target `wasm32-absent-target` is not installed: run `rustup toolchain install` in this folder";

/// The build of evident itself: its build script, as cargo runs it.
#[test]
fn the_build_ends_with_one_sentence() {
    let out = tempfile::tempdir().expect("a temporary folder");
    let said = run(Command::new(build_script())
        .env("CARGO_MANIFEST_DIR", repository().join("plugins/builtin"))
        .env("OUT_DIR", out.path())
        .env(VARIABLE, ABSENT));
    let answers: Vec<&str> =
        said.stdout.lines().filter(|line| !line.starts_with("cargo::rerun-if-")).collect();
    assert_eq!(answers, [format!("cargo::error={SENTENCE}")]);
    assert_eq!((said.exit, said.stderr.as_str()), (0, ""));
    assert_eq!(fs::read_dir(out.path()).expect("is there").count(), 0, "something was built");
}

#[test]
fn building_a_checker_ends_with_the_same_sentence() {
    let workspace = Workspace::empty();
    workspace.write("Cargo.toml", "[package]\nname = \"never\"\nversion = \"0.1.0\"\n");
    let mut command = workspace.command(["checker", "build"]);
    let home = std::env::var_os("HOME").expect("tests have one");
    let said = run(command.env("HOME", home).env(VARIABLE, ABSENT));
    assert_eq!((said.exit, said.stdout.as_str()), (2, ""));
    assert_eq!(said.stderr, format!("error: {SENTENCE}\n"));
}

/// cargo compiled it for this very test run; older ones may lie beside it, so the newest counts.
fn build_script() -> PathBuf {
    let binary = PathBuf::from(env!("CARGO_BIN_EXE_evident"));
    let build = binary.parent().expect("lies in a folder").join("build");
    let scripts = fs::read_dir(build).expect("cargo keeps build scripts there").filter_map(|entry| {
        let entry = entry.expect("is there");
        let name = entry.file_name().into_string().ok()?;
        let script = entry.path().join("build-script-build");
        let built: SystemTime = fs::metadata(&script).ok()?.modified().ok()?;
        name.starts_with("evident-builtin-").then_some((built, script))
    });
    scripts.max().expect("cargo has built it").1
}
