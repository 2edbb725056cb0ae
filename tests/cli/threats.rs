//! The catalogue of attacks, end to end with the built binary: `docs/threats.md` lists every case with its
//! defence and its test, and the tidy test holds that page against these names.
//!
//! Each attack is made twice: as things are, where it must not end `met`; and with its defence switched
//! off, where it must, so that no test passes by accident.

mod around;
mod boundary;
mod cached;
mod callers;
mod checkers;
mod evidence;
mod generated;
mod init_attacks;
mod kept;
mod rest;
mod session;
mod starts;
mod trees;

use std::process::Command;

use serde_json::Value;

use crate::workspace::{Run, Workspace, run, verdict};

/// A suite that needs no toolchain: every file `tests/NAME.t` is a test, which fails where it says `fails`
/// and is skipped where it says `skipped`.
pub(crate) const SUITE: &str = r#"echo "<testsuite>"
for file in tests/*.t; do
  name=$(basename "$file" .t)
  if grep -q fails "$file"; then echo "<testcase name='$name'><failure message='no'/></testcase>"
  elif grep -q skipped "$file"; then echo "<testcase name='$name'><skipped/></testcase>"
  else echo "<testcase name='$name'/>"; fi
done
echo "</testsuite>"
"#;

/// The head of every contract here, with the suite as the source `suite`.
pub(crate) const HEAD: &str = r#"version = 1

[goal]
name = "attacked"
objective = "Every test passes."

[evidence.suite]
run = ["sh", "suite.sh"]
"#;

/// A criterion over the suite alone.
pub(crate) const CORRECT: &str = "\n[criteria.correct]\nchecker = \"test-report\"\nevidence = \"suite\"\n";

/// A repository with one passing test `adds` and one failing test `taxes`, a source file, and a start tree.
pub(crate) fn attacked(contract: &str) -> Workspace {
    attacked_in(Workspace::empty(), contract)
}

/// The same around what lies in a workspace already.
pub(crate) fn attacked_in(workspace: Workspace, contract: &str) -> Workspace {
    workspace.write("goal.toml", contract);
    workspace.write("suite.sh", SUITE);
    workspace.write("tests/adds.t", "adds\n");
    workspace.write("tests/taxes.t", "fails\n");
    workspace.write("src/shop.txt", "a shop\n");
    workspace.write(".gitignore", "build/\n*.log\n");
    git(&workspace, &["init", "--quiet", "--initial-branch=main"]);
    git(&workspace, &["add", "--all"]);
    git(&workspace, &["commit", "--quiet", "--message=start"]);
    let run = workspace.run(["check"]);
    assert_eq!(run.exit, 1, "the work is not done at the start: {run:#?}");
    workspace
}

/// Runs git in a workspace, as somebody.
pub(crate) fn git(workspace: &Workspace, arguments: &[&str]) {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=a", "-c", "user.email=a@example.org"]).args(arguments);
    command.current_dir(workspace.folder()).env("HOME", workspace.outside("home"));
    command.env("GIT_CONFIG_NOSYSTEM", "1");
    let output = command.output().expect("git is installed");
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Checks with a defence, or several with commas between them, switched off.
fn without(workspace: &Workspace, defences: &str) -> (Run, Value) {
    checked(workspace.command(["check", "--format", "json"]).env("EVIDENT_UNDEFENDED", defences))
}

fn checked(command: &mut Command) -> (Run, Value) {
    let run = run(command);
    let assessment = serde_json::from_str(&run.stdout);
    let assessment = assessment.unwrap_or_else(|error| panic!("no assessment: {error}\n{run:#?}"));
    (run, assessment)
}

/// The attack must not end `met`, and must with its defence off. Gives the assessment with the defence.
fn caught(workspace: &Workspace, clause: &str, expected: &str, defences: &str) -> Value {
    let (run, assessment) = workspace.check();
    assert_ne!(run.exit, 0, "the attack succeeds: {run:#?}");
    assert_eq!(verdict(&assessment, clause), expected, "{assessment:#}");
    let (run, undefended) = without(workspace, defences);
    assert_eq!(run.exit, 0, "without {defences} the attack succeeds: {undefended:#}");
    assessment
}
