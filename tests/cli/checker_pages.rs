//! The pages about the built-in checkers: each is what the checker says of itself, and its worked criterion is sound.

use std::env;
use std::fs;

use crate::workspace::{Workspace, repository};

/// Where the pages lie.
const FOLDER: &str = "docs/checkers";

const CHECKERS: [&str; 4] = ["benchmark", "changes", "screenshot", "test-report"];

/// A workspace whose binary finds the checkers compiled.
fn workspace() -> Workspace {
    let workspace = Workspace::empty();
    workspace.lend_compiled();
    workspace
}

/// Catches a key, a default or a reason that changed in a checker and not on its page.
#[test]
fn every_page_is_current() {
    let workspace = workspace();
    let folder = repository().join(FOLDER);
    for checker in CHECKERS {
        let run = workspace.run(["checker", "inspect", checker, "--format", "markdown"]);
        assert_eq!((run.exit, run.stderr.as_str()), (0, ""), "{checker}");
        let path = folder.join(checker).with_extension("md");
        if env::var_os("BLESS").is_some() {
            fs::create_dir_all(&folder).expect("makes");
            fs::write(&path, &run.stdout).expect("writes");
        }
        let committed = fs::read_to_string(&path).expect("is committed; make it with `BLESS=1`");
        assert!(committed == run.stdout, "`{}` is not current: renew it with `BLESS=1`", path.display());
    }
}

/// Catches a built-in checker without a page, and a page without its checker.
#[test]
fn every_built_in_checker_has_a_page() {
    let run = workspace().run(["checker", "list"]);
    let listed = run.stdout.lines().filter_map(|line| line.split_whitespace().next());
    let mut listed: Vec<&str> = listed.filter(|word| CHECKERS.contains(word)).collect();
    listed.sort_unstable();
    assert_eq!(listed, CHECKERS, "{}", run.stdout);
    let pages = fs::read_dir(repository().join(FOLDER)).expect("is there");
    let mut pages: Vec<String> =
        pages.map(|page| page.expect("can be read").file_name().into_string().expect("is text")).collect();
    pages.sort_unstable();
    assert_eq!(pages, CHECKERS.map(|checker| format!("{checker}.md")));
}

/// Catches a key that a page does not describe: every one has a type, what it sets, and what holds without it.
#[test]
fn every_key_is_described_whole() {
    let workspace = workspace();
    for checker in CHECKERS {
        let run = workspace.run(["checker", "inspect", checker, "--format", "json"]);
        let document: serde_json::Value = serde_json::from_str(&run.stdout).expect("is JSON");
        let keys = document["descriptor"]["config_schema"]["properties"].as_object().expect("has keys");
        for (name, key) in keys {
            let is_list = key["type"] == "array";
            assert!(
                is_list || !key["default"].is_null() || key["x-default"].is_string(),
                "{checker}: {name}"
            );
            assert!(key["description"].is_string(), "{checker}: {name}");
            let is_counted = matches!(key["type"].as_str(), Some("integer")) && name != "seed";
            assert!(!is_counted || key["x-unit"].is_string(), "{checker}: {name} has no unit");
        }
    }
}

/// Catches an example that a person copies and that the checker, or lint, refuses.
#[test]
fn every_worked_criterion_is_sound() {
    for checker in CHECKERS {
        let page = fs::read_to_string(repository().join(FOLDER).join(checker).with_extension("md"));
        let page = page.expect("is committed");
        let (_, example) = page.split_once("```toml\n").expect("has an example");
        let (example, _) = example.split_once("```").expect("ends");
        let head = "version = 1\n\n[goal]\nname = \"page\"\nobjective = \"The example holds.\"\n\n";
        let workspace = Workspace::new(&format!(
            "{head}{example}\n[boundary]\nprotect = [\"tests/**\", \"goal.toml\"]\n"
        ));
        let run = workspace.run(["lint"]);
        assert_eq!(run.exit, 0, "{checker}: {}{}", run.stdout, run.stderr);
        assert!(!run.stderr.contains("warning"), "{checker}: {}", run.stderr);
    }
}
