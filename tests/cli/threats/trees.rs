//! Catalogue C and the tree: evidence is about one exact tree, whatever somebody does to it meanwhile.

use super::{CORRECT, HEAD, attacked, caught, git, without};
use crate::workspace::{Workspace, clause, verdict};

const PROTECTED: &str = "\n[boundary]\nprotect = [\"tests/**\", \"goal.toml\"]\n";

#[test]
fn a_source_that_changes_the_tree_gives_no_evidence() {
    let text =
        format!("{HEAD}{CORRECT}").replace("\"suite.sh\"", "\"-c\", \"sh suite.sh; echo x > src/made.txt\"");
    let workspace = Workspace::new(&text);
    workspace.write("suite.sh", "echo \"<testsuite><testcase name='all'/></testsuite>\"\n");
    workspace.write("src/shop.txt", "a shop\n");
    let (run, assessment) = workspace.check();
    assert_eq!((run.exit, verdict(&assessment, "correct").as_str()), (3, "tree-changed"));
    let summary = clause(&assessment, "correct")["outcome"]["summary"].as_str().expect("a text");
    assert!(summary.contains("`src/made.txt`") && summary.contains("write to {out}"), "{summary}");
    workspace.remove("src/made.txt");
    assert_eq!(without(&workspace, "tree-unchanged,tree-at-the-end").0.exit, 0);
}

/// Somebody waits for the first outcome and then edits the source, while a large report is still judged.
#[test]
fn c08_an_edit_before_the_decision_takes_the_pass_back() {
    let wait = "while [ -z \"$(ls ../home/.cache/evident/outcomes 2>/dev/null)\" ]; do sleep 0.01; done; \
                echo cheat >> src/shop.txt";
    let many = "i=0; echo '<testsuite>'; while [ $i -lt 200 ]; do cat cases.txt; i=$((i+1)); done; echo '</testsuite>'";
    let text = format!(
        "{HEAD}{CORRECT}\n[evidence.large]\nrun = [\"sh\", \"-c\", '''{many}''']\n\
         [criteria.large]\nchecker = \"test-report\"\nevidence = \"large\"\n"
    );
    let text = text.replace(
        "[\"sh\", \"suite.sh\"]",
        &format!("[\"setsid\", \"-w\", \"sh\", \"-c\", '''{{ {wait}; }} >/dev/null 2>&1 & sh suite.sh''']"),
    );
    // What edits is a process that a source left behind: that guard stands before the one that is tried here.
    let attack = |defences: &str| {
        let workspace = Workspace::new(&text);
        workspace.write("suite.sh", "echo \"<testsuite><testcase name='all'/></testsuite>\"\n");
        workspace.write("src/shop.txt", "a shop\n");
        let cases: String =
            (0..2000).map(|case| format!("<testcase classname=\"c\" name=\"case_{case}\"/>\n")).collect();
        workspace.write("cases.txt", cases);
        without(&workspace, defences)
    };
    let (run, assessment) = attack("orphans");
    assert_eq!((run.exit, verdict(&assessment, "correct").as_str()), (3, "tree-changed"), "{assessment:#}");
    assert_eq!(attack("orphans,tree-at-the-end").0.exit, 0);
}

/// Somebody writes into the stat cache that the edited test is the old one.
#[test]
fn a_digest_that_rests_on_the_stat_cache_is_not_the_last_word() {
    let attack = |defences: &str| {
        let workspace = attacked(&format!("{HEAD}{CORRECT}{PROTECTED}"));
        workspace.write("tests/taxes.t", "green\n");
        // What is young is not cached: this is the cache of a tree that has rested.
        assert_eq!(without(&workspace, "racy-stat").0.exit, 1);
        forge(&workspace, "green\n", "fails\n");
        without(&workspace, defences)
    };
    let (run, assessment) = attack("racy-stat");
    assert_eq!((run.exit, verdict(&assessment, "correct").as_str()), (3, "tree-changed"), "{assessment:#}");
    assert_eq!(verdict(&assessment, "boundary"), "tree-changed", "the comparison alone believes the cache");
    assert_eq!(attack("racy-stat,full-digest").0.exit, 0);
}

/// Writes into the stat cache that a file of one content has another.
fn forge(workspace: &Workspace, is: &str, shall_be: &str) {
    let digest = |text: &str| evident_engine::Blobs::digest(text.as_bytes());
    let folder = workspace.outside("home").join(".cache/evident/stat");
    let mut forged = 0;
    for entry in std::fs::read_dir(&folder).expect("is there") {
        let cache = entry.expect("readable").path();
        let bytes = std::fs::read(&cache).expect("is ours");
        let known = digest(is);
        let Some(at) = bytes.windows(32).position(|window| window == known.as_bytes()) else { continue };
        let mut bytes = bytes[..bytes.len() - 32].to_vec();
        bytes[at..at + 32].copy_from_slice(digest(shall_be).as_bytes());
        let sum = evident_engine::Blobs::digest(&bytes);
        bytes.extend_from_slice(sum.as_bytes());
        std::fs::write(&cache, bytes).expect("is ours");
        forged += 1;
    }
    assert_eq!(forged, 1);
}

/// What is ignored later is seen all the same: the rules are those of the start.
#[test]
fn an_edited_ignore_file_hides_nothing() {
    let text =
        format!("{HEAD}{CORRECT}\n[boundary]\nwrite = [\"src/**\", \".gitignore\", \"tests/taxes.t\"]\n");
    let workspace = attacked(&text);
    workspace.write("tests/taxes.t", "passes\n");
    workspace.write("tools/helper.txt", "outside of what may change\n");
    workspace.write(".gitignore", "build/\n*.log\ntools/\n");
    let assessment = caught(&workspace, "boundary", "fail", "start-rules");
    let message = &clause(&assessment, "boundary")["outcome"]["findings"][0]["message"];
    assert!(message.as_str().is_some_and(|message| message.contains("`tools/helper.txt`")), "{message}");
}

/// An ignored file decides what the suite says; named as an input it belongs to the tree.
#[test]
fn an_ignored_input_belongs_to_the_tree() {
    let text = format!(
        "{HEAD}{CORRECT}\n[boundary]\nwrite = [\"src/**\", \"tests/taxes.t\"]\ninputs = [\"settings.log\"]\n"
    );
    // The start tree holds the inputs too, so the whole story is told twice.
    let attack = |defences: &str| {
        let workspace = Workspace::new(&text);
        workspace.write("suite.sh", "grep -q green settings.log && cat green.xml || cat red.xml\n");
        workspace.write("green.xml", "<testsuite><testcase name='all'/></testsuite>");
        workspace.write("red.xml", "<testsuite><testcase name='all'><failure/></testcase></testsuite>");
        workspace.write(".gitignore", "*.log\n");
        workspace.write("settings.log", "red\n");
        git(&workspace, &["init", "--quiet"]);
        assert_eq!(without(&workspace, defences).0.exit, 1);
        workspace.write("settings.log", "green\n");
        without(&workspace, defences)
    };
    let (run, assessment) = attack("");
    assert_eq!((run.exit, verdict(&assessment, "boundary").as_str()), (1, "fail"), "{assessment:#}");
    assert_eq!(verdict(&assessment, "correct"), "pass");
    assert_eq!(attack("inputs").0.exit, 0);
}

/// On a snapshot the tests are those of the start, whatever somebody made of them.
#[test]
fn c01_a_snapshot_runs_the_tests_of_the_start() {
    let head = HEAD.replace("run = ", "at = \"snapshot\"\nrun = ");
    let workspace = attacked(&format!("{head}{CORRECT}{PROTECTED}"));
    workspace.write("tests/taxes.t", "passes\n");
    let (run, assessment) = workspace.check();
    assert_eq!((run.exit, verdict(&assessment, "correct").as_str()), (1, "fail"), "{assessment:#}");
    assert_eq!(verdict(&without(&workspace, "protected-from-start").1, "correct"), "pass");
}

/// An ignored file that acts unseen has no place in a snapshot.
#[test]
fn c17_a_snapshot_holds_no_ignored_file() {
    let contract = |at: &str| {
        format!("{}{CORRECT}{PROTECTED}", HEAD.replace("run = ", &format!("at = \"{at}\"\nrun = ")))
    };
    let workspace = Workspace::new(&contract("snapshot"));
    workspace.write("suite.sh", "test -e hook.log && cat green.xml || cat red.xml\n");
    workspace.write("green.xml", "<testsuite><testcase name='all'/></testsuite>");
    workspace.write("red.xml", "<testsuite><testcase name='all'><failure/></testcase></testsuite>");
    workspace.write("tests/adds.t", "adds\n");
    workspace.write(".gitignore", "*.log\n");
    git(&workspace, &["init", "--quiet"]);
    assert_eq!(workspace.run(["check"]).exit, 1);
    workspace.write("hook.log", "act\n");
    let (run, assessment) = workspace.check();
    assert_eq!((run.exit, verdict(&assessment, "correct").as_str()), (1, "fail"), "{assessment:#}");
    // The defence is the snapshot: in the workspace the hook acts.
    workspace.write("goal.toml", contract("work"));
    assert_eq!(verdict(&workspace.check().1, "correct"), "pass");
}

/// The base is proven before anything runs in its folder.
#[test]
fn a_private_copy_that_was_edited_is_mended() {
    let head =
        HEAD.replace("objective", "base = \"HEAD\"\nobjective").replace("run = ", "at = \"base\"\nrun = ");
    let workspace = attacked(&format!("{head}{CORRECT}"));
    let copies = workspace.outside("home").join(".cache/evident/trees");
    let copy = std::fs::read_dir(&copies).expect("is there").next().expect("one").expect("readable").path();
    // As long as the real one: nobody has to read it to see another size.
    let edit = || {
        std::fs::write(copy.join("base/tree/tests/taxes.t"), "green\n").expect("is ours");
    };
    edit();
    let (run, assessment) = workspace.check();
    assert_eq!((run.exit, verdict(&assessment, "correct").as_str()), (1, "fail"), "{assessment:#}");
    edit();
    assert_eq!(without(&workspace, "materialised-proof,tree-unchanged").0.exit, 0);
}

#[test]
fn a_tree_is_named_and_changes_with_its_content() {
    let workspace = attacked(&format!("{HEAD}{CORRECT}"));
    let tree = || workspace.check().1["tree"].as_str().expect("a text").to_owned();
    let before = tree();
    assert_eq!(before, tree());
    workspace.write("build/output", "ignored");
    assert_eq!(before, tree());
    workspace.write("src/shop.txt", "another shop\n");
    assert_ne!(before, tree());
}
