//! `evident init` in repositories of five kinds: what it writes lints, decides, and is proven from the start.
//!
//! The tool chain of each kind must be there: where it is not, the test says so and is skipped. `EVIDENT_GO`
//! names the program `go`, `EVIDENT_NODE_MODULES` a folder with vitest, jest and jest-junit.

use std::env;
use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::workspace::{Run, Workspace, clause, run, verdict};

pub(crate) type Files<'a> = &'a [(&'a str, &'a str)];

pub(crate) const CARGO: Files<'_> = &[
    ("Cargo.toml", "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n"),
    ("Cargo.lock", "version = 4\n\n[[package]]\nname = \"shop\"\nversion = \"0.1.0\"\n"),
    ("src/lib.rs", "pub fn total(prices: &[u32]) -> u32 {\n    prices.iter().sum()\n}\n"),
    ("tests/cart.rs", "#[test]\nfn totals() {\n    assert_eq!(shop::total(&[1, 2]), 3);\n}\n"),
];

pub(crate) const PYTEST: Files<'_> = &[
    ("pyproject.toml", "[project]\nname = \"shop\"\n\n[tool.pytest.ini_options]\n"),
    ("src/shop/__init__.py", "def total(prices):\n    return sum(prices)\n"),
    ("tests/test_cart.py", "from shop import total\n\n\ndef test_totals():\n    assert total([1, 2]) == 3\n"),
];

pub(crate) const NODE: Files<'_> = &[
    (
        "package.json",
        "{\"name\": \"shop\", \"type\": \"module\", \"scripts\": {\"test\": \"node --test\"}}\n",
    ),
    ("cart.js", "export const total = (prices) => prices.reduce((sum, price) => sum + price, 0);\n"),
    (
        "cart.test.js",
        "import assert from 'node:assert';\nimport { test } from 'node:test';\nimport { total } from './cart.js';\n\n\
         test('totals', () => assert.equal(total([1, 2]), 3));\n",
    ),
];

pub(crate) const GO: Files<'_> = &[
    ("go.mod", "module example.org/shop\n\ngo 1.21\n"),
    ("cart.go", "package shop\n\nfunc Total(a, b int) int { return a + b }\n"),
    (
        "cart_test.go",
        "package shop\n\nimport \"testing\"\n\nfunc TestTotals(t *testing.T) {\n\tif Total(1, 2) != 3 {\n\t\tt.Fatal()\n\t}\n}\n",
    ),
];

const VITEST: Files<'_> = &[
    (
        "package.json",
        "{\"name\": \"shop\", \"type\": \"module\", \"devDependencies\": {\"vitest\": \"*\"}}\n",
    ),
    ("cart.js", "export const total = (prices) => prices.reduce((sum, price) => sum + price, 0);\n"),
    (
        "cart.test.js",
        "import { expect, test } from 'vitest';\nimport { total } from './cart.js';\n\n\
         test('totals', () => expect(total([1, 2])).toBe(3));\n",
    ),
];

const JEST: Files<'_> = &[
    ("package.json", "{\"name\": \"shop\", \"devDependencies\": {\"jest\": \"*\", \"jest-junit\": \"*\"}}\n"),
    ("cart.js", "exports.total = (prices) => prices.reduce((sum, price) => sum + price, 0);\n"),
    (
        "cart.test.js",
        "const { total } = require('./cart.js');\n\ntest('totals', () => expect(total([1, 2])).toBe(3));\n",
    ),
];

/// A repository, and what its commands find in their environment.
pub(crate) struct Repository {
    pub(crate) workspace: Workspace,
    pub(crate) home: PathBuf,
    path: std::ffi::OsString,
}

impl Repository {
    /// With the person's own home, where cargo finds its tool chain.
    fn new(files: Files<'_>) -> Self {
        let workspace = Workspace::empty();
        for (name, text) in files {
            workspace.write(name, text);
        }
        let home = PathBuf::from(env::var_os("HOME").expect("tests have one"));
        Self { workspace, home, path: env::var_os("PATH").expect("tests have one") }
    }

    pub(crate) fn committed(files: Files<'_>) -> Self {
        let repository = Self::new(files);
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        repository.git(&["add", "--all"]);
        repository.git(&["commit", "--quiet", "--message=start"]);
        repository
    }

    fn git(&self, arguments: &[&str]) {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=a", "-c", "user.email=a@example.org"]).args(arguments);
        command.current_dir(self.workspace.folder()).env("HOME", self.workspace.outside("home"));
        let output = command.env("GIT_CONFIG_NOSYSTEM", "1").output().expect("git is installed");
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn run(&self, arguments: &[&str]) -> Run {
        run(self.workspace.command(arguments).env("HOME", &self.home).env("PATH", &self.path))
    }

    /// Makes the contract, which must be without any problem.
    pub(crate) fn init(&self, arguments: &[&str]) -> Run {
        self.workspace.lend_compiled();
        let made = self.run(&[&["init"], arguments].concat());
        assert_eq!(made.exit, 0, "{made:#?}");
        let lint = self.run(&["lint"]);
        assert_eq!(lint.exit, 0, "{lint:#?}");
        assert!(lint.stdout.contains("goal.toml: no problems"), "{lint:#?}");
        assert_eq!(lint.stderr, "", "a warning");
        made
    }

    pub(crate) fn check(&self) -> (Run, Value) {
        let run = self.run(&["check", "--format", "json"]);
        let assessment = serde_json::from_str(&run.stdout);
        let assessment = assessment.unwrap_or_else(|error| panic!("no assessment: {error}\n{run:#?}"));
        (run, assessment)
    }

    /// Checks a green repository twice; then a test is edited, which its boundary must see.
    fn is_judged(&self, test: &str) {
        for go in ["first", "second"] {
            let (run, assessment) = self.check();
            assert_eq!(run.exit, 0, "{go} check: {assessment:#}");
            assert_eq!(clause(&assessment, "correct")["outcome"]["examined"]["count"], 1);
            assert_eq!(clause(&assessment, "boundary")["asserted"], false, "{go} check: {assessment:#}");
        }
        let text = fs::read_to_string(self.workspace.path(test)).expect("is there");
        self.workspace.write(test, format!("{text}\n"));
        let (run, assessment) = self.check();
        assert_eq!((run.exit, verdict(&assessment, "boundary").as_str()), (1, "fail"), "{assessment:#}");
    }
}

/// With git and without it, where ignore files have another name.
fn each_way(files: Files<'_>, test: &str, prepare: impl Fn(&mut Repository)) {
    for mut repository in [Repository::new(files), Repository::committed(files)] {
        prepare(&mut repository);
        repository.init(&[]);
        repository.is_judged(test);
    }
}

pub(crate) fn skipped(why: &str) {
    writeln!(std::io::stderr(), "skipped: {why}").expect("stderr is open");
}

/// True if the command ends well.
pub(crate) fn works(program: &Path, arguments: &[&str]) -> bool {
    Command::new(program).args(arguments).output().is_ok_and(|output| output.status.success())
}

#[test]
fn a_package_of_cargo() {
    each_way(CARGO, "tests/cart.rs", |_| {});
}

#[test]
fn a_project_of_pytest() {
    if !works(Path::new("python3"), &["-m", "pytest", "--version"]) {
        return skipped("python3 has no pytest");
    }
    each_way(PYTEST, "tests/test_cart.py", |_| {});
}

#[test]
fn a_package_of_node() {
    if !works(Path::new("node"), &["--version"]) {
        return skipped("no `node`");
    }
    each_way(NODE, "cart.test.js", |_| {});
}

#[test]
fn a_module_of_go() {
    let go = PathBuf::from(env::var_os("EVIDENT_GO").unwrap_or_else(|| "go".into()));
    if !works(&go, &["version"]) {
        return skipped("no `go` on PATH, and none named in EVIDENT_GO");
    }
    // The standard library is compiled once for all runs of this test.
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("go");
    fs::create_dir_all(&home).expect("makes");
    each_way(GO, "cart_test.go", |repository| {
        repository.home.clone_from(&home);
        if let Some(folder) = go.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            let folders = [folder.to_owned()].into_iter().chain(env::split_paths(&repository.path));
            repository.path = env::join_paths(folders).expect("are paths");
        }
    });
}

#[test]
fn a_package_of_vitest() {
    with_node_modules(VITEST);
}

#[test]
fn a_package_of_jest() {
    with_node_modules(JEST);
}

fn with_node_modules(files: Files<'_>) {
    let Some(modules) = env::var_os("EVIDENT_NODE_MODULES") else {
        return skipped("EVIDENT_NODE_MODULES names no folder with vitest, jest and jest-junit");
    };
    each_way(files, "cart.test.js", |repository| {
        symlink(&modules, repository.workspace.path("node_modules")).expect("links");
    });
}

/// Two kinds in one folder are two suites, and both must pass.
#[test]
fn two_kinds_in_one_repository() {
    if !works(Path::new("node"), &["--version"]) {
        return skipped("no `node`");
    }
    let repository = Repository::committed(&[CARGO, NODE].concat());
    repository.init(&[]);
    let (run, assessment) = repository.check();
    assert_eq!(run.exit, 0, "{assessment:#}");
    repository.workspace.write("cart.js", "export const total = () => 4;\n");
    let (run, assessment) = repository.check();
    let clauses = ["correct-rust", "correct-javascript"];
    assert_eq!(clauses.map(|name| verdict(&assessment, name)), ["pass", "fail"]);
    assert_eq!(run.exit, 1);
}

/// A base whose ignore file lacks `target/` would be changed by every build, so that nothing is decided.
#[test]
fn the_template_migration() {
    let repository = Repository::committed(CARGO);
    repository.init(&["--template", "migration"]);
    let (run, assessment) = repository.check();
    assert_eq!(run.exit, 0, "{assessment:#}");
    repository.workspace.write("tests/cart.rs", "#[test]\n#[ignore]\nfn totals() {}\n");
    let (run, assessment) = repository.check();
    let clauses = ["correct", "no-shortcuts", "boundary"];
    // The snapshot runs the tests of the start.
    assert_eq!(clauses.map(|name| verdict(&assessment, name)), ["pass", "fail", "fail"], "{assessment:#}");
    assert_eq!(run.exit, 1);
}

#[test]
fn the_template_flaky() {
    let files = [CARGO, &[(".gitignore", "/target\n")]].concat();
    let repository = Repository::committed(&files);
    repository.init(&["--template", "flaky"]);
    let (run, assessment) = repository.check();
    assert_eq!(run.exit, 0, "{assessment:#}");
    assert!(assessment["start"]["base"].is_string(), "compared with the commit: {assessment:#}");
    // Passes every other time: a file beside the workspace counts the goes.
    let count = repository.workspace.outside("count");
    let test = format!(
        "#[test]\nfn totals() {{\n    let count = std::fs::read({count:?}).unwrap_or_default();\n    \
         std::fs::write({count:?}, [count.clone(), vec![0]].concat()).unwrap();\n    \
         assert_eq!(count.len() % 2, 0);\n}}\n"
    );
    repository.workspace.write("tests/cart.rs", test);
    let (run, assessment) = repository.check();
    assert_eq!((run.exit, verdict(&assessment, "correct").as_str()), (1, "fail"), "{assessment:#}");
}

#[test]
fn the_templates_performance_and_bugfix() {
    let repository = Repository::committed(CARGO);
    repository.init(&["--template", "performance"]);
    assert_eq!(repository.check().0.exit, 0);
    let repository = Repository::committed(CARGO);
    repository.init(&["--template", "bugfix"]);
    let (run, assessment) = repository.check();
    assert_eq!((run.exit, verdict(&assessment, "fixed").as_str()), (1, "fail"), "{assessment:#}");
}

/// The experiment is written first; what it is worth is then a figure like any other.
#[test]
fn the_template_research() {
    let repository = Repository::committed(CARGO);
    repository.init(&["--template", "research"]);
    let experiment = |value: f64| {
        format!(
            "fn main() {{\n    let path = std::env::args().nth(1).unwrap();\n    \
             std::fs::write(path, r#\"{{\"name\": \"result\", \"unit\": \"\", \"value\": {value:?}}}\"#).unwrap();\n}}\n"
        )
    };
    for (value, exit) in [(0.95, 0), (0.5, 1)] {
        repository.workspace.write("examples/experiment.rs", experiment(value));
        let accepted = repository.run(&["accept-change", "examples/experiment.rs"]);
        assert_eq!(accepted.exit, 0, "{accepted:#?}");
        let (run, assessment) = repository.check();
        assert_eq!(run.exit, exit, "{assessment:#}");
    }
}

/// Without a lock file the first run would change the tree: whoever follows the steps is spared that.
#[test]
fn a_package_without_a_lock_file() {
    let repository = Repository::committed(CARGO);
    repository.workspace.remove("Cargo.lock");
    let made = repository.init(&[]);
    assert!(made.stdout.contains("\n  cargo generate-lockfile "), "{}", made.stdout);
    let mut command = Command::new("cargo");
    command.args(["generate-lockfile", "--offline"]).current_dir(repository.workspace.folder());
    assert!(command.output().expect("cargo runs the tests").status.success());
    let (run, assessment) = repository.check();
    assert_eq!(run.exit, 0, "{assessment:#}");
}

/// The lines to edit are in a protected file: the steps that `init` names lead to a goal that is met.
#[test]
fn the_steps_after_init() {
    let repository = Repository::committed(CARGO);
    let made = repository.init(&[]);
    assert!(made.stdout.contains("evident accept-change goal.toml"), "{}", made.stdout);
    let text = fs::read_to_string(repository.workspace.path("goal.toml")).expect("was written");
    repository.workspace.write("goal.toml", text.replace("Say here", "Here is said"));
    let (run, assessment) = repository.check();
    assert_eq!((run.exit, verdict(&assessment, "boundary").as_str()), (1, "fail"));
    assert_eq!(repository.run(&["accept-change", "goal.toml"]).exit, 0);
    let (run, assessment) = repository.check();
    assert_eq!(run.exit, 0, "{assessment:#}");
}

#[test]
fn what_it_says() {
    let workspace = Workspace::empty();
    workspace.write("go.mod", "module example.org/shop\n");
    workspace.golden("init", &["init"]);
    workspace.golden("init-there", &["init"]);
    workspace.golden("init-print", &["init", "--print", "--template", "migration"]);
    // Nobody forgets a start by writing the contract anew.
    workspace.remove("goal.toml");
    workspace.golden("init-again", &["init"]);
}

#[test]
fn another_folder() {
    let workspace = Workspace::empty();
    workspace.write("shop/Cargo.toml", CARGO[0].1);
    workspace.golden("init-folder", &["init", "shop"]);
    assert_eq!(fs::read_to_string(workspace.path("shop/.evident-ignore")).expect("was written"), "target/\n");
    assert_eq!(workspace.run(["accept-change", "--contract", "shop/goal.toml", "goal.toml"]).exit, 0);
}

#[test]
fn nothing_that_it_knows() {
    let workspace = Workspace::empty();
    workspace.write("package.json", r#"{"scripts": {"test": "mocha"}}"#);
    workspace.golden("init-nothing", &["init"]);
    workspace.golden("init-nowhere", &["init", "nowhere"]);
    assert!(!workspace.path("goal.toml").exists());
}

#[test]
fn printing_writes_nothing() {
    let repository = Repository::new(CARGO);
    let printed = repository.run(&["init", "--print"]);
    assert_eq!((printed.exit, printed.stderr.as_str()), (0, ""));
    for name in ["goal.toml", ".evident-ignore", ".gitignore"] {
        assert!(!repository.workspace.path(name).exists(), "{name}");
    }
    assert!(!repository.workspace.outside("state").exists());
    repository.init(&[]);
    let written = fs::read_to_string(repository.workspace.path("goal.toml")).expect("was written");
    assert_eq!(printed.stdout, written);
}

/// What the ignore file said before stays, on lines of its own.
#[test]
fn an_ignore_file_without_a_last_line_break() {
    let repository = Repository::committed(CARGO);
    repository.workspace.write(".gitignore", "*.log");
    repository.init(&[]);
    let text = fs::read_to_string(repository.workspace.path(".gitignore")).expect("is there");
    assert_eq!(text, "*.log\ntarget/\n");
}
