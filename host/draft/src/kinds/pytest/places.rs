//! Where the code and the tests of a python project lie, and what tests import from.

use toml::Value;

use super::SETTINGS;
use crate::folder::Folder;
use crate::kinds::{folders, owned};
use crate::text::is_plain;

/// Packages and modules at the top of `src` that are named one by one.
const PACKAGES_MAX: usize = 50;

pub(super) fn is_test_file(name: &str) -> bool {
    name.strip_suffix(".py").is_some_and(|stem| stem.starts_with("test_") || stem.ends_with("_test"))
}

/// Where tests import from, as the option takes it: what the project says, which the option replaces, `src`,
/// and the top, which `-m` alone would put first.
///
/// It is an option and not `PYTHONPATH`, so that python has found pytest before these folders count. An
/// editable install names the workspace; a copy of the tree must import its own code all the same.
pub(super) fn import_from(folder: &Folder, project: Option<&toml::Table>) -> String {
    // Names with blanks are left out: the option cannot say them without quotes.
    let mut folders = setting(folder, project, "pythonpath");
    folders.retain(|one| is_import_folder(one));
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

/// A setting of pytest in the project that is a list of words.
fn setting(folder: &Folder, project: Option<&toml::Table>, key: &str) -> Vec<String> {
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let pytest = project.and_then(|project| project.get("tool")?.get("pytest"));
    let of_project = pytest.and_then(|pytest| {
        pytest.get("ini_options").and_then(|options| options.get(key)).or(pytest.get(key))
    });
    match of_project {
        Some(Value::String(text)) => words(text),
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => {
            let mut texts = SETTINGS.iter().filter_map(|(file, section)| {
                let section = if section.is_empty() { "[pytest]" } else { section };
                of_section(&folder.text(file)?, section, key)
            });
            texts.next().map(|text| words(&text)).unwrap_or_default()
        }
    }
}

/// What can stand in the option as it is.
fn is_import_folder(name: &str) -> bool {
    let is_odd = |letter: char| letter.is_whitespace() || letter.is_control() || "\"'\\{}".contains(letter);
    !name.is_empty() && !name.contains(is_odd)
}

/// The value of a key in a section of an ini file, with the lines that go on with it.
fn of_section(text: &str, section: &str, key: &str) -> Option<String> {
    let lines = text.lines().skip_while(|line| line.trim() != section).skip(1);
    let mut lines =
        lines.take_while(|line| !line.starts_with('[')).filter(|line| !line.starts_with(['#', ';']));
    let first = lines.find_map(|line| {
        let (found, value) = line.split_once('=')?;
        (found.trim_end() == key).then(|| value.to_owned())
    })?;
    let more = lines.take_while(|line| line.starts_with([' ', '\t']));
    Some(more.fold(first, |all, line| all + " " + line))
}

/// Folders named `tests` or `test` below the top that hold tests.
pub(super) fn inner_tests(folder: &Folder) -> Vec<String> {
    let holding = folder.files().filter_map(|path| {
        let (place, name) = path.rsplit_once('/')?;
        let holder = ["/tests", "/test"].iter().find_map(|end| {
            let at = format!("{place}/").find(&format!("{end}/"))?;
            Some(&place[..at + end.len()])
        })?;
        (is_test_file(name) && is_plain(holder)).then(|| format!("{holder}/**"))
    });
    let mut found: Vec<String> = holding.collect();
    found.sort();
    found.dedup();
    found.truncate(PACKAGES_MAX);
    found
}

/// Where the project says that its tests lie, and what it calls their files. Code may change all the same.
pub(super) fn stated_tests(
    folder: &Folder,
    project: Option<&toml::Table>,
    sources: &[String],
) -> Vec<String> {
    let is_pattern = |text: &String| is_plain(&text.replace('*', "a"));
    let places = setting(folder, project, "testpaths").into_iter().map(|place| {
        let place = place.trim_start_matches("./").trim_end_matches('/').to_owned();
        if folder.has_file(&place) { format!("/{place}") } else { format!("{place}/**") }
    });
    let is_code = |pattern: &String| pattern == "src/**" || sources.contains(pattern);
    let places = places.filter(is_pattern).filter(|pattern| !is_code(pattern));
    let files = setting(folder, project, "python_files").into_iter().filter(is_pattern);
    places.chain(files.filter(|pattern| !["*", "*.py"].contains(&pattern.as_str()))).collect()
}

/// What is at the top of `src`, as patterns; nothing where there is too much of it, or nothing.
pub(super) fn packages(folder: &Folder) -> Vec<String> {
    let names = folder.below("src").filter(|(name, _)| is_plain(name) && !name.contains('.'));
    let folders = names.filter(|(name, is_folder)| *is_folder && *name != "__pycache__");
    let modules = folder.below("src").filter(|(name, is_folder)| {
        !is_folder && is_plain(name) && name.ends_with(".py") && !is_test_file(name) && *name != "conftest.py"
    });
    let patterns = folders.map(|(name, _)| format!("src/{name}/**"));
    let patterns: Vec<String> = patterns.chain(modules.map(|(name, _)| format!("src/{name}"))).collect();
    if patterns.len() > PACKAGES_MAX { Vec::new() } else { patterns }
}

/// What lies in `src`, else the packages at the top, else every module.
pub(super) fn sources(folder: &Folder) -> Vec<String> {
    let in_src = packages(folder);
    if !in_src.is_empty() {
        return in_src;
    }
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
