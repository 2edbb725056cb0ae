//! The loop with any command as its agent: a story that ends well, and every way in which an agent is no help.
//! All of it is classified, bounded in time, and told with exit code 4.

use std::time::Duration;

use crate::followed::{Over, follow, left_behind};
use crate::steps::{CONTRACT, steps_in};
use crate::workspace::Workspace;

/// For a run with an agent that is no help: three tries with their pauses, on a busy machine.
const BOUND: Duration = Duration::from_secs(60);

fn workspace(agent: &str, more: &str) -> Workspace {
    let workspace = steps_in(Workspace::new(&format!("{CONTRACT}{more}")));
    workspace.write("agent.sh", agent);
    workspace
}

/// Runs `sh agent.sh` as the agent, to the end.
fn goes(agent: &str, more: &str) -> Over {
    runs(&workspace(agent, more), &["sh", "agent.sh"])
}

fn runs(workspace: &Workspace, agent: &[&str]) -> Over {
    let arguments = ["run", "--format", "jsonl", "--no-wait", "--agent", "command", "--"];
    let over = follow(&mut workspace.command([&arguments, agent].concat())).over();
    assert!(over.took < BOUND, "{:?}", over.took);
    assert_eq!(left_behind(&workspace.outside("home")), Vec::<String>::new());
    over
}

/// The goal ended like this, and the reason stands in the report.
fn ends(over: &Over, state: &str, endings: &[&str], reason: &str) {
    assert_eq!(over.end(), (Some(4), state.into()), "{over:#?}");
    assert_eq!(over.endings(), endings);
    let detail = over.report["detail"].as_str().expect("is text");
    assert!(detail.contains(reason), "`{reason}` is not in `{detail}`");
}

const BLOCKED: &str = "{\"blocked\":\"driver\"}";

/// It gets each prompt on standard input, and makes the first step of which the prompt says that it fails.
#[test]
fn red_goes_green_in_three_turns() {
    let agent = r#"prompt=$(cat)
for step in one two three; do
    if echo "$prompt" | grep -q "steps::$step"; then
        echo $step >> src/steps
        printf 'Done.\n```evident\n{"request": "complete", "tried": ["%s"]}\n```\n' $step
        exit 0
    fi
done
"#;
    let over = goes(agent, "");
    assert_eq!(over.end(), (Some(0), "\"complete\"".into()), "{over:#?}");
    assert_eq!(over.turns(), ["first", "continuation", "continuation"]);
    assert_eq!((over.used("turns"), over.used("tokens")), (Some(3), None));
    let tried = over.report["tried"].as_array().expect("is a list").iter();
    assert_eq!(tried.map(|note| &note["text"]).collect::<Vec<_>>(), ["one", "two", "three"]);
}

#[test]
fn one_that_is_not_there_blocks_at_once() {
    let over = runs(&workspace("", ""), &["no-such-agent"]);
    ends(&over, BLOCKED, &["missing"], "`no-such-agent` was not found on PATH");
}

#[test]
fn one_that_ends_at_once_is_tried_three_times() {
    let over = goes("echo 'no licence' >&2; exit 7", "");
    ends(&over, BLOCKED, &["exited"; 3], "`sh` ended with exit code 7: no licence");
}

/// Plain text without a claim is not a protocol that could be broken: nothing comes of it, and that ends it.
#[test]
fn one_that_prints_garbage_gets_nowhere() {
    let over = goes("head -c 3000 /dev/urandom", "");
    ends(&over, "{\"blocked\":\"idle\"}", &["completed"], "the agent did nothing");
}

#[test]
fn one_that_floods_is_ended() {
    let over = goes("while :; do printf '%01000d' 1; done", "");
    ends(&over, BLOCKED, &["flood"], "a line of more than 8388608 bytes");
}

#[test]
fn one_that_never_ends_is_bounded_by_the_time_of_a_turn() {
    let over = goes("sleep 600", "[budget]\nturn_wall = \"500ms\"\nturns = 1\n");
    ends(&over, "\"budget-limited\"", &["interrupted", "interrupted"], "the budget of turns is used up");
}

/// It cannot ask before it acts: a contract that wants that is not run with it.
#[test]
fn one_that_cannot_ask_is_refused_where_the_contract_wants_it() {
    let more = "\n[[approve]]\nwhen = { command = \"git push **\" }\nwhy  = \"others see it\"\n";
    let over = goes("exit 0", more);
    assert_eq!(over.exit, Some(2), "{over:#?}");
    assert!(over.events.is_empty() && over.stderr.contains("approve"), "{}", over.stderr);
}
