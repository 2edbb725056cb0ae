//! A task of three steps, in milliseconds: what agents do in the tests of the loop.

use crate::workspace::Workspace;

/// What the stories of agents are about.
pub(crate) const CONTRACT: &str = r#"version = 1

[goal]
name      = "steps"
objective = "Make the three steps."

[evidence.suite]
run = ["sh", "suite.sh"]

[criteria.correct]
checker  = "test-report"
evidence = "suite"

[boundary]
write   = ["src/**"]
protect = ["goal.toml", "*.sh"]
"#;

/// A suite with a test for each of three steps: a line of `src/steps` each.
const SUITE: &str = r#"for step in one two three; do
    if grep -qx $step src/steps; then result=; else result='<failure message="is missing"/>'; fi
    cases="$cases<testcase classname='steps' name='$step'>$result</testcase>"
done
echo "<testsuite>$cases</testsuite>"
! echo "$cases" | grep -q failure
"#;

/// The workspace with the suite, and no step made.
pub(crate) fn steps_in(workspace: Workspace) -> Workspace {
    workspace.write("suite.sh", SUITE);
    workspace.write("src/steps", "");
    workspace
}
