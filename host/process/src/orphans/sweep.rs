//! Finds what lost its parent and kills it, until nothing is left or the time is over.
//!
//! A killed process starts nothing any more: a fork in progress fails. So what is killed in one pass can only
//! have left what the next pass finds, and a program loses that starts others in order to escape. What ended
//! stays in the table until it is reaped here, so that the number of an orphan is given to no other process
//! meanwhile.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, waitid};

use super::{END_MAX, Left, NAMES_MAX};
use crate::started::{Leaders, Standing, leaders};
use crate::table::{self, Listed};

/// Before processes that were killed are looked at again.
const POLL: Duration = Duration::from_millis(1);

/// Children that were there before the host began: a shell that becomes the host with `exec` hands on its jobs.
#[derive(Debug, Default)]
pub(super) struct Inherited(BTreeSet<(i32, u64)>);

/// Which children are ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whom {
    /// Those that lost their parent.
    Orphans,
    /// The leaders too.
    Everything,
}

impl Inherited {
    /// The children that this process has now.
    pub(super) fn look() -> Self {
        let Some(own) = table::own().filter(|_| has_children()) else { return Self::default() };
        let all = table::numbers().into_iter().filter_map(table::look_up);
        let mine = all.filter(|process| process.parent == own.number);
        Self(mine.map(|process| (process.number, process.started)).collect())
    }

    fn holds(&self, process: &Listed) -> bool {
        self.0.contains(&(process.number, process.started))
    }
}

/// Ends them all. Gives the names of the programs, each once; of many, some.
pub(super) fn end(inherited: &Inherited, whom: Whom) -> Result<Vec<String>, Left> {
    // Without a table there is nothing to find anybody by.
    let Some(own) = table::own() else { return Ok(Vec::new()) };
    let until = Instant::now() + END_MAX;
    let mut sweep = Sweep::new(inherited, whom, own);
    while has_children() {
        let is_whole = sweep.others.is_empty();
        match sweep.pass() {
            Pass::Nothing if is_whole => break,
            // Nothing new: everything is looked at once more, whatever it was before.
            Pass::Nothing => sweep.others.clear(),
            Pass::Refused => return Err(sweep.left()),
            Pass::Killed | Pass::Waits if Instant::now() > until => return Err(sweep.left()),
            Pass::Killed => {}
            Pass::Waits => std::thread::sleep(POLL),
        }
    }
    Ok(sweep.names.into_iter().collect())
}

/// Reaps orphans that ended, and kills none.
pub(super) fn reap(inherited: &Inherited) {
    // Asked first because it costs nothing: most of the time no child has ended.
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    if !matches!(waitid(WaitId::All, options), Ok(Some(_))) {
        return;
    }
    let Some(own) = table::own() else { return };
    let leaders = leaders();
    let sweep = Sweep::new(inherited, Whom::Orphans, own);
    let ended = table::numbers().into_iter().filter_map(table::look_up).filter(|it| it.state == 'Z');
    for process in ended.filter(|it| sweep.is_root(it, &leaders) && is_orphan(it, &leaders)) {
        bury(process.number);
    }
}

/// False only where there is certainly none.
fn has_children() -> bool {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    !matches!(waitid(WaitId::All, options), Err(Errno::CHILD))
}

/// Takes a child that ended out of the table.
fn bury(number: i32) {
    if let Some(number) = Pid::from_raw(number) {
        // One that is not there any more is what is wanted; another is found again by the next pass.
        let _gone = waitid(WaitId::Pid(number), WaitIdOptions::EXITED | WaitIdOptions::NOHANG);
    }
}

fn is_orphan(process: &Listed, leaders: &Leaders) -> bool {
    leaders.standing(process.number, process.started) == Standing::Unknown
}

/// What a pass came to.
enum Pass {
    /// There was nobody.
    Nothing,
    /// Somebody was killed, or reaped.
    Killed,
    /// Everybody who is there was killed before.
    Waits,
    /// Everybody who is there belongs to a user that the host may not signal.
    Refused,
}

struct Sweep<'a> {
    inherited: &'a Inherited,
    whom: Whom,
    own: Listed,
    /// Processes that are not ours, so that a pass looks only at those that are new: it must be quicker than a
    /// program that starts another one and ends.
    others: BTreeSet<i32>,
    killed: BTreeSet<(i32, u64)>,
    /// Names of those that were there in the last pass.
    remaining: BTreeSet<String>,
    names: BTreeSet<String>,
}

impl<'a> Sweep<'a> {
    fn new(inherited: &'a Inherited, whom: Whom, own: Listed) -> Self {
        let (others, killed, remaining, names) = Default::default();
        Self { inherited, whom, own, others, killed, remaining, names }
    }

    /// True for a child that is to end. The host's own session holds what it started without a session: `git`,
    /// and the compiler of components.
    fn is_root(&self, process: &Listed, leaders: &Leaders) -> bool {
        process.parent == self.own.number
            && process.session != self.own.session
            && !self.inherited.holds(process)
            && match leaders.standing(process.number, process.started) {
                Standing::Held => self.whom == Whom::Everything,
                Standing::Dropped | Standing::Unknown => true,
            }
    }

    /// Looks once, and kills whoever is to end, with all that is below.
    fn pass(&mut self) -> Pass {
        let leaders = leaders();
        let new = table::numbers().into_iter().filter(|number| !self.others.contains(number));
        let new: Vec<Listed> = new.filter_map(table::look_up).collect();
        let ours = self.with_descendants(&new, &leaders);
        self.others.extend(new.iter().map(|it| it.number).filter(|number| !ours.contains_key(number)));
        self.remaining.clear();
        let (mut acted, mut refused) = (false, true);
        // The youngest first.
        for process in ours.values().rev() {
            let is_child = process.parent == self.own.number;
            match process.state {
                'Z' | 'X' if is_child && is_orphan(process, &leaders) => {
                    bury(process.number);
                    acted = true;
                }
                // A leader is reaped by tokio, and what is deeper by its parent or after it.
                'Z' | 'X' => {}
                _ => {
                    let was_killed = !self.killed.insert((process.number, process.started));
                    let result = self.kill(process, &leaders);
                    refused &= result == Err(Errno::PERM);
                    acted |= !was_killed && result != Err(Errno::PERM);
                    self.remaining.insert(process.name.clone());
                    if self.names.len() < NAMES_MAX {
                        self.names.insert(process.name.clone());
                    }
                }
            }
        }
        match (acted, self.remaining.is_empty()) {
            (true, _) => Pass::Killed,
            (false, true) => Pass::Nothing,
            (false, false) if refused => Pass::Refused,
            (false, false) => Pass::Waits,
        }
    }

    /// Those of `listed` that are to end, by number.
    fn with_descendants(&self, listed: &[Listed], leaders: &Leaders) -> BTreeMap<i32, Listed> {
        let mut below: BTreeMap<i32, Vec<&Listed>> = BTreeMap::new();
        for process in listed {
            below.entry(process.parent).or_default().push(process);
        }
        let mut open: Vec<&Listed> = listed.iter().filter(|it| self.is_root(it, leaders)).collect();
        let mut ours = BTreeMap::new();
        while let Some(process) = open.pop() {
            if ours.insert(process.number, process.clone()).is_none() {
                open.extend(below.get(&process.number).into_iter().flatten().copied());
            }
        }
        ours
    }

    /// Its group goes with it: one signal for all of them is faster than they are. A group is within a session,
    /// and so made of nothing but what is below a leader.
    fn kill(&self, process: &Listed, leaders: &Leaders) -> Result<(), Errno> {
        let is_free = process.group != self.own.group && !leaders.is_held(process.group);
        if let Some(group) = Pid::from_raw(process.group).filter(|_| is_free) {
            // One that is gone, or not ours to signal, shows below.
            let _shown_below = kill_process_group(group, Signal::KILL);
        }
        let number = Pid::from_raw(process.number).expect("the table has no number zero");
        kill_process(number, Signal::KILL)
    }

    fn left(&self) -> Left {
        if self.remaining.is_empty() {
            return Left("processes that were left behind start others faster than they are ended".into());
        }
        let names: Vec<String> = self.remaining.iter().cloned().collect();
        Left(format!("a process that was left behind does not end: {}", super::names(&names)))
    }
}
