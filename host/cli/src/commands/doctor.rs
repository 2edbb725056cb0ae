//! `evident doctor`: whether everything that evident needs is there.

mod agents;

use clap::Args;
use evident_engine::store::Sqlite;
use evident_engine::{Engine, Finding, Health};
use serde_json::{Value, json};

use crate::exit::Exit;
use crate::format::{self, GoalFormat, counted};
use crate::ui::{self, style, styled};

/// Version of the JSON form.
const VERSION: u32 = 1;

/// Look at the machine: is everything there that evident needs?
///
/// An agent that cannot work makes no machine unfit: others can.
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// How to show what was found
    #[arg(long, value_enum, default_value_t = GoalFormat::Human)]
    format: GoalFormat,
}

/// What was found about one part.
struct Section {
    /// Absent for the machine itself.
    title: Option<&'static str>,
    findings: Vec<Finding>,
}

pub(crate) fn run(arguments: &Doctor) -> anyhow::Result<Exit> {
    let engine = super::engine()?;
    let mut machine = engine.examine();
    machine.push(store(&engine));
    let is_bad = machine.iter().any(|finding| finding.health == Health::Bad);
    let mut sections = vec![Section { title: None, findings: machine }];
    sections.extend(agents::examine()?);
    ui::result(&match arguments.format {
        GoalFormat::Human => human(&sections),
        GoalFormat::Json => {
            format::pretty(&json!({ "version": VERSION, "fit": !is_bad, "findings": values(&sections) }))
        }
        GoalFormat::Jsonl => values(&sections)
            .into_iter()
            .map(|finding| format::line(&json!({ "version": VERSION, "finding": finding })))
            .collect(),
    })?;
    Ok(if is_bad { Exit::Host } else { Exit::Met })
}

/// The store of goals; its folder is looked at as the state folder.
fn store(engine: &Engine) -> Finding {
    let name = "store";
    match engine.goals() {
        Ok(goals) => {
            let detail = format!("{}, SQLite {}", counted(goals.len() as u64, "goal"), Sqlite::version());
            Finding { name, health: Health::Good, detail, hint: None }
        }
        Err(error) => {
            let detail = format!("{:#}", anyhow::Error::from(error));
            let hint = Some("`evident store verify` says what is damaged".to_owned());
            Finding { name, health: Health::Bad, detail, hint }
        }
    }
}

fn human(sections: &[Section]) -> String {
    let findings = || sections.iter().flat_map(|section| &section.findings);
    let width = findings().map(|finding| finding.name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for section in sections {
        if let Some(title) = section.title {
            text += &format!("{}\n", styled(style::STRONG, title));
        }
        for finding in &section.findings {
            let (style, symbol) = match finding.health {
                Health::Good => (style::PASS, "ok  "),
                Health::Note => (style::INCONCLUSIVE, "note"),
                Health::Bad => (style::FAIL, "bad "),
            };
            let name = format!("{:<width$}", finding.name);
            text += &format!("  {}  {name}  {}\n", styled(style, symbol), finding.detail);
            if let Some(hint) = &finding.hint {
                text += &format!("        {:width$}  {}\n", "", styled(style::FAINT, hint));
            }
        }
    }
    text
}

fn values(sections: &[Section]) -> Vec<Value> {
    let value = |section: &Section, finding: &Finding| {
        let health = match finding.health {
            Health::Good => "good",
            Health::Note => "note",
            Health::Bad => "bad",
        };
        json!({
            "agent": section.title,
            "name": finding.name,
            "health": health,
            "detail": finding.detail,
            "hint": finding.hint,
        })
    };
    let of = |section: &Section| -> Vec<Value> {
        section.findings.iter().map(|finding| value(section, finding)).collect()
    };
    sections.iter().flat_map(of).collect()
}
