//! What the work can do to keep itself from being read: none of it is a failure of the host. A check is undecided
//! and names the path; a goal tells its agent, and ends blocked where nobody mends it.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt;
use std::process::Command;

use serde_json::Value;

use crate::agent_user::other_user;
use crate::threats::{CORRECT, HEAD, attacked};
use crate::workspace::{Run, Workspace, run};

const BOUNDARY: &str = "\n[boundary]\nprotect = [\"tests/**\", \"suite.sh\", \"goal.toml\"]\n";

/// Enough turns for a blocker, and nothing else that could stop the goal before.
const TERMS: &str = "\n[budget]\nturns = 5\n\n[policy]\nstall_turns = 0\nidle_turns = 0\nblocked_turns = 3\n";

fn work() -> Workspace {
    attacked(&format!("{HEAD}{CORRECT}{BOUNDARY}{TERMS}"))
}

fn shell(workspace: &Workspace, order: &str) {
    let status = Command::new("sh").args(["-c", order]).current_dir(workspace.folder()).status();
    assert!(status.expect("there is a shell").success(), "{order}");
}

/// Undecided, and every clause says where the obstacle is.
fn undecided(run: &Run, path: &str) {
    assert_eq!((run.exit, run.stderr.as_str()), (3, ""), "{run:#?}");
    let assessment: Value = serde_json::from_str(&run.stdout).expect("is JSON");
    let clauses = assessment["clauses"].as_array().expect("is a list");
    assert_eq!(clauses.len(), 2);
    for clause in clauses {
        let summary = clause["outcome"]["summary"].as_str().expect("is text");
        assert!(summary.contains("the work cannot be read") && summary.contains(path), "{path}: {summary}");
    }
}

/// Folders in each other, beyond any bound of a walk.
const DEEP: &str = "cd src; for i in $(seq 200); do mkdir deep && cd deep; done";

/// Catches a check that ends as a failure of the host for what lies in the tree.
#[test]
fn what_cannot_be_read_is_undecided() {
    for (order, path) in [
        (DEEP, "src/deep/deep"),
        ("touch x.log; echo garbage > .git/index", "index of git"),
        ("touch x.log; git update-index --split-index", "index of git"),
        ("touch x.log; rm .git/index; mkfifo .git/index", "index of git"),
    ] {
        let workspace = work();
        shell(&workspace, order);
        undecided(&workspace.check().0, path);
        // Nothing but the work is in the way.
        let human = workspace.run(["check"]);
        assert!(human.exit == 3 && human.stdout.contains(path), "{human:#?}");
        for more in [["accept-change", "src/**"], ["lint", "--try"]] {
            let run = workspace.run(more);
            assert_eq!(run.exit, 3, "{order}: {run:#?}");
            assert!(run.stderr.contains("remove what is named"), "{run:#?}");
        }
    }
}

/// Catches a contract that is called wrong for what the work did to the ignore files that its start knows.
#[test]
fn ignore_files_that_the_work_removed_are_no_mistake_of_the_contract() {
    let run =
        "[\"sh\", \"-c\", \"mkdir -p build; sh suite.sh > build/all.xml\"]\ncollect = [\"build/*.xml\"]";
    let head = HEAD.replace("[\"sh\", \"suite.sh\"]", run);
    let correct = CORRECT.replace("\"suite\"", "\"suite/build/all.xml\"");
    for order in ["rm .gitignore", "rm .gitignore && mkdir .gitignore", "rm .gitignore && mkfifo .gitignore"]
    {
        let workspace = attacked(&format!("{head}{correct}{BOUNDARY}"));
        shell(&workspace, order);
        let (run, assessment) = workspace.check();
        assert_eq!(run.exit, 1, "{order}: {run:#?}");
        assert_eq!(assessment["start"]["fresh"], false);
    }
}

/// Catches a repository that the work damaged taken for a failure of the host.
#[test]
fn a_damaged_repository_is_undecided() {
    let workspace = work();
    let id = Command::new("git").args(["rev-parse", "HEAD"]).current_dir(workspace.folder()).output();
    let id = String::from_utf8(id.expect("git runs").stdout).expect("is text");
    shell(
        &workspace,
        "blob=$(git rev-parse HEAD:src/shop.txt); file=.git/objects/$(echo $blob | cut -c1-2)/$(echo $blob | cut -c3-); rm -f $file; echo no > $file",
    );
    let run = workspace.run(["check", "--since", id.trim(), "--format", "json"]);
    undecided(&run, "see to it that the repository is whole");
}

/// Catches something odd but readable that keeps the rest from being judged.
#[test]
fn what_is_odd_and_can_be_read_is_judged() {
    let workspace = work();
    shell(&workspace, "mkfifo src/fifo; ln -s nowhere src/dangling; ln -s src src/loop");
    let _socket = UnixListener::bind(workspace.path("src/socket")).expect("binds");
    fs::write(workspace.path("src").join(std::ffi::OsStr::from_bytes(b"\xff\n\x1b")), "x").expect("writes");
    fs::create_dir_all(workspace.path("src/nested/.git")).expect("makes");
    assert_eq!(workspace.check().0.exit, 1, "the suite fails, and that is judged");
    for order in [
        "rm -rf .git/objects",
        "echo x > .git/HEAD",
        "rm -rf .git",
        "echo 'gitdir: /no' > .git",
        "rm .git; ln -s .git .git",
    ] {
        shell(&workspace, order);
        assert_eq!(workspace.check().0.exit, 1, "{order}");
    }
}

/// A file and a folder that the host may not open: only another user than root can be refused.
#[test]
fn what_is_closed_is_undecided() {
    let Some((_, user)) = other_user() else { return };
    for (path, closed) in [("src/shop.txt", "src/shop.txt"), ("src", "src")] {
        let workspace = work();
        fs::set_permissions(workspace.outside(""), fs::Permissions::from_mode(0o755)).expect("is ours");
        shell(&workspace, "chmod -R a+rX . && rm -rf ../state ../home/.cache && mkdir ../state");
        chown(workspace.outside("state"), Some(user), None).expect("is root");
        chown(workspace.outside("home"), Some(user), None).expect("is root");
        let program = workspace.outside("evident");
        if fs::hard_link(env!("CARGO_BIN_EXE_evident"), &program).is_err() {
            fs::copy(env!("CARGO_BIN_EXE_evident"), &program).expect("there is room");
        }
        let check = || {
            let known = workspace.command(["check", "--format", "json"]);
            let mut command = Command::new(&program);
            command.args(known.get_args()).current_dir(workspace.folder()).env_clear().uid(user);
            for (name, value) in known.get_envs() {
                value.map(|value| command.env(name, value));
            }
            run(&mut command)
        };
        assert_eq!(check().exit, 1, "the start is recorded: {:#?}", check());
        fs::set_permissions(workspace.path(path), fs::Permissions::from_mode(0o000)).expect("is ours");
        undecided(&check(), closed);
        fs::set_permissions(workspace.path(path), fs::Permissions::from_mode(0o755)).expect("is ours");
        assert_eq!(check().exit, 1, "and it is judged again");
    }
}

/// How a goal ended: exit code, state, detail, and the prompts of its turns.
fn driven(workspace: &Workspace, order: &str) -> (i32, Value, String, String) {
    let order = format!("cat >> '{}'; {order}", workspace.outside("prompts").display());
    let arguments = ["run", "--headless", "--no-wait", "--format", "json", "--agent", "command", "--"];
    let mut command = workspace.command(arguments.iter().copied().chain(["sh", "-c", &order]));
    let run = run(command.env("EVIDENT_UNDEFENDED", "back-off"));
    let report: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {run:#?}"));
    let detail = report["detail"].as_str().expect("is text").to_owned();
    let prompts = fs::read_to_string(workspace.outside("prompts")).expect("the agent wrote it");
    (run.exit, report["state"].clone(), detail, prompts)
}

/// Catches a goal that is left active by what its agent did, or that never tells it.
#[test]
fn an_obstacle_blocks_a_goal() {
    let deep = format!("[ -e src/deep ] || ({DEEP})");
    for (order, path) in
        [(deep.as_str(), "src/deep/deep"), ("touch x.log; echo no > .git/index", "index of git")]
    {
        let workspace = work();
        let (exit, state, detail, prompts) = driven(&workspace, order);
        assert_eq!((exit, &state["blocked"]), (4, &"blocker".into()), "{detail}");
        assert!(detail.contains("on 3 turns in a row") && detail.contains(path), "{detail}");
        assert_eq!(
            prompts.matches("the work cannot be read").count(),
            4,
            "two clauses in two prompts: {prompts}"
        );
        assert!(prompts.contains(path), "{prompts}");
    }
}

/// Catches an obstacle that is held against a goal after its agent removed it.
#[test]
fn an_obstacle_that_is_mended_is_forgotten() {
    let order =
        format!("if [ -e src/deep ]; then rm -r src/deep; echo passes > tests/taxes.t; else ({DEEP}); fi");
    let workspace = attacked(&format!("{HEAD}{CORRECT}{TERMS}"));
    let (exit, state, detail, _) = driven(&workspace, &order);
    assert_eq!((exit, &state), (0, &"complete".into()), "{detail}");
}

/// Catches a host that fails for what became of the place that it works in.
#[test]
fn a_goal_whose_place_is_gone_ends_with_a_reason() {
    for order in [
        "cd .. && mv here gone",
        "cd .. && rm -rf here",
        "cd .. && rm -rf here && touch here",
        "cd .. && mv here gone && ln -s gone here",
        "cd .. && mv here gone && ln -s here here",
        "rm goal.toml",
        "rm goal.toml && mkdir goal.toml",
        "rm suite.sh",
        "rm -r tests && touch tests",
        "rm -rf .git && mkfifo .git",
    ] {
        let workspace = work();
        let (exit, state, detail, _) = driven(&workspace, order);
        assert_eq!(exit, 4, "{order}: {detail}");
        assert!(state != "active" && !detail.is_empty(), "{order}: {state} {detail}");
    }
}

/// Before any work an obstacle is its owner's, and no goal begins.
#[test]
fn an_obstacle_at_the_start_begins_nothing() {
    let workspace = work();
    shell(&workspace, DEEP);
    let run = workspace.run(["run", "--headless", "--no-wait", "--agent", "command", "--", "true"]);
    assert_eq!(run.exit, 3, "{run:#?}");
    assert!(run.stderr.contains("src/deep") && run.stderr.contains("remove what is named"), "{run:#?}");
    let goals = workspace.run(["goal", "list", "--format", "json"]);
    assert!(!goals.stdout.contains("attacked"), "{goals:#?}");
}
