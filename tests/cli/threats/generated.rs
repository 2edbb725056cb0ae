//! Catalogue C and what a build generates into the tree: the same bytes, written again. In a private copy that is let
//! through where the worker may change them, and nowhere else.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use super::{CORRECT, HEAD, SUITE};
use crate::workspace::{Workspace, clause, verdict};

/// What builds and tests do to a file, or to its folder, without changing what it holds.
const WORKS: &[&str] = &[
    "cat src/gen/a > ../kept; cat ../kept > src/gen/a",
    "cp src/gen/a ../kept; mv ../kept src/gen/a",
    "cp -r src/gen ../kept; rm -r src/gen; mv ../kept src/gen",
    "touch src/gen/a",
    "chmod 600 src/gen/a; chmod 644 src/gen/a",
    "ln src/gen/a ../kept; rm ../kept",
];

const SNAPSHOT: &str = "at = \"snapshot\"\n";

/// A suite that does one of these first, with keys of its own and further protected patterns.
fn generating(work: &str, keys: &str, protect: &str) -> Workspace {
    let run = format!("{keys}run = [\"sh\", \"-c\", '''{work}; sh suite.sh''']");
    let contract = HEAD.replace("run = [\"sh\", \"suite.sh\"]", &run) + CORRECT;
    let boundary = "\n[boundary]\nwrite = [\"src/**\"]\nprotect = [\"tests/**\", \"suite.sh\", \"goal.toml\"";
    let workspace = Workspace::new(&format!("{contract}{boundary}{protect}]\n"));
    workspace.write("suite.sh", SUITE);
    workspace.write("tests/adds.t", "passes\n");
    workspace.write("src/gen/a", "generated\n");
    workspace.write("src/gen/b", "written by hand\n");
    fs::set_permissions(workspace.path("src/gen/a"), Permissions::from_mode(0o644)).expect("is ours");
    workspace
}

/// Catches code that is generated into the tree, and so is never judged.
#[test]
fn what_may_change_may_be_rewritten_in_a_copy() {
    for work in WORKS {
        let workspace = generating(work, SNAPSHOT, "");
        workspace.check();
        let (run, assessment) = workspace.check();
        assert_eq!(
            (run.exit, verdict(&assessment, "correct").as_str()),
            (0, "pass"),
            "{work}: {assessment:#}"
        );
        assert_eq!(clause(&assessment, "correct")["asserted"], false, "{work}: {assessment:#}");
    }
}

/// Catches a swap that is let through where it decides: of what is protected, in the workspace, and beside another
/// source, which reads what is there for a while.
#[test]
fn what_is_rewritten_elsewhere_gives_no_evidence() {
    let refused = |workspace: Workspace, what: &str| {
        let (_, assessment) = workspace.check();
        assert_eq!(verdict(&assessment, "correct"), "tree-changed", "{what}: {assessment:#}");
    };
    for work in WORKS {
        refused(generating(work, SNAPSHOT, ", \"src/gen/a\""), work);
        refused(generating(work, "", ""), work);
        let workspace = generating(work, "concurrent = true\nat = \"snapshot\"\n", "");
        let text = fs::read_to_string(workspace.path("goal.toml")).expect("is there");
        let beside =
            "\n[evidence.beside]\nrun = [\"sh\", \"suite.sh\"]\nat = \"snapshot\"\nconcurrent = true\n";
        let read = CORRECT.replace("correct", "read").replace("\"suite\"", "\"beside/stdout\"");
        workspace.write("goal.toml", format!("{text}{beside}{read}"));
        refused(workspace, work);
    }
    // A folder stands for all that it holds.
    refused(generating(WORKS[2], SNAPSHOT, ", \"src/gen/b\""), "a protected file in a folder");
}
