//! Who owns a goal, told by a machine that does as it is told.

use super::*;

/// Ten years in milliseconds.
const TEN_YEARS_MS: u64 = 10 * 365 * 24 * 60 * 60 * 1_000;

everywhere! {
    a_goal_has_one_owner
    a_paused_owner_writes_nothing
    a_dead_owner_is_followed_at_once
    a_goal_that_was_given_back_is_free
    an_owner_that_asks_again_has_a_new_epoch
    a_workspace_is_run_once
    whoever_loses_the_workspace_loses_the_goal
    a_jump_of_ten_years_changes_no_owner
    another_boot_ends_every_lease
    leases_are_renewed_together
}

fn held_by(result: Result<Lease, Error>) -> Option<OwnerId> {
    match result {
        Ok(_) => None,
        Err(error) => Some(error.owner().unwrap_or_else(|| panic!("{error}"))),
    }
}

fn a_goal_has_one_owner<P: Place>() {
    let place = P::new();
    let (store, machine) = (place.open(), Told::new());
    let lease = owned(&store, 1);
    assert_eq!(lease, Lease { goal: goal_id(1), epoch: 1 });
    let second = place.open();
    let refused = second.acquire(goal_id(1), &owner(2), Scope::Goal, &machine);
    assert_eq!(held_by(refused), Some(owner(1).id));
    assert_eq!(second.owner(goal_id(1), &machine).expect("reads"), Some(owner(1)));
    machine.pass(EXPIRY_MS);
    let refused = second.acquire(goal_id(1), &owner(2), Scope::Goal, &machine);
    assert_eq!(held_by(refused), Some(owner(1).id), "to the last millisecond");
    machine.pass(1);
    assert_eq!(second.owner(goal_id(1), &machine).expect("reads"), None);
    let taken = second.acquire(goal_id(1), &owner(2), Scope::Goal, &machine).expect("is over");
    assert_eq!(taken, Lease { goal: goal_id(1), epoch: 2 });
}

/// The one who slept wakes up and goes on as if nothing was.
fn a_paused_owner_writes_nothing<P: Place>() {
    let place = P::new();
    let (store, machine) = (place.open(), Told::new());
    let slept = owned(&store, 1);
    machine.pass(EXPIRY_MS + 1);
    let taken = place.open().acquire(goal_id(1), &owner(2), Scope::Goal, &machine).expect("is over");
    let is_fenced =
        |error: &Error| matches!(error, Error::Fenced { goal, epoch: 1, current: 2 } if *goal == goal_id(1));
    let refused = append(&store, slept, 1, &[event("late")]).expect_err("is fenced");
    assert!(is_fenced(&refused), "{refused}");
    let refused = store.release(slept).expect_err("is fenced");
    assert!(is_fenced(&refused), "{refused}");
    assert_eq!(store.renew(&[slept, taken], &machine.now()).expect("looks"), [slept]);
    append(&store, taken, 1, &[event("new")]).expect("appends");
    let never = Lease { goal: goal_id(1), epoch: 3 };
    assert!(append(&store, never, 2, &[event("early")]).is_err());
    assert_eq!(story(&store, 1), ["{\"text\":\"first\"}", "{\"text\":\"new\"}"]);
}

fn a_dead_owner_is_followed_at_once<P: Place>() {
    let place = P::new();
    let (store, machine) = (place.open(), Told::new());
    owned(&store, 1);
    machine.kill(1);
    let taken = store.acquire(goal_id(1), &owner(2), Scope::Goal, &machine).expect("is dead");
    assert_eq!(taken.epoch, 2);
}

fn a_goal_that_was_given_back_is_free<P: Place>() {
    let place = P::new();
    let (store, machine) = (place.open(), Told::new());
    let lease = owned(&store, 1);
    store.release(lease).expect("is held");
    assert_eq!(store.owner(goal_id(1), &machine).expect("reads"), None);
    let refused = append(&store, lease, 1, &[event("x")]);
    assert!(matches!(refused, Err(Error::Fenced { epoch: 1, current: 1, .. })), "{refused:?}");
    assert_eq!(store.renew(&[lease], &machine.now()).expect("looks"), [lease]);
    assert!(matches!(store.release(lease), Err(Error::Fenced { .. })));
    let next = store.acquire(goal_id(1), &owner(2), Scope::Goal, &machine).expect("is free");
    assert_eq!(next.epoch, 2);
}

/// An owner that did not hear the answer asks again.
fn an_owner_that_asks_again_has_a_new_epoch<P: Place>() {
    let place = P::new();
    let (store, machine) = (place.open(), Told::new());
    let lost = owned(&store, 1);
    let lease = store.acquire(goal_id(1), &owner(1), Scope::Run, &machine).expect("is its own");
    assert_eq!((lost.epoch, lease.epoch), (1, 2));
    assert!(append(&store, lost, 1, &[event("x")]).is_err());
    append(&store, lease, 1, &[event("x")]).expect("appends");
}

fn a_workspace_is_run_once<P: Place>() {
    let place = P::new();
    let (store, machine) = (place.open(), Told::new());
    let workspace = new_goal(1).workspace;
    for number in 1..=3 {
        let goal = NewGoal { workspace: workspace.clone(), ..new_goal(number) };
        store.create(&goal, &[event("first")], &head("first")).expect("creates");
    }
    let first = store.acquire(goal_id(1), &owner(1), Scope::Run, &machine).expect("is free");
    for other in [owner(1), owner(2)] {
        let refused = place.open().acquire(goal_id(2), &other, Scope::Run, &machine);
        let names = |goal: &GoalId| *goal == goal_id(1);
        assert!(matches!(&refused, Err(Error::WorkspaceHeld { goal, .. }) if names(goal)), "{refused:?}");
    }
    assert_eq!(store.owner(goal_id(2), &machine).expect("reads"), None, "what is refused is not held");
    let second = store.acquire(goal_id(2), &owner(2), Scope::Goal, &machine).expect("does not run");
    append(&store, second, 1, &[event("command")]).expect("appends");
    store.release(first).expect("is held");
    store.acquire(goal_id(3), &owner(3), Scope::Run, &machine).expect("is free");
}

fn whoever_loses_the_workspace_loses_the_goal<P: Place>() {
    let place = P::new();
    let (store, machine) = (place.open(), Told::new());
    let same = NewGoal { workspace: new_goal(1).workspace, ..new_goal(2) };
    store.create(&new_goal(1), &[event("first")], &head("first")).expect("creates");
    store.create(&same, &[event("first")], &head("first")).expect("creates");
    let slept = store.acquire(goal_id(1), &owner(1), Scope::Run, &machine).expect("is free");
    machine.pass(EXPIRY_MS + 1);
    store.acquire(goal_id(2), &owner(2), Scope::Run, &machine).expect("is over");
    let refused = append(&store, slept, 1, &[event("late")]);
    assert!(matches!(refused, Err(Error::Fenced { epoch: 1, current: 2, .. })), "{refused:?}");
    assert_eq!(store.renew(&[slept], &machine.now()).expect("looks"), [slept]);
    let refused = store.acquire(goal_id(1), &owner(1), Scope::Run, &machine);
    assert_eq!(held_by(refused), Some(owner(2).id));
}

/// The wall clock is not part of a lease; were the clock of the boot to jump, nobody has to wait for its time.
fn a_jump_of_ten_years_changes_no_owner<P: Place>() {
    let place = P::new();
    let (store, machine) = (place.open(), Told::new());
    let lease = owned(&store, 1);
    let late = NewEvent { at: Timestamp(2_000 + TEN_YEARS_MS), ..event("late") };
    append(&store, lease, 1, &[late]).expect("appends");
    append(&store, lease, 2, &[event("early")]).expect("appends");
    let refused = store.acquire(goal_id(1), &owner(2), Scope::Goal, &machine);
    assert_eq!(held_by(refused), Some(owner(1).id));
    let now = machine.now();
    let ahead = Moment { millis: now.millis + TEN_YEARS_MS, ..now.clone() };
    assert_eq!(store.renew(&[lease], &ahead).expect("renews"), []);
    machine.set(now);
    let taken = store.acquire(goal_id(1), &owner(2), Scope::Goal, &machine).expect("is not locked");
    assert!(append(&store, lease, 3, &[event("x")]).is_err(), "and never two owners");
    append(&store, taken, 3, &[event("x")]).expect("appends");
}

fn another_boot_ends_every_lease<P: Place>() {
    let place = P::new();
    let (store, machine) = (place.open(), Told::new());
    owned(&store, 1);
    machine.set(Moment { boot: "second".to_owned(), ..machine.now() });
    let taken = store.acquire(goal_id(1), &owner(2), Scope::Goal, &machine).expect("is over");
    assert_eq!(taken.epoch, 2);
}

fn leases_are_renewed_together<P: Place>() {
    let place = P::new();
    let (store, machine) = (place.open(), Told::new());
    let leases = [1, 2, 3].map(|number| owned(&store, number));
    machine.pass(EXPIRY_MS + 1);
    // Ran out, and nobody took it: a machine that slept goes on where it was.
    assert_eq!(store.renew(&leases[..2], &machine.now()).expect("renews"), []);
    let owners = [1, 2, 3].map(|number| store.owner(goal_id(number), &machine).expect("reads"));
    assert_eq!(owners, [Some(owner(1)), Some(owner(1)), None]);
}
