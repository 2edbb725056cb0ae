//! What stands between this host and a turn of codex: the program, its version, its interface, login, hooks
//! and sandbox, looked at without a word to a model.
//!
//! It mends nothing and shows nothing.

use std::time::Duration;

use evident_core::agent::{Failure, FailureClass};
use evident_core::evidence::Exit;
use evident_core::text;
use serde_json::{Value, json};

use super::launch::Settings;
use super::protocol::string;
use super::server::{Server, Unanswered};
use crate::Setup;
use crate::doctor::{Finding, Health};

/// The version that this driver was tried with.
const TRIED: &str = "0.171.0";

/// Time for each run of the program: none of them talks to a model.
const RUN_MAX: Duration = Duration::from_secs(20);

/// Looks at the codex that these settings start, for that workspace and user. What cannot be looked at
/// because of something before it is left out.
pub async fn doctor(settings: &Settings, setup: &Setup) -> Vec<Finding> {
    let mut findings = vec![version(settings.run(setup, &["--version"], RUN_MAX).await)];
    if findings[0].health == Health::Bad {
        return findings;
    }
    match Server::start(settings, setup).await {
        Err(failure) => findings.push(no_server(&failure)),
        Ok(mut server) => {
            findings.push(good("interface", "the app-server answers"));
            findings.push(login(server.ask("account/read", &json!({})).await));
            findings.push(hooks(server.ask("hooks/list", &json!({ "cwds": [setup.workspace] })).await));
            server.close().await;
        }
    }
    findings.push(sandbox(settings.run(setup, &["sandbox", "--", "true"], RUN_MAX).await));
    findings
}

/// How a run of the program ended, and what it wrote.
type Ran = Result<(Option<Exit>, String), Failure>;

/// True if it ended well.
fn went_well(exit: Option<Exit>) -> bool {
    exit == Some(Exit::Code(0))
}

/// How it ended and what it said.
fn shown(exit: Option<Exit>, told: &str) -> String {
    let how = exit.map_or_else(|| "no exit that the system tells".to_string(), |exit| exit.to_string());
    format!("{how}: {}", told.trim())
}

fn good(name: &'static str, detail: impl AsRef<str>) -> Finding {
    Finding { name, health: Health::Good, detail: text::line(detail.as_ref()), hint: None }
}

fn other(name: &'static str, health: Health, detail: impl AsRef<str>, hint: &'static str) -> Finding {
    Finding { name, health, detail: text::line(detail.as_ref()), hint: Some(hint) }
}

fn version(ran: Ran) -> Finding {
    const INSTALL: &str = "install it with `npm install -g @openai/codex`, or name its path";
    match ran {
        Err(failure) if failure.class == FailureClass::Missing => {
            other("program", Health::Bad, failure.message, INSTALL)
        }
        Err(failure) => other("program", Health::Bad, failure.message, "run `codex --version` and see"),
        Ok((exit, told)) if !went_well(exit) => {
            other("program", Health::Bad, shown(exit, &told), "run `codex --version` and see")
        }
        Ok((_, told)) => version_of(told.trim()),
    }
}

fn version_of(told: &str) -> Finding {
    let number = told.strip_prefix("codex-cli ").unwrap_or(told);
    if number == TRIED {
        return good("program", told);
    }
    other(
        "program",
        Health::Doubtful,
        told,
        "this driver was tried with 0.171.0; the interface changes often",
    )
}

fn no_server(failure: &Failure) -> Finding {
    const HINT: &str =
        "without it `codex exec` is used: approvals cannot be enforced, interrupts kill the agent";
    other("interface", Health::Doubtful, &failure.message, HINT)
}

fn login(answer: Result<Value, Unanswered>) -> Finding {
    const HINT: &str = "run `codex login`";
    match answer {
        Err(unanswered) => other("login", Health::Doubtful, told(unanswered), HINT),
        Ok(account) => match string(&account, "/account/type") {
            Some(kind) => good("login", format!("logged in by {kind}")),
            None if account["requiresOpenaiAuth"] == Value::Bool(false) => {
                good("login", "the model provider of the config needs no login with OpenAI")
            }
            None => other("login", Health::Bad, "nobody is logged in", HINT),
        },
    }
}

/// Hooks that are not trusted are skipped without a word.
fn hooks(answer: Result<Value, Unanswered>) -> Finding {
    const HINT: &str = "codex skips these without a word: review them with `/hooks` in codex, or remove them";
    let answer = match answer {
        Err(unanswered) => return other("hooks", Health::Doubtful, told(unanswered), HINT),
        Ok(answer) => answer,
    };
    let folders = answer.get("data").and_then(Value::as_array).into_iter().flatten();
    let hooks: Vec<&Value> = folders.filter_map(|folder| folder.get("hooks")?.as_array()).flatten().collect();
    let idle = hooks
        .iter()
        .filter(|hook| matches!(string(hook, "/trustStatus"), Some("untrusted" | "modified")))
        .count();
    match (hooks.len(), idle) {
        (0, _) => good("hooks", "none"),
        (all, 0) => good("hooks", format!("{all}, all of them trusted")),
        (all, idle) => other("hooks", Health::Doubtful, format!("{idle} of {all} are not trusted"), HINT),
    }
}

fn sandbox(ran: Ran) -> Finding {
    const HINT: &str = "without its sandbox every command fails, unless it is asked for and allowed: see codex's \
                        page on sandbox prerequisites, and keep CODEX_HOME out of the folder for temporary files";
    match ran {
        Ok((exit, _)) if went_well(exit) => good("sandbox", "commands run in it"),
        Ok((exit, told)) => other("sandbox", Health::Bad, shown(exit, &told), HINT),
        Err(failure) => other("sandbox", Health::Bad, failure.message, HINT),
    }
}

fn told(unanswered: Unanswered) -> String {
    match unanswered {
        Unanswered::Refused(reason) => reason,
        Unanswered::Failed(failure) => failure.message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_version_that_was_tried_is_good() {
        assert_eq!(version_of("codex-cli 0.171.0"), good("program", "codex-cli 0.171.0"));
        assert_eq!(version_of("codex-cli 0.170.1").health, Health::Doubtful);
    }

    #[test]
    fn a_login_is_missed_only_where_one_is_needed() {
        let health = |account: Value| login(Ok(account)).health;
        assert_eq!(health(json!({"account": null, "requiresOpenaiAuth": true})), Health::Bad);
        assert_eq!(health(json!({"account": null, "requiresOpenaiAuth": false})), Health::Good);
        assert_eq!(health(json!({"account": {"type": "chatgpt"}, "requiresOpenaiAuth": true})), Health::Good);
        assert_eq!(login(Err(Unanswered::Refused("no".into()))).health, Health::Doubtful);
    }

    #[test]
    fn hooks_that_are_skipped_are_told() {
        let listed = |statuses: &[&str]| {
            let hooks: Vec<Value> = statuses.iter().map(|status| json!({"trustStatus": status})).collect();
            let finding = hooks_of(json!({"data": [{"cwd": "/w", "hooks": hooks}]}));
            (finding.health, finding.detail)
        };
        let hooks_good = |detail: &str| (Health::Good, detail.to_string());
        assert_eq!(listed(&[]), hooks_good("none"));
        assert_eq!(listed(&["trusted", "managed"]), hooks_good("2, all of them trusted"));
        assert_eq!(
            listed(&["trusted", "modified", "untrusted"]),
            (Health::Doubtful, "2 of 3 are not trusted".into())
        );
    }

    fn hooks_of(answer: Value) -> Finding {
        hooks(Ok(answer))
    }
}
