//! Decides. In this order: what is certain from readable cases fails; a report that cannot be believed is
//! inconclusive; what should be there and is not fails; a run that could not have failed is inconclusive;
//! the rest passes.
//!
//! It never passes beside a finding of severity error, and never looks at the exit code of the command:
//! the host makes a pass beside a wrong one inconclusive.

use evident_checker::{Artifact, Direction, Finding, Location, Metric, Outcome, Reason, Severity, Sink};

use crate::baseline::{Change, compare};
use crate::finding::{about, about_case, named, shown, tests};
use crate::ids::{Meant, meant};
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
    let mut verdict = Verdict { judged, sink, open: true, reasons: Vec::new(), ambiguous: None };
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
        for (name, ids) in [
            ("removed", &change.removed),
            ("newly-skipped", &change.newly_skipped),
            ("newly-failing", &change.newly_failing),
            ("newly-passing", &change.newly_passing),
        ] {
            metrics.push(metric(name, ids.len() as u64));
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
    /// Why it fails, one phrase for each kind.
    reasons: Vec<String>,
    /// An id of the config that fits several tests.
    ambiguous: Option<String>,
}

impl Verdict<'_, '_> {
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
                Status::Failed | Status::TimedOut | Status::Errored => {
                    bad.push(case.id.as_str());
                    self.case(Severity::Error, case, "");
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
                format!("the summary counts {} as skipped", tests(unnamed)),
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
        for note in &self.judged.report.notes {
            self.emit(about(Severity::Note, note.rule, &note.id, note.message.clone()));
        }
    }

    /// Required tests: anything but a pass fails.
    fn required(&mut self) {
        let judged = self.judged;
        let ids = judged.report.cases.iter().map(|case| case.id.as_str());
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
                    let case = judged.report.find(id).expect("the id is one of the report");
                    if case.status.is_skip() {
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
        for id in &removed {
            let message = format!("`{}` is in the baseline and in no report", shown(id));
            self.emit(about(Severity::Error, "test-removed", id, message));
        }
        let skipped = self.not_allowed("allow_skipped", &settings.skipped_allowed, &change.newly_skipped);
        for id in &skipped {
            let message = format!("`{}` ran in the baseline and is skipped now", shown(id));
            self.emit(about(Severity::Error, "test-newly-skipped", id, message));
        }
        if !removed.is_empty() {
            self.reasons.push(format!("{} removed: {}", tests(removed.len() as u64), named(&removed)));
        }
        if !skipped.is_empty() {
            self.reasons.push(format!("{} newly skipped: {}", tests(skipped.len() as u64), named(&skipped)));
        }
    }

    /// The ids that no entry of an allow list stands for. An entry means one test of the whole baseline:
    /// what else changed must not make it mean another one. One that excuses nothing is no matter.
    fn not_allowed<'c>(&mut self, key: &str, allowed: &[String], ids: &[&'c str]) -> Vec<&'c str> {
        let judged = self.judged;
        let before = judged.baseline.map_or(&[][..], |baseline| &baseline.cases);
        let mut excused = Vec::new();
        for wanted in allowed {
            match meant(wanted, before.iter().map(|case| case.id.as_str())) {
                Meant::One(id) => excused.push(id),
                Meant::Several(candidates) if candidates.iter().any(|id| ids.contains(id)) => {
                    self.ambiguity(key, wanted, &candidates);
                }
                Meant::None | Meant::Several(_) => {}
            }
        }
        ids.iter().copied().filter(|id| !excused.contains(id)).collect()
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

    fn case(&mut self, severity: Severity, case: &Case, remark: &str) {
        if self.open {
            let name = self.name(case.source);
            self.emit(about_case(severity, case, &name, remark));
        }
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
