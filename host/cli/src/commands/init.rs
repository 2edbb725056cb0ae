//! `evident init`: look at a repository and write its first contract.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, ValueEnum};
use evident_core::text;
use evident_draft::{Advice, First, Reason, Template, draft, look};
use evident_engine::ContractFile;

use crate::exit::{Exit, UsageError};
use crate::progress::Progress;
use crate::{diagnostics, ui};

/// What the contract is called.
const CONTRACT: &str = "goal.toml";

/// Look at a repository and write its first contract
#[derive(Debug, Args)]
pub(crate) struct Init {
    /// Folder of the repository
    #[arg(default_value = ".", value_name = "FOLDER")]
    folder: PathBuf,
    /// What kind of work the contract is for
    #[arg(long, value_enum)]
    template: Option<Kind>,
    /// Print the contract instead of writing it
    #[arg(long)]
    print: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Make something faster, and prove it against the base
    Performance,
    /// Replace something while every test that passed still passes
    Migration,
    /// Make a suite pass every time
    Flaky,
    /// Find something out and write it down
    Research,
    /// Mend a bug that a test shows
    Bugfix,
}

impl From<Kind> for Template {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Performance => Self::Performance,
            Kind::Migration => Self::Migration,
            Kind::Flaky => Self::Flaky,
            Kind::Research => Self::Research,
            Kind::Bugfix => Self::Bugfix,
        }
    }
}

pub(crate) fn run(arguments: &Init) -> anyhow::Result<Exit> {
    if !arguments.print {
        evident_engine::goals::refuse_descendants()?;
    }
    let is_here = arguments.folder == Path::new(".");
    let path = if is_here { PathBuf::from(CONTRACT) } else { arguments.folder.join(CONTRACT) };
    if !arguments.print && path.symlink_metadata().is_ok() {
        let there = UsageError::new(format!("`{}` is there already", path.display()));
        return Err(there
            .hint("`evident lint` says what is wrong with it; `--print` shows a new one")
            .into());
    }
    let findings = look(&arguments.folder, &|name| std::env::var_os(name).is_some()).map_err(|error| {
        let hint = error.hint();
        if let evident_draft::Error::NothingRecognised { looked_for, notes, .. } = &error {
            notes.iter().for_each(|note| ui::chatter(&told(note)));
            ui::chatter(&format!("looked for\n  {}\n\n", looked_for.join("\n  ")));
        }
        UsageError::new(with_causes(&error)).hint(hint)
    })?;
    let contract = draft(&findings, arguments.template.map(Template::from));
    if arguments.print {
        ui::result(&contract)?;
        return Ok(Exit::Met);
    }
    for reason in findings.reasons().iter().chain(findings.notes()) {
        ui::chatter(&told(reason));
    }
    for advice in findings.advice() {
        ignore(&arguments.folder, &advice)?;
    }
    fs::write(&path, contract).with_context(|| format!("failed to write `{}`", path.display()))?;
    opened(&path, findings.first())
}

/// Opens what was written: it must lint, and its start is now.
fn opened(path: &Path, first: &[First]) -> anyhow::Result<Exit> {
    let engine = super::engine()?;
    let progress = Progress::new();
    let opened = engine.open(ContractFile::read(path, None)?, &progress.listener())?;
    drop(progress);
    diagnostics::print(&opened);
    if !opened.is_sound() {
        return Ok(Exit::Usage);
    }
    let is_fresh = engine.record_start(&opened)?;
    ui::result(&next(path, first, is_fresh))?;
    Ok(Exit::Met)
}

/// What to do now. The contract is protected like the tests, and there are lines in it to edit: whoever
/// follows these steps must not find that the contract was violated by it.
fn next(path: &Path, first: &[First], is_fresh: bool) -> String {
    let named = if path == Path::new(CONTRACT) { String::new() } else { format!(" {}", path.display()) };
    let accept = if named.is_empty() { named.clone() } else { format!(" --contract{named}") };
    let mut steps: Vec<(String, &str)> =
        first.iter().map(|first| (first.command.to_owned(), first.why)).collect();
    steps.extend([
        (
            format!("evident accept-change{accept} {CONTRACT}"),
            "after you edited the contract: it is protected, as the tests are",
        ),
        (format!("evident lint --try{named}"), "says what each source gives"),
        (format!("evident check{named}"), "collects the evidence and judges it"),
    ]);
    let width = steps.iter().map(|(command, _)| command.chars().count()).max().unwrap_or(0);
    let start = if is_fresh {
        "the start is recorded: what changes from now on is judged"
    } else {
        "a start was recorded for it before: this contract is a change since then, until you accept it"
    };
    let mut text = format!("wrote {}; {start}\n\n", path.display());
    for (command, why) in steps {
        text += &format!("  {command:width$}  {why}\n");
    }
    text
}

/// Adds a line to an ignore file: a build that writes into the tree would make its own evidence void.
fn ignore(folder: &Path, advice: &Advice) -> anyhow::Result<()> {
    let path = folder.join(advice.file);
    let failed = || format!("failed to write `{}`", path.display());
    let before = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error).with_context(failed),
    };
    let mut file = OpenOptions::new().append(true).create(true).open(&path).with_context(failed)?;
    let parted = if before.is_empty() || before.ends_with('\n') { "" } else { "\n" };
    writeln!(file, "{parted}{}", advice.line).with_context(failed)?;
    ui::chatter(&format!("added `{}` to {}: {}\n", advice.line, advice.file, advice.why));
    Ok(())
}

/// What a file of the repository said. Both texts can hold what a stranger wrote.
fn told(reason: &Reason) -> String {
    format!("{}: {}\n", text::name(&reason.file), text::line(&reason.says))
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text += &format!(": {error}");
        cause = error.source();
    }
    text
}
