//! Whole turns that 0.169.0 recorded, and the signals that they are.

use std::env;
use std::fs;
use std::io::Write;
use std::path::Path;

use evident_core::agent::{Act, Ask};

use super::*;

const WORKSPACE: &str = "/sandbox/repo";

fn translator(asks: bool) -> Translator {
    Translator::new("id-1", PathBuf::from(WORKSPACE), asks)
}

/// Everything that follows from the lines of a recorded turn, and the answers that are given by the way.
fn replay(translator: &mut Translator, recorded: &str, answers: &[Answer]) -> Vec<Output> {
    let mut answers = answers.iter();
    let mut outputs = Vec::new();
    for line in recorded.lines() {
        let message = protocol::read(line).unwrap();
        if let Message::Response { result: Ok(result), .. } = &message
            && let Some(turn) = string(result, "/turn/id")
        {
            translator.begin(turn);
        }
        for output in translator.take(message) {
            let asked =
                if let Output::Signal(Signal::Asked(ask)) = &output { Some(ask.id.clone()) } else { None };
            outputs.push(output);
            if let Some(id) = asked
                && let Some(answer) = answers.next()
            {
                outputs.extend(translator.answer(&id, answer));
            }
        }
    }
    outputs
}

fn item(kind: ItemKind, title: &str, progress: ItemProgress) -> Output {
    Output::Signal(Signal::Item(Item { kind, title: title.into(), progress }))
}

fn tool(title: &str, progress: ItemProgress) -> Output {
    item(ItemKind::ToolCall, title, progress)
}

fn message(title: &str) -> Output {
    item(ItemKind::Message, title, ItemProgress::Done)
}

fn tokens(input: u64, output: u64) -> Output {
    Output::Signal(Signal::Usage(Usage { input_tokens: input, output_tokens: output, ..Usage::default() }))
}

fn call() -> Output {
    one_tool_call()
}

fn alive() -> Output {
    Output::Signal(Signal::Alive)
}

fn ended(ending: Ending, message: &str) -> Output {
    Output::Signal(Signal::Ended(Ended { ending, message: message.into() }))
}

fn asked(id: &str, act: Act) -> Output {
    Output::Signal(Signal::Asked(Ask { id: id.into(), act, explanation: None }))
}

#[test]
fn a_turn_that_asks_is_told_whole() {
    let deny = Answer::Deny("the build is needed".into());
    let told = replay(
        &mut translator(true),
        include_str!("../../../tests/codex/asked.jsonl"),
        &[deny, Answer::Allow],
    );
    let said = "`rm -r build` was not allowed: the build is needed";
    let steer =
        json!({"threadId": "id-1", "expectedTurnId": "id-2", "input": [{"type": "text", "text": said}]});
    let expected = [
        tool("rm -r build", ItemProgress::Begun),
        call(),
        asked("0", Act::Command("rm -r build".into())),
        Output::Request("turn/steer", steer),
        Output::Line(r#"{"id":0,"result":{"decision":"decline"}}"#.into()),
        tool("rm -r build", ItemProgress::Failed),
        tokens(100, 10),
        tool("edit /sandbox/repo/new.txt", ItemProgress::Begun),
        call(),
        asked("1", Act::Write(vec!["new.txt".into()])),
        Output::Line(r#"{"id":1,"result":{"decision":"accept"}}"#.into()),
        tool("edit /sandbox/repo/new.txt", ItemProgress::Done),
        alive(),
        tokens(100, 10),
        alive(),
        alive(),
        alive(),
        message("made new.txt"),
        tokens(100, 10),
        alive(),
        ended(Ending::Completed, "made new.txt"),
    ];
    assert_eq!(told, expected);
}

/// Catches an agent that was allowed something, could not do it, and is told to have failed by itself. Recorded with
/// 0.171.0 and a sandbox that writes nothing, which this driver does not ask for any more.
#[test]
fn what_was_allowed_and_refused_all_the_same_is_told() {
    let recorded = include_str!("../../../tests/codex/denied.jsonl");
    let told = replay(&mut translator(true), recorded, &[Answer::Allow]);
    let command = "sleep 0.5; touch allowed.txt";
    let refused = "`sleep 0.5; touch allowed.txt` was allowed, and the system refused it all the same: touch: cannot \
                   touch 'allowed.txt': Read-only file system";
    let expected = [
        tool(command, ItemProgress::Begun),
        call(),
        asked("0", Act::Command(command.into())),
        Output::Line(r#"{"id":0,"result":{"decision":"accept"}}"#.into()),
        tool(command, ItemProgress::Failed),
        item(ItemKind::Notice, refused, ItemProgress::Done),
        tokens(100, 10),
        message("fin"),
        tokens(100, 10),
        ended(Ending::Completed, "fin"),
    ];
    let told: Vec<_> = told.into_iter().filter(|output| *output != alive()).collect();
    assert_eq!(told, expected, "the call counts, so that the turn is not an idle one");
    let denied = replay(&mut translator(true), recorded, &[Answer::Deny("no".into())]);
    assert!(!denied.contains(&item(ItemKind::Notice, refused, ItemProgress::Done)), "it was not allowed");
}

/// Nobody answers: the ask is taken back when the turn ends, and the host that ended it is told so.
#[test]
fn an_interrupted_turn_takes_its_ask_back() {
    let mut translator = translator(true);
    let recorded = include_str!("../../../tests/codex/interrupted.jsonl");
    let (before, after) = recorded.split_once("{\"id\":4").unwrap();
    let mut told = replay(&mut translator, before, &[]);
    let interrupt = json!({"threadId": "id-1", "turnId": "id-2"});
    assert_eq!(translator.interrupt(), Some(Output::Request("turn/interrupt", interrupt)));
    told.extend(replay(&mut translator, &format!("{{\"id\":4{after}"), &[]));
    let expected = [
        tool("sleep 30", ItemProgress::Begun),
        call(),
        asked("0", Act::Command("sleep 30".into())),
        tokens(100, 10),
        Output::Signal(Signal::Withdrawn("0".into())),
        ended(Ending::Interrupted, ""),
    ];
    assert_eq!(told, expected);
    assert_eq!(translator.interrupt(), None);
    assert_eq!(translator.answer("0", &Answer::Allow), []);
}

/// An agent that interrupts itself did not do what it was told, and the host did not end it.
#[test]
fn an_interrupt_that_nobody_asked_for_is_a_failure() {
    let told = replay(&mut translator(true), include_str!("../../../tests/codex/interrupted.jsonl"), &[]);
    let failure = Failure::new(FailureClass::Exited, "codex ended the turn, and nobody asked it to");
    assert_eq!(told.last(), Some(&ended(Ending::Failed(failure), "")));
}

/// The thread had used 1000 and 100 tokens in another process.
#[test]
fn a_resumed_thread_charges_only_what_is_new() {
    let told = replay(&mut translator(false), include_str!("../../../tests/codex/resumed.jsonl"), &[]);
    let expected = [
        tool("echo two", ItemProgress::Begun),
        call(),
        tool("echo two", ItemProgress::Done),
        tokens(100, 10),
        alive(),
        alive(),
        message("two"),
        tokens(100, 10),
        ended(Ending::Completed, "two"),
    ];
    assert_eq!(told, expected);
}

/// The past is told again when the turn already runs, under the name of the turn before.
#[test]
fn the_past_that_is_told_late_is_not_charged_either() {
    let mut translator = translator(false);
    translator.begin("t2");
    let mut told = |turn: &str, total: u64, last: u64| {
        let figures = |input: u64| json!({"inputTokens": input, "cachedInputTokens": 0, "outputTokens": 0});
        let usage = json!({"total": figures(total), "last": figures(last)});
        let params = json!({"threadId": "id-1", "turnId": turn, "tokenUsage": usage});
        translator.take(Message::Notice { method: "thread/tokenUsage/updated".into(), params })
    };
    assert_eq!(told("t1", 1000, 60), []);
    assert_eq!(told("t2", 1100, 100), [tokens(100, 0)]);
}

#[test]
fn a_used_up_quota_says_until_when() {
    let told = replay(&mut translator(false), include_str!("../../../tests/codex/limit.jsonl"), &[]);
    let [Output::Signal(Signal::Ended(ended))] = told.as_slice() else { panic!("{told:?}") };
    let Ending::Failed(failure) = &ended.ending else { panic!("{ended:?}") };
    let seen = (failure.class, failure.until, failure.message.contains("usage limit"));
    assert_eq!(seen, (FailureClass::Quota, Some(Timestamp(1_796_000_000_000)), true));
}

/// Two streams were cut: the first is tried again, which is not a sign of life but a notice.
#[test]
fn a_retry_is_a_notice_and_the_last_cut_a_failure() {
    let told = replay(&mut translator(false), include_str!("../../../tests/codex/cut.jsonl"), &[]);
    let cut = "stream disconnected before completion: stream closed before response.completed";
    let retry = format!("Reconnecting... 1/1: {cut}");
    let failed = Ending::Failed(Failure::new(FailureClass::Unavailable, cut));
    let expected = [
        alive(),
        alive(),
        item(ItemKind::Notice, &retry, ItemProgress::Failed),
        alive(),
        alive(),
        ended(failed, ""),
    ];
    assert_eq!(told, expected);
}

/// Where codex was told never to ask, nobody waits for an answer.
#[test]
fn an_ask_that_was_not_agreed_on_is_declined() {
    let told = replay(&mut translator(false), include_str!("../../../tests/codex/asked.jsonl"), &[]);
    let asks = told.iter().filter(|output| matches!(output, Output::Signal(Signal::Asked(_)))).count();
    let lines: Vec<&Output> = told.iter().filter(|output| matches!(output, Output::Line(_))).collect();
    let decline = |id: u32| Output::Line(format!(r#"{{"id":{id},"result":{{"decision":"decline"}}}}"#));
    assert_eq!((asks, lines), (0, vec![&decline(0), &decline(1)]));
}

/// A helper works in a thread of its own, ends no turn of the host, speaks to the agent only, and costs; also
/// when it works on after the turn.
#[test]
fn a_helper_ends_no_turn_but_costs() {
    let mut translator = translator(false);
    translator.begin("t1");
    let mut told =
        |method: &str, params: Value| translator.take(Message::Notice { method: method.into(), params });
    let helper = |status: &str| json!({"threadId": "helper", "turn": {"id": "h1", "status": status}});
    assert_eq!(told("turn/started", helper("inProgress")), []);
    let usage = |total: u64| {
        let figures = |input: u64| json!({"inputTokens": input, "cachedInputTokens": 0, "outputTokens": 0});
        json!({"threadId": "helper", "turnId": "h1", "tokenUsage": {"total": figures(total), "last": figures(7)}})
    };
    assert_eq!(told("thread/tokenUsage/updated", usage(7)), [tokens(7, 0)]);
    let says = json!({"threadId": "helper", "item": {"type": "agentMessage", "id": "m", "text": "counted"}});
    assert_eq!(told("item/completed", says), [message("counted")]);
    let completed = json!({"threadId": "id-1", "turn": {"id": "t1", "status": "completed"}});
    assert_eq!(told("turn/completed", completed), [ended(Ending::Completed, "")]);
    assert_eq!(told("thread/tokenUsage/updated", usage(14)), []);
    assert_eq!(translator.helpers(), &BTreeMap::from([("helper".to_string(), "h1".to_string())]));
    translator.begin("t2");
    let mut told =
        |method: &str, params: Value| translator.take(Message::Notice { method: method.into(), params });
    assert_eq!(told("thread/tokenUsage/updated", usage(21)), [tokens(14, 0)]);
    assert_eq!(told("turn/completed", helper("interrupted")), []);
    assert!(translator.helpers().is_empty());
}

#[test]
fn what_this_host_does_not_do_is_refused() {
    let request = Message::Request { id: json!(9), method: "attestation/generate".into(), params: json!({}) };
    let told = translator(false).take(request);
    assert!(matches!(told.as_slice(), [Output::Line(line)] if line.contains("-32601")), "{told:?}");
}

#[test]
fn a_long_last_message_keeps_its_end() {
    let mut last = LastMessage::default();
    let text = format!("{}ä the end", "ä".repeat(FINAL_MESSAGE_BYTES_MAX));
    last.take(&json!({"type": "agentMessage", "text": text}));
    assert!(last.text().len() <= FINAL_MESSAGE_BYTES_MAX && last.text().ends_with("ä the end"));
    last.take(&json!({"type": "agentMessage", "text": "by the way", "phase": "commentary"}));
    assert!(last.text().ends_with("the end"));
    last.take(&json!({"type": "agentMessage", "text": "final", "phase": "final_answer"}));
    assert_eq!(last.text(), "final");
}

/// The recorded run of codex's own goals, which this host does not use. The record cut its long lines: those
/// are not messages, and what is left of the turn is what was said in it.
#[test]
fn the_recorded_goal_reads_as_a_turn() {
    let Some(log) = fixture("codex-appserver-goal.log") else { return };
    let lines: Vec<&str> = log.lines().filter_map(|line| Some(line.split_once(" <- ")?.1)).collect();
    let whole: Vec<Value> = lines.iter().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let cut = lines.iter().filter(|line| protocol::read(line).is_err()).count();
    let notices: Vec<Value> = whole
        .iter()
        .filter_map(|told| told.as_object()?.iter().next())
        .map(|(method, params)| json!({"method": method, "params": params}))
        .collect();
    assert_eq!((cut, lines.len()), (lines.len(), notices.len() + 23));
    let first = notices.iter().position(|notice| notice["method"] == "turn/started").unwrap();
    let started = &notices[first];
    let thread = string(started, "/params/threadId").unwrap();
    let mut translator = Translator::new(thread, PathBuf::from(WORKSPACE), false);
    translator.begin(string(started, "/params/turn/id").unwrap());
    let told: Vec<Output> = notices[first..]
        .iter()
        .flat_map(|notice| translator.take(protocol::read(&notice.to_string()).unwrap()))
        .filter(|output| *output != alive())
        .collect();
    assert_eq!(told, [message("turn1"), message("fin")]);
}

fn fixture(name: &str) -> Option<String> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures");
    let folder = env::var_os("EVIDENT_FIXTURES").map_or_else(beside, PathBuf::from);
    let text = fs::read_to_string(folder.join("agents").join(name)).ok();
    if text.is_none() {
        writeln!(std::io::stderr(), "skipped: no fixture `{name}`").expect("stderr is open");
    }
    text
}
