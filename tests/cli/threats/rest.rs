//! Catalogue C: what counts must rest while a source runs. A source, or a process beside it, swaps a file and
//! puts it back; or a link leads to bytes of which no digest is taken.

use super::{CORRECT, HEAD, caught, without};
use crate::workspace::{Workspace, clause, verdict};

/// Ways to make the failing test pass for a while: what is done before the suite, and after it. The bytes and the
/// times that a program can set are then those of before.
const SWAPS: &[(&str, &str)] = &[
    (
        "cp -p tests/taxes.t ../kept; echo passes > tests/taxes.t",
        "cat ../kept > tests/taxes.t; touch -r ../kept tests/taxes.t",
    ),
    ("mv tests/taxes.t ../kept; echo passes > tests/taxes.t", "mv ../kept tests/taxes.t"),
    ("mv tests ../kept; mkdir tests; echo passes > tests/taxes.t", "rm -r tests; mv ../kept tests"),
];

#[test]
fn a_swap_that_is_put_back_gives_no_evidence() {
    for at in ["work", "snapshot"] {
        for (before, after) in SWAPS {
            let run = format!("at = \"{at}\"\nrun = [\"sh\", \"-c\", '''{before}; sh suite.sh; {after}''']");
            let text = HEAD.replace("run = [\"sh\", \"suite.sh\"]", &run) + CORRECT;
            let workspace = Workspace::new(&text);
            workspace.write("suite.sh", super::SUITE);
            workspace.write("tests/taxes.t", "fails\n");
            let assessment = caught(&workspace, "correct", "tree-changed", "change-time");
            let summary = clause(&assessment, "correct")["outcome"]["summary"].as_str().expect("a text");
            assert!(summary.contains("and then as before: `tests"), "{summary}");
            assert!(summary.contains("in a temporary folder"), "{summary}");
        }
    }
}

/// A suite that passes where what the link leads to says so.
const LINKED: &str = "if grep -q passes tests/taxes.t; then cat green.xml; else cat red.xml; fi\n";

fn linked(at: &str, target: &str) -> Workspace {
    let workspace = Workspace::new(&(HEAD.replace("run = ", &format!("at = \"{at}\"\nrun = ")) + CORRECT));
    workspace.write("suite.sh", LINKED);
    workspace.write("green.xml", "<testsuite><testcase name='all'/></testsuite>");
    workspace.write("red.xml", "<testsuite><testcase name='all'><failure/></testcase></testsuite>");
    workspace.write(".evident-ignore", "build/\n");
    workspace.write("build/taxes.t", "passes\n");
    std::fs::write(workspace.outside("taxes.t"), "passes\n").expect("writes");
    std::fs::create_dir(workspace.path("tests")).expect("makes");
    let here = workspace.folder().canonicalize().expect("is there");
    let target = target.replace("HERE", here.to_str().expect("is text"));
    std::os::unix::fs::symlink(target, workspace.path("tests/taxes.t")).expect("links");
    workspace
}

/// In the workspace such a link can be followed, so that a pass is asserted, and the link is named.
#[test]
fn a_link_to_what_does_not_count_proves_nothing() {
    for target in ["../build/taxes.t", "HERE/build/taxes.t", "../../taxes.t"] {
        let workspace = linked("work", target);
        let (run, assessment) = workspace.check();
        assert_eq!((run.exit, verdict(&assessment, "correct").as_str()), (0, "pass"), "{assessment:#}");
        assert_eq!(clause(&assessment, "correct")["asserted"], true, "{target}: {assessment:#}");
        let shown = workspace.run(["check"]).stdout;
        assert!(shown.contains("tests/taxes.t"), "{shown}");
        let (_, undefended) = without(&workspace, "links-out");
        // What is left is that the suite ran beside an ignored file.
        let doubts = clause(&undefended, "correct")["doubts"].to_string();
        assert!(!doubts.contains("link-out"), "{target}: {undefended:#}");
    }
    let honest = linked("work", "../green.xml");
    honest.write("green.xml", "<!-- passes --><testsuite><testcase name='all'/></testsuite>");
    std::fs::remove_dir_all(honest.path("build")).expect("is there");
    let (run, assessment) = honest.check();
    assert_eq!((run.exit, &clause(&assessment, "correct")["asserted"]), (0, &false.into()), "{assessment:#}");
}

/// In a private copy it leads to nothing, or to a file of the copy.
#[test]
fn a_link_of_a_snapshot_never_reads_the_workspace() {
    for target in ["HERE/build/taxes.t", "/proc/self/cwd/../../../../../../../here/build/taxes.t"] {
        let workspace = linked("snapshot", target);
        let (run, assessment) = workspace.check();
        assert_eq!((run.exit, verdict(&assessment, "correct").as_str()), (1, "fail"), "{assessment:#}");
    }
    let workspace = linked("snapshot", "HERE/build/taxes.t");
    assert_eq!(without(&workspace, "links-out").0.exit, 0);
}
