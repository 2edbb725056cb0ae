//! A workspace that goes with its test, the binary that runs in it, and goldens of what it printed.
//!
//! Nothing of the person's environment reaches the binary but `PATH`. insta is used without insta-cmd,
//! which writes the environment, and so the temporary folder, into every golden.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::compiled;

/// Where goldens lie; the tidy test holds their names against the calls of `golden`.
const SNAPSHOTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/cli/snapshots");

/// What differs from run to run or from build to build: the pattern and what stands for it.
const FILTERS: &[(&str, &str)] = &[
    (r"sha256:[0-9a-f]{64}", "sha256:[DIGEST]"),
    (r"blobs/[0-9a-f]{2}/[0-9a-f]{62}", "blobs/[DIGEST]"),
    (r"\b[0-9a-f]{12,64}\b", "[DIGEST]"),
    (r"(?m)^(\w+  )[0-9a-f]{8}(, L\d)?$", "$1[GOAL]$2"),
    (r"goal ((?:show|report) )?[0-9a-f]{8}\b", "goal $1[GOAL]"),
    // A turn that took less than a millisecond has no such line, and no event that charges for it.
    (r"(?m)^(?:  |\| )wall [ |]+(\d+ ms|\d+\.\d s)[ |]*\n", ""),
    (r"\d+ events, \d+ blobs, each", "[NUMBER] events, [NUMBER] blobs, each"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "[DATE]"),
    (r"(exit code \d+|signal \d+), (\d+ ms|\d+\.\d s)", "$1, [TIME]"),
    (r"(comparison of trees), (\d+ ms|\d+\.\d s)", "$1, [TIME]"),
    (r"age (\d+ ms|\d+\.\d s)", "age [TIME]"),
    (r"fuel \d+, memory [\d.]+ [KM]iB, (\d+ ms|\d+\.\d s)", "fuel [FUEL], memory [SIZE], [TIME]"),
    (r"(  from +.+) \([\d.]+ KiB\)", "$1 ([SIZE])"),
    (r#""(started|ended|fuel|memory_bytes|wall_us|age_ms)": \d+"#, r#""$1": [NUMBER]"#),
];

/// The commands that run checkers.
const JUDGING: [&str; 4] = ["baseline", "check", "lint", "run"];

/// A folder with a workspace, a place for state, and a home, all empty.
pub(crate) struct Workspace {
    root: TempDir,
}

/// What a run of the binary gave.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) exit: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) took: Duration,
}

impl Workspace {
    /// An empty one.
    pub(crate) fn empty() -> Self {
        Self::empty_below(std::env::temp_dir())
    }

    /// An empty one below this folder.
    pub(crate) fn empty_below(folder: impl AsRef<Path>) -> Self {
        let workspace = Self { root: tempfile::tempdir_in(folder).expect("a temporary folder") };
        for folder in ["here", "home"] {
            fs::create_dir(workspace.root.path().join(folder)).expect("makes");
        }
        workspace
    }

    /// One with this `goal.toml`.
    pub(crate) fn new(contract: &str) -> Self {
        let workspace = Self::empty();
        workspace.write("goal.toml", contract);
        workspace
    }

    /// The folder of the contract.
    pub(crate) fn folder(&self) -> PathBuf {
        self.root.path().join("here")
    }

    /// A file of the workspace.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    /// A file beside the workspace.
    pub(crate) fn outside(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// Writes a file of the workspace, with its folders.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("lies in a folder")).expect("makes");
        fs::write(path, content).expect("writes");
    }

    /// Removes a file of the workspace.
    pub(crate) fn remove(&self, name: &str) {
        fs::remove_file(self.path(name)).expect("is there");
    }

    /// Writes a script of the workspace and makes it executable.
    pub(crate) fn script(&self, name: &str, body: &str) {
        self.write(name, format!("#!/bin/sh\n{body}\n"));
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o755)).expect("is ours");
    }

    /// The binary, ready to run in the workspace. One that will judge finds the first-party checkers compiled.
    pub(crate) fn command<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_evident"));
        command.args(arguments);
        if command.get_args().next().is_some_and(|first| JUDGING.iter().any(|name| first == *name)) {
            self.lend_compiled();
        }
        command
            .current_dir(self.folder())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").expect("tests have one"))
            .env("HOME", self.outside("home"))
            .env("LANG", "C.UTF-8")
            .env("EVIDENT_STATE", self.outside("state"))
            // Where it is by default; a test that gives its command another home keeps it.
            .env("EVIDENT_CACHE", self.cache());
        command
    }

    /// Where the binary keeps what can be made again.
    fn cache(&self) -> PathBuf {
        self.outside("home").join(".cache/evident")
    }

    /// Lends compiled checkers to the binary, where there is no state yet.
    pub(crate) fn lend_compiled(&self) {
        compiled::lend(&self.outside("state"), &self.cache());
    }

    /// Runs the binary to its end.
    pub(crate) fn run<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Run {
        run(&mut self.command(arguments))
    }

    /// Runs `evident check --format json` and reads what it printed.
    pub(crate) fn check(&self) -> (Run, Value) {
        let run = self.run(["check", "--format", "json"]);
        let assessment = serde_json::from_str(&run.stdout);
        let assessment = assessment.unwrap_or_else(|error| panic!("no assessment: {error}\n{run:#?}"));
        (run, assessment)
    }

    /// Runs the binary and holds what it printed, and how it ended, against a golden.
    pub(crate) fn golden(&self, name: &str, arguments: &[&str]) {
        self.golden_of(name, &mut self.command(arguments));
    }

    /// The same for a command that was changed.
    pub(crate) fn golden_of(&self, name: &str, command: &mut Command) {
        let run = run(command);
        let shown = format!("exit: {}\n----- stdout\n{}----- stderr\n{}", run.exit, run.stdout, run.stderr);
        let root = self.root.path().canonicalize().expect("is there").display().to_string();
        let mut settings = insta::Settings::new();
        settings.set_snapshot_path(SNAPSHOTS);
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.set_filters(FILTERS.to_vec());
        settings.bind(|| insta::assert_snapshot!(name, shown.replace(&root, "[TEMP]")));
    }
}

/// Runs a command to its end.
pub(crate) fn run(command: &mut Command) -> Run {
    let started = Instant::now();
    let Output { status, stdout, stderr } = command.output().expect("the binary is built");
    Run {
        exit: status.code().expect("it exits by itself"),
        stdout: String::from_utf8(stdout).expect("prints text"),
        stderr: String::from_utf8(stderr).expect("prints text"),
        took: started.elapsed(),
    }
}

/// The clause of that name in an assessment.
pub(crate) fn clause<'a>(assessment: &'a Value, name: &str) -> &'a Value {
    let clauses = assessment["clauses"].as_array().expect("is a list");
    let clause = clauses.iter().find(|clause| clause["name"] == name);
    clause.unwrap_or_else(|| panic!("no clause `{name}` in {assessment:#}"))
}

/// Status and reason of a clause: `pass`, or `stale` and the like.
pub(crate) fn verdict(assessment: &Value, name: &str) -> String {
    let outcome = &clause(assessment, name)["outcome"];
    outcome["reason"].as_str().or(outcome["status"].as_str()).expect("has a status").to_owned()
}

/// The repository.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the tests lie in it")
}
