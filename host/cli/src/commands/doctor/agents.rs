//! One section for each agent that has a driver: as the agent itself tells it. No model is asked.

use std::env;

use anyhow::Context;
use evident_engine::agent::doctor::{Finding as Found, Health as How};
use evident_engine::agent::{Setup, claude, codex};
use evident_engine::{Finding, Health};
use tokio::runtime::Runtime;

use super::Section;

/// Looks at every agent, for the folder that this was started in.
pub(super) fn examine() -> anyhow::Result<Vec<Section>> {
    let workspace = env::current_dir().context("failed to find the folder that this was started in")?;
    let setup = Setup { workspace, session: None, asks: true, write: Vec::new(), user: None };
    let (of_codex, of_claude) = (codex::Settings::default(), claude::Settings::new("claude"));
    let runtime = Runtime::new().context("failed to start the runtime")?;
    let (codex, claude) = runtime.block_on(async {
        tokio::join!(
            look("codex", codex::doctor(&of_codex, &setup)),
            look("claude", claude::doctor(&of_claude, &setup)),
        )
    });
    Ok(vec![codex, claude])
}

async fn look(agent: &'static str, looked: impl Future<Output = Vec<Found>>) -> Section {
    if !is_installed(agent) {
        let detail = "not installed: there is no such program in `PATH`".to_owned();
        let hint = Some(format!("only `evident run --agent {agent}` needs it"));
        let finding = Finding { name: "program", health: Health::Note, detail, hint };
        return Section { title: Some(agent), findings: vec![finding] };
    }
    Section { title: Some(agent), findings: looked.await.into_iter().map(of).collect() }
}

/// True if a folder of `PATH` has a file of that name; whether it runs is what is looked at then.
fn is_installed(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

fn of(found: Found) -> Finding {
    let health = match found.health {
        How::Good => Health::Good,
        How::Doubtful => Health::Note,
        How::Bad => Health::Bad,
    };
    Finding { name: found.name, health, detail: found.detail, hint: found.hint.map(str::to_owned) }
}
