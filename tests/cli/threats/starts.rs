//! What an assessment is compared with: a commit that is named by something that can be moved, inputs that are
//! in no commit, and by-products inside of what is protected.

use std::fs;

use serde_json::{Value, json};

use super::{CORRECT, HEAD, attacked, checked, git, without};
use crate::workspace::{Workspace, clause, verdict};

const BOUNDARY: &str = "\n[boundary]\nprotect = [\"tests/**\", \"suite.sh\"]\n";

fn since(workspace: &Workspace, revision: &str) -> (i32, Value) {
    let (run, assessment) =
        checked(&mut workspace.command(["check", "--since", revision, "--format", "json"]));
    (run.exit, assessment)
}

/// The ids of commits, newest first.
fn ids(workspace: &Workspace) -> Vec<String> {
    let mut command = std::process::Command::new("git");
    let listed = command.args(["log", "--format=%H"]).current_dir(workspace.folder()).output();
    let listed = String::from_utf8(listed.expect("git runs").stdout).expect("is text");
    listed.lines().map(str::to_owned).collect()
}

/// A worker that made a test easy, committed that, and moved every name that a build server uses to it.
fn moved() -> Workspace {
    let workspace = attacked(&format!("{HEAD}{CORRECT}{BOUNDARY}"));
    workspace.write("tests/taxes.t", "passes\n");
    git(&workspace, &["commit", "--all", "--quiet", "--message=cheat"]);
    let id = &ids(&workspace)[0];
    git(&workspace, &["tag", "release"]);
    git(&workspace, &["tag", "-a", "-m", "x", "signed"]);
    git(&workspace, &["update-ref", "refs/remotes/origin/main", id]);
    git(&workspace, &["config", "remote.origin.url", "."]);
    git(&workspace, &["config", "remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*"]);
    git(&workspace, &["config", "branch.main.remote", "origin"]);
    git(&workspace, &["config", "branch.main.merge", "refs/heads/main"]);
    // Names that look like ids.
    git(&workspace, &["update-ref", &format!("refs/heads/{}", "a".repeat(64)), id]);
    workspace
}

/// Catches a pass that is proven against a commit which the worker chose.
#[test]
fn a_name_that_can_be_moved_proves_nothing() {
    let workspace = moved();
    let all = ids(&workspace);
    let short = &all[0][..12];
    let long = "a".repeat(64);
    let names = ["main", "HEAD", "@", "HEAD~0", "release", "signed", "origin/main", "@{u}", "HEAD^{commit}"];
    for name in names.into_iter().chain(["refs/heads/main", short, &long]) {
        let (exit, assessment) = since(&workspace, name);
        assert_eq!(exit, 0, "{name}: the names are moved, so nothing differs: {assessment:#}");
        let doubt = json!({"movable-revision": {"name": name, "commit": all[0]}});
        for clause in assessment["clauses"].as_array().expect("is a list") {
            assert_eq!(clause["asserted"], true, "{name}");
            assert!(clause["doubts"].as_array().expect("is a list").contains(&doubt), "{name}: {clause:#}");
        }
    }
    for format in ["human", "markdown"] {
        let shown = workspace.run(["check", "--since", "main", "--format", format]).stdout;
        assert!(shown.contains("main") && shown.contains(&all[0]), "{format}: {shown}");
    }
    // With the defence off nothing tells the owner.
    let mut command = workspace.command(["check", "--since", "main", "--format", "json"]);
    let (_, undefended) = checked(command.env("EVIDENT_UNDEFENDED", "movable-revision"));
    assert_eq!(clause(&undefended, "correct")["asserted"], false);
}

/// A full id means one commit, whatever else has that name; only then is a pass proven.
#[test]
fn a_full_id_is_one_commit_for_ever() {
    let workspace = moved();
    let all = ids(&workspace);
    let (cheat, start) = (&all[0], &all[1]);
    git(&workspace, &["update-ref", &format!("refs/heads/{start}"), cheat]);
    git(&workspace, &["update-ref", &format!("refs/tags/{start}"), cheat]);
    for id in [start.clone(), start.to_uppercase()] {
        let (exit, assessment) = since(&workspace, &id);
        assert_eq!((exit, &assessment["start"]["base"]), (1, &json!(start)), "the cheat is seen");
        assert_eq!(verdict(&assessment, "boundary"), "fail");
    }
    let (exit, assessment) = since(&workspace, cheat);
    assert_eq!((exit, &clause(&assessment, "boundary")["asserted"]), (0, &json!(false)));
}

/// Catches a base that is named during the work, and that the worker had moved before.
#[test]
fn a_base_that_was_named_late_proves_nothing() {
    let before = "\n[evidence.before]\nrun = [\"sh\", \"suite.sh\"]\nat = \"base\"\n\n[criteria.correct]\nchecker = \"test-report\"\nevidence = { report = \"suite\", baseline = \"before\" }\n";
    let workspace = moved();
    let all = ids(&workspace);
    for (revision, asserted) in [("main", true), ("release", true), (all[1].as_str(), false)] {
        let head = HEAD.replace("objective", &format!("base = \"{revision}\"\nobjective"));
        workspace.write("goal.toml", format!("{head}{before}{BOUNDARY}"));
        workspace.run(["accept-change", "**"]);
        for round in 0..2 {
            let (_, assessment) = workspace.check();
            let judged = clause(&assessment, "correct");
            assert_eq!(judged["asserted"], asserted, "{revision} {round}: {judged:#}");
            let doubt = json!({"movable-revision": {"name": revision, "commit": all[0]}});
            assert_eq!(judged["doubts"].as_array().expect("is a list").contains(&doubt), asserted);
        }
    }
}

/// Catches a contract that the worker wrote after the commit it is judged against, and an owner who forgot to commit
/// the one of `init` and is told of a forbidden change alone.
#[test]
fn a_contract_that_the_commit_does_not_have_proves_nothing() {
    let workspace = attacked(&format!("{HEAD}{CORRECT}{BOUNDARY}"));
    git(&workspace, &["rm", "--quiet", "--cached", "goal.toml"]);
    git(&workspace, &["commit", "--quiet", "--message=none"]);
    let start = ids(&workspace)[0].clone();
    workspace.write("tests/taxes.t", "passes\n");
    workspace.write("goal.toml", format!("{HEAD}{CORRECT}"));
    let (exit, assessment) = since(&workspace, &start);
    let judged = clause(&assessment, "correct");
    let doubt = json!({"unrecorded-contract": {"path": "goal.toml", "commit": start}});
    assert_eq!((exit, &judged["asserted"]), (0, &json!(true)), "{judged:#}");
    assert!(judged["doubts"].as_array().expect("is a list").contains(&doubt), "{judged:#}");
    // An honest contract is a change of what it protects itself: what to do about it stands beside that.
    workspace.write("goal.toml", format!("{HEAD}{CORRECT}{}", BOUNDARY.replace("[\"", "[\"goal.toml\", \"")));
    for format in ["human", "markdown"] {
        let run = workspace.run(["check", "--since", &start, "--format", format]);
        assert_eq!(run.exit, 1, "{run:#?}");
        let advice = "commit the contract, and name a commit that has it";
        assert!(run.stdout.contains(advice), "{format}: {}", run.stdout);
    }
    git(&workspace, &["add", "--all"]);
    git(&workspace, &["commit", "--quiet", "--message=contract"]);
    workspace.write("src/shop.txt", "a larger shop\n");
    let (exit, assessment) = since(&workspace, &ids(&workspace)[0]);
    assert_eq!((exit, &clause(&assessment, "boundary")["asserted"]), (0, &json!(false)), "{assessment:#}");
}

/// The contract of inputs that git ignores, with a start of which `data/table` is a part.
fn with_inputs() -> Workspace {
    let boundary = "\n[boundary]\nwrite = [\"src/**\"]\ninputs = [\"data/**\"]\n";
    let workspace = Workspace::empty();
    workspace.write("data/table", "1\n");
    workspace.write("data/.gitignore", "*\n");
    let workspace = super::attacked_in(workspace, &format!("{HEAD}{CORRECT}{boundary}"));
    workspace.write("src/shop.txt", "a larger shop\n");
    workspace
}

/// Catches inputs that all count as added, because no commit holds them.
#[test]
fn inputs_are_compared_where_a_commit_is_the_start() {
    let workspace = with_inputs();
    let start = ids(&workspace)[0].clone();
    let boundary =
        |assessment: &Value| (verdict(assessment, "boundary"), clause(assessment, "boundary").clone());
    let (_, assessment) = since(&workspace, &start);
    let (status, judged) = boundary(&assessment);
    assert_eq!((status.as_str(), &judged["asserted"]), ("pass", &json!(false)), "{judged:#}");
    workspace.write("data/table", "2\n");
    assert_eq!(boundary(&since(&workspace, &start).1).0, "fail", "the recorded start knows what it was");
    // On a build server nothing is recorded: what it was then is not known, and that is said.
    fs::remove_dir_all(workspace.outside("state")).expect("is there");
    let (_, assessment) = since(&workspace, &start);
    let (status, judged) = boundary(&assessment);
    assert_eq!((status.as_str(), &judged["asserted"]), ("pass", &json!(true)), "{judged:#}");
    assert!(judged["doubts"].to_string().contains("data/"), "{judged:#}");
    // What was not there before the check is as unknown, and what the commit has is not.
    workspace.write("tests/adds.t", "fails\n");
    assert_eq!(boundary(&since(&workspace, &start).1).0, "fail");
}

/// A suite that leaves by-products beside the tests, as interpreters do.
const LEAVES: &str = r#"
mkdir -p tests/__pycache__
date +%N > tests/__pycache__/adds.pyc
echo "<testsuite><testcase name='all'>$result</testcase></testsuite>"
"#;

/// Before that: it fails where there are any.
const SEES: &str = "[ -e tests/__pycache__ ] && result='<failure/>'\n";

fn leaving(at: &str) -> Workspace {
    let head = HEAD.replace("run = ", &format!("at = \"{at}\"\nrun = "));
    let workspace = attacked(&format!("{head}{CORRECT}{BOUNDARY}"));
    fs::remove_dir_all(workspace.outside("state")).expect("is there");
    workspace.write("suite.sh", LEAVES);
    workspace.write(".gitignore", "__pycache__/\nbuild/\n");
    workspace
}

/// Catches honest work that is undecided for what its own tests leave behind, though git ignores it.
#[test]
fn by_products_beside_protected_tests_are_no_change() {
    for at in ["work", "snapshot"] {
        let workspace = leaving(at);
        for round in 0..3 {
            let (run, assessment) = workspace.check();
            assert_eq!(run.exit, 0, "{at} {round}: {assessment:#}");
        }
        // A start that was recorded beside by-products is no other.
        fs::remove_dir_all(workspace.outside("state")).expect("is there");
        assert_eq!((workspace.check().0.exit, workspace.check().0.exit), (0, 0), "{at}");
    }
}

/// Catches a by-product of an earlier run, or of the worker, that acts beside the protected tests of a snapshot.
#[test]
fn a_snapshot_has_no_by_product_beside_protected_tests() {
    let workspace = leaving("snapshot");
    workspace.write("suite.sh", format!("{SEES}{LEAVES}"));
    workspace.write("tests/__pycache__/evil.pyc", "x");
    for round in 0..3 {
        let (run, assessment) = workspace.check();
        assert_eq!(run.exit, 0, "round {round}: {assessment:#}");
    }
}

/// Catches ignore rules that are made during the work to hide what is protected.
#[test]
fn ignore_rules_of_the_work_hide_no_protected_file() {
    for (file, rules) in [(".gitignore", "build/\n*.log\n*.t\n__pycache__/\n"), ("tests/.gitignore", "*\n")] {
        let workspace = attacked(&format!("{HEAD}{CORRECT}{BOUNDARY}"));
        workspace.write(file, rules);
        workspace.write("tests/taxes.t", "passes\n");
        workspace.write("tests/more.t", "passes\n");
        let (_, assessment) = workspace.check();
        let boundary = clause(&assessment, "boundary").to_string();
        assert_eq!(verdict(&assessment, "boundary"), "fail");
        assert!(boundary.contains("tests/taxes.t") && boundary.contains("tests/more.t"), "{boundary}");
        let (_, undefended) = without(&workspace, "start-rules");
        let boundary = clause(&undefended, "boundary").to_string();
        assert!(!boundary.contains("tests/more.t"), "{boundary}");
    }
}

/// The owner can ignore a by-product later: what the message says can be done.
#[test]
fn an_ignore_file_that_its_owner_accepts_counts() {
    let workspace = leaving("work");
    workspace.write(".gitignore", "build/\n");
    let (run, assessment) = workspace.check();
    assert_eq!(run.exit, 3, "{assessment:#}");
    fs::remove_dir_all(workspace.path("tests/__pycache__")).expect("is there");
    workspace.write(".gitignore", "build/\n__pycache__/\n");
    assert_eq!(workspace.run(["accept-change", ".gitignore"]).exit, 0);
    assert_eq!((workspace.check().0.exit, workspace.check().0.exit), (0, 0));
}

/// Bytes of all files below a folder.
fn bytes_below(folder: &std::path::Path) -> u64 {
    let entries = fs::read_dir(folder).expect("is a folder").map(|entry| entry.expect("is read"));
    let bytes = |entry: fs::DirEntry| match entry.file_type().expect("is known").is_dir() {
        true => bytes_below(&entry.path()),
        false => entry.metadata().expect("is there").len(),
    };
    entries.map(bytes).sum()
}

/// Catches a file that costs its maker nothing and the host many times its size, in each check.
#[test]
fn a_sparse_file_costs_the_host_no_state() {
    const LARGE: u64 = 16 << 20;
    let workspace = attacked(&format!("{HEAD}{CORRECT}{BOUNDARY}"));
    workspace.write("tests/taxes.t", "fails\nmore\n");
    let (before, _) = (bytes_below(&workspace.outside("state")), workspace.check());
    let of_a_check = bytes_below(&workspace.outside("state")) - before;
    for (name, byte) in [("sparse", None), ("zeros", Some(0)), ("feeds", Some(b'\n')), ("bytes", Some(0xff))]
    {
        match byte {
            None => {
                fs::File::create(workspace.path(name)).and_then(|file| file.set_len(LARGE)).expect("makes");
            }
            Some(byte) => workspace.write(name, vec![byte; 16 << 20]),
        }
        let before = bytes_below(&workspace.outside("state"));
        let (run, assessment) = workspace.check();
        assert_eq!(
            (run.exit, verdict(&assessment, "boundary").as_str()),
            (1, "fail"),
            "{name}: it is judged"
        );
        let grown = bytes_below(&workspace.outside("state")).saturating_sub(before);
        assert!(grown < of_a_check + LARGE / 64, "{name}: {grown} bytes, {of_a_check} without it");
    }
}
