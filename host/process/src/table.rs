//! The processes of this machine as `/proc` lists them, proc_pid_stat(5).
//!
//! It looks, and never signals. Where there is no such folder the table is empty.

use std::ffi::OsStr;
use std::fs;

use rustix::process::{Pid, getpid};

/// One process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) number: i32,
    pub(crate) parent: i32,
    pub(crate) group: i32,
    /// Zero where its leader is outside of the numbers that this process sees.
    pub(crate) session: i32,
    /// Ticks of the clock since the machine started: with the number, the name of a process for ever.
    pub(crate) started: u64,
    /// `Z` where it ended and was not reaped, `T` and `t` where it is stopped, `D` where a system call holds it.
    pub(crate) state: char,
    /// Of the program: text from outside.
    pub(crate) name: String,
}

/// When a process started; absent where there is none, or where the system does not tell.
pub(crate) fn started(number: i32) -> Option<u64> {
    Some(look_up(number)?.started)
}

/// One process.
pub(crate) fn look_up(number: i32) -> Option<Listed> {
    let stat = fs::read(format!("/proc/{number}/stat")).ok()?;
    read(&String::from_utf8_lossy(&stat))
}

/// This process.
pub(crate) fn own() -> Option<Listed> {
    look_up(Pid::as_raw(Some(getpid())))
}

/// The numbers of all processes, the highest first: the youngest are those that escape while the others are
/// looked at.
pub(crate) fn numbers() -> Vec<i32> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let number = |name: &OsStr| name.to_str()?.parse::<i32>().ok();
    let mut numbers: Vec<i32> = entries.flatten().filter_map(|entry| number(&entry.file_name())).collect();
    numbers.sort_unstable_by(|left, right| right.cmp(left));
    numbers
}

fn read(stat: &str) -> Option<Listed> {
    // The name is in parentheses and may hold any.
    let (number, rest) = stat.split_once(" (")?;
    let (name, rest) = rest.rsplit_once(") ")?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    // From the state, which is the third field of the page.
    let field = |at: usize| fields.get(at - 3).copied();
    Some(Listed {
        number: number.parse().ok()?,
        parent: field(4)?.parse().ok()?,
        group: field(5)?.parse().ok()?,
        session: field(6)?.parse().ok()?,
        started: field(22)?.parse().ok()?,
        state: field(3)?.chars().next()?,
        name: evident_core::text::name(name),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_hold_what_ends_a_name() {
        let numbers: Vec<String> = (4..=52).map(|number| number.to_string()).collect();
        let read = read(&format!("71 (a) R 1 (b)) S {}", numbers.join(" "))).expect("is a line of the table");
        assert_eq!((read.number, read.state, read.name.as_str()), (71, 'S', "a) R 1 (b)"));
        assert_eq!((read.parent, read.group, read.session, read.started), (4, 5, 6, 22));
        assert_eq!(super::read("71 (sh) S 1"), None);
    }
}
