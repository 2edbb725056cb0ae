//! Lies about the evidence: reports of another time or hand, beside a failure, or about nothing.

use std::fs::FileTimes;
use std::time::{Duration, SystemTime};

use super::{TERMS, WORK, caught, one_turn, plain, played, repository};
use crate::reports::{GREEN, RED};
use crate::threats::{CORRECT, HEAD, attacked};

/// Catches a report of yesterday that the rest of the work makes look like one of today.
#[test]
fn f02_a_stale_report_completes_nothing() {
    let stale = "\n[evidence.old]\nfiles = [\"old.xml\"]\nmax_age = \"1h\"\n\n\
                 [criteria.old]\nchecker = \"test-report\"\nevidence = \"old\"\n";
    let build = || {
        let workspace = attacked(&format!("{HEAD}{CORRECT}{stale}{TERMS}"));
        workspace.write("old.xml", GREEN);
        let yesterday = SystemTime::now() - Duration::from_secs(24 * 3600);
        let file = std::fs::File::options().write(true).open(workspace.path("old.xml")).expect("is there");
        file.set_times(FileTimes::new().set_modified(yesterday)).expect("is ours");
        workspace
    };
    caught(build, WORK, "old", "age");
}

/// Catches a report that the agent wrote taken for that of a run which made none.
#[test]
fn f03_a_report_that_no_run_made_completes_nothing() {
    let correct = CORRECT.replace("\"suite\"", "\"suite/build/report.xml\"");
    let contract = format!("{HEAD}collect = [\"build/report.xml\"]\n{correct}{TERMS}");
    let suite = "mkdir -p build && cp red.xml build/report.xml\n";
    let build = || repository(&contract, &[("suite.sh", suite), ("red.xml", RED)]);
    let edits = format!(
        "{{ path = \"suite.sh\", write = \"true\\n\" }}, {{ path = \"build/report.xml\", write = '''{GREEN}''' }}"
    );
    caught(build, &edits, "correct", "fresh-output,made-during-run");
}

/// Catches a green report that outweighs the command that failed beside it.
#[test]
fn f04_a_green_report_beside_a_failure_completes_nothing() {
    let suite = "echo \"<testsuite><testcase name='all'/></testsuite>\"; exit 1";
    let edits = format!("{{ path = \"suite.sh\", write = '''{suite}''' }}");
    caught(plain, &edits, "correct", "exit-mismatch");
}

/// Catches a suite that runs no test at all. There is nothing to switch off: the checker has no pass to give.
#[test]
fn f06_no_test_completes_nothing() {
    let edits = "{ path = \"suite.sh\", write = '''echo \"<testsuite></testsuite>\"''' }";
    let ended = played(&plain(), &one_turn(edits), "");
    assert_eq!((ended.is_complete(), ended.open()), (false, vec!["correct"]), "{ended:#?}");
}
