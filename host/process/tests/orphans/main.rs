//! What programs leave behind is ended, and nobody else is. A program of its own, because from the first test on
//! it is the parent of everything that loses its own.
//!
//! Linux only, as is what it tests.

#![cfg(target_os = "linux")]

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::time::Duration;

use evident_process::{Group, Input, Launch, Orphans};
use tokio::sync::{Mutex, MutexGuard};

/// Longer than anything takes on a busy machine; only a failing test waits for it.
const LONG: Duration = Duration::from_secs(60);

/// Between two looks.
const POLL: Duration = Duration::from_millis(5);

static ORPHANS: LazyLock<Orphans> = LazyLock::new(|| Orphans::adopt().expect("Linux has it"));
static ALONE: Mutex<()> = Mutex::const_new(());

/// One test at a time: each ends what the others would leave.
async fn alone() -> (MutexGuard<'static, ()>, &'static Orphans, tempfile::TempDir) {
    (ALONE.lock().await, &ORPHANS, tempfile::tempdir().expect("a temporary folder"))
}

/// Starts a script in that folder, whose output nobody needs.
fn start(folder: &Path, script: &str) -> Group {
    let path = std::env::var_os("PATH").expect("tests have one");
    let launch = Launch {
        argv: ["sh", "-c", script].map(OsString::from).to_vec(),
        folder: folder.to_owned(),
        environment: vec![("PATH".into(), path)],
        input: Input::Closed,
        user: None,
    };
    launch.start().expect("starts").group
}

async fn run(folder: &Path, script: &str) {
    let mut group = start(folder, script);
    tokio::time::timeout(LONG, group.leader_ended()).await.expect("ends").expect("is watched");
    group.kill().await.expect("is watched");
}

/// The state of the process whose number stands in that file; `None` where it is gone.
fn state(file: &Path) -> Option<char> {
    let number = fs::read_to_string(file).ok().filter(|text| text.ends_with('\n')).expect("wrote its number");
    let stat = fs::read_to_string(format!("/proc/{}/stat", number.trim())).ok()?;
    stat.rsplit_once(") ")?.1.chars().next()
}

async fn until(what: &str, holds: impl Fn() -> bool) {
    let wait = async {
        while !holds() {
            tokio::time::sleep(POLL).await;
        }
    };
    tokio::time::timeout(LONG, wait).await.unwrap_or_else(|_| panic!("{what}"));
}

/// Waits until a script wrote a whole line into that file.
async fn written(file: &Path) {
    until("a line", || fs::read_to_string(file).is_ok_and(|text| text.ends_with('\n'))).await;
}

/// Every way to leave a process group that a shell knows, without marks and deaf to requests.
const LEAVES: [&str; 4] = [
    "setsid nohup sh -c 'echo $$ > pid; exec sleep 1000' < /dev/null > /dev/null 2>&1 &",
    "(setsid sh -c '(trap \"\" TERM HUP INT; sh -c \"echo \\$PPID > pid\"; while :; do sleep 1; done) &' &)",
    "timeout 1000 env -i sh -c 'echo $$ > pid; exec sleep 1000' > /dev/null 2>&1 &",
    "setsid sh -c 'setsid sh -c \"setsid sh -c \\\"echo \\\\\\$\\\\\\$ > pid; sleep 1000; :\\\" & sleep 1000; :\" & sleep 1000; :' &",
];

#[tokio::test]
async fn whatever_left_its_group_is_ended() {
    let (_alone, orphans, folder) = alone().await;
    for leaves in LEAVES {
        let pid = folder.path().join("pid");
        run(folder.path(), &format!("{leaves}\nuntil [ -s pid ]; do sleep 0.01; done")).await;
        written(&pid).await;
        assert!(state(&pid).is_some_and(|state| state != 'Z'), "it outlives its group: {leaves}");
        let ended = orphans.end().await.expect("all end");
        assert!(
            !ended.is_empty() && ended.iter().all(|name| ["sh", "sleep", "timeout"].contains(&name.as_str()))
        );
        assert_eq!(state(&pid), None, "it is gone, and was reaped: {leaves}");
        assert_eq!(orphans.end().await.expect("none is there"), [""; 0]);
        fs::remove_file(pid).expect("was written");
    }
}

/// Catches a sweep that looks once: each process starts the next one in a session of its own, and ends.
#[tokio::test]
async fn a_chain_that_runs_away_is_caught() {
    let (_alone, orphans, folder) = alone().await;
    fs::write(folder.path().join("next"), "echo x >> steps\nsetsid sh next &\n").expect("writes");
    let steps = folder.path().join("steps");
    let length = || fs::metadata(&steps).map_or(0, |about| about.len());
    for chains in [1, 8] {
        // The shell stays until they are on their way: what is in its group dies with it.
        let script = format!("for i in $(seq {chains}); do setsid sh next & done; sleep 0.5");
        run(folder.path(), &script).await;
        let begun = length();
        until("it runs", || length() > begun + 20).await;
        orphans.end().await.expect("all end");
        let ended = length();
        tokio::time::sleep(20 * POLL).await;
        assert_eq!(length(), ended, "nothing runs on");
    }
}

#[tokio::test]
async fn who_has_a_parent_or_the_session_of_the_host_is_left_alone() {
    let (_alone, orphans, folder) = alone().await;
    let mut own = Command::new("sleep").arg("1000").stdin(Stdio::null()).spawn().expect("starts");
    let group = start(folder.path(), "setsid sh -c 'echo $$ > pid; exec sleep 1000' & wait");
    let pid = folder.path().join("pid");
    written(&pid).await;
    assert_eq!(orphans.end().await.expect("none is there"), [""; 0]);
    assert!(state(&pid).is_some() && own.try_wait().expect("is ours").is_none());
    own.kill().and_then(|()| own.wait()).expect("is ours");
    // What a group that was dropped leaves is nobody's any more.
    drop(group);
    orphans.end().await.expect("all end");
    assert_eq!(state(&pid), None);
}

/// What one producer left may be what another one needs.
#[tokio::test]
async fn nothing_is_ended_while_a_producer_runs() {
    let (_alone, orphans, folder) = alone().await;
    let (one, other) = (orphans.producing().await, orphans.producing().await);
    let pid = folder.path().join("pid");
    run(folder.path(), &format!("{}\nuntil [ -s pid ]; do sleep 0.01; done", LEAVES[0])).await;
    assert_eq!(orphans.produced(one).await.expect("none is ended"), [""; 0]);
    assert!(state(&pid).is_some());
    assert_eq!(orphans.produced(other).await.expect("all end").len(), 1);
    assert_eq!(state(&pid), None);
}

/// Catches a table that fills with processes that only the host can reap.
#[tokio::test]
async fn what_ended_is_reaped_though_nobody_asks() {
    let (_alone, _orphans, folder) = alone().await;
    let waits = "setsid sh -c 'echo $$ > pid; until [ -e end ]; do sleep 0.01; done' &";
    run(folder.path(), &format!("{waits} until [ -s pid ]; do sleep 0.01; done")).await;
    let pid = folder.path().join("pid");
    assert!(state(&pid).is_some());
    fs::write(folder.path().join("end"), "").expect("writes");
    until("it is reaped", || state(&pid).is_none()).await;
}

/// Catches an agent that works on while its work is judged.
#[tokio::test]
async fn what_is_held_stops_and_goes_on() {
    let (_alone, orphans, folder) = alone().await;
    let group =
        start(folder.path(), "setsid sh -c 'echo $$ > pid; while :; do echo x >> steps; done' & wait");
    let (pid, steps) = (folder.path().join("pid"), folder.path().join("steps"));
    written(&pid).await;
    let length = || fs::metadata(&steps).map_or(0, |about| about.len());
    let still = orphans.still().await.expect("all stop");
    assert_eq!(state(&pid), Some('T'));
    let stopped = length();
    tokio::time::sleep(10 * POLL).await;
    assert_eq!(length(), stopped);
    drop(still);
    until("it goes on", || length() > stopped).await;
    drop(group);
    orphans.end().await.expect("all end");
}

/// A value that was not adopted is what every other test has: it touches nobody.
#[tokio::test]
async fn without_the_right_nothing_is_ended() {
    let (_alone, orphans, folder) = alone().await;
    run(folder.path(), &format!("{}\nuntil [ -s pid ]; do sleep 0.01; done", LEAVES[0])).await;
    let without = Orphans::default();
    assert_eq!(without.end().await.expect("does nothing"), [""; 0]);
    without.end_all();
    assert!(state(&folder.path().join("pid")).is_some());
    assert_eq!(orphans.end().await.expect("all end"), ["sleep"]);
}
