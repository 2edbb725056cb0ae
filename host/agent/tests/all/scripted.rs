//! Scripts: what they do to a workspace, what they cannot do, and what they tell.

use std::fs;
use std::os::unix::fs::symlink;

use evident_agent::{Control, Driver as _, Found, Lost, Scripted, Signal};
use evident_core::agent::{Act, Answer, Ask, Ending, Failure, FailureClass, ItemProgress, Usage};
use tempfile::TempDir;

use crate::fixture::*;

fn script(folder: &TempDir, turns: &str) -> Scripted {
    Scripted::parse(&format!("version = 1\n{turns}"), &setup(folder)).expect("is a script")
}

fn usage(tool_calls: u64) -> Signal {
    Signal::Usage(Usage { tool_calls, ..Usage::default() })
}

fn failed(class: FailureClass, message: &str) -> Signal {
    ended(Ending::Failed(Failure::new(class, message)), "")
}

#[tokio::test]
async fn a_turn_edits_tells_what_it_used_and_says_its_message() {
    let folder = workspace();
    fs::write(folder.path().join("price.rs"), "let price = 1;\n").expect("is written");
    fs::write(folder.path().join("old"), "").expect("is written");
    let mut driver = script(
        &folder,
        r#"
        [[turn]]
        say = "done \u0007"
        edit = [
            { path = "price.rs", from = "1", to = "2" },
            { path = "deep/er/new", write = "whole" },
            { path = "old", delete = true },
        ]
        usage = { input_tokens = 100, cached_input_tokens = 40, output_tokens = 10, cost_usd = 0.01 }
        "#,
    );
    let mut turn = begin(&mut driver, 1, "go").await;
    let started = Signal::Started { session: Some("script".into()), turn: Some("1".into()), process: None };
    assert_eq!(next(&mut turn).await, started);
    let used = Usage {
        tool_calls: 3,
        input_tokens: 100,
        cached_input_tokens: 40,
        output_tokens: 10,
        cost_microusd: 10_000,
    };
    let wanted = [
        call("edit price.rs", ItemProgress::Begun),
        call("edit price.rs", ItemProgress::Done),
        call("write deep/er/new", ItemProgress::Begun),
        call("write deep/er/new", ItemProgress::Done),
        call("delete old", ItemProgress::Begun),
        call("delete old", ItemProgress::Done),
        Signal::Usage(used),
        ended(Ending::Completed, "done \\u{7}"),
    ];
    assert_eq!(rest(turn).await, wanted);
    let text = |path: &str| fs::read_to_string(folder.path().join(path)).ok();
    assert_eq!(text("price.rs").as_deref(), Some("let price = 2;\n"));
    assert_eq!((text("deep/er/new").as_deref(), text("old")), (Some("whole"), None));
}

#[tokio::test]
async fn no_edit_leaves_the_workspace() {
    let outside = workspace();
    fs::write(outside.path().join("file"), "safe").expect("is written");
    for edit in ["from = 'safe', to = 'lost'", "write = 'lost'", "delete = true"] {
        let folder = workspace();
        symlink(outside.path(), folder.path().join("out")).expect("is made");
        let mut driver = script(&folder, &format!("[[turn]]\nedit = [{{ path = 'out/file', {edit} }}]"));
        let signals = act(&mut driver, 1, "").await;
        let [.., Signal::Item(item), Signal::Usage(_), Signal::Ended(end)] = signals.as_slice() else {
            panic!("{signals:?}");
        };
        assert_eq!(item.progress, ItemProgress::Failed);
        let Ending::Failed(failure) = &end.ending else { panic!("{end:?}") };
        assert_eq!(failure.class, FailureClass::Setup);
        assert!(failure.message.starts_with("cannot "), "{failure}");
    }
    assert_eq!(fs::read_to_string(outside.path().join("file")).expect("is there"), "safe");
}

#[tokio::test]
async fn a_link_to_a_file_outside_is_not_written_through() {
    let (folder, outside) = (workspace(), workspace());
    let file = outside.path().join("file");
    fs::write(&file, "safe").expect("is written");
    symlink(&file, folder.path().join("link")).expect("is made");
    let mut driver = script(&folder, "[[turn]]\nedit = [{ path = 'link', write = 'lost' }]");
    let signals = act(&mut driver, 1, "").await;
    assert!(matches!(signals.last(), Some(Signal::Ended(end)) if matches!(end.ending, Ending::Failed(_))));
    assert_eq!(fs::read_to_string(&file).expect("is there"), "safe");
}

#[tokio::test]
async fn an_edit_that_does_not_fit_breaks_the_turn_off() {
    let folder = workspace();
    fs::write(folder.path().join("twice"), "a a").expect("is written");
    let mut driver =
        script(&folder, "[[turn]]\nedit = [{ path = 'twice', from = 'a', to = 'b' }]\nsay = 'done'");
    let wanted = [
        call("edit twice", ItemProgress::Begun),
        call("edit twice", ItemProgress::Failed),
        usage(1),
        failed(FailureClass::Setup, "cannot edit twice: `a` is there 2 times, not once"),
    ];
    assert_eq!(act(&mut driver, 1, "").await, wanted);
    assert_eq!(fs::read_to_string(folder.path().join("twice")).expect("is there"), "a a");
}

#[tokio::test]
async fn a_question_waits_for_its_own_answer() {
    let folder = workspace();
    let turns =
        "[[turn]]\nask = { command = 'git push' }\nedit = [{ path = 'a', write = '' }]\nsay = 'went on'";
    let mut driver = script(&folder, turns);
    for (answer, message) in [
        (Answer::Allow, "went on"),
        (Answer::Deny("not today".into()), "was not allowed to git push: not today\n\nwent on"),
    ] {
        let mut turn = begin(&mut driver, 1, "").await;
        next(&mut turn).await;
        let ask = Ask { id: "1".into(), act: Act::Command("git push".into()), explanation: None };
        assert_eq!(next(&mut turn).await, Signal::Asked(ask));
        for id in ["2", "1"] {
            let answer = if id == "1" { answer.clone() } else { Answer::Allow };
            turn.control.send(Control::Answer { id: id.into(), answer }).await.expect("is heard");
        }
        let wanted = [
            call("write a", ItemProgress::Begun),
            call("write a", ItemProgress::Done),
            usage(1),
            ended(Ending::Completed, message),
        ];
        assert_eq!(rest(turn).await, wanted);
    }
}

#[tokio::test]
async fn a_denied_write_is_not_made() {
    let folder = workspace();
    let edits = "edit = [{ path = 'a', write = '' }, { path = 'b', write = '' }]";
    let mut driver = script(&folder, &format!("[[turn]]\nask = {{ write = ['a'] }}\n{edits}"));
    let mut turn = begin(&mut driver, 1, "").await;
    next(&mut turn).await;
    next(&mut turn).await;
    let answer = Control::Answer { id: "1".into(), answer: Answer::Deny("protected".into()) };
    turn.control.send(answer).await.expect("is heard");
    let signals = rest(turn).await;
    assert_eq!(signals.last(), Some(&ended(Ending::Completed, "was not allowed to write a: protected\n\n")));
    assert!(!folder.path().join("a").exists() && folder.path().join("b").exists());
}

#[tokio::test]
async fn a_turn_can_be_interrupted_wherever_it_waits() {
    let folder = workspace();
    for turns in ["wait = '1d'", "hang = true", "hang = true\nedit = [{ path = 'a', write = '' }]"] {
        let mut driver = script(&folder, &format!("[[turn]]\n{turns}\nsay = 'never'"));
        let turn = begin(&mut driver, 1, "").await;
        turn.control.send(Control::Interrupt).await.expect("is heard");
        let signals = rest(turn).await;
        assert_eq!(signals.last(), Some(&ended(Ending::Interrupted, "")), "{turns}");
    }
    let mut driver = script(&folder, "[[turn]]\nask = { command = 'x' }");
    let mut turn = begin(&mut driver, 1, "").await;
    next(&mut turn).await;
    next(&mut turn).await;
    turn.control.send(Control::Interrupt).await.expect("is heard");
    let wanted = [Signal::Withdrawn("1".into()), usage(0), ended(Ending::Interrupted, "")];
    assert_eq!(rest(turn).await, wanted);
}

#[tokio::test]
async fn a_prompt_without_the_expected_text_fails_and_so_does_a_failure() {
    let folder = workspace();
    let mut driver = script(&folder, "[[turn]]\nexpect = 'p95'\nsay = 'ok'\n[[turn]]\nfail = 'rate-limited'");
    let missing = failed(FailureClass::Garbage, "the prompt of turn 1 does not contain `p95`");
    assert_eq!(act(&mut driver, 1, "the p9 5").await, [usage(0), missing]);
    assert_eq!(act(&mut driver, 1, "the p95").await, [usage(0), ended(Ending::Completed, "ok")]);
    let broken = failed(FailureClass::RateLimited, "the script breaks turn 2 off");
    assert_eq!(act(&mut driver, 2, "").await, [usage(0), broken]);
    let nothing = ended(Ending::Completed, "nothing left to do");
    assert_eq!(act(&mut driver, 3, "").await, [usage(0), nothing]);
}

#[tokio::test]
async fn a_cut_turn_never_began_only_where_nothing_was_done() {
    let folder = workspace();
    let turns = "[[turn]]\nedit = [{ path = 'a', write = 'x' }]\n[[turn]]\nsay = 'no edit'";
    let mut driver = script(&folder, turns);
    let lost = |turn: Option<&str>| Lost { session: None, turn: turn.map(Into::into), prompt: String::new() };
    assert_eq!(driver.look_up(&lost(Some("1"))).await, Ok(Found::NeverBegan));
    fs::write(folder.path().join("a"), "x").expect("is written");
    assert_eq!(driver.look_up(&lost(Some("1"))).await, Ok(Found::Unknown));
    assert_eq!(driver.look_up(&lost(Some("2"))).await, Ok(Found::NeverBegan));
    assert_eq!(driver.look_up(&lost(None)).await, Ok(Found::Unknown));
    assert_eq!(driver.look_up(&lost(Some("x"))).await, Ok(Found::Unknown));
}

#[tokio::test]
async fn a_script_that_cannot_be_read_is_named() {
    let folder = workspace();
    let path = folder.path().join("script.toml");
    let missing = Scripted::open(&path, &setup(&folder)).expect_err("is not there");
    assert_eq!(missing.class, FailureClass::Missing);
    fs::write(&path, "version = 1\nturns = 3\n").expect("is written");
    let wrong = Scripted::open(&path, &setup(&folder)).expect_err("is not a script");
    assert_eq!(wrong.class, FailureClass::Setup);
    assert!(wrong.message.contains("script.toml`: line 2, column 1: unknown field `turns`"), "{wrong}");
}
