//! The loop, against a folder, an agent and a store that do what the test says. Nothing here takes real time.
//!
//! The life of a goal is core's and is tested there; these are about what only this process knows: what it
//! waits for, what it measures, what it writes down when, and what it lets go of.

mod disk;
mod folder;
mod owner;
mod probes;
mod puppet;
mod stage;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use evident_agent::{Control, Found, Signal};
use evident_core::agent::{Act as Wish, Answer, Ask, Usage};
use evident_core::contract::terms::{Approval, ApprovalWhen, Budget, Headless, Terms};
use evident_core::evidence::Timestamp;
use evident_core::goal::event::{Event, Interruption, TurnKind};
use evident_core::goal::state::{Blocked, State};
use evident_core::goal::step::Command;
use evident_core::goal::{Goal, replay};
use evident_store::faulty::{Fault, Plan};
use evident_store::{CommandId, NewCommand, Store as _};
use tokio::time::{Instant, timeout};

use super::*;
use puppet::{Act, Begins, ended, started};
use stage::{SOUND, Stage, is_busy, terms};

/// Longer than anything that a test waits for: a loop that hangs fails its test at once, for time stands still.
const DAY: Duration = Duration::from_secs(24 * 3600);

async fn to_its_end(driving: impl Future<Output = Result<Driven, Trouble>>) -> Driven {
    timeout(DAY, driving).await.expect("it comes to an end").expect("the host is well")
}

fn used(tokens: u64) -> Act {
    Act::Says(Signal::Usage(Usage { output_tokens: tokens, ..Usage::default() }))
}

fn usage(log: &[Recorded]) -> Vec<(u64, u64)> {
    let used = log.iter().filter_map(|recorded| match &recorded.event {
        Event::Charged { usage, wall_ms, .. } => Some((usage.output_tokens, *wall_ms)),
        _ => None,
    });
    used.collect()
}

/// Waits until the log has such an event.
async fn until(stage: &Stage, is_there: impl Fn(&Event) -> bool) {
    let mut written = stage.written.subscribe();
    let found = async {
        while !stage.log().iter().any(|recorded| is_there(&recorded.event)) {
            written.changed().await.expect("the stage lives");
        }
    };
    timeout(DAY, found).await.expect("it is written down");
}

/// Catches a host that never completes, and one that leaves its agent behind.
#[tokio::test(start_paused = true)]
async fn a_goal_is_driven_until_it_is_met() {
    let turns = [
        Begins::With(vec![started(), ended("not yet")]),
        Begins::With(vec![started(), Act::Works(true), ended("done")]),
    ];
    let stage = Stage::new(terms(), turns);
    let (driving, _handles) = stage.host();
    let driven = to_its_end(driving).await;
    assert_eq!((driven.goal.state, driven.goal.turns), (State::Complete, 2));
    let heard = stage.puppets.heard();
    let turns: Vec<u32> = heard.prompts.iter().map(|prompt| prompt.turn).collect();
    assert_eq!((turns, heard.opened, heard.closed), (vec![1, 2], 1, 1));
}

/// Catches an agent that is driven although it cannot ask, and one that is opened and left.
#[tokio::test(start_paused = true)]
async fn a_driver_that_cannot_ask_is_refused_and_closed() {
    let approve = vec![Approval {
        when: ApprovalWhen::Command("git push **".into()),
        why: "pushes go to everybody".into(),
        headless: Headless::Deny,
    }];
    let mut stage = Stage::new(Terms { approve, ..terms() }, []);
    stage.puppets.capabilities.asks = false;
    let before = stage.log();
    let (driving, _handles) = stage.host();
    let refused = timeout(DAY, driving).await.expect("it comes to an end");
    assert!(matches!(refused, Err(Trouble::Host(Error::Unfit(_)))), "{refused:?}");
    let heard = stage.puppets.heard();
    assert_eq!((heard.opened, heard.closed), (1, 1));
    assert_eq!(stage.log(), before, "nothing was written down");
}

/// Catches an event that is lost, or written twice, because others held the store for a while.
#[tokio::test(start_paused = true)]
async fn a_store_that_others_hold_is_tried_again() {
    let turns = || [Begins::With(vec![started(), Act::Works(true), ended("done")])];
    let sound = Stage::new(terms(), turns());
    let (driving, _handles) = sound.host();
    to_its_end(driving).await;
    let stage = Stage::new(terms(), turns());
    let (driving, _handles) = stage.host();
    // The second append, four times: one less than it is tried.
    stage.store.set_plan(Plan { fault: Fault::Busy, first: 2, count: 4 });
    let began = Instant::now();
    assert_eq!(to_its_end(driving).await.goal.state, State::Complete);
    assert!(began.elapsed() >= Duration::from_secs(4), "{:?}", began.elapsed());
    let events = |stage: &Stage| stage.log().into_iter().map(|recorded| recorded.event).collect::<Vec<_>>();
    let words = |stage: &Stage| events(stage).iter().map(std::mem::discriminant).collect::<Vec<_>>();
    assert_eq!(words(&stage), words(&sound));
}

/// Catches a host that tries for ever.
#[tokio::test(start_paused = true)]
async fn a_store_that_others_keep_fails_the_host() {
    let stage = Stage::new(terms(), []);
    let (driving, _handles) = stage.host();
    stage.store.set_plan(Plan { fault: Fault::Busy, first: 2, count: u64::MAX });
    let failed = timeout(DAY, driving).await.expect("it gives up");
    assert!(is_busy(&failed), "{failed:?}");
    assert_eq!(stage.puppets.heard().closed, 1, "the agent is not left behind");
}

/// Catches a host that takes a snapshot for part of the log: what is acknowledged stays, whatever becomes of it.
#[tokio::test(start_paused = true)]
async fn a_snapshot_that_cannot_be_written_stops_nothing() {
    let said = (0..300).map(|_| Act::Says(Signal::Usage(Usage { output_tokens: 1, ..Usage::default() })));
    let acts = [started()].into_iter().chain(said).chain([Act::Works(true), ended("done")]).collect();
    let stage = Stage::new(terms(), [Begins::With(acts)]);
    let failing = Arc::clone(&stage.store);
    let observer: Observer = Arc::new(move |_: &Goal, notice: Notice<'_>| {
        if let Notice::Recorded(recorded) = notice {
            // The append that brings event 256 passes, and then the snapshot fails.
            let plan =
                if recorded.seq == 255 { Plan { fault: Fault::Full, first: 2, count: 1 } } else { SOUND };
            if recorded.seq >= 255 && failing.failures() == 0 {
                failing.set_plan(plan);
            }
        }
    });
    let (driving, _handles) = stage.host_observed(observer);
    let driven = to_its_end(driving).await;
    assert_eq!((stage.store.failures(), driven.goal.state), (1, State::Complete));
    assert_eq!(driven.goal.spent.usage.output_tokens, 300, "every charge is there, once");
    assert_eq!(replay(&stage.log()).expect("is sound"), Some(driven.goal));
}

/// Catches a wait that began before it was asked for: the time of the turn is not part of it.
#[tokio::test(start_paused = true)]
async fn a_wait_begins_when_it_is_asked_for() {
    let wait = "```evident\n{\"request\":\"wait\",\"wait\":{\"every\":\"90s\",\"until\":\"10m\"}}\n```\n";
    let turns = [
        Begins::With(vec![started(), Act::Passes(300_000), ended(wait)]),
        Begins::With(vec![started(), Act::Works(true), ended("done")]),
    ];
    let stage = Stage::new(terms(), turns);
    let (driving, _handles) = stage.host();
    let (driven, took) = tokio::join!(to_its_end(driving), async {
        until(&stage, |event| matches!(event, Event::Waiting { .. })).await;
        let waits = Instant::now();
        until(&stage, |event| matches!(event, Event::TurnStarted { turn: 2, .. })).await;
        waits.elapsed()
    });
    assert_eq!(driven.goal.state, State::Complete);
    assert!((90..95).contains(&took.as_secs()), "it waited {took:?}");
    let looks = stage.folder.truth().looks.clone();
    assert!(looks[0] <= 90_000 && looks.is_sorted(), "{looks:?}");
}

/// Catches a budget that is used up by a person who takes his time.
#[tokio::test(start_paused = true)]
async fn time_in_which_a_person_decides_is_free() {
    let ask = Ask { id: "1".into(), act: Wish::Command("git push origin".into()), explanation: None };
    let approve = vec![Approval {
        when: ApprovalWhen::Command("git push **".into()),
        why: "pushes go to everybody".into(),
        headless: Headless::Deny,
    }];
    let budget = Budget { wall_ms: Some(600_000), ..Budget::default() };
    let acts = vec![
        started(),
        Act::Passes(2_000),
        Act::Says(Signal::Asked(ask)),
        Act::Obeys,
        Act::Passes(3_000),
        Act::Works(true),
        ended("pushed"),
    ];
    let stage = Stage::new(Terms { approve, budget, ..terms() }, [Begins::With(acts)]);
    let (driving, handles) = stage.host();
    let (driven, ()) = tokio::join!(to_its_end(driving), async {
        until(&stage, |event| matches!(event, Event::Asked { .. })).await;
        sleep(Duration::from_secs(8 * 3600)).await;
        handles.order(Command::Approve { ask: None }).await.expect("is asked for");
    });
    assert_eq!(driven.goal.state, State::Complete, "{}", driven.goal.detail);
    assert_eq!(driven.goal.spent.wall_ms, 5_000);
    let answered = Control::Answer { id: "1".into(), answer: Answer::Allow };
    assert_eq!(stage.puppets.heard().controls, [answered]);
}

/// Catches usage that is told only at the end, and a budget that is looked at only there.
#[tokio::test(start_paused = true)]
async fn usage_is_charged_at_once_and_the_turn_is_cut_off() {
    let budget = Budget { tokens: Some(1_000), ..Budget::default() };
    let acts = vec![started(), used(400), Act::Passes(60_000), used(700), Act::Obeys, interrupted()];
    let stage = Stage::new(Terms { budget, ..terms() }, [Begins::With(acts)]);
    let (driving, _handles) = stage.host();
    let (driven, at_once) = tokio::join!(to_its_end(driving), async {
        until(&stage, |event| matches!(event, Event::Charged { usage, .. } if usage.output_tokens == 400))
            .await;
        let at_once = stage.log();
        until(&stage, |event| matches!(event, Event::Interrupted { by: Interruption::Budget, .. })).await;
        at_once
    });
    assert!(!at_once.iter().any(|recorded| matches!(recorded.event, Event::TurnEnded(_))));
    assert_eq!((driven.goal.state, driven.goal.spent.usage.output_tokens), (State::BudgetLimited, 1_100));
    assert_eq!(stage.puppets.heard().controls, [Control::Interrupt]);
}

fn interrupted() -> Act {
    use evident_core::agent::{Ended, Ending};
    Act::Says(Signal::Ended(Ended { ending: Ending::Interrupted, message: String::new() }))
}

/// Catches time that is charged only when something is said: a host that dies would lose it all.
#[tokio::test(start_paused = true)]
async fn time_is_charged_while_nothing_is_said() {
    let acts = vec![started(), Act::Passes(60_000), Act::Works(true), ended("done")];
    let stage = Stage::new(terms(), [Begins::With(acts)]);
    let (driving, _handles) = stage.host();
    let driven = to_its_end(driving).await;
    let charges: Vec<u64> = usage(&stage.log()).into_iter().map(|(_, wall_ms)| wall_ms).collect();
    assert!(charges.len() >= 12 && charges.iter().all(|charge| *charge <= 5_000), "{charges:?}");
    assert_eq!(driven.goal.spent.wall_ms, 60_000);
}

/// Catches budgets and waits that follow the wall clock: ten years ahead and back again change neither.
#[tokio::test(start_paused = true)]
async fn a_wall_clock_that_jumps_changes_nothing() {
    const TEN_YEARS_MS: u64 = 10 * 365 * 24 * 3_600_000;
    let wait = "```evident\n{\"request\":\"wait\",\"wait\":{\"every\":\"1h\",\"until\":\"9h\"}}\n```\n";
    let budget = Budget { wall_ms: Some(60_000), turns: Some(5), ..Budget::default() };
    let turns = [
        Begins::With(vec![started(), Act::Passes(10_000), ended(wait)]),
        Begins::With(vec![started(), Act::Passes(10_000), Act::Works(true), ended("done")]),
    ];
    let stage = Stage::new(Terms { budget, ..terms() }, turns);
    let (driving, _handles) = stage.host();
    let began = Instant::now();
    let (driven, ()) = tokio::join!(to_its_end(driving), async {
        until(&stage, |event| matches!(event, Event::Waiting { .. })).await;
        stage.folder.truth().wall += TEN_YEARS_MS;
        sleep(Duration::from_secs(600)).await;
        assert_eq!(stage.puppets.heard().prompts.len(), 1, "ten minutes are not an hour");
        stage.folder.truth().wall = 1;
    });
    assert_eq!((driven.goal.state, driven.goal.turns), (State::Complete, 2));
    assert_eq!(driven.goal.spent.wall_ms, 20_000);
    assert!(began.elapsed() < Duration::from_secs(3_700), "{:?}", began.elapsed());
}

/// Catches a prompt that is lost, or marked as a repetition, although the agent never got it.
#[tokio::test(start_paused = true)]
async fn a_prompt_that_was_never_sent_is_sent_as_it_was() {
    let turns = [Begins::Never, Begins::With(vec![started(), Act::Works(true), ended("done")])];
    let mut stage = Stage::new(terms(), turns);
    stage.puppets.found = Found::NeverBegan;
    let (driving, _handles) = stage.host();
    // The host dies in the middle of it.
    assert!(timeout(Duration::from_secs(60), driving).await.is_err());
    let (driving, _handles) = stage.host();
    let driven = to_its_end(driving).await;
    // It is a turn of its own, which costs no second one.
    assert_eq!((driven.goal.state, driven.goal.turns, driven.goal.spent.turns), (State::Complete, 2, 1));
    let heard = stage.puppets.heard();
    assert_eq!(heard.prompts[1].text, heard.prompts[0].text, "the same words, and no mark");
}

/// Catches a second prompt that does not say that it may be one.
#[tokio::test(start_paused = true)]
async fn a_turn_of_which_nobody_can_tell_is_repeated_once_and_marked() {
    let turns = [Begins::Never, Begins::With(vec![started(), Act::Works(true), ended("done")])];
    let stage = Stage::new(terms(), turns);
    let (driving, _handles) = stage.host();
    assert!(timeout(Duration::from_secs(60), driving).await.is_err());
    let (driving, _handles) = stage.host();
    assert_eq!(to_its_end(driving).await.goal.state, State::Complete);
    let repeated = |recorded: &Recorded| match recorded.event {
        Event::TurnStarted { repeated, .. } => Some(repeated),
        _ => None,
    };
    let repeated: Vec<bool> = stage.log().iter().filter_map(repeated).collect();
    assert_eq!(repeated, [false, true]);
    assert_eq!(stage.puppets.heard().prompts.len(), 2);
}

/// Catches an agent that talks so much that its owner is not heard.
#[tokio::test(start_paused = true)]
async fn a_flood_of_signals_keeps_nobody_waiting() {
    let acts = vec![started(), Act::Floods(Signal::Alive), interrupted()];
    let stage = Stage::new(terms(), [Begins::With(acts)]);
    let (driving, handles) = stage.host();
    let (driven, ()) = tokio::join!(to_its_end(driving), async {
        until(&stage, |event| matches!(event, Event::TurnTaken { .. })).await;
        handles.order(Command::Pause { now: true }).await.expect("is active");
    });
    assert_eq!(driven.goal.state, State::Paused);
    assert_eq!(stage.puppets.heard().controls, [Control::Interrupt]);
}

/// Catches an agent that hangs for ever, and a slow one that is taken for it.
#[tokio::test(start_paused = true)]
async fn silence_ends_a_turn_and_signs_of_life_do_not() {
    let nine_minutes = || [Act::Passes(540_000), Act::Says(Signal::Alive)];
    let mut acts = vec![started()];
    acts.extend(nine_minutes());
    acts.extend(nine_minutes());
    acts.extend([Act::Obeys, interrupted()]);
    let turns = [Begins::With(acts), Begins::With(vec![started(), Act::Works(true), ended("done")])];
    let stage = Stage::new(terms(), turns);
    let (driving, _handles) = stage.host();
    let began = Instant::now();
    let (driven, silent) = tokio::join!(to_its_end(driving), async {
        until(&stage, |event| matches!(event, Event::Interrupted { by: Interruption::Silence, .. })).await;
        began.elapsed()
    });
    assert_eq!(driven.goal.state, State::Complete);
    assert!((28 * 60..30 * 60).contains(&silent.as_secs()), "it was ended after {silent:?}");
}

/// Catches a host that goes on with a goal that is not its own any more, or writes to it.
#[tokio::test(start_paused = true)]
async fn a_host_that_lost_its_goal_lets_go_of_it() {
    // Where nobody tells it, it learns of it with the next thing that it wants to write.
    for (told, within_s) in [(true, 1), (false, 6)] {
        let acts = vec![started(), Act::Passes(30_000), used(5), Act::Passes(30_000), ended("done")];
        let stage = Stage::new(terms(), [Begins::With(acts)]);
        let (driving, handles) = stage.host();
        let began = Instant::now();
        let (lost, before) = tokio::join!(timeout(DAY, driving), async {
            until(&stage, |event| matches!(event, Event::TurnTaken { .. })).await;
            stage.take();
            let before = stage.log();
            if told {
                handles.lost.send_replace(true);
            }
            before
        });
        assert!(matches!(lost, Ok(Err(Trouble::Fenced))), "{lost:?}");
        assert!(began.elapsed() < Duration::from_secs(within_s), "{:?}", began.elapsed());
        assert_eq!(stage.log(), before, "nothing was written after that");
        assert_eq!(stage.puppets.heard().closed, 1);
    }
}

/// Catches a full disk that costs the end of a turn, or the goal.
#[tokio::test(start_paused = true)]
async fn a_full_disk_stops_the_goal_and_it_goes_on_when_there_is_room() {
    let turns = [Begins::With(vec![started(), used(7), Act::Works(true), ended("done")])];
    let stage = Stage::new(terms(), turns);
    stage.folder.truth().full = 1;
    let states = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&states);
    let observer: Observer = Arc::new(move |goal: &Goal, notice: Notice<'_>| {
        if let Notice::Recorded(Recorded { event: Event::StateChanged { .. }, .. }) = notice {
            seen.lock().expect("is whole").push(goal.state);
        }
    });
    let (driving, _handles) = stage.host_observed(observer);
    let driven = to_its_end(driving).await;
    assert_eq!(driven.goal.spent.usage.output_tokens, 7);
    assert_eq!(driven.goal.state, State::Complete, "{}", driven.goal.detail);
    let blocked = State::Blocked(Blocked::Storage);
    assert_eq!(*states.lock().expect("is whole"), [blocked, State::Active, State::Complete]);
}

/// Catches a driver that hangs outside of a turn and holds its goal: when it begins one, and when it is closed.
#[tokio::test(start_paused = true)]
async fn a_driver_that_hangs_holds_no_goal() {
    let mut stage = Stage::new(terms(), (0..9).map(|_| Begins::Never));
    stage.puppets.closes = false;
    stage.manner.patient = false;
    let (driving, _handles) = stage.host();
    let driven = timeout(Duration::from_secs(3_600), driving).await.expect("gives up").expect("is well");
    let goal = driven.goal;
    assert_eq!(goal.failures.map(|(class, _)| class), Some(FailureClass::Stalled), "{}", goal.detail);
    assert!(stage.puppets.heard().prompts.len() >= 3, "it was tried again first");
}

/// Catches a prompt that is sent although there was no room for what came before it.
#[tokio::test(start_paused = true)]
async fn no_turn_begins_on_a_full_disk() {
    let mut stage = Stage::new(terms(), [Begins::With(vec![started(), Act::Works(true), ended("done")])]);
    stage.manner.patient = false;
    let filling = Arc::clone(&stage.store);
    // The append that follows the decision to begin a turn: the turn itself.
    let observer: Observer = Arc::new(move |_: &Goal, notice: Notice<'_>| {
        if let Notice::Decided(Rule::Continue, actions) = notice
            && actions.contains(&Action::Begin(TurnKind::First))
        {
            filling.set_plan(Plan { fault: Fault::Full, first: 1, count: 1 });
        }
    });
    let (driving, _handles) = stage.host_observed(observer);
    let driven = to_its_end(driving).await;
    assert_eq!(driven.goal.state, State::Blocked(Blocked::Storage), "{}", driven.goal.detail);
    assert_eq!(stage.puppets.heard().prompts, [], "the agent was told nothing");
}
