//! `evident approve`: allow what the agent asks for, this once.

use clap::Args;
use evident_core::goal::step::Command;
use evident_core::text;
use evident_engine::Engine;
use evident_engine::goals::Listed;
use evident_engine::store::GoalId;

use super::tell::{ToldArguments, tell};
use crate::exit::{Exit, UsageError};

/// Allow what the agent asks for, this once
#[derive(Debug, Args)]
pub(crate) struct Approve {
    #[command(flatten)]
    question: Question,
    #[command(flatten)]
    told: ToldArguments,
}

/// Which question is answered.
#[derive(Debug, Args)]
pub(crate) struct Question {
    /// Id of a goal, the beginning of it, or its name [default: the only one that asks]
    #[arg(value_name = "GOAL")]
    goal: Option<String>,
    /// The question; the only one that waits needs no name
    #[arg(value_name = "ASK")]
    pub(super) ask: Option<String>,
}

pub(crate) fn run(arguments: &Approve) -> anyhow::Result<Exit> {
    let engine = super::engine()?;
    let id = arguments.question.find(&engine)?;
    let done = format!("allowed{}", arguments.question.act(&engine, id)?);
    let command = Command::Approve { ask: arguments.question.ask.clone() };
    tell(&engine, id, command, &done, &arguments.told)
}

impl Question {
    /// The goal that asks: the one that is named, else the only one.
    pub(super) fn find(&self, engine: &Engine) -> anyhow::Result<GoalId> {
        if let Some(name) = &self.goal {
            return Ok(engine.find_goal(name)?);
        }
        let goals = engine.goals()?;
        let asking: Vec<&Listed> = goals.iter().filter(|goal| goal.approvals > 0).collect();
        match asking.as_slice() {
            [only] => Ok(engine.find_goal(&only.id)?),
            [] => Err(UsageError::new("no question waits for a person")
                .hint("`evident goal list` shows the goals")
                .into()),
            several => {
                let names =
                    several.iter().map(|goal| format!("{} ({})", &goal.id[..8], text::line(&goal.name)));
                let names = names.collect::<Vec<_>>().join(", ");
                Err(UsageError::new("several goals wait for a person")
                    .hint(format!("name one: {names}"))
                    .into())
            }
        }
    }

    /// What the agent wants to do, behind a colon; nothing where it cannot be told which question is meant.
    pub(super) fn act(&self, engine: &Engine, id: GoalId) -> anyhow::Result<String> {
        let goal = engine.goal(id)?;
        let asked = match &self.ask {
            Some(ask) => goal.approvals.iter().find(|approval| approval.ask.id == *ask),
            None => goal.approvals.first().filter(|_| goal.approvals.len() == 1),
        };
        let act = asked.map(|approval| format!(": {}", text::line(&approval.ask.act.to_string())));
        Ok(act.unwrap_or_default())
    }
}
