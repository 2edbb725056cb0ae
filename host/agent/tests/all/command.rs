//! Any command as an agent, and every way in which one can misbehave.

use std::time::{Duration, Instant};

use evident_agent::process::Bounds;
use evident_agent::{AgentSpec, Command, Control, Driver, Found, JsonlMapping, Lost, Prompt, Signal, open};
use evident_core::agent::{
    Capabilities, Ended, Ending, FINAL_MESSAGE_BYTES_MAX, Failure, FailureClass, Item, ItemKind,
    ItemProgress, Usage,
};
use tempfile::TempDir;

use crate::fixture::*;

const MAPPING: &str = "
    version = 1
    [[rule]]
    session = '/session'
    part = '/part'
    message = '/message'
    tool = '/tool'
    input = ['/input']
    output = ['/output']
";

fn command(folder: &TempDir, argv: &[&str], mapping: Option<&str>) -> Command {
    let mapping = mapping.map(|text| JsonlMapping::parse(text).expect("is a mapping"));
    let argv = argv.iter().map(|&argument| argument.to_owned()).collect();
    let mut command = Command::new(argv, mapping, setup(folder)).expect("is a command");
    command.bounds = Bounds { grace: GRACE, ..Bounds::default() };
    command
}

fn shell(folder: &TempDir, script: &str) -> Command {
    command(folder, &["sh", "-c", script], None)
}

fn said(line: &str) -> Signal {
    Signal::Item(Item { kind: ItemKind::Message, title: line.into(), progress: ItemProgress::Done })
}

fn failed(class: FailureClass, message: &str) -> Ending {
    Ending::Failed(Failure::new(class, message))
}

/// The end of a whole turn.
async fn end(driver: &mut dyn Driver) -> Ended {
    match act(driver, 1, "the prompt").await.pop() {
        Some(Signal::Ended(ended)) => ended,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_command_reads_the_prompt_and_its_last_words_are_its_message() {
    let folder = workspace();
    let mut driver = shell(&folder, "cat; echo; echo; pwd -P > where");
    let wanted = [said("the prompt"), Signal::Alive, ended(Ending::Completed, "the prompt")];
    assert_eq!(act(&mut driver, 1, "the prompt").await, wanted);
    let workspace = setup(&folder).workspace;
    assert_eq!(line_of(&folder.path().join("where")).await, workspace.to_str().expect("is text"));
}

#[tokio::test]
async fn places_of_the_command_line_are_filled() {
    let folder = workspace();
    let argv = ["sh", "-c", "echo \"$1 in $2\"; wc -c", "sh", "{prompt}", "{workspace}"];
    let workspace = setup(&folder).workspace.display().to_string();
    let message = format!("a $b \"c\" in {workspace}\n0");
    let signals = act(&mut command(&folder, &argv, None), 1, "a $b \"c\"").await;
    assert_eq!(signals.last(), Some(&ended(Ending::Completed, &message)));
}

#[tokio::test]
async fn what_it_can_follows_from_its_mapping() {
    let folder = workspace();
    let interrupts = Capabilities { interrupts: true, ..Capabilities::default() };
    assert_eq!(shell(&folder, "").capabilities(), interrupts);
    let mapped = Capabilities { tool_calls: true, tokens: true, ..interrupts };
    assert_eq!(command(&folder, &["a", "{prompt}"], Some(MAPPING)).capabilities(), mapped);
    let resumes = Capabilities { resumes: true, ..mapped };
    assert_eq!(command(&folder, &["a", "{session}"], Some(MAPPING)).capabilities(), resumes);
    let lost = Lost { session: None, turn: None, prompt: String::new() };
    assert_eq!(shell(&folder, "").look_up(&lost).await, Ok(Found::Unknown));
}

#[tokio::test]
async fn mapped_lines_become_signals_and_the_session_is_gone_on_with() {
    let folder = workspace();
    let script = r#"
        echo '{"session":"s1"}'
        echo '{"part":"lost"}'; echo '{"tool":"bash","input":7,"output":2}'
        echo '{"part":"do"}'; echo '{"part":"ne\u0000"}'; echo '{"other":1}'; echo "$0 $*" >&2
        echo "$0 $*" > argv
    "#;
    let argv = ["sh", "-c", script, "agent", "--resume", "{session}"];
    let mut driver = command(&folder, &argv, Some(MAPPING));
    let mut turn = begin(&mut driver, 1, "").await;
    let Signal::Started { session: None, turn: None, process: Some(process) } = next(&mut turn).await else {
        panic!("names no process");
    };
    let signals: Vec<_> = rest(turn).await.into_iter().filter(|signal| *signal != Signal::Alive).collect();
    let usage = |tool_calls, input_tokens, output_tokens| {
        Signal::Usage(Usage { tool_calls, input_tokens, output_tokens, ..Usage::default() })
    };
    let wanted = [
        Signal::Started { session: Some("s1".into()), turn: None, process: Some(process) },
        call("bash", ItemProgress::Begun),
        usage(1, 0, 0),
        usage(0, 7, 2),
        ended(Ending::Completed, "done\\u{0}"),
    ];
    assert_eq!(signals, wanted);
    let argv = folder.path().join("argv");
    assert_eq!(line_of(&argv).await, "agent");
    let mut turn = begin(&mut driver, 2, "").await;
    assert!(
        matches!(next(&mut turn).await, Signal::Started { session: Some(session), .. } if session == "s1")
    );
    rest(turn).await;
    assert_eq!(line_of(&argv).await, "agent --resume s1");
}

#[tokio::test]
async fn an_exit_that_is_not_zero_fails_with_the_last_words() {
    let folder = workspace();
    let ending = end(&mut shell(&folder, "echo half; echo 'no \x1b[1mkey' >&2; exit 3")).await;
    let failure = failed(FailureClass::Exited, "`sh` ended with exit code 3: no \u{1b}[1mkey");
    assert_eq!(ending, Ended { ending: failure, message: "half".into() });
    let killed = end(&mut shell(&folder, "kill -9 $$")).await;
    assert_eq!(killed.ending, failed(FailureClass::Exited, "`sh` ended with signal 9"));
}

#[tokio::test]
async fn a_program_that_is_not_there_blocks() {
    let folder = workspace();
    let mut driver = command(&folder, &["no-such-agent"], None);
    let failure = driver.begin(Prompt { turn: 1, text: String::new() }).await.expect_err("does not begin");
    let message = "`no-such-agent` was not found on PATH; is the agent installed?";
    assert_eq!(failure, Failure::new(FailureClass::Missing, message));
    assert_eq!(failure.class.remedy(), evident_core::agent::Remedy::Block);
}

#[tokio::test]
async fn garbage_under_a_mapping_is_no_end() {
    let folder = workspace();
    let garbage = |said: &str| {
        failed(FailureClass::Garbage, &format!("the command wrote nothing that its mapping knows{said}"))
    };
    for (script, said) in [("printf 'a\\033b\\0\\n{}\\n'", ": a\u{1b}b\0"), ("echo '{}'", ""), ("true", "")] {
        let mut driver = command(&folder, &["sh", "-c", script], Some(MAPPING));
        assert_eq!(end(&mut driver).await.ending, garbage(said), "{script}");
    }
    let mut driver =
        command(&folder, &["sh", "-c", "echo 'stray \x1b'; echo '{\"message\":\"m\"}'"], Some(MAPPING));
    let notice = Item { kind: ItemKind::Notice, title: "stray \\u{1b}".into(), progress: ItemProgress::Done };
    let wanted = [Signal::Item(notice), said("m"), ended(Ending::Completed, "m")];
    assert_eq!(act(&mut driver, 1, "").await, wanted);
}

#[tokio::test]
async fn a_flood_ends_the_turn_and_the_command() {
    let folder = workspace();
    let mut driver = shell(&folder, "echo $$ > pid; while :; do echo 12345678901234567890; done");
    driver.bounds.turn_bytes_max = 100_000;
    let flood = failed(FailureClass::Flood, "`sh` wrote more than 100000 bytes in a turn");
    assert_eq!(end(&mut driver).await.ending, flood);
    assert!(!is_alive(&line_of(&folder.path().join("pid")).await));
    let mut driver = shell(&folder, "head -c 2000 /dev/zero");
    driver.bounds.line_bytes_max = 1000;
    let flood = failed(FailureClass::Flood, "`sh` wrote a line of more than 1000 bytes");
    assert_eq!(end(&mut driver).await.ending, flood);
}

#[tokio::test]
async fn a_long_message_keeps_its_end() {
    let folder = workspace();
    let mut driver = shell(&folder, "seq 1 100000; printf 'the \\0 end'");
    let message = end(&mut driver).await.message;
    assert!(message.ends_with("\n99999\n100000\nthe \\u{0} end"));
    assert_eq!(message.len(), FINAL_MESSAGE_BYTES_MAX);
}

#[tokio::test]
async fn a_command_without_end_is_interrupted_and_says_what_it_said() {
    let folder = workspace();
    let script = "trap 'echo stopping; exit 0' TERM; echo ready; while :; do sleep 0.05; done";
    let mut driver = shell(&folder, script);
    let mut turn = begin(&mut driver, 1, "").await;
    next(&mut turn).await;
    assert_eq!(next(&mut turn).await, said("ready"));
    turn.control.send(Control::Interrupt).await.expect("is heard");
    let wanted = [said("stopping"), ended(Ending::Interrupted, "ready\nstopping")];
    assert_eq!(rest(turn).await, wanted);
}

#[tokio::test]
async fn who_ignores_the_interrupt_is_killed_with_grandchildren() {
    let folder = workspace();
    let mut driver = shell(&folder, "trap '' TERM; (sh -c 'echo $$; sleep 1000') & wait; sleep 1000");
    driver.bounds.grace = Duration::from_millis(50);
    let mut turn = begin(&mut driver, 1, "").await;
    let Signal::Started { process: Some(leader), .. } = next(&mut turn).await else { panic!("no process") };
    let Signal::Item(Item { title: grandchild, .. }) = next(&mut turn).await else { panic!("no item") };
    assert!(is_alive(&grandchild));
    turn.control.send(Control::Interrupt).await.expect("is heard");
    assert_eq!(rest(turn).await, [ended(Ending::Interrupted, &grandchild)]);
    assert!(!is_alive(&grandchild) && !is_alive(&leader.to_string()));
}

#[tokio::test]
async fn closing_the_output_neither_ends_the_turn_nor_hides_the_interrupt() {
    let folder = workspace();
    let mut driver = shell(&folder, "echo $$ > pid; exec >&- 2>&-; while ! test -e go; do sleep 0.01; done");
    let turn = begin(&mut driver, 1, "").await;
    line_of(&folder.path().join("pid")).await;
    turn.control.send(Control::Interrupt).await.expect("is heard");
    assert_eq!(rest(turn).await.pop(), Some(ended(Ending::Interrupted, "")));
    std::fs::write(folder.path().join("go"), "").expect("is written");
    assert_eq!(end(&mut driver).await, Ended { ending: Ending::Completed, message: String::new() });
}

#[tokio::test]
async fn a_turn_that_is_dropped_takes_everybody_along() {
    let folder = workspace();
    let mut driver = shell(&folder, "sleep 1000 & echo $!; wait");
    let mut turn = begin(&mut driver, 1, "").await;
    next(&mut turn).await;
    let Signal::Item(Item { title: child, .. }) = next(&mut turn).await else { panic!("no item") };
    drop(turn);
    gone(&child).await;
    let mut turn = begin(&mut driver, 2, "").await;
    next(&mut turn).await;
    let Signal::Item(Item { title: child, .. }) = next(&mut turn).await else { panic!("no item") };
    driver.close().await;
    gone(&child).await;
}

#[tokio::test]
async fn children_that_outlive_the_command_are_gone_when_the_turn_ends() {
    let folder = workspace();
    let begun = Instant::now();
    let ended = end(&mut shell(&folder, "sleep 1000 & echo $!")).await;
    assert_eq!(ended.ending, Ending::Completed);
    assert!(!is_alive(&ended.message) && begun.elapsed() < SOON);
}

#[tokio::test]
async fn standard_error_is_a_sign_of_life() {
    let folder = workspace();
    let mut driver = shell(&folder, "echo at work >&2; while ! test -e go; do sleep 0.01; done");
    let mut turn = begin(&mut driver, 1, "").await;
    next(&mut turn).await;
    assert_eq!(next(&mut turn).await, Signal::Alive);
    std::fs::write(folder.path().join("go"), "").expect("is written");
    assert_eq!(rest(turn).await.pop(), Some(ended(Ending::Completed, "")));
}

#[tokio::test]
async fn what_is_typed_opens_a_driver() {
    let folder = workspace();
    let argv = [
        "sh".to_owned(),
        "-c".to_owned(),
        "echo '{\"type\":\"text\",\"part\":{\"text\":\"hi\"}}'".to_owned(),
    ];
    let spec = AgentSpec::parse("command:opencode", &argv).expect("is an agent");
    let mut driver = open(&spec, &setup(&folder)).expect("opens");
    assert_eq!(end(&mut *driver).await, Ended { ending: Ending::Completed, message: "hi".into() });
    let spec = AgentSpec::parse("command:./none.toml", &argv).expect("is an agent");
    let failure = open(&spec, &setup(&folder)).err().expect("is not there");
    assert_eq!(failure.class, FailureClass::Setup);
    let path = folder.path().join("script.toml");
    std::fs::write(&path, "version = 1\n").expect("is written");
    let spec = AgentSpec::parse(&format!("script:{}", path.display()), &[]).expect("is an agent");
    let mut driver = open(&spec, &setup(&folder)).expect("opens");
    assert_eq!(end(&mut *driver).await.message, "nothing left to do");
}
