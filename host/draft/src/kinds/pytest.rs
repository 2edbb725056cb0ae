//! Python projects whose tests pytest runs.
//!
//! Source of the places: pytest's reference, "Configuration file formats".

mod places;
mod runner;

use toml::Value;

use super::{folders, owned, present};
use crate::findings::{Kind, Needs, Paths, Suite};
use crate::folder::Folder;
use crate::ignored::Leftover;
use crate::look::Found;

use places::{import_from, inner_tests, is_test_file, packages, sources, stated_tests};
use runner::{PIP_LISTS, POETRY_LOCK, Runner, UV_LOCK, install};

/// What must be there.
pub(crate) const LOOKED_FOR: &[&str] = &[
    "`pyproject.toml` with `[tool.pytest]` or `[tool.pytest.ini_options]`",
    "`pytest.ini`, `tox.ini` with `[pytest]`, `setup.cfg` with `[tool:pytest]`",
    "`conftest.py`, or files `test_*.py` below `tests`",
];

const PROJECT: &str = "pyproject.toml";

/// Files with settings, and the section that makes one pytest's own.
const SETTINGS: &[(&str, &str)] =
    &[("pytest.ini", ""), (".pytest.ini", ""), ("tox.ini", "[pytest]"), ("setup.cfg", "[tool:pytest]")];

/// Files that would run in place of pytest, or before it, where the folder comes first on the path of
/// python. A python older than 3.11 knows no `PYTHONSAFEPATH`.
const STAND_INS: &[&str] = &[
    "/pytest.py",
    "/pytest/**",
    "/_pytest/**",
    "/unittest.py",
    "/unittest/**",
    "/sitecustomize.py",
    "/usercustomize.py",
];

/// Marks and calls that switch a test off.
const SHORTCUTS: &[&str] = &["mark.skip", "mark.xfail", "pytest.skip(", "pytest.xfail(", "unittest.skip"];

/// Adds a suite if something says that pytest runs the tests.
pub(crate) fn recognise(folder: &Folder, found: &mut Found) {
    let project = folder.toml(PROJECT);
    let texts: Vec<String> = SETTINGS.iter().filter_map(|(file, _)| folder.text(file)).collect();
    let Some((file, says)) = evidence(folder, project.as_ref()) else { return };
    found.because(&file, says);
    let stated = project.as_ref().and_then(|project| project.get("project")?.get("name")?.as_str());
    found.named(stated);
    let mut runner = Runner::of(folder, project.as_ref(), found);
    if !runner.needs.prepare.is_empty() {
        install(folder, project.as_ref(), &mut runner, found);
    }
    found.suites.push(suite(folder, project.as_ref(), runner));
    found.leftovers.extend([
        Leftover { line: "__pycache__/", why: "python keeps compiled modules there" },
        Leftover { line: ".pytest_cache/", why: "pytest keeps its last results there" },
    ]);
    for (name, line) in [(".venv", ".venv/"), ("venv", "venv/")] {
        if folder.has_folder(name) {
            found.leftovers.push(Leftover { line, why: "an environment of python lies there" });
        }
    }
    let options = project.as_ref().and_then(|project| project.get("tool")?.get("pytest"));
    let says = |word: &str| {
        texts.iter().any(|text| text.contains(word))
            || options.is_some_and(|options| options.to_string().contains(word))
    };
    if says("--cov") {
        found.leftovers.push(Leftover { line: ".coverage", why: "pytest-cov keeps its data there" });
    }
    if says("hypothesis") || folder.text(PROJECT).is_some_and(|text| text.contains("hypothesis")) {
        found.leftovers.push(Leftover { line: ".hypothesis/", why: "hypothesis keeps its examples there" });
    }
}

/// The first file that says so.
fn evidence(folder: &Folder, project: Option<&toml::Table>) -> Option<(String, &'static str)> {
    let has_table = |project: &toml::Table| {
        project.get("tool").and_then(Value::as_table).is_some_and(|tool| tool.contains_key("pytest"))
    };
    if project.is_some_and(has_table) {
        return Some((PROJECT.to_owned(), "has settings of pytest"));
    }
    let has_section = |(file, section): &&(&str, &str)| {
        folder
            .text(file)
            .is_some_and(|text| section.is_empty() || text.lines().any(|line| line.trim() == *section))
    };
    if let Some((file, _)) = SETTINGS.iter().find(has_section) {
        return Some(((*file).to_owned(), "has settings of pytest"));
    }
    let is_test = |path: &&str| {
        let name = path.rsplit('/').next().unwrap_or_default();
        let in_tests = path.starts_with("tests/") || path.starts_with("test/");
        *path == "conftest.py" || (in_tests && (name == "conftest.py" || is_test_file(name)))
    };
    folder.files().find(is_test).map(|path| (path.to_owned(), "is a test of pytest"))
}

fn suite(folder: &Folder, project: Option<&toml::Table>, runner: Runner) -> Suite {
    let Runner { python, set, needs } = runner;
    let mut experiment = python.clone();
    experiment.push("experiments/run.py".to_owned());
    let is_plain_python = needs == Needs::default();
    let locks = [&[UV_LOCK, POETRY_LOCK], PIP_LISTS].concat();
    let locks = if is_plain_python { Vec::new() } else { present(folder, &locks) };
    let is_narrow = folder.has_folder("src") && !packages(folder).is_empty();
    let mut run = python;
    run.extend(owned(&["-m", "pytest", "-o"]));
    run.push(import_from(folder, project));
    run.extend(owned(&["--junitxml={out}/report.xml", "-p", "no:cacheprovider"]));
    // In packages, too: helpers and data of tests lie beside them.
    let mut tests = folders(folder, &["tests", "test"]);
    tests.extend(inner_tests(folder));
    tests.extend(owned(&["test_*.py", "*_test.py", "conftest.py"]));
    let sources = sources(folder);
    tests.extend(stated_tests(folder, project, &sources));
    let settings =
        [PROJECT, "pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml", "tox.ini", "setup.cfg"];
    Suite {
        kind: Kind::Pytest,
        run,
        // Else `-m` looks for pytest in the workspace first.
        set: [vec![("PYTHONDONTWRITEBYTECODE", "1"), ("PYTHONSAFEPATH", "1")], set].concat(),
        needs,
        collect: Vec::new(),
        report: None,
        failed: 1,
        remarks: remarks(is_plain_python, is_narrow),
        shortcuts: SHORTCUTS,
        skips: true,
        example: "test_the_bug_is_gone",
        experiment: (experiment, "experiments/**"),
        paths: Paths {
            sources,
            tests,
            settings: [owned(&settings), locks, owned(STAND_INS)].concat(),
            manifests: owned(&[PROJECT, "requirements*.txt", "*.lock"]),
        },
    }
}

fn remarks(is_plain_python: bool, is_narrow: bool) -> Vec<String> {
    let mut remarks = vec![
        "`pythonpath` says where tests import from, since pytest 7. PYTHONSAFEPATH keeps files of\nthis folder from running in place of pytest."
            .to_owned(),
    ];
    if is_narrow {
        remarks.push(
            "`write` below names the packages of `src` that are there: tests would import a new one beside them in\nplace of an installed one of its name."
                .to_owned(),
        );
    }
    if is_plain_python {
        remarks.push(
            "If the tests need an environment of their own, let `prepare` make it in the copy; an interpreter\nthat lies in this folder could be replaced."
                .to_owned(),
        );
    }
    remarks
}
