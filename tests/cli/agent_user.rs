//! Level L1 end to end: an agent that runs as another user, and how far it comes. What it cannot do there is
//! tried at L0 too, where all of it can be done, so that nothing is refused by accident.
//!
//! Only root can start a process as another user: elsewhere these tests say so and are skipped.

use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::PathBuf;

use serde_json::Value;

use crate::threats::{CORRECT, HEAD, git};
use crate::workspace::{Run, Workspace, run};

/// Users that a system has and that own nothing.
const USERS: [&str; 2] = ["daemon", "nobody"];

/// The price is right once the agent has done its work.
const SUITE: &str = "if grep -qx 19 src/price.txt; then result=; else result='<failure/>'; fi
echo \"<testsuite><testcase name='price'>$result</testcase></testsuite>\"
";

const TERMS: &str = "\n[boundary]\nprotect = [\"suite.sh\"]\n\n[budget]\nturns = 2\n";

/// What the agent tries, each as its name and a command for a shell. `$PPID` is the host.
const TRIED: [(&str, &str); 10] = [
    ("read the log", "cat \"$EVIDENT_STATE\"/goals/*"),
    ("list the evidence", "ls \"$EVIDENT_STATE/blobs\""),
    ("read the key of the seals", "cat \"$EVIDENT_STATE/seal/key\""),
    ("write beside them", "touch \"$EVIDENT_STATE/mine\""),
    ("edit the contract", "echo '# easier' >> goal.toml"),
    ("replace the contract", "cp goal.toml ../lent/goal.toml && mv ../lent/goal.toml goal.toml"),
    ("pause and resume", "../evident goal pause && ../evident goal resume"),
    ("speak for the owner", "../evident goal say attacked 'well done'"),
    ("accept a change", "../evident accept-change src/price.txt"),
    ("signal the host", "kill -0 $PPID"),
];

/// A user that is not this one, with its number; absent, with a word about it, where there is none.
pub(crate) fn other_user() -> Option<(&'static str, u32)> {
    let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let number = |name: &str| {
        let line = passwd.lines().find(|line| line.split(':').next() == Some(name))?;
        line.split(':').nth(2)?.parse().ok()
    };
    let found = USERS.iter().find_map(|name| Some((*name, number(name)?)));
    if found.is_none() || !rustix::process::geteuid().is_root() {
        let why = "skipped: only root can run an agent as another user, and there must be one\n";
        std::io::stderr().write_all(why.as_bytes()).expect("stderr is open");
        return None;
    }
    found
}

/// A workspace of this user, in which the other one may write below `src` alone.
fn shared(user: u32) -> Workspace {
    let workspace = Workspace::new(&format!("{HEAD}{CORRECT}{TERMS}"));
    workspace.write("suite.sh", SUITE);
    workspace.write("src/price.txt", "20\n");
    git(&workspace, &["init", "--quiet", "--initial-branch=main"]);
    git(&workspace, &["add", "--all"]);
    git(&workspace, &["commit", "--quiet", "--message=start"]);
    fs::create_dir(workspace.outside("lent")).expect("makes");
    for open in ["", "here", "here/src", "lent"] {
        fs::set_permissions(workspace.outside(open), Permissions::from_mode(0o755)).expect("is ours");
    }
    for lent in ["lent", "here/src", "here/src/price.txt"] {
        chown(workspace.outside(lent), Some(user), None).expect("is root");
    }
    // Where the build lies is not always open to others.
    let program = (PathBuf::from(env!("CARGO_BIN_EXE_evident")), workspace.outside("evident"));
    if fs::hard_link(&program.0, &program.1).is_err() {
        fs::copy(&program.0, &program.1).expect("there is room");
    }
    workspace
}

/// An agent that tries everything, writes down what it could do, and does its work. The guard that looks for
/// the mark of a driver is off: only the user stands in the way.
fn order() -> String {
    // Once: whoever pauses and resumes the turn that wraps up gets another one.
    let mut order =
        String::from("cat > /dev/null; [ -e src/uid ] && exit 0; id -u > src/uid; : > src/could\n");
    order += "export EVIDENT_CACHE=$(cd ../lent && pwd) EVIDENT_UNDEFENDED=descendants\n";
    for (name, command) in TRIED {
        order += &format!("if ({command}) > /dev/null 2>&1; then echo '{name}' >> src/could; fi\n");
    }
    order + "echo 19 > src/price.txt\n"
}

fn driven(workspace: &Workspace, user: &[&str]) -> (Run, Value) {
    let order = order();
    let agent = ["--agent", "command", "--", "sh", "-c", &order];
    let arguments = ["run", "--headless", "--no-wait", "--format", "json"];
    let run = run(&mut workspace.command(arguments.iter().chain(user).chain(&agent)));
    let report = serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {run:#?}"));
    (run, report)
}

/// The goal is complete, and the level stands in the report, in the log and in the assessment it rests on.
fn stands_as(workspace: &Workspace, level: &str, (run, report): &(Run, Value)) {
    assert_eq!((run.exit, &report["state"]), (0, &"complete".into()), "{run:#?}");
    assert_eq!(report["assurance"], level, "{report:#}");
    let digest = report["assessment"].as_str().and_then(|digest| digest.strip_prefix("sha256:"));
    let digest = digest.expect("rests on one");
    let stored = workspace.outside("state/blobs").join(&digest[..2]).join(&digest[2..]);
    let assessment: Value = serde_json::from_slice(&fs::read(stored).expect("is kept")).expect("is JSON");
    assert_eq!((&assessment["assurance"], &assessment["roll_up"]), (&level.into(), &"met".into()));
    let history = workspace.run(["goal", "history", "--format", "json"]).stdout;
    let history: Value = serde_json::from_str(&history).expect("is JSON");
    let events = history["events"].as_array().expect("is a list").iter();
    let mut attached = events.filter(|event| event["event"]["event"] == "attached");
    assert_eq!(attached.next().expect("was driven")["event"]["assurance"], level);
    let shown = workspace.run(["goal", "report"]).stdout;
    assert!(shown.contains(level), "{shown}");
}

fn read(workspace: &Workspace, name: &str) -> String {
    fs::read_to_string(workspace.path(name)).expect("the agent wrote it")
}

/// Catches an agent that reaches what its host keeps, its contract, its owner's commands, or the host itself.
#[test]
fn f17_another_user_reaches_nothing_of_the_host() {
    let Some((name, number)) = other_user() else { return };
    let workspace = shared(number);
    let driven_by_other = driven(&workspace, &["--agent-user", name]);
    assert_eq!(read(&workspace, "src/could"), "", "as {name}");
    assert_eq!(read(&workspace, "src/uid"), format!("{number}\n"));
    stands_as(&workspace, "L1", &driven_by_other);
    let mode = fs::metadata(workspace.outside("state")).expect("is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    assert_eq!(driven_by_other.1["about_contract"], serde_json::json!([]));

    let workspace = shared(number);
    let driven_by_same = driven(&workspace, &[]);
    let all: String = TRIED.iter().map(|(name, _)| format!("{name}\n")).collect();
    assert_eq!(read(&workspace, "src/could"), all, "the same user does as it likes");
    stands_as(&workspace, "L0", &driven_by_same);
}

/// Catches a level that is told and not there: a script plays in the host itself.
#[test]
fn f17_a_script_is_no_other_user() {
    let Some((name, number)) = other_user() else { return };
    let workspace = shared(number);
    fs::write(workspace.outside("script.toml"), "version = 1\n").expect("writes");
    let agent = format!("script:{}", workspace.outside("script.toml").display());
    let refused = workspace.run(["run", "--agent", &agent, "--agent-user", name, "--headless", "--no-wait"]);
    assert_eq!(refused.exit, 2, "{refused:#?}");
    assert!(refused.stderr.contains("a script plays in the host itself"), "{refused:#?}");
}

/// Ways in which the host's folders are open to the other user, each as its name, a command for a shell beside the
/// workspace, and what the refusal names. `$USER` is the number of that user.
const OPEN: [(&str, &str, &str); 10] = [
    ("the state folder", "chmod 0777 state", "chmod go-w ROOT/state"),
    ("a sticky state folder", "chmod 1777 state", "chmod go-w ROOT/state"),
    ("what lies in it", "chmod 0777 state/blobs", "chmod go-w ROOT/state/blobs"),
    ("somebody's folder in it", "mkdir state/other && chown $USER state/other", "chown 0 ROOT/state/other"),
    ("its owner", "chown $USER state", "chown 0 ROOT/state"),
    (
        "a link on the way",
        "mv state kept && ln -s lent/way state && ln -s ../kept lent/way",
        "chown 0 ROOT/lent",
    ),
    ("the cache", "chmod 0777 home/.cache", "chmod go-w ROOT/home/.cache"),
    (
        "several of them",
        "chmod 0777 state home/.cache state/blobs",
        "chmod go-w ROOT/state ROOT/home/.cache && chmod go-w ROOT/state/blobs",
    ),
    (
        "the private copies",
        "mkdir -m 0777 home/.cache/evident/trees",
        "chmod go-w ROOT/home/.cache/evident/trees",
    ),
    (
        "a private copy",
        "cd home/.cache/evident; mkdir -p trees/12ab/snapshot/tree; chown $USER trees/12ab/snapshot/tree",
        "chown 0 ROOT/home/.cache/evident/trees/12ab/snapshot/tree",
    ),
];

/// Catches a level that is told and not there: the agent moves what the host keeps out of its way.
#[test]
fn f17_folders_that_are_open_to_the_agent_are_refused() {
    let Some((name, number)) = other_user() else { return };
    let order = "cat > /dev/null; touch src/acted; mv \"$EVIDENT_STATE/blobs\" \"$EVIDENT_STATE/away\" && touch src/moved";
    let agent =
        ["run", "--headless", "--no-wait", "--agent-user", name, "--agent", "command", "--", "sh", "-c"];
    for (what, open, named) in OPEN {
        let workspace = shared(number);
        assert_eq!(workspace.run(["check"]).exit, 1, "it is used before, and has its folders");
        let mut shell = std::process::Command::new("sh");
        shell.args(["-ec", open]).current_dir(workspace.outside("")).env("USER", number.to_string());
        assert!(shell.status().expect("starts").success(), "{what}");
        let refused = workspace.run(agent.iter().chain(&[order]));
        assert_eq!(refused.exit, 2, "{what}: {refused:#?}");
        let root = workspace.outside("").display().to_string();
        let named = named.replace("ROOT", root.trim_end_matches('/'));
        assert!(refused.stderr.contains(&format!("`{named}` mends ")), "{what}: {refused:#?}");
        assert!(!workspace.path("src/acted").exists(), "{what}");
        if what == "the state folder" {
            run(workspace.command(agent.iter().chain(&[order])).env("EVIDENT_UNDEFENDED", "unexposed"));
            assert!(workspace.path("src/moved").exists(), "without the guard it is done");
        }
    }
}

/// Runs the binary under a umask that takes nothing away.
fn wide_open(workspace: &Workspace, arguments: &[&str]) -> Run {
    let inner = workspace.command(arguments);
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", "umask 0; exec \"$@\"", "sh"]).arg(inner.get_program()).args(inner.get_args());
    shell.current_dir(workspace.folder()).env_clear();
    shell.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    run(&mut shell)
}

/// What another user may read, write or enter, below a folder of the host; what lies in a private copy is the work's.
fn open_to_others(folder: PathBuf) -> Vec<PathBuf> {
    let mut open = Vec::new();
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("is there") {
            let entry = entry.expect("lists");
            let about = entry.metadata().expect("is there");
            if about.permissions().mode() & 0o077 != 0 && !about.is_symlink() {
                open.push(entry.path());
            }
            if about.is_dir() && entry.file_name() != "tree" {
                folders.push(entry.path());
            }
        }
    }
    open
}

/// Catches files of the host that another user can change under a umask of 0 or 002, and that `--agent-user` refuses
/// after the host made them itself.
#[test]
fn what_the_host_makes_is_its_owners_alone() {
    let snapshot = HEAD.replace("run = ", "at = \"snapshot\"\nrun = ");
    let workspace = Workspace::new(&format!("{snapshot}{CORRECT}{TERMS}"));
    workspace.write("suite.sh", SUITE);
    workspace.write("src/price.txt", "20\n");
    assert_eq!(wide_open(&workspace, &["check"]).exit, 1);
    let agent = ["--agent", "command", "--", "sh", "-c", "cat > /dev/null; echo 19 > src/price.txt"];
    let arguments = [&["run", "--headless", "--no-wait"][..], &agent].concat();
    let run = wide_open(&workspace, &arguments);
    assert_eq!(run.exit, 0, "{run:#?}");
    for command in [&["accept-change", "src/price.txt"][..], &["goal", "report"], &["gc"], &["doctor"]] {
        wide_open(&workspace, command);
    }
    for folder in ["state", "home/.cache/evident"] {
        assert_eq!(open_to_others(workspace.outside(folder)), [] as [PathBuf; 0], "{folder}");
    }
}
