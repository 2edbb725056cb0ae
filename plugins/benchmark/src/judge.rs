//! Puts the parts together: what is read, which benchmark, which rules, one outcome.
//!
//! All rules of the config must hold. A violated rule fails, whatever else is in doubt; a doubt without
//! a violation is inconclusive; only figures that were judged and held pass. A benchmark that failed,
//! chosen or not, fails: the run that measured the others was not a sound one. A benchmark that the
//! baseline has and the evidence has not is a failure too, because leaving it out must not pay; and where the
//! config names none, the one that is left is not the one that is meant. A name or a unit that is not that of
//! the baseline is a finding.

use evident_checker::{Artifact, Direction, Error, Finding, Location, Metric, Outcome, Reason, Sink, Status};

use crate::config::Settings;
use crate::figure;
use crate::limits::{self, Figure, Judged, Side};
use crate::ratio::{Comparison, Verdict};
use crate::series::{Series, Slot};
use crate::statistics::{Outliers, sorted};
use crate::unit::{self, Better};

/// Why a rule could not be judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Doubt {
    pub(crate) reason: Reason,
    /// Lower-case fragment.
    pub(crate) why: String,
}

impl Doubt {
    pub(crate) fn new(reason: Reason, why: impl Into<String>) -> Self {
        Self { reason, why: why.into() }
    }
}

/// Judges the artifacts of both slots.
///
/// # Errors
/// Inconclusive when the evidence cannot be read.
pub(crate) fn judge(
    settings: &Settings,
    current: &[Artifact],
    baseline: &[Artifact],
    sink: &mut dyn Sink,
) -> Result<Outcome, Error> {
    let mut judgement = Judgement {
        settings,
        sink,
        held: vec![],
        violated: vec![],
        doubts: vec![],
        metrics: vec![],
        examined: (0, "samples"),
    };
    let current = Slot::read(current)?;
    let baseline = judgement.read_baseline(baseline)?;
    judgement.tell_failed(&current);
    let chosen = judgement.choose(&current, baseline.as_ref());
    if let Some(series) = chosen {
        judgement.tell_outliers(series);
        judgement.limits(series);
        judgement.ratio(series, baseline.as_ref());
    }
    Ok(judgement.conclude(chosen))
}

/// What was found so far.
struct Judgement<'a> {
    settings: &'a Settings,
    sink: &'a mut dyn Sink,
    held: Vec<String>,
    violated: Vec<String>,
    doubts: Vec<Doubt>,
    metrics: Vec<Metric>,
    examined: (usize, &'static str),
}

impl Judgement<'_> {
    /// A baseline that cannot be read is a doubt, so that a violated limit still fails.
    fn read_baseline(&mut self, artifacts: &[Artifact]) -> Result<Option<Slot>, Error> {
        let wanted = self.settings.ratio_max.is_some();
        if artifacts.is_empty() {
            if wanted {
                self.doubt(Reason::Config, "`ratio_max` needs slot `baseline`, which is not bound");
            }
            return Ok(None);
        }
        if !wanted {
            self.doubt(
                Reason::Config,
                "slot `baseline` is bound, but without `ratio_max` nothing is compared with it",
            );
        }
        match Slot::read(artifacts) {
            Ok(slot) => Ok(Some(slot)),
            Err(Error::Inconclusive(reason, summary)) => {
                self.doubt(reason, format!("baseline: {summary}"));
                Ok(None)
            }
            Err(broken) => Err(broken),
        }
    }

    fn tell_failed(&mut self, current: &Slot) {
        for series in current.series.values() {
            if let Some(failure) = &series.failure {
                self.violate(
                    series,
                    "benchmark-failed",
                    format!("{} failed: {failure}", figure::name(&series.name)),
                );
            }
        }
    }

    /// The benchmark to judge; none after saying why.
    fn choose<'s>(&mut self, current: &'s Slot, baseline: Option<&Slot>) -> Option<&'s Series> {
        let name = self.settings.benchmark.as_deref();
        match current.select(name) {
            Ok(series) if series.failure.is_some() => None,
            Ok(series) => Some(series),
            Err(error) => {
                let before = baseline.zip(name).and_then(|(baseline, name)| baseline.series.get(name));
                match (before, error) {
                    (Some(before), _) => {
                        let text = format!(
                            "{} is in the baseline, but no longer in the evidence",
                            figure::name(&before.name)
                        );
                        self.violate(before, "benchmark-vanished", text);
                    }
                    (None, Error::Inconclusive(reason, summary)) => self.doubt(reason, summary),
                    (None, Error::Broken(summary)) => self.doubt(Reason::NotExamined, summary),
                }
                None
            }
        }
    }

    fn tell_outliers(&mut self, series: &Series) {
        let Outliers { mild, severe } = Outliers::of(&sorted(&series.samples));
        if mild + severe > 0 {
            let text = format!(
                "{}: {mild} mild and {severe} severe outliers of {} samples; none was dropped",
                figure::name(&series.name),
                series.samples.len()
            );
            self.emit(Finding::note("benchmark-outliers", text), series);
            #[allow(clippy::cast_precision_loss, reason = "at most a million")]
            self.metrics.push(Metric::new(
                format!("{} outliers", figure::name(&series.name)),
                (mild + severe) as f64,
                "samples",
            ));
        }
    }

    fn limits(&mut self, series: &Series) {
        let limits: Vec<_> = [(Side::Max, &self.settings.max), (Side::Min, &self.settings.min)]
            .into_iter()
            .filter_map(|(side, limit)| limit.as_ref().map(|limit| (side, limit)))
            .collect();
        if limits.is_empty() {
            return;
        }
        let figure = match Figure::of(series, self.settings) {
            Ok(figure) => figure,
            Err(doubt) => return self.doubts.push(doubt),
        };
        self.examined = match figure.samples {
            0 => (1, "value"),
            count => (count, limits::samples_unit(count)),
        };
        for (side, limit) in limits {
            match figure.judge(&series.name, side, limit) {
                Ok(judged) => self.limit(series, side, judged),
                Err(doubt) => {
                    self.doubts.push(doubt);
                    let better = self.better(&series.unit);
                    self.metrics.push(figure.metric(&series.name, better));
                }
            }
        }
    }

    fn limit(&mut self, series: &Series, side: Side, mut judged: Judged) {
        if self.metrics.iter().any(|metric| metric.name == judged.metric.name) {
            judged.metric.name.push_str(" (min)");
        }
        self.metrics.push(judged.metric);
        if judged.holds {
            return self.held.push(judged.text);
        }
        let rule = match side {
            Side::Max => "benchmark-over-limit",
            Side::Min => "benchmark-under-limit",
        };
        self.violate(series, rule, format!("{} {}", figure::name(&series.name), judged.text));
    }

    fn ratio(&mut self, series: &Series, baseline: Option<&Slot>) {
        let (Some(bound), Some(baseline)) = (self.settings.ratio_max, baseline) else { return };
        self.tell_differences(series, baseline);
        let comparison = match self.compare(series, baseline) {
            Ok(comparison) => comparison,
            Err(doubt) => return self.doubts.push(doubt),
        };
        self.examined = if comparison.in_pairs {
            (comparison.new, if comparison.new == 1 { "pair" } else { "pairs" })
        } else {
            (series.samples.len(), limits::samples_unit(series.samples.len()))
        };
        let name = format!("{} {} ratio", figure::name(&series.name), comparison.word);
        let metric = Metric::new(name, comparison.ratio, "").limit(bound, Direction::Lower);
        self.metrics.push(metric.noise(comparison.interval.half_width()));
        let text = comparison.text(bound, self.settings.confidence);
        match comparison.verdict(bound) {
            Verdict::Holds if comparison.unit_alone_decides() => {
                let before = baseline.series.get(&series.name).map_or("", |before| before.unit.as_str());
                let why = format!(
                    "changed its unit from `{before}` to `{}` and not its numbers: {text} by the unit alone; \
                     write the figures in `{before}`, or renew the baseline",
                    series.unit
                );
                self.doubt(Reason::Contradiction, why);
            }
            Verdict::Holds => self.held.push(text),
            Verdict::Violated => {
                self.violate(series, "benchmark-slower", format!("{} {text}", figure::name(&series.name)));
            }
            Verdict::Undecided(needed) => self.doubt(Reason::InsufficientData(needed), text),
        }
    }

    /// Names and units that are not those of the trusted side.
    fn tell_differences(&mut self, series: &Series, baseline: &Slot) {
        let shown = figure::name(&series.name);
        match baseline.series.get(&series.name) {
            Some(before) if before.unit != series.unit => {
                let text = format!(
                    "{shown}: the figures are in {}, those of the baseline in {}",
                    unit::named(&series.unit),
                    unit::named(&before.unit)
                );
                self.emit(Finding::warning("benchmark-unit-changed", text), series);
            }
            Some(_) => {}
            None => {
                let has = baseline.candidates(&series.name);
                let text = format!("{shown} is not in the baseline, which has {has}");
                self.emit(Finding::warning("benchmark-renamed", text), series);
            }
        }
    }

    fn compare(&self, series: &Series, baseline: &Slot) -> Result<Comparison, Doubt> {
        let shown = figure::name(&series.name);
        let Some(before) = baseline.series.get(&series.name) else {
            let has = baseline.candidates(&series.name);
            let why =
                format!("is held against nothing: the baseline has no benchmark `{shown}`; it has {has}");
            return Err(Doubt::new(Reason::NotExamined, why));
        };
        if self.settings.benchmark.is_none() && baseline.series.len() > 1 {
            let has = baseline.candidates(&series.name);
            let why = format!("may not be the one that is meant: the baseline has {has}; set `benchmark`");
            return Err(Doubt::new(Reason::Config, why));
        }
        if let Some(failure) = &before.failure {
            let why = format!("is held against nothing: `{shown}` failed in the baseline: {failure}");
            return Err(Doubt::new(Reason::NotExamined, why));
        }
        let Some(better) = self.better(&series.unit) else {
            let why = format!(
                "whether lower or higher is better cannot be told from `{}`; set `direction`",
                series.unit
            );
            return Err(Doubt::new(Reason::Config, why));
        };
        Comparison::of(series, before, better, self.settings)
    }

    /// By the config, else the unit, else the only limit that is set.
    fn better(&self, unit: &str) -> Option<Better> {
        self.settings.direction.or_else(|| unit::better(unit)).or(
            match (&self.settings.max, &self.settings.min) {
                (Some(_), None) => Some(Better::Lower),
                (None, Some(_)) => Some(Better::Higher),
                _ => None,
            },
        )
    }

    fn doubt(&mut self, reason: Reason, why: impl Into<String>) {
        self.doubts.push(Doubt::new(reason, why));
    }

    fn violate(&mut self, series: &Series, rule: &str, text: String) {
        self.emit(Finding::error(rule, text.clone()), series);
        self.violated.push(text);
    }

    fn emit(&mut self, finding: Finding, series: &Series) {
        let fingerprint = format!("{}:{}", finding.rule, series.name);
        let location = Location { artifact: Some(series.artifact.clone()), ..Location::default() };
        self.sink.emit(finding.at(location).fingerprint(fingerprint));
    }

    /// A failure outranks a doubt, a doubt outranks what held; what held is told beside it.
    fn conclude(self, chosen: Option<&Series>) -> Outcome {
        let name = chosen.map(|series| figure::name(&series.name)).unwrap_or_default();
        let named = |texts: &[String]| format!("{name} {}", texts.join("; ")).trim().to_owned();
        let (status, summary) = match (self.violated.split_first(), self.doubts.first()) {
            (Some((first, [])), _) => (Status::Fail, first.clone()),
            (Some((first, rest)), _) => (Status::Fail, format!("{first}; and {} more", rest.len())),
            (None, Some(doubt)) => {
                let whys: Vec<String> = self.doubts.iter().map(|doubt| doubt.why.clone()).collect();
                (Status::Inconclusive(doubt.reason), named(&whys))
            }
            (None, None) if self.held.is_empty() => {
                (Status::Inconclusive(Reason::NotExamined), "nothing was judged".into())
            }
            (None, None) => (Status::Pass, named(&self.held)),
        };
        let (count, unit) = self.examined;
        let outcome = Outcome::new(status, summary).examined(count as u64, unit);
        self.metrics.into_iter().fold(outcome, Outcome::metric)
    }
}
