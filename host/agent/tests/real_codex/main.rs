//! The driver `codex` on the real program, against a scripted model on loopback. Where `EVIDENT_AGENTS`
//! names no folder with `node_modules/.bin/codex`, every test says so and is skipped.

mod place;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use evident_agent::codex::{Codex, Settings, doctor};
use evident_agent::doctor::Health;
use evident_agent::{Control, Driver, Found, Lost, Prompt, Setup, Signal};
use evident_core::agent::{
    Act, Answer, Ask, Capabilities, Ended, Ending, Failure, FailureClass, ItemProgress,
};
use evident_core::evidence::Timestamp;
use serde_json::json;
use tokio::time::{Instant, sleep};

use self::place::{begin, call, ended, follow, message, notices, place, runs, started, tokens, tool, whole};

/// Time for a process to be gone that was told to end.
const GONE_MAX: Duration = Duration::from_secs(5);

#[tokio::test]
async fn a_turn_edits_a_file_and_says_so() {
    let script = json!([{"shell": "echo hello > made.txt && cat made.txt"}, {"say": "made it"}]);
    let Some(place) = place(Some(&script)) else { return };
    let mut codex = place.codex(place.setup());
    let (session, turn, process, told) = started(whole(begin(&mut codex, 1, "make a file").await).await);
    let command = "echo hello > made.txt && cat made.txt";
    let expected = [
        tool(command, ItemProgress::Begun),
        call(),
        tool(command, ItemProgress::Done),
        tokens(100, 10),
        message("made it"),
        tokens(100, 10),
        ended(Ending::Completed, "made it"),
    ];
    assert_eq!(told, expected);
    assert_eq!(place.read("made.txt").as_deref(), Some("hello\n"));
    assert!(!session.is_empty() && turn.is_some() && process > 0);
    codex.close().await;
    assert!(!runs(&place.workspace().to_string_lossy()));
}

/// Codex tells the totals of a thread: a second turn must not be charged for the first.
#[tokio::test]
async fn two_turns_share_a_process_and_each_has_its_own_usage() {
    let script =
        json!([{"say": "one", "usage": [500, 50]}, {"shell": "true"}, {"say": "two", "usage": [700, 70]}]);
    let Some(place) = place(Some(&script)) else { return };
    let mut codex = place.codex(place.setup());
    let (session, _, process, told) = started(whole(begin(&mut codex, 1, "first").await).await);
    assert_eq!(told, [message("one"), tokens(500, 50), ended(Ending::Completed, "one")]);
    let (again, _, same, told) = started(whole(begin(&mut codex, 2, "second").await).await);
    let expected = [
        tool("true", ItemProgress::Begun),
        call(),
        tool("true", ItemProgress::Done),
        tokens(100, 10),
        message("two"),
        tokens(700, 70),
        ended(Ending::Completed, "two"),
    ];
    assert_eq!((again, same, told.as_slice()), (session, process, expected.as_slice()));
    codex.close().await;
}

#[tokio::test]
async fn a_session_goes_on_in_a_new_process() {
    let script = json!([{"say": "one", "usage": [500, 50]}, {"say": "two", "usage": [600, 60]}]);
    let Some(place) = place(Some(&script)) else { return };
    let mut first = place.codex(place.setup());
    let (session, _, process, _) = started(whole(begin(&mut first, 1, "first").await).await);
    first.close().await;
    let mut second = place.codex(Setup { session: Some(session.clone()), ..place.setup() });
    let (same, _, other, told) = started(whole(begin(&mut second, 2, "second").await).await);
    assert_eq!(told, [message("two"), tokens(600, 60), ended(Ending::Completed, "two")]);
    assert_eq!((same, process == other), (session, false));
    second.close().await;
}

#[tokio::test]
async fn a_session_that_is_not_there_is_told() {
    let Some(place) = place(None) else { return };
    let session = Some("01a2279f-aeb0-7531-89e1-80b5d0c753a9".to_string());
    let mut codex = place.codex(Setup { session, ..place.setup() });
    let failure = codex.begin(Prompt { turn: 1, text: "go".into() }).await.unwrap_err();
    let told = "no rollout found for thread id 01a2279f-aeb0-7531-89e1-80b5d0c753a9";
    assert_eq!(failure, Failure::new(FailureClass::Setup, told));
}

/// Codex tries again where it is told when; where it is not, the turn fails and the host does.
#[tokio::test]
async fn a_model_that_is_busy_once_is_tried_again() {
    let script = json!([{"status": 429, "times": 1, "headers": {"retry-after": "1"}}, {"say": "ok"}]);
    let Some(place) = place(Some(&script)) else { return };
    let mut codex = place.codex(place.setup());
    let (_, _, _, told) = started(whole(begin(&mut codex, 1, "go").await).await);
    assert!(notices(&told)[0].starts_with("Reconnecting... 1/1"), "{told:?}");
    assert_eq!(told[1..], [message("ok"), tokens(100, 10), ended(Ending::Completed, "ok")]);
    codex.close().await;
}

/// Every fault has the class that decides what is done about it.
#[tokio::test]
async fn faults_of_the_model_have_their_class() {
    let reset = json!({"x-codex-primary-used-percent": "100", "x-codex-primary-window-minutes": "300",
        "x-codex-primary-reset-at": "1796000000"});
    let limit = json!({"error": {"type": "usage_limit_reached", "message": "m", "resets_at": 1_796_000_000}});
    let bad = json!({"error": {"message": "bad thing", "type": "invalid_request_error"}});
    let until = Some(Timestamp(1_796_000_000_000));
    let faults = [
        (json!({"cut": true, "say": "half", "times": 9}), FailureClass::Unavailable, None),
        (json!({"status": 500, "times": 99}), FailureClass::Unavailable, None),
        (json!({"status": 429, "times": 99}), FailureClass::RateLimited, None),
        (json!({"status": 429, "times": 99, "headers": reset, "body": limit}), FailureClass::Quota, until),
        (json!({"status": 401, "times": 99}), FailureClass::Setup, None),
        (json!({"status": 400, "times": 99, "body": bad}), FailureClass::Refused, None),
    ];
    for (fault, class, until) in faults {
        let Some(place) = place(Some(&json!([fault]))) else { return };
        let mut codex = place.codex(place.setup());
        let told = whole(begin(&mut codex, 1, "go").await).await;
        let Some(Signal::Ended(Ended { ending: Ending::Failed(failure), .. })) = told.last() else {
            panic!("{told:?}")
        };
        assert_eq!((failure.class, failure.until), (class, until), "{failure}");
        codex.close().await;
    }
}

/// Codex waits for a model that is away without bound, and says so: that is not a sign of life.
#[tokio::test]
async fn a_model_that_is_away_is_a_notice_and_an_interrupt_ends_it() {
    let Some(place) = place(None) else { return };
    let mut codex = place.codex(place.setup());
    let turn = begin(&mut codex, 1, "go").await;
    let mut alive = 0;
    let told = follow(turn, |signal| {
        alive += usize::from(*signal == Signal::Alive);
        let waits = matches!(signal, Signal::Item(item) if item.title.contains("waiting for network"));
        waits.then_some(Control::Interrupt)
    });
    let (_, _, _, told) = started(told.await);
    assert_eq!(told.last(), Some(&ended(Ending::Interrupted, "")));
    assert_eq!((alive, notices(&told).len(), told.len()), (0, 1, 2));
    codex.close().await;
}

#[tokio::test]
async fn what_is_asked_runs_when_it_is_allowed_and_not_when_it_is_denied() {
    let script = json!([{"shell": "touch denied.txt"}, {"shell": "touch allowed.txt"}, {"say": "fin"}]);
    let Some(place) = place(Some(&script)) else { return };
    let mut codex = place.codex(Setup { asks: true, ..place.setup() });
    let turn = begin(&mut codex, 1, "go").await;
    let told = follow(turn, |signal| {
        let Signal::Asked(ask) = signal else { return None };
        let denied = ask.act == Act::Command("touch denied.txt".into());
        let answer = if denied { Answer::Deny("not that one".into()) } else { Answer::Allow };
        Some(Control::Answer { id: ask.id.clone(), answer })
    });
    let (_, _, _, told) = started(told.await);
    let asked = |id: &str, command: &str| {
        Signal::Asked(Ask { id: id.into(), act: Act::Command(command.into()), explanation: None })
    };
    let expected = [
        tool("touch denied.txt", ItemProgress::Begun),
        call(),
        asked("0", "touch denied.txt"),
        tool("touch denied.txt", ItemProgress::Failed),
        tokens(100, 10),
        tool("touch allowed.txt", ItemProgress::Begun),
        call(),
        asked("1", "touch allowed.txt"),
        tool("touch allowed.txt", ItemProgress::Done),
        tokens(100, 10),
        message("fin"),
        tokens(100, 10),
        ended(Ending::Completed, "fin"),
    ];
    assert_eq!(told, expected);
    assert_eq!((place.read("denied.txt"), place.read("allowed.txt")), (None, Some(String::new())));
    assert!(place.sent().contains("`touch denied.txt` was not allowed: not that one"));
    codex.close().await;
}

/// Catches what was allowed and still runs in a sandbox. A sandbox that codex leaves only where it sees at once that
/// it refused something held every command that took longer than a moment; under load that was every one.
#[tokio::test]
async fn what_is_allowed_runs_outside_of_the_sandbox_however_long_it_takes() {
    let command = "sleep 1; touch allowed.txt ../outside.txt";
    let Some(place) = place(Some(&json!([{"shell": command}, {"say": "fin"}]))) else { return };
    let mut codex = place.codex(Setup { asks: true, ..place.setup() });
    let told = follow(begin(&mut codex, 1, "go").await, |signal| {
        let Signal::Asked(ask) = signal else { return None };
        Some(Control::Answer { id: ask.id.clone(), answer: Answer::Allow })
    });
    let (_, _, _, told) = started(told.await);
    assert!(told.contains(&tool(command, ItemProgress::Done)), "{told:?}");
    assert!(place.read("allowed.txt").is_some() && place.read("../outside.txt").is_some());
    codex.close().await;
}

/// Without a sandbox below it, asking is all that holds the agent: every way to write is asked for.
#[tokio::test]
async fn nothing_is_written_without_being_asked_for() {
    let patch = "*** Begin Patch\n*** Add File: p.txt\n+hello\n*** End Patch\n";
    let script = json!([{"shell": "pwd"}, {"shell": "ls; touch a.txt"}, {"shell": "git init ."},
        {"shell": format!("apply_patch <<'EOF'\n{patch}EOF\n")}, {"say": "fin"}]);
    let Some(place) = place(Some(&script)) else { return };
    let mut codex = place.codex(Setup { asks: true, ..place.setup() });
    let mut asked = 0;
    let told = follow(begin(&mut codex, 1, "go").await, |signal| {
        let Signal::Asked(ask) = signal else { return None };
        asked += 1;
        Some(Control::Answer { id: ask.id.clone(), answer: Answer::Deny("no".into()) })
    });
    let (_, _, _, told) = started(told.await);
    assert_eq!((asked, told.last()), (4, Some(&ended(Ending::Completed, "fin"))));
    assert_eq!(fs::read_dir(place.workspace()).unwrap().count(), 0);
    codex.close().await;
}

/// Catches empty folders of codex's sandbox that stay in the work when a command is ended with its turn.
#[tokio::test]
async fn what_the_sandbox_left_is_removed_and_told() {
    let exec = json!({"tool": ["exec_command", {"cmd": "sleep 300.375", "yield_time_ms": 250}]});
    for write in [vec!["src/**".to_string()], Vec::new()] {
        let Some(place) = place(Some(&json!([exec, {"say": "done"}]))) else { return };
        fs::create_dir_all(place.workspace().join("src/.aws")).unwrap();
        let mut codex = place.codex(Setup { write: write.clone(), ..place.setup() });
        let (_, _, _, told) = started(whole(begin(&mut codex, 1, "go").await).await);
        assert_eq!(told.last(), Some(&ended(Ending::Completed, "done")));
        let inside = if write.is_empty() { "" } else { "src/" };
        for name in [".agents", ".codex", ".git"] {
            assert!(!place.workspace().join(inside).join(name).exists(), "{write:?}: {name}");
        }
        assert!(place.workspace().join("src/.aws").exists(), "it was there before");
        let told = notices(&told);
        assert!(told.iter().any(|told| told.contains(&format!("`{inside}.git`"))), "{told:?}");
        codex.close().await;
    }
}

/// An MCP server with one tool, for codex to start.
const STAMPS: &str = r#"
import json, sys
for line in sys.stdin:
    asked = json.loads(line)
    if "id" not in asked: continue
    result = {"initialize": lambda: {"protocolVersion": asked["params"]["protocolVersion"], "capabilities": {"tools": {}},
                                     "serverInfo": {"name": "stamps", "version": "1"}},
              "tools/list": lambda: {"tools": [{"name": "stamp", "description": "d", "inputSchema": {"type": "object"}}]},
              "tools/call": lambda: {"content": [{"type": "text", "text": "stamped"}]}}.get(asked["method"], dict)()
    print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": result}), flush=True)
"#;

/// Codex asks for a tool of an MCP server in the form of a question of that server.
#[tokio::test]
async fn a_tool_of_an_mcp_server_is_asked_for() {
    let Some(place) = place(Some(&json!([{"mcp": ["stamps", "stamp", {"a": "x"}]}, {"say": "fin"}]))) else {
        return;
    };
    place.add_mcp_server("stamps", STAMPS);
    let mut codex = place.codex(Setup { asks: true, ..place.setup() });
    let mut acts = Vec::new();
    let told = follow(begin(&mut codex, 1, "go").await, |signal| {
        let Signal::Asked(ask) = signal else { return None };
        acts.push(ask.act.clone());
        Some(Control::Answer { id: ask.id.clone(), answer: Answer::Allow })
    });
    let (_, _, _, told) = started(told.await);
    assert!(told.contains(&tool("stamps/stamp", ItemProgress::Done)), "{told:?}");
    assert_eq!(acts, [Act::Tool { name: "stamps/stamp".into(), input: r#"{"a":"x"}"#.into() }]);
    codex.close().await;
}

/// The process and the thread outlive a turn that failed.
#[tokio::test]
async fn a_turn_after_a_failed_one_runs() {
    let bad = json!({"error": {"message": "bad thing", "type": "invalid_request_error"}});
    let Some(place) = place(Some(&json!([{"status": 400, "body": bad}, {"say": "ok"}]))) else { return };
    let mut codex = place.codex(place.setup());
    let (_, _, process, told) = started(whole(begin(&mut codex, 1, "go").await).await);
    assert!(matches!(told.as_slice(), [Signal::Ended(Ended { ending: Ending::Failed(_), .. })]), "{told:?}");
    let (_, _, same, told) = started(whole(begin(&mut codex, 2, "again").await).await);
    assert_eq!((same, told.last()), (process, Some(&ended(Ending::Completed, "ok"))));
    codex.close().await;
}

/// Codex would leave the command running, and it would change the files that are judged next.
#[tokio::test]
async fn an_interrupted_turn_leaves_nothing_running() {
    let Some(place) = place(Some(&json!([{"shell": "sleep 300.125"}, {"say": "after"}]))) else { return };
    let mut codex = place.codex(place.setup());
    let turn = begin(&mut codex, 1, "go").await;
    let told = follow(turn, |signal| {
        matches!(signal, Signal::Item(item) if item.progress == ItemProgress::Begun)
            .then_some(Control::Interrupt)
    });
    let (_, _, process, told) = started(told.await);
    assert_eq!(told.last(), Some(&ended(Ending::Interrupted, "")));
    gone("sleep 300.125").await;
    let (_, _, same, told) = started(whole(begin(&mut codex, 2, "go on").await).await);
    assert_eq!((same, told.last()), (process, Some(&ended(Ending::Completed, "after"))));
    codex.close().await;
}

/// A command that the agent left behind when it said that it was done.
#[tokio::test]
async fn a_turn_that_ended_leaves_nothing_running() {
    let exec = json!({"tool": ["exec_command", {"cmd": "sleep 300.25", "yield_time_ms": 250}]});
    let Some(place) = place(Some(&json!([exec, {"say": "done"}]))) else { return };
    let mut codex = place.codex(place.setup());
    let (_, _, _, told) = started(whole(begin(&mut codex, 1, "go").await).await);
    assert_eq!(told.last(), Some(&ended(Ending::Completed, "done")));
    gone("sleep 300.25").await;
    codex.close().await;
}

/// Waits, bounded, until no process has that in its command line.
async fn gone(text: &str) {
    let until = Instant::now() + GONE_MAX;
    while runs(text) {
        assert!(Instant::now() < until, "`{text}` still runs");
        sleep(Duration::from_millis(20)).await;
    }
}

/// Helpers work in threads of their own, and on when the turn of the agent that started them is over.
#[tokio::test]
async fn a_helper_that_the_agent_started_does_not_work_on() {
    let helper = json!({"mcp": ["multi_agent_v1", "spawn_agent", {"message": "wait"}]});
    let script = json!([helper, {"shell": "[ -e first ] && sleep 300.875 || touch first"}, {"say": "done"}]);
    let Some(place) = place(Some(&script)) else { return };
    let mut codex = place.codex(place.setup());
    let (_, _, _, told) = started(whole(begin(&mut codex, 1, "go").await).await);
    assert!(matches!(told.last(), Some(Signal::Ended(Ended { ending: Ending::Completed, .. }))), "{told:?}");
    gone("sleep 300.875").await;
    codex.close().await;
}

/// An agent that sets itself a goal would have codex begin turns that nobody asked for.
#[tokio::test]
async fn codex_has_no_goals_of_its_own() {
    for exec in [false, true] {
        let script = json!([{"tool": ["create_goal", {"objective": "more"}]}, {"say": "fin"}]);
        let Some(place) = place(Some(&script)) else { return };
        let mut codex = Codex::new(place.setup(), Settings { exec, ..place.settings() });
        let (_, _, _, told) = started(whole(begin(&mut codex, 1, "go").await).await);
        assert_eq!(told.last(), Some(&ended(Ending::Completed, "fin")));
        assert!(place.sent().contains("unsupported call: create_goal"), "exec: {exec}");
        codex.close().await;
    }
}

#[tokio::test]
async fn a_turn_that_is_dropped_kills_the_agent() {
    let Some(place) = place(Some(&json!([{"shell": "sleep 300.5"}]))) else { return };
    let mut codex = place.codex(place.setup());
    let mut turn = begin(&mut codex, 1, "go").await;
    let Some(Signal::Started { session, turn: name, .. }) = turn.signals.recv().await else { panic!() };
    while !matches!(turn.signals.recv().await, Some(Signal::Item(item)) if item.progress == ItemProgress::Begun)
    {
    }
    drop(turn);
    gone(&place.workspace().to_string_lossy()).await;
    let lost = Lost { session: session.clone(), turn: name, prompt: "go".into() };
    let mut next = place.codex(Setup { session, ..place.setup() });
    let died = Failure::new(FailureClass::Exited, "codex ended before its turn did");
    let found = Found::Ended(Ended { ending: Ending::Failed(died), message: String::new() });
    assert_eq!(next.look_up(&lost).await, Ok(found));
    next.close().await;
}

#[tokio::test]
async fn a_lost_turn_is_looked_up() {
    let Some(place) = place(Some(&json!([{"say": "one"}]))) else { return };
    let mut codex = place.codex(place.setup());
    let (session, name, _, _) = started(whole(begin(&mut codex, 1, "first").await).await);
    let lost = |turn: Option<&String>, prompt: &str| Lost {
        session: Some(session.clone()),
        turn: turn.cloned(),
        prompt: prompt.into(),
    };
    let mut other = place.codex(Setup { session: Some(session.clone()), ..place.setup() });
    let failure = other.look_up(&lost(name.as_ref(), "first")).await.unwrap_err();
    assert_eq!(failure.class, FailureClass::Unavailable, "{failure}");
    codex.close().await;
    let found = Found::Ended(Ended { ending: Ending::Completed, message: "one".into() });
    assert_eq!(other.look_up(&lost(name.as_ref(), "first")).await, Ok(found.clone()));
    assert_eq!(other.look_up(&lost(None, "first")).await, Ok(found));
    assert_eq!(other.look_up(&lost(None, "second")).await, Ok(Found::NeverBegan));
    assert_eq!(other.look_up(&Lost { session: None, ..lost(None, "first") }).await, Ok(Found::Unknown));
    let (_, _, _, told) = started(whole(begin(&mut other, 2, "on").await).await);
    assert_eq!(told.last(), Some(&ended(Ending::Completed, "DONE")));
    other.close().await;
}

/// What the capabilities claim of the sandbox, tried.
#[tokio::test]
async fn the_sandbox_writes_only_where_the_boundary_allows() {
    let names = "src/in.txt out.txt other/out.txt ../out.txt $TMPDIR/temporary.txt";
    let script = json!([{"shell": format!("for name in {names}; do (echo > $name) 2> /dev/null; done")}, {"say": "fin"}]);
    for exec in [false, true] {
        let Some(place) = place(Some(&script)) else { return };
        for folder in ["src", "other"] {
            fs::create_dir(place.workspace().join(folder)).unwrap();
        }
        let setup = Setup { write: vec!["src/**".into()], ..place.setup() };
        let mut codex = Codex::new(setup, Settings { exec, ..place.settings() });
        assert!(codex.capabilities().confines);
        let (_, _, _, told) = started(whole(begin(&mut codex, 1, "go").await).await);
        assert_eq!(told.last(), Some(&ended(Ending::Completed, "fin")));
        let written = ["src/in.txt", "out.txt", "other/out.txt", "../out.txt", "../temporary/temporary.txt"];
        let written: Vec<&str> = written.into_iter().filter(|name| place.read(name).is_some()).collect();
        assert_eq!(written, ["src/in.txt", "../temporary/temporary.txt"], "exec: {exec}");
        codex.close().await;
    }
}

/// Permissions of this host must not take away, nor give, the network that the user's own config says.
#[tokio::test]
async fn the_network_is_as_the_user_says() {
    let connect = "import os, re, socket; config = open(os.environ['HOME'] + '/config.toml').read(); \
                   socket.create_connection(('127.0.0.1', int(re.search(r':(\\d+)/v1', config)[1])), 5)";
    let command = format!("python3 -c \"{connect}\" && touch src/reached");
    for (write, network) in [(vec!["src/**"], true), (vec!["src/**"], false), (vec![], true), (vec![], false)]
    {
        let Some(place) = place(Some(&json!([{"shell": command}, {"say": "fin"}]))) else { return };
        place.add_config(&format!("[sandbox_workspace_write]\nnetwork_access = {network}\n"));
        fs::create_dir(place.workspace().join("src")).unwrap();
        let write: Vec<String> = write.into_iter().map(str::to_string).collect();
        let mut codex = place.codex(Setup { write: write.clone(), ..place.setup() });
        let told = whole(begin(&mut codex, 1, "go").await).await;
        assert_eq!(told.last(), Some(&ended(Ending::Completed, "fin")));
        assert_eq!(place.read("src/reached").is_some(), network, "{write:?}");
        codex.close().await;
    }
}

#[tokio::test]
async fn exec_runs_turns_and_resumes() {
    let script = json!([{"shell": "touch made.txt"}, {"say": "one"}, {"say": "two"}]);
    let Some(place) = place(Some(&script)) else { return };
    let mut codex = Codex::new(place.setup(), Settings { exec: true, ..place.settings() });
    assert_eq!(
        codex.capabilities(),
        Capabilities {
            tool_calls: true,
            tokens: true,
            confines: true,
            resumes: true,
            ..Capabilities::default()
        }
    );
    let (session, _, _, told) = started(whole(begin(&mut codex, 1, "first").await).await);
    let expected = [
        tool("touch made.txt", ItemProgress::Begun),
        call(),
        tool("touch made.txt", ItemProgress::Done),
        message("one"),
        tokens(200, 20),
        ended(Ending::Completed, "one"),
    ];
    assert_eq!(told, expected);
    let (same, _, _, told) = started(whole(begin(&mut codex, 2, "second").await).await);
    assert_eq!(
        (same, told.as_slice()),
        (session, [message("two"), tokens(100, 10), ended(Ending::Completed, "two")].as_slice())
    );
    codex.close().await;
}

#[tokio::test]
async fn exec_is_interrupted_by_ending_it() {
    let Some(place) = place(Some(&json!([{"shell": "sleep 300.75"}]))) else { return };
    let mut codex = Codex::new(place.setup(), Settings { exec: true, ..place.settings() });
    let turn = begin(&mut codex, 1, "go").await;
    let told = follow(turn, |signal| {
        matches!(signal, Signal::Item(item) if item.progress == ItemProgress::Begun)
            .then_some(Control::Interrupt)
    });
    assert_eq!(told.await.last(), Some(&ended(Ending::Interrupted, "")));
    gone("sleep 300.75").await;
    codex.close().await;
}

/// A codex that knows no app-server is driven by `codex exec`, but never where it must ask.
#[tokio::test]
async fn a_codex_without_an_app_server_is_driven_all_the_same() {
    let Some(place) = place(Some(&json!([{"say": "one"}]))) else { return };
    let old = place.workspace().join("old-codex");
    let script = format!(
        "#!/bin/sh\nif [ \"$1\" = app-server ]; then echo \"error: unrecognized subcommand\" >&2; exit 2; fi\nexec \"{}\" \"$@\"\n",
        place.program().display()
    );
    fs::write(&old, script).unwrap();
    fs::set_permissions(&old, fs::Permissions::from_mode(0o755)).unwrap();
    let settings = Settings { program: old.into(), ..place.settings() };
    let mut codex = Codex::new(place.setup(), settings.clone());
    let (_, turn, _, told) = started(whole(begin(&mut codex, 1, "go").await).await);
    assert_eq!((turn, told.last()), (None, Some(&ended(Ending::Completed, "one"))));
    assert!(!codex.capabilities().interrupts);
    codex.close().await;
    let mut asks = Codex::new(Setup { asks: true, ..place.setup() }, settings);
    let failure = asks.begin(Prompt { turn: 1, text: "go".into() }).await.unwrap_err();
    assert_eq!(failure.class, FailureClass::Setup, "{failure}");
}

#[tokio::test]
async fn the_doctor_finds_a_codex_that_works() {
    let Some(place) = place(None) else { return };
    let findings = doctor(&place.settings(), &place.setup()).await;
    let names: Vec<(&str, Health)> = findings.iter().map(|finding| (finding.name, finding.health)).collect();
    let good = ["program", "interface", "login", "hooks", "sandbox"].map(|name| (name, Health::Good));
    assert_eq!(names, good, "{findings:?}");
}

/// These need no codex.
#[tokio::test]
async fn a_program_that_is_not_there_or_ends_at_once_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let setup =
        Setup { workspace: folder.path().into(), session: None, asks: false, write: Vec::new(), user: None };
    for (program, class) in [("no-such-codex", FailureClass::Missing), ("false", FailureClass::Exited)] {
        let settings = Settings { program: program.into(), ..Settings::default() };
        let mut codex = Codex::new(setup.clone(), settings.clone());
        let failure = codex.begin(Prompt { turn: 1, text: "go".into() }).await.unwrap_err();
        assert_eq!(failure.class, class, "{failure}");
        let findings = doctor(&settings, &setup).await;
        assert_eq!((findings.len(), findings[0].name, findings[0].health), (1, "program", Health::Bad));
        let lost = Lost { session: Some("s".into()), turn: None, prompt: "go".into() };
        assert_eq!(codex.look_up(&lost).await.unwrap_err().class, class);
        codex.close().await;
    }
}

#[tokio::test]
async fn what_can_be_reported_is_what_is_set_up() {
    let folder = tempfile::tempdir().unwrap();
    let setup =
        Setup { workspace: folder.path().into(), session: None, asks: true, write: Vec::new(), user: None };
    let all = Capabilities {
        tool_calls: true,
        tokens: true,
        asks: true,
        interrupts: true,
        resumes: true,
        looks_up: true,
        ..Capabilities::default()
    };
    assert_eq!(Codex::new(setup.clone(), Settings::default()).capabilities(), all);
    let free = Setup { asks: false, ..setup.clone() };
    let confined = Capabilities { asks: false, confines: true, ..all };
    assert_eq!(Codex::new(free, Settings::default()).capabilities(), confined);
}
