//! Catalogue C and what is kept in a private copy: build output and what was installed there say nothing
//! about another tree than the one that made them.

use std::os::unix::fs::PermissionsExt;

use super::{checked, without};
use crate::workspace::{Workspace, clause, run, verdict};

/// A build that believes times, as most do; then code of the work runs, then what was built is tested.
pub(super) const BUILD: &str = r#"mkdir -p build
test build/out -nt work.txt || cp work.txt build/out
sh hook.sh
if grep -q right build/out; then echo '<testsuite><testcase name="works"/></testsuite>'
else echo '<testsuite><testcase name="works"><failure/></testcase></testsuite>'; fi
"#;

/// What was built looks newer than any source that will ever be written.
const POISON: &str = "touch -d 2100-01-01 build/out\n";

pub(super) fn contract(keys: &str) -> String {
    format!(
        "version = 1\n[goal]\nname = \"kept\"\nobjective = \"It works.\"\n\
         [evidence.suite]\nrun = [\"sh\", \"suite.sh\"]\nat = \"snapshot\"\n{keys}\n\
         [criteria.correct]\nchecker = \"test-report\"\nevidence = \"suite\"\n\
         [boundary]\nwrite = [\"work.txt\", \"hook.sh\"]\nprotect = [\"suite.sh\", \"goal.toml\", \"*.lock\"]\n"
    )
}

pub(super) fn workspace(keys: &str) -> Workspace {
    let workspace = Workspace::new(&contract(keys));
    workspace.write("suite.sh", BUILD);
    workspace.write(".evident-ignore", "build/\ninstalled/\n");
    workspace.write("work.txt", "right\n");
    workspace.write("hook.sh", "");
    workspace
}

/// The folder of the one copy.
fn copy(workspace: &Workspace) -> std::path::PathBuf {
    let copies = workspace.outside("home").join(".cache/evident/trees");
    let copy = std::fs::read_dir(copies).expect("is there").next().expect("one").expect("readable");
    copy.path().join("snapshot/tree")
}

#[test]
fn what_another_tree_built_proves_nothing() {
    let attack = |defences: &str| {
        let workspace = workspace("");
        // A build that compares contents: no time gives it away.
        let by_content = "cmp -s work.txt build/from || { cp work.txt build/from; cp work.txt build/out; }";
        workspace.write(
            "suite.sh",
            BUILD.replace("test build/out -nt work.txt || cp work.txt build/out", by_content),
        );
        workspace.write("hook.sh", "echo wrong > build/from\n");
        assert_eq!(workspace.check().0.exit, 0, "an honest tree, but for its hook");
        workspace.write("work.txt", "wrong\n");
        without(&workspace, defences)
    };
    let (run, assessment) = attack("");
    assert_eq!((run.exit, verdict(&assessment, "correct").as_str()), (1, "fail"), "{assessment:#}");
    let (run, assessment) = attack("own-output");
    assert_eq!(run.exit, 0, "{assessment:#}");
    // The rest is that it is said: what passes there is not proven.
    assert_eq!(clause(&assessment, "correct")["asserted"], true, "{assessment:#}");
}

/// Catches a check that another caller ran on the same tree, with other programs.
#[test]
fn what_ran_with_other_programs_proves_nothing() {
    let attack = |defences: &str| {
        let workspace = workspace("");
        workspace.write("work.txt", "wrong\n");
        assert_eq!(workspace.check().0.exit, 1);
        let program = workspace.outside("sh");
        let poison = "#!/bin/sh\n/bin/sh \"$@\"\necho right > build/out\ntouch -d 2099-01-01 build/out\n";
        std::fs::write(&program, poison).expect("writes");
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).expect("is ours");
        let path = std::env::var("PATH").expect("tests have one");
        let mut other = workspace.command(["check"]);
        other.env("PATH", format!("{}:{path}", program.parent().expect("has one").display()));
        run(&mut other);
        without(&workspace, defences)
    };
    let (run, assessment) = attack("");
    assert_eq!((run.exit, verdict(&assessment, "correct").as_str()), (1, "fail"), "{assessment:#}");
    let (run, assessment) = attack("own-runs");
    assert_eq!((run.exit, &clause(&assessment, "correct")["asserted"]), (0, &false.into()), "{assessment:#}");
}

/// Catches output of a first tree that survives a second one and is believed by a third.
#[test]
fn a_tree_that_comes_back_is_built_again() {
    let workspace = workspace("");
    for (work, exit) in [("right\n", 0), ("wrong\n", 1), ("right\n", 0), ("wrong\n", 1)] {
        workspace.write("work.txt", work);
        workspace.write("hook.sh", POISON);
        let (run, assessment) = workspace.check();
        assert_eq!(run.exit, exit, "{work}: {assessment:#}");
        let asserted = &clause(&assessment, "correct")["asserted"];
        assert_eq!(*asserted, exit != 0, "what passes is proven: {assessment:#}");
    }
}

/// Catches a build that never is a quick one: what does not pass needs no proof.
#[test]
fn a_red_tree_is_judged_with_the_output_of_the_one_before() {
    let workspace = workspace("");
    for work in ["wrong\n", "wrong again\n"] {
        workspace.write("work.txt", work);
        workspace.write("hook.sh", "echo ran >> build/log\n");
        assert_eq!(workspace.check().0.exit, 1);
    }
    let log = || std::fs::read_to_string(copy(&workspace).join("build/log")).expect("is there");
    assert_eq!(log(), "ran\nran\n");
    workspace.write("work.txt", "right\n");
    assert_eq!(workspace.check().0.exit, 0);
    assert_eq!(log(), "ran\n", "a pass rests on this tree alone");
    assert_eq!(workspace.check().0.exit, 0);
    assert_eq!(log(), "ran\nran\n", "the same tree again needs no new build");
}

#[test]
fn an_owner_decides_what_is_kept() {
    let always = workspace("fresh = true");
    always.write("hook.sh", "echo ran >> build/log\n");
    for _ in 0..2 {
        assert_eq!(always.check().0.exit, 0);
        let log = std::fs::read_to_string(copy(&always).join("build/log")).expect("is there");
        assert_eq!(log, "ran\n");
    }
    let never = workspace("fresh = false");
    assert_eq!(never.check().0.exit, 0);
    never.write("work.txt", "right, too\n");
    let (run, assessment) = never.check();
    assert_eq!(run.exit, 0, "{assessment:#}");
    assert_eq!(clause(&assessment, "correct")["asserted"], true, "{assessment:#}");
    let refused = Workspace::new(&contract("fresh = true").replace("at = \"snapshot\"\n", ""));
    let run = refused.run(["lint"]);
    assert_eq!(run.exit, 2, "{run:#?}");
    assert!(run.stderr.contains("`fresh` belongs to a source with"), "{run:#?}");
}

/// The record says which tree made the output; it is taken only under its seal.
#[test]
fn a_forged_record_of_a_copy_is_not_taken() {
    let attack = |defences: &str| {
        let workspace = workspace("");
        let tree = |work: &str| {
            workspace.write("hook.sh", POISON);
            workspace.write("work.txt", work);
            let assessment = workspace.check().1;
            assessment["tree"].as_str().expect("a digest").to_owned()
        };
        let (wrong, right) = (tree("wrong\n"), tree("right\n"));
        let folder = workspace.outside("home").join(".cache/evident/kept");
        let record = std::fs::read_dir(folder).expect("is there").next().expect("one").expect("readable");
        let bytes = std::fs::read(record.path()).expect("is ours");
        let (seal, text) = bytes.split_at(48);
        let text = String::from_utf8_lossy(text);
        assert!(text.contains(&right), "{text}");
        let forged = text.replace(&right, &wrong);
        std::fs::write(record.path(), [seal, forged.as_bytes()].concat()).expect("is ours");
        workspace.write("work.txt", "wrong\n");
        without(&workspace, defences)
    };
    assert_eq!(attack("").0.exit, 1);
    assert_eq!(attack("output-seal").0.exit, 0);
}

/// Catches another folder in the place of the copy: the record is about the one that the host made.
#[test]
fn a_folder_in_the_place_of_a_copy_is_begun_from_nothing() {
    let attack = |defences: &str| {
        let workspace = workspace("");
        workspace.write("work.txt", "wrong\n");
        assert_eq!(workspace.check().0.exit, 1);
        let copy = copy(&workspace);
        std::fs::rename(&copy, workspace.outside("away")).expect("is ours");
        let swap =
            format!("mkdir -p {0}/build; echo right > {0}/build/out; cd {0}; {POISON}", copy.display());
        assert_eq!(run(std::process::Command::new("sh").args(["-ec", &swap])).exit, 0);
        without(&workspace, defences)
    };
    assert_eq!(attack("").0.exit, 1);
    assert_eq!(attack("own-copy").0.exit, 0);
}

/// Installs what the lock file says, and counts how often.
const PREPARE: &str = "prepare = [\"sh\", \"-c\", \"mkdir -p installed; echo go >> ../../../count; cp packages.lock installed/tool; touch installed/$(wc -l < packages.lock)\"]\nprepare_from = [\"packages.lock\"]";

fn prepared(keys: &str) -> Workspace {
    let workspace = workspace(keys);
    workspace.write("packages.lock", "green\n");
    workspace.write(
        "suite.sh",
        "grep -q green installed/tool && grep -q right work.txt && echo '<testsuite><testcase name=\"works\"/></testsuite>'\n",
    );
    workspace
}

fn counted(workspace: &Workspace) -> usize {
    let count = workspace.outside("home").join(".cache/evident/count");
    std::fs::read_to_string(count).map_or(0, |text| text.lines().count())
}

#[test]
fn what_a_suite_needs_is_installed_once_for_each_lock_file() {
    let keys = PREPARE.replace("../../../count", "$HOME/.cache/evident/count");
    let workspace = prepared(&keys);
    let shown = |exit: i32| {
        let run = workspace.run(["check"]);
        assert_eq!(run.exit, exit, "{run:#?}");
        workspace.run(["explain", "correct"]).stdout
    };
    let text = shown(0);
    assert!(text.contains("on a snapshot, prepared,"), "{text}");
    let text = shown(0);
    assert!(text.contains("on a snapshot, prepared before,"), "{text}");
    assert_eq!(counted(&workspace), 1);
    workspace.write("work.txt", "not yet\n");
    shown(3);
    assert_eq!(counted(&workspace), 1, "another tree with the same lock file");
    // The owner moves the lock file: what was installed by the old one is gone first.
    workspace.write("packages.lock", "green\nand more\n");
    assert_eq!(workspace.run(["accept-change", "packages.lock"]).exit, 0);
    shown(3);
    assert_eq!(counted(&workspace), 2);
    let installed = std::fs::read_dir(copy(&workspace).join("installed")).expect("lists");
    let mut installed: Vec<_> = installed.map(|entry| entry.expect("lists").file_name()).collect();
    installed.sort();
    assert_eq!(installed, ["2", "tool"]);
}

/// The worker's own lock file, and what lies in the workspace under the name of what is installed.
#[test]
fn what_is_installed_comes_from_the_protected_lock_file() {
    let workspace = prepared(PREPARE);
    workspace.write("packages.lock", "red\n");
    assert_eq!(workspace.check().0.exit, 3);
    workspace.write("packages.lock", "green\n");
    workspace.write("installed/tool", "green\n");
    let (run, assessment) = workspace.check();
    assert_eq!(verdict(&assessment, "correct"), "not-examined", "{assessment:#}");
    assert_eq!(run.exit, 1, "the boundary fails: {assessment:#}");
}

/// Catches a test that edits what is installed, so that the next tree is tested by it.
#[test]
fn what_another_tree_did_to_what_is_installed_proves_nothing() {
    let attack = |defences: &str| {
        let workspace = prepared(PREPARE);
        workspace.write("suite.sh", "sh hook.sh; sh installed/tool\n");
        workspace.write(
            "packages.lock",
            "grep -q right work.txt && echo '<testsuite><testcase name=\"works\"/></testsuite>'\n",
        );
        assert_eq!(workspace.check().0.exit, 0);
        let green =
            "echo 'echo \"<testsuite><testcase name=\\\"works\\\"/></testsuite>\"' > installed/tool\n";
        workspace.write("hook.sh", green);
        assert_eq!(workspace.check().0.exit, 0);
        workspace.write("hook.sh", "");
        workspace.write("work.txt", "wrong\n");
        without(&workspace, defences)
    };
    assert_ne!(attack("").0.exit, 0);
    assert_eq!(attack("own-output").0.exit, 0);
}

#[test]
fn a_preparation_that_fails_says_why() {
    let workspace = prepared("prepare = [\"sh\", \"-c\", \"echo no such package >&2; exit 7\"]");
    let (run, assessment) = workspace.check();
    assert_eq!((run.exit, verdict(&assessment, "correct").as_str()), (3, "no-evidence(missing)"));
    let summary = clause(&assessment, "correct")["outcome"]["summary"].as_str().expect("a text");
    assert!(summary.contains("`prepare` failed, it ended with exit code 7: no such package"), "{summary}");
    let (run, assessment) = checked(
        prepared("prepare = [\"no-such-installer\"]").command(["check", "--format", "json"]).env("A", "b"),
    );
    assert_eq!((run.exit, verdict(&assessment, "correct").as_str()), (3, "no-evidence(spawn)"));
    let (run, assessment) = prepared("prepare = [\"sh\", \"-c\", \"echo x > made.txt\"]").check();
    assert_eq!((run.exit, verdict(&assessment, "correct").as_str()), (3, "tree-changed"));
    let summary = clause(&assessment, "correct")["outcome"]["summary"].as_str().expect("a text");
    assert!(summary.contains("`prepare` changed what counts: `made.txt`; ignore what it makes"), "{summary}");
}

#[test]
fn a_lock_file_that_the_worker_may_change_proves_nothing() {
    let workspace = prepared(PREPARE);
    workspace.write("goal.toml", contract(PREPARE).replace(", \"*.lock\"", ""));
    let lint = workspace.run(["lint"]);
    assert_eq!(lint.exit, 0, "{lint:#?}");
    assert!(lint.stderr.contains("`packages.lock` decides what is installed"), "{lint:#?}");
    let (run, assessment) = workspace.check();
    assert_eq!((run.exit, &clause(&assessment, "correct")["asserted"]), (0, &true.into()), "{assessment:#}");
}

/// A copy holds no ignored file; a program of the workspace that runs there all the same proves nothing.
#[test]
fn a_program_of_the_workspace_proves_nothing_in_a_copy() {
    let workspace = workspace("");
    workspace
        .write("installed/bin/sh", "#!/bin/sh\necho '<testsuite><testcase name=\"works\"/></testsuite>'\n");
    let program = workspace.path("installed/bin/sh");
    std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).expect("is ours");
    workspace.write("work.txt", "wrong\n");
    let path = std::env::var("PATH").expect("tests have one");
    let path = format!("{}:{path}", workspace.path("installed/bin").display());
    let attack = |defences: &str| {
        let mut command = workspace.command(["check", "--format", "json"]);
        checked(command.env("PATH", &path).env("EVIDENT_UNDEFENDED", defences)).1
    };
    attack("");
    for (defences, asserted) in [("", true), ("inward", false)] {
        let assessment = attack(defences);
        assert_eq!(verdict(&assessment, "correct"), "pass", "{assessment:#}");
        assert_eq!(clause(&assessment, "correct")["asserted"], asserted, "{assessment:#}");
    }
    let lint = run(workspace.command(["lint"]).env("PATH", &path));
    assert!(lint.stderr.contains("`installed/bin` is on its PATH"), "{lint:#?}");
}

/// In the workspace ignored files act, and that is said.
#[test]
fn a_suite_beside_ignored_files_is_asserted() {
    let workspace = workspace("");
    let set = |inputs: &str| {
        workspace.write("goal.toml", contract("").replace("at = \"snapshot\"\n", "") + inputs);
        workspace.check();
        assert_eq!(workspace.run(["accept-change", "goal.toml"]).exit, 0);
    };
    let doubted = || clause(&workspace.check().1, "correct")["doubts"].to_string().contains("ignored-files");
    let warned = || {
        let lint = workspace.run(["lint"]);
        lint.stderr.contains("`suite` runs where ignored files act, such as `build/")
    };
    set("");
    assert!(doubted() && warned(), "the first check has built something");
    std::fs::remove_dir_all(workspace.path("build")).expect("was built");
    assert!(!warned() && !doubted());
    assert!(warned());
    set("inputs = [\"build/**\"]\n");
    assert_eq!(workspace.run(["accept-change", "build/out"]).exit, 0);
    assert!(!warned() && !doubted(), "an input belongs to the tree");
}
