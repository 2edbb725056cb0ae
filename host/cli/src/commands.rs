//! The command line: arguments here, one file per command.

mod accept;
mod approve;
mod baseline;
mod check;
mod checker;
mod collecting;
mod completions;
mod deny;
mod doctor;
mod explain;
mod gc;
mod goal;
mod init;
mod lint;
mod replay;
mod run;
mod saved;
mod schema;
mod store;
mod tell;
mod watch;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use evident_engine::process::Orphans;
use evident_engine::{ContractFile, Engine, Opened, Places};

use crate::exit::{Exit, HELP};
use crate::progress::Progress;
use crate::ui;

/// Done is what the evidence says.
///
/// evident judges a contract: it collects the evidence itself, hands it to sandboxed checkers, and says
/// what is proven, what is not, and why.
#[derive(Debug, Parser)]
#[command(name = "evident", version, after_help = HELP, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::Init),
    Run(run::Run),
    #[command(subcommand)]
    Goal(goal::Goal),
    Approve(approve::Approve),
    Deny(deny::Deny),
    Watch(watch::Watch),
    Replay(replay::Replay),
    Check(check::Check),
    Lint(lint::Lint),
    Explain(explain::Explain),
    #[command(name = "accept-change")]
    Accept(accept::Accept),
    #[command(subcommand)]
    Baseline(baseline::Baseline),
    #[command(subcommand)]
    Checker(checker::Checker),
    #[command(subcommand)]
    Store(store::Store),
    Gc(gc::Gc),
    Doctor(doctor::Doctor),
    Schema(schema::Schema),
    Completions(completions::Completions),
}

/// Which contract a command is about.
#[derive(Debug, Args)]
pub(crate) struct ContractArguments {
    /// The contract
    #[arg(default_value = "goal.toml", value_name = "CONTRACT")]
    contract: PathBuf,
    #[command(flatten)]
    workspace: WorkspaceArguments,
}

/// Which folder relative paths mean.
#[derive(Debug, Clone, Args)]
pub(crate) struct WorkspaceArguments {
    /// Folder that relative paths of the contract mean [default: the contract's folder]
    #[arg(long, value_name = "FOLDER")]
    workspace: Option<PathBuf>,
}

/// Runs a command; what agents and sources leave behind is ended with `orphans`.
pub(crate) fn run(arguments: Arguments, orphans: &Orphans) -> anyhow::Result<Exit> {
    match arguments.command {
        Command::Init(command) => init::run(&command),
        Command::Run(command) => run::run(&command, orphans),
        Command::Goal(command) => goal::run(&command),
        Command::Approve(command) => approve::run(&command),
        Command::Deny(command) => deny::run(&command),
        Command::Watch(command) => watch::run(&command),
        Command::Replay(command) => replay::run(&command),
        Command::Check(command) => check::run(&command, orphans),
        Command::Lint(command) => lint::run(&command, orphans),
        Command::Explain(command) => explain::run(&command),
        Command::Accept(command) => accept::run(&command),
        Command::Baseline(command) => baseline::run(&command, orphans),
        Command::Checker(command) => checker::run(&command),
        Command::Store(command) => store::run(&command),
        Command::Gc(command) => gc::run(&command),
        Command::Doctor(command) => doctor::run(&command),
        Command::Schema(command) => schema::run(&command),
        Command::Completions(command) => completions::run(&command),
    }
}

/// The engine over the host's own folders.
fn engine() -> anyhow::Result<Engine> {
    Ok(Engine::new(Places::of_environment()?)?)
}

/// The same for a command that runs agents or sources: what they leave behind is ended.
fn acting_engine(orphans: &Orphans) -> anyhow::Result<Engine> {
    let engine = engine()?.ending(orphans.clone());
    if let Some(told) = engine.exposed() {
        ui::chatter(&format!("note: other users of this machine can change what evident keeps: {told}\n"));
    }
    Ok(engine)
}

impl ContractArguments {
    fn read(&self) -> anyhow::Result<ContractFile> {
        Ok(ContractFile::read(&self.contract, self.workspace.workspace.as_deref())?)
    }
}

/// Opens a contract and shows that it takes time.
fn open(engine: &Engine, arguments: &ContractArguments, progress: &Progress) -> anyhow::Result<Opened> {
    Ok(engine.open(arguments.read()?, &progress.listener())?)
}
