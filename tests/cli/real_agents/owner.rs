//! What an owner does to an agent that works: allow, refuse, say, stop, and pull the plug.

use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::{Value, json};

use super::stage::{Stage, makes, say, shell, stage};
use super::{Agent, with_both};
use crate::followed::{Followed, follow, follow_typed};
use crate::workspace::run;

/// From the second Ctrl-C to the end of the host: an agent has five seconds, then it is killed.
const ENDS: Duration = Duration::from_secs(8);

/// Stands in front of the first answer and is heard by nobody who was interrupted.
fn stalled() -> Value {
    json!({ "status": 500, "stall": 60, "times": 1 })
}

with_both! {
    what_needs_a_person_waits_for_approve
    what_a_person_refuses_is_not_done
    headless_what_needs_a_person_stops_or_is_refused
    a_host_that_is_killed_goes_on_with_the_same_conversation
    the_first_interrupt_lets_the_turn_end_and_the_second_ends_it
    what_the_owner_says_goes_first
}

/// A push that does nothing but leave a trace.
const PUSH: &str = "git push 2>/dev/null || echo two >> src/steps";

fn approvals(headless: &str) -> String {
    format!(
        "\n[[approve]]\nwhen     = {{ command = \"git push **\" }}\nwhy      = \"others see it\"\nheadless = \"{headless}\"\n"
    )
}

/// One turn that pushes and then makes the other two steps.
fn pushes() -> Value {
    let done = say("Pushed.", &json!({ "request": "complete" }));
    json!([shell("echo one >> src/steps"), shell(PUSH), shell("echo three >> src/steps"), done])
}

fn asked(stage: &Stage) -> (Followed, String) {
    let mut followed = follow_typed(&mut stage.run(&[]));
    let asked = followed.until("asked");
    let command = asked["ask"]["act"]["command"].as_str().expect("is a command");
    assert!(command.contains("git push"), "{command}");
    assert_eq!(asked["why"], "others see it");
    (followed, asked["ask"]["id"].as_str().expect("has a name").to_owned())
}

fn what_needs_a_person_waits_for_approve(agent: Agent) {
    let Some(stage) = stage(agent, &approvals("deny"), &pushes()) else { return };
    let (followed, _) = asked(&stage);
    assert_eq!(std::fs::read_to_string(stage.workspace.path("src/steps")).expect("is there"), "one\n");
    let told = run(&mut stage.command(&["approve"]));
    assert_eq!(told.exit, 0, "{told:#?}");
    let over = followed.over();
    assert_eq!(over.end(), (Some(0), "\"complete\"".into()), "{over:#?}");
    assert_eq!((over.of("asked").len(), over.turns().len()), (1, 1), "only the push was asked for");
    assert_eq!(over.of("answered")[0]["answer"], "allow");
}

fn what_a_person_refuses_is_not_done(agent: Agent) {
    let Some(stage) = stage(agent, &approvals("deny"), &pushes()) else { return };
    let (mut followed, _) = asked(&stage);
    followed.types("/deny");
    followed.until("turn-ended");
    followed.types("/pause now");
    let over = followed.over();
    assert_eq!(over.end(), (Some(4), "\"paused\"".into()), "{over:#?}");
    assert_eq!(over.of("answered")[0]["answer"]["deny"], "the owner refused");
    assert_eq!(std::fs::read_to_string(stage.workspace.path("src/steps")).expect("is there"), "one\nthree\n");
    let sent =
        stage.requests().iter().any(|request| request["body"].to_string().contains("the owner refused"));
    assert!(sent, "the agent is told why");
}

fn headless_what_needs_a_person_stops_or_is_refused(agent: Agent) {
    let more = format!("{}\n[budget]\nturns = 1\n", approvals("deny"));
    let Some(refused) = stage(agent, &more, &pushes()) else { return };
    let over = follow(&mut refused.run(&["--headless"])).over();
    assert_eq!(over.end(), (Some(4), "\"budget-limited\"".into()), "{over:#?}");
    assert_eq!(
        std::fs::read_to_string(refused.workspace.path("src/steps")).expect("is there"),
        "one\nthree\n"
    );

    let stopped = stage(agent, &approvals("stop"), &pushes()).expect("the agent is there");
    let over = follow(&mut stopped.run(&["--headless", "--no-wait"])).over();
    assert_eq!(over.end(), (Some(4), "{\"blocked\":\"blocker\"}".into()), "{over:#?}");
    let detail = over.report["detail"].as_str().expect("is text");
    assert!(detail.contains("a person has to decide") && detail.contains("git push"), "{detail}");
    assert_eq!(std::fs::read_to_string(stopped.workspace.path("src/steps")).expect("is there"), "one\n");
    assert_eq!(stopped.left_behind(), Vec::<String>::new());
}

fn a_host_that_is_killed_goes_on_with_the_same_conversation(agent: Agent) {
    let mut script: Vec<Value> = ["one", "two", "three"].iter().flat_map(|step| makes(step)).collect();
    script.insert(2, stalled());
    if agent == Agent::Claude {
        // It notes an empty answer for the turn that was killed, and the model counts answers.
        script.insert(3, say("Nobody hears this.", &json!({})));
    }
    let Some(stage) = stage(agent, "", &json!(script)) else { return };
    let mut followed = follow(&mut stage.run(&[]));
    let session = followed.until("turn-taken")["session"].clone();
    stage.wait_for_requests(3);
    followed.signal(Signal::KILL);
    let killed = followed.over();
    assert_eq!((killed.exit, killed.endings()), (None, vec!["completed".to_owned()]), "{killed:#?}");

    let over = follow(&mut stage.run(&[])).over();
    assert_eq!(over.end(), (Some(0), "\"complete\"".into()), "{over:#?}");
    let taken = over.of("turn-taken");
    assert!(taken.iter().all(|event| event["session"] == session), "{session} {taken:#?}");
    let started = over.of("turn-started");
    let repeated: Vec<_> = started.iter().filter(|event| event["repeated"] == true).collect();
    // Codex can tell what became of the turn, so that nothing is sent twice; Claude cannot, and it is marked.
    let expected: (&str, usize) = match agent {
        Agent::Codex => ("interrupted", 0),
        Agent::Claude => ("lost", 1),
    };
    assert_eq!((over.endings()[0].as_str(), repeated.len()), expected, "{started:#?}");
    assert_eq!(stage.left_behind(), Vec::<String>::new());
}

fn the_first_interrupt_lets_the_turn_end_and_the_second_ends_it(agent: Agent) {
    let [first, second] = makes("one");
    let mut slow = first.clone();
    slow["stall"] = json!(2);
    let Some(patient) = stage(agent, "", &json!([slow, second])) else { return };
    let followed = follow(&mut patient.run(&[]));
    patient.wait_for_requests(1);
    followed.signal(Signal::INT);
    let over = followed.over();
    assert_eq!(over.end(), (Some(4), "\"paused\"".into()), "{over:#?}");
    assert_eq!((over.endings(), over.turns().len()), (vec!["completed".to_owned()], 1));
    assert_eq!(std::fs::read_to_string(patient.workspace.path("src/steps")).expect("is there"), "one\n");
    assert_eq!(patient.left_behind(), Vec::<String>::new());

    // A command that runs when the second comes goes too.
    let script = json!([shell("echo begun > src/begun; sleep 50"), second]);
    let hasty = stage(agent, "", &script).expect("the agent is there");
    let mut followed = follow(&mut hasty.run(&[]));
    hasty.wait_for_file("src/begun");
    followed.signal(Signal::INT);
    followed.until("state-changed");
    followed.signal(Signal::INT);
    let asked = Instant::now();
    let over = followed.over();
    assert!(asked.elapsed() < ENDS, "{:?}", asked.elapsed());
    assert_eq!(over.end(), (Some(4), "\"paused\"".into()), "{over:#?}");
    assert_eq!(over.endings(), ["interrupted"]);
    assert_eq!(hasty.left_behind(), Vec::<String>::new());
}

fn what_the_owner_says_goes_first(agent: Agent) {
    let mut script: Vec<Value> = ["one", "two", "three"].iter().flat_map(|step| makes(step)).collect();
    script[0]["stall"] = json!(2);
    let Some(stage) = stage(agent, "", &json!(script)) else { return };
    let mut followed = follow_typed(&mut stage.run(&[]));
    stage.wait_for_requests(1);
    followed.types("Please write neat steps.");
    followed.until("said");
    let over = followed.over();
    assert_eq!(over.end(), (Some(0), "\"complete\"".into()), "{over:#?}");
    assert_eq!(over.turns(), ["first", "message", "continuation"]);
    let prompts = stage.prompts();
    let at = |text: &str| prompts.iter().position(|prompt| prompt.contains(text)).expect("was sent");
    assert!(at("Please write neat steps.") > at("Make the three steps."), "{prompts:#?}");
    let said = prompts.iter().filter(|prompt| prompt.contains("Please write neat steps."));
    assert_eq!(said.count(), 1, "{prompts:#?}");
}
