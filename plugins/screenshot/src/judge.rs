//! Puts the screens together: one outcome.
//!
//! Every screen must look as it did. One that does not fails, whatever is in doubt about others; a doubt without
//! a failure is inconclusive; only screens that were compared and held pass. A screen that is missing fails,
//! because leaving it out must not pay.

use evident_checker::{Direction, Error, Metric, Outcome, Reason, Sink, Status};

use crate::finding;
use crate::pair::Screens;
use crate::rows::read_over;
use crate::screen::{self, Judged};
use crate::settings::Settings;
use crate::work::Work;

/// Judges all screens.
///
/// # Errors
/// When the host cannot read an artifact.
pub(crate) fn judge(
    settings: &Settings,
    screens: &Screens<'_>,
    sink: &mut dyn Sink,
) -> Result<Outcome, Error> {
    let mut all = All { violated: Vec::new(), doubts: Vec::new(), judged: Vec::new() };
    let count = screens.pairs.len() as u64;
    let files = screens.pairs.iter().map(|screen| screen.expected.info().size + screen.actual.info().size);
    let mut work = Work::new(settings.work_max, files.sum());
    for (done, screen) in (0..).zip(&screens.pairs) {
        sink.progress(done, Some(count));
        match screen::judge(settings, screen, &mut work, sink) {
            Ok(judged) => all.take(&screen.name, judged),
            Err(Error::Inconclusive(reason, why)) => {
                // Where another screen fails, its summary says nothing of this one.
                if reason == Reason::Limit {
                    sink.emit(finding::warning("not-compared", &why, &screen.name, screen.actual));
                }
                all.doubts.push((reason, why));
            }
            Err(broken) => return Err(broken),
        }
    }
    for (name, artifact) in &screens.missing {
        sink.emit(finding::missing(name, artifact));
        all.violated.push(format!("`{name}` is missing"));
    }
    for (name, artifact) in &screens.new {
        sink.emit(finding::new(name, !settings.allow_new, artifact));
        if !settings.allow_new {
            all.violated.push(format!("`{name}` is new"));
        } else {
            // A pass must have read everything that is bound.
            read_over(artifact)?;
        }
    }
    for name in &screens.masks {
        all.doubts.push((Reason::Config, format!("the mask `{name}` belongs to no screen")));
    }
    for place in settings.ignore.iter().chain(&settings.landmarks) {
        if let Some(name) = place.screen.as_ref().filter(|name| !screens.has(name)) {
            all.doubts.push((Reason::Config, format!("an area is of `{name}`, and no screen has this name")));
        }
    }
    Ok(all.conclude(settings))
}

/// What was found so far.
struct All {
    violated: Vec<String>,
    doubts: Vec<(Reason, String)>,
    judged: Vec<Judged>,
}

impl All {
    fn take(&mut self, name: &str, judged: Judged) {
        if let Some(first) = judged.violated.first() {
            self.violated.push(format!("`{name}`: {first}"));
        }
        if let Some((reason, why)) = &judged.doubt {
            self.doubts.push((*reason, format!("`{name}`: {why}")));
        }
        self.judged.push(judged);
    }

    fn conclude(self, settings: &Settings) -> Outcome {
        let metric = settings.metric_text();
        let count = self.judged.len();
        let screens = if count == 1 { "screen" } else { "screens" };
        let more = |rest: usize| if rest > 0 { format!("; and {rest} more") } else { String::new() };
        let (status, summary) = match (self.violated.split_first(), self.doubts.split_first()) {
            (Some((first, rest)), _) => (Status::Fail, format!("{first}{}", more(rest.len()))),
            (None, Some(((reason, why), rest))) => {
                (Status::Inconclusive(*reason), format!("{why}{}", more(rest.len())))
            }
            (None, None) if count == 0 => {
                (Status::Inconclusive(Reason::NotExamined), "no screen was compared".into())
            }
            (None, None) => (Status::Pass, format!("{count} {screens} as before ({metric})")),
        };
        let outcome = Outcome::new(status, summary).examined(count as u64, screens);
        self.metrics(settings).into_iter().fold(outcome, Outcome::metric)
    }

    /// Of the worst screen, and of all.
    fn metrics(&self, settings: &Settings) -> Vec<Metric> {
        #[allow(clippy::cast_precision_loss, reason = "pixels are below 2^53")]
        let worst = |of: fn(&Judged) -> u64| self.judged.iter().map(of).max().unwrap_or(0) as f64;
        #[allow(clippy::cast_precision_loss, reason = "pixels are below 2^53")]
        let sum = |of: fn(&Judged) -> u64| self.judged.iter().map(of).sum::<u64>() as f64;
        #[allow(clippy::cast_precision_loss, reason = "a limit of pixels is below 2^53")]
        let pixels_max = settings.pixels_max.map(|most| most as f64);
        let limited = |metric: Metric, limit: Option<f64>| match limit {
            Some(limit) => metric.limit(limit, Direction::Lower),
            None => Metric { direction: Direction::Lower, ..metric },
        };
        let ratio = self.judged.iter().map(Judged::ratio).fold(0.0, f64::max);
        let mut metrics = vec![
            limited(Metric::new("differing_pixels", worst(|it| it.different), "pixels"), pixels_max),
            limited(Metric::new("ratio", ratio, ""), settings.ratio_max),
            limited(
                Metric::new("density", worst(|it| u64::from(it.density)), "pixels"),
                settings.density_max.map(f64::from),
            ),
            limited(Metric::new("regions", worst(|it| it.regions), "regions"), None),
            limited(Metric::new("differing_pixels in all", sum(|it| it.different), "pixels"), None),
            limited(Metric::new("regions in all", sum(|it| it.regions), "regions"), None),
            Metric::new("antialiased_pixels in all", sum(|it| it.antialiased), "pixels"),
            Metric::new("compared_pixels in all", sum(|it| it.area), "pixels"),
        ];
        if let Some(faint) = self.judged.iter().filter_map(|it| it.faint_density).max() {
            let metric = Metric::new("faint_density", f64::from(faint), "pixels");
            metrics.push(limited(metric, Some(f64::from(settings.faint_max))));
        }
        metrics
    }
}
