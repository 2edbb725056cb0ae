//! Which files mean which command.

use evident_draft::{Findings, Kind, Template, draft};

use crate::made::{Files, findings, refused, repository};

fn commands(findings: &Findings) -> Vec<String> {
    findings.test_commands().iter().map(|command| command.join(" ")).collect()
}

const PACKAGE: &str = "[package]\nname = \"shop\"\n";

/// Catches a contract whose command is not the one that the project uses.
#[test]
fn files_decide_the_command() {
    let cases: &[(Files, &str)] = &[
        (&[("Cargo.toml", PACKAGE)], "cargo test --no-fail-fast"),
        (&[("Cargo.toml", PACKAGE), ("Cargo.lock", "")], "cargo test --locked --no-fail-fast"),
        (
            &[("Cargo.toml", "[workspace]\n"), ("Cargo.lock", "")],
            "cargo test --workspace --locked --no-fail-fast",
        ),
        (
            &[("Cargo.toml", PACKAGE), ("Cargo.lock", ""), (".config/nextest.toml", "")],
            "cargo nextest run --locked --no-fail-fast",
        ),
        (&[("pyproject.toml", "[tool.pytest.ini_options]\n")], PYTEST),
        (&[("pyproject.toml", "[tool.pytest]\n")], PYTEST),
        (&[("pytest.ini", "")], PYTEST),
        (&[("tox.ini", "[tox]\n[pytest]\n")], PYTEST),
        (&[("setup.cfg", "[tool:pytest]\n")], PYTEST),
        (&[("tests/test_cart.py", "")], PYTEST),
        (&[("tests/unit/cart_test.py", "")], PYTEST),
        (&[("conftest.py", "")], PYTEST),
        (
            &[("package.json", r#"{"devDependencies": {"vitest": "3"}}"#)],
            "npx --no-install vitest run --reporter=junit --outputFile={out}/report.xml --no-cache",
        ),
        (
            &[("package.json", r#"{"devDependencies": {"vitest": "3"}}"#), ("pnpm-lock.yaml", "")],
            "pnpm exec vitest run --reporter=junit --outputFile={out}/report.xml",
        ),
        (
            &[("package.json", r#"{"scripts": {"test": "vitest"}}"#), ("yarn.lock", "")],
            "yarn run vitest run --reporter=junit --outputFile={out}/report.xml",
        ),
        (
            &[("package.json", r#"{"devDependencies": {"jest": "30", "jest-junit": "16"}}"#)],
            "npx --no-install jest --ci --reporters=jest-junit",
        ),
        (
            &[(
                "package.json",
                r#"{"scripts": {"test": "jest"}, "devDependencies": {"vitest": "3", "jest-junit": "16"}}"#,
            )],
            "npx --no-install jest --ci --reporters=jest-junit",
        ),
        (
            &[("package.json", r#"{"scripts": {"test": "node --test --watch --import tsx src/a.test.js"}}"#)],
            "node --test --test-reporter=junit --test-reporter-destination={out}/report.xml --import tsx src/a.test.js",
        ),
        (
            &[("package.json", r#"{"scripts": {"test": "node --test && rm -rf $HOME"}}"#)],
            "node --test --test-reporter=junit --test-reporter-destination={out}/report.xml",
        ),
        (&[("go.mod", "module example.org/shop\n")], "go test -json -count=1 ./..."),
        (
            &[("go.mod", "module shop\ntool gotest.tools/gotestsum\n")],
            "go tool gotestsum --junitfile={out}/report.xml -- -count=1 ./...",
        ),
    ];
    for (files, expected) in cases {
        assert_eq!(commands(&findings(files)), [*expected], "{files:?}");
    }
}

const PYTEST: &str = "python3 -m pytest -o pythonpath=. --junitxml={out}/report.xml -p no:cacheprovider";

/// Catches an invented command: what has no readable report gives no contract.
#[test]
fn nothing_is_invented() {
    let cases: &[(Files, &[&str])] = &[
        (&[], &[]),
        (&[("README.md", "cargo test"), ("main.py", "")], &[]),
        (&[("Cargo.toml", "[other]\n")], &["Cargo.toml: has neither `[package]` nor `[workspace]`"]),
        (&[("pyproject.toml", "[tool.ruff]\n"), ("tox.ini", "[tox]\n")], &[]),
        (
            &[("package.json", r#"{"devDependencies": {"jest": "30"}}"#)],
            &[
                "package.json: jest writes no report that a checker reads without jest-junit: `npm install --save-dev jest-junit`",
            ],
        ),
        (
            &[("package.json", r#"{"scripts": {"test": "mocha"}}"#)],
            &["package.json: its tests are run by neither vitest, jest nor `node --test`"],
        ),
        (&[("package.json", "[]")], &["package.json: is not an object"]),
        (&[("go.mod", "// module x\n")], &["go.mod: names no module"]),
        (&[("tests/node_modules/test_a.py", "")], &[]),
        (&[("tests/.hidden/test_a.py", "")], &[]),
    ];
    for (files, notes) in cases {
        assert_eq!(refused(repository(files).path()), *notes, "{files:?}");
    }
}

#[test]
fn the_error_says_what_would_have_helped() {
    let folder = repository(&[]);
    let error = evident_draft::look(folder.path()).expect_err("nothing is there");
    assert!(error.hint().contains("README.md#the-first-contract"));
    let evident_draft::Error::NothingRecognised { looked_for, .. } = error else { panic!("{error}") };
    for word in ["Cargo.toml", "pytest.ini", "vitest", "jest-junit", "node --test", "go.mod"] {
        assert!(looked_for.iter().any(|line| line.contains(word)), "{word}");
    }
    let absent = evident_draft::look(&folder.path().join("absent")).expect_err("is not there");
    assert!(matches!(absent, evident_draft::Error::Folder { .. }), "{absent:?}");
}

/// Catches a name that is taken from the wrong place.
#[test]
fn the_package_names_the_goal() {
    for (files, expected) in [
        (&[("Cargo.toml", PACKAGE)][..], "shop"),
        (&[("pytest.ini", ""), ("pyproject.toml", "[project]\nname = \"till\"\n")], "till"),
        (&[("package.json", r#"{"name": "@a/b", "scripts": {"test": "vitest"}}"#)], "@a/b"),
        (&[("go.mod", "module \"example.org/cart/v2\"\n")], "cart"),
        (&[("Cargo.toml", PACKAGE), ("go.mod", "module till\n")], "shop"),
        (
            &[
                ("package.json", r#"{"name": "  ", "scripts": {"test": "vitest"}}"#),
                ("go.mod", "module till\n"),
            ],
            "till",
        ),
        (&[("package.json", r#"{"name": "\u0000\u200b", "scripts": {"test": "vitest"}}"#)], "goal"),
    ] {
        assert_eq!(findings(files).name(), expected, "{files:?}");
    }
    assert!(findings(&[("pytest.ini", "")]).name().starts_with("made"));
    let long = format!("[package]\nname = \"{}\"\n", "ü".repeat(1000));
    assert_eq!(findings(&[("Cargo.toml", &long)]).name(), "ü".repeat(100));
}

/// Catches a first run that is refused because the tool's own leftovers change the tree.
#[test]
fn leftovers_are_advised_unless_they_are_ignored() {
    let lines = |files: &[(&str, &str)]| -> Vec<String> {
        let advice = findings(files).advice();
        advice.iter().map(|advice| format!("{} {}", advice.file, advice.line)).collect()
    };
    let cargo = ("Cargo.toml", PACKAGE);
    let git = (".git/HEAD", "ref: refs/heads/main\n");
    assert_eq!(lines(&[cargo]), [".evident-ignore target/"]);
    assert_eq!(lines(&[cargo, (".gitignore", "/target\n")]), [".evident-ignore target/"]);
    assert_eq!(lines(&[cargo, (".evident-ignore", "/target\n")]), [""; 0]);
    assert_eq!(lines(&[cargo, git]), [".gitignore target/"]);
    assert_eq!(lines(&[cargo, git, (".evident-ignore", "/target\n")]), [".gitignore target/"]);
    assert_eq!(lines(&[cargo, git, (".gitignore", "/target\n")]), [""; 0]);
    assert_eq!(lines(&[cargo, git, (".gitignore", "/target\n!target\n")]), [".gitignore target/"]);
    let python =
        [git, ("pytest.ini", "addopts = --cov\n"), ("pyproject.toml", "dependencies = [\"hypothesis\"]\n")];
    let all = ["__pycache__/", ".pytest_cache/", ".coverage", ".hypothesis/"];
    assert_eq!(lines(&python), all.map(|line| format!(".gitignore {line}")));
    let node = ("package.json", r#"{"scripts": {"test": "vitest"}}"#);
    assert_eq!(lines(&[git, node]), [".gitignore node_modules/"]);
    assert_eq!(lines(&[git, ("go.mod", "module a\n")]), [""; 0]);
}

/// Catches advice that ignores the top of the repository, or goes beyond it.
#[test]
fn ignore_files_above_count_up_to_the_top() {
    let folder = repository(&[
        (".gitignore", "*\n"),
        ("top/.git/HEAD", "ref: refs/heads/main\n"),
        ("top/.gitignore", "__pycache__/\n/target\n"),
        ("top/inner/Cargo.toml", PACKAGE),
        ("top/inner/pytest.ini", ""),
    ]);
    let found = evident_draft::look(&folder.path().join("top/inner")).expect("is a package");
    let lines: Vec<_> = found.advice().iter().map(|advice| advice.line).collect();
    assert_eq!(lines, ["target/", ".pytest_cache/"]);
}

/// Catches a base that git cannot resolve, so that the goal could never start.
#[test]
fn a_base_is_named_only_where_there_is_a_commit() {
    let bench = ("src/main.rs", "fn main() {}");
    let head = (".git/HEAD", "ref: refs/heads/main\n");
    let elsewhere = ("elsewhere/HEAD", "ref: refs/heads/main\n");
    let cases: &[(Files, bool)] = &[
        (&[], false),
        (&[head], false),
        (&[head, (".git/refs/heads/main", "d4b5\n")], true),
        (&[head, (".git/packed-refs", "# pack-refs\nd4b5 refs/heads/main\n")], true),
        (&[head, (".git/packed-refs", "d4b5 refs/heads/other\n")], false),
        (&[(".git/HEAD", "d4b5471ed4b5471ed4b5471ed4b5471ed4b5471e\n")], true),
        (&[(".git/HEAD", "ref: ../Cargo.toml\n")], false),
        (&[(".git/HEAD", "ref: refs/heads/.invalid\n"), (".git/reftable/", "")], true),
        (&[(".git", "gitdir: ../elsewhere\n")], false),
        (
            &[
                (".git", "gitdir: elsewhere\n"),
                elsewhere,
                ("elsewhere/objects/", ""),
                ("elsewhere/refs/", ""),
            ],
            true,
        ),
    ];
    let has_base = |files: &[(&str, &str)]| {
        let text = draft(&findings(files), Some(Template::Performance));
        let table: toml::Table = text.parse().expect("is TOML");
        table["goal"].get("base").is_some()
    };
    for (files, expected) in cases {
        let files = [*files, &[bench, ("Cargo.toml", PACKAGE)]].concat();
        assert!(!has_base(&files), "builds change that commit, `target` is not ignored there: {files:?}");
        let files = [&files[..], &[(".gitignore", "target/\n"), (".evident-ignore", "target/\n")]].concat();
        assert_eq!(has_base(&files), *expected, "{files:?}");
    }
}

/// Catches a first check that nobody was told how to make decide: cargo writes the lock file that is absent.
#[test]
fn a_lock_file_is_made_first() {
    let commands = |files: &[(&str, &str)]| -> Vec<&'static str> {
        findings(files).first().iter().map(|first| first.command).collect()
    };
    assert_eq!(commands(&[("Cargo.toml", PACKAGE)]), ["cargo generate-lockfile"]);
    assert_eq!(commands(&[("Cargo.toml", PACKAGE), ("Cargo.lock", "")]), [""; 0]);
    assert_eq!(commands(&[("go.mod", "module a\n")]), [""; 0]);
}

/// Catches a benchmark of the wrong program.
#[test]
fn a_benchmark_is_recognised_only_where_there_is_one() {
    let cases: &[(Files, Option<&str>)] = &[
        (&[], None),
        (&[("src/main.rs", "")], Some("target/release/shop")),
        (&[("src/bin/till.rs", "")], Some("target/release/till")),
        (&[("src/main.rs", ""), ("src/bin/till.rs", "")], None),
        (
            &[
                (
                    "Cargo.toml",
                    "[package]\nname = \"shop\"\n[[bin]]\nname = \"till\"\npath = \"src/main.rs\"\n",
                ),
                ("src/main.rs", ""),
            ],
            Some("target/release/till"),
        ),
        (&[("Cargo.toml", "[package]\nname = \"shop; rm\"\n"), ("src/main.rs", "")], None),
        (
            &[("package.json", r#"{"scripts": {"test": "vitest", "bench": "node bench.js"}}"#)],
            Some("npm run --silent bench"),
        ),
    ];
    for (files, expected) in cases {
        let files = [&[("Cargo.toml", PACKAGE)], *files].concat();
        assert_eq!(findings(&files).bench_command(), *expected, "{files:?}");
    }
}

#[test]
fn several_kinds_are_several_suites() {
    let found = findings(&[("go.mod", "module a\n"), ("Cargo.toml", PACKAGE), ("pytest.ini", "")]);
    assert_eq!(found.kinds(), [Kind::Cargo, Kind::Pytest, Kind::Go]);
    assert!(found.reasons().iter().any(|reason| reason.file == "go.mod"), "{:?}", found.reasons());
}

/// Catches a member outside of the workspace, or a pattern that a name smuggles in.
#[test]
fn members_of_a_workspace_are_folders_that_may_change() {
    let members = r#"["crates/*", "./tool/", "../outside", "/etc", "a b", "{out}", "."]"#;
    let found = findings(&[("Cargo.toml", &format!("[workspace]\nmembers = {members}\n"))]);
    assert_eq!(found.sources(), ["crates/*/src/**", "tool/src/**", "Cargo.lock"]);
    assert_eq!(
        found.tests(),
        ["crates/*/tests/**", "crates/*/benches/**", "tool/tests/**", "tool/benches/**"]
    );
    assert_eq!(found.notes().len(), 4, "{:?}", found.notes());
    let many = format!("[workspace]\nmembers = {:?}\n", vec!["a"; 101]);
    assert_eq!(findings(&[("Cargo.toml", &many)]).sources(), ["**/src/**", "Cargo.lock"]);
}

/// Catches a file of the workspace that runs in place of pytest: the folder must not come first on the path of
/// python, by no way, and where python is too old to be told so, such files are protected.
#[test]
fn nothing_stands_in_for_pytest() {
    let cases: &[Files] = &[
        &[("conftest.py", ""), ("cart.py", "")],
        &[("conftest.py", ""), ("shop/__init__.py", "")],
        &[("conftest.py", ""), ("src/shop/__init__.py", "")],
    ];
    for files in cases {
        let table: toml::Table = draft(&findings(files), None).parse().expect("is TOML");
        let set = table["evidence"]["suite"]["env"]["set"].as_table().expect("a table");
        assert_eq!(set["PYTHONSAFEPATH"].as_str(), Some("1"), "{files:?}");
        assert!(!set.contains_key("PYTHONPATH"), "it comes before pytest: {files:?}");
        let protect = table["boundary"]["protect"].as_array().expect("a list");
        for pattern in [
            "/pytest.py",
            "/pytest/**",
            "/_pytest/**",
            "/sitecustomize.py",
            "/usercustomize.py",
            "conftest.py",
            "pytest.toml",
            ".pytest.toml",
        ] {
            let is_there = protect.iter().any(|text| text.as_str() == Some(pattern));
            assert!(is_there, "{pattern} is not protected: {files:?}");
        }
    }
}

/// Catches a suite that cannot import its own code: the option replaces what the project says.
#[test]
fn tests_import_from_where_the_project_says() {
    let module = ("src/shop/__init__.py", "");
    let cases: &[(Files, &str)] = &[
        (&[("conftest.py", "")], "."),
        (&[("conftest.py", ""), module], "src ."),
        (
            &[
                ("pyproject.toml", "[tool.pytest.ini_options]\npythonpath = [\"lib\", \"a b\", \"src\"]\n"),
                module,
            ],
            "lib src .",
        ),
        (&[("pyproject.toml", "[tool.pytest.ini_options]\npythonpath = \"lib  .\"\n"), module], "lib . src"),
        (&[("pyproject.toml", "[tool.pytest]\npythonpath = [\"lib\"]\n")], "lib ."),
        (
            &[(
                "pytest.ini",
                "[other]\npythonpath = no\n[pytest]\n# pythonpath = no\npythonpath= lib\n   more\nx = 1\n",
            )],
            "lib more .",
        ),
        (&[("tox.ini", "[pytest]\npythonpath = lib\n[other]\n")], "lib ."),
        (&[("setup.cfg", "[tool:pytest]\n[other]\npythonpath = no\n")], "."),
        // No setting becomes another argument, a quote or a placeholder.
        (&[("pytest.ini", "[pytest]\npythonpath = {out} 'a \"b\" c\\d lib\n")], "lib ."),
    ];
    for (files, expected) in cases {
        let all = findings(files);
        let run = all.test_commands();
        let expected =
            ["python3", "-m", "pytest", "-o", &format!("pythonpath={expected}")].map(str::to_owned);
        assert_eq!(run[0][..5], expected, "{files:?}");
    }
}
