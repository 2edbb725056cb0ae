//! `evident baseline write`: what the evidence shows today, as files that later evidence is held against.

mod files;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand, ValueEnum};
use evident_core::contract::{At, Clause};
use evident_core::problem::{did_you_mean, listed};
use evident_core::text;
use evident_engine::process::Orphans;
use evident_engine::{Baseline as Made, Opened, can_make, takes_files};

use super::ContractArguments;
use super::collecting::interruptible;
use crate::exit::{Exit, UsageError};
use crate::progress::Progress;
use crate::{diagnostics, ui};

/// Where the baseline goes in the workspace.
const DEFAULT: &str = "tests/baseline.json";

/// What the source of the baseline is called in the text that a person copies.
const SOURCE: &str = "known";

/// Make what later evidence is compared with
#[derive(Debug, Subcommand)]
pub(crate) enum Baseline {
    Write(Write),
}

/// Collect the evidence of a clause, on the base where the contract names one, and write what it shows
#[derive(Debug, Args)]
pub(crate) struct Write {
    /// Name of a criterion or constraint
    clause: String,
    #[command(flatten)]
    contract: ContractArguments,
    /// Where the baseline goes [default: `tests/baseline.json` in the workspace]; of screens, the folder
    /// of those that are new [default: the only one that the contract reads]
    #[arg(long, value_name = "PATH")]
    output: Option<PathBuf>,
    /// Whose screens are written: those of the base, or some of the work
    #[arg(long, value_enum, default_value_t = Screens::Base, requires_if("work", "accept"))]
    from: Screens,
    /// Names of the screens of the work that are the expected ones from now on
    #[arg(long, value_name = "NAME", num_args = 1..)]
    accept: Option<Vec<String>>,
}

/// Where the screens come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Screens {
    /// The base, where the contract names one; else what there is, as far as it is new
    Base,
    /// The workspace
    Work,
}

pub(crate) fn run(command: &Baseline, orphans: &Orphans) -> anyhow::Result<Exit> {
    evident_engine::goals::refuse_descendants()?;
    let Baseline::Write(arguments) = command;
    let engine = super::acting_engine(orphans)?;
    let progress = Progress::new();
    let opened = super::open(&engine, &arguments.contract, &progress)?;
    if !opened.is_sound() {
        drop(progress);
        diagnostics::print(&opened);
        return Ok(Exit::Usage);
    }
    let clause = meant(&opened, &arguments.clause)?;
    refuse_nonsense(arguments, &opened, clause)?;
    let from = match arguments.from {
        Screens::Base => At::Base,
        Screens::Work => At::Work,
    };
    let made = interruptible(engine.baseline(&opened, clause, from, &progress.listener()))?;
    drop(progress);
    match made {
        None => {
            ui::chatter("interrupted: the commands that ran were ended, nothing was written\n");
            Ok(Exit::Interrupted)
        }
        Some(Made::None { why }) => {
            ui::chatter(&format!("no baseline was written: {}\n", text::line(&why)));
            Ok(Exit::Undecided)
        }
        Some(Made::Files(files)) => files::written(&engine, arguments, &opened, &files),
        Some(made @ Made::Made { .. }) => written(arguments, &opened, clause, &made),
    }
}

/// Writes the file and says how the contract takes it.
fn written(arguments: &Write, opened: &Opened, clause: &Clause, made: &Made) -> anyhow::Result<Exit> {
    let Made::Made { bytes, digest, summary, at, is_green, warnings, slot } = made else {
        unreachable!("the caller has one")
    };
    let workspace = &opened.file.workspace;
    let output = arguments.output.clone().unwrap_or_else(|| workspace.join(DEFAULT));
    let folder = output.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder).with_context(|| format!("failed to make `{}`", folder.display()))?;
    fs::write(&output, bytes).with_context(|| format!("failed to write `{}`", output.display()))?;
    let folder =
        fs::canonicalize(folder).with_context(|| format!("failed to find `{}`", folder.display()))?;
    let name = output.file_name().unwrap_or_default();
    let shown = folder.strip_prefix(workspace).map(|folder| folder.join(name));
    let tree = tree_of(*at);
    if !is_green {
        ui::chatter(
            "note: not everything passes there, and the baseline says so: it holds what must not vanish\n",
        );
    }
    for warning in warnings {
        ui::chatter(&format!("warning: {}\n", text::line(warning)));
    }
    let Ok(shown) = shown else {
        ui::chatter("note: it lies outside of the workspace, where no contract reads it\n");
        ui::result(&format!("wrote {}, collected on {tree}: {summary}\n", output.display()))?;
        return Ok(Exit::Met);
    };
    let shown = shown.display();
    let mut result = format!(
        "wrote {shown}, collected on {tree}: {summary}\n\n\
         [evidence.{SOURCE}]\nfiles  = [\"{shown}\"]\nsha256 = \"{}\"\n",
        digest.hex()
    );
    if let Some(slot) = slot {
        let clause = &clause.name.value;
        result += &format!("\n`{clause}` takes it with evidence = {{ ..., {slot} = \"{SOURCE}\" }}\n");
    }
    if opened.contract.needs_start() {
        result += "where a boundary protects the contract, `evident accept-change` takes both edits into the start\n";
    }
    ui::result(&result)?;
    Ok(Exit::Met)
}

/// What a person calls the tree that evidence was collected on.
fn tree_of(at: At) -> &'static str {
    match at {
        At::Base => "the base",
        At::Snapshot => "a snapshot",
        At::Work => "the workspace",
    }
}

/// Options that say nothing about this clause, or nothing together.
fn refuse_nonsense(arguments: &Write, opened: &Opened, clause: &Clause) -> anyhow::Result<()> {
    let is_of_files = opened.checker(clause).is_some_and(takes_files);
    if arguments.from == Screens::Work && !is_of_files {
        let refused = UsageError::new(format!("`{}` has no screens to accept", clause.name.value));
        return Err(refused.hint("leave out `--from work` and `--accept`").into());
    }
    if arguments.from == Screens::Base && arguments.accept.is_some() {
        let refused = UsageError::new("`--accept` takes screens of the work");
        return Err(refused.hint("add `--from work`").into());
    }
    Ok(())
}

fn meant<'a>(opened: &'a Opened, name: &str) -> anyhow::Result<&'a Clause> {
    let able =
        || opened.contract.clauses.iter().filter(|clause| opened.checker(clause).is_some_and(can_make));
    let names = || able().map(|clause| clause.name.value.as_str());
    able().find(|clause| clause.name.value == name).ok_or_else(|| {
        let hint = did_you_mean(name, names()).unwrap_or_else(|| match names().next() {
            None => "no checker of this contract makes one; `test-report` and `screenshot` do".into(),
            Some(_) => format!("clauses whose checker makes one: {}", listed(names())),
        });
        UsageError::new(format!("no clause `{}` whose checker makes a baseline", text::name(name)))
            .hint(hint)
            .into()
    })
}
