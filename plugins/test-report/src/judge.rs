//! Decides. In this order: what is certain from readable cases fails; a report that cannot be believed is
//! inconclusive; what should be there and is not fails; a run that could not have failed is inconclusive;
//! the rest passes.
//!
//! It never passes beside a finding of severity error, and never looks at the exit code of the command:
//! the host makes a pass beside a wrong one inconclusive.

use std::collections::BTreeMap;

use evident_checker::{Artifact, Direction, Finding, Location, Metric, Outcome, Reason, Severity, Sink};

use crate::baseline::{Change, Lost, compare, total};
use crate::finding::{about, about_case, named, rule, shown, tests, times};
use crate::ids::{Meant, meant};
use crate::manifest::OLD;
use crate::report::{Case, Counts, Problem, Report, Status};
use crate::settings::Settings;

/// Everything that a decision depends on. Both reports have been merged.
pub(crate) struct Judged<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) report: &'a Report,
    pub(crate) baseline: Option<&'a Report>,
    pub(crate) reports: &'a [Artifact],
    /// Numbered after the reports.
    pub(crate) baselines: &'a [Artifact],
}

/// Decides and says why.
pub(crate) fn judge(judged: &Judged<'_>, sink: &mut dyn Sink) -> Outcome {
    let counts = judged.report.counts();
    let told = BTreeMap::new();
    let mut verdict = Verdict { judged, sink, open: true, told, reasons: Vec::new(), ambiguous: None };
    verdict.cases(counts);
    let certain = !verdict.reasons.is_empty();
    let problems: Vec<&Problem> = judged
        .report
        .problems
        .iter()
        .chain(judged.baseline.map_or(&[][..], |baseline| &baseline.problems))
        .collect();
    verdict.problems(&problems, if certain { Severity::Warning } else { Severity::Error });
    verdict.notes();
    let mut change = None;
    let outcome = match problems.first() {
        Some(problem) if !certain => Outcome::inconclusive(
            problem.reason,
            format!("{}: {}", verdict.name(problem.source), problem.message),
        ),
        // Of a report that is not whole, nobody can say what is missing.
        Some(_) => Outcome::decide(false, verdict.reasons.join("; ")),
        None => {
            verdict.required();
            change = judged.baseline.map(|baseline| compare(baseline, judged.report));
            if let Some(change) = &change {
                verdict.baseline(change);
            }
            verdict.whole(counts, certain)
        }
    };
    finish(outcome, judged, counts, change.as_ref())
}

/// Adds what every outcome carries.
fn finish(mut outcome: Outcome, judged: &Judged<'_>, counts: Counts, change: Option<&Change<'_>>) -> Outcome {
    if let Some(change) = change {
        outcome.summary.push_str(&told(change));
    }
    let (names, sharing) = judged.report.shared();
    if names > 0 {
        let names = if names == 1 { "1 name is".into() } else { format!("{names} names are") };
        outcome.summary.push_str(&format!("; {names} shared by {}", tests(sharing)));
    }
    let flaky_limit = judged.settings.flaky_max.filter(|_| judged.settings.flaky_allowed);
    let mut metrics = vec![
        metric("tests", counts.total()),
        metric("passed", counts.passed),
        metric("failed", counts.failed),
        metric("errored", counts.errored),
        metric("skipped", counts.skipped),
    ];
    metrics.push(match flaky_limit {
        Some(limit) => metric("flaky", counts.flaky).limit(figure(limit), Direction::Lower),
        None => metric("flaky", counts.flaky),
    });
    if let Some(change) = change {
        for (name, count) in [
            ("removed", total(&change.removed)),
            ("newly-skipped", total(&change.newly_skipped)),
            ("newly-failing", change.newly_failing.len() as u64),
            ("newly-passing", change.newly_passing.len() as u64),
        ] {
            metrics.push(metric(name, count));
        }
        metrics.push(metric("new", change.added));
    }
    outcome.metrics = metrics;
    outcome.examined(counts.executed(), "tests")
}

struct Verdict<'a, 'b> {
    judged: &'a Judged<'a>,
    sink: &'b mut dyn Sink,
    /// False once the host takes no more findings.
    open: bool,
    /// How many findings each rule has about each id that several tests share: they need names of their own.
    told: BTreeMap<(&'static str, &'a str), u64>,
    /// Why it fails, one phrase for each kind.
    reasons: Vec<String>,
    /// An id of the config that fits several tests.
    ambiguous: Option<String>,
}

impl<'a> Verdict<'a, '_> {
    /// What the cases themselves show.
    fn cases(&mut self, counts: Counts) {
        let judged = self.judged;
        let settings = judged.settings;
        let flaky_max = settings.flaky_max.unwrap_or(u64::MAX);
        let flaky_fails = !settings.flaky_allowed || counts.flaky > flaky_max;
        let (mut bad, mut flaky, mut skipped) = (Vec::new(), Vec::new(), Vec::new());
        for case in &judged.report.cases {
            match case.status {
                Status::Passed => {}
                status if status.is_bad() && judged.report.doubted.contains(&case.source) => {
                    self.case(Severity::Warning, case, " (unless its runner excuses it)");
                }
                Status::Failed | Status::TimedOut | Status::Errored => {
                    bad.push(case.id.as_str());
                    let passed = |other: &Case| other.status.is_good();
                    let looks_tried_again =
                        settings.flaky_allowed && judged.report.of_id(&case.id).iter().any(passed);
                    let remark = if looks_tried_again {
                        " (another test of that name passed: only a marked attempt such as `<flakyFailure>` is one)"
                    } else {
                        ""
                    };
                    self.case(Severity::Error, case, remark);
                }
                Status::Flaky if flaky_fails => {
                    flaky.push(case.id.as_str());
                    let remark = if settings.flaky_allowed {
                        " (more are flaky than `flaky_max` allows)"
                    } else {
                        " (`flaky = \"allow\"` in the config accepts that)"
                    };
                    self.case(Severity::Error, case, remark);
                }
                Status::Flaky => self.case(Severity::Warning, case, ""),
                Status::Skipped | Status::Disabled if settings.skipped_denied => {
                    skipped.push(case.id.as_str());
                    self.case(Severity::Error, case, " (`skipped = \"allow\"` in the config accepts that)");
                }
                Status::Skipped | Status::Disabled => {}
            }
        }
        if !bad.is_empty() {
            self.reasons.push(format!(
                "{} of {} failed: {}",
                bad.len(),
                tests(counts.executed()),
                named(&bad)
            ));
        }
        if !flaky.is_empty() {
            self.reasons.push(format!("{} flaky: {}", flaky.len(), named(&flaky)));
        }
        if !skipped.is_empty() {
            self.reasons.push(format!("{} skipped: {}", skipped.len(), named(&skipped)));
        }
        let unnamed = judged.report.skipped_unnamed;
        if settings.skipped_denied && unnamed > 0 {
            self.reasons.push(format!("{} skipped without being named", tests(unnamed)));
            self.emit(Finding::error(
                "test-skipped",
                format!("the report counts {} as skipped, and names none of them", tests(unnamed)),
            ));
        }
    }

    fn problems(&mut self, problems: &[&Problem], severity: Severity) {
        for problem in problems {
            let name = self.name(problem.source);
            let message = format!("{name}: {}", problem.message);
            let location = Location { artifact: Some(name), ..Location::default() };
            self.emit(about(severity, problem.rule, &problem.message, message).at(location));
        }
    }

    fn notes(&mut self) {
        let baseline = self.judged.baseline.map_or(&[][..], |baseline| &baseline.notes);
        let old = baseline.iter().filter(|note| note.rule == OLD);
        for note in self.judged.report.notes.iter().chain(old) {
            self.emit(about(note.severity, note.rule, &note.id, note.message.clone()));
        }
    }

    /// Required tests: anything but a pass fails.
    fn required(&mut self) {
        let judged = self.judged;
        let ids = judged.report.ids();
        let (mut missing, mut skipped) = (Vec::new(), Vec::new());
        for wanted in &judged.settings.required {
            match meant(wanted, ids.clone()) {
                Meant::None => {
                    missing.push(wanted.as_str());
                    let message = format!("required test `{}` is in no report", shown(wanted));
                    self.emit(about(Severity::Error, "test-missing", wanted, message));
                }
                Meant::Several(candidates) => self.ambiguity("required", wanted, &candidates),
                // A failure was told already; `skipped = "deny"` has told a skip.
                Meant::One(id) => {
                    // Which of several that share the name is meant cannot be told: all are.
                    let mut of_id = judged.report.of_id(id).iter();
                    if let Some(case) = of_id.find(|case| case.status.is_skip()) {
                        skipped.push(id);
                        if !judged.settings.skipped_denied {
                            self.case(Severity::Error, case, ", but it is required");
                        }
                    }
                }
            }
        }
        if !missing.is_empty() {
            self.reasons.push(format!("{} missing: {}", required(missing.len()), named(&missing)));
        }
        if !skipped.is_empty() {
            self.reasons.push(format!("{} skipped: {}", required(skipped.len()), named(&skipped)));
        }
    }

    fn baseline(&mut self, change: &Change<'_>) {
        let settings = self.judged.settings;
        let removed = self.not_allowed("allow_removed", &settings.removed_allowed, &change.removed);
        for Lost { id, before, now, .. } in &removed {
            let message = match (before, now) {
                (1, _) => format!("`{}` is in the baseline and in no report", shown(id)),
                (before, 0) => {
                    format!("`{}` is in the baseline {} and in no report", shown(id), times(*before))
                }
                (before, now) => format!(
                    "`{}` is in the baseline {} and in the reports {}: several tests share the name",
                    shown(id),
                    times(*before),
                    times(*now)
                ),
            };
            self.emit(about(Severity::Error, "test-removed", id, message));
        }
        let skipped = self.not_allowed("allow_skipped", &settings.skipped_allowed, &change.newly_skipped);
        for Lost { id, before, now, .. } in &skipped {
            let message = match (before, now) {
                (1, _) => format!("`{}` ran in the baseline and is skipped now", shown(id)),
                (before, now) => {
                    format!("`{}` ran {} in the baseline and {} now", shown(id), times(*before), times(*now))
                }
            };
            self.emit(about(Severity::Error, "test-newly-skipped", id, message));
        }
        for (lost, how) in [(&removed, "removed"), (&skipped, "newly skipped")] {
            if !lost.is_empty() {
                let ids: Vec<&str> = lost.iter().map(|lost| lost.id).collect();
                self.reasons.push(format!("{} {how}: {}", tests(total(lost)), named(&ids)));
            }
        }
    }

    /// What no entry of an allow list stands for. An entry means one test of the whole baseline: what else
    /// changed must not make it mean another one, and of several tests that share its name it excuses one.
    /// One that excuses nothing is no matter.
    fn not_allowed<'c>(&mut self, key: &str, allowed: &[String], lost: &[Lost<'c>]) -> Vec<Lost<'c>> {
        let Some(before) = self.judged.baseline else { return Vec::new() };
        let mut left = lost.to_vec();
        for wanted in allowed {
            match meant(wanted, before.ids()) {
                Meant::One(id) => {
                    if let Some(lost) = left.iter_mut().find(|lost| lost.id == id) {
                        lost.count = lost.count.saturating_sub(1);
                    }
                }
                Meant::Several(candidates)
                    if candidates.iter().any(|id| lost.iter().any(|lost| lost.id == *id)) =>
                {
                    self.ambiguity(key, wanted, &candidates);
                }
                Meant::None | Meant::Several(_) => {}
            }
        }
        left.retain(|lost| lost.count > 0);
        left
    }

    fn ambiguity(&mut self, key: &str, wanted: &str, candidates: &[&str]) {
        let message = format!("`{}` of `{key}` fits several tests: {}", shown(wanted), named(candidates));
        self.emit(about(Severity::Error, "config-ambiguous", wanted, message.clone()));
        self.ambiguous.get_or_insert(message);
    }

    /// The decision over a report that was read whole.
    fn whole(&mut self, counts: Counts, certain: bool) -> Outcome {
        let settings = self.judged.settings;
        if let (Some(message), false) = (self.ambiguous.take(), certain) {
            return Outcome::inconclusive(Reason::Config, message);
        }
        let listed = counts.total() > 0;
        if counts.executed() == 0 && (self.reasons.is_empty() || !listed) {
            let what = if listed { "all tests were skipped" } else { "no test is listed" };
            return Outcome::inconclusive(Reason::NotExamined, format!("no test was executed: {what}"));
        }
        if let Some(least) = settings.tests_min.filter(|least| counts.executed() < *least) {
            let message = format!("{} executed, at least {least} are required", tests(counts.executed()));
            self.emit(Finding::error("test-count", message.clone()).fingerprint("test-count"));
            self.reasons.push(message);
        }
        if !self.reasons.is_empty() {
            return Outcome::decide(false, self.reasons.join("; "));
        }
        Outcome::decide(true, passed(counts))
    }

    fn case(&mut self, severity: Severity, case: &'a Case, remark: &str) {
        if !self.open {
            return;
        }
        let mut number = 1;
        if self.judged.report.of_id(&case.id).len() > 1 {
            let told = self.told.entry((rule(case.status), case.id.as_str())).or_default();
            *told += 1;
            number = *told;
        }
        let name = self.name(case.source);
        self.emit(about_case(severity, case, number, &name, remark));
    }

    fn emit(&mut self, finding: Finding) {
        if self.open {
            self.open = self.sink.emit(finding);
        }
    }

    fn name(&self, source: usize) -> String {
        let artifact = self.judged.reports.iter().chain(self.judged.baselines).nth(source);
        artifact.map_or_else(String::new, |artifact| shown(&artifact.info().name).to_owned())
    }
}

fn metric(name: &str, count: u64) -> Metric {
    Metric::new(name, figure(count), "tests")
}

/// Counts stay far below the integers that a float holds exactly.
fn figure(count: u64) -> f64 {
    u32::try_from(count).map_or(f64::from(u32::MAX), f64::from)
}

fn required(count: usize) -> String {
    if count == 1 { "1 required test".into() } else { format!("{count} required tests") }
}

fn passed(counts: Counts) -> String {
    let mut text = format!("{} passed", tests(counts.passed));
    if counts.flaky > 0 {
        text.push_str(&format!(" ({} flaky)", counts.flaky));
    }
    if counts.skipped > 0 {
        text.push_str(&format!(", {} skipped", counts.skipped));
    }
    text
}

/// What changed since the baseline and does not decide by itself.
fn told(change: &Change<'_>) -> String {
    let mut text = String::new();
    // Tests that fail are named before this; which of them are new is one figure.
    if !change.newly_failing.is_empty() {
        text.push_str(&format!("; {} newly failing", change.newly_failing.len()));
    }
    if !change.newly_passing.is_empty() {
        let ids = &change.newly_passing;
        text.push_str(&format!("; {} newly passing: {}", ids.len(), named(ids)));
    }
    if change.added > 0 {
        text.push_str(&format!("; {} new", change.added));
    }
    text
}
