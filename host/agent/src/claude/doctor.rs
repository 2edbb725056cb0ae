//! Looks at Claude Code before it is used: is it there, which version, is somebody logged in, does it ask.
//!
//! It asks the program itself, which reads its own settings best; no model is asked.

use std::time::Duration;

use evident_core::agent::{Failure, FailureClass};
use evident_core::text;
use serde::Deserialize;
use tokio::time::timeout;

use super::Settings;
use crate::Setup;
use crate::doctor::{Finding, Health};

/// The version that this driver was tried with.
const TRIED: [u64; 3] = [2, 1, 332];

/// What is said of every other one, as of another codex.
const TRIED_HINT: &str = "this driver was tried with 2.1.332; the interface changes often";

/// How long the program may take to answer a question about itself; it takes half a second.
const ANSWER_MAX: Duration = Duration::from_secs(20);

/// Bytes of its answer that are read.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// Arguments that let it act without asking.
const UNASKED: &[&str] = &[
    "--dangerously-skip-permissions",
    "--allow-dangerously-skip-permissions",
    "--permission-mode",
    "--permission-prompts",
    "--allowedTools",
    "--allowed-tools",
];

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Login {
    logged_in: bool,
    #[serde(default)]
    auth_method: String,
}

/// Looks at the program as it is set up, for a workspace and as a user. Waits some seconds at most.
pub async fn doctor(settings: &Settings, setup: &Setup) -> Vec<Finding> {
    let version = match ask(settings, setup, &["--version"]).await {
        Ok(version) => version,
        Err(failure) => {
            let hint = "install it with `npm install -g @anthropic-ai/claude-code`, or name its path";
            return vec![finding("claude", Health::Bad, &failure.message, Some(hint))];
        }
    };
    let login = ask(settings, setup, &["auth", "status", "--json"]).await;
    vec![told_version(&version), told_login(login.map_err(|failure| failure.message)), asks(settings)]
}

fn told_version(version: &str) -> Finding {
    let word = version.split_whitespace().next().unwrap_or_default();
    let parts: Option<Vec<u64>> = word.split('.').map(|part| part.parse().ok()).collect();
    match parts {
        Some(parts) if parts.as_slice() == TRIED.as_slice() => {
            finding("claude", Health::Good, version.trim(), None)
        }
        _ => finding("claude", Health::Doubtful, version.trim(), Some(TRIED_HINT)),
    }
}

fn told_login(answer: Result<String, String>) -> Finding {
    let login =
        answer.and_then(|answer| serde_json::from_str::<Login>(&answer).map_err(|error| error.to_string()));
    match login {
        Ok(login) if login.logged_in => finding("login", Health::Good, &login.auth_method, None),
        Ok(_) => {
            let hint = "run `claude` and `/login`, or set `ANTHROPIC_API_KEY` for the agent";
            finding("login", Health::Bad, "nobody is logged in, and there is no key", Some(hint))
        }
        Err(why) => {
            let detail = format!("it does not tell whether somebody is logged in: {why}");
            finding("login", Health::Doubtful, &detail, Some("run `claude auth status`"))
        }
    }
}

fn asks(settings: &Settings) -> Finding {
    let unasked = settings.arguments.iter().find(|argument| {
        let argument = argument.to_string_lossy();
        UNASKED.iter().any(|unasked| argument.split('=').next() == Some(unasked))
    });
    match unasked {
        None => finding("questions", Health::Good, "it asks before it acts", None),
        Some(argument) => {
            let detail = format!("`{}` can let it act without asking", argument.to_string_lossy());
            finding(
                "questions",
                Health::Doubtful,
                &detail,
                Some("leave it out where a contract has approvals"),
            )
        }
    }
}

fn finding(name: &'static str, health: Health, detail: &str, hint: Option<&'static str>) -> Finding {
    Finding { name, health, detail: text::name(detail), hint }
}

/// Its answer on standard output, whatever it exits with.
async fn ask(settings: &Settings, setup: &Setup, arguments: &[&str]) -> Result<String, Failure> {
    // The arguments of the settings belong to another command than this one.
    let plain = Settings { arguments: Vec::new(), ..settings.clone() };
    let mut process = plain.program(arguments.iter().map(Into::into)).start(setup)?;
    process.close_input();
    let mut answer = String::new();
    let read = async {
        while let Some(line) = process.next_line().await? {
            if answer.len() + line.len() > ANSWER_BYTES_MAX {
                return Err(Failure::new(FailureClass::Flood, "its answer is too long"));
            }
            answer.push_str(&line);
            answer.push(' ');
        }
        Ok(())
    };
    let silent = || Failure::new(FailureClass::Stalled, format!("no answer for {} s", ANSWER_MAX.as_secs()));
    timeout(ANSWER_MAX, read).await.map_err(|_| silent())??;
    if answer.is_empty() { Err(process.broke_off().await) } else { Ok(answer) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(arguments: &[&str]) -> Settings {
        let arguments = arguments.iter().map(Into::into).collect();
        Settings { arguments, ..Settings::new("/nowhere/claude") }
    }

    #[test]
    fn only_the_version_that_was_tried_is_good() {
        assert_eq!(told_version("2.1.332 (Claude Code)\n").health, Health::Good);
        assert_eq!(told_version("2.2.0 (Claude Code)").health, Health::Doubtful);
        assert_eq!(told_version("2.1.99 (Claude Code)").health, Health::Doubtful);
        assert_eq!(told_version("nightly").health, Health::Doubtful);
        assert!(TRIED_HINT.contains(&TRIED.map(|part| part.to_string()).join(".")));
    }

    #[test]
    fn a_login_is_what_the_program_says() {
        let told = |answer: &str| told_login(Ok(answer.to_owned()));
        let good = told(r#"{"loggedIn":true,"authMethod":"api_key","new":1}"#);
        assert_eq!((good.health, good.detail.as_str()), (Health::Good, "api_key"));
        assert_eq!(told(r#"{"loggedIn":false,"authMethod":"none"}"#).health, Health::Bad);
        assert_eq!(told("error: unknown command").health, Health::Doubtful);
    }

    #[test]
    fn an_argument_that_skips_questions_is_named() {
        assert_eq!(asks(&settings(&["--model", "opus"])).health, Health::Good);
        let doubtful = asks(&settings(&["--permission-mode=acceptEdits"]));
        assert_eq!(doubtful.health, Health::Doubtful);
        assert_eq!(doubtful.detail, "`--permission-mode=acceptEdits` can let it act without asking");
    }

    #[tokio::test]
    async fn a_program_that_is_not_there_is_all_that_is_told() {
        let setup = Setup { workspace: "/".into(), session: None, asks: true, write: Vec::new(), user: None };
        let findings = doctor(&settings(&[]), &setup).await;
        let told: Vec<_> = findings.iter().map(|finding| (finding.name, finding.health)).collect();
        assert_eq!(told, [("claude", Health::Bad)]);
        assert_eq!(findings[0].detail, "`/nowhere/claude` does not exist, seen from `/`");
    }
}
