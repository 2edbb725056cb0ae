//! Who gives a command: user, processes and terminal, as the system tells it; and whether that is the agent.
//!
//! At level L0 host and agent are the same user: this makes a command of the agent visible and refuses the
//! plain case. It stops nobody who goes out of his way.

use std::fs;
use std::path::Path;

use evident_agent::process::DRIVER_MARK;
use evident_core::goal::event::Caller;
use evident_core::text;

use crate::Error;

/// Processes of the chain that are told: with its shells and terminal, a person's command has about ten above it.
const CHAIN_MAX: usize = 32;

/// Walks up: each begins again where a process ended while it was looked at. The next one finds what took its
/// children over, which is the host where the agent ended its own processes.
const WALKS_MAX: usize = 64;

/// Processes that are looked at on the way up; nobody who gives a command has so many above him, and looking at
/// them takes a tenth of a second.
const ANCESTORS_MAX: usize = 4096;

/// The process that gives a command, and those that started it.
#[must_use]
pub(super) fn caller() -> Caller {
    let chain = Ancestors::of_this().map_while(Result::ok).take(CHAIN_MAX);
    let terminal = fs::read_link("/proc/self/fd/0").ok().map(|path| path.to_string_lossy().into_owned());
    Caller {
        uid: rustix::process::getuid().as_raw(),
        chain: chain.map(|process| format!("{} ({})", process.name, process.id)).collect(),
        terminal: terminal.filter(|path| path.starts_with("/dev/pts/") || path.starts_with("/dev/tty")),
    }
}

/// Refuses a command that the agent gives: one of a process that a driver started, however many it started in
/// between, or that has a host above it: whoever takes the mark off the first process of the agent is found by that.
///
/// # Errors
/// [`Error::Descendant`]; [`Error::Ancestors`] where there are too many to tell.
pub fn refuse_descendants() -> Result<(), Error> {
    if !evident_core::defence::Defence::Descendants.stands() {
        return Ok(());
    }
    if std::env::var_os(DRIVER_MARK).is_some() {
        return Err(Error::Descendant);
    }
    for _ in 0..WALKS_MAX {
        if refuse_driven(Ancestors::of_this())? == Walk::Whole {
            return Ok(());
        }
    }
    Err(Error::AncestorsEnded { walks: WALKS_MAX })
}

/// How far a walk got.
#[derive(Debug, PartialEq, Eq)]
enum Walk {
    /// Up to the first process.
    Whole,
    /// Up to one that ended meanwhile.
    CutOff,
}

fn refuse_driven(mut ancestors: impl Iterator<Item = Result<Process, Ended>>) -> Result<Walk, Error> {
    for at in 0..ANCESTORS_MAX {
        match ancestors.next() {
            None => return Ok(Walk::Whole),
            Some(Err(Ended)) => return Ok(Walk::CutOff),
            // The first is the one that asks: a host itself, as it runs this.
            Some(Ok(process)) if process.is_driven || (at > 0 && process.is_host) => {
                return Err(Error::Descendant);
            }
            Some(Ok(_)) => {}
        }
    }
    // What was not looked at may be the agent: a chain that is cut off is not an answer.
    match ancestors.next() {
        Some(_) => Err(Error::Ancestors { looked_at: ANCESTORS_MAX }),
        None => Ok(Walk::Whole),
    }
}

/// A process that was above another one is not there any more.
#[derive(Debug, PartialEq, Eq)]
struct Ended;

struct Process {
    id: i32,
    name: String,
    is_driven: bool,
    /// True if it is `evident`, which starts nobody but agents and commands of sources. A host of another name is
    /// known by the mark alone.
    is_host: bool,
    parent: Option<i32>,
}

/// The name of the program whose processes are hosts. One of a version (`evident-0.4`) begins with it.
const HOST: &str = "evident";

/// True for the program of a host, also one that was replaced while it runs: its link ends with ` (deleted)` then.
fn is_host(program: &Path, own: &Path) -> bool {
    let name = program.file_name().unwrap_or_default();
    let is_named = name
        .as_encoded_bytes()
        .strip_prefix(HOST.as_bytes())
        .is_some_and(|rest| rest.first().is_none_or(|next| !next.is_ascii_alphanumeric()));
    is_named || (program == own && !own.as_os_str().is_empty())
}

impl Process {
    /// Absent where the system does not tell, or where there is none.
    fn look_up(id: i32) -> Option<Self> {
        let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
        let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        // That of another user cannot be read: the agent's own can, as that of the same user or by root.
        let environment = fs::read(format!("/proc/{id}/environ")).unwrap_or_default();
        let is_driven = environment.split(|byte| *byte == 0).any(|variable| {
            variable.strip_prefix(DRIVER_MARK.as_bytes()).is_some_and(|rest| rest.first() == Some(&b'='))
        });
        let program = fs::read_link(format!("/proc/{id}/exe")).unwrap_or_default();
        let is_host = is_host(&program, &fs::read_link("/proc/self/exe").unwrap_or_default());
        let parent = field("PPid:").and_then(|parent| parent.parse().ok()).filter(|parent| *parent > 0);
        Some(Self { id, name: text::name(field("Name:").unwrap_or_default()), is_driven, is_host, parent })
    }
}

/// This process and those that started it, nearest first, up to the first of all; where the system does not
/// tell, fewer. Ends where everybody who asks has his own bound.
struct Ancestors {
    next: Option<i32>,
    is_first: bool,
}

impl Ancestors {
    fn of_this() -> Self {
        Self { next: i32::try_from(std::process::id()).ok(), is_first: true }
    }
}

impl Iterator for Ancestors {
    type Item = Result<Process, Ended>;

    fn next(&mut self) -> Option<Self::Item> {
        let found = Process::look_up(self.next.take()?);
        let is_first = std::mem::replace(&mut self.is_first, false);
        match found {
            Some(process) => {
                self.next = process.parent;
                Some(Ok(process))
            }
            // Where not even this process is told, the system tells of none.
            None if is_first => None,
            None => Some(Err(Ended)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many processes, of which one, counted from the nearest, was started by a driver.
    fn chain(length: usize, driven: Option<usize>) -> impl Iterator<Item = Result<Process, Ended>> {
        (0..length).map(move |at| {
            Ok(Process {
                id: 7,
                name: "sh".into(),
                is_driven: driven == Some(at),
                is_host: at == 0,
                parent: Some(7),
            })
        })
    }

    /// Catches an agent that takes the mark off its own first process, which the host started itself.
    #[test]
    fn a_host_above_is_as_good_as_a_mark() {
        let above =
            |process: Result<Process, Ended>| process.map(|process| Process { is_host: true, ..process });
        let under_a_host = chain(1, None).chain(chain(1, None).map(above));
        assert!(matches!(refuse_driven(under_a_host), Err(Error::Descendant)));
        assert!(refuse_driven(chain(1, None)).is_ok(), "a host may ask itself");
    }

    /// Catches an agent whose processes end while they are followed.
    #[test]
    fn a_walk_that_is_cut_off_is_no_answer() {
        let cut = chain(2, None).chain([Err(Ended)]);
        assert_eq!(refuse_driven(cut).expect("no agent was seen"), Walk::CutOff);
    }

    /// Catches a host that is not known because its program was replaced, or has another name.
    #[test]
    fn a_program_that_was_replaced_is_a_host() {
        let told = |program: &str| is_host(Path::new(program), Path::new("/bin/mine"));
        for program in ["/bin/evident", "/bin/evident (deleted)", "/x/evident-0.4", "/bin/mine"] {
            assert!(told(program), "{program}");
        }
        assert!(!told("/bin/evidently") && !told("/bin/sh") && !is_host(Path::new(""), Path::new("")));
    }

    /// Catches an agent that puts shells between itself and its command until nobody looks that far.
    #[test]
    fn shells_in_between_hide_no_agent() {
        let told = |length, driven| refuse_driven(chain(length, driven)).map_err(|error| error.to_string());
        let agent = "this command is the owner's, and it comes from a process that a driver started";
        let many = "this command is the owner's, and nobody can tell that it does not come from an agent: more \
                    than 4096 processes are above it";
        for at in [0, 31, 32, 33, ANCESTORS_MAX - 1] {
            assert_eq!(told(at + 1, Some(at)), Err(agent.to_owned()), "{at}");
        }
        assert_eq!(told(ANCESTORS_MAX, None), Ok(Walk::Whole));
        assert_eq!(told(ANCESTORS_MAX + 1, None), Err(many.to_owned()));
        assert_eq!(told(ANCESTORS_MAX + 1, Some(ANCESTORS_MAX)), Err(many.to_owned()));
        // A chain without an end, as where numbers of processes are given anew.
        assert_eq!(told(usize::MAX, None), Err(many.to_owned()));
    }

    #[test]
    fn the_chain_begins_here_and_ends_with_the_first_process() {
        let all: Vec<_> = Ancestors::of_this().map_while(Result::ok).collect();
        let Some(own) = all.first() else { return };
        assert_eq!(i64::from(own.id), i64::from(std::process::id()));
        for (process, next) in all.iter().zip(&all[1..]) {
            assert_eq!(process.parent, Some(next.id));
        }
        let above = all.last().and_then(|last| last.parent).and_then(Process::look_up);
        assert!(above.is_none(), "nobody is above the last one");
    }
}
