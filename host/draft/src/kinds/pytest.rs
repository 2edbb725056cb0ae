//! Python projects whose tests pytest runs.
//!
//! Source of the places: pytest's reference, "Configuration file formats".

use toml::Value;

use super::{folders, owned};
use crate::findings::{Kind, Paths, Suite};
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
    found.suites.push(suite(folder, project.as_ref()));
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

fn suite(folder: &Folder, project: Option<&toml::Table>) -> Suite {
    let mut run = owned(&["python3", "-m", "pytest", "-o"]);
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
        set: vec![("PYTHONDONTWRITEBYTECODE", "1"), ("PYTHONSAFEPATH", "1")],
        install: None,
        collect: Vec::new(),
        report: None,
        failed: 1,
        remarks: vec![
            "`pythonpath` says where tests import from, since pytest 7. PYTHONSAFEPATH keeps files of\nthis folder from running in place of pytest."
                .into(),
            "If the tests need an environment of their own, put the full path of its\ninterpreter in place of python3."
                .into(),
        ],
        shortcuts: SHORTCUTS,
        example: "test_the_bug_is_gone",
        experiment: (owned(&["python3", "experiments/run.py"]), "experiments/**"),
        paths: Paths {
            sources: sources(folder),
            tests,
            settings: [owned(&settings), owned(STAND_INS)].concat(),
            manifests: owned(&[PROJECT, "requirements*.txt", "*.lock"]),
        },
    }
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
