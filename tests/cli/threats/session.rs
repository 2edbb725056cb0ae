//! The terminal of whoever runs evident is not for agents, nor for commands that make evidence: neither to
//! write to it, nor to type into it.
//!
//! The host has a terminal here; without one there is nothing that anybody could open.

use std::fs::File;
use std::io::Read;
use std::process::{Command, Stdio};

use super::{CORRECT, HEAD};
use crate::reports::{GREEN, RED};
use crate::steps::{CONTRACT, steps_in};
use crate::terminal::terminal;
use crate::workspace::Workspace;

/// Opens the terminal of its session and writes to it, or fails.
const OPENS: &str = "(exec 3<>/dev/tty && echo reached >&3) 2> /dev/null";

/// A command gives a passing report where it has a terminal, and a failing one where it has none.
#[test]
fn a_source_cannot_open_the_terminal() {
    let workspace = Workspace::new(&format!("{HEAD}{CORRECT}"));
    workspace.write("suite.sh", format!("if {OPENS}; then cat green.xml; else cat red.xml; fi\n"));
    workspace.write("green.xml", GREEN);
    workspace.write("red.xml", RED);
    let check = |off| on_its_terminal(&workspace, &["check"], off);
    assert_eq!(check(""), (Some(1), String::new()));
    assert_eq!(check("session"), (Some(0), "reached\r\n".to_owned()));
}

/// An agent does its work where it has a terminal, and nothing where it has none.
#[test]
fn an_agent_cannot_open_the_terminal() {
    let run = |off| {
        let workspace = steps_in(Workspace::new(CONTRACT));
        let works = "for step in one two three; do echo $step >> src/steps; done";
        workspace.write("agent.sh", format!("{OPENS} || exit 0\n{works}\n"));
        let arguments = ["run", "--headless", "--no-wait", "--agent", "command", "--", "sh", "agent.sh"];
        on_its_terminal(&workspace, &arguments, off)
    };
    assert_eq!(run("back-off"), (Some(4), String::new()));
    assert_eq!(run("back-off,session"), (Some(0), "reached\r\n".to_owned()));
}

/// Runs the binary in a session with a terminal; gives its exit code, and what came to the terminal.
fn on_its_terminal(workspace: &Workspace, arguments: &[&str], off: &str) -> (Option<i32>, String) {
    let (master, slave) = terminal();
    let plain = workspace.command(arguments);
    // A session gets its terminal from whoever leads it, before that becomes the binary.
    let mut command = Command::new("setsid");
    command.args(["--ctty", "--wait"]).arg(plain.get_program()).args(plain.get_args());
    command.current_dir(workspace.folder()).env_clear();
    command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.env("EVIDENT_UNDEFENDED", off).stdin(Stdio::from(slave));
    // What it prints itself is not what came to the terminal from others.
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("starts");
    // As long as our end of the terminal is open, reading does not end.
    drop(command);
    let mut shown = Vec::new();
    let mut buffer = [0; 4096];
    let mut reader = File::from(master);
    // Linux says EIO when the last one who could write has gone.
    while let Ok(count @ 1..) = reader.read(&mut buffer) {
        shown.extend_from_slice(&buffer[..count]);
    }
    (child.wait().expect("ends").code(), String::from_utf8(shown).expect("is text"))
}
