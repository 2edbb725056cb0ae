//! An agent that gives its owner's commands. Level L0 refuses the plain case, and no more: the caller descends
//! from a driver. What another user changes about that is in `tests/cli/agent_user.rs`.

use super::{BOUNDARY, Ended, TERMS, bounded, lie, ordered};
use crate::followed::follow_typed;
use crate::reports::GREEN;
use crate::threats::{CORRECT, HEAD, attacked};
use crate::workspace::{Workspace, run};

/// Catches an agent that gives the owner's commands: each moves what is judged. A plain check does not.
#[test]
fn f10_commands_of_the_owner_are_refused_to_an_agent() {
    let owners: [&[&str]; 4] = [
        &["accept-change", "tests/taxes.t"],
        &["check", "--since", "HEAD"],
        &["baseline", "write", "correct"],
        &["init", "other"],
    ];
    for arguments in owners {
        let workspace = bounded();
        workspace.remove("tests/taxes.t");
        std::fs::create_dir(workspace.path("other")).expect("makes");
        let driven = run(workspace.command(arguments).env("EVIDENT_DRIVER", "1"));
        assert_eq!(driven.exit, 2, "{arguments:?}: {driven:#?}");
        assert!(driven.stderr.contains("this command is the owner's"), "{arguments:?}: {driven:#?}");
        let mut undefended = workspace.command(arguments);
        undefended.env("EVIDENT_DRIVER", "1").env("EVIDENT_UNDEFENDED", "descendants");
        let undefended = run(&mut undefended);
        assert!(!undefended.stderr.contains("is the owner's"), "{arguments:?}: {undefended:#?}");
    }
    let plain = run(bounded().command(["check"]).env("EVIDENT_DRIVER", "1"));
    assert_eq!(plain.exit, 1, "an agent may look: {plain:#?}");
}

/// A shell that gives commands to evident with the mark of its driver taken off: the shell itself bears it.
/// What each said goes into the file `told` beside the workspace.
fn giving(workspace: &Workspace, commands: &[&str], off: &str) -> String {
    let mut order = format!(
        "cat > /dev/null; give() {{ env -u EVIDENT_DRIVER EVIDENT_STATE='{}' EVIDENT_UNDEFENDED='{off}' \
         HOME='{}' '{}' \"$@\" >> ../told 2>&1; }}\n",
        workspace.outside("state").display(),
        workspace.outside("home").display(),
        env!("CARGO_BIN_EXE_evident"),
    );
    commands.iter().for_each(|command| order += &format!("give {command}\n"));
    order + "true\n"
}

/// Catches an agent that deletes a test and accepts the change itself.
#[test]
fn f10_an_agent_cannot_accept_its_own_change() {
    let tell = |workspace: &Workspace, off: &str| {
        let order = giving(workspace, &["accept-change tests/taxes.t"], off);
        ordered(workspace, &format!("rm -f tests/taxes.t\n{order}"), "")
    };
    lie(bounded, tell, &["boundary"], "descendants");
}

/// Catches the same where the first process of the agent, which the host started, is the command itself and bears
/// no mark: then the host is above it.
#[test]
fn f10_an_agent_cannot_become_its_owners_command() {
    let tell = |workspace: &Workspace, off: &str| {
        let order = giving(workspace, &["accept-change tests/taxes.t"], off);
        let order = order.replace("give() { env", "give() { exec env");
        ordered(workspace, &format!("rm -f tests/taxes.t\n{order}"), "")
    };
    lie(bounded, tell, &["boundary"], "descendants");
}

/// Catches the same where all that was above the command has ended, so that no process above it bears a mark.
#[test]
fn f10_an_agent_cannot_hide_behind_parents_that_ended() {
    let tell = |workspace: &Workspace, off: &str| {
        let order = giving(workspace, &["accept-change tests/taxes.t"], "");
        // The agent goes on once the shell in between has ended.
        let given = format!("until [ -e ../alone ]; do sleep 0.01; done\n{order}touch ../given\n");
        std::fs::write(workspace.outside("given.sh"), given).expect("writes");
        let hides = "(env -u EVIDENT_DRIVER setsid sh ../given.sh < /dev/null > /dev/null 2>&1 &)";
        let waits = "touch ../alone; until [ -e ../given ]; do sleep 0.01; done";
        ordered(workspace, &format!("cat > /dev/null; rm -f tests/taxes.t\n{hides}\n{waits}\n"), off)
    };
    lie(bounded, tell, &["boundary"], "orphans");
}

/// Catches an agent that makes the contract easier and puts that in force itself.
#[test]
fn f10_an_agent_cannot_put_its_own_contract_in_force() {
    let contract = format!("{HEAD}{CORRECT}{TERMS}");
    let easier = contract.replace("[\"sh\", \"suite.sh\"]", "[\"cat\", \"green.xml\"]");
    let build = || attacked(&contract);
    let tell = |workspace: &Workspace, off: &str| {
        std::fs::write(workspace.outside("easier.toml"), &easier).expect("writes");
        std::fs::write(workspace.outside("green.xml"), GREEN).expect("writes");
        let order = giving(workspace, &["goal edit"], off);
        ordered(workspace, &format!("cp ../easier.toml goal.toml; cp ../green.xml .\n{order}"), "")
    };
    let ended = lie(build, tell, &["correct"], "descendants");
    assert_eq!(ended.report["revision"], 1);
}

/// Catches an agent that stops and moves its own goal: each command would be an event of the owner's.
#[test]
fn f10_an_agent_cannot_command_its_own_goal() {
    let commands =
        ["goal pause", "goal resume", "goal say attacked 'well done'", "goal wake --every 1h", "goal clear"];
    let by_owner = |ended: &Ended| {
        let is_told =
            |event: &&&serde_json::Value| event["event"] == "state-changed" && event["cause"] != "budget";
        let changed =
            ended.of("state-changed").iter().filter(is_told).map(|event| event["cause"].clone()).collect();
        let changed: Vec<serde_json::Value> = changed;
        (changed, ended.of("said").len(), ended.of("waiting").len())
    };
    let tell = |off: &str| {
        let workspace = bounded();
        let order = giving(&workspace, &commands, off);
        let ended = ordered(&workspace, &order, "");
        (ended, std::fs::read_to_string(workspace.outside("told")).expect("was told"))
    };
    let (ended, told) = tell("");
    // Three turns: two, and the one that wraps up.
    assert_eq!(told.matches("this command is the owner's").count(), 3 * commands.len(), "{told}");
    assert_eq!((&ended.state, by_owner(&ended)), (&"budget-limited".into(), (vec![], 0, 0)), "{ended:#?}");
    let (ended, told) = tell("descendants");
    assert_eq!(ended.state, "cleared", "{told}\n{ended:#?}");
    let causes = ["pause", "resume", "clear"].map(serde_json::Value::from).to_vec();
    assert_eq!(by_owner(&ended), (causes, 1, 1), "{told}\n{ended:#?}");
}

/// Catches an agent that allows itself what a person has to decide.
#[test]
fn f10_an_agent_cannot_approve_its_own_question() {
    let approve = "\n[[approve]]\nwhen = { command = \"git push **\" }\nwhy = \"Others see it.\"\n";
    let script = "version = 1\n[[turn]]\nask = { command = \"git push origin\" }\n";
    let asking = |off: &str| {
        let workspace = attacked(&format!("{HEAD}{CORRECT}{BOUNDARY}{TERMS}{approve}"));
        std::fs::write(workspace.outside("script.toml"), script).expect("writes");
        let agent = format!("script:{}", workspace.outside("script.toml").display());
        let arguments = ["run", "--no-wait", "--format", "jsonl", "--agent", &agent];
        // The keyboard of a person: without one nobody is there to decide.
        let mut followed = follow_typed(&mut workspace.command(arguments));
        followed.until("asked");
        let mut driven = workspace.command(["approve"]);
        let driven = run(driven.env("EVIDENT_DRIVER", "1").env("EVIDENT_UNDEFENDED", off));
        (workspace, followed, driven)
    };
    let (workspace, mut followed, driven) = asking("");
    assert_eq!(driven.exit, 2, "{driven:#?}");
    assert!(driven.stderr.contains("this command is the owner's"), "{driven:#?}");
    assert_eq!(workspace.run(["deny", "--why", "not today"]).exit, 0, "it waits for its owner still");
    assert_eq!(followed.until("answered")["answer"]["deny"], "not today");
    followed.over();
    let (_workspace, mut followed, driven) = asking("descendants");
    assert_eq!(driven.exit, 0, "{driven:#?}");
    assert_eq!(followed.until("answered")["answer"], "allow", "nobody but the agent allowed it");
    followed.over();
}
