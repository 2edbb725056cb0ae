//! Lines in and out, bounds, and that nobody is left behind.

use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use evident_agent::process::{INPUT_MESSAGES_MAX, Process, Program, STDERR_TAIL_BYTES, end_lost};
use evident_core::agent::{Failure, FailureClass};
use evident_core::evidence::Exit;

use crate::fixture::*;

async fn line(process: &mut Process) -> Result<Option<String>, Failure> {
    tokio::time::timeout(LONG, process.next_line()).await.expect("a line comes")
}

fn text(line: &str) -> Result<Option<String>, Failure> {
    Ok(Some(line.to_owned()))
}

fn failed(class: FailureClass, message: &str) -> Failure {
    Failure::new(class, message)
}

#[tokio::test]
async fn lines_go_in_and_come_out() {
    let folder = workspace();
    let mut cat = sh("cat; printf 'end\\r\\n\\nrest \\377'").start(&setup(&folder)).expect("starts");
    cat.write_line("one").expect("takes it");
    assert_eq!(line(&mut cat).await, text("one"));
    cat.write_line("").expect("takes it");
    assert_eq!(line(&mut cat).await, text(""));
    cat.close_input();
    for wanted in ["end", "", "rest \u{fffd}"] {
        assert_eq!(line(&mut cat).await, text(wanted));
    }
    assert_eq!((line(&mut cat).await, line(&mut cat).await), (Ok(None), Ok(None)));
    assert_eq!(cat.exit().await, Some(Exit::Code(0)));
}

#[tokio::test]
async fn it_runs_in_the_workspace_with_the_mark_and_what_was_set() {
    let folder = workspace();
    let mut program = sh("pwd -P; echo $EVIDENT_DRIVER $EXTRA; test -n \"$PATH\" && echo path");
    program.set = vec![("EXTRA".into(), "more".into())];
    let setup = setup(&folder);
    let mut process = program.start(&setup).expect("starts");
    let workspace = setup.workspace.to_str().expect("is text");
    for wanted in [workspace, "1 more", "path"] {
        assert_eq!(line(&mut process).await, text(wanted));
    }
}

/// Catches an agent that has the terminal of whoever runs the host.
#[tokio::test]
async fn it_leads_a_session_without_a_terminal() {
    if !std::path::Path::new("/proc/self/stat").exists() {
        return;
    }
    let folder = workspace();
    let mut process = sh("cat /proc/$$/stat").start(&setup(&folder)).expect("starts");
    let number = process.number().to_string();
    let stat = line(&mut process).await.expect("comes").expect("is there");
    // Behind the name: state, parent, group, session, terminal.
    let fields: Vec<&str> = stat.rsplit_once(") ").expect("has a name").1.split(' ').collect();
    assert_eq!(fields[2..5], [number.as_str(), &number, "0"], "{stat}");
}

#[tokio::test]
async fn a_program_that_does_not_start_is_explained() {
    let folder = workspace();
    let mut setup = setup(&folder);
    let plain = folder.path().join("plain");
    std::fs::write(&plain, "#!/nowhere/interpreter\n").expect("is written");
    let failure =
        |program: &str, setup: &_| Program::new([program]).start(setup).expect_err("does not start");
    let missing = |message: &str| failed(FailureClass::Missing, message);
    assert_eq!(
        failure("no-such-agent", &setup),
        missing("`no-such-agent` was not found on PATH; is the agent installed?")
    );
    assert_eq!(failure("./plain", &setup), missing("`./plain` is not executable"));
    std::fs::set_permissions(&plain, std::fs::Permissions::from_mode(0o755)).expect("is changed");
    let named = "`./plain` is there, but not the interpreter or loader that it names";
    assert_eq!(failure("./plain", &setup), missing(named));
    let nothing = Program::new(Vec::<String>::new()).start(&setup).expect_err("does not start");
    assert_eq!(nothing, missing("the command of the agent is empty"));
    setup.user = Some("nobody-of-that-name".into());
    let user = failed(FailureClass::Setup, "there is no user `nobody-of-that-name` in `/etc/passwd`");
    assert_eq!(failure("sh", &setup), user);
    setup.workspace = "/no/such/folder".into();
    let gone = failed(FailureClass::Setup, "the workspace `/no/such/folder` is not a folder");
    assert_eq!(failure("sh", &setup), gone);
}

/// Only root can become somebody else: for others the test says that it is refused.
#[tokio::test]
async fn another_user_runs_it_without_the_groups_of_the_host() {
    let folder = workspace();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777)).expect("is changed");
    let mut setup = setup(&folder);
    setup.user = Some("daemon".into());
    let started = sh("id -un; id -G | wc -w; echo $USER; echo $HOME > home").start(&setup);
    if !rustix::process::geteuid().is_root() {
        let refused = failed(FailureClass::Setup, "only root can run an agent as user `daemon`");
        assert_eq!(started.expect_err("is refused"), refused);
        return;
    }
    let mut process = started.expect("starts");
    for wanted in ["daemon", "1", "daemon"] {
        assert_eq!(
            line(&mut process).await.map(|line| line.map(|line| line.trim().to_owned())),
            text(wanted)
        );
    }
    assert_ne!(line_of(&folder.path().join("home")).await, std::env::var("HOME").unwrap_or_default());
}

#[tokio::test]
async fn last_words_are_told_and_bounded() {
    let folder = workspace();
    let script = "head -c 300000 /dev/zero | tr '\\0' x >&2; printf '\\nlast \\033[31mwords\\n' >&2; exit 3";
    let mut process = sh(script).start(&setup(&folder)).expect("starts");
    assert_eq!(line(&mut process).await, Ok(None));
    let exit = process.exit().await;
    let failure = process.broken(exit);
    assert_eq!((exit, failure.class), (Some(Exit::Code(3)), FailureClass::Exited));
    assert!(failure.message.starts_with("`sh` ended with exit code 3: xxx"), "{failure}");
    assert!(failure.message.ends_with("x last \\u{1b}[31mwords"), "{failure}");
    assert_eq!((process.stderr_tail().len(), failure.message.len() < 1200), (STDERR_TAIL_BYTES, true));
}

#[tokio::test]
async fn the_bound_of_a_line_itself_fits() {
    let folder = workspace();
    let mut program = sh("printf '12345\\n123456\\n'");
    program.bounds.line_bytes_max = 5;
    let mut process = program.start(&setup(&folder)).expect("starts");
    assert_eq!(line(&mut process).await, text("12345"));
    let flood = failed(FailureClass::Flood, "`sh` wrote a line of more than 5 bytes");
    assert_eq!(line(&mut process).await, Err(flood));
}

#[tokio::test]
async fn the_bound_of_a_turn_counts_both_streams_and_begins_anew() {
    let folder = workspace();
    let mut program = sh("read go; echo 1234; read go; echo 1234; read go; printf 123456789 >&2; sleep 1000");
    program.bounds.turn_bytes_max = 8;
    let mut process = program.start(&setup(&folder)).expect("starts");
    for _ in 0..2 {
        process.begin_turn();
        process.write_line("go").expect("takes it");
        assert_eq!(line(&mut process).await, text("1234"));
    }
    process.begin_turn();
    process.write_line("go").expect("takes it");
    let flood = failed(FailureClass::Flood, "`sh` wrote more than 8 bytes in a turn");
    assert_eq!(line(&mut process).await, Err(flood));
    assert_eq!(process.end().await, Some(Exit::Signal(15)));
}

#[tokio::test]
async fn a_real_flood_ends_at_its_bound() {
    let folder = workspace();
    let mut program = Program::new(["yes", &"y".repeat(4000)]);
    program.bounds.turn_bytes_max = 256 << 20;
    let mut process = program.start(&setup(&folder)).expect("starts");
    let mut bytes = 0;
    let flood = loop {
        match line(&mut process).await {
            Ok(line) => bytes += line.expect("it never ends").len() + 1,
            Err(flood) => break flood,
        }
    };
    assert_eq!(flood, failed(FailureClass::Flood, "`yes` wrote more than 268435456 bytes in a turn"));
    // What came in the last read is given up with the process.
    assert!(bytes <= 256 << 20 && bytes > (256 << 20) - (1 << 20), "{bytes}");
    assert_eq!(process.end().await, Some(Exit::Signal(15)));
}

#[tokio::test]
async fn who_does_not_read_is_told_of_and_waited_for_by_nobody() {
    let folder = workspace();
    let mut process = sh("sleep 1000").start(&setup(&folder)).expect("starts");
    let large = "x".repeat(1 << 20);
    let refused = (0..=INPUT_MESSAGES_MAX + 1).find_map(|_| process.write_line(&large).err());
    let failure = refused.expect("the queue is bounded");
    assert_eq!(failure, failed(FailureClass::Stalled, "`sh` has read none of the last 64 messages"));
    assert_eq!(process.end().await, Some(Exit::Signal(15)));
    let closed = failed(FailureClass::Exited, "`sh` does not read its input any more");
    assert_eq!(process.write_line("more"), Err(closed));
}

#[tokio::test]
async fn who_ignores_the_request_is_killed_with_its_children() {
    let folder = workspace();
    let mut program = sh("trap '' TERM; sleep 1000 & echo $!; while :; do sleep 0.05; done");
    program.bounds.grace = Duration::from_millis(50);
    let mut process = program.start(&setup(&folder)).expect("starts");
    let child = line(&mut process).await.expect("comes").expect("is there");
    assert_eq!(process.end().await, Some(Exit::Signal(9)));
    assert!(!is_alive(&child) && !is_alive(&process.number().to_string()));
    assert_eq!(process.end().await, Some(Exit::Signal(9)));
}

#[tokio::test]
async fn a_leader_that_ends_takes_its_children_along() {
    let folder = workspace();
    let begun = Instant::now();
    let mut process = sh("sleep 1000 & echo $!").start(&setup(&folder)).expect("starts");
    let child = line(&mut process).await.expect("comes").expect("is there");
    assert_eq!(line(&mut process).await, Ok(None));
    gone(&child).await;
    assert_eq!(process.exit().await, Some(Exit::Code(0)));
    assert!(begun.elapsed() < SOON);
}

#[tokio::test]
async fn who_left_the_group_cannot_hold_the_lines() {
    let folder = workspace();
    let script = "setsid sh -c 'echo $$ > child; exec sleep 60' & while ! test -s child; do sleep 0.01; done";
    let mut process = sh(script).start(&setup(&folder)).expect("starts");
    assert_eq!(line(&mut process).await, Ok(None));
    assert_eq!(process.exit().await, Some(Exit::Code(0)));
    let child = line_of(&folder.path().join("child")).await;
    std::process::Command::new("kill").arg(&child).status().expect("kill runs");
}

#[tokio::test]
async fn closing_the_output_is_not_the_end() {
    let folder = workspace();
    let mut process = sh("exec >&- 2>&-; read go; exit 4").start(&setup(&folder)).expect("starts");
    assert_eq!(line(&mut process).await, Ok(None));
    assert!(is_alive(&process.number().to_string()));
    process.write_line("go").expect("takes it");
    assert_eq!(process.exit().await, Some(Exit::Code(4)));
}

#[tokio::test]
async fn dropping_it_kills_the_group() {
    let folder = workspace();
    let mut process = sh("sleep 1000 & echo $!; wait").start(&setup(&folder)).expect("starts");
    let child = line(&mut process).await.expect("comes").expect("is there");
    drop(process);
    gone(&child).await;
}

/// Catches two agents in one workspace: the one of a host that was killed works on.
#[tokio::test]
async fn the_group_of_a_lost_turn_is_ended_and_no_other() {
    let folder = workspace();
    let setup = setup(&folder);
    let mut process = sh("sleep 600 & echo $! > child; wait").start(&setup).expect("starts");
    let child = line_of(&folder.path().join("child")).await;
    let elsewhere = workspace();
    assert!(!end_lost(process.number(), elsewhere.path()).await, "it works in another folder");
    assert!(is_alive(&child));
    assert!(end_lost(process.number(), folder.path()).await);
    gone(&child).await;
    assert_eq!(process.exit().await, Some(Exit::Signal(15)));
    assert!(!end_lost(process.number(), folder.path()).await, "nothing is left");
}

/// A number that was given to somebody else since is left alone.
#[tokio::test]
async fn a_group_without_the_mark_is_left_alone() {
    use std::os::unix::process::CommandExt as _;
    let folder = workspace();
    let mut other = std::process::Command::new("sleep")
        .arg("600")
        .current_dir(folder.path())
        .env_remove("EVIDENT_DRIVER")
        .process_group(0)
        .spawn()
        .expect("starts");
    assert!(!end_lost(other.id(), folder.path()).await);
    assert!(is_alive(&other.id().to_string()));
    other.kill().expect("is ours");
    other.wait().expect("is ours");
}
