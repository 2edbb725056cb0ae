//! Catalogue A through the binary: hostile checkers beside an honest one.

use std::time::Duration;

use super::{CORRECT, HEAD, checked};
use crate::guests::guest;
use crate::reports::GREEN;
use crate::workspace::{Workspace, clause};

/// Time of each of the two that keep the host busy.
const WALL: Duration = Duration::from_secs(1);

/// Two checkers that do nothing but call the host, on as many cores as a small machine has, and an honest one
/// that has to wait for one of them: each ends by its deadline or its fuel, and the honest one answers.
#[test]
fn a06_busy_guests_hold_nobody_up() {
    let busy = ["a", "b", "c", "d"].map(|name| {
        format!("\n[criteria.{name}]\nchecker = \"busy\"\nevidence = {{ file = \"suite/stdout\" }}\n")
    });
    let checker = "\n[checkers.busy]\npath = \"busy.wasm\"\nlimits = { wall = \"1s\" }\n";
    let workspace = Workspace::new(&format!("{HEAD}{}{CORRECT}{checker}", busy.concat()));
    workspace.write("suite.sh", "cat green.xml\n");
    workspace.write("green.xml", GREEN);
    workspace.write("busy.wasm", guest("log_huge"));
    let (run, assessment) = checked(&mut workspace.command(["check", "--format", "json"]));
    assert_eq!(clause(&assessment, "correct")["outcome"]["status"], "pass", "{run:#?}");
    for name in ["a", "b", "c", "d"] {
        let clause = clause(&assessment, name);
        // Which of the two bounds is met first depends on how fast the machine is.
        let class = clause["fault"]["class"].as_str();
        assert!(matches!(class, Some("deadline" | "fuel")), "{name}: {clause}");
        let took = Duration::from_micros(clause["usage"]["wall_us"].as_u64().expect("a figure"));
        assert!(took < 2 * WALL, "{name} took {took:?}");
    }
    let off = "crossing";
    let (_, assessment) =
        checked(workspace.command(["check", "--fresh", "--format", "json"]).env("EVIDENT_UNDEFENDED", off));
    let clause = clause(&assessment, "a");
    assert!(clause["fault"].is_null(), "without the defence it is done when it likes: {clause}");
}
