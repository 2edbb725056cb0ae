//! Packages of JavaScript whose tests vitest, jest or node's own runner runs.
//!
//! A script of `package.json` is a line for a shell. It is looked at to see which runner it means, and
//! never run or copied: only words that mean themselves are taken over.

use std::path::PathBuf;

use evident_regular::Members;
use serde_json::Value;

use super::{folders, leaves, owned, top_above};
use crate::findings::{Bench, First, Git, Kind, Needs, Paths, Suite};
use crate::folder::Folder;
use crate::ignored::{Leftover, is_ignored_everywhere, is_ignored_folder};
use crate::look::Found;
use crate::text::is_plain;

/// What must be there.
pub(crate) const LOOKED_FOR: &[&str] = &[
    "`package.json` with vitest, or with jest and jest-junit, among its dependencies",
    "`package.json` whose script `test` begins with `node --test`",
];

const MANIFEST: &str = "package.json";

/// Members of `workspaces` that are named one by one.
const WORKSPACES_MAX: usize = 100;

/// Where runners keep what they learned, inside of what is installed.
const CACHES: &[&str] = &[
    "/node_modules/.cache/**",
    "/node_modules/.vite/**",
    "/node_modules/.vite-temp/**",
    "/node_modules/.vitest/**",
];

/// Files that decide how tests run or are compiled, in whatever folder: the nearest one counts.
const SETTINGS: &[&str] = &[
    MANIFEST,
    "vitest.*",
    "vite.config.*",
    "jest.config.*",
    ".babelrc*",
    "babel.config.*",
    ".swcrc",
    "tsconfig*.json",
    "jsconfig*.json",
];

/// Scripts that a package manager runs once it has installed everything.
const SCRIPTS_OF_INSTALL: &[&str] = &["preinstall", "install", "postinstall", "prepublish", "prepare"];

/// Where runners look for tests, in whatever folder. Sources: Node's "Test runner", Jest's `testMatch`, Vitest's
/// `include`.
const TESTS_OF_NODE: &[&str] = &["test/", "*.test.*", "*-test.*", "*_test.*", "test-*.*", "test.*"];
const TESTS_OF_OTHERS: &[&str] =
    &["__tests__/", "__mocks__/", "__snapshots__/", "*.test.*", "*.spec.*", "test.*", "spec.*"];

/// `node:test` takes a file that ends its process with exit code 0 for one that passed, tests or none. With
/// this it fails where it ends before its tests are over. A process that was forked from a test inherits the
/// option, and may end as it likes.
const NO_EARLY_END: &str = "--import=data:text/javascript,let%20over;process.once('beforeExit',()=>{over=1});const%20end=process.reallyExit;if(!process.send)process.reallyExit=code=>end.call(process,code||!over*70)";

/// Calls that switch tests off, or all others.
const SHORTCUTS: &[&str] = &[".skip(", ".only(", ".todo(", "skip: true", "only: true", "xdescribe("];

/// Who starts a program of the package's dependencies, none of which is installed on the way.
#[derive(Debug, Clone, Copy)]
struct Manager {
    lock: &'static str,
    execute: &'static [&'static str],
    bench: &'static str,
    /// Installs what the lock file says and nothing else; changes no file that belongs to the tree.
    install: &'static [&'static str],
}

const MANAGERS: &[Manager] = &[
    Manager {
        lock: "pnpm-lock.yaml",
        execute: &["pnpm", "exec"],
        bench: "pnpm run --silent",
        // A link into the store of the machine would let a test change what the next install takes from there.
        install: &[
            "pnpm",
            "install",
            "--frozen-lockfile",
            "--prefer-offline",
            "--package-import-method=copy",
        ],
    },
    Manager {
        lock: "yarn.lock",
        execute: &["yarn", "run"],
        bench: "yarn run",
        install: &["yarn", "install", "--frozen-lockfile"],
    },
    Manager {
        lock: "package-lock.json",
        // Without the audit, which asks the network.
        install: &["npm", "ci", "--prefer-offline", "--no-audit", "--no-fund"],
        ..UNLOCKED
    },
];

const UNLOCKED: Manager =
    Manager { lock: "", execute: &["npx", "--no-install"], bench: "npm run --silent", install: &[] };

/// Adds a suite if the package has a runner that writes a report.
pub(crate) fn recognise(folder: &Folder, found: &mut Found) {
    let Some(manifest) = folder.json(MANIFEST) else { return };
    if !manifest.is_object() {
        folder.note(MANIFEST, "is not an object");
        return;
    }
    let Managed { own, locked, is_member } = managed(folder, &manifest);
    let manager = locked.unwrap_or(&UNLOCKED);
    let script = manifest["scripts"]["test"].as_str().unwrap_or_default();
    let Some(mut suite) = suite(folder, &manifest, script, manager) else { return };
    suite.paths = paths(folder, &manifest, &suite, found.git);
    suite.paths.settings.extend(shadows(folder, found.git));
    let needs = |found: &mut Found| match is_member {
        true => Needs { only_in_place: true, ..Needs::default() },
        false => needs(folder, &manifest, locked, found),
    };
    suite.needs = needs(found);
    if !suite.needs.prepare.is_empty() {
        // What decides which packages are installed, and where from.
        suite.paths.settings.extend(owned(&[manager.lock, ".npmrc", ".yarnrc*", "pnpm-workspace.yaml"]));
    }
    if !suite.needs.inputs.is_empty() && suite.run.iter().any(|word| word == "vitest") {
        // Its cache lies in `node_modules`, which would change what counts.
        suite.run.push("--no-cache".to_owned());
    }
    found.named(manifest["name"].as_str());
    let program = suite.run.iter().find(|word| ["vitest", "jest", "node"].contains(&word.as_str()));
    found.because(MANIFEST, format!("tests are run by {}", program.map_or("a known runner", String::as_str)));
    if let Some(manager) = own {
        found.because(manager.lock, format!("programs are started by `{}`", manager.execute.join(" ")));
    }
    found.suites.push(suite);
    found.leftovers.push(Leftover { line: "node_modules/", why: "dependencies are installed there" });
    if found.bench.is_none() {
        let needs = needs(&mut Found::default());
        found.bench = bench(&manifest, manager).map(|bench| Bench { needs, ..bench });
    }
}

/// How a program of the package's dependencies is started, and what it needs; nothing without a package.
pub(crate) fn started(folder: &Folder) -> Option<(Vec<String>, Needs)> {
    let manifest = folder.json(MANIFEST).filter(Value::is_object)?;
    let Managed { locked, is_member, .. } = managed(folder, &manifest);
    let needs = match is_member {
        true => Needs { only_in_place: true, ..Needs::default() },
        false => needs(folder, &manifest, locked, &mut Found::default()),
    };
    Some((owned(locked.unwrap_or(&UNLOCKED).execute), needs))
}

/// Who installs what a package needs.
struct Managed {
    /// By a lock file of its own.
    own: Option<&'static Manager>,
    /// By that or by the one of the workspaces that it is a member of.
    locked: Option<&'static Manager>,
    is_member: bool,
}

fn managed(folder: &Folder, manifest: &Value) -> Managed {
    let own = MANAGERS.iter().find(|manager| folder.has_file(manager.lock));
    let top = top(folder, manifest, own);
    let above = top.as_ref().and_then(|top| MANAGERS.iter().find(|manager| top.join(manager.lock).is_file()));
    Managed { own, locked: own.or(above), is_member: top.is_some() }
}

/// The top of the workspaces that the package is a member of: what it needs is installed there, by the lock file
/// there. A package with a lock file of its own is none, unless it takes others by the word `workspace:`.
fn top(folder: &Folder, manifest: &Value, own: Option<&Manager>) -> Option<PathBuf> {
    let is_alone = own.is_some() && !versions(manifest).any(|version| version.starts_with("workspace:"));
    if is_alone { None } else { top_above(folder, Members::Node, MANIFEST) }
}

/// What the package says about each version that it needs.
fn versions(manifest: &Value) -> impl Iterator<Item = &str> {
    let kinds = ["dependencies", "devDependencies", "optionalDependencies"].into_iter();
    let listed = kinds.flat_map(|kind| manifest[kind].as_object().into_iter().flatten());
    listed.filter_map(|(_, version)| version.as_str())
}

/// Packages are installed from the lock file; without one, those that are there belong to the start tree.
fn needs(folder: &Folder, manifest: &Value, locked: Option<&Manager>, found: &mut Found) -> Needs {
    let mut versions = versions(manifest).peekable();
    if versions.peek().is_none() && manifest.get("workspaces").is_none() {
        return Needs::default();
    }
    let places = versions.filter_map(|version| {
        ["file:", "link:", "portal:"].into_iter().find_map(|kind| version.strip_prefix(kind))
    });
    let only_in_place = places.into_iter().any(leaves);
    if only_in_place {
        folder.note(MANIFEST, "needs a package outside of this folder: no copy of it can be tested");
    }
    if let Some(manager) = locked {
        let prepare = if only_in_place { Vec::new() } else { owned(manager.install) };
        let scripts = SCRIPTS_OF_INSTALL.iter().filter_map(|name| manifest["scripts"][*name].as_str());
        // Hooks of git change nothing that tests see.
        let builds =
            scripts.into_iter().any(|script| !["husky", "lefthook"].iter().any(|tool| script.contains(tool)));
        return Needs { prepare, builds, only_in_place, ..Needs::default() };
    }
    if !folder.is_folder("node_modules") {
        found.first.push(First {
            command: "npm install && evident accept-change package-lock.json node_modules",
            why: "once: without a lock file, what is installed at the start is what tests run with",
        });
    }
    folder.note(MANIFEST, "there is no lock file: the packages that are there belong to the start");
    Needs { inputs: vec!["/node_modules/**"], changed: CACHES.to_vec(), only_in_place, ..Needs::default() }
}

/// The script decides; where it says nothing, the dependencies do.
fn suite(folder: &Folder, manifest: &Value, script: &str, manager: &Manager) -> Option<Suite> {
    let depends = |name: &str| {
        ["dependencies", "devDependencies"].iter().any(|kind| manifest[*kind].get(name).is_some())
    };
    let words: Vec<&str> = script.split_whitespace().collect();
    let means = |name: &str| words.contains(&name);
    let is_node = words.first() == Some(&"node") && means("--test");
    if is_node {
        return Some(node(folder, &words));
    }
    let uses_jest = means("jest") || (depends("jest") && !means("vitest"));
    if means("vitest") || (depends("vitest") && !means("jest")) {
        return Some(vitest(manager));
    }
    if uses_jest && depends("jest-junit") {
        return Some(jest(manager));
    }
    folder.note(
        MANIFEST,
        if uses_jest {
            "jest writes no report that a checker reads without jest-junit: `npm install --save-dev jest-junit`"
        } else {
            "its tests are run by neither vitest, jest nor `node --test`"
        },
    );
    None
}

fn vitest(manager: &Manager) -> Suite {
    let mut run = owned(manager.execute);
    run.extend(owned(&["vitest", "run", "--reporter=junit", "--outputFile={out}/report.xml"]));
    // Elsewhere vitest writes new snapshots into the tree.
    blank(run, vec![("CI", "true")])
}

fn jest(manager: &Manager) -> Suite {
    let mut run = owned(manager.execute);
    // With `--ci`, jest writes no new snapshots into the tree.
    run.extend(owned(&["jest", "--ci", "--reporters=jest-junit"]));
    blank(run, vec![("JEST_JUNIT_OUTPUT_FILE", "{out}/report.xml")])
}

/// Words behind `node` that mean themselves are kept; others need a shell, so that none is. `--watch` would
/// never end.
fn node(folder: &Folder, words: &[&str]) -> Suite {
    let ordinary = |character: char| character.is_ascii_alphanumeric() || "._-/=:@,".contains(character);
    let others: Vec<&str> =
        words[1..].iter().copied().filter(|word| !["--test", "--watch"].contains(word)).collect();
    let is_kept = |word: &&str| word.chars().all(ordinary) && !word.starts_with("--test-reporter");
    let mut run = owned(&["node", "--test"]);
    let mut remarks = Vec::new();
    // An option of Node ends the process by itself once the tests are over.
    if !words.contains(&"--test-force-exit") {
        run.insert(1, NO_EARLY_END.to_owned());
        remarks.push(
            "The option `--import` makes a test file fail that ends its process before its tests are over;\n\
             Node takes exit code 0 for a pass."
                .into(),
        );
    }
    run.extend(owned(&["--test-reporter=junit", "--test-reporter-destination={out}/report.xml"]));
    if others.iter().all(is_kept) {
        run.extend(owned(&others));
    } else {
        folder.note(MANIFEST, "its script `test` needs a shell: only `node --test` is taken over");
        remarks.push(
            "The script `test` of package.json says more than this; see whether the same tests run.".into(),
        );
    }
    Suite { remarks, ..blank(run, Vec::new()) }
}

fn blank(run: Vec<String>, set: Vec<(&'static str, &'static str)>) -> Suite {
    Suite {
        kind: Kind::Node,
        run,
        set,
        needs: Needs::default(),
        collect: Vec::new(),
        report: None,
        failed: 1,
        remarks: Vec::new(),
        shortcuts: SHORTCUTS,
        skips: true,
        example: "the bug is gone",
        experiment: (owned(&["node", "experiments/run.mjs"]), "experiments/**"),
        paths: Paths::default(),
    }
}

fn paths(folder: &Folder, manifest: &Value, suite: &Suite, git: Option<Git>) -> Paths {
    let script = manifest["scripts"]["test"].as_str().unwrap_or_default();
    let mut sources = folders(folder, &["src", "lib", "app"]);
    let listed = manifest["workspaces"].as_array().or_else(|| manifest["workspaces"]["packages"].as_array());
    for member in listed.into_iter().flatten().take(WORKSPACES_MAX).filter_map(Value::as_str) {
        let member = member.trim_start_matches("./").trim_end_matches('/');
        if is_plain(&member.replace('*', "a")) {
            sources.extend([format!("{member}/src/**"), format!("{member}/lib/**")]);
        } else {
            folder.note(MANIFEST, format!("the workspace {member:?} is left out: it is not a plain path"));
        }
    }
    if sources.is_empty() {
        sources = owned(&["*.js", "*.mjs", "*.cjs", "*.jsx", "*.ts", "*.mts", "*.tsx"]);
    }
    let mut tests = folders(folder, &["test", "tests"]);
    let is_node = suite.run.first().is_some_and(|program| program == "node");
    tests.extend(owned(if is_node { TESTS_OF_NODE } else { TESTS_OF_OTHERS }));
    tests.extend(named(folder, script, git, &sources));
    tests.extend(matched(&manifest["jest"]["testMatch"]));
    Paths {
        sources,
        tests,
        settings: owned(SETTINGS),
        manifests: owned(&[MANIFEST, "package-lock.json", "pnpm-lock.yaml", "yarn.lock"]),
    }
}

/// Files and folders that the script names behind its runner. Code, and what is built, may change.
fn named(folder: &Folder, script: &str, git: Option<Git>, sources: &[String]) -> Vec<String> {
    let words =
        script.split_whitespace().skip_while(|word| !["--test", "jest", "vitest"].contains(word)).skip(1);
    let words = words.map(|word| word.trim_start_matches("./").trim_end_matches('/'));
    let plain = words.filter(|word| is_plain(word) && !word.starts_with('-'));
    plain
        .filter_map(|word| match format!("{word}/**") {
            pattern if folder.has_folder(word) => {
                let is_other = !sources.contains(&pattern) && !is_ignored_folder(folder, git, word);
                is_other.then_some(pattern)
            }
            _ if folder.has_file(word) => Some(format!("/{word}")),
            _ => None,
        })
        .collect()
}

/// Globs of jest that are patterns as well; others are left to the person who reads the draft.
fn matched(globs: &Value) -> Vec<String> {
    let globs = globs.as_array().into_iter().flatten().take(WORKSPACES_MAX).filter_map(Value::as_str);
    let globs = globs.map(|glob| glob.strip_prefix("<rootDir>/").unwrap_or(glob));
    globs.filter(|glob| is_plain(&glob.replace('*', "a"))).map(str::to_owned).collect()
}

/// Packages in a folder of code come before those that are installed at the top. Where git ignores them
/// everywhere, no copy holds any.
fn shadows(folder: &Folder, git: Option<Git>) -> Vec<String> {
    if is_ignored_everywhere(folder, git, "node_modules/") {
        Vec::new()
    } else {
        owned(&["*/**/node_modules/"])
    }
}

/// A script named for it; what it prints is not read, its time is measured.
fn bench(manifest: &Value, manager: &Manager) -> Option<Bench> {
    let name = ["bench", "benchmark"].into_iter().find(|name| manifest["scripts"][*name].is_string())?;
    let command = format!("{} {name}", manager.bench);
    Some(Bench { name: name.into(), needs: Needs::default(), setup: None, command })
}
