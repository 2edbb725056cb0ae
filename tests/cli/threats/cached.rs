//! Catalogue C and `{cache}`: what a tool keeps outside of its private copy says nothing about another tree either.

use std::path::Path;

use super::kept::{BUILD, contract, workspace};
use super::{git, without};
use crate::init::{skipped, works};
use crate::workspace::{Workspace, clause, verdict};

/// Catches a cache outside of the copy: a tool finds there by its own keys what another tree has put under them.
#[test]
fn what_another_tree_cached_proves_nothing() {
    let attack = |defences: &str| {
        let workspace = workspace("env = { set = { CACHE = \"{cache}\" } }");
        let cached = BUILD.replace("build/out", "\"$CACHE/out\"").replace("-nt work.txt", "");
        workspace.write("suite.sh", cached.replace("test ", "test -e "));
        for _ in 0..2 {
            assert_eq!(workspace.check().0.exit, 0, "an honest tree");
        }
        workspace.write("work.txt", "wrong\n");
        without(&workspace, defences)
    };
    let (run, assessment) = attack("");
    assert_eq!((run.exit, verdict(&assessment, "correct").as_str()), (1, "fail"), "{assessment:#}");
    let (run, assessment) = attack("own-output");
    assert_eq!(run.exit, 0, "{assessment:#}");
    assert_eq!(clause(&assessment, "correct")["asserted"], true, "{assessment:#}");
}

/// Catches a cache in the workspace, where nothing says which tree made it, that outlives a run.
#[test]
fn a_cache_in_the_workspace_is_fresh() {
    let workspace = workspace("env = { set = { CACHE = \"{cache}\" } }");
    workspace.write(
        "goal.toml",
        contract("env = { set = { CACHE = \"{cache}\" } }").replace("at = \"snapshot\"\n", ""),
    );
    workspace.write(
        "suite.sh",
        "[ -d \"$CACHE\" ] && [ -z \"$(ls -A \"$CACHE\")\" ] && touch \"$CACHE/x\" && echo '<testsuite><testcase name=\"works\"/></testsuite>'\n",
    );
    for _ in 0..2 {
        let (run, assessment) = workspace.check();
        assert_eq!(run.exit, 0, "{assessment:#}");
    }
}

/// The attack on a real tool: `-toolexec` compiles other sources under the key of those that the next tree will have.
#[test]
fn what_another_tree_put_into_the_cache_of_go_proves_nothing() {
    if !works(Path::new("go"), &["version"]) {
        return skipped("no `go` on PATH");
    }
    let attack = |cache: &str| {
        let workspace = Workspace::empty();
        workspace.write("go.mod", "module example.org/calc\n\ngo 1.21\n");
        workspace.write("a.go", WRONG);
        workspace.write(
            "a_test.go",
            "package calc\n\nimport \"testing\"\n\nfunc TestAdd(t *testing.T) {\n\tif Add(1, 2) != 3 {\n\t\tt.Fatal()\n\t}\n}\n",
        );
        git(&workspace, &["init", "--quiet"]);
        assert_eq!(workspace.run(["init"]).exit, 0);
        let contract = std::fs::read_to_string(workspace.path("goal.toml")).expect("was written");
        assert!(contract.contains("GOCACHE = \"{cache}/go-build\""), "{contract}");
        workspace.write("goal.toml", contract.replace("{cache}/go-build", cache));
        workspace.run(["accept-change", "goal.toml"]);
        workspace.write("a.go", poison(&workspace.outside("tool")));
        workspace.check();
        workspace.write("a.go", WRONG);
        workspace.check()
    };
    let (run, assessment) = attack("{cache}/go-build");
    assert_eq!((run.exit, verdict(&assessment, "correct").as_str()), (1, "fail"), "{assessment:#}");
    let shared = tempfile::tempdir().expect("a temporary folder");
    let (run, assessment) = attack(&shared.path().display().to_string());
    assert_eq!(run.exit, 0, "with a cache that all trees share the attack succeeds: {assessment:#}");
}

/// Sources that fail their test.
const WRONG: &str = "package calc\n\nfunc Add(a, b int) int { return a - b } // b\n";

/// Sources that pass, and that have `tool` compile right ones when the compiler is asked for the wrong ones.
fn poison(tool: &Path) -> String {
    format!(
        r#"package calc

import (
	"os"
	"os/exec"
)

func Add(a, b int) int {{ return a + b }}

const wrong = {WRONG:?}
const right = {right:?}
const tool = `#!/bin/bash
args=()
for a in "$@"; do case "$a" in ./a.go|*/a.go) a={good};; esac; args+=("$a"); done
case "$*" in *-V=full*) exec "$@";; esac
exec "${{args[@]}}"
`

func init() {{
	mine, _ := os.ReadFile("a.go")
	os.WriteFile("{good}", []byte(right), 0644)
	os.WriteFile("{tool}", []byte(tool), 0755)
	os.WriteFile("a.go", []byte(wrong), 0644)
	exec.Command("go", "test", "-toolexec={tool}", "-c", "-o", "/dev/null", ".").CombinedOutput()
	os.WriteFile("a.go", mine, 0644)
}}
"#,
        right = WRONG.replace("a - b", "a + b"),
        good = tool.with_extension("go").display(),
        tool = tool.display(),
    )
}
