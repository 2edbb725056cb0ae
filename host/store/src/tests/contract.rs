//! What every store does: order, conflicts, the inbox, lists, limits, snapshots.

use std::thread;

use super::*;

everywhere! {
    what_is_appended_is_read_in_order
    a_second_goal_of_an_id_is_refused
    another_place_is_a_conflict
    two_handles_add_up
    what_is_refused_changes_nothing
    a_command_is_answered_once
    a_command_that_is_sent_again_is_the_same
    an_inbox_has_an_end
    goals_are_listed_last_first
    a_snapshot_belongs_to_the_chain
    named_blobs_are_those_of_events
    a_large_log_is_read_in_pieces
    what_is_too_large_is_refused
    ballast_is_freed_once
    nothing_is_known_of_a_goal_that_is_not_there
}

fn what_is_appended_is_read_in_order<P: Place>() {
    let place = P::new();
    let store = place.open();
    let lease = owned(&store, 1);
    let second = NewEvent { blobs: vec![digest(1), digest(2)], actor: "agent".to_owned(), ..event("second") };
    let end = append(&store, lease, 1, &[second.clone(), event("third")]).expect("appends");
    drop(store);
    let store = place.open();
    let events = store.events(goal_id(1), 0, 10).expect("reads");
    let parts: Vec<_> = events.iter().map(|stored| (stored.seq, stored.epoch, &stored.event)).collect();
    assert_eq!(parts, [(1, 0, &event("first")), (2, 1, &second), (3, 1, &event("third"))]);
    assert_eq!(end, Appended { seq: 3, hash: events[2].hash });
    let stored = store.head(goal_id(1)).expect("is there");
    let expected = StoredHead {
        number: 1,
        goal: new_goal(1),
        seq: 3,
        hash: end.hash,
        updated: Timestamp(2_000),
        head: head("after 1"),
    };
    assert_eq!(stored, expected);
    assert_eq!(store.events(goal_id(1), 1, 1).expect("reads"), events[1..2]);
    assert_eq!(store.events(goal_id(1), 3, 1).expect("reads"), []);
    assert_eq!(store.events(goal_id(1), u64::MAX, 1).expect("reads"), []);
    let report = store.verify(None).expect("reads");
    assert_eq!(report, Report { goals: 1, events: 3, ..Report::default() });
    assert_eq!(store.verify(Some(goal_id(1))).expect("reads"), report);
}

fn a_second_goal_of_an_id_is_refused<P: Place>() {
    let place = P::new();
    let store = place.open();
    owned(&store, 1);
    let again = store.create(&new_goal(1), &[event("other")], &head("other"));
    assert!(matches!(again, Err(Error::GoalExists(goal)) if goal == goal_id(1)), "{again:?}");
    assert_eq!(story(&store, 1), ["{\"text\":\"first\"}"]);
}

fn another_place_is_a_conflict<P: Place>() {
    let place = P::new();
    let store = place.open();
    let lease = owned(&store, 1);
    for after in [0, 2, u64::MAX >> 1] {
        let refused = append(&store, lease, after, &[event("x")]);
        let is_conflict =
            matches!(refused, Err(Error::Conflict { expected, found: 1, .. }) if expected == after);
        assert!(is_conflict, "{after}: {refused:?}");
    }
    assert_eq!(store.head(goal_id(1)).expect("is there").seq, 1);
}

/// Two handles that append to one goal with one lease: each event once, nothing between lost.
fn two_handles_add_up<P: Place>() {
    const EACH: u64 = 50;
    let place = P::new();
    let lease = owned(&place.open(), 1);
    let stores = [place.open(), place.open()];
    thread::scope(|scope| {
        for (number, store) in stores.iter().enumerate() {
            scope.spawn(move || {
                let mut done = 0;
                while done < EACH {
                    let after = store.head(goal_id(1)).expect("reads").seq;
                    match append(store, lease, after, &[event(&format!("{number} {done}"))]) {
                        Ok(_) => done += 1,
                        Err(Error::Conflict { .. } | Error::Busy) => {}
                        Err(error) => panic!("{error}"),
                    }
                }
            });
        }
    });
    let story = story(&stores[0], 1);
    assert_eq!(story.len() as u64, 1 + 2 * EACH);
    for number in 0..2 {
        let start = format!("{{\"text\":\"{number} ");
        let own: Vec<_> = story.iter().filter(|text| text.starts_with(&start)).cloned().collect();
        let expected: Vec<_> = (0..EACH).map(|done| format!("{start}{done}\"}}")).collect();
        assert_eq!(own, expected);
    }
    assert!(stores[1].verify(None).expect("reads").is_sound());
}

/// An append whose second event is refused has not stored its first.
fn what_is_refused_changes_nothing<P: Place>() {
    let place = P::new();
    let store = place.open();
    let lease = owned(&store, 1);
    store.send(goal_id(1), &new_command(1)).expect("sends");
    let good = NewEvent { answers: Some(command_id(1)), ..event("good") };
    let bad = NewEvent { answers: Some(command_id(2)), ..event("bad") };
    let refused = append(&store, lease, 1, &[good.clone(), bad]);
    assert!(matches!(refused, Err(Error::NotPending(command)) if command == command_id(2)), "{refused:?}");
    let twice = append(&store, lease, 1, &[good.clone(), good]);
    assert!(matches!(twice, Err(Error::NotPending(command)) if command == command_id(1)), "{twice:?}");
    assert_eq!(story(&store, 1), ["{\"text\":\"first\"}"]);
    assert_eq!(store.head(goal_id(1)).expect("is there").head, head("first"));
    assert_eq!(store.answer(command_id(1)).expect("is there"), None);
}

fn a_command_is_answered_once<P: Place>() {
    let place = P::new();
    let store = place.open();
    let lease = owned(&store, 1);
    let other = owned(&store, 2);
    for number in [3, 1, 2] {
        store.send(goal_id(1), &new_command(number)).expect("sends");
    }
    let sent = |store: &P::Handle| -> Vec<_> {
        let pending = store.pending(goal_id(1)).expect("reads");
        pending.into_iter().map(|row| row.command).collect()
    };
    assert_eq!(sent(&store), [new_command(3), new_command(1), new_command(2)]);
    let answer = NewEvent { answers: Some(command_id(1)), ..event("answer") };
    let elsewhere = append(&store, other, 1, std::slice::from_ref(&answer));
    assert!(matches!(elsewhere, Err(Error::NotPending(_))), "{elsewhere:?}");
    append(&store, lease, 1, &[event("before"), answer.clone()]).expect("answers");
    let again = append(&store, lease, 3, &[answer]);
    assert!(matches!(again, Err(Error::NotPending(_))), "{again:?}");
    drop(store);
    let store = place.open();
    assert_eq!(sent(&store), [new_command(3), new_command(2)]);
    assert_eq!(store.answer(command_id(1)).expect("is there"), Some(3));
    assert_eq!(store.answer(command_id(2)).expect("is there"), None);
    assert!(matches!(store.answer(command_id(9)), Err(Error::NotPending(_))));
    assert!(store.verify(None).expect("reads").is_sound());
}

fn a_command_that_is_sent_again_is_the_same<P: Place>() {
    let place = P::new();
    let store = place.open();
    owned(&store, 1);
    owned(&store, 2);
    store.send(goal_id(1), &new_command(1)).expect("sends");
    store.send(goal_id(1), &new_command(1)).expect("sends again");
    assert_eq!(store.pending(goal_id(1)).expect("reads").len(), 1);
    let other = NewCommand { body: b"{}".to_vec(), ..new_command(1) };
    for refused in [store.send(goal_id(1), &other), store.send(goal_id(2), &new_command(1))] {
        assert!(matches!(refused, Err(Error::CommandExists(_))), "{refused:?}");
    }
}

fn an_inbox_has_an_end<P: Place>() {
    let place = P::new();
    let store = place.open();
    let lease = owned(&store, 1);
    let max = u8::try_from(limits::PENDING_MAX).expect("is small");
    for number in 0..max {
        store.send(goal_id(1), &new_command(number)).expect("sends");
    }
    let refused = store.send(goal_id(1), &new_command(max));
    assert!(matches!(refused, Err(Error::InboxFull { max: 64, .. })), "{refused:?}");
    store.send(goal_id(1), &new_command(0)).expect("is there already");
    append(&store, lease, 1, &[NewEvent { answers: Some(command_id(7)), ..event("x") }]).expect("answers");
    store.send(goal_id(1), &new_command(max)).expect("has room");
}

fn goals_are_listed_last_first<P: Place>() {
    let place = P::new();
    let store = place.open();
    for number in [5, 1, 4] {
        owned(&store, number);
    }
    let same = NewGoal { id: goal_id(0x51), workspace: new_goal(5).workspace, ..new_goal(4) };
    store.create(&same, &[event("first")], &head("first")).expect("creates");
    let ids = |filter: Filter<'_>, before, limit| -> Vec<GoalId> {
        let heads = store.heads(filter, before, limit).expect("reads");
        heads.into_iter().map(|head| head.goal.id).collect()
    };
    let (all, whole) = ([0x51, 4, 1, 5].map(goal_id), goal_id(1).to_string());
    assert_eq!(ids(Filter::All, None, 100), all);
    assert_eq!(ids(Filter::All, None, 3), all[..3]);
    let number = store.head(all[2]).expect("is there").number;
    assert_eq!(ids(Filter::All, Some(number), 100), all[3..]);
    assert_eq!(ids(Filter::Workspace(&same.workspace), None, 100), [0x51, 5].map(goal_id));
    assert_eq!(ids(Filter::Thread(same.thread), None, 100), [0x51, 4].map(goal_id));
    assert_eq!(ids(Filter::Prefix("0"), None, 100), [4, 1, 5].map(goal_id));
    assert_eq!(ids(Filter::Prefix("5151"), None, 100), [goal_id(0x51)]);
    assert_eq!(ids(Filter::Prefix(&whole), None, 100), [goal_id(1)]);
    for nothing in ["6", "%", "x", "' OR 1"] {
        assert_eq!(ids(Filter::Prefix(nothing), None, 100), [], "{nothing}");
    }
}

fn a_snapshot_belongs_to_the_chain<P: Place>() {
    let place = P::new();
    let store = place.open();
    let lease = owned(&store, 1);
    let end = append(&store, lease, 1, &[event("second")]).expect("appends");
    assert_eq!(store.snapshot(goal_id(1)).expect("reads"), None);
    let whole = Snapshot { seq: 2, hash: end.hash, version: 1, body: b"{\"folded\":2}".to_vec() };
    store.put_snapshot(goal_id(1), &whole).expect("stores");
    drop(store);
    let store = place.open();
    assert_eq!(store.snapshot(goal_id(1)).expect("reads"), Some(whole.clone()));
    for foreign in [
        Snapshot { hash: digest(1), ..whole.clone() },
        Snapshot { seq: 1, ..whole.clone() },
        Snapshot { seq: 3, ..whole.clone() },
    ] {
        store.put_snapshot(goal_id(1), &foreign).expect("stores");
        assert_eq!(store.snapshot(goal_id(1)).expect("reads"), None, "{foreign:?}");
    }
    store.put_snapshot(goal_id(1), &whole).expect("stores");
    assert_eq!(store.snapshot(goal_id(1)).expect("reads"), Some(whole));
}

fn named_blobs_are_those_of_events<P: Place>() {
    let place = P::new();
    let store = place.open();
    let lease = owned(&store, 1);
    let named = |blobs: &[u8]| NewEvent { blobs: blobs.iter().copied().map(digest).collect(), ..event("x") };
    append(&store, lease, 1, &[named(&[1, 2]), named(&[]), named(&[2, 3])]).expect("appends");
    let refused = append(&store, lease, 1, &[named(&[9])]);
    assert!(matches!(refused, Err(Error::Conflict { .. })), "{refused:?}");
    assert_eq!(store.named_blobs().expect("reads"), BTreeSet::from([1, 2, 3].map(digest)));
}

fn a_large_log_is_read_in_pieces<P: Place>() {
    let place = P::new();
    let store = place.open();
    let lease = owned(&store, 1);
    let large = event(&"x".repeat(limits::EVENT_BYTES_MAX - 11));
    assert_eq!(large.body.len(), limits::EVENT_BYTES_MAX);
    let larges = vec![large; 20];
    append(&store, lease, 1, &larges).expect("appends");
    let events = store.events(goal_id(1), 0, 100).expect("reads");
    assert_eq!(events.len(), 17, "the first, which is small, and 16 MiB");
    let rest = store.events(goal_id(1), 17, 100).expect("reads");
    assert_eq!(rest.iter().map(|stored| stored.seq).collect::<Vec<_>>(), [18, 19, 20, 21]);
}

fn what_is_too_large_is_refused<P: Place>() {
    let place = P::new();
    let store = place.open();
    let lease = owned(&store, 1);
    let long = "x".repeat(limits::EVENT_BYTES_MAX);
    let blobs = vec![digest(1); limits::BLOBS_MAX + 1];
    let many = vec![event("x"); limits::EVENTS_PER_APPEND_MAX + 1];
    let too_large = [
        vec![event(&long)],
        vec![NewEvent { blobs, ..event("x") }],
        vec![NewEvent { actor: "x".repeat(limits::ACTOR_BYTES_MAX + 1), ..event("x") }],
        vec![NewEvent { body: Vec::new(), ..event("x") }],
        many,
        Vec::new(),
    ];
    for events in too_large {
        let refused = append(&store, lease, 1, &events);
        assert!(matches!(refused, Err(Error::Limit { .. })), "{:?}", refused.map(|end| end.seq));
    }
    for (version, body) in [(1, "{"), (1, "{} {}"), (0, "{}")] {
        let refused = append(&store, lease, 1, &[NewEvent { version, body: body.into(), ..event("x") }]);
        assert!(matches!(refused, Err(Error::NotJson("an event"))), "{refused:?}");
    }
    let large = Head { version: 1, body: format!("\"{long}\"").into_bytes() };
    let refused = store.append(&Append { lease, after: 1, events: &[event("x")], head: &large });
    assert!(matches!(refused, Err(Error::Limit { .. })), "{refused:?}");
    let refused = store.send(goal_id(1), &NewCommand { body: long.into_bytes(), ..new_command(1) });
    assert!(matches!(refused, Err(Error::Limit { .. })), "{refused:?}");
    assert_eq!(store.head(goal_id(1)).expect("is there").seq, 1);
}

fn ballast_is_freed_once<P: Place>() {
    let place = P::new();
    let store = place.open();
    assert!(store.free_ballast().expect("removes"));
    assert!(!store.free_ballast().expect("is gone"));
    store.restore_ballast().expect("has room");
    store.restore_ballast().expect("is there");
    assert!(store.free_ballast().expect("removes"));
}

fn nothing_is_known_of_a_goal_that_is_not_there<P: Place>() {
    let place = P::new();
    let store = place.open();
    let (goal, machine) = (goal_id(1), Told::new());
    let lease = Lease { goal, epoch: 1 };
    let snapshot = Snapshot { seq: 1, hash: digest(1), version: 1, body: b"{}".to_vec() };
    let refused = [
        append(&store, lease, 0, &[event("x")]).map(|_| ()),
        store.events(goal, 0, 1).map(|_| ()),
        store.head(goal).map(|_| ()),
        store.put_snapshot(goal, &snapshot),
        store.snapshot(goal).map(|_| ()),
        store.acquire(goal, &owner(1), Scope::Run, &machine).map(|_| ()),
        store.release(lease),
        store.owner(goal, &machine).map(|_| ()),
        store.send(goal, &new_command(1)),
        store.pending(goal).map(|_| ()),
        store.verify(Some(goal)).map(|_| ()),
    ];
    for (index, refused) in refused.into_iter().enumerate() {
        assert!(matches!(refused, Err(Error::NoGoal(named)) if named == goal), "{index}: {refused:?}");
    }
    assert_eq!(store.renew(&[lease], &machine.now()).expect("looks"), [lease]);
    assert_eq!(store.verify(None).expect("reads"), Report::default());
}
