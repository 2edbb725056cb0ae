//! A session of its own for a program that is about to be started.
//!
//! A session that was just made has no terminal: `/dev/tty` names none there, so that the program can neither
//! write to the terminal of whoever runs the host nor type into it. It does not hide that terminal: a process
//! of the same user can open the device by its own name.

use std::io;

use evident_core::defence::Defence;
use process_wrap::std::{CommandWrap, CommandWrapper as _, ProcessSession};
use tokio::process::Command;

/// Makes the program the leader of a session, and so of a process group, that it is alone in.
///
/// The standard library can do that for a group alone. The hook that calls setsid(2) between fork and exec is
/// taken from `process-wrap`, and nothing else of it is: the child stays one of tokio, whom
/// [`super::Group`] buries itself.
pub(crate) fn alone(command: &mut Command) -> io::Result<()> {
    if Defence::Session.stands() {
        // The hook asks for what else is wrapped around the command, and looks at none of it.
        let nothing_else = CommandWrap::with_new("", |_| {});
        return ProcessSession.pre_spawn(command.as_std_mut(), &nothing_else);
    }
    command.process_group(0);
    Ok(())
}
