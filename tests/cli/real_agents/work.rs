//! What the loop is for: from red to green, not believing, and not overspending.

use serde_json::{Value, json};

use super::stage::{Stage, makes, say, shell, stage, stage_in};
use super::{Agent, with_both};
use crate::examples::copy_of;
use crate::followed::follow;
use crate::workspace::Workspace;

with_both! {
    red_goes_green_in_three_turns
    who_claims_too_early_is_told_the_test_that_fails
    the_budget_of_tokens_ends_in_a_wrap_up
}

/// The example as the README shows it, with cargo and with a real agent.
fn red_goes_green_in_three_turns(agent: Agent) {
    let notes = |request: &str, tried: &str| json!({ "request": request, "tried": [tried] });
    let script = json!([
        shell("sed -i 's/PER_MILLE + 500/PER_MILLE + 999/' src/lib.rs"),
        say("Tax was rounded the wrong way. Everything should pass now.", &notes("complete", "round tax up")),
        shell(
            "sed -i -e 's/PER_MILLE + 999/PER_MILLE + 500/' \
             -e 's/tax: tax(net) }/tax: tax(net) * (100 - DISCOUNT_PERCENT) \\/ 100 }/' src/lib.rs"
        ),
        say("Tax is lower now.", &notes("none", "lower the tax")),
        shell("sed -i -e '/The bug/d' -e 's/tax: tax(net) .*}/tax: tax(net - discount) }/' src/lib.rs"),
        say("Tax is taken after the discount.", &notes("complete", "tax after the discount")),
    ]);
    let Some(stage) = stage_in(agent, || example("checkout-broken"), &script) else { return };
    let over = follow(&mut stage.run(&[])).over();
    assert_eq!(over.end(), (Some(0), "\"complete\"".into()), "{over:#?}");
    assert_eq!(over.turns(), ["first", "continuation", "continuation"]);
    assert_eq!(over.endings(), ["completed"; 3]);
    // Six answers of the model, each 100 tokens in and 10 out.
    assert_eq!(
        (over.used("tokens"), over.used("tool calls"), over.used("turns")),
        (Some(660), Some(3), Some(3))
    );
    match agent {
        Agent::Codex => assert_eq!(over.used("cost"), None),
        Agent::Claude => {
            assert!(over.used("cost").is_some_and(|cost| cost > 0), "{:#}", over.report["budget"]);
        }
    }
    let proven = over.report["proven"].as_array().expect("is a list").iter();
    assert_eq!(proven.map(|clause| &clause["name"]).collect::<Vec<_>>(), ["correct", "fast", "boundary"]);
    assert_eq!(stage.left_behind(), Vec::<String>::new());
}

/// A copy of an example.
fn example(name: &str) -> Workspace {
    copy_of(name, Workspace::empty_below("/var/tmp"))
}

/// Catches an agent that is believed.
fn who_claims_too_early_is_told_the_test_that_fails(agent: Agent) {
    let done = say("All done.", &json!({ "request": "complete", "tried": ["two steps"] }));
    let [more, last] = makes("three");
    let script = json!([shell("printf 'one\\ntwo\\n' >> src/steps"), done, more, last]);
    let Some(stage) = stage(agent, "", &script) else { return };
    let over = follow(&mut stage.run(&[])).over();
    assert_eq!(over.end(), (Some(0), "\"complete\"".into()), "{over:#?}");
    assert_eq!(over.of("claimed")[0]["claim"]["request"], "complete");
    assert_eq!(over.of("assessed")[0]["why"], "request");
    let prompts = stage.prompts();
    let told: Vec<_> = prompts.iter().filter(|prompt| prompt.contains("steps::three")).collect();
    assert_eq!(told.len(), 2, "the first prompt and the second name it: {prompts:#?}");
    assert!(!told[1].contains("steps::two"), "{}", told[1]);
}

/// What arrives at once is the most by which a budget is exceeded.
fn the_budget_of_tokens_ends_in_a_wrap_up(agent: Agent) {
    let mut story: Vec<Value> = ["one", "no", "never"].iter().flat_map(|step| makes(step)).collect();
    story.truncate(3);
    story.push(say("I stop here: two and three are missing.", &json!({ "request": "none" })));
    let budget = "[budget]\ntokens = 300\n";
    let Some(stage) = stage(agent, budget, &json!(story)) else { return };
    let over = follow(&mut stage.run(&[])).over();
    assert_eq!(over.end(), (Some(4), "\"budget-limited\"".into()), "{over:#?}");
    assert_eq!(over.turns(), ["first", "continuation", "wrap-up"]);
    let used = over.used("tokens").expect("it tells them");
    // Three answers use the budget up, one more may be on its way when the turn is cut off, and the wrap-up is one.
    assert!((330..=550).contains(&used), "{used}");
    assert_eq!(stage.left_behind(), Vec::<String>::new());
    is_last_prompt_a_wrap_up(&stage);
}

fn is_last_prompt_a_wrap_up(stage: &Stage) {
    let prompts = stage.prompts();
    assert!(prompts.last().is_some_and(|prompt| prompt.contains("budget")), "{prompts:#?}");
}
