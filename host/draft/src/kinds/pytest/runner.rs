//! What runs python for the tests, and what has to be installed first.

use toml::Value;

use super::PROJECT;
use crate::findings::Needs;
use crate::folder::Folder;
use crate::ignored::Leftover;
use crate::kinds::{owned, present};
use crate::look::Found;
use crate::text::is_plain;

pub(super) const UV_LOCK: &str = "uv.lock";
pub(super) const POETRY_LOCK: &str = "poetry.lock";

/// Lists of packages that pip reads, those of tests first.
pub(super) const PIP_LISTS: &[&str] =
    &["requirements-test.txt", "requirements-dev.txt", "dev-requirements.txt", "requirements.txt"];

/// What a project names that is built when it is installed, and whose build is then good for one tree alone.
const BUILDS: &[&str] = &[
    "ext-modules",
    "ext_modules",
    "Extension(",
    "maturin",
    "mesonpy",
    "scikit",
    "ython",
    "pybind11",
    "cffi",
];

/// Tools that ask git which version the project has, and what they take instead: a copy has no `.git`.
const VERSIONS: &[(&str, &str)] = &[
    ("setuptools_scm", "SETUPTOOLS_SCM_PRETEND_VERSION"),
    ("setuptools-scm", "SETUPTOOLS_SCM_PRETEND_VERSION"),
    ("hatch-vcs", "SETUPTOOLS_SCM_PRETEND_VERSION"),
    ("pdm.backend", "PDM_BUILD_SCM_VERSION"),
    ("poetry-dynamic-versioning", "POETRY_DYNAMIC_VERSIONING_BYPASS"),
    ("pbr", "PBR_VERSION"),
];

/// What follows where `prepare` installs the project itself.
pub(super) fn install(
    folder: &Folder,
    project: Option<&toml::Table>,
    runner: &mut Runner,
    found: &mut Found,
) {
    let system = project.and_then(|project| project.get("build-system")).map(ToString::to_string);
    let setup = folder.text("setup.py").unwrap_or_default();
    let system = system.unwrap_or_default();
    let stated = folder.text(PROJECT).unwrap_or_default();
    runner.needs.builds = BUILDS.iter().any(|word| {
        system.contains(word) || setup.contains(word) || (word.starts_with("ext") && stated.contains(word))
    });
    let versions = VERSIONS.iter().filter(|(tool, _)| system.contains(tool) || setup.contains(tool));
    for (_, variable) in versions {
        if !runner.set.iter().any(|(name, _)| name == variable) {
            runner.set.push((*variable, "0"));
        }
    }
    found.leftovers.push(Leftover { line: "*.egg-info/", why: "an installation of the project leaves it" });
}

/// What runs python, and what it needs.
pub(super) struct Runner {
    pub(super) python: Vec<String>,
    pub(super) set: Vec<(&'static str, &'static str)>,
    pub(super) needs: Needs,
}

impl Runner {
    /// By the lock file; without one, by the lists of pip where the folder has an environment.
    pub(super) fn of(folder: &Folder, project: Option<&toml::Table>, found: &mut Found) -> Self {
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
