//! A provider that refuses, breaks off or is away: what is told of it, and for how long it is borne.

use std::time::Duration;

use serde_json::{Value, json};

use super::stage::{makes, shell, stage};
use super::{Agent, with_both};
use crate::followed::{Over, follow};

/// From the time of a turn to the end of the host: the clock of a turn is looked at every few seconds, and an
/// agent has five to end.
const BOUND: Duration = Duration::from_secs(45);

with_both! {
    one_refusal_is_borne
    a_provider_that_refuses_for_ever_blocks
    a_quota_that_is_used_up_stops
    a_stream_that_is_cut_is_borne
    a_model_that_goes_away_is_bounded_by_the_time_of_a_turn
}

fn all_steps() -> Vec<Value> {
    ["one", "two", "three"].iter().flat_map(|step| makes(step)).collect()
}

fn refusal(times: u32, status: u16, message: &str) -> Value {
    let error = json!({ "type": "error", "error": { "type": "rate_limit_error", "message": message } });
    json!({ "status": status, "times": times, "body": error })
}

fn one_refusal_is_borne(agent: Agent) {
    let mut script = all_steps();
    script.insert(2, refusal(1, 429, "slow down"));
    let Some(stage) = stage(agent, "", &json!(script)) else { return };
    let over = follow(&mut stage.run(&[])).over();
    assert_eq!(over.end(), (Some(0), "\"complete\"".into()), "{over:#?}");
    // Codex ends a turn that is refused without a time to wait, and the loop tries again; Claude tries again
    // by itself.
    let expected: &[&str] = match agent {
        Agent::Codex => &["completed", "rate-limited", "completed", "completed"],
        Agent::Claude => &["completed"; 3],
    };
    assert_eq!(over.endings(), expected);
}

fn a_provider_that_refuses_for_ever_blocks(agent: Agent) {
    let script = json!([refusal(1000, 429, "slow down")]);
    let Some(stage) = stage(agent, "", &script) else { return };
    let over = follow(&mut stage.run(&["--no-wait"])).over();
    assert_eq!(over.end(), (Some(4), "{\"blocked\":\"driver\"}".into()), "{over:#?}");
    assert_eq!(over.endings(), ["rate-limited"; 3]);
    is_explained(&over, &["3 times in a row", "429"]);
    assert_eq!(stage.left_behind(), Vec::<String>::new());
}

fn a_quota_that_is_used_up_stops(agent: Agent) {
    let script = match agent {
        Agent::Codex => {
            let error = json!({ "error": { "type": "usage_limit_reached", "message": "limit", "plan_type": "plus" } });
            json!([{ "status": 429, "times": 1000, "body": error }])
        }
        Agent::Claude => json!([refusal(1000, 400, "Your credit balance is too low to access the API.")]),
    };
    let Some(stage) = stage(agent, "", &script) else { return };
    let over = follow(&mut stage.run(&["--no-wait"])).over();
    assert_eq!(over.end(), (Some(4), "\"usage-limited\"".into()), "{over:#?}");
    assert_eq!(over.endings(), ["quota"]);
    is_explained(&over, &["refused for quota"]);
}

fn a_stream_that_is_cut_is_borne(agent: Agent) {
    let mut script = all_steps();
    script.insert(2, json!({ "cut": true, "say": "I was about to" }));
    let Some(stage) = stage(agent, "", &json!(script)) else { return };
    let over = follow(&mut stage.run(&[])).over();
    assert_eq!(over.end(), (Some(0), "\"complete\"".into()), "{over:#?}");
    assert_eq!(over.endings(), ["completed"; 3]);
}

/// The agents try to reach it for minutes, or for ever: nobody waits for that.
fn a_model_that_goes_away_is_bounded_by_the_time_of_a_turn(agent: Agent) {
    let more = "[budget]\nturn_wall = \"5s\"\n";
    let Some(mut stage) = stage(agent, more, &json!([shell("true")])) else { return };
    stage.end_model();
    let over = follow(stage.run(&["--no-wait"]).env("CLAUDE_CODE_MAX_RETRIES", "10")).over();
    assert_eq!(over.end(), (Some(4), "{\"blocked\":\"driver\"}".into()), "{over:#?}");
    assert!(over.took < BOUND, "{:?}", over.took);
    assert_eq!(over.endings(), ["unavailable"; 3]);
    is_explained(
        &over,
        match agent {
            Agent::Codex => &["unavailable", "waiting for network"],
            Agent::Claude => &["unavailable", "the model could not be asked"],
        },
    );
    assert_eq!(stage.left_behind(), Vec::<String>::new());
}

/// The reason stands in the report.
fn is_explained(over: &Over, parts: &[&str]) {
    let detail = over.report["detail"].as_str().expect("is text");
    for part in parts {
        assert!(detail.contains(part), "`{part}` is not in `{detail}`");
    }
}
