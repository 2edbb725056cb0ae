//! `evident checker`: list, inspect and build. A checker that is built here judges, like a built-in one.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use crate::reports::{GREEN, HEAD};
use crate::workspace::{Workspace, clause, repository, run, verdict};

#[test]
fn list() {
    Workspace::empty().golden("checker-list", &["checker", "list"]);
}

#[test]
fn inspect_a_built_in_one() {
    let workspace = Workspace::empty();
    workspace.golden("checker-inspect", &["checker", "inspect", "test-report"]);
    let json = ["checker", "inspect", "benchmark", "--format", "json"];
    let document: serde_json::Value = serde_json::from_str(&workspace.run(json).stdout).expect("is JSON");
    assert_eq!((&document["version"], &document["from"]), (&1.into(), &"built in".into()));
    assert_eq!(document["descriptor"]["slots"][0]["name"], "current");
    assert_eq!(document["wasi"], "none");
}

#[test]
fn inspect_what_is_not_there() {
    Workspace::empty().golden("checker-inspect-missing", &["checker", "inspect", "test-reprot"]);
}

#[test]
fn inspect_what_is_no_component() {
    let workspace = Workspace::empty();
    workspace.write("text.wasm", "this is not a component");
    workspace.golden("checker-inspect-refused", &["checker", "inspect", "text.wasm"]);
}

#[test]
fn build_without_a_package() {
    Workspace::empty().golden("checker-build-missing", &["checker", "build", "nowhere"]);
}

#[test]
fn build_what_does_not_compile() {
    let workspace = package("", "this is not Rust");
    let built = run(workspace.command(["checker", "build"]).env("HOME", home()));
    assert_eq!((built.exit, built.stdout.as_str()), (2, ""));
    assert!(built.stderr.starts_with("error: `cargo build` failed:\n"), "{}", built.stderr);
    assert!(built.stderr.contains("src/lib.rs:1"), "{}", built.stderr);
}

/// From the source of a checker to its judgement, with the commands that a stranger has.
#[test]
fn build_inspect_and_judge() {
    let sdk = format!("evident-checker = {{ path = {:?} }}", repository().join("plugins/sdk"));
    let workspace = package(&sdk, CHECKER);
    fs::copy(repository().join("Cargo.lock"), workspace.path("Cargo.lock")).expect("is there");
    // What the SDK needs is compiled once for all runs of this test.
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("checker");
    fs::create_dir_all(&kept).expect("makes");
    symlink(kept, workspace.path("target")).expect("links");
    let built = run(workspace.command(["checker", "build"]).env("HOME", home()));
    assert_eq!(built.exit, 0, "{built:?}");
    assert!(built.stdout.starts_with("./target/never.wasm ("), "{}", built.stdout);
    workspace.golden("checker-inspect-built", &["checker", "inspect", "target/never.wasm"]);
    workspace.write("a.xml", GREEN);
    workspace.write("b.xml", GREEN);
    let judged = |selector: &str| {
        workspace.write("goal.toml", contract(selector));
        let (run, assessment) = workspace.check();
        let summary = clause(&assessment, "never")["outcome"]["summary"].as_str().expect("a summary");
        (run.exit, verdict(&assessment, "never"), summary.to_owned())
    };
    let size = GREEN.len();
    assert_eq!(judged("suite/a.xml"), (1, "fail".into(), format!("{size} bytes are too many")));
    // Nothing is chosen for the person where a slot for one file gets none, or two.
    let none = "`suite/*.html` selects nothing; the source has `a.xml`, `b.xml`, `stderr`, `stdout`";
    assert_eq!(judged("suite/*.html"), (3, "binding".into(), none.into()));
    let two = "slot `text` takes one artifact and got 2: `a.xml`, `b.xml`";
    assert_eq!(judged("suite"), (3, "binding".into(), two.into()));
}

/// A contract that binds two copied files to the checker which was built.
fn contract(selector: &str) -> String {
    format!(
        r#"{HEAD}
[evidence.suite]
run = ["cp", "a.xml", "b.xml", "{{out}}"]

[criteria.never]
checker  = "never"
evidence = "{selector}"

[checkers.never]
path = "target/never.wasm"
"#
    )
}

/// The smallest checker: refuses whatever it is given.
const CHECKER: &str = r#"//! Never satisfied.
use evident_checker::{Checker, Config, Description, Error, Evidence, Outcome, Sink, Slot};

struct Never;

impl Checker for Never {
    type Settings = ();

    fn describe() -> Description {
        Description::new("never", "1.2.3", "Nothing at all").slot(Slot::new("text", "any text"))
    }

    fn configure(_: &mut Config) {}

    fn check((): (), evidence: &Evidence, _: &mut dyn Sink) -> Result<Outcome, Error> {
        let size = evidence.one("text")?.read_whole(1000)?.len();
        Ok(Outcome::decide(false, format!("{size} bytes are too many")).examined(size as u64, "bytes"))
    }
}

evident_checker::export!(Never);
"#;

/// A workspace that is a package of a checker.
fn package(dependency: &str, source: &str) -> Workspace {
    let workspace = Workspace::empty();
    let head = "[package]\nname = \"never\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n";
    let library = "[lib]\ncrate-type = [\"cdylib\"]\n";
    workspace.write("Cargo.toml", format!("{head}\n{library}\n[dependencies]\n{dependency}\n"));
    workspace.write("src/lib.rs", source);
    workspace
}

/// cargo keeps its tool chain and its packages there.
fn home() -> std::ffi::OsString {
    std::env::var_os("HOME").expect("tests have one")
}
