//! What somebody does to the host's files between two runs: it is found and named, it is mended where the host has
//! the bytes, and no goal completes on it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use crate::reports::{RED, contract};
use crate::workspace::{Run, Workspace, run};

/// An end of the contract: short, and quick to stop.
const TERMS: &str = "\n[budget]\nturns = 6\n\n[policy]\nstall_turns = 3\n";

/// No command waits that long for a pipe that nothing writes to.
const SOON: Duration = Duration::from_secs(30);

/// An agent that makes the suite green.
const MENDS: &str = r#"version = 1
[[turn]]
times = 9
say = """
Mended.
```evident
{"request": "complete"}
```
"""
edit = [{ path = "report.xml", write = '<testsuite><testcase classname="cart" name="is_priced"/></testsuite>' }]
"#;

/// One whose first turn fails for good: the goal is blocked and can be gone on with.
const FAILS: &str = "version = 1\n[[turn]]\nfail = \"refused\"\n";

fn goal(script: &str) -> Workspace {
    let workspace = Workspace::new(
        &(contract(r#"run = ["cat", "report.xml"]"#) + "\n[boundary]\nprotect = [\"x\"]\n" + TERMS),
    );
    workspace.write("report.xml", RED);
    fs::write(workspace.outside("agent.toml"), script).expect("writes");
    workspace
}

fn drive(workspace: &Workspace) -> Run {
    let agent = format!("script:{}", workspace.outside("agent.toml").display());
    workspace.run(["run", "--headless", "--no-wait", "--format", "jsonl", "--agent", &agent])
}

fn verify(workspace: &Workspace) -> (Run, Value) {
    let run = workspace.run(["store", "verify", "--format", "json"]);
    let value = serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {run:#?}"));
    (run, value)
}

/// The path of a blob by its digest in the text form.
fn blob(workspace: &Workspace, digest: &str) -> PathBuf {
    let hex = digest.trim_start_matches("sha256:");
    workspace.outside("state/blobs").join(&hex[..2]).join(&hex[2..])
}

fn history(workspace: &Workspace) -> Vec<Value> {
    let run = workspace.run(["goal", "history", "--format", "jsonl"]);
    assert_eq!(run.exit, 0, "{run:#?}");
    run.stdout.lines().map(|line| serde_json::from_str(line).expect("is JSON")).collect()
}

/// The first string below a key of that name, however deep.
fn find<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    match value {
        Value::Object(entries) => entries
            .get(key)
            .and_then(Value::as_str)
            .or_else(|| entries.values().find_map(|value| find(value, key))),
        Value::Array(values) => values.iter().find_map(|value| find(value, key)),
        _ => None,
    }
}

fn of_contract(workspace: &Workspace) -> PathBuf {
    let history = history(workspace);
    blob(workspace, find(&history[0], "contract").expect("a goal names its contract"))
}

/// A way to damage a file, by its name.
type Damage = (&'static str, fn(&Path));

/// Every way to damage a blob, by its name.
fn damages() -> Vec<Damage> {
    fn rewrite(path: &Path, with: impl FnOnce(Vec<u8>) -> Vec<u8>) {
        let bytes = fs::read(path).expect("is there");
        fs::remove_file(path).expect("is ours");
        fs::write(path, with(bytes)).expect("writes");
    }
    vec![
        ("empty", |path| rewrite(path, |_| Vec::new())),
        ("cut", |path| rewrite(path, |bytes| bytes[..bytes.len() / 2].to_vec())),
        ("of the same size", |path| rewrite(path, |bytes| vec![b' '; bytes.len()])),
        ("gone", |path| fs::remove_file(path).expect("is ours")),
        ("a link", |path| {
            let elsewhere = path.with_extension("elsewhere");
            fs::rename(path, &elsewhere).expect("moves");
            std::os::unix::fs::symlink(elsewhere, path).expect("links");
        }),
        ("a folder", |path| {
            fs::remove_file(path).expect("is ours");
            fs::create_dir_all(path.join("inside")).expect("makes");
        }),
        ("a pipe", |path| {
            fs::remove_file(path).expect("is ours");
            let made = std::process::Command::new("mkfifo").arg(path).status().expect("mkfifo runs");
            assert!(made.success());
        }),
        ("unreadable", |path| {
            rewrite(path, |_| Vec::new());
            fs::set_permissions(path, fs::Permissions::from_mode(0o000)).expect("is ours");
        }),
    ]
}

/// Catches `complete` over a contract whose stored text is not the one in force, and a `store verify` that calls it
/// sound: an event names the blob, so it has to be there.
#[test]
fn a_damaged_contract_is_told_and_mended_before_a_goal_completes() {
    for (name, damage) in damages() {
        let workspace = goal(FAILS);
        assert_eq!(drive(&workspace).exit, 4);
        let path = of_contract(&workspace);
        damage(&path);
        let (run, told) = verify(&workspace);
        assert_eq!((run.exit, &told["sound"]), (5, &false.into()), "{name}: {run:#?}");
        assert_eq!(
            (&told["damages"][0]["seq"], told["damages"].as_array().map(Vec::len)),
            (&1.into(), Some(1)),
            "{name}: {told:#}"
        );
        assert!(run.took < SOON, "{name}: it waited");
        // The owner goes on: the file is the contract in force, so its text is stored once more.
        fs::write(workspace.outside("agent.toml"), MENDS).expect("writes");
        assert_eq!(workspace.run(["goal", "resume"]).exit, 0);
        let run = drive(&workspace);
        assert_eq!(run.exit, 0, "{name}: {run:#?}");
        let (run, told) = verify(&workspace);
        assert_eq!((run.exit, &told["sound"]), (0, &true.into()), "{name}: {told:#}");
        assert!(fs::symlink_metadata(&path).expect("is there").is_file());
    }
}

/// Catches a host that takes the file for the contract in force when the stored text is lost.
#[test]
fn a_damaged_contract_that_the_file_is_not_is_refused() {
    let workspace = goal(FAILS);
    assert_eq!(drive(&workspace).exit, 4);
    let path = of_contract(&workspace);
    fs::remove_file(&path).expect("is ours");
    fs::write(&path, "").expect("writes");
    let file = fs::read_to_string(workspace.path("goal.toml")).expect("is there");
    workspace.write("goal.toml", file.replace("turns = 6", "turns = 7"));
    let run = drive(&workspace);
    assert_eq!(run.exit, 5, "{run:#?}");
    assert!(run.stderr.contains("is damaged"), "{run:#?}");
}

/// With the defence off, the host keeps the empty text, and completes.
#[test]
fn without_the_proof_a_goal_completes_on_an_empty_contract() {
    let workspace = goal(FAILS);
    assert_eq!(drive(&workspace).exit, 4);
    let path = of_contract(&workspace);
    fs::remove_file(&path).expect("is ours");
    fs::write(&path, "").expect("writes");
    fs::write(workspace.outside("agent.toml"), MENDS).expect("writes");
    assert_eq!(workspace.run(["goal", "resume"]).exit, 0);
    let agent = format!("script:{}", workspace.outside("agent.toml").display());
    let mut command = workspace.command(["run", "--headless", "--no-wait", "--agent", &agent]);
    let run = run(command.env("EVIDENT_UNDEFENDED", "kept-blob-proof"));
    assert_eq!(run.exit, 0, "{run:#?}");
    assert_eq!(verify(&workspace).0.exit, 5, "and it is told all the same");
}

/// Every blob that anything names is read: prompts, messages, assessments, evidence, the start tree and its contents.
#[test]
fn store_verify_reads_every_blob_that_is_named() {
    let workspace = goal(MENDS);
    let run = drive(&workspace);
    assert_eq!(run.exit, 0, "{run:#?}");
    let (run, told) = verify(&workspace);
    assert_eq!(run.exit, 0, "{run:#?}");
    let mut blobs = Vec::new();
    for folder in fs::read_dir(workspace.outside("state/blobs")).expect("lists") {
        let folder = folder.expect("is there").path();
        if folder.file_name().is_some_and(|name| name != "incoming") {
            blobs.extend(fs::read_dir(folder).expect("lists").map(|entry| entry.expect("is there").path()));
        }
    }
    let named = told["blobs"].as_u64().expect("a number");
    assert!(named >= 10, "{told:#}");
    let (mut found, mut unnamed) = (0, 0);
    for path in &blobs {
        let bytes = fs::read(path).expect("reads");
        fs::remove_file(path).expect("is ours");
        fs::write(path, [&bytes[..], b"!"].concat()).expect("writes");
        match verify(&workspace).0.exit {
            0 => unnamed += 1,
            5 => found += 1,
            exit => panic!("exit {exit}"),
        }
        fs::remove_file(path).expect("is ours");
        fs::write(path, &bytes).expect("writes");
    }
    // What nothing names is told of by nothing: a run keeps evidence of a walk that came to nothing.
    assert!(found >= named, "{found} of {named}, {unnamed} are unnamed");
    assert_eq!(verify(&workspace).0.exit, 0);
}

/// A damaged assessment, prompt or record is told with the place that names it, and holds no command up.
#[test]
fn damage_is_told_by_its_place() {
    let workspace = goal(MENDS);
    assert_eq!(drive(&workspace).exit, 0);
    for (folder, key) in [("starts", "start"), ("last", "assessment")] {
        let record = fs::read_dir(workspace.outside("state").join(folder)).expect("lists");
        let record = record.map(|entry| entry.expect("is there").path()).next().expect("one is there");
        let bytes = fs::read(&record).expect("reads");
        fs::write(&record, &bytes[..bytes.len() / 2]).expect("writes");
        let (run, told) = verify(&workspace);
        assert_eq!(run.exit, 5, "{run:#?}");
        let path = record.display().to_string();
        assert_eq!(told["damages"][0][key], path.as_str(), "{told:#}");
        fs::write(&record, bytes).expect("writes");
    }
    let events = history(&workspace);
    let assessed: Vec<&Value> = events.iter().filter(|event| event["event"]["event"] == "assessed").collect();
    let last = assessed.last().expect("it was assessed");
    let path = blob(&workspace, find(last, "assessment").expect("names it"));
    fs::remove_file(&path).expect("is ours");
    fs::write(&path, "{").expect("writes");
    let (run, told) = verify(&workspace);
    assert_eq!((run.exit, &told["damages"][0]["seq"]), (5, &last["seq"]), "{told:#}");
    // What it named is not removed as garbage: it may be mended.
    let gc = workspace.run(["gc"]);
    assert_eq!(gc.exit, 5, "{gc:#?}");
    assert!(gc.stderr.contains("is damaged"), "{gc:#?}");
    assert_eq!(workspace.run(["goal", "report"]).exit, 0);
    assert_eq!(workspace.run(["explain", "correct"]).exit, 0);
}

/// Catches a host that gives a goal up because what it assessed last is damaged: it is assessed once more.
#[test]
fn a_goal_goes_on_without_its_last_assessment() {
    let workspace = goal(FAILS);
    assert_eq!(drive(&workspace).exit, 4);
    let events = history(&workspace);
    let assessed = events.iter().rfind(|event| event["event"]["event"] == "assessed").expect("is there");
    let path = blob(&workspace, find(assessed, "assessment").expect("names it"));
    fs::remove_file(&path).expect("is ours");
    fs::write(&path, "").expect("writes");
    fs::write(workspace.outside("agent.toml"), MENDS).expect("writes");
    assert_eq!(workspace.run(["goal", "resume"]).exit, 0);
    let run = drive(&workspace);
    assert_eq!(run.exit, 0, "{run:#?}");
}

/// Catches a store that is made anew where one was lost: every goal would be forgotten.
#[test]
fn a_lost_database_is_damage() {
    let workspace = goal(MENDS);
    assert_eq!(drive(&workspace).exit, 0);
    let database = workspace.outside("state/goals/goals.db");
    let bytes = fs::read(&database).expect("is there");
    for what in ["is empty", "is missing"] {
        fs::remove_file(&database).expect("is there");
        if what == "is empty" {
            fs::write(&database, "").expect("writes");
        }
        for command in [&["store", "verify"][..], &["goal", "list"], &["gc"]] {
            let run = workspace.run(command);
            assert_eq!(run.exit, 5, "{run:#?}");
            assert!(
                run.stderr.contains("the store of goals is damaged") && run.stderr.contains(what),
                "{run:#?}"
            );
            assert!(run.stderr.contains("help: "), "{run:#?}");
        }
        let run = drive(&workspace);
        assert_eq!(run.exit, 5, "no goal begins: {run:#?}");
        fs::write(&database, &bytes).expect("writes");
    }
    assert_eq!(workspace.run(["store", "verify"]).exit, 0);
}
