//! JUnit XML, the form that every build server draws: one test case for each clause.
//!
//! A failing clause is a `failure`; one that is not decided is an `error`, which no reader takes for a pass.

use std::fmt::Write;
use std::time::Duration;

use evident_core::assessment::{Assessment, Judged};
use evident_core::outcome::{Severity, Status};
use evident_core::text::{self, BAR};

/// Findings of a clause that are listed.
const FINDINGS_SHOWN: usize = 20;

pub(super) fn assessment(assessment: &Assessment) -> String {
    let count =
        |word: &str| assessment.clauses.iter().filter(|judged| judged.outcome.status.word() == word).count();
    let took = Duration::from_millis(assessment.ended.0.saturating_sub(assessment.started.0));
    let totals = format!(
        "tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"0\" time=\"{:.3}\"",
        assessment.clauses.len(),
        count("fail"),
        count("inconclusive"),
        took.as_secs_f64()
    );
    let goal = escaped(&text::line(&assessment.goal));
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let mut line = |text: String| writeln!(xml, "{text}").expect("a string");
    line(format!("<testsuites name=\"evident\" {totals}>"));
    line(format!("  <testsuite name=\"{goal}\" {totals}>"));
    line("    <properties>".into());
    for (name, value) in [
        ("evident.roll-up", assessment.roll_up.word().to_owned()),
        ("evident.tree", assessment.tree.to_string()),
        ("evident.contract", assessment.contract.to_string()),
        ("evident.assurance", assessment.assurance.clone()),
    ] {
        line(format!("      <property name=\"{name}\" value=\"{}\"/>", escaped(&value)));
    }
    line("    </properties>".into());
    for judged in &assessment.clauses {
        line(case(judged, &goal));
    }
    line("  </testsuite>\n</testsuites>".into());
    xml
}

fn case(judged: &Judged, goal: &str) -> String {
    let took = judged.usage.map_or(0, |usage| usage.wall_us);
    let open = format!(
        "    <testcase classname=\"{goal}.{}\" name=\"{}\" time=\"{:.6}\"",
        judged.kind,
        escaped(&judged.name),
        Duration::from_micros(took).as_secs_f64()
    );
    let (element, kind) = match judged.outcome.status {
        Status::Pass => return format!("{open}/>"),
        Status::Fail => ("failure", "fail".to_owned()),
        Status::Inconclusive(reason) => ("error", reason.to_string()),
    };
    let message = escaped(&text::line(&judged.outcome.summary));
    let body = escaped(&findings(judged));
    format!(
        "{open}>\n      <{element} type=\"{}\" message=\"{message}\">{body}</{element}>\n    </testcase>",
        escaped(&kind)
    )
}

fn findings(judged: &Judged) -> String {
    let weighty = || judged.outcome.findings.iter().filter(|finding| finding.severity != Severity::Note);
    let mut shown: Vec<String> = weighty()
        .take(FINDINGS_SHOWN)
        .map(|finding| format!("{}: {}", finding.rule, continued(&finding.message)))
        .collect();
    let total = weighty().count() as u64 + judged.outcome.findings_dropped;
    if total > FINDINGS_SHOWN as u64 {
        shown.push(format!("and {} more", total - FINDINGS_SHOWN as u64));
    }
    shown.join("\n")
}

/// Lines behind the first stand behind a bar: a build server that prints the report takes none for a command.
fn continued(message: &str) -> String {
    let barred = message.lines().enumerate().map(|(number, line)| match number {
        0 => line.to_owned(),
        _ => format!("{BAR}{line}").trim_end().to_owned(),
    });
    barred.collect::<Vec<_>>().join("\n")
}

/// Text of an attribute or an element. Control characters were made visible when the text came in.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            // Two signs can begin a command, even in a report.
            '#' if escaped.ends_with('#') => escaped.push_str("&#35;"),
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            // Not in XML 1.0 in any form.
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            plain => escaped.push(plain),
        }
    }
    escaped
}
