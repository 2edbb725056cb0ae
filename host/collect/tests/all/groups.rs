//! Nobody outlives the run, and nothing floods or holds the host.

use std::fs;
use std::time::{Duration, Instant};

use evident_core::evidence::Exit;

use crate::fixture::*;

/// A run that is killed must end far sooner than what it waits for.
const SOON: Duration = Duration::from_secs(20);

/// Long enough for a shell to set a trap on a busy machine, short enough to wait for.
const TIMEOUT: Duration = Duration::from_secs(1);

#[tokio::test]
async fn a_timeout_kills_the_whole_group() {
    let fixture = Fixture::new();
    let mut run = sh("sleep 1000 & echo $! > child; echo begun; wait");
    run.timeout = TIMEOUT;
    let begun = Instant::now();
    let evidence = fixture.collect(&run_source(run)).await;
    assert_short(&evidence, "no-evidence(timeout)", "not done after 1 s");
    assert!(begun.elapsed() < SOON);
    assert_eq!((evidence.origin.exit, evidence.origin.exit_accepted), (Some(Exit::Signal(15)), false));
    assert_eq!(fixture.text(&evidence, "stdout"), "begun\n");
    assert!(!is_alive(&line_of(&fixture.workspace.join("child")).await));
}

#[tokio::test]
async fn who_ignores_the_request_is_killed() {
    let fixture = Fixture::new();
    let mut run = sh("trap '' TERM; sleep 1000 & wait; while :; do sleep 1; done");
    run.timeout = TIMEOUT;
    let begun = Instant::now();
    let evidence = fixture.collect(&run_source(run)).await;
    assert_short(&evidence, "no-evidence(timeout)", "not done");
    assert_eq!(evidence.origin.exit, Some(Exit::Signal(9)));
    assert!(begun.elapsed() < SOON);
}

#[tokio::test]
async fn a_clean_exit_in_the_grace_is_still_a_timeout() {
    let fixture = Fixture::new();
    let mut run = sh("trap 'exit 0' TERM; echo ok; while :; do sleep 0.05; done");
    run.timeout = TIMEOUT;
    let evidence = fixture.collect(&run_source(run)).await;
    assert_short(&evidence, "no-evidence(timeout)", "not done");
}

/// Catches a command that has the terminal of whoever runs the host.
#[tokio::test]
async fn it_leads_a_session_without_a_terminal() {
    if !std::path::Path::new("/proc/self/stat").exists() {
        return;
    }
    let fixture = Fixture::new();
    let evidence = fixture.sh("cat /proc/$$/stat").await;
    assert_sound(&evidence);
    let stat = fixture.text(&evidence, "stdout");
    let number = stat.split(' ').next().expect("comes first");
    // Behind the name: state, parent, group, session, terminal.
    let fields: Vec<&str> = stat.rsplit_once(") ").expect("has a name").1.split(' ').collect();
    assert_eq!(fields[2..5], [number, number, "0"], "{stat}");
}

#[tokio::test]
async fn children_left_in_the_group_are_gone() {
    let fixture = Fixture::new();
    let begun = Instant::now();
    let evidence = fixture.sh("sleep 1000 & echo $!").await;
    assert_sound(&evidence);
    assert!(!is_alive(&fixture.text(&evidence, "stdout")));
    assert!(begun.elapsed() < SOON);
}

#[tokio::test]
async fn who_left_the_group_and_holds_the_output_is_named() {
    let fixture = Fixture::new();
    // The child waits for its own group before the parent ends, so that it is certain to have escaped.
    let script = "setsid sh -c 'echo $$ > child; exec sleep 60' & while ! test -s child; do sleep 0.01; done";
    let begun = Instant::now();
    let evidence = fixture.sh(script).await;
    assert_short(&evidence, "no-evidence(timeout)", "left behind holds stdout open");
    assert_eq!(evidence.origin.exit, Some(Exit::Code(0)));
    assert!(begun.elapsed() < SOON);
    let child = line_of(&fixture.workspace.join("child")).await;
    std::process::Command::new("kill").arg(&child).status().expect("kill runs");
}

#[tokio::test]
async fn a_flood_ends_at_once_and_memory_stays_flat() {
    let fixture = Fixture::new();
    let mut source = run_source(argv(&["yes"]));
    source.artifact_bytes_max = 256 << 20;
    let before = peak_kib();
    let begun = Instant::now();
    let evidence = fixture.collect(&source).await;
    assert_short(&evidence, "no-evidence(overflow)", "bytes on stdout");
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    let stdout = evidence.artifacts.iter().find(|artifact| artifact.name == "stdout").expect("is there");
    assert_eq!(stdout.size, 256 << 20);
    // Other tests run beside it in the same process: half of what was captured tells the two apart.
    if let (Some(before), Some(after)) = (before, peak_kib()) {
        assert!(after - before < 128 * 1024, "peak memory grew by {} KiB", after - before);
    }
}

#[tokio::test]
async fn a_flood_ends_the_command_and_not_only_the_flood() {
    let fixture = Fixture::new();
    let begun = Instant::now();
    let evidence = fixture.sh("head -c 2000000 /dev/zero >&2; sleep 1000").await;
    assert!(begun.elapsed() < SOON);
    assert_short(&evidence, "no-evidence(overflow)", "bytes on stderr");
}

#[tokio::test]
async fn output_of_exactly_the_bound_is_whole() {
    let fixture = Fixture::new();
    let mut source = run_source(sh("printf 12345"));
    source.artifact_bytes_max = 5;
    assert_sound(&fixture.collect(&source).await);
    source.artifact_bytes_max = 4;
    assert_short(&fixture.collect(&source).await, "no-evidence(overflow)", "more than 4 bytes");
}

#[tokio::test]
async fn dropping_the_future_kills_the_group() {
    let fixture = Fixture::new();
    let source = run_source(sh("sleep 1000 & echo $! > child; wait"));
    let path = fixture.workspace.join("child");
    let child = tokio::select! {
        evidence = fixture.collect(&source) => panic!("ended: {evidence:?}"),
        child = line_of(&path) => child,
    };
    let gone = async {
        while is_alive(&child) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(LONG, gone).await.expect("the child is gone");
}

/// The largest resident memory so far; absent where the system does not tell.
fn peak_kib() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
