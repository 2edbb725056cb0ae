//! What this machine says about time and processes. It reads the clock of the boot, never the wall clock.

use std::fs;
use std::io;

use rustix::time::{ClockId, clock_gettime};

use crate::lease::{Machine, Moment, Process};

const NO_SUCH_PROCESS: i32 = rustix::io::Errno::SRCH.raw_os_error();

/// This machine.
#[derive(Debug, Clone)]
pub struct ThisMachine {
    boot: String,
    space: u64,
}

impl ThisMachine {
    /// Looks at it. What it does not tell stays unknown, and then only time ends the lease of a dead owner.
    #[must_use]
    pub fn look() -> Self {
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        Self { boot: boot.trim().to_owned(), space: space().unwrap_or(0) }
    }

    /// The process that asks.
    #[must_use]
    pub fn this_process(&self) -> Process {
        let id = std::process::id();
        let started = stat(id).map_or(0, |stat| stat.started);
        Process { boot: self.boot.clone(), space: self.space, id, started }
    }
}

impl Machine for ThisMachine {
    fn now(&self) -> Moment {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        let clock = ClockId::Boottime;
        // Counts sleep on macOS.
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        let clock = ClockId::Monotonic;
        let time = clock_gettime(clock);
        let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
        let millis = u64::try_from(time.tv_nsec).unwrap_or(0) / 1_000_000;
        Moment { boot: self.boot.clone(), millis: seconds * 1_000 + millis }
    }

    fn is_dead(&self, process: &Process) -> bool {
        if process.boot != self.boot {
            return true;
        }
        if process.space != self.space || self.space == 0 || process.started == 0 {
            return false;
        }
        match stat(process.id) {
            // A number that was given to another process, or a process that is over and waits for its parent.
            Ok(stat) => stat.started != process.started || stat.is_over,
            // The second where it ends while it is read. Anything else, such as too many open files, says nothing.
            Err(error) => {
                error.kind() == io::ErrorKind::NotFound || error.raw_os_error() == Some(NO_SUCH_PROCESS)
            }
        }
    }
}

/// What the system says about a process.
struct Stat {
    is_over: bool,
    started: u64,
}

fn stat(id: u32) -> io::Result<Stat> {
    let text = fs::read(format!("/proc/{id}/stat"))?;
    parse(&String::from_utf8_lossy(&text)).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

fn parse(text: &str) -> Option<Stat> {
    // The name of a process stands in parentheses and may contain anything.
    let (_, rest) = text.rsplit_once(')')?;
    let mut words = rest.split_ascii_whitespace();
    let state = words.next()?;
    // proc_pid_stat(5): the state is field 3, the start field 22.
    let started = words.nth(18)?.parse().ok()?;
    Some(Stat { is_over: matches!(state, "Z" | "X" | "x"), started })
}

/// The inode of the space of process numbers.
fn space() -> Option<u64> {
    use std::os::unix::fs::MetadataExt;
    fs::metadata("/proc/self/ns/pid").ok().map(|metadata| metadata.ino())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn a_process_that_was_killed_is_dead_at_once() {
        let machine = ThisMachine::look();
        let own = machine.this_process();
        assert!(!machine.is_dead(&own));
        let mut child = Command::new("sleep").arg("60").spawn().expect("starts");
        let started = stat(child.id()).expect("is there").started;
        let process = Process { id: child.id(), started, ..own.clone() };
        assert!(!machine.is_dead(&process));
        child.kill().expect("is ours");
        // Waits for its end, without taking it: a host that was killed may have a parent that looks away.
        while !stat(child.id()).expect("is ours").is_over {
            std::thread::yield_now();
        }
        assert!(machine.is_dead(&process), "a zombie");
        child.wait().expect("ends");
        assert!(machine.is_dead(&process), "gone");
        assert!(
            machine.is_dead(&Process { started: own.started + 1, ..own.clone() }),
            "another of its number"
        );
        assert!(machine.is_dead(&Process { boot: "before".to_owned(), ..own.clone() }));
        assert!(!machine.is_dead(&Process { space: 1, id: u32::MAX, ..own }), "cannot be seen from here");
    }

    #[test]
    fn the_clock_goes_forward() {
        let machine = ThisMachine::look();
        let (first, second) = (machine.now(), machine.now());
        assert!(!first.boot.is_empty() && first.boot == second.boot && first.millis <= second.millis);
    }
}
