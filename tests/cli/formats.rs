//! The formats `junit` and `github`: what a build server is told, and that no text gets out of its place.

use quick_xml::Reader;
use quick_xml::events::Event;

use crate::reports::{GREEN, HEAD, RED, contract, suite};
use crate::workspace::{Run, Workspace, clause, verdict};

/// Times, which differ from run to run, beside what every golden hides.
const FILTERS: &[(&str, &str)] = &[(r#"time="\d+\.\d+""#, r#"time="[TIME]""#), (r"[0-9a-f]{64}", "[DIGEST]")];

fn golden(name: &str, run: &Run) {
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/cli/snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_filters(FILTERS.to_vec());
    let shown = format!("exit: {}\n----- stdout\n{}", run.exit, run.stdout);
    settings.bind(|| insta::assert_snapshot!(name, shown));
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

/// Checks in every format, which must not change the exit code, and gives what `junit` and `github` show.
fn shown(workspace: &Workspace, exit: i32) -> (Run, Run) {
    let check = |format: &str| {
        let run = workspace.run(["check", "--format", format]);
        assert_eq!(run.exit, exit, "{format}: {run:#?}");
        run
    };
    for format in ["human", "json", "markdown"] {
        check(format);
    }
    (check("junit"), check("github"))
}

#[test]
fn met() {
    let (junit, github) = shown(&suite(GREEN), 0);
    golden("junit-met", &junit);
    golden("github-met", &github);
    is_xml(&junit.stdout, None);
    judged_again(&junit.stdout, "pass");
}

#[test]
fn unmet() {
    let (junit, github) = shown(&suite(RED), 1);
    golden("junit-unmet", &junit);
    golden("github-unmet", &github);
    is_xml(&junit.stdout, Some("failure"));
    judged_again(&junit.stdout, "fail");
}

/// No reader takes what was not decided for a pass.
#[test]
fn undecided() {
    let workspace = Workspace::new(&contract(r#"run = ["no-such-program"]"#));
    let (junit, github) = shown(&workspace, 3);
    golden("junit-undecided", &junit);
    golden("github-undecided", &github);
    is_xml(&junit.stdout, Some("error"));
    judged_again(&junit.stdout, "fail");
}

/// Catches a command that a test's name or message smuggles into the log, and one that ends its element:
/// each line is one of ours, and what the evidence had escaped already stays so.
#[test]
fn a_text_stays_in_its_place() {
    let (junit, github) = shown(&hostile(), 1);
    golden("junit-hostile", &junit);
    golden("github-hostile", &github);
    is_xml(&junit.stdout, Some("failure"));
    judged_again(&junit.stdout, "fail");
    let lines: Vec<&str> = github.stdout.split(['\r', '\n']).filter(|line| !line.is_empty()).collect();
    let [finding, verdict] = lines[..] else {
        panic!("one for the finding, one for the verdict: {lines:#?}")
    };
    assert!(finding.starts_with("::error title=correct (fail)::test-failed: "), "{finding}");
    assert!(finding.contains("%0A| ::error::\"%250A::warning::"), "{finding}");
    assert!(
        verdict.starts_with("::error title=evident::") && verdict.contains("%250A::notice::"),
        "{verdict}"
    );
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
    let run = workspace.run(["check", "--format", "github"]);
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

/// Every text and every element is where it belongs.
fn is_xml(xml: &str, verdict: Option<&str>) {
    let property = "property";
    let mut expected = vec!["testsuites", "testsuite", "properties", property, property, property, property];
    expected.push("testcase");
    expected.extend(verdict);
    assert_eq!(names(xml), expected, "{xml}");
}

/// Another reader of JUnit must come to the same end: here it is evident's own.
fn judged_again(junit: &str, expected: &str) {
    let outer = suite(junit);
    let (run, assessment) = outer.check();
    assert_eq!(run.exit, i32::from(expected != "pass"), "{junit}\n{assessment:#}");
    assert_eq!(clause(&assessment, "correct")["outcome"]["examined"]["count"], 1, "one clause");
    assert_eq!(verdict(&assessment, "correct"), expected, "{junit}");
}

/// A warning about the contract is not part of the document that a build server reads.
#[test]
fn the_document_stands_alone_on_stdout() {
    let workspace = Workspace::new(&contract(r#"files = ["report.xml"]"#));
    workspace.write("report.xml", GREEN);
    let run = workspace.run(["check", "--format", "junit"]);
    assert!(run.stderr.contains("self-written-evidence"), "{}", run.stderr);
    assert!(
        run.stdout.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites "),
        "{}",
        run.stdout
    );
    assert!(run.stdout.ends_with("</testsuites>\n"), "{}", run.stdout);
}
