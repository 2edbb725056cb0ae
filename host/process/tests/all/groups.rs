//! Nobody outlives the group.

use std::time::Duration;

use evident_core::evidence::Exit;
use evident_process::Started;

use crate::{LONG, about, line, sh};

/// A shell, and the child of its child; gives the number of the last.
async fn family(trap: &str) -> (Started, String) {
    let script = format!("{trap} sh -c 'sleep 1000 & echo $!; wait' & wait; while :; do sleep 0.05; done");
    let mut started = sh(&script).start().expect("starts");
    let child = line(&mut started.output).await;
    assert!(is_alive(&child));
    (started, child)
}

fn is_alive(process: &str) -> bool {
    rustix::process::test_kill_process(
        rustix::process::Pid::from_raw(process.parse().expect("is a number")).expect("is above zero"),
    )
    .is_ok()
        && about(process).is_none_or(|(state, _)| state != "Z")
}

async fn gone(process: &str) {
    let gone = async {
        while is_alive(process) {
            tokio::time::sleep(evident_process::GONE_POLL).await;
        }
    };
    tokio::time::timeout(LONG, gone).await.expect("the process is gone");
}

#[tokio::test]
async fn killing_takes_the_children_of_children_along() {
    let (mut started, child) = family("").await;
    assert_eq!(started.group.kill().await.expect("is watched"), Some(Exit::Signal(9)));
    gone(&child).await;
    // Twice is fine, and says the same.
    assert_eq!(started.group.kill().await.expect("is watched"), Some(Exit::Signal(9)));
    assert_eq!(started.group.end(LONG).await.expect("is watched"), Some(Exit::Signal(9)));
}

#[tokio::test]
async fn who_obeys_is_not_killed_and_who_does_not_is() {
    let (mut started, child) = family("").await;
    assert_eq!(started.group.end(LONG).await.expect("is watched"), Some(Exit::Signal(15)));
    gone(&child).await;
    let (mut started, child) = family("trap '' TERM;").await;
    let grace = Duration::from_millis(50);
    assert_eq!(started.group.end(grace).await.expect("is watched"), Some(Exit::Signal(9)));
    gone(&child).await;
}

#[tokio::test]
async fn dropping_it_kills_the_group() {
    let (started, child) = family("").await;
    drop(started);
    gone(&child).await;
}

/// A leader that ended leaves its children until the group is killed, and its number until then.
#[tokio::test]
async fn the_end_of_a_leader_can_be_waited_for_before_it_is_buried() {
    let mut started = sh("sleep 1000 & echo $!; exit 3").start().expect("starts");
    let child = line(&mut started.output).await;
    for _ in 0..2 {
        let ended = tokio::time::timeout(LONG, started.group.leader_ended()).await;
        ended.expect("it ends").expect("is watched");
    }
    assert!(started.group.has_ended() && is_alive(&child));
    assert!(is_there(started.group.number()), "its number is nobody else's yet");
    assert_eq!(started.group.kill().await.expect("is watched"), Some(Exit::Code(3)));
    gone(&child).await;
    assert!(!is_there(started.group.number()));
}

fn is_there(number: u32) -> bool {
    let number = i32::try_from(number).ok().and_then(rustix::process::Pid::from_raw);
    rustix::process::test_kill_process(number.expect("is above zero")).is_ok()
}
