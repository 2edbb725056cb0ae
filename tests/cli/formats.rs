//! The formats `junit` and `github`: what a build server is told, and that no text gets out of its place.

use std::process::Command;

use quick_xml::Reader;
use quick_xml::events::Event;

use crate::reports::{GREEN, HEAD, RED, contract, suite};
use crate::workspace::{Run, Workspace, clause, run, verdict};

/// Times, which differ from run to run, beside what every golden hides.
const FILTERS: &[(&str, &str)] = &[(r#"time="\d+\.\d+""#, r#"time="[TIME]""#), (r"[0-9a-f]{64}", "[DIGEST]")];

fn golden(name: &str, run: &Run) {
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/cli/snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_filters(FILTERS.to_vec());
    let shown = format!("exit: {}\n----- stdout\n{}----- stderr\n{}", run.exit, run.stdout, run.stderr);
    settings.bind(|| insta::assert_snapshot!(name, shown));
}

fn check(workspace: &Workspace, format: &str) -> Run {
    workspace.run(["check", "--format", format])
}

fn undecided() -> Workspace {
    Workspace::new(&contract(r#"run = ["no-such-program"]"#))
}

/// Texts that would end an attribute, an element or a line, in every place that others write.
fn hostile() -> Workspace {
    let report = "<testsuite><testcase classname=\"a\" name=\"b\">\
                  <failure message=\"&lt;/testcase&gt;&#10;::error::&quot;%0A::warning::\">x</failure></testcase></testsuite>";
    let workspace = suite(report);
    let text = contract(r#"run = ["cat", "report.xml"]"#);
    let name = r#"<b>\"cart\" & ]]> %0A::notice::\n::error::"#;
    workspace.write("goal.toml", text.replace("name = \"cart\"", &format!("name = \"{name}\"")));
    workspace
}

#[test]
fn junit() {
    golden("junit-met", &check(&suite(GREEN), "junit"));
    golden("junit-unmet", &check(&suite(RED), "junit"));
    golden("junit-undecided", &check(&undecided(), "junit"));
    golden("junit-hostile", &check(&hostile(), "junit"));
}

#[test]
fn github() {
    golden("github-met", &check(&suite(GREEN), "github"));
    golden("github-unmet", &check(&suite(RED), "github"));
    golden("github-undecided", &check(&undecided(), "github"));
    golden("github-hostile", &check(&hostile(), "github"));
}

/// Catches a command that a test's name or message smuggles into the log: each line is one of ours.
#[test]
fn a_text_is_no_command_of_its_own() {
    let run = check(&hostile(), "github");
    assert_eq!(run.exit, 1, "{run:#?}");
    for line in run.stdout.lines() {
        let (_, properties, data) = {
            let mut parts = line.strip_prefix("::").expect("a command").splitn(2, "::");
            let head = parts.next().expect("has one");
            let (level, properties) = head.split_once(' ').expect("has a title");
            (level, properties, parts.next().expect("has data"))
        };
        assert!(!properties.contains('\n') && !data.contains('\r'), "{line}");
        assert!(!data.contains("%0A"), "a text of the evidence that ends the line: {line}");
    }
    // One for the finding, one for the verdict.
    assert_eq!(run.stdout.lines().count(), 2, "{}", run.stdout);
}

/// A place in the change: the annotation stands beside the line.
#[test]
fn an_annotation_has_its_place() {
    let workspace = Workspace::new(&format!(
        r#"{HEAD}
[evidence.changed]
changes = "start"

[criteria.no-shortcuts]
checker  = "changes"
evidence = "changed"
config   = {{ added = ["ignored"] }}
"#
    ));
    workspace.write("src/a:b,c.rs", "one\n");
    assert_eq!(workspace.run(["check"]).exit, 0);
    workspace.write("src/a:b,c.rs", "one\nignored\n");
    let run = check(&workspace, "github");
    assert_eq!(run.exit, 1, "{run:#?}");
    assert!(run.stdout.contains("::error file=src/a%3Ab%2Cc.rs,"), "{}", run.stdout);
}

/// Reads every event, which a text that breaks out of its place would end.
fn names(xml: &str) -> Vec<String> {
    let mut reader = Reader::from_str(xml);
    let mut names = Vec::new();
    loop {
        match reader.read_event().unwrap_or_else(|error| panic!("{error}\n{xml}")) {
            Event::Eof => return names,
            Event::Start(element) | Event::Empty(element) => {
                for attribute in element.attributes() {
                    let attribute = attribute.unwrap_or_else(|error| panic!("{error}\n{xml}"));
                    quick_xml::escape::unescape(&attribute.value)
                        .unwrap_or_else(|error| panic!("{error}\n{xml}"));
                }
                names.push(element.name().as_ref().to_owned());
            }
            _ => {}
        }
    }
}

#[test]
fn junit_is_xml_whatever_the_texts_are() {
    for (workspace, expected) in [
        (suite(GREEN), None),
        (suite(RED), Some("failure")),
        (undecided(), Some("error")),
        (hostile(), Some("failure")),
    ] {
        let xml = check(&workspace, "junit").stdout;
        let names = names(&xml);
        let mut all =
            vec!["testsuites", "testsuite", "properties", "property", "property", "property", "property"];
        all.push("testcase");
        all.extend(expected);
        assert_eq!(names, all, "{xml}");
    }
}

/// Another reader of JUnit must come to the same end: here it is evident's own.
#[test]
fn evident_judges_its_own_junit() {
    for (workspace, exit, tests) in
        [(suite(GREEN), 0, 1), (suite(RED), 1, 1), (undecided(), 1, 1), (hostile(), 1, 1)]
    {
        let inner = check(&workspace, "junit");
        let outer = Workspace::new(&contract(r#"run = ["cat", "report.xml"]"#));
        outer.write("report.xml", &inner.stdout);
        let (run, assessment) = outer.check();
        assert_eq!(run.exit, exit, "{}\n{assessment:#}", inner.stdout);
        assert_eq!(clause(&assessment, "correct")["outcome"]["examined"]["count"], tests);
        let expected = if exit == 0 { "pass" } else { "fail" };
        assert_eq!(verdict(&assessment, "correct"), expected);
    }
}

/// The exit code is the same in every format.
#[test]
fn the_exit_code_does_not_depend_on_the_format() {
    for format in ["human", "json", "markdown", "junit", "github"] {
        for (workspace, exit) in [(suite(GREEN), 0), (suite(RED), 1), (undecided(), 3)] {
            assert_eq!(check(&workspace, format).exit, exit, "{format}");
        }
    }
}

/// A build server without HOME and without a terminal gets the same.
#[test]
fn junit_goes_to_stdout_alone() {
    let workspace = suite(GREEN);
    let mut command: Command = workspace.command(["check", "--format", "junit"]);
    let run = run(command.env_remove("LANG"));
    assert_eq!(run.stderr, "");
    assert!(run.stdout.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"), "{}", run.stdout);
}
