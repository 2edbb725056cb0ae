//! What goals cost their host: its own time in a turn of the checkout example, and the memory and time of a
//! thousand goals that wait in one engine.
//!
//! `cargo bench -p evident-tests --bench goals`. Each measurement runs in a process of its own: this program,
//! started again, so that neither finds what the other left behind.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Arc;

use evident_core::agent::Failure;
use evident_core::goal::Goal;
use evident_engine::agent::{AgentSpec, Driver, Setup, open};
use evident_engine::goals::{Drivers, Running, Started};
use evident_engine::{Assurance, ContractFile, Engine, Listener, Places, compile_child};

#[path = "goals/turns.rs"]
mod turns;
#[path = "goals/waiting.rs"]
mod waiting;

/// The first argument of a process that measures.
const PART: &str = "measure";

fn main() -> ExitCode {
    // The engine starts this very program again to compile components.
    if let Some(compiled) = compile_child() {
        return compiled;
    }
    if let Some(produced) = turns::produce() {
        return produced;
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [first, part, folder] if first == PART => measure(part, Path::new(folder)),
        _ if ["turns", "waiting"].map(start) == [true; 2] => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

fn measure(part: &str, folder: &Path) -> ExitCode {
    let runtime = tokio::runtime::Runtime::new().expect("starts");
    match part {
        "turns" => runtime.block_on(turns::measure(folder)),
        "waiting" => runtime.block_on(waiting::measure(folder)),
        other => panic!("there is no measurement `{other}`"),
    }
    // Drivers and drives that are left end with the process.
    runtime.shutdown_background();
    ExitCode::SUCCESS
}

/// Runs one measurement, on the disk that builds are on: what is synced goes to a real one. True if it came to its end.
fn start(part: &str) -> bool {
    let target = evident_tests::repository().join("target");
    std::fs::create_dir_all(&target).expect("can be made");
    let folder = tempfile::tempdir_in(target).expect("a temporary folder");
    let mut command = Command::new(std::env::current_exe().expect("is known"));
    command.args([PART, part]).arg(folder.path());
    if part == "turns" {
        command.env("PATH", turns::path_with_stand_in(folder.path()));
    }
    command.status().expect("starts").success()
}

/// An engine whose files lie below that folder.
fn engine(folder: &Path) -> Engine {
    let places = Places {
        state: folder.join("state"),
        cache: folder.join("cache"),
        policy: folder.join("policy.toml"),
    };
    Engine::new(places).expect("starts")
}

/// Makes a goal of the contract in `workspace`.
async fn begin(engine: &Engine, workspace: &Path) -> Running {
    let listener: Listener = Arc::new(|_| {});
    let (opening, path) = (engine.clone(), workspace.join("goal.toml"));
    let opened = tokio::task::spawn_blocking(move || {
        let file = ContractFile::read(&path, None).expect("is a contract");
        opening.open(file, &(Arc::new(|_| {}) as Listener)).expect("opens")
    });
    let opened = opened.await.expect("ends");
    assert!(opened.is_sound(), "{:?}", opened.problems);
    match engine.start_goal(&opened, Assurance::SameUser, &listener).await.expect("starts") {
        Started::Running(running) => *running,
        Started::AlreadyMet(_) => panic!("there is work to do"),
    }
}

/// An agent that plays a script.
struct Script {
    script: PathBuf,
    workspace: PathBuf,
}

impl Drivers for Script {
    fn kind(&self) -> String {
        "script".into()
    }

    fn assurance(&self) -> Assurance {
        Assurance::SameUser
    }

    fn open(&self, goal: &Goal) -> Result<Box<dyn Driver>, Failure> {
        let setup = Setup {
            workspace: self.workspace.clone(),
            session: goal.session.clone(),
            asks: false,
            write: goal.terms.write.clone(),
            user: None,
        };
        open(&AgentSpec::Script(self.script.clone()), &setup)
    }
}
