//! From findings to the text of `goal.toml`, without any input or output.
//!
//! Every template is a contract that lints as it stands: what a person must edit is marked. The one
//! command that may not exist is the experiment of the template `research`, which a person writes first.

use crate::findings::{Findings, Kind, Needs, Suite};
use crate::performance;
use crate::screens;
use crate::template::Template;
use crate::text::{Text, list, quoted};

/// Time of one run of a suite, the build included.
const SUITE_TIMEOUT: &str = "15m";

/// Behind a line that nobody but a person can know.
pub(crate) const EDIT: &str = "  # edit this line";

/// The same behind a command, which may stand on several lines.
pub(crate) const EDIT_COMMAND: &str = "  # edit this command";

/// Runs of a suite for a test that sometimes fails: one that fails once in ten goes is seen in 65 of 100 checks.
const FLAKY_REPEAT: u32 = 10;

/// The text of a contract: TOML, at most some kilobytes, ends with a line break.
#[must_use]
pub fn draft(findings: &Findings, template: Option<Template>) -> String {
    let mut text = Text::default();
    opening(&mut text, findings, template);
    let plain = Goes::default();
    match template {
        None => {
            suites(&mut text, findings, plain);
            correct(&mut text, findings);
        }
        Some(Template::Performance) => {
            suites(&mut text, findings, plain);
            correct(&mut text, findings);
            performance::sources_and_criterion(&mut text, findings);
        }
        Some(Template::Migration) => {
            suites(&mut text, findings, plain);
            before(&mut text, findings, false);
            compared(&mut text, findings, &[]);
            screens::sources_and_criterion(&mut text, findings);
            shortcuts(&mut text, findings);
        }
        Some(Template::Flaky) => {
            suites(&mut text, findings, Goes { repeat: FLAKY_REPEAT });
            before(&mut text, findings, true);
            compared(&mut text, findings, &[("flaky", "\"deny\"".to_owned())]);
            shortcuts(&mut text, findings);
        }
        Some(Template::Research) => {
            suites(&mut text, findings, plain);
            correct(&mut text, findings);
            research(&mut text, findings);
        }
        Some(Template::Bugfix) => {
            suites(&mut text, findings, plain);
            correct(&mut text, findings);
            bugfix(&mut text, findings);
        }
    }
    boundary(&mut text, findings, template);
    text.0
}

/// How often a suite runs.
#[derive(Debug, Clone, Copy)]
struct Goes {
    repeat: u32,
}

impl Default for Goes {
    fn default() -> Self {
        Self { repeat: 1 }
    }
}

fn opening(text: &mut Text, findings: &Findings, template: Option<Template>) {
    text.comment(
        "What done means here, and the evidence that proves it.\n\
         `evident lint` says what is wrong with this file, `evident check` judges the goal.",
    );
    text.0.push_str("version = 1\n");
    let mut keys = vec![
        ("name", quoted(&findings.name)),
        ("objective", format!("{}{EDIT}", quoted(objective(template, findings)))),
    ];
    let compares = matches!(template, Some(Template::Performance | Template::Migration | Template::Flaky));
    // Without it, `at = "base"` means the start tree, which the host records.
    if compares && findings.has_usable_commit() {
        keys.push(("base", format!("{}  # compared with this commit", quoted("HEAD"))));
    }
    text.table("The outcome in one sentence, for the person and for the agent.", "goal", &keys);
}

fn objective(template: Option<Template>, findings: &Findings) -> &'static str {
    match template {
        None => "Say here what is to be built or changed; every test passes.",
        Some(Template::Performance) if findings.bench.is_some() => {
            "Bring the median time of the benchmark to 90 % of what it was; every test passes."
        }
        Some(Template::Performance) => "Say here what gets how much faster; every test passes.",
        Some(Template::Migration) => {
            "Say here what moves from what to what; every test that passed before still passes."
        }
        Some(Template::Flaky) => {
            "Every test gives the same answer ten times in a row; none is removed or switched off."
        }
        Some(Template::Research) => {
            "Say here which question is to be answered; the experiment reaches 0.9, every test passes."
        }
        Some(Template::Bugfix) => {
            "Say here what goes wrong; the test that shows it passes, and so does every other."
        }
    }
}

/// The name of a table that each suite has one of.
fn named(stem: &str, suite: &Suite, findings: &Findings) -> String {
    match findings.suites.len() {
        1 => stem.to_owned(),
        _ => format!("{stem}-{}", suite.kind.word()),
    }
}

/// What binds the report of a suite.
fn report(source: &str, suite: &Suite) -> String {
    let artifact = suite.report.map(|artifact| format!("/{artifact}")).unwrap_or_default();
    quoted(&format!("{source}{artifact}"))
}

fn suites(text: &mut Text, findings: &Findings, goes: Goes) {
    for suite in &findings.suites {
        let mut comment =
            String::from("The host runs the tests itself. No shell; {out} is a fresh, empty folder.");
        for remark in &suite.remarks {
            comment.push('\n');
            comment.push_str(remark);
        }
        let mut keys = recipe(suite);
        if suite.needs.only_in_place {
            comment.push_str(
                "\nIt runs in the workspace, where ignored files act: what it passes is asserted, not proven.",
            );
        }
        keys.extend(at_snapshot(&suite.needs));
        if goes.repeat > 1 {
            keys.push(("repeat", format!("{}  # a test that fails in any go is seen", goes.repeat)));
        }
        text.table(&comment, &format!("evidence.{}", named("suite", suite, findings)), &keys);
    }
}

fn recipe(suite: &Suite) -> Vec<(&'static str, String)> {
    let mut keys = vec![("run", list(&suite.run)), ("timeout", quoted(SUITE_TIMEOUT))];
    let mut environment = Vec::new();
    if !suite.needs.pass.is_empty() {
        environment.push(format!("pass = {}", inline(&suite.needs.pass)));
    }
    if !suite.set.is_empty() {
        let set: Vec<String> =
            suite.set.iter().map(|(name, value)| format!("{name} = {}", quoted(value))).collect();
        environment.push(format!("set = {{ {} }}", set.join(", ")));
    }
    if !environment.is_empty() {
        keys.push(("env", format!("{{ {} }}", environment.join(", "))));
    }
    if !suite.collect.is_empty() {
        keys.push(("collect", list(&suite.collect)));
    }
    keys
}

/// A list on one line, as an inline table needs it.
pub(crate) fn inline(texts: &[&str]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
    format!("[{}]", texts.join(", "))
}

/// Nothing that the worker left outside of the tree acts there: a build, installed packages, compiled modules.
pub(crate) fn at_snapshot(needs: &Needs) -> Vec<(&'static str, String)> {
    let at = "# a private copy: protected paths as at the start, no ignored file";
    let mut keys = Vec::new();
    if !needs.only_in_place {
        keys.push(("at", format!("{}  {at}", quoted("snapshot"))));
    }
    keys.extend(prepared(needs));
    keys
}

/// What fills a private copy.
pub(crate) fn prepared(needs: &Needs) -> Vec<(&'static str, String)> {
    let mut keys = Vec::new();
    if !needs.prepare.is_empty() {
        keys.push(("prepare", list(&needs.prepare)));
    }
    if !needs.prepare_from.is_empty() {
        keys.push(("prepare_from", list(&needs.prepare_from)));
    }
    if needs.builds && !needs.prepare.is_empty() {
        keys.push((
            "fresh",
            "true  # `prepare` builds the project itself: what it made for one tree is not kept".to_owned(),
        ));
    }
    keys
}

/// Every test that ran has passed.
fn correct(text: &mut Text, findings: &Findings) {
    for suite in &findings.suites {
        let source = named("suite", suite, findings);
        let mut keys = vec![("checker", quoted("test-report")), ("evidence", report(&source, suite))];
        let mut comment = "Every test that ran has passed, and at least one ran.";
        if suite.skips {
            comment = "Every test that ran has passed, and at least one ran. Some are switched off at the start;\n\
                       with `config = { skipped = \"deny\" }` code under test could skip none.";
        } else {
            let why = "# none is now; code under test could skip what calls it";
            keys.push(("config", format!("{{ skipped = {} }}  {why}", quoted("deny"))));
        }
        text.table(comment, &format!("criteria.{}", named("correct", suite, findings)), &keys);
    }
}

/// The same suites on the base tree. Where tests are flaky, one of them may fail there.
fn before(text: &mut Text, findings: &Findings, may_fail: bool) {
    for suite in &findings.suites {
        let mut keys = recipe(suite);
        let comment = "The same tests on the tree of before, in a private copy of it.";
        keys.push(("at", quoted("base")));
        keys.extend(prepared(&suite.needs));
        if may_fail {
            keys.push(("exit", format!("[0, {}]  # tests may fail there", suite.failed)));
        }
        text.table(comment, &format!("evidence.{}", named("before", suite, findings)), &keys);
    }
}

/// Judged against the tests of before.
fn compared(text: &mut Text, findings: &Findings, config: &[(&str, String)]) {
    for suite in &findings.suites {
        let (now, before) = (named("suite", suite, findings), named("before", suite, findings));
        let slots = format!("{{ report = {}, baseline = {} }}", report(&now, suite), report(&before, suite));
        let mut keys = vec![("checker", quoted("test-report")), ("evidence", slots)];
        if !config.is_empty() {
            let config: Vec<String> = config.iter().map(|(key, value)| format!("{key} = {value}")).collect();
            keys.push(("config", format!("{{ {} }}", config.join(", "))));
        }
        let comment = "Every test passes, and none of those of before is gone or newly skipped.";
        text.table(comment, &format!("criteria.{}", named("correct", suite, findings)), &keys);
    }
}

/// Texts that switch a test off, where a test can stand: the same text elsewhere may be harmless code.
fn shortcuts(text: &mut Text, findings: &Findings) {
    let keys = [("changes", quoted("start"))];
    text.table("What was changed since the start.", "evidence.changed", &keys);
    for suite in &findings.suites {
        let places = match suite.kind {
            Kind::Cargo => list(&["*.rs"]),
            Kind::Pytest => list(&["*.py"]),
            Kind::Node | Kind::Go => list(&suite.paths.tests),
        };
        let config = format!("{{ added = {}, added_paths = {places} }}", list(suite.shortcuts));
        let keys = [("checker", quoted("changes")), ("evidence", quoted("changed")), ("config", config)];
        let header = format!("criteria.{}", named("no-shortcuts", suite, findings));
        text.table("No added line switches a test off.", &header, &keys);
    }
}

fn bugfix(text: &mut Text, findings: &Findings) {
    let Some(suite) = findings.suites.first() else { return };
    let config = format!("{{ required = [{}] }}{EDIT}", quoted(suite.example));
    let keys = [
        ("checker", quoted("test-report")),
        ("evidence", report(&named("suite", suite, findings), suite)),
        ("config", config),
    ];
    let comment = "The test that shows the bug is there and has passed. Write it first and see it fail;\n\
                   without it this clause fails. The end of its id behind `::` will do.";
    text.table(comment, "criteria.fixed", &keys);
}

fn research(text: &mut Text, findings: &Findings) {
    let Some(suite) = findings.suites.first() else { return };
    let mut run = suite.experiment.0.clone();
    run.push("{out}/result.json".to_owned());
    let comment = "Write the experiment before you start, so that nobody chooses the question after the answer: it is\n\
                   protected below. It writes { \"name\": \"result\", \"unit\": \"\", \"value\": 0.0 } into that file.";
    let mut keys = vec![("run", format!("{}{EDIT_COMMAND}", list(&run))), ("timeout", quoted("1h"))];
    keys.extend(at_snapshot(&suite.needs));
    text.table(comment, "evidence.experiment", &keys);
    let keys = [
        ("checker", quoted("benchmark")),
        ("evidence", quoted("experiment")),
        ("config", format!("{{ benchmark = \"result\", metric = \"value\", min = \"0.9\" }}{EDIT}")),
    ];
    text.table("The figure that answers the question: `min`, `max` or both.", "criteria.answered", &keys);
}

fn boundary(text: &mut Text, findings: &Findings, template: Option<Template>) {
    let sources = findings.sources();
    let tests = findings.tests();
    let settings = findings.patterns(|paths| &paths.settings);
    let manifests = findings.patterns(|paths| &paths.manifests);
    let (mut write, mut protect) = (sources, vec!["goal.toml"]);
    match template {
        // A test that depends on chance is often mended where it stands.
        Some(Template::Flaky) => write.extend(&tests),
        _ => protect.extend(&tests),
    }
    match template {
        // Dependencies are what moves; the tests of before say whether fewer are run.
        Some(Template::Migration) => {
            protect.extend(settings.iter().filter(|pattern| !manifests.contains(pattern)));
            write.extend(&manifests);
            protect
                .extend(findings.compared_screens().flat_map(|screens| &screens.protect).map(String::as_str));
        }
        _ => protect.extend(&settings),
    }
    if template == Some(Template::Research) {
        write.push("report.md");
        protect.extend(findings.suites.first().map(|suite| suite.experiment.1));
    }
    let inputs: Vec<&str> = findings.suites.iter().flat_map(|suite| suite.needs.inputs.clone()).collect();
    write.extend(findings.suites.iter().flat_map(|suite| &suite.needs.changed));
    let mut seen: Vec<&str> = Vec::new();
    for patterns in [&mut write, &mut protect] {
        seen.clear();
        patterns.retain(|pattern| {
            let is_new = !seen.contains(pattern);
            seen.push(pattern);
            is_new
        });
    }
    let mut keys = vec![("write", list(&write)), ("protect", list(&protect))];
    if !inputs.is_empty() {
        let why = "# ignored, and part of the start all the same: sources in copies read them from there";
        keys.push(("inputs", format!("{}  {why}", list(&inputs))));
    }
    let comment = "What may change until the goal is met, and what must not, whatever `write` says. Patterns as in\n\
                   .gitignore. A test inside a file that may change can be changed with it.";
    text.table(comment, "boundary", &keys);
}
