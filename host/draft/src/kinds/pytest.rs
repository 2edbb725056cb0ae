//! Python projects whose tests pytest runs.
//!
//! Source of the places: pytest's reference, "Configuration file formats".

use toml::Value;

use super::{folders, owned, present};
use crate::findings::{Kind, Needs, Paths, Suite};
use crate::folder::Folder;
use crate::ignored::Leftover;
use crate::look::Found;
use crate::text::is_plain;

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
const STAND_INS: &[&str] =
    &["/pytest.py", "/pytest/**", "/_pytest/**", "/sitecustomize.py", "/usercustomize.py"];

const UV_LOCK: &str = "uv.lock";
const POETRY_LOCK: &str = "poetry.lock";

/// Lists of packages that pip reads, those of tests first.
const PIP_LISTS: &[&str] =
    &["requirements-test.txt", "requirements-dev.txt", "dev-requirements.txt", "requirements.txt"];

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
    let runner = Runner::of(folder, project.as_ref(), found);
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

fn is_test_file(name: &str) -> bool {
    name.strip_suffix(".py").is_some_and(|stem| stem.starts_with("test_") || stem.ends_with("_test"))
}

/// Where tests import from, as the option takes it: what the project says, which the option replaces, `src`,
/// and the top, which `-m` alone would put first.
///
/// It is an option and not `PYTHONPATH`, so that python has found pytest before these folders count. An
/// editable install names the workspace; a copy of the tree must import its own code all the same.
fn import_from(folder: &Folder, project: Option<&toml::Table>) -> String {
    let mut folders = stated(folder, project);
    folders.extend(folder.has_folder("src").then(|| "src".to_owned()));
    folders.push(".".to_owned());
    let mut seen: Vec<String> = Vec::new();
    for one in folders {
        if !seen.contains(&one) {
            seen.push(one);
        }
    }
    format!("pythonpath={}", seen.join(" "))
}

/// The setting `pythonpath` of the project. Names with blanks are left out: the option cannot say them
/// without quotes, and a draft is read by a person anyway.
fn stated(folder: &Folder, project: Option<&toml::Table>) -> Vec<String> {
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let pytest = project.and_then(|project| project.get("tool")?.get("pytest"));
    let of_project = pytest.and_then(|pytest| {
        pytest.get("ini_options").and_then(|options| options.get("pythonpath")).or(pytest.get("pythonpath"))
    });
    let all: Vec<String> = match of_project {
        Some(Value::String(text)) => words(text),
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => {
            let mut texts = SETTINGS.iter().filter_map(|(file, section)| {
                let section = if section.is_empty() { "[pytest]" } else { section };
                of_section(&folder.text(file)?, section)
            });
            texts.next().map(|text| words(&text)).unwrap_or_default()
        }
    };
    all.into_iter().filter(|one| is_import_folder(one)).collect()
}

/// What can stand in the option as it is.
fn is_import_folder(name: &str) -> bool {
    let is_odd = |letter: char| letter.is_whitespace() || letter.is_control() || "\"'\\{}".contains(letter);
    !name.is_empty() && !name.contains(is_odd)
}

/// The value of `pythonpath` in a section of an ini file, with the lines that go on with it.
fn of_section(text: &str, section: &str) -> Option<String> {
    let lines = text.lines().skip_while(|line| line.trim() != section).skip(1);
    let mut lines =
        lines.take_while(|line| !line.starts_with('[')).filter(|line| !line.starts_with(['#', ';']));
    let first = lines.find_map(|line| {
        let (key, value) = line.split_once('=')?;
        (key.trim_end() == "pythonpath").then(|| value.to_owned())
    })?;
    let more = lines.take_while(|line| line.starts_with([' ', '\t']));
    Some(more.fold(first, |all, line| all + " " + line))
}

fn suite(folder: &Folder, project: Option<&toml::Table>, runner: Runner) -> Suite {
    let Runner { python, set, needs } = runner;
    let mut experiment = python.clone();
    experiment.push("experiments/run.py".to_owned());
    let is_plain_python = needs == Needs::default();
    let locks = [&[UV_LOCK, POETRY_LOCK], PIP_LISTS].concat();
    let locks = if is_plain_python { Vec::new() } else { present(folder, &locks) };
    let mut run = python;
    run.extend(owned(&["-m", "pytest", "-o"]));
    run.push(import_from(folder, project));
    run.extend(owned(&["--junitxml={out}/report.xml", "-p", "no:cacheprovider"]));
    let mut tests = folders(folder, &["tests", "test"]);
    tests.extend(owned(&["test_*.py", "*_test.py", "conftest.py"]));
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
        remarks: remarks(is_plain_python),
        shortcuts: SHORTCUTS,
        example: "test_the_bug_is_gone",
        experiment: (experiment, "experiments/**"),
        paths: Paths {
            sources: sources(folder),
            tests,
            settings: [owned(&settings), locks, owned(STAND_INS)].concat(),
            manifests: owned(&[PROJECT, "requirements*.txt", "*.lock"]),
        },
    }
}

fn remarks(is_plain_python: bool) -> Vec<String> {
    let mut remarks = vec![
        "`pythonpath` says where tests import from, since pytest 7. PYTHONSAFEPATH keeps files of\nthis folder from running in place of pytest."
            .to_owned(),
    ];
    if is_plain_python {
        remarks.push(
            "If the tests need an environment of their own, let `prepare` make it in the copy; an interpreter\nthat lies in this folder could be replaced."
                .to_owned(),
        );
    }
    remarks
}

/// What runs python, and what it needs.
struct Runner {
    python: Vec<String>,
    set: Vec<(&'static str, &'static str)>,
    needs: Needs,
}

impl Runner {
    /// By the lock file; without one, by the lists of pip where the folder has an environment.
    fn of(folder: &Folder, project: Option<&toml::Table>, found: &mut Found) -> Self {
        let needs = |prepare: Vec<String>| Needs { prepare, ..Needs::default() };
        if folder.has_file(UV_LOCK) {
            found.because(UV_LOCK, "the environment of the tests is made by `uv`");
            let mut prepare = owned(&["uv", "sync", "--frozen"]);
            prepare.extend(chosen(project));
            // A link into the store of the machine would let a test change what the next install takes there.
            let set = vec![("UV_LINK_MODE", "copy")];
            let python = owned(&["uv", "run", "--no-sync", "python"]);
            return Self { python, set, needs: needs(prepare) };
        }
        if folder.has_file(POETRY_LOCK) {
            found.because(POETRY_LOCK, "the environment of the tests is made by `poetry`");
            let prepare = owned(&["poetry", "install", "--no-interaction"]);
            let set = vec![("POETRY_VIRTUALENVS_IN_PROJECT", "true")];
            return Self { python: owned(&["poetry", "run", "python"]), set, needs: needs(prepare) };
        }
        let lists = present(folder, PIP_LISTS);
        let has_pytest =
            lists.iter().any(|name| folder.text(name).is_some_and(|text| text.contains("pytest")));
        if has_pytest && [".venv", "venv"].into_iter().any(|name| folder.is_folder(name)) {
            found.because(&lists[0], "the environment of the tests is made by `pip`");
            let read: String = lists.iter().map(|name| format!(" -r {name}")).collect();
            let line =
                format!("python3 -m venv --clear .venv && .venv/bin/python -m pip install --quiet{read}");
            let prepare = owned(&["sh", "-c", &line]);
            let needs = Needs { prepare_from: lists, ..needs(prepare) };
            return Self { python: owned(&[".venv/bin/python"]), set: Vec::new(), needs };
        }
        Self { python: owned(&["python3"]), set: Vec::new(), needs: Needs::default() }
    }
}

/// The groups and extras that name pytest; `dev` is installed in any case.
fn chosen(project: Option<&toml::Table>) -> Vec<String> {
    let groups = |path: &[&str]| {
        let mut table = project;
        for key in path {
            table = table.and_then(|table| table.get(*key)?.as_table());
        }
        let names = table.into_iter().flatten().filter(|(name, list)| {
            let mut items = list.as_array().into_iter().flatten().filter_map(Value::as_str);
            is_plain(name) && items.any(|item| item.trim_start().starts_with("pytest"))
        });
        names.map(|(name, _)| name.clone()).collect::<Vec<_>>()
    };
    let extras =
        groups(&["project", "optional-dependencies"]).into_iter().map(|name| format!("--extra={name}"));
    let others = groups(&["dependency-groups"]).into_iter().filter(|name| name != "dev");
    extras.chain(others.map(|name| format!("--group={name}"))).collect()
}

/// `src`, else the packages at the top, else every module.
fn sources(folder: &Folder) -> Vec<String> {
    let packages = folder.top_folders().filter(|name| {
        is_plain(name)
            && !matches!(*name, "tests" | "test")
            && folder.has_file(&format!("{name}/__init__.py"))
    });
    let packages: Vec<String> = packages.map(|name| format!("{name}/**")).collect();
    match folders(folder, &["src"]) {
        source if !source.is_empty() => source,
        _ if !packages.is_empty() => packages,
        _ => owned(&["*.py"]),
    }
}
