//! Catalogue C and what lies around a contract's folder: where that is a part of something larger, a command in the
//! workspace reads and builds above it, and no tree says what was there.

use std::fs;
use std::path::Path;

use super::{CORRECT, HEAD, git};
use crate::workspace::{Workspace, clause, verdict};

/// A suite that says what a file says: one above the workspace, or one in it.
fn judged_by(report: &str, keys: &str) -> Workspace {
    let run = format!("{keys}run = [\"cat\", \"{report}\"]");
    Workspace::new(&(HEAD.replace("run = [\"sh\", \"suite.sh\"]", &run) + CORRECT))
}

fn report(inner: &str) -> String {
    format!("<testsuite><testcase name='all'>{inner}</testcase></testsuite>")
}

/// Makes the folder above the top of something.
fn put_top(workspace: &Workspace, name: &str, text: &str) {
    match name {
        ".git" => git(workspace, &["init", "--quiet", ".."]),
        _ => fs::write(workspace.outside(name), text).expect("writes"),
    }
}

const TOPS: &[(&str, &str)] = &[
    ("Cargo.toml", "[workspace]\nmembers = [\"here\"]\n"),
    ("go.work", "use ./here\n"),
    ("package.json", "{\"workspaces\": [\"here\"]}\n"),
    (".git", ""),
];

#[test]
fn a_suite_in_a_part_of_something_larger_is_asserted() {
    for (name, text) in TOPS {
        let workspace = judged_by("../lib.xml", "");
        put_top(&workspace, name, text);
        fs::write(workspace.outside("lib.xml"), report("<failure/>")).expect("writes");
        assert_eq!(workspace.check().0.exit, 1, "{name}");
        fs::write(workspace.outside("lib.xml"), report("")).expect("writes");
        let (run, assessment) = workspace.check();
        assert_eq!(
            (run.exit, verdict(&assessment, "correct").as_str()),
            (0, "pass"),
            "{name}: {assessment:#}"
        );
        let correct = clause(&assessment, "correct");
        let top = workspace.outside("").canonicalize().expect("is there");
        let named = correct["doubts"][0]["folder-above"]["folder"].as_str().expect("is named");
        assert_eq!((correct["asserted"].as_bool(), Path::new(named)), (Some(true), top.as_path()), "{name}");
        let lint = workspace.run(["lint"]).stderr;
        assert!(lint.contains(&format!("`suite` runs in a part of `{}`", top.display())), "{name}: {lint}");
    }
}

/// Catches a doubt about what reads nothing above: a suite in a copy, and one in a folder that is all there is.
#[test]
fn a_suite_with_nothing_around_it_is_proven() {
    let alone = judged_by("report.xml", "");
    let copied = judged_by("report.xml", "at = \"snapshot\"\n");
    put_top(&copied, ".git", "");
    let top = judged_by("report.xml", "");
    git(&top, &["init", "--quiet"]);
    for (name, workspace) in [("alone", alone), ("copied", copied), ("top", top)] {
        workspace.write("report.xml", report(""));
        workspace.check();
        let (run, assessment) = workspace.check();
        let asserted = &clause(&assessment, "correct")["asserted"];
        assert_eq!((run.exit, asserted), (0, &false.into()), "{name}: {assessment:#}");
        assert!(!workspace.run(["lint"]).stderr.contains("in a part of"), "{name}");
    }
}
