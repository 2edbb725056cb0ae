//! The contract that `init` writes, unchanged, in each kind of repository whose tool is here, against what a
//! worker can leave in files: wrong work never ends `met` with every clause proven.
//!
//! A row is an attack, a column a kind. Each attack stands on wrong sources; an honest check of the right ones
//! comes first and last.

use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::init::{CARGO, Files, GO, NODE, PYTEST, Repository, skipped, works};

/// A kind of repository, and how its work is made wrong without another size.
struct Kind {
    name: &'static str,
    tool: &'static [&'static str],
    files: Files<'static>,
    source: &'static str,
    right: &'static str,
    wrong: &'static str,
    test: &'static str,
    /// What a tool of the worker builds in the workspace.
    build: &'static [&'static str],
    /// A file that some tool reads by its name alone, and what makes it act.
    hook: (&'static str, &'static str),
    /// A source that ends the process of the tests, with exit code 0.
    ends: &'static str,
    /// A source that has the test skipped that calls it, where the runner lets code do that.
    skips: Option<&'static str>,
}

const KINDS: &[Kind] = &[
    Kind {
        name: "cargo",
        tool: &["cargo", "--version"],
        files: CARGO,
        source: "src/lib.rs",
        right: ".sum()",
        wrong: ".len() as u32",
        test: "tests/cart.rs",
        build: &["cargo", "test", "--no-run", "--offline"],
        hook: (".cargo/config.toml", "[target.'cfg(unix)']\nrunner = [\"echo\", \"test totals ... ok\"]\n"),
        ends: "pub fn total(_: &[u32]) -> u32 {\n    std::process::exit(0)\n}\n",
        skips: None,
    },
    Kind {
        name: "pytest",
        tool: &["python3", "-m", "pytest", "--version"],
        files: PYTEST,
        source: "src/shop/__init__.py",
        right: "sum(",
        wrong: "max(",
        test: "tests/test_cart.py",
        build: &[
            "python3",
            "-c",
            "import sys; sys.path[:0] = ['src']; sys.dont_write_bytecode = False; import shop",
        ],
        hook: ("conftest.py", "import shop\nshop.total = lambda prices: 3\n"),
        ends: "import os\n\n\ndef total(prices):\n    os._exit(0)\n",
        skips: Some("import pytest\n\n\ndef total(prices):\n    pytest.skip('later')\n"),
    },
    Kind {
        name: "node",
        tool: &["node", "--version"],
        files: NODE,
        source: "cart.js",
        right: "sum + price",
        wrong: "sum - price",
        test: "cart.test.js",
        build: &["true"],
        hook: ("node_modules/cart/index.js", "export const total = () => 3;\n"),
        ends: "export const total = () => process.exit(0);\n",
        skips: None,
    },
    Kind {
        name: "go",
        tool: &["go", "version"],
        files: GO,
        source: "cart.go",
        right: "a + b",
        wrong: "a - b",
        test: "cart_test.go",
        build: &["go", "test", "-c", "-o", "shop.test", "."],
        hook: ("go.work", "go 1.21\n\nuse .\n"),
        ends: "package shop\n\nimport \"os\"\n\nfunc Total(a, b int) int { os.Exit(0); return 0 }\n",
        skips: None,
    },
];

type Attack = fn(&Kind, &Repository);

const ATTACKS: &[(&str, Attack)] = &[
    ("nothing but wrong work", |_, _| {}),
    ("a build of the right sources, and the old times", stale),
    ("programs and modules of the build that say what they like", swapped),
    ("a source that is a link to an ignored file", linked),
    ("a source that is a link out of the folder", linked_out),
    ("a test that tests nothing", |kind, repository| repository.workspace.write(kind.test, "")),
    ("a file that a tool reads by its name", |kind, repository| {
        repository.workspace.write(kind.hook.0, kind.hook.1);
    }),
    ("work that ends the run before it reports", |kind, repository| {
        repository.workspace.write(kind.source, kind.ends);
    }),
    ("work that skips its test", |kind, repository| {
        repository.workspace.write(kind.source, kind.skips.unwrap_or(kind.ends));
    }),
];

fn right(kind: &Kind) -> &'static str {
    kind.files.iter().find(|(name, _)| *name == kind.source).expect("is one of the files").1
}

fn wrong(kind: &Kind, repository: &Repository) {
    let text = right(kind).replace(kind.right, kind.wrong);
    assert_ne!(text, right(kind));
    repository.workspace.write(kind.source, text);
}

/// Builds right sources, then puts wrong ones there with the times of the right ones.
fn stale(kind: &Kind, repository: &Repository) {
    repository.workspace.write(kind.source, right(kind));
    let path = repository.workspace.path(kind.source);
    let modified = fs::metadata(&path).and_then(|found| found.modified()).expect("has a time");
    let (program, arguments) = kind.build.split_first().expect("has a program");
    let mut command = Command::new(program);
    command.args(arguments).current_dir(repository.workspace.folder()).env_remove("PYTHONDONTWRITEBYTECODE");
    assert!(command.output().expect("starts").status.success(), "{:?}", kind.build);
    wrong(kind, repository);
    File::options().write(true).open(path).and_then(|file| file.set_modified(modified)).expect("is ours");
}

/// Every program below `target` prints a green report.
fn swapped(kind: &Kind, repository: &Repository) {
    stale(kind, repository);
    let script = "#!/bin/sh\nprintf '\\nrunning 1 test\\ntest totals ... ok\\n\\ntest result: ok. 1 passed; 0 failed; \
                  0 ignored; 0 measured; 0 filtered out; finished in 0.00s\\n\\n'\n";
    let mut folders = vec![repository.workspace.path("target")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let entry = entry.expect("lists");
            let found = entry.metadata().expect("is there");
            if found.is_dir() {
                folders.push(entry.path());
            } else if found.permissions().mode() & 0o111 != 0 && entry.path().extension().is_none() {
                fs::write(entry.path(), script).expect("is ours");
            }
        }
    }
}

fn linked(kind: &Kind, repository: &Repository) {
    for folder in ["target", "node_modules", "__pycache__"] {
        repository.workspace.write(&format!("{folder}/right"), right(kind));
    }
    let folder = match kind.name {
        "cargo" => "target",
        "node" => "node_modules",
        _ => "__pycache__",
    };
    link(kind, repository, &repository.workspace.path(folder).join("right"));
}

fn linked_out(kind: &Kind, repository: &Repository) {
    let outside = repository.workspace.outside("right");
    fs::write(&outside, right(kind)).expect("writes");
    link(kind, repository, &outside);
}

fn link(kind: &Kind, repository: &Repository, to: &Path) {
    repository.workspace.remove(kind.source);
    symlink(to, repository.workspace.path(kind.source)).expect("links");
}

/// The files of the start, and nothing that an attack left.
fn restore(kind: &Kind, repository: &Repository) {
    for name in [kind.hook.0, "target", "node_modules", "__pycache__", "src/shop/__pycache__", "shop.test"] {
        let path: PathBuf = repository.workspace.path(name);
        let _ = fs::remove_dir_all(&path).or_else(|_| fs::remove_file(&path));
    }
    for (name, text) in kind.files {
        let _ = fs::remove_file(repository.workspace.path(name));
        repository.workspace.write(name, text);
    }
}

fn is_proven(assessment: &Value) -> bool {
    let clauses = assessment["clauses"].as_array().expect("a list");
    assessment["roll_up"] == "met" && clauses.iter().all(|clause| clause["asserted"] == false)
}

fn attacked(name: &str) {
    let kind = KINDS.iter().find(|kind| kind.name == name).expect("is a kind");
    let (program, arguments) = kind.tool.split_first().expect("has a program");
    if !works(Path::new(program), arguments) {
        return skipped(&format!("no `{program}`"));
    }
    let repository = Repository::committed(kind.files);
    repository.init(&[]);
    let honest = |when: &str| {
        let (run, assessment) = repository.check();
        assert!(run.exit == 0 && is_proven(&assessment), "{name}, {when}: {assessment:#}");
    };
    honest("before");
    for (attack, make) in ATTACKS {
        restore(kind, &repository);
        wrong(kind, &repository);
        make(kind, &repository);
        let (_, assessment) = repository.check();
        assert!(!is_proven(&assessment), "{name}, {attack}: {assessment:#}");
    }
    restore(kind, &repository);
    honest("after");
}

#[test]
fn the_contract_for_cargo_is_not_fooled() {
    attacked("cargo");
}

#[test]
fn the_contract_for_pytest_is_not_fooled() {
    attacked("pytest");
}

#[test]
fn the_contract_for_node_is_not_fooled() {
    attacked("node");
}

#[test]
fn the_contract_for_go_is_not_fooled() {
    attacked("go");
}
