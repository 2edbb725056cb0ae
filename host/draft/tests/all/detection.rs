//! Which files mean which command.

use evident_draft::{Findings, Kind, Template, draft, look};

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
            "node EARLY --test --test-reporter=junit --test-reporter-destination={out}/report.xml --import tsx src/a.test.js",
        ),
        (
            &[("package.json", r#"{"scripts": {"test": "node --test && rm -rf $HOME"}}"#)],
            "node EARLY --test --test-reporter=junit --test-reporter-destination={out}/report.xml",
        ),
        (
            &[("package.json", r#"{"scripts": {"test": "node --test --test-force-exit"}}"#)],
            "node --test --test-reporter=junit --test-reporter-destination={out}/report.xml --test-force-exit",
        ),
        (&[("go.mod", "module example.org/shop\n")], "go test -json -count=1 ./..."),
        (
            &[("go.mod", "module shop\ntool gotest.tools/gotestsum\n")],
            "go tool gotestsum --junitfile={out}/report.xml -- -count=1 ./...",
        ),
    ];
    for (files, expected) in cases {
        let mut found = commands(&findings(files));
        // What it does is tried by the attacks on the contract of `init`.
        for word in found[0].clone().split(' ').filter(|word| word.starts_with("--import=data:")) {
            found[0] = found[0].replace(word, "EARLY");
        }
        assert_eq!(found, [*expected], "{files:?}");
    }
}

/// Catches tests that may be changed because they lie, or are named, where this project alone has them.
#[test]
fn tests_are_protected_where_the_runner_finds_them() {
    let node = |script: &str| format!("{{\"scripts\": {{\"test\": \"{script}\"}}}}");
    let named = node("node --test ./checks/ one.js src lib/");
    let matched = r#"{"devDependencies": {"jest": "30", "jest-junit": "16"}, "jest": {"testMatch": ["<rootDir>/**/*.check.js", "**/?(*.)x.js"]}}"#;
    let places = "[tool.pytest.ini_options]\ntestpaths = [\"checks\", \"./more/\", \"src\", \"a b\"]\npython_files = [\"check_*.py\", \"*.py\"]\n";
    let cases: &[(Files, &[&str], &[&str])] = &[
        (
            &[
                ("package.json", &named),
                ("checks/a.js", ""),
                ("one.js", ""),
                ("src/a.js", ""),
                ("lib/a.js", ""),
            ],
            &["checks/**", "/one.js", "test/", "*_test.*", "test-*.*"],
            &["src/**", "lib/**"],
        ),
        (
            &[("package.json", matched)],
            &["**/*.check.js", "spec.*", "__mocks__/"],
            &["**/?(*.)x.js", "test/"],
        ),
        (
            &[("pyproject.toml", places)],
            &["checks/**", "more/**", "check_*.py"],
            &["src/**", "a b/**", "*.py"],
        ),
        (&[("pytest.ini", "[pytest]\ntestpaths = checks\n")], &["checks/**"], &[]),
    ];
    for (files, wanted, unwanted) in cases {
        let found = findings(files);
        let tests = found.tests();
        assert!(wanted.iter().all(|pattern| tests.contains(pattern)), "{files:?}: {tests:?}");
        assert!(!unwanted.iter().any(|pattern| tests.contains(pattern)), "{files:?}: {tests:?}");
    }
}

/// Catches a new module that tests import in place of an installed one.
#[test]
fn only_the_packages_that_are_there_may_change() {
    let files: Files = &[
        ("conftest.py", ""),
        ("src/shop/__init__.py", ""),
        ("src/tools/a.py", ""),
        ("src/one.py", ""),
        ("src/test_one.py", ""),
        ("src/shop.egg-info/PKG-INFO", ""),
    ];
    assert_eq!(findings(files).sources(), ["src/shop/**", "src/tools/**", "src/one.py"]);
    assert_eq!(findings(&[("conftest.py", ""), ("src/", "")]).sources(), ["src/**"]);
}

/// Catches code that skips the test that calls it, and a project whose skipped tests fail its first check.
#[test]
fn skipped_tests_are_denied_where_there_are_none() {
    let package = ("package.json", r#"{"scripts": {"test": "node --test"}}"#);
    let cases: &[(Files, bool)] = &[
        (&[("Cargo.toml", PACKAGE), ("src/lib.rs", "/// To ignore.\n")], true),
        (&[("Cargo.toml", PACKAGE), ("src/lib.rs", "#[test]\n#[ignore = \"slow\"]\n")], false),
        (&[("Cargo.toml", PACKAGE), ("src/lib.rs", "/// ```rust,ignore\n/// ```\n")], false),
        (&[("tests/test_a.py", "def test_a(): pass\n"), ("src/a.py", "skip = 1\n")], true),
        (&[("tests/test_a.py", "@pytest.mark.xfail\ndef test_a(): pass\n")], false),
        (&[package, ("a.test.js", "test('a', () => {})\n")], true),
        (&[package, ("a.test.js", "test.skip('a', () => {})\n")], false),
        (&[("go.mod", "module a\n"), ("a_test.go", "package a\n")], true),
        (&[("go.mod", "module a\n"), ("a_test.go", "t.Skipf(\"no\")\n")], false),
    ];
    for (files, denied) in cases {
        let text = draft(&findings(files), None);
        assert_eq!(text.contains("\nconfig   = { skipped = \"deny\" }"), *denied, "{text}");
    }
}

/// Catches a package in a folder of code that stands in for an installed one.
#[test]
fn packages_below_the_top_are_protected_where_they_count() {
    let package = ("package.json", r#"{"scripts": {"test": "node --test"}}"#);
    let git: Files = &[(".git/HEAD", "ref: refs/heads/main\n")];
    for (rules, protected) in [("/node_modules\n", true), ("node_modules\n", false), ("", true)] {
        let found = findings(&[git, &[package, (".gitignore", rules)]].concat());
        let text = draft(&found, None);
        assert_eq!(text.contains("\"*/**/node_modules/\""), protected, "{rules:?}: {text}");
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
    let error = look(folder.path(), &|_| false).expect_err("nothing is there");
    assert!(error.hint().contains("README.md#the-first-contract"));
    let evident_draft::Error::NothingRecognised { looked_for, .. } = error else { panic!("{error}") };
    for word in ["Cargo.toml", "pytest.ini", "vitest", "jest-junit", "node --test", "go.mod"] {
        assert!(looked_for.iter().any(|line| line.contains(word)), "{word}");
    }
    let absent = look(&folder.path().join("absent"), &|_| false).expect_err("is not there");
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
    let found = look(&folder.path().join("top/inner"), &|_| false).expect("is a package");
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

/// Catches an installation that fails behind a proxy, and a variable that is handed on for no reason.
#[test]
fn an_installation_takes_what_leads_to_its_registry() {
    let files: Files =
        &[("package.json", r#"{"devDependencies": {"vitest": "3"}}"#), ("package-lock.json", "{}")];
    let drafted = |files: Files, is_set: &dyn Fn(&str) -> bool| {
        draft(&look(repository(files).path(), is_set).expect("is a package"), None)
    };
    let text = drafted(files, &|name| ["HTTPS_PROXY", "SSL_CERT_FILE", "SECRET"].contains(&name));
    assert!(text.contains("pass = [\"HTTPS_PROXY\", \"SSL_CERT_FILE\"], set = { CI"), "{text}");
    assert!(!drafted(&[("go.mod", "module a\n")], &|_| true).contains("pass ="));
}

/// Catches tests that run for ever against what an installation built from the first tree.
#[test]
fn what_builds_the_project_is_not_kept() {
    let npm =
        |scripts: &str| format!("{{\"devDependencies\": {{\"vitest\": \"3\"}}, \"scripts\": {{{scripts}}}}}");
    let (built, hooked) = (npm("\"prepare\": \"tsc\""), npm("\"prepare\": \"husky\""));
    let uv = "[tool.pytest]\n[build-system]\nrequires = [\"maturin>=1\"]\n";
    let plain = "[tool.pytest]\n[build-system]\nrequires = [\"hatchling\", \"hatch-vcs\"]\n";
    let lock = ("package-lock.json", "{}");
    let cases: &[(Files, bool)] = &[
        (&[("package.json", &built), lock], true),
        (&[("package.json", &hooked), lock], false),
        (&[("pyproject.toml", uv), ("uv.lock", "")], true),
        (&[("pyproject.toml", plain), ("uv.lock", ""), ("setup.py", "")], false),
        (&[("pyproject.toml", uv)], false),
    ];
    for (files, expected) in cases {
        let text = draft(&findings(files), None);
        assert_eq!(text.contains("\nfresh   = true"), *expected, "{text}");
    }
    let text = draft(&findings(&[("pyproject.toml", plain), ("uv.lock", "")]), None);
    assert!(text.contains("SETUPTOOLS_SCM_PRETEND_VERSION = \"0\""), "a copy has no `.git`: {text}");
}

/// Catches helpers of tests inside a package, and packages that were copied into a module of Go.
#[test]
fn what_tests_rest_on_is_protected() {
    let files: Files = &[("conftest.py", ""), ("shop/__init__.py", ""), ("shop/a/tests/test_a.py", "")];
    assert!(findings(files).tests().contains(&"shop/a/tests/**"));
    let text = draft(&findings(&[("go.mod", "module a\n")]), None);
    assert!(text.contains("\"/vendor/**\""), "{text}");
}
