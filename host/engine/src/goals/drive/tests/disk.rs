//! A disk that takes nothing: the loop waits for room and hears the owner meanwhile.

use super::*;

/// Fails of a store in an hour without room, at most: a minute lies between two tries.
const FAILURES_MAX: u64 = 500;

/// Everything fails from here on, until the plan is changed.
const FULL: Plan = Plan { fault: Fault::Full, first: 1, count: u64::MAX };

fn turns() -> [Begins; 1] {
    [Begins::With(vec![started(), Act::Works(true), ended("done")])]
}

/// Fills the disk when an event is written down.
fn fills_at(stage: &Stage, is_there: impl Fn(&Event) -> bool + Send + Sync + 'static) -> Observer {
    let filling = Arc::clone(&stage.store);
    Arc::new(move |_: &Goal, notice: Notice<'_>| {
        if let Notice::Recorded(recorded) = notice
            && is_there(&recorded.event)
        {
            filling.set_plan(FULL);
        }
    })
}

/// The places in a goal's life after which the disk is full.
fn places() -> Vec<fn(&Event) -> bool> {
    vec![
        |event| matches!(event, Event::Attached { .. }),
        |event| matches!(event, Event::TurnStarted { .. }),
        |event| matches!(event, Event::TurnTaken { .. }),
        |event| matches!(event, Event::TurnEnded(_)),
    ]
}

/// Catches a loop that tries again at once, for ever: no event can be written, so nothing says that it is blocked.
#[tokio::test(start_paused = true)]
async fn a_full_disk_is_waited_for() {
    for place in places() {
        let stage = Stage::new(terms(), turns());
        let (driving, _handles) = stage.host_observed(fills_at(&stage, place));
        let (driven, ()) = tokio::join!(to_its_end(driving), async {
            sleep(Duration::from_secs(3_600)).await;
            assert!(stage.store.failures() < FAILURES_MAX, "{} failed", stage.store.failures());
            stage.store.set_plan(SOUND);
        });
        assert_eq!(driven.goal.state, State::Complete, "{}", driven.goal.detail);
        assert_eq!(replay(&stage.log()).expect("is sound"), Some(driven.goal));
    }
}

/// Catches an owner who cannot end a host, because that cannot be written down.
#[tokio::test(start_paused = true)]
async fn an_end_that_cannot_be_written_down_is_one() {
    for place in places() {
        for now in [false, true] {
            let stage = Stage::new(terms(), turns());
            let (driving, handles) = stage.host_observed(fills_at(&stage, place));
            let (ended, refused) = tokio::join!(timeout(DAY, driving), async {
                sleep(Duration::from_secs(600)).await;
                handles.order(Command::Pause { now }).await.expect_err("nothing can be written")
            });
            let ended = ended.expect("comes to an end");
            assert!(matches!(ended, Err(Trouble::Full(_))), "{ended:?}");
            assert!(refused.starts_with("it could not be written down"), "{refused}");
            assert_eq!(stage.puppets.heard().closed, 1, "the agent is not left behind");
        }
    }
}

/// A host that is not to wait says so and ends.
#[tokio::test(start_paused = true)]
async fn a_full_disk_ends_a_host_that_does_not_wait() {
    for place in places() {
        let mut stage = Stage::new(terms(), turns());
        stage.manner.patient = false;
        let (driving, _handles) = stage.host_observed(fills_at(&stage, place));
        let ended = timeout(DAY, driving).await.expect("comes to an end");
        assert!(matches!(ended, Err(Trouble::Full(_))), "{ended:?}");
    }
}

/// Catches a loop that spins over a turn whose end could not be taken down: its state is blocked already.
#[tokio::test(start_paused = true)]
async fn a_turn_whose_tree_finds_no_room_is_looked_up_after_a_pause() {
    let stage = Stage::new(terms(), turns());
    stage.folder.truth().full = 3;
    let began = Instant::now();
    let (driving, _handles) = stage.host();
    let driven = to_its_end(driving).await;
    assert!(stage.log().iter().any(|recorded| matches!(
        recorded.event,
        Event::StateChanged { to: State::Blocked(Blocked::Storage), .. }
    )));
    assert!(began.elapsed() >= Duration::from_secs(60), "{:?}", began.elapsed());
    assert_eq!(driven.goal.state, State::Complete, "{}", driven.goal.detail);
}
