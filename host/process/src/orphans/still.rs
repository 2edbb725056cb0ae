//! Stops the agents that live from turn to turn, with everything below them, while their work is judged.
//!
//! It ends nothing: what is stopped goes on where it was.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::Left;
use crate::started::{Standing, leaders};
use crate::table::{self, Listed};

/// For everything to stop. A process stops when it next leaves a system call.
const STOP_MAX: Duration = Duration::from_secs(2);

/// Before it is looked at again.
const POLL: Duration = Duration::from_millis(1);

/// What is stopped, until this is dropped.
#[derive(Debug, Default)]
pub struct Still {
    /// Number and start of each.
    stopped: BTreeSet<(i32, u64)>,
}

impl Drop for Still {
    fn drop(&mut self) {
        // The leaders last: what they wait for goes on before them.
        for &(number, started) in self.stopped.iter().rev() {
            if table::started(number) == Some(started) {
                signal(number, Signal::CONT);
            }
        }
    }
}

/// Stops them all.
pub(super) fn stop() -> Result<Still, Left> {
    let until = Instant::now() + STOP_MAX;
    let mut still = Still::default();
    loop {
        let (mut is_new, mut moving) = (false, Vec::new());
        for process in below_leaders() {
            // Stopped by somebody else, it is to stay so.
            let stands = matches!(process.state, 'T' | 't');
            if !stands && still.stopped.insert((process.number, process.started)) {
                is_new = true;
            }
            // What a system call holds stops before it does anything of its own.
            if !stands && process.state != 'D' {
                signal(process.number, Signal::STOP);
                moving.push(process.name);
            }
        }
        if !is_new && moving.is_empty() {
            return Ok(still);
        }
        if Instant::now() > until {
            let names = super::names(&moving);
            return Err(Left(format!("a process of the agent does not stop: {names}")));
        }
        std::thread::sleep(POLL);
    }
}

/// Every leader that is held and lives, and what is below it.
fn below_leaders() -> Vec<Listed> {
    let leaders = leaders();
    if !leaders.are_held() {
        return Vec::new();
    }
    let all: Vec<Listed> = table::numbers().into_iter().filter_map(table::look_up).collect();
    let mut below: BTreeMap<i32, Vec<&Listed>> = BTreeMap::new();
    for process in &all {
        below.entry(process.parent).or_default().push(process);
    }
    let is_leader = |it: &&Listed| leaders.standing(it.number, it.started) == Standing::Held;
    let mut open: Vec<&Listed> = all.iter().filter(is_leader).collect();
    let mut found = BTreeMap::new();
    while let Some(process) = open.pop() {
        if found.insert(process.number, process.clone()).is_none() {
            open.extend(below.get(&process.number).into_iter().flatten().copied());
        }
    }
    found.into_values().filter(|it| !matches!(it.state, 'Z' | 'X')).collect()
}

fn signal(number: i32, signal: Signal) {
    if let Some(number) = Pid::from_raw(number) {
        // One that is gone needs none; one that refuses is seen not to stop.
        let _gone = kill_process(number, signal);
    }
}
