//! `evident lint --try`: every source is collected once, and nothing is judged.

use crate::reports::{GREEN, HEAD, RED};
use crate::workspace::Workspace;

/// A contract of these sources. Nothing is judged, so that it does not matter by whom it would be.
fn contract(sources: &[(&str, &str)]) -> String {
    let mut text = HEAD.to_owned();
    for (name, source) in sources {
        text += &format!(
            "\n[evidence.{name}]\n{source}\n\n[criteria.{name}]\nchecker = \"benchmark\"\nevidence = \"{name}\"\n\
             config = {{ max = \"1 ms\" }}\n"
        );
    }
    text
}

#[test]
fn every_source_gives_evidence() {
    let workspace = Workspace::new(&contract(&[
        ("green", r#"run = ["cat", "green.xml"]"#),
        // A red suite is evidence all the same: what it proves is not asked here.
        ("red", "run = [\"sh\", \"-c\", \"cat red.xml; exit 1\"]"),
    ]));
    workspace.write("green.xml", GREEN);
    workspace.write("red.xml", RED);
    workspace.golden("try-fine", &["lint", "--try"]);
    assert_eq!(workspace.run(["explain", "green"]).exit, 2, "nothing was judged");
}

/// Catches a silent first day: the source that changes the tree is named with what it changed.
#[test]
fn what_gives_nothing_is_named() {
    let workspace = Workspace::new(&contract(&[
        ("green", r#"run = ["cat", "green.xml"]"#),
        ("builder", "run = [\"sh\", \"-c\", \"mkdir -p out; echo a > out/a.log; cp green.xml {out}\"]"),
        ("absent", r#"run = ["no-such-program"]"#),
        ("silent", "run = [\"true\"]\ncollect = [\"report.xml\"]"),
    ]));
    workspace.write("green.xml", GREEN);
    workspace.write(".evident-ignore", "report.xml\n");
    workspace.golden("try-shortfalls", &["lint", "--try"]);
}

#[test]
fn a_refused_contract_runs_nothing() {
    let workspace =
        Workspace::new(&format!("{HEAD}\n[evidence.suite]\nrun = [\"touch\", \"ran\"]\ntimout = \"1s\"\n"));
    let run = workspace.run(["lint", "--try"]);
    assert_eq!((run.exit, run.stdout.as_str()), (2, ""), "{run:#?}");
    assert!(!workspace.path("ran").exists());
}

#[test]
fn it_is_for_a_person_only() {
    let workspace = Workspace::new(HEAD);
    let run = workspace.run(["lint", "--try", "--format", "json"]);
    assert_eq!((run.exit, run.stdout.as_str()), (2, ""), "{run:#?}");
    assert!(run.stderr.contains("`--try` is shown for a person only"), "{run:#?}");
}
