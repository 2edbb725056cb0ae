//! Sources that run more than once: each go is kept, none is forgotten, and two take turns.

use std::fs;
use std::process::Command;

use crate::reports::{GREEN, HEAD, contract_of_many};
use crate::workspace::{Workspace, clause, verdict};

/// Passes every time but in the go that is named; counts its goes in an ignored file.
const SOMETIMES: &str = r#"echo go >> goes.log
go=$(wc -l < goes.log)
if [ "$go" -eq "$1" ]; then result='<failure message="no"/>'; else result=''; fi
echo "<testsuite><testcase classname='cart' name='is_priced'>$result</testcase></testsuite>" > "$2/report.xml"
[ "$go" -ne "$1" ]
"#;

fn repeated(failing: u32) -> Workspace {
    let workspace = Workspace::new(&format!(
        r#"{HEAD}
[evidence.suite]
run    = ["sh", "suite.sh", "{failing}", "{{out}}"]
repeat = 3

[criteria.correct]
checker  = "test-report"
evidence = "suite"
"#
    ));
    workspace.write("suite.sh", SOMETIMES);
    workspace.write(".evident-ignore", "*.log\n");
    workspace
}

#[test]
fn every_go_gives_artifacts_of_its_own() {
    let workspace = repeated(0);
    let (run, assessment) = workspace.check();
    assert_eq!(run.exit, 0, "{assessment:#}");
    let artifacts = assessment["evidence"][0]["artifacts"].as_array().expect("is a list");
    let names: Vec<_> = artifacts.iter().filter_map(|artifact| artifact["name"].as_str()).collect();
    let reports: Vec<_> = names.iter().copied().filter(|name| name.ends_with("report.xml")).collect();
    assert_eq!(reports, ["1/report.xml", "2/report.xml", "3/report.xml"], "{names:?}");
    assert_eq!(assessment["evidence"][0]["origin"]["repeat"], 3);
    assert_eq!(fs::read_to_string(workspace.path("goes.log")).expect("was written").lines().count(), 3);
}

/// Catches the go that counts alone: first, middle or last, a failure in one of them is not a pass.
#[test]
fn one_failing_go_is_seen() {
    for failing in 1..=3 {
        let (run, assessment) = repeated(failing).check();
        assert_eq!((run.exit, verdict(&assessment, "correct").as_str()), (1, "fail"), "go {failing}");
        let findings = &clause(&assessment, "correct")["outcome"]["findings"];
        assert!(findings.to_string().contains("cart::is_priced"), "go {failing}: {findings:#}");
    }
}

/// Neither side comes second every time: what drifts on the machine meets both.
#[test]
fn two_sources_take_turns() {
    let source = |name: &str| format!("run = [\"sh\", \"suite.sh\", \"{name}\"]\nrepeat = 3\n");
    let first = format!("{}interleave = \"b\"", source("a"));
    let workspace = Workspace::new(&contract_of_many([("a", first.as_str()), ("b", &source("b"))]));
    workspace.write("suite.sh", format!("echo $1 >> order.log\necho '{GREEN}'\n"));
    workspace.write(".evident-ignore", "*.log\n");
    let (run, assessment) = workspace.check();
    assert_eq!(run.exit, 0, "{assessment:#}");
    let order = fs::read_to_string(workspace.path("order.log")).expect("was written");
    assert_eq!(order.split_whitespace().collect::<String>(), "abbaab");
}

/// A report in the form of hyperfine: three times, in seconds, that begin with these digits. No clock
/// repeats itself, so that every go gives others.
fn bench(digits: &str) -> String {
    let times = ["0", "1", "2"].map(|last| format!("{digits}{last}$more")).join(",");
    format!(
        "more=$(date +%N)\necho \"{{\\\"results\\\":[{{\\\"command\\\":\\\"shop\\\",\\\"times\\\":[{times}]}}]}}\" > \"$1/bench.json\"\n"
    )
}

const SLOW: &str = "0.20";
const FAST: &str = "0.10";
const SLOWER: &str = "0.30";

/// The work is measured beside the base, go by go, and the base's own script is what runs there.
#[test]
fn the_work_is_compared_with_the_base_in_pairs() {
    let workspace = Workspace::new(&format!(
        r#"{HEAD}base = "HEAD"

[evidence.bench]
run        = ["sh", "bench.sh", "{{out}}"]
repeat     = 6
interleave = "bench-before"

[evidence.bench-before]
run    = ["sh", "bench.sh", "{{out}}"]
repeat = 6
at     = "base"

[criteria.fast]
checker  = "benchmark"
evidence = {{ current = "bench", baseline = "bench-before" }}
config   = {{ benchmark = "shop", ratio_max = 0.9, paired = "always" }}
"#
    ));
    workspace.write("bench.sh", bench(SLOW));
    commit(&workspace);
    for (times, exit, expected) in [(SLOW, 1, "fail"), (FAST, 0, "pass"), (SLOWER, 1, "fail")] {
        workspace.write("bench.sh", bench(times));
        let (run, assessment) = workspace.check();
        assert_eq!((run.exit, verdict(&assessment, "fast").as_str()), (exit, expected), "{assessment:#}");
        let judged = clause(&assessment, "fast");
        let summary = judged["outcome"]["summary"].as_str().expect("a summary");
        assert!(summary.contains("pair"), "{summary}");
        // The first check decides what `HEAD` means for ever, so it proves nothing about the base.
        assert_eq!(judged["asserted"], assessment["start"]["fresh"]);
        let before = assessment["evidence"].as_array().expect("is a list");
        let before = before.iter().find(|evidence| evidence["origin"]["source"] == "bench-before");
        assert_eq!(before.expect("was collected")["origin"]["at"], "base");
    }
}

fn commit(workspace: &Workspace) {
    for arguments in [
        &["init", "--quiet", "--initial-branch=main"][..],
        &["add", "--all"],
        &["-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "--quiet", "--message=start"],
    ] {
        let mut git = Command::new("git");
        git.args(arguments).current_dir(workspace.folder()).env("HOME", workspace.outside("home"));
        assert!(git.status().expect("git is installed").success(), "{arguments:?}");
    }
}
