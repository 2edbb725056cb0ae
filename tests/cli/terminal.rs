//! Colour and progress are for a person who watches: on a terminal alone, and `NO_COLOR` is respected.

use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::process::Stdio;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::reports::{GREEN, RED, suite};
use crate::workspace::Workspace;

/// What begins every colour and every movement of the cursor.
const ESCAPE: &str = "\u{1b}[";

/// Which streams of the binary are the terminal.
#[derive(Clone, Copy, PartialEq)]
enum Watched {
    Both,
    StderrOnly,
}

#[test]
fn a_terminal_gets_colours() {
    let shown = on_a_terminal(&suite(RED), &["check"], Watched::Both, &[]);
    assert!(shown.contains(&format!("{ESCAPE}1m{ESCAPE}31mfail")), "{shown:?}");
}

#[test]
fn no_color_is_respected() {
    let shown = on_a_terminal(&suite(RED), &["check"], Watched::Both, &[("NO_COLOR", "1")]);
    assert!(shown.contains("correct"), "{shown:?}");
    let colour = shown.split(ESCAPE).skip(1).find(|rest| {
        rest.trim_start_matches(|character: char| character.is_ascii_digit() || character == ';')
            .starts_with('m')
    });
    assert_eq!(colour, None, "{shown:?}");
}

/// Progress shows while something takes time, and is gone when the result is there.
#[test]
fn progress_is_shown_and_removed() {
    let shown = on_a_terminal(&suite(GREEN), &["check"], Watched::StderrOnly, &[]);
    assert!(shown.contains("loading checker test-report"), "{shown:?}");
    let last = shown.rfind("loading checker").expect("is shown");
    assert!(shown[last..].contains("\u{1b}[2K"), "the line is not cleared: {shown:?}");
}

/// A result that goes into a file has no colours, and nobody's log gets a spinner.
#[test]
fn what_nobody_watches_is_plain() {
    let run = suite(RED).run(["check"]);
    assert!(!run.stderr.contains(ESCAPE), "{}", run.stderr);
    assert!(!run.stdout.contains(ESCAPE), "{}", run.stdout);
}

/// Runs the binary with a terminal and gives what the terminal got.
fn on_a_terminal(
    workspace: &Workspace,
    arguments: &[&str],
    watched: Watched,
    variables: &[(&str, &str)],
) -> String {
    let (master, terminal) = terminal();
    let mut command = workspace.command(arguments);
    command.env("TERM", "xterm-256color").envs(variables.iter().copied()).stdin(Stdio::null());
    command.stderr(Stdio::from(terminal.try_clone().expect("clones")));
    if watched == Watched::Both {
        command.stdout(Stdio::from(terminal.try_clone().expect("clones")));
    } else {
        command.stdout(Stdio::null());
    }
    let mut child = command.spawn().expect("starts");
    // As long as one of our ends of the terminal is open, reading does not end.
    drop((command, terminal));
    let mut shown = Vec::new();
    let mut buffer = [0; 4096];
    let mut reader = File::from(master);
    // Linux says EIO when the last one who could write has gone.
    while let Ok(count @ 1..) = reader.read(&mut buffer) {
        shown.extend_from_slice(&buffer[..count]);
    }
    child.wait().expect("ends");
    String::from_utf8(shown).expect("prints text")
}

/// Both ends of a terminal: ours, and that of a program.
pub(crate) fn terminal() -> (OwnedFd, OwnedFd) {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("the system has terminals");
    grantpt(&master).expect("is ours");
    unlockpt(&master).expect("is ours");
    let name = ptsname(&master, Vec::new()).expect("has a name");
    let path = name.to_str().expect("is text");
    let terminal = File::options().read(true).write(true).open(path).expect("opens");
    (master, terminal.into())
}
