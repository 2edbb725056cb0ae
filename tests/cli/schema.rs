//! `evident schema`: what is committed is what the binary says, and what it prints conforms to it.

use std::env;
use std::fs;

use serde_json::Value;

use crate::conformance::violations;
use crate::reports::{GREEN, RED, contract, contract_of_many, suite};
use crate::workspace::{Workspace, repository};

/// Each document and the file that editors and readers use.
const COMMITTED: &[(&str, &str)] = &[
    ("contract", "docs/schema/goal.schema.json"),
    ("assessment", "docs/schema/assessment.schema.json"),
    ("lint", "docs/schema/lint.schema.json"),
    ("report", "docs/schema/report.schema.json"),
    ("event", "docs/schema/event.schema.json"),
];

/// A changed form changes its version, or it is seen here.
#[test]
fn the_committed_schemas_are_current() {
    let workspace = Workspace::empty();
    for (document, path) in COMMITTED {
        let run = workspace.run(["schema", document]);
        assert_eq!((run.exit, run.stderr.as_str()), (0, ""), "{document}");
        let path = repository().join(path);
        if env::var_os("BLESS").is_some() {
            fs::write(&path, &run.stdout).expect("writes");
        }
        let committed = fs::read_to_string(&path).expect("is committed; make it with `BLESS=1`");
        assert!(committed == run.stdout, "`{}` is not current: renew it with `BLESS=1`", path.display());
    }
}

/// Nobody who types it without a word wants anything but what an editor needs.
#[test]
fn the_contract_is_the_default() {
    let workspace = Workspace::empty();
    assert_eq!(workspace.run(["schema"]).stdout, workspace.run(["schema", "contract"]).stdout);
}

#[test]
fn an_unknown_document() {
    Workspace::empty().golden("schema-unknown", &["schema", "receipt"]);
}

#[test]
fn assessments_conform() {
    let schema = schema("assessment");
    let found = Workspace::new(&contract_of_many([
        ("found", "files = [\"report.xml\"]"),
        ("absent", "run = [\"no-such-program\"]"),
        ("killed", "run = [\"sh\", \"-c\", \"kill -9 $$\"]"),
    ]));
    found.write("report.xml", GREEN);
    for workspace in [suite(GREEN), suite(RED), found] {
        let (_, assessment) = workspace.check();
        assert_eq!(violations(&schema, &assessment), [] as [String; 0]);
        assert_eq!(assessment["version"], 2);
    }
}

#[test]
fn lint_reports_conform() {
    let schema = schema("lint");
    let contracts = ["", "version = 1\n[goal", &contract(r#"run = ["true"]"#), &contract("files = [\"a\"]")];
    for contract in contracts {
        let run = Workspace::new(contract).run(["lint", "--format", "json"]);
        let report: Value = serde_json::from_str(&run.stdout).expect("is JSON");
        assert_eq!(violations(&schema, &report), [] as [String; 0]);
        assert_eq!((report["sound"] == true, report["version"].as_u64()), (run.exit == 0, Some(1)));
    }
}

fn schema(document: &str) -> Value {
    let run = Workspace::empty().run(["schema", document]);
    serde_json::from_str(&run.stdout).expect("is JSON")
}
