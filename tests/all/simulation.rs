//! Goals in a simulated world, by the thousand. `EVIDENT_SEED=N` tells one story again, `EVIDENT_SOAK=1` tells
//! more and longer ones.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use evident_core::goal::state::State;
use evident_tests::simulated::{Told, full_disk_at, play};

/// Stories of the plain run, and turns of the longest.
const PLAIN: (u64, u32) = (1000, 200);

/// Stories of the soak, and turns of the longest.
const SOAK: (u64, u32) = (10_000, 2000);

fn tell(seed: u64, turns: u32) -> Told {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_time().start_paused(true).build().unwrap();
    match catch_unwind(AssertUnwindSafe(|| runtime.block_on(play(seed, turns)))) {
        Ok(told) => told,
        Err(_) => panic!("EVIDENT_SEED={seed} and {turns} turns tell it again"),
    }
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

/// Catches a loop that loses, repeats, overspends, lies about completion, or never ends.
#[test]
fn a_thousand_goals_in_a_world_of_faults() {
    let (seeds, turns) = if std::env::var_os("EVIDENT_SOAK").is_some() { SOAK } else { PLAIN };
    if let Some(seed) = number("EVIDENT_SEED") {
        let told = tell(seed, turns);
        assert_eq!(tell(seed, turns), told, "the same story");
        return;
    }
    // For a soak that has to fit a given time: what was told until then counts.
    let most = number("EVIDENT_SOAK_SECONDS").map_or(Duration::MAX, Duration::from_secs);
    let (began, next, all) = (Instant::now(), AtomicU64::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        let workers = thread::available_parallelism().map_or(1, usize::from);
        let work = || loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds || began.elapsed() > most {
                return;
            }
            let told = tell(seed, turns);
            all.lock().unwrap().push(told);
        };
        let threads: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        for thread in threads {
            thread.join().expect("the seed stands above");
        }
    });
    report(&all.into_inner().unwrap(), began.elapsed());
}

/// Catches a phase in which a full disk ends the host, loses what was acknowledged, or keeps the goal from its end
/// once there is room.
#[test]
fn a_disk_that_is_full_at_any_call_blocks_the_goal_until_there_is_room() {
    let (mut swept, mut blocked) = (0, 0);
    // Reads pass; a goal of a few turns makes fewer calls than this.
    for call in 1..=100 {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let runtime = builder.enable_time().start_paused(true).build().unwrap();
        let Some(was_blocked) = runtime.block_on(full_disk_at(call)) else { continue };
        (swept, blocked) = (swept + 1, blocked + u32::from(was_blocked));
    }
    // Once it is complete there is nothing that could be blocked.
    assert!(swept > 10 && blocked + 2 >= swept, "{blocked} of {swept}");
}

/// Catches a simulation in which nothing happens.
fn report(all: &[Told], took: Duration) {
    let turns: u64 = all.iter().map(|told| u64::from(told.turns)).sum();
    let crashes: u64 = all.iter().map(|told| u64::from(told.crashes)).sum();
    let events: u64 = all.iter().map(|told| told.events).sum();
    let complete = all.iter().filter(|told| told.state == State::Complete).count();
    let told = format!(
        "{} goals, {turns} turns, {events} events, {crashes} hosts died, {complete} complete, {took:?}\n",
        all.len()
    );
    std::io::Write::write_all(&mut std::io::stderr(), told.as_bytes()).unwrap();
    let count = all.len() as u64;
    assert!(turns > 5 * count && crashes > count && complete * 2 > all.len(), "{told}");
}
