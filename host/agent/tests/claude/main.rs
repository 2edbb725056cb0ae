//! The driver of Claude Code against the real program and a scripted model on loopback.
//!
//! Run where `EVIDENT_AGENTS` names a folder that holds `node_modules/.bin/claude`; skipped elsewhere. How the
//! driver bears an agent that misbehaves is tried with a stand-in, in every run.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests, which clippy.toml does not know")]

mod scene;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use evident_agent::claude::{Claude, Settings, doctor};
use evident_agent::doctor::Health;
use evident_agent::{Control, Driver, INTERRUPT_GRACE, Prompt, Setup, Signal};
use evident_core::agent::{Act, Answer, Ending, Failure, FailureClass, Item, ItemKind, ItemProgress, Usage};
use scene::{Scene, Told, skipped};
use serde_json::json;

#[tokio::test]
async fn a_turn_edits_a_file_and_ends_with_a_message() {
    let Some(scene) = Scene::new(&json!([{ "shell": "echo hi > f.txt" }, { "say": "done" }])) else {
        return skipped();
    };
    let mut driver = scene.driver();
    let told = scene.turn(&mut driver, "go").await;
    assert_eq!(told.ending(), &Ending::Completed);
    assert_eq!(told.message(), "done");
    assert_eq!(told.asked(), [Act::Command("echo hi > f.txt".into())]);
    assert_eq!(scene.file("f.txt"), "hi\n");
    assert_eq!(told.usage(), usage(1, 200, 20, 1200));
    let items: Vec<_> = told.items(ItemKind::ToolCall).collect();
    let call = |progress| Item { kind: ItemKind::ToolCall, title: "Bash: echo hi > f.txt".into(), progress };
    assert_eq!(items, [&call(ItemProgress::Begun), &call(ItemProgress::Done)]);
    assert!(told.session().is_some() && told.prompt().is_some() && told.process().is_some(), "{told:?}");
    driver.close().await;
    assert!(!scene::lives(told.process().unwrap()), "its group is gone");
}

#[tokio::test]
async fn two_turns_in_one_process_are_told_apart() {
    let script = json!([{ "say": "one" }, { "shell": "touch a" }, { "say": "two", "usage": [300, 30] }]);
    let Some(scene) = Scene::new(&script) else { return skipped() };
    let mut driver = scene.driver();
    let first = scene.turn(&mut driver, "go").await;
    let second = scene.turn(&mut driver, "go on").await;
    assert_eq!((first.message(), second.message()), ("one", "two"));
    assert_eq!(first.usage(), usage(0, 100, 10, 600));
    assert_eq!(second.usage().tool_calls, 1);
    assert_eq!((second.usage().input_tokens, second.usage().output_tokens), (400, 40));
    assert_eq!((first.session(), first.process()), (second.session(), second.process()));
    assert_ne!(first.prompt(), second.prompt());
    driver.close().await;
}

#[tokio::test]
async fn another_process_goes_on_with_the_conversation() {
    let script = json!([{ "say": "one" }, { "say": "two" }, { "say": "three" }]);
    let Some(scene) = Scene::new(&script) else { return skipped() };
    let mut driver = scene.driver();
    let first = scene.turn(&mut driver, "go").await;
    driver.close().await;
    let second = scene.turn(&mut driver, "go on").await;
    driver.close().await;
    let mut other = scene.driver_of(Setup { session: first.session(), ..scene.setup() }, scene.settings());
    let third = scene.turn(&mut other, "and on").await;
    other.close().await;
    // The model answers by what it was sent: it saw the whole conversation.
    assert_eq!([first.message(), second.message(), third.message()], ["one", "two", "three"]);
    assert_eq!((first.session(), first.session()), (second.session(), third.session()));
    assert_ne!(first.process(), second.process());
    assert_eq!(third.usage(), usage(0, 100, 10, 600), "nothing of the earlier turns");
}

#[tokio::test]
async fn an_agent_that_died_between_turns_is_started_again() {
    let Some(scene) = Scene::new(&json!([{ "say": "one" }, { "say": "two" }])) else { return skipped() };
    let mut driver = scene.driver();
    let first = scene.turn(&mut driver, "go").await;
    scene::kill(first.process().unwrap()).await;
    let second = scene.turn(&mut driver, "go on").await;
    driver.close().await;
    assert_eq!((second.message(), second.session()), ("two", first.session()));
    assert_ne!(first.process(), second.process());
}

#[tokio::test]
async fn a_conversation_that_is_gone_is_begun_anew_and_told() {
    let Some(scene) = Scene::new(&json!([{ "say": "one" }])) else { return skipped() };
    let lost = "08df7782-9b13-4b33-932f-c95b9e098cc8".to_owned();
    let mut driver =
        scene.driver_of(Setup { session: Some(lost.clone()), ..scene.setup() }, scene.settings());
    let told = scene.turn(&mut driver, "go").await;
    driver.close().await;
    assert_eq!(told.message(), "one");
    assert_ne!(told.session(), Some(lost.clone()));
    let notices: Vec<_> = told.items(ItemKind::Notice).map(|item| item.title.as_str()).collect();
    assert_eq!(
        notices,
        [format!("No conversation found with session ID: {lost}: a new conversation was begun")]
    );
}

#[tokio::test]
async fn a_provider_that_asks_for_fewer_requests_is_told() {
    let limited = json!({ "status": 429, "times": 50,
        "body": { "type": "error", "error": { "type": "rate_limit_error", "message": "slow down" } } });
    let Some(scene) = Scene::new(&json!([limited])) else { return skipped() };
    let mut driver = scene.driver_with(&[("CLAUDE_CODE_MAX_RETRIES", "1")]);
    let told = scene.turn(&mut driver, "go").await;
    driver.close().await;
    assert_eq!(told.failure().class, FailureClass::RateLimited);
    assert_eq!(told.failure().message, "API Error: Request rejected (429) · slow down");
    let notices: Vec<_> = told.items(ItemKind::Notice).collect();
    assert!(
        notices[0].title.starts_with("the model could not be asked: rate_limit 429; try 1 of 1"),
        "{notices:?}"
    );
    assert!(!told.signals.contains(&Signal::Alive), "waiting is not a sign of life");
}

#[tokio::test]
async fn a_used_up_subscription_tells_until_when() {
    let limited = json!({ "status": 429, "times": 50,
        "body": { "type": "error", "error": { "type": "rate_limit_error", "message": "used up" } },
        "headers": { "anthropic-ratelimit-unified-status": "rejected", "retry-after": "7200",
            "anthropic-ratelimit-unified-reset": "4000000000",
            "anthropic-ratelimit-unified-representative-claim": "five_hour" } });
    let Some(scene) = Scene::new(&json!([limited])) else { return skipped() };
    let mut driver =
        scene.driver_with(&[("ANTHROPIC_API_KEY", ""), ("CLAUDE_CODE_OAUTH_TOKEN", "sk-ant-oat01-dummy")]);
    let told = scene.turn(&mut driver, "go").await;
    driver.close().await;
    assert_eq!(told.failure().class, FailureClass::Quota);
    assert_eq!(told.failure().until.map(|until| until.0), Some(4_000_000_000_000));
}

#[tokio::test]
async fn a_refused_login_is_not_tried_for_minutes() {
    let refused = json!({ "status": 401, "times": 50,
        "body": { "type": "error", "error": { "type": "authentication_error", "message": "bad key" } } });
    let Some(scene) = Scene::new(&json!([refused])) else { return skipped() };
    let mut driver = scene.driver();
    let told = scene.turn(&mut driver, "go").await;
    driver.close().await;
    assert_eq!(told.failure().class, FailureClass::Setup);
    assert!(told.took < Duration::from_secs(10), "{:?}", told.took);
}

#[tokio::test]
async fn a_cut_stream_is_tried_again_and_paid_for() {
    let Some(scene) = Scene::new(&json!([{ "cut": true, "say": "half" }, { "say": "whole" }])) else {
        return skipped();
    };
    let mut driver = scene.driver();
    let told = scene.turn(&mut driver, "go").await;
    driver.close().await;
    assert_eq!((told.ending(), told.message()), (&Ending::Completed, "whole"));
    assert_eq!(told.usage(), usage(0, 200, 11, 1020));
    assert_eq!(told.items(ItemKind::Notice).count(), 1, "{told:?}");
}

/// After a second cut it asks for the answer in one piece.
#[tokio::test]
async fn a_provider_that_fails_again_and_again_is_unavailable() {
    let script = json!([{ "cut": true, "say": "half", "times": 2 }, { "status": 500, "times": 50 }]);
    let Some(scene) = Scene::new(&script) else { return skipped() };
    let mut driver = scene.driver_with(&[("CLAUDE_CODE_MAX_RETRIES", "1")]);
    let told = scene.turn(&mut driver, "go").await;
    driver.close().await;
    assert_eq!(told.failure().class, FailureClass::Unavailable);
    assert_eq!(told.message(), "", "half an answer is none");
}

#[tokio::test]
async fn a_model_that_is_away_is_waited_for_until_the_host_interrupts() {
    let Some(scene) = Scene::new(&json!([])) else { return skipped() };
    let mut driver = scene.driver_with(&[("ANTHROPIC_BASE_URL", "http://127.0.0.1:9")]);
    let retried = |signal: &Signal| matches!(signal, Signal::Item(item) if item.kind == ItemKind::Notice);
    let told = scene.interrupted(&mut driver, retried).await;
    driver.close().await;
    assert_eq!(told.ending(), &Ending::Interrupted);
    assert_eq!(told.usage(), Usage::default());
    assert!(!told.signals.contains(&Signal::Alive), "waiting is not a sign of life");
}

#[tokio::test]
async fn what_is_denied_is_not_done_and_the_agent_goes_on() {
    let Some(scene) = Scene::new(&json!([{ "shell": "touch a" }, { "say": "as you like" }])) else {
        return skipped();
    };
    let mut driver = scene.driver();
    let deny = |_: &Act| Answer::Deny("not that, says the owner".into());
    let told = scene.turn_with(&mut driver, "go", deny).await;
    driver.close().await;
    assert_eq!((told.ending(), told.message()), (&Ending::Completed, "as you like"));
    assert!(!scene.has("a"));
    let failed = told.items(ItemKind::ToolCall).last().unwrap();
    assert_eq!(failed.progress, ItemProgress::Failed);
    assert!(scene.log().contains("not that, says the owner"), "the model is told why");
}

/// Settings of user and workspace, and a hook of the workspace, that allow everything, in a trusted folder.
#[tokio::test]
async fn no_settings_keep_a_question_from_the_host() {
    let script = json!([
        { "shell": "touch a" },
        { "shell": "ls" },
        { "tool": ["Write", { "file_path": "b.txt", "content": "x" }] },
        { "tool": ["Read", { "file_path": "b.txt" }] },
        { "say": "done" },
    ]);
    let acts = |asks: bool, script: serde_json::Value| async move {
        let scene = Scene::new(&script)?;
        scene.allow_everything();
        let mut driver = scene.driver_of(Setup { asks, ..scene.setup() }, scene.settings());
        let told = scene.turn(&mut driver, "go").await;
        driver.close().await;
        assert_eq!(told.message(), "done");
        let plain = |act: Act| match act {
            Act::Tool { name, .. } => name,
            act => act.to_string(),
        };
        Some(told.asked().into_iter().map(plain).collect::<Vec<_>>())
    };
    let Some(asked) = acts(true, script.clone()).await else { return skipped() };
    assert_eq!(asked, ["touch a", "ls", "write b.txt", "Read"]);
    let unasked = acts(false, script).await.unwrap();
    assert_eq!(unasked, Vec::<String>::new(), "without the hook of the host the settings decide");
}

#[tokio::test]
async fn a_turn_is_interrupted_in_a_tool_and_the_next_one_goes_on() {
    let script = json!([{ "shell": "touch begun; sleep 59.5" }, { "say": "after" }]);
    let Some(scene) = Scene::new(&script) else { return skipped() };
    let mut driver = scene.driver();
    let begun = scene.path("begun");
    let told = scene.interrupted(&mut driver, move |_| begun.exists()).await;
    assert_eq!(told.ending(), &Ending::Interrupted);
    assert!(told.took < Duration::from_secs(20), "{:?}", told.took);
    assert_eq!(told.usage(), usage(1, 100, 10, 600));
    let next = scene.turn(&mut driver, "go on").await;
    driver.close().await;
    assert_eq!(next.ending(), &Ending::Completed);
    assert_eq!(next.process(), told.process(), "it lived on");
}

#[tokio::test]
async fn a_question_is_withdrawn_when_the_turn_is_interrupted() {
    let Some(scene) = Scene::new(&json!([{ "shell": "touch a" }, { "say": "after" }])) else {
        return skipped();
    };
    let mut driver = scene.driver();
    let mut turn = driver.begin(Prompt { turn: 1, text: "go".into() }).await.unwrap();
    let mut told = Vec::new();
    while let Some(signal) = scene::next(&mut turn).await {
        if matches!(signal, Signal::Asked(_)) {
            turn.control.send(Control::Interrupt).await.unwrap();
        }
        told.push(signal);
    }
    driver.close().await;
    let asked = told.iter().find_map(|signal| match signal {
        Signal::Asked(ask) => Some(ask.id.clone()),
        _ => None,
    });
    assert!(told.contains(&Signal::Withdrawn(asked.unwrap())), "{told:?}");
    assert!(!scene.has("a"));
}

#[tokio::test]
async fn a_dropped_turn_kills_the_group() {
    let Some(scene) = Scene::new(&json!([{ "shell": "touch begun; sleep 59.5" }])) else { return skipped() };
    let mut driver = scene.driver();
    let begun = scene.path("begun");
    let (turn, process) = scene.until(&mut driver, move |_| begun.exists()).await;
    drop(turn);
    driver.close().await;
    assert!(!scene::lives(process));
}

#[tokio::test]
async fn a_program_that_is_missing_or_exits_is_told_before_a_turn() {
    let folder = tempfile::tempdir().unwrap();
    let setup = |workspace: &std::path::Path| Setup {
        workspace: workspace.to_owned(),
        session: None,
        asks: true,
        write: Vec::new(),
        user: None,
    };
    let begin = |program: &str, user: Option<&str>| {
        let settings = Settings::new(program);
        let mut driver =
            Claude::new(settings, Setup { user: user.map(str::to_owned), ..setup(folder.path()) });
        async move { driver.begin(Prompt { turn: 1, text: "go".into() }).await.unwrap_err() }
    };
    let missing = begin("/nowhere/claude", None).await;
    assert_eq!(missing.class, FailureClass::Missing);
    assert!(missing.message.starts_with("`/nowhere/claude` does not exist"), "{}", missing.message);
    let exits = begin("/bin/false", None).await;
    assert_eq!(
        (exits.class, exits.message.as_str()),
        (FailureClass::Exited, "`false` ended with exit code 1")
    );
    let complains = begin("/bin/ls", None).await;
    assert_eq!(complains.class, FailureClass::Exited);
    assert!(complains.message.contains("input-format"), "why it ended: {}", complains.message);
    let user = begin("/bin/false", Some("no-such-user")).await;
    assert_eq!(user.class, FailureClass::Setup);
}

/// A turn of an agent that plays a part, interrupted once it started if that is wanted.
async fn stand_in(part: &str, interrupt: bool) -> (Told, bool) {
    let folder = tempfile::tempdir().unwrap();
    let program = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/claude/stand-in.sh");
    let environment =
        [("PART", part), ("PATH", "/usr/bin:/bin")].map(|(name, value)| (name.into(), value.into()));
    let settings = Settings { set: environment.into(), inherits: false, ..Settings::new(program) };
    let setup =
        Setup { workspace: folder.path().into(), session: None, asks: false, write: Vec::new(), user: None };
    let mut driver = Claude::new(settings, setup);
    let begun = Instant::now();
    let mut turn = driver.begin(Prompt { turn: 1, text: "go".into() }).await.unwrap();
    let mut signals = Vec::new();
    while let Some(signal) = scene::next(&mut turn).await {
        if interrupt && matches!(signal, Signal::Started { .. }) {
            turn.control.send(Control::Interrupt).await.unwrap();
        }
        signals.push(signal);
    }
    driver.close().await;
    let told = Told { signals, took: begun.elapsed() };
    let lives = scene::lives(told.process().unwrap());
    (told, lives)
}

#[tokio::test]
async fn an_agent_that_dies_in_its_turn_tells_why() {
    let (told, lives) = stand_in("dies", false).await;
    let exited = Failure::new(FailureClass::Exited, "`stand-in.sh` ended with exit code 3: out of memory");
    assert_eq!((told.ending(), lives), (&Ending::Failed(exited), false));
}

#[tokio::test]
async fn an_agent_that_speaks_no_protocol_is_killed() {
    let (told, lives) = stand_in("garbage", false).await;
    assert_eq!((told.failure().class, lives), (FailureClass::Garbage, false));
}

#[tokio::test]
async fn an_agent_that_does_not_listen_is_killed_after_the_grace() {
    let (told, lives) = stand_in("deaf", true).await;
    assert_eq!((told.ending(), lives), (&Ending::Interrupted, false));
    assert!(told.took >= INTERRUPT_GRACE, "{:?}", told.took);
}

#[tokio::test]
async fn the_doctor_tells_version_and_login() {
    let Some(scene) = Scene::new(&json!([])) else { return skipped() };
    let findings = doctor(&scene.settings(), &scene.setup()).await;
    let told: Vec<_> = findings.iter().map(|found| (found.name, found.health)).collect();
    assert_eq!(told, [("claude", Health::Good), ("login", Health::Good), ("questions", Health::Good)]);
    let mut nobody = scene.settings();
    nobody.set.retain(|(name, _)| name != "ANTHROPIC_API_KEY");
    assert_eq!(doctor(&nobody, &scene.setup()).await[1].health, Health::Bad);
}

fn usage(calls: u64, input: u64, output: u64, cost: u64) -> Usage {
    Usage {
        tool_calls: calls,
        input_tokens: input,
        cached_input_tokens: 0,
        output_tokens: output,
        cost_microusd: cost,
    }
}
