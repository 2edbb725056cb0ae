//! Which agent a goal is run with.

use std::path::PathBuf;

use clap::Args;
use evident_core::agent::Failure;
use evident_core::goal::Goal;
use evident_engine::agent::{AgentSpec, Driver, Setup, open};
use evident_engine::goals::Drivers;
use evident_engine::{Assurance, Opened};

use crate::exit::UsageError;

/// Names the agent where the command line does not.
const VARIABLE: &str = "EVIDENT_AGENT";

/// Which agent does the work.
#[derive(Debug, Args)]
pub(crate) struct AgentArguments {
    /// The agent: `codex`, `claude`, `command` with its program and arguments behind `--`, or `script:FILE`
    #[arg(long, value_name = "AGENT", env = VARIABLE)]
    agent: Option<String>,
    /// Run the agent as this user, so that it cannot write what the host keeps (level L1); needs root
    #[arg(long, value_name = "NAME")]
    agent_user: Option<String>,
    /// The agent's own program and arguments
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<String>,
}

/// An agent that was chosen.
pub(crate) struct Chosen {
    spec: AgentSpec,
    user: Option<String>,
    workspace: PathBuf,
}

impl AgentArguments {
    /// The agent, and where it works.
    pub(crate) fn drivers(&self, opened: &Opened) -> anyhow::Result<Chosen> {
        let hint = "`--agent codex`, `--agent claude`, `--agent command -- PROGRAM ARGUMENTS` or `--agent script:FILE`";
        let Some(named) = &self.agent else {
            return Err(UsageError::new("no agent is named").hint(hint).into());
        };
        let spec = AgentSpec::parse(named, &self.command);
        let spec = spec.map_err(|failure| UsageError::new(failure.message).hint(hint))?;
        Ok(Chosen { spec, user: self.agent_user.clone(), workspace: opened.file.workspace.clone() })
    }
}

impl Drivers for Chosen {
    fn kind(&self) -> String {
        self.spec.kind().to_owned()
    }

    fn assurance(&self) -> Assurance {
        if self.user.is_some() { Assurance::OtherUser } else { Assurance::SameUser }
    }

    fn open(&self, goal: &Goal) -> Result<Box<dyn Driver>, Failure> {
        let is_same = goal.driver.as_deref() == Some(self.spec.kind());
        let setup = Setup {
            workspace: self.workspace.clone(),
            session: goal.session.clone().filter(|_| is_same),
            asks: !goal.terms.approve.is_empty(),
            write: goal.terms.write.clone(),
            user: self.user.clone(),
        };
        open(&self.spec, &setup)
    }
}
