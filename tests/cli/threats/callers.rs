//! Commands of the owner, given by an agent that hides behind what it starts.

use std::process::Command;

use crate::workspace::{Run, Workspace, run};

/// More than are told of in the log of a goal.
const SHELLS: &str = "40";

/// Catches an agent that takes the mark of its driver off and starts forty shells, one in the other.
#[test]
fn forty_shells_hide_no_agent() {
    let refused = given_below_shells("");
    assert_eq!(refused.exit, 2, "{refused:#?}");
    assert!(refused.stderr.contains("it comes from a process that a driver started"), "{refused:#?}");
    let undefended = given_below_shells("descendants");
    assert_eq!(undefended.exit, 0, "{undefended:#?}");
}

/// Runs `evident init` below so many shells that bear no mark, below one that does.
fn given_below_shells(off: &str) -> Run {
    let workspace = Workspace::empty();
    // What `init` recognises.
    workspace.write("pytest.ini", "[pytest]\n");
    let script = workspace.outside("shells.sh");
    let nest = "if test $1 -gt 0; then sh \"$0\" $(($1 - 1)); else \"$EVIDENT\" init; fi; exit $?\n";
    std::fs::write(&script, nest).expect("writes");
    let plain = workspace.command(["init"]);
    let mut command = Command::new("sh");
    // The mark stays with the first shell: it neither becomes what it starts nor ends before that.
    command.args(["-c", "env -u EVIDENT_DRIVER sh \"$0\" \"$1\"; exit $?"]).arg(&script).arg(SHELLS);
    command.current_dir(workspace.folder()).env_clear();
    command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.env("EVIDENT", plain.get_program()).env("EVIDENT_DRIVER", "1").env("EVIDENT_UNDEFENDED", off);
    run(&mut command)
}
