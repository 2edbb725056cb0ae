//! The owner while the loop is busy: with an assessment, with a look, with a turn.

use super::*;
use crate::goals::keeper::{COMMAND_VERSION, order};

/// Holds the assessment that follows the turn that runs now, or begins next.
async fn held_after_the_turn(stage: &Stage) {
    until(stage, |event| matches!(event, Event::TurnTaken { .. })).await;
    stage.folder.held.send_replace(true);
    until(stage, |event| matches!(event, Event::TurnEnded(_))).await;
}

/// Catches an owner who has to wait for the end of an assessment, and a message that it swallows.
#[tokio::test(start_paused = true)]
async fn commands_are_heard_during_an_assessment() {
    let turns = [
        Begins::With(vec![started(), Act::Passes(1_000), Act::Works(false), ended("not yet")]),
        Begins::With(vec![started(), Act::Works(true), ended("done")]),
    ];
    let stage = Stage::new(terms(), turns);
    let (driving, handles) = stage.host();
    let (driven, ()) = tokio::join!(to_its_end(driving), async {
        held_after_the_turn(&stage).await;
        handles.order(Command::Say { text: "use the other file".into() }).await.expect("is active");
        assert_eq!(stage.folder.judged(), (0, 1), "it was answered in the middle of the second");
        stage.folder.held.send_replace(false);
    });
    assert_eq!(driven.goal.state, State::Complete);
    assert_eq!(stage.folder.judged(), (0, 3));
    let kinds: Vec<TurnKind> = stage
        .log()
        .iter()
        .filter_map(|recorded| match recorded.event {
            Event::TurnStarted { kind, .. } => Some(kind),
            _ => None,
        })
        .collect();
    assert_eq!(kinds, [TurnKind::First, TurnKind::Message]);
    assert!(stage.puppets.heard().prompts[1].text.contains("use the other file"));
}

/// Catches `pause --now` that waits for producers which take an hour.
#[tokio::test(start_paused = true)]
async fn a_pause_now_calls_an_assessment_off() {
    let acts = vec![started(), Act::Passes(1_000), Act::Works(true), ended("done")];
    let stage = Stage::new(terms(), [Begins::With(acts)]);
    let (driving, handles) = stage.host();
    let (driven, ()) = tokio::join!(to_its_end(driving), async {
        held_after_the_turn(&stage).await;
        handles.order(Command::Pause { now: true }).await.expect("is active");
    });
    assert_eq!(driven.goal.state, State::Paused);
    assert_eq!(stage.folder.judged(), (1, 1));
    // It is still due: who resumes the goal gets it, and no turn before.
    stage.folder.held.send_replace(false);
    stage.tell(Command::Resume);
    let (driving, _handles) = stage.host();
    let driven = to_its_end(driving).await;
    assert_eq!((driven.goal.state, driven.goal.turns), (State::Complete, 1));
}

/// Catches a revision that the start tree does not learn of.
#[tokio::test(start_paused = true)]
async fn the_world_learns_of_a_revision() {
    let acts = vec![started(), Act::Passes(60_000), Act::Works(true), ended("done")];
    let stage = Stage::new(terms(), [Begins::With(acts)]);
    let (driving, handles) = stage.host();
    let contract = evident_blobs::Blobs::digest(b"another");
    let (driven, ()) = tokio::join!(timeout(DAY, driving), async {
        until(&stage, |event| matches!(event, Event::TurnTaken { .. })).await;
        let terms = Box::new(terms());
        let edit = Command::Edit { contract, objective: "Do more.".into(), terms };
        handles.order(edit).await.expect("is another one");
        assert_eq!(stage.folder.truth().revised, [(contract, 2)]);
        handles.order(Command::Pause { now: false }).await.expect("is active");
    });
    assert_eq!(driven.expect("ends").expect("is well").goal.state, State::Paused);
}

/// Catches a command of another version that lies in the inbox for ever.
#[tokio::test(start_paused = true)]
async fn a_command_that_cannot_be_read_is_refused() {
    let acts = vec![started(), Act::Passes(60_000), Act::Works(true), ended("done")];
    let stage = Stage::new(terms(), [Begins::With(acts)]);
    let row = |number, version| NewCommand {
        id: CommandId::from_bytes([number; 16]),
        at: Timestamp(1),
        actor: "owner".into(),
        version,
        body: b"{}".to_vec(),
    };
    let rows = [row(1, 7), row(2, COMMAND_VERSION)];
    let (driving, handles) = stage.host();
    for row in &rows {
        stage.store.send(stage.id, row).expect("has room");
        handles.orders.send(order(row.id, row)).await.expect("has room");
    }
    assert_eq!(to_its_end(driving).await.goal.state, State::Complete);
    let log = stage.log();
    let refusal = |recorded: &Recorded| match &recorded.event {
        Event::Refused { command, reason } => Some(format!("{command}: {reason}")),
        _ => None,
    };
    let refusals: Vec<String> = log.iter().filter_map(refusal).collect();
    assert_eq!(refusals.len(), 2, "{refusals:?}");
    assert_eq!(refusals[0], "unreadable: it has version 7, this host reads 1");
    assert!(refusals[1].starts_with("unreadable: it cannot be read: missing field"), "{refusals:?}");
    assert_eq!(stage.store.pending(stage.id).expect("can be read"), [], "both are answered");
}

/// Catches a goal that waits and is deaf: its owner is heard in the middle of a look, and a look that takes longer
/// than the pause between two is followed by a pause all the same.
#[tokio::test(start_paused = true)]
async fn the_owner_is_heard_in_the_middle_of_a_look() {
    let wait = "```evident\n{\"request\":\"wait\",\"wait\":{\"files\":[\"out\"],\"every\":\"90s\",\"until\":\"10h\"}}\n```\n";
    let stage = Stage::new(terms(), [Begins::With(vec![started(), ended(wait)])]);
    stage.folder.truth().look_ms = 3_600_000;
    let (driving, handles) = stage.host();
    let (driven, paused) = tokio::join!(to_its_end(driving), async {
        until(&stage, |event| matches!(event, Event::Waiting { .. })).await;
        // In the middle of the second look: there was a pause of 90 s between them.
        sleep(Duration::from_secs(90 + 3_600 + 90 + 10)).await;
        assert_eq!(stage.folder.truth().looks.len(), 2);
        handles.order(Command::Pause { now: false }).await.expect("is active");
        Instant::now()
    });
    assert_eq!(
        (driven.goal.state, paused.elapsed()),
        (State::Paused, Duration::ZERO),
        "it waits for no look"
    );
}
