//! Files of the evidence, such as screens, that the owner takes for the expected ones.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use evident_core::problem::{did_you_mean, listed};
use evident_core::text;
use evident_engine::{Blobs, Candidate, Engine, Files, Opened, Target, Unplaced};

use super::{Screens, Write, tree_of};
use crate::exit::{Exit, UsageError};
use crate::format::counted;
use crate::ui;

/// Names that a message lists.
const SHOWN: usize = 20;

/// Writes the files to their places and says what is left to do.
pub(super) fn written(
    engine: &Engine,
    arguments: &Write,
    opened: &Opened,
    files: &Files,
) -> anyhow::Result<Exit> {
    let workspace = &opened.file.workspace;
    let output = arguments.output.as_deref().map(|folder| made(folder, workspace)).transpose()?;
    let names = match arguments.from {
        Screens::Work => arguments.accept.clone(),
        // Without a base, nothing tells the screens that are meant from those that the work changed.
        Screens::Base if opened.contract.base.is_none() => Some(fresh(files, output.as_deref(), workspace)),
        Screens::Base => None,
    };
    let kept = match arguments.from {
        Screens::Work => Vec::new(),
        Screens::Base => kept(files, names.as_deref()),
    };
    let targets = match files.place(names.as_deref(), output.as_deref()) {
        Ok(targets) => targets,
        Err(Unplaced::Unfit { problems }) => {
            let problems: Vec<String> = problems.iter().map(|problem| text::line(problem)).collect();
            ui::chatter(&format!("no screen was written: {}\n", problems.join("; ")));
            return Ok(Exit::Undecided);
        }
        Err(unplaced) => return Err(refused(&unplaced).into()),
    };
    let mut done = Vec::new();
    for target in &targets {
        let path = workspace.join(&target.path);
        let root = if path.starts_with(workspace) { workspace.as_path() } else { parent(&path) };
        let what = match (holds(&path, target.candidate), path.exists()) {
            (true, _) => "as it was",
            (false, true) => "replaced",
            (false, false) => "new",
        };
        if what != "as it was" {
            engine.write_file(root, &path, target.candidate)?;
        }
        done.push((target, what));
    }
    let mut shown = lines(&done, tree_of(files.at));
    if !kept.is_empty() {
        let (kept, word) = (named(&kept), if kept.len() == 1 { "is" } else { "are" });
        shown += &format!("{kept} {word} there already; `--from work --accept NAME` replaces them\n");
    }
    shown += &next(opened, files, &targets);
    ui::result(&shown)?;
    Ok(Exit::Met)
}

/// The folder that the owner named, made and canonical; relative to the workspace where it lies in it.
fn made(folder: &Path, workspace: &Path) -> anyhow::Result<PathBuf> {
    let failed = || format!("failed to make the folder `{}`", folder.display());
    fs::create_dir_all(folder).with_context(failed)?;
    let folder = fs::canonicalize(folder).with_context(failed)?;
    Ok(folder.strip_prefix(workspace).map_or(folder.clone(), Path::to_owned))
}

/// Names of the screens that nothing in the workspace is expected of yet.
fn fresh(files: &Files, output: Option<&Path>, workspace: &Path) -> Vec<String> {
    let fresh = files.candidates.iter().filter(|candidate| {
        let alone = [candidate.name.clone()];
        let place = files.place(Some(&alone), output);
        // One without a place is told by the placing of all.
        place.map_or(true, |targets| targets.iter().all(|target| !workspace.join(&target.path).exists()))
    });
    fresh.map(|candidate| candidate.name.clone()).collect()
}

/// Names of the screens that are left as they are.
fn kept<'a>(files: &'a Files, names: Option<&[String]>) -> Vec<&'a str> {
    let is_kept = |name: &String| names.is_some_and(|names| !names.contains(name));
    let names = files.candidates.iter().map(|candidate| &candidate.name);
    names.filter(|name| is_kept(name)).map(String::as_str).collect()
}

/// True if the path is a file, not a link, with these bytes.
fn holds(path: &Path, candidate: &Candidate) -> bool {
    let is_alike =
        path.symlink_metadata().is_ok_and(|there| there.is_file() && there.len() == candidate.size);
    is_alike && fs::read(path).is_ok_and(|bytes| Blobs::digest(&bytes) == candidate.digest)
}

fn parent(path: &Path) -> &Path {
    path.parent().unwrap_or(path)
}

fn lines(done: &[(&Target<'_>, &str)], tree: &str) -> String {
    let mut shown = format!("wrote {}, collected on {tree}:\n", counted(done.len() as u64, "screen"));
    if done.is_empty() {
        shown = format!("no screen is new, collected on {tree}\n");
    }
    let paths: Vec<String> =
        done.iter().map(|(target, _)| text::name(&target.path.display().to_string())).collect();
    let width = paths.iter().map(|path| path.chars().count()).max().unwrap_or(0);
    for (path, (_, what)) in paths.iter().zip(done) {
        shown += &format!("  {path:width$}  {what}\n");
    }
    shown
}

/// What the owner does so that the contract reads the new files.
fn next(opened: &Opened, files: &Files, targets: &[Target<'_>]) -> String {
    let mut shown = String::new();
    if targets.is_empty() {
        return shown;
    }
    if targets.iter().any(|target| target.path.is_absolute()) {
        shown += "\nthey lie outside of the workspace, where no contract reads them\n";
        return shown;
    }
    if files.pinned {
        shown += "\nthe contract pins the old ones; the digests of the new ones are:\n";
        for target in targets {
            let path = text::name(&target.path.display().to_string());
            shown += &format!("  {path}: sha256 = \"{}\"\n", target.candidate.digest.hex());
        }
    }
    if files.read_on_base && opened.contract.base.is_some() {
        shown +=
            "\nthe contract reads them on the base: commit them, and put that commit into `[goal] base`\n";
    } else if opened.contract.needs_start() {
        shown += &format!(
            "\nthe start tree has the old ones; take the new ones into it:\n  evident accept-change {}\n",
            patterns(targets).join(" ")
        );
    }
    shown
}

/// Patterns that mean just these files; their folders where they are many.
fn patterns(targets: &[Target<'_>]) -> Vec<String> {
    let mut folders = BTreeMap::<&Path, usize>::new();
    for target in targets {
        *folders.entry(parent(&target.path)).or_default() += 1;
    }
    let paths: Vec<String> = match targets.len() {
        0..=SHOWN => targets.iter().map(|target| format!("/{}", target.path.display())).collect(),
        _ => folders.keys().map(|folder| format!("/{}/", folder.display())).collect(),
    };
    paths.iter().map(|path| quoted(path)).collect()
}

/// As a shell takes it for one word without a meaning of its own.
fn quoted(path: &str) -> String {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "/._-".contains(character);
    if path.chars().all(is_plain) { path.to_owned() } else { format!("'{}'", path.replace('\'', "'\\''")) }
}

fn refused(unplaced: &Unplaced) -> UsageError {
    let refused = UsageError::new(text::line(&unplaced.to_string()));
    match unplaced {
        Unplaced::Unknown { name, names } => {
            let names: Vec<String> = names.iter().map(|name| text::name(name)).collect();
            let shown = || names.iter().map(String::as_str);
            let near = did_you_mean(name, shown());
            refused.hint(near.unwrap_or_else(|| format!("there is {}", named(&shown().collect::<Vec<_>>()))))
        }
        Unplaced::NoFolder { folders, .. } if folders.is_empty() => {
            refused.hint("name a folder with `--output`, and let the contract read it")
        }
        Unplaced::NoFolder { folders, .. } => {
            let folders: Vec<&str> = folders.iter().map(String::as_str).collect();
            refused.hint(format!("name one with `--output`; the contract reads {}", named(&folders)))
        }
        Unplaced::OtherKind { .. } => {
            refused.hint("remove the old file, and let the contract read the new one")
        }
        Unplaced::Shared { .. } => refused.hint("accept them one by one, each with its own `--output`"),
        Unplaced::Unfit { .. } => refused,
    }
}

/// Some names in backticks, and how many more there are.
fn named(names: &[&str]) -> String {
    match names.len().checked_sub(SHOWN) {
        Some(more @ 1..) => format!("{}, and {more} more", listed(names[..SHOWN].iter().copied())),
        _ => listed(names.iter().copied()),
    }
}
