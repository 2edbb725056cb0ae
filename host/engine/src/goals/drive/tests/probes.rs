//! An agent that fails: how often, and how long after each other, it is started.

use evident_core::agent::{Ended, Ending, Failure, FailureClass};

use super::*;

/// Turns that fail, more than any test wants.
fn failing() -> Vec<Begins> {
    let failure = Failure::new(FailureClass::Exited, "hook failed");
    let ended = Ended { ending: Ending::Failed(failure), message: String::new() };
    (0..40).map(|_| Begins::With(vec![started(), Act::Says(Signal::Ended(ended.clone()))])).collect()
}

fn three_tries() -> Terms {
    let mut terms = terms();
    terms.policy.blocked_turns = 3;
    terms
}

/// Seconds from `began` at which turns started.
fn starts(told: &Arc<Mutex<Vec<Instant>>>, began: Instant) -> Vec<u64> {
    told.lock().expect("is whole").iter().map(|at| at.duration_since(began).as_secs()).collect()
}

fn noting(told: &Arc<Mutex<Vec<Instant>>>) -> Observer {
    let told = Arc::clone(told);
    Arc::new(move |_: &Goal, notice: Notice<'_>| {
        if let Notice::Recorded(Recorded { event: Event::TurnStarted { .. }, .. }) = notice {
            told.lock().expect("is whole").push(Instant::now());
        }
    })
}

/// Catches a host that starts a failing agent three more times each minute, for ever.
#[tokio::test(start_paused = true)]
async fn a_failing_agent_is_tried_in_growing_pauses_and_not_for_ever() {
    let stage = Stage::new(three_tries(), failing());
    let (told, began) = (Arc::default(), Instant::now());
    let (driving, _handles) = stage.host_observed(noting(&told));
    let driven = to_its_end(driving).await;
    assert_eq!(driven.goal.state, State::Blocked(Blocked::Driver));
    let minutes: Vec<u64> = starts(&told, began).iter().map(|seconds| seconds / 60).collect();
    assert_eq!(minutes, [0, 0, 0, 1, 3, 7, 15, 31, 63, 123, 183, 243, 303]);
    assert_eq!((driven.goal.turns, driven.goal.spent.turns), (13, 13), "each counts");
    let detail = "the agent still fails after probe 10 of 10, exited: hook failed";
    assert_eq!(driven.goal.detail, detail);
}

/// Catches a host that forgets how often it tried when it is started again, and so tries at once.
#[tokio::test(start_paused = true)]
async fn a_host_that_is_started_again_goes_on_with_the_pauses() {
    let stage = Stage::new(three_tries(), failing());
    let (told, began) = (Arc::default(), Instant::now());
    for hours in [0, 1, 1, 1, 1, 1, 1, 1, 1] {
        let (driving, _handles) = stage.host_observed(noting(&told));
        let most = Duration::from_secs(90 + 30 * 60 * hours);
        drop(timeout(most, driving).await);
    }
    // 90 s, and then half an hour each: the pause of 32 minutes is never over.
    let starts = starts(&told, began);
    assert_eq!(starts.len(), 8, "{starts:?}");
    let (driving, _handles) = stage.host_observed(noting(&told));
    to_its_end(driving).await;
    assert_eq!(told.lock().expect("is whole").len(), 13, "all hosts together");
}

/// Catches an agent that is tried for ever because it works now and then, and one that is given up although it does.
#[tokio::test(start_paused = true)]
async fn a_turn_that_was_ended_in_order_starts_the_count_anew() {
    let mut turns = failing();
    turns.truncate(4);
    turns.push(Begins::With(vec![started(), ended("not yet")]));
    turns.extend(failing().into_iter().take(2));
    turns.push(Begins::With(vec![started(), Act::Works(true), ended("done")]));
    let stage = Stage::new(three_tries(), turns);
    let (told, began) = (Arc::default(), Instant::now());
    let (driving, _handles) = stage.host_observed(noting(&told));
    let driven = to_its_end(driving).await;
    assert_eq!((driven.goal.state, driven.goal.turns, driven.goal.probes), (State::Complete, 8, 0));
    let minutes: Vec<u64> = starts(&told, began).iter().map(|seconds| seconds / 60).collect();
    assert_eq!(minutes, [0, 0, 0, 1, 3, 3, 3, 3], "two failures in a row are not a block again");
}

/// Catches a turn that is spent to see that a program is still not there.
#[tokio::test(start_paused = true)]
async fn a_program_that_is_gone_is_probed_without_a_turn() {
    let mut turns = failing();
    turns.truncate(3);
    turns.push(Begins::With(vec![started(), Act::Works(true), ended("done")]));
    let mut stage = Stage::new(three_tries(), turns);
    stage.puppets.probes = Arc::new(Mutex::new(2));
    let (told, began) = (Arc::default(), Instant::now());
    let (driving, _handles) = stage.host_observed(noting(&told));
    let driven = to_its_end(driving).await;
    assert_eq!((driven.goal.state, driven.goal.turns), (State::Complete, 4));
    let minutes: Vec<u64> = starts(&told, began).iter().map(|seconds| seconds / 60).collect();
    assert_eq!(minutes, [0, 0, 0, 7], "two probes found no program");
    let probed = stage.log().iter().filter(|recorded| matches!(recorded.event, Event::Probed { .. })).count();
    assert_eq!(probed, 2);
}
