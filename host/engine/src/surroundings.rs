//! What lint sees around a contract: ignored files, and a folder above, that a source could look at, programs that
//! the worker could replace, lock files that it may change.
//!
//! Each is a warning: the contract works, and says less than its author may think. Nothing is run.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::Path;

use evident_collect::tree::{Rules, Trees};
use evident_core::contract::{At, Contract, Placed, Run, Source, lint};
use evident_core::problem::{Problem, Rule};
use evident_patterns::Pattern;

use crate::above;

/// Warnings about every source that runs a command.
pub(crate) fn lint(trees: &Trees, contract: &Contract, workspace: &Path) -> Vec<Problem> {
    let mut problems = Vec::new();
    problems.extend(beside(trees, contract, workspace));
    for source in &contract.sources {
        let Some(run) = source.as_run() else { continue };
        problems.extend(program(contract, source, run, workspace));
        problems.extend(lock_files(contract, source, run, workspace));
    }
    problems
}

/// A command that runs in the workspace can look at what is not part of the tree.
fn beside(trees: &Trees, contract: &Contract, workspace: &Path) -> Vec<Problem> {
    let read: BTreeSet<&str> = contract
        .clauses
        .iter()
        .flat_map(|clause| lint::selectors(&clause.evidence))
        .map(|selector| selector.value.source.as_str())
        .collect();
    let runs_there = |source: &&Source| {
        source.at == At::Work && source.as_run().is_some() && read.contains(source.name.value.as_str())
    };
    let sources: Vec<_> = contract.sources.iter().filter(runs_there).collect();
    // What cannot be walked is told by whoever has to walk it.
    let Some(rules) = Rules::of_workspace(workspace).ok().filter(|_| !sources.is_empty()) else {
        return Vec::new();
    };
    let above = above::of(workspace, &rules);
    let rules = rules.with_marked(patterns(&contract.boundary.inputs), protected(contract));
    let ignored = trees.passed_over(&rules, workspace).ok().flatten();
    let problems = sources.into_iter().flat_map(|source| {
        let above = above.as_deref().map(|folder| in_part_of(source, folder));
        ignored.as_deref().map(|found| beside_ignored(source, found)).into_iter().chain(above)
    });
    problems.collect()
}

fn beside_ignored(source: &Source, found: &str) -> Problem {
    let message = format!("`{}` runs where ignored files act, such as `{found}`", source.name.value);
    let hint = "what passes is asserted, not proven: add `at = \"snapshot\"`, with `prepare` for what it needs that \
                is ignored, or name the files in `[boundary] inputs`";
    Problem::new(Rule::IgnoredFiles, source.name.span.clone(), message).hint(hint)
}

fn in_part_of(source: &Source, folder: &Path) -> Problem {
    let (name, folder) = (&source.name.value, folder.display());
    let message =
        format!("`{name}` runs in a part of `{folder}`, and what lies around it there belongs to no tree");
    let hint = "what passes is asserted, not proven: put the contract at that top, or add `at = \"snapshot\"` where \
                the source needs nothing from there";
    Problem::new(Rule::FolderAbove, source.name.span.clone(), message).hint(hint)
}

/// A program that lies in the workspace is what the worker makes of it.
fn program(contract: &Contract, source: &Source, run: &Run, workspace: &Path) -> Option<Problem> {
    let program = run.argv.first()?;
    let name = &source.name.value;
    let (message, hint) = if let Some(place) = on_path(run, workspace) {
        let message = format!("`{name}` looks for programs in the workspace: `{place}` is on its PATH");
        (message, "the worker can put a program there: take it off PATH; until then what passes is asserted")
    } else if Path::new(program).is_absolute() {
        if !within(Path::new(program), workspace) {
            return None;
        }
        let message = format!("the program of `{name}` lies in the workspace: `{program}`");
        (message, "the worker can replace it: name one that lies elsewhere, or one of the private copy")
    } else if program.contains('/') {
        let path = Path::new(&run.cwd).join(program);
        let path = path.to_string_lossy();
        let path = path.trim_start_matches("./");
        let is_protected = protected(contract).iter().any(|pattern| pattern.matches(path));
        // In a copy, what is not part of the tree is what this source or one before it makes there.
        let is_made = source.at != At::Work && (run.prepare.is_some() || !workspace.join(path).exists());
        let is_built = source.at != At::Work && (!source.needs.is_empty() || is_ignored(path, workspace));
        if is_protected || is_made || is_built {
            return None;
        }
        let message = format!("the program of `{name}` lies in the workspace: `{program}`");
        (message, "the worker can replace it: protect it, or name one that lies elsewhere")
    } else {
        return None;
    };
    Some(Problem::new(Rule::ProgramInWorkspace, source.name.span.clone(), message).hint(hint))
}

/// In a copy an ignored file is not there unless something makes it.
fn is_ignored(path: &str, workspace: &Path) -> bool {
    Rules::of_workspace(workspace).is_ok_and(|rules| rules.ignores(Path::new(path)))
}

/// The folder of PATH that lies in the workspace.
fn on_path(run: &Run, workspace: &Path) -> Option<String> {
    let path = run.env_set.get("PATH").map(Into::into).or_else(|| env::var_os("PATH"))?;
    let place = env::split_paths(&path).find(|place| place.is_absolute() && within(place, workspace))?;
    Some(place.strip_prefix(workspace).unwrap_or(&place).to_string_lossy().into_owned())
}

fn within(path: &Path, workspace: &Path) -> bool {
    path.starts_with(workspace) || fs::canonicalize(path).is_ok_and(|path| path.starts_with(workspace))
}

/// What is installed is decided by files that the worker must not change.
fn lock_files(contract: &Contract, source: &Source, run: &Run, workspace: &Path) -> Option<Problem> {
    let prepare = run.prepare.as_ref().filter(|_| source.at == At::Snapshot)?;
    let files = prepare.lock_files(&run.cwd, |path| workspace.join(path).is_file());
    let patterns: Vec<Pattern> = [protected(contract), patterns(&contract.boundary.inputs)].concat();
    let open = files.iter().find(|path| !patterns.iter().any(|pattern| pattern.matches(path)));
    let (message, hint) = match (open, files.first()) {
        (Some(path), _) => (
            format!(
                "`{path}` decides what is installed for `{}`, and the worker may change it",
                source.name.value
            ),
            "name it in `[boundary] protect`: until then what passes is asserted, not proven",
        ),
        (None, None) => (
            format!("no lock file says what is installed for `{}`", source.name.value),
            "name one in `prepare_from`: without one, it is installed again for every tree",
        ),
        (None, Some(_)) => return None,
    };
    Some(Problem::new(Rule::UnprotectedLock, prepare.span.clone(), message).hint(hint))
}

fn protected(contract: &Contract) -> Vec<Pattern> {
    patterns(&contract.boundary.protect)
}

/// What is not a pattern has a problem of its own.
fn patterns(texts: &[Placed<String>]) -> Vec<Pattern> {
    texts.iter().filter_map(|text| Pattern::parse(&text.value).ok()).collect()
}
