//! The text of every kind under every template, beside what it must be, and that each lints.
//!
//! `BLESS=1` renews the texts; read the difference.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use evident_core::contract::{self, lint};
use evident_core::problem::Severity;
use evident_draft::{Template, draft};

use crate::made::{Files, findings};

const GIT: Files<'_> = &[
    (".git/HEAD", "ref: refs/heads/main\n"),
    (".git/refs/heads/main", "d4b5\n"),
    (".gitignore", "target/\nnode_modules/\n__pycache__/\n.pytest_cache/\n"),
];

const CARGO: Files<'_> =
    &[("Cargo.toml", "[package]\nname = \"shop\"\n"), ("Cargo.lock", ""), ("src/main.rs", "fn main() {}")];

const WORKSPACE: Files<'_> = &[
    ("Cargo.toml", "[workspace]\nmembers = [\"crates/*\"]\n[workspace.package]\nname = \"x\"\n"),
    (".config/nextest.toml", "[profile.default.junit]\npath = \"junit.xml\"\n"),
    ("go.mod", "module example.org/shop\n"),
];

const PYTEST: Files<'_> = &[
    ("pyproject.toml", "[project]\nname = \"shop\"\n[tool.pytest.ini_options]\n"),
    ("src/shop/__init__.py", ""),
    ("tests/test_cart.py", ""),
];

const VITEST: Files<'_> = &[
    (
        "package.json",
        r#"{"name": "shop", "devDependencies": {"vitest": "3"}, "scripts": {"bench": "node bench.js"}}"#,
    ),
    ("package-lock.json", "{}"),
    ("src/cart.ts", ""),
    ("tests/cart.test.ts", ""),
];

const JEST: Files<'_> = &[
    ("package.json", r#"{"name": "shop", "devDependencies": {"jest": "30", "jest-junit": "16"}}"#),
    ("yarn.lock", ""),
];

const NODE: Files<'_> = &[("package.json", r#"{"name": "shop", "scripts": {"test": "node --test"}}"#)];

const GO: Files<'_> = &[("go.mod", "module example.org/shop\n")];

const KINDS: &[(&str, Files<'_>)] = &[
    ("cargo", CARGO),
    ("go", GO),
    ("jest", JEST),
    ("node", NODE),
    ("pytest", PYTEST),
    ("vitest", VITEST),
    ("workspace-and-go", WORKSPACE),
];

/// Kinds of screens, each with a suite beside it.
const SCREENS: &[(&str, Files<'_>)] = &[
    (
        "playwright",
        &[
            (
                "package.json",
                r#"{"name": "shop", "devDependencies": {"vitest": "3", "@playwright/test": "1.55"}}"#,
            ),
            ("package-lock.json", "{}"),
            ("playwright.config.ts", "export default {};\n"),
            ("e2e/home.spec.ts", ""),
            ("e2e/home.spec.ts-snapshots/home-chromium-linux.png", ""),
        ],
    ),
    (
        "cypress",
        &[
            (
                "package.json",
                r#"{"name": "shop", "scripts": {"test": "node --test"}, "devDependencies": {"cypress": "15"}}"#,
            ),
            ("pnpm-lock.yaml", ""),
            ("cypress.config.js", ""),
            ("cypress/screenshots/home.cy.js/home.png", ""),
        ],
    ),
    (
        "cypress-snapshots",
        &[
            ("package.json", r#"{"name": "shop", "scripts": {"test": "node --test"}}"#),
            ("cypress.config.js", ""),
            ("cypress/snapshots/home.cy.js/home.snap.png", ""),
        ],
    ),
    (
        "backstop",
        &[
            (
                "package.json",
                r#"{"name": "shop", "scripts": {"test": "node --test"}, "devDependencies": {"backstopjs": "6"}}"#,
            ),
            ("package-lock.json", "{}"),
            (
                "backstop.json",
                r#"{"id": "shop", "paths": {"bitmaps_reference": "backstop_data/bitmaps_reference"}}"#,
            ),
            ("backstop_data/bitmaps_reference/shop_home_0_document_0_phone.png", ""),
        ],
    ),
    ("screenshots", &[("go.mod", "module example.org/shop\n"), ("docs/screenshots/home.png", "")]),
];

fn templates() -> impl Iterator<Item = (&'static str, Option<Template>)> {
    [("default", None)].into_iter().chain(Template::ALL.iter().map(|it| (it.name(), Some(*it))))
}

fn each(mut check: impl FnMut(&str, String)) {
    for (kind, files) in KINDS {
        let name = [("README.md", "")];
        let found = findings(&[files, GIT, &name].concat());
        for (template, value) in templates() {
            let text = draft(&found, value);
            // Without a package the folder gives the name, which is another in every run.
            let text = text.replace(&format!("\"{}\"", found.name()), "\"shop\"");
            check(&format!("{kind}.{template}.toml"), text);
        }
    }
    for (kind, files) in SCREENS {
        let found = findings(&[files, GIT, &[("README.md", "")]].concat());
        let text = draft(&found, Some(Template::Migration));
        let text = text.replace(&format!("\"{}\"", found.name()), "\"shop\"");
        check(&format!("{kind}.migration.toml"), text);
    }
}

/// Catches a change of what people get that nobody looked at, and a golden file that nothing compares.
#[test]
fn texts_are_as_they_were_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let is_blessed = std::env::var_os("BLESS").is_some();
    let mut names = BTreeSet::new();
    let mut differ = Vec::new();
    each(|name, text| {
        let path = folder.join(name);
        if is_blessed {
            fs::write(&path, &text).expect("writes the golden file");
        }
        if fs::read_to_string(&path).unwrap_or_default() != text {
            differ.push(name.to_owned());
        }
        names.insert(name.to_owned());
    });
    assert!(differ.is_empty(), "other texts than the golden ones, see BLESS=1: {differ:?}");
    let there = fs::read_dir(folder).expect("lists").map(|entry| entry.expect("lists").file_name());
    let there: BTreeSet<String> = there.map(|name| name.into_string().expect("is text")).collect();
    assert_eq!(there, names, "golden files and cases are not the same");
}

/// Catches a draft that `evident lint` refuses: a key, a source or a name that does not exist.
#[test]
fn every_text_is_a_contract() {
    each(|name, text| lints(name, &text));
}

/// Catches an instruction that gives no contract to whoever follows it.
#[test]
fn what_is_commented_is_one_too() {
    let count = uncommented("# [evidence.bench]", "\n[criteria.fast]");
    assert_eq!(count, 5, "kinds without a benchmark under `performance`");
    let count = uncommented("# [evidence.screens-before]", "\n[criteria.looks]");
    assert_eq!(count, 2, "kinds of screens without a command");
}

/// Takes the comment signs away from where `first` stands, and lints. Gives how many texts have it.
fn uncommented(first: &str, last: &str) -> usize {
    let mut count = 0;
    each(|name, text| {
        let Some(begin) = text.find(first) else { return };
        count += 1;
        let end = begin + text[begin..].find("\n\n").expect("another table follows");
        let lines = text[begin..end]
            .lines()
            .map(|line| line.strip_prefix("# ").unwrap_or(line.trim_start_matches('#')));
        let shown = lines.collect::<Vec<_>>().join("\n");
        let text = format!("{}{shown}{}", &text[..begin], &text[end..]);
        assert!(text.contains(last), "{text}");
        lints(name, &text);
    });
    count
}

fn lints(name: &str, text: &str) {
    let reading = contract::read(text);
    let mut problems = reading.problems;
    problems.extend(lint::structure(&reading.contract));
    for clause in &reading.contract.clauses {
        let is_builtin =
            ["test-report", "benchmark", "changes", "screenshot"].contains(&clause.checker.value.as_str());
        assert!(is_builtin, "{name}: {:?}", clause.checker);
    }
    let errors: Vec<_> =
        problems.iter().filter(|problem| problem.rule.severity() == Severity::Error).collect();
    assert!(errors.is_empty(), "{name}: {errors:#?}\n{text}");
    // What nothing reads would be collected for nothing.
    assert!(
        !problems.iter().any(|problem| problem.rule.code() == "unused-evidence"),
        "{name}: {problems:#?}"
    );
    assert!(reading.contract.clauses.iter().any(|clause| clause.name.value == "boundary"), "{name}");
}
