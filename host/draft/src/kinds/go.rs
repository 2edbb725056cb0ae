//! Modules of Go, tested by `go test` or by gotestsum where the module has it as a tool.
//!
//! Source of the file: the Go Modules Reference, "go.mod files".

use super::{leaves, owned};
use crate::findings::{Kind, Needs, Paths, Suite};
use crate::folder::Folder;
use crate::ignored::is_ignored_folder;
use crate::look::Found;

/// What must be there.
pub(crate) const LOOKED_FOR: &[&str] = &["`go.mod` with a line `module`"];

const MANIFEST: &str = "go.mod";

/// The path under which a module names gotestsum as its tool.
const GOTESTSUM: &str = "gotest.tools/gotestsum";

/// Calls and lines that switch a test off.
const SHORTCUTS: &[&str] = &[".Skip(", ".Skipf(", ".SkipNow(", "//go:build ignore"];

/// Adds a suite if the folder is a module.
pub(crate) fn recognise(folder: &Folder, found: &mut Found) {
    let Some(text) = folder.text(MANIFEST) else { return };
    let Some(module) = directive(&text, "module").next() else {
        folder.note(MANIFEST, "names no module");
        return;
    };
    let module = module.trim_matches(['"', '`']);
    found.named(module.rsplit('/').find(|part| !is_major_version(part)));
    found.because(MANIFEST, "a module of Go");
    // Without `-count=1` a result of an earlier run counts as one of this run.
    let (run, report) = if directive(&text, "tool").any(|tool| tool == GOTESTSUM) {
        found.because(MANIFEST, "has gotestsum as a tool");
        let run = ["go", "tool", "gotestsum", "--junitfile={out}/report.xml", "--", "-count=1", "./..."];
        (owned(&run), None)
    } else {
        (owned(&["go", "test", "-json", "-count=1", "./..."]), Some("stdout"))
    };
    let needs = needs(folder, &text, found);
    found.suites.push(Suite {
        kind: Kind::Go,
        run,
        set: vec![("GOCACHE", "{cache}/go-build")],
        needs,
        collect: Vec::new(),
        report,
        failed: 1,
        remarks: owned(&[
            "What Go compiles lies beside the private copy and goes with it. In the cache that all",
            "projects share, another tree could have left other code under the names of these sources.",
        ]),
        shortcuts: SHORTCUTS,
        skips: true,
        example: "TestTheBugIsGone",
        experiment: (owned(&["go", "run", "./experiments"]), "experiments/**"),
        paths: Paths {
            sources: owned(&["*.go"]),
            tests: owned(&["*_test.go", "testdata/"]),
            // Go does not hold vendored packages against `go.sum`.
            settings: owned(&[MANIFEST, "go.work", "/vendor/**"]),
            manifests: owned(&[MANIFEST, "go.sum"]),
        },
    });
}

/// Where the module's dependencies lie in the folder and git ignores them, the start tree holds them.
fn needs(folder: &Folder, text: &str, found: &mut Found) -> Needs {
    let is_used = folder.has_file("vendor/modules.txt") && is_ignored_folder(folder, found.git, "vendor");
    if is_used {
        found.because(
            "vendor/modules.txt",
            "its dependencies are ignored, and part of the start all the same",
        );
    }
    let mut replaced = directive(text, "replace").filter_map(|line| line.split_once("=>"));
    let only_in_place = replaced.any(|(_, place)| leaves(place.trim()));
    if only_in_place {
        folder.note(MANIFEST, "a module is replaced by a folder outside: no copy of this one can be tested");
    }
    Needs { inputs: if is_used { vec!["/vendor/**"] } else { Vec::new() }, only_in_place, ..Needs::default() }
}

/// `v2` and so on at the end of a module path is not a name.
fn is_major_version(part: &str) -> bool {
    let digits = part.strip_prefix('v').unwrap_or_default();
    part.is_empty() || (!digits.is_empty() && digits.chars().all(|digit| digit.is_ascii_digit()))
}

/// What a directive says: alone on its line, or one entry a line in a block.
fn directive<'a>(text: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    let mut in_block = false;
    text.lines().filter_map(move |line| {
        let line = line.split("//").next().unwrap_or_default().trim();
        if in_block {
            in_block = line != ")";
            return Some(line).filter(|line| in_block && !line.is_empty());
        }
        let rest = line.strip_prefix(name).filter(|rest| rest.starts_with([' ', '\t', '(']))?.trim();
        in_block = rest == "(";
        Some(rest).filter(|rest| !in_block && !rest.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directives_stand_alone_or_in_blocks() {
        let text = "module example.org/a/v2 // new\n\ntool (\n\tone\n\t// no\n\ttwo\n)\ntool three\ntoolchain go1.24\n";
        assert_eq!(directive(text, "module").collect::<Vec<_>>(), ["example.org/a/v2"]);
        assert_eq!(directive(text, "tool").collect::<Vec<_>>(), ["one", "two", "three"]);
        assert_eq!(directive("// module x\n", "module").count(), 0);
    }
}
