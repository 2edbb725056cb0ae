//! The last word on a folder: after every file was read, it is walked until nothing in it moves any more.
//!
//! Reading takes time, and what was read first can be another file when the last one is read. So the walk
//! is repeated, and what has another change time, inode or size is read again. Where a walk finds all as it
//! was read, each content was there from its reading to that walk, and so all of them were there together.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::thread;
use std::time::Duration;

use evident_core::defence::Defence;
use evident_core::digest::Digest;

use super::{Found, Scan, Seen, Take, Walked, What};
use crate::Error;
use crate::tree::stat::Time;

/// Walks after the first one. A person who saves a file costs one; what needs more is not at rest.
const ROUNDS_MAX: usize = 4;

/// Nanoseconds by which the clock of a file system lags at most: its tick. What changed that shortly before
/// it was read can change again without another change time.
const TICK_NANOSECONDS: u32 = 10_000_000;

/// Scans until nothing moves.
pub(super) fn settled(scan: &Scan<'_>, take: &mut dyn Take) -> Result<Seen, Error> {
    let mut begun = Time::now();
    let mut walked = scan.walk()?;
    let mut digests = scan.fill(&walked, vec![None; walked.found.len()], take)?;
    if !Defence::LastWalk.stands() {
        return scan.assemble(walked, digests);
    }
    let mut moved = None;
    for _ in 0..ROUNDS_MAX {
        let read = Time::now();
        let is_young =
            move |found: &Found| found.stat.is_some_and(|stat| is_young(stat.changed, begun, read));
        if walked.found.iter().any(is_young) {
            thread::sleep(2 * Duration::from_nanos(TICK_NANOSECONDS.into()));
        }
        let next = Time::now();
        let again = scan.walk()?;
        let known = carried(&walked, &digests, &again, is_young);
        moved = known.iter().position(Option::is_none).map(|place| again.found[place].path.clone());
        if moved.is_none() && again.found.len() == walked.found.len() {
            return scan.assemble(again, digests);
        }
        digests = scan.fill(&again, known, take)?;
        (walked, begun) = (again, next);
    }
    let path = moved.unwrap_or_default();
    Err(Error::Unsteady { path: scan.folder.join(OsStr::from_bytes(&path)) })
}

/// The digests that hold for what the next walk found: those of what has not moved since it was read.
fn carried(
    walked: &Walked,
    digests: &[Digest],
    again: &Walked,
    is_young: impl Fn(&Found) -> bool,
) -> Vec<Option<Digest>> {
    let mut before = walked.found.iter().zip(digests).peekable();
    let mut known = Vec::with_capacity(again.found.len());
    for found in &again.found {
        while before.next_if(|(old, _)| old.path < found.path).is_some() {}
        let is_same = |(old, digest): (&Found, &Digest)| {
            let is_same = old.path == found.path && old.stat == found.stat && old.what == found.what;
            // What is small was read in the walk itself.
            let is_sure = matches!(found.what, What::Small(..)) || !is_young(old);
            (is_same && is_sure).then_some(*digest)
        };
        known.push(before.peek().copied().and_then(is_same));
    }
    known
}

/// True for a change within the tick before the reading began, or since. A time from the future is that of
/// another clock, and says nothing.
fn is_young(changed: Time, begun: Time, read: Time) -> bool {
    changed.later_by(TICK_NANOSECONDS) >= begun && changed <= read
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changed_in_the_tick_before_it_was_read_is_young() {
        let at = |seconds, nanoseconds| Time { seconds, nanoseconds };
        let (begun, read) = (at(100, 5_000_000), at(101, 0));
        let table = [
            (at(99, 994_999_999), false),
            (at(99, 995_000_000), true),
            (at(100, 5_000_000), true),
            (at(101, 0), true),
            (at(101, 1), false),
        ];
        for (changed, expected) in table {
            assert_eq!(is_young(changed, begun, read), expected, "{changed:?}");
        }
    }
}
