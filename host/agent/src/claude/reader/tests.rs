//! What a reader says about recorded and made-up lines, as whole sequences.

use std::io::Write;
use std::path::PathBuf;

use evident_core::agent::Act;

use super::*;

const SESSION: &str = "7baacd74-b440-405d-8eaf-d494acd2a4cd";

fn reader() -> Reader {
    let mut reader = Reader::new(PathBuf::from("/sandbox/repo"), Some(7), false);
    reader.begin("prompt-1".to_owned());
    reader
}

fn read(reader: &mut Reader, lines: &[&str]) -> Vec<Step> {
    lines.iter().flat_map(|line| reader.read(line).unwrap()).collect()
}

fn started(session: &str) -> Step {
    let turn = Some("prompt-1".to_owned());
    Step::Signal(Signal::Started { session: Some(session.to_owned()), turn, process: Some(7) })
}

fn call(title: &str, progress: ItemProgress) -> Step {
    item(ItemKind::ToolCall, title, progress)
}

fn says(title: &str) -> Step {
    item(ItemKind::Message, title, ItemProgress::Done)
}

fn notice(title: &str) -> Step {
    item(ItemKind::Notice, title, ItemProgress::Done)
}

fn usage(calls: u64, input: u64, output: u64, cost: u64) -> Step {
    Step::Signal(Signal::Usage(Usage {
        tool_calls: calls,
        input_tokens: input,
        cached_input_tokens: 0,
        output_tokens: output,
        cost_microusd: cost,
    }))
}

fn ended(ending: Ending, message: &str) -> Step {
    Step::Signal(Signal::Ended(Ended { ending, message: message.to_owned() }))
}

fn failed(class: FailureClass, message: &str) -> Ending {
    Ending::Failed(Failure::new(class, message))
}

/// A recorded stream; absent where the shared fixtures are.
fn recorded(name: &str) -> Option<String> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures");
    let folder = std::env::var_os("EVIDENT_FIXTURES").map_or_else(beside, PathBuf::from);
    std::fs::read_to_string(folder.join("agents").join(name)).ok()
}

#[test]
fn a_recorded_turn_is_told_in_order() {
    let Some(recorded) = recorded("claude-stream.jsonl") else {
        writeln!(std::io::stderr(), "skipped: no shared fixtures").expect("stderr is open");
        return;
    };
    let lines: Vec<&str> = recorded.lines().collect();
    let expected = vec![
        started(SESSION),
        call("Bash: echo one", ItemProgress::Begun),
        usage(1, 100, 1, 0),
        call("Bash: echo one", ItemProgress::Done),
        says("I am done (1)."),
        usage(0, 100, 1, 0),
        notice("Stop hook feedback: evidence missing: check junit failed"),
        notice("stop hook problem · ctrl+o to see"),
        call("Bash: false", ItemProgress::Begun),
        usage(1, 100, 1, 0),
        call("Bash: false", ItemProgress::Failed),
        says("Really done (2)."),
        usage(0, 100, 1, 0),
        usage(0, 0, 36, 1800),
        ended(Ending::Completed, "Really done (2)."),
    ];
    assert_eq!(read(&mut reader(), &lines), expected);
}

fn text(id: &str, text: &str) -> String {
    format!(
        r#"{{"type":"assistant","message":{{"id":"{id}","content":[{{"type":"text","text":"{text}"}}],"usage":{{"input_tokens":10,"output_tokens":1}}}},"parent_tool_use_id":null}}"#
    )
}

/// The end of a run that could not ask the model, with what stands for its message.
fn no_model(word: &str, status: &str, reason: &str, text: &str) -> [String; 2] {
    [
        format!(
            r#"{{"type":"assistant","error":"{word}","message":{{"id":"x","model":"<synthetic>","content":[{{"type":"text","text":"{text}"}}],"usage":{{"input_tokens":0,"output_tokens":0,"output_tokens_details":null}}}},"parent_tool_use_id":null}}"#
        ),
        format!(
            r#"{{"type":"result","subtype":"success","is_error":true,"terminal_reason":"{reason}","api_error_status":{status},"result":"{text}","session_id":"s","model_usage_since_last_result":{{}},"user_message_uuid":"prompt-1"}}"#
        ),
    ]
}

#[test]
fn why_a_model_could_not_be_asked_decides_what_is_done() {
    let cases = [
        (
            "authentication_failed",
            "401",
            "api_error",
            "Failed to authenticate. API Error: 401",
            FailureClass::Setup,
        ),
        (
            "authentication_failed",
            "null",
            "api_error",
            "Not logged in · Please run /login",
            FailureClass::Setup,
        ),
        (
            "rate_limit",
            "429",
            "api_error",
            "API Error: Request rejected (429) · slow down",
            FailureClass::RateLimited,
        ),
        ("billing_error", "400", "api_error", "Credit balance is too low", FailureClass::Quota),
        (
            "rate_limit",
            "429",
            "api_error",
            "You've hit your 5-hour limit · resets 4:09pm",
            FailureClass::Quota,
        ),
        ("overloaded", "529", "api_error", "API Error: 529 Overloaded.", FailureClass::Unavailable),
        ("server_error", "500", "api_error", "API Error: 500 boom", FailureClass::Unavailable),
        ("unknown", "null", "api_error", "API Error: Connection refused", FailureClass::Unavailable),
        ("unknown", "400", "api_error", "API Error: 400 messages: bad", FailureClass::Refused),
        ("invalid_request", "413", "image_error", "Prompt is too long", FailureClass::Refused),
        ("model_not_found", "404", "api_error", "There's an issue with the model", FailureClass::Setup),
    ];
    for (word, status, reason, text, class) in cases {
        let lines = no_model(word, status, reason, text);
        let steps = read(&mut reader(), &[&lines[0], &lines[1]]);
        assert_eq!(steps, [says(text), started("s"), ended(failed(class, text), "")], "{word} {status}");
    }
}

#[test]
fn a_used_up_subscription_tells_until_when() {
    let lines = no_model("rate_limit", "429", "api_error", "limit");
    let event = r#"{"type":"rate_limit_event","rate_limit_info":{"status":"rejected","resetsAt":1795968553,"rateLimitType":"five_hour"}}"#;
    let failure = Failure {
        class: FailureClass::Quota,
        message: "limit".into(),
        until: Some(Timestamp(1_795_968_553_000)),
    };
    let expected = [
        notice("limit `five_hour` of the subscription: rejected"),
        says("limit"),
        started("s"),
        ended(Ending::Failed(failure), ""),
    ];
    assert_eq!(read(&mut reader(), &[event, &lines[0], &lines[1]]), expected);
}

#[test]
fn a_refusal_of_the_model_is_no_success() {
    let line = r#"{"type":"result","subtype":"success","is_error":false,"stop_reason":"refusal","terminal_reason":"completed","result":"no","session_id":"s"}"#;
    assert_eq!(read(&mut reader(), &[line]), [started("s"), ended(failed(FailureClass::Refused, "no"), "")]);
}

#[test]
fn a_turn_that_hooks_kept_going_ends_with_what_was_said_last() {
    let line = r#"{"type":"result","subtype":"success","is_error":false,"terminal_reason":"completed","result":"","session_id":"s"}"#;
    let steps = read(&mut reader(), &[&text("a", "m8"), line]);
    assert_eq!(steps.last(), Some(&ended(Ending::Completed, "m8")));
}

#[test]
fn bounds_of_the_owner_end_a_turn() {
    let line = |reason: &str, error: &str| {
        format!(
            r#"{{"type":"result","subtype":"error_{reason}","is_error":true,"terminal_reason":"{reason}","errors":["{error}"],"session_id":"s"}}"#
        )
    };
    let turns = read(&mut reader(), &[&line("max_turns", "Reached maximum number of turns (1)")]);
    assert_eq!(turns, [started("s"), ended(Ending::Completed, "")]);
    let budget = read(&mut reader(), &[&line("budget_exhausted", "Reached maximum budget ($1)")]);
    assert_eq!(
        budget,
        [started("s"), ended(failed(FailureClass::Refused, "Reached maximum budget ($1)"), "")]
    );
}

const ABORTED: &str = r#"{"type":"result","subtype":"error_during_execution","is_error":true,"terminal_reason":"aborted_tools","errors":["[ede_diagnostic]"],"session_id":"s"}"#;

#[test]
fn only_the_host_interrupts() {
    let mut interrupted = reader();
    interrupted.interrupt();
    assert_eq!(read(&mut interrupted, &[ABORTED]), [started("s"), ended(Ending::Interrupted, "")]);
    let by_itself = failed(FailureClass::Exited, "it broke the turn off by itself");
    assert_eq!(read(&mut reader(), &[ABORTED]), [started("s"), ended(by_itself, "")]);
    let mut late = reader();
    late.interrupt();
    let done = r#"{"type":"result","subtype":"success","is_error":false,"terminal_reason":"completed","result":"done","session_id":"s"}"#;
    assert_eq!(read(&mut late, &[done]), [started("s"), ended(Ending::Completed, "done")]);
}

#[test]
fn a_refused_login_is_given_up_at_the_second_try() {
    let retry = |attempt: u32| {
        format!(
            r#"{{"type":"system","subtype":"api_retry","attempt":{attempt},"max_retries":10,"retry_delay_ms":500,"error_status":401,"error":"authentication_failed"}}"#
        )
    };
    let told = |attempt: u32| {
        format!("the model could not be asked: authentication_failed 401; try {attempt} of 10 in 500 ms")
    };
    let retried = |attempt| item(ItemKind::Notice, &told(attempt), ItemProgress::Failed);
    let steps = read(&mut reader(), &[&retry(1), &retry(2), &retry(3), ABORTED]);
    let ending = ended(failed(FailureClass::Setup, &told(2)), "");
    assert_eq!(steps, [retried(1), retried(2), Step::GiveUp, retried(3), started("s"), ending]);
}

#[test]
fn a_provider_that_is_away_is_waited_for() {
    let retry = r#"{"type":"system","subtype":"api_retry","attempt":9,"max_retries":10,"retry_delay_ms":500,"error_status":null,"error":"unknown"}"#;
    let told = "the model could not be asked: unknown; try 9 of 10 in 500 ms";
    assert_eq!(read(&mut reader(), &[retry]), [item(ItemKind::Notice, told, ItemProgress::Failed)]);
}

#[test]
fn a_run_that_no_prompt_began_does_not_end_the_turn() {
    let result = |uuid: &str, rest: &str, text: &str| {
        format!(
            r#"{{"type":"result","subtype":"success","is_error":false,"terminal_reason":"completed","result":"{text}","session_id":"s","user_message_uuid":{uuid},"model_usage_since_last_result":{{"m":{{"inputTokens":5,"outputTokens":1,"costUSD":0.001}}}}{rest}}}"#
        )
    };
    let own = result("null", r#","origin":{"kind":"task-notification"}"#, "noticed");
    let other = result("\"prompt-0\"", "", "earlier");
    let asked = result("\"prompt-2\"", r#","user_message_uuids":["prompt-1","prompt-2"]"#, "done");
    let spent = || usage(0, 5, 1, 1000);
    let expected = [spent(), spent(), spent(), started("s"), ended(Ending::Completed, "done")];
    assert_eq!(read(&mut reader(), &[&own, &other, &asked]), expected);
}

#[test]
fn a_conversation_that_is_not_there_is_told_before_the_prompt() {
    let mut reader = Reader::new(PathBuf::from("/sandbox/repo"), Some(7), true);
    let line = r#"{"type":"result","subtype":"error_during_execution","is_error":true,"session_id":"s","errors":["No conversation found with session ID: s"],"total_cost_usd":0,"usage":{"input_tokens":0}}"#;
    let failure = Failure::new(FailureClass::Setup, "No conversation found with session ID: s");
    assert_eq!(reader.read(line), Err(failure));
}

fn question(id: &str) -> String {
    format!(
        r#"{{"type":"control_request","request_id":"{id}","request":{{"subtype":"can_use_tool","tool_name":"Write","input":{{"file_path":"/sandbox/repo/a.txt","content":"x"}},"description":"a.txt","tool_use_id":"t"}}}}"#
    )
}

#[test]
fn a_question_is_asked_once_and_answered_once() {
    let mut reader = reader();
    let ask =
        Ask { id: "q".into(), act: Act::Write(vec!["a.txt".into()]), explanation: Some("a.txt".into()) };
    assert_eq!(read(&mut reader, &[&question("q")]), [Step::Signal(Signal::Asked(ask))]);
    let answer = reader.answer("q", &Answer::Allow).unwrap();
    assert!(answer.contains(r#""behavior":"allow""#) && answer.contains(r#""content":"x""#), "{answer}");
    assert_eq!(reader.answer("q", &Answer::Allow), None);
    assert_eq!(reader.answer("other", &Answer::Allow), None);
}

#[test]
fn a_withdrawn_question_takes_no_answer() {
    let mut reader = reader();
    let cancel = r#"{"type":"control_cancel_request","request_id":"q"}"#;
    let steps = read(&mut reader, &[&question("q"), cancel, cancel]);
    assert_eq!(steps[1..], [Step::Signal(Signal::Withdrawn("q".into()))]);
    assert_eq!(reader.answer("q", &Answer::Allow), None);
}

#[test]
fn questions_without_end_are_refused() {
    let mut reader = reader();
    for number in 0..ASKS_MAX {
        assert!(matches!(
            read(&mut reader, &[&question(&number.to_string())])[..],
            [Step::Signal(Signal::Asked(_))]
        ));
    }
    let steps = read(&mut reader, &[&question("more")]);
    assert!(matches!(&steps[..], [Step::Reply(line)] if line.contains("\"deny\"")), "{steps:?}");
}

#[test]
fn what_the_agent_wants_is_never_left_without_an_answer() {
    let line = |subtype: &str| {
        format!(r#"{{"type":"control_request","request_id":"r","request":{{"subtype":"{subtype}"}}}}"#)
    };
    let lines = [line("hook_callback"), line("elicitation"), line("request_user_dialog")];
    let steps = read(&mut reader(), &[&lines[0], &lines[1], &lines[2]]);
    let expected = [request::ask("r"), request::cancel("r"), request::unsupported("r")];
    assert_eq!(steps, expected.map(Step::Reply));
}

#[test]
fn a_subagent_has_not_the_last_word() {
    let sub = text("b", "sub says").replace(r#""parent_tool_use_id":null"#, r#""parent_tool_use_id":"t""#);
    let steps = read(&mut reader(), &[&text("a", "mine"), &sub, ABORTED]);
    let by_itself = failed(FailureClass::Exited, "it broke the turn off by itself");
    assert_eq!(steps.last(), Some(&ended(by_itself, "mine")));
}

#[test]
fn the_protocol_opens_or_says_why_not() {
    let mut reader = Reader::new(PathBuf::from("/sandbox/repo"), Some(7), false);
    let good = r#"{"type":"control_response","response":{"subtype":"success","request_id":"initialize","response":{}}}"#;
    assert_eq!(reader.read(good), Ok(vec![Step::Opened]));
    let bad = r#"{"type":"control_response","response":{"subtype":"error","request_id":"initialize","error":"too late"}}"#;
    let failure = Failure::new(FailureClass::Setup, "it does not open its protocol: too late");
    assert_eq!(reader.read(bad), Err(failure));
}

#[test]
fn what_is_new_is_skipped_and_what_is_broken_is_not() {
    let mut reader = reader();
    let block = r#"{"type":"assistant","message":{"id":"a","content":[{"type":"new_block","a":{"b":1}}]}}"#;
    let new = [r#"{"type":"prompt_suggestion","a":1}"#, r#"{"type":"system","subtype":"new_thing"}"#, block];
    assert_eq!(read(&mut reader, &new), []);
    for broken in ["", "hello", "7", r#"{"type":"assistant"}"#, r#"{"type":"result","usage":7}"#] {
        assert_eq!(reader.read(broken).unwrap_err().class, FailureClass::Garbage, "{broken}");
    }
}

#[test]
fn signs_of_life_are_those_of_work() {
    let line = |subtype: &str| format!(r#"{{"type":"system","subtype":"{subtype}"}}"#);
    let alive = [line("thinking_tokens"), line("task_progress")];
    assert_eq!(
        read(&mut reader(), &[&alive[0], &alive[1]]),
        [Step::Signal(Signal::Alive), Step::Signal(Signal::Alive)]
    );
    let hung = [line("status"), r#"{"type":"tool_progress","elapsed_time_seconds":9}"#.to_owned()];
    assert_eq!(read(&mut reader(), &[&hung[0], &hung[1]]), []);
}

#[test]
fn a_long_message_keeps_its_end() {
    let long = format!("ü{}{}", "x".repeat(FINAL_MESSAGE_BYTES_MAX - 1), "");
    assert_eq!(end_of(long), "x".repeat(FINAL_MESSAGE_BYTES_MAX - 1), "no half of a character");
    assert_eq!(end_of("short".to_owned()), "short");
}

#[test]
fn an_agent_that_is_gone_ends_the_turn_with_what_it_said() {
    let mut reader = reader();
    read(&mut reader, &[&text("a", "half")]);
    let exited = Failure::new(FailureClass::Exited, "gone");
    let gone = |ending, message: &str| Signal::Ended(Ended { ending, message: message.to_owned() });
    assert_eq!(reader.gone(exited.clone()), gone(Ending::Failed(exited.clone()), "half"));
    reader.interrupt();
    assert_eq!(reader.gone(exited), gone(Ending::Interrupted, ""));
}
