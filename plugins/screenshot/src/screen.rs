//! One screen: looked at, held against the limits, told.

use evident_checker::{Error, Reason, Sink};

use crate::blank::Watched;
use crate::classes::Classes;
use crate::decode::Size;
use crate::finding::{self, Places};
use crate::judge::Work;
use crate::look::{Look, Observe, Tally, walk};
use crate::mask::Mask;
use crate::pair::Screen;
use crate::picture::Pictures;
use crate::regions::{Area, Region};
use crate::rows::Rows;
use crate::settings::{Settings, SizeRule};
use crate::shift::Hashes;

/// More of a screen than this, masked, deserves a second thought.
const MASKED_PART_MAX: f64 = 0.5;

/// What is to be said about a screen.
#[derive(Debug, Default)]
pub(crate) struct Judged {
    /// Pixels that were compared.
    pub(crate) area: u64,
    pub(crate) different: u64,
    pub(crate) density: u32,
    pub(crate) regions: u64,
    pub(crate) antialiased: u64,
    /// The most faintly differing pixels in any window; none without a second look.
    pub(crate) faint_density: Option<u32>,
    /// Why it does not look as it did; lower-case fragments.
    pub(crate) violated: Vec<String>,
    /// Why it is not known.
    pub(crate) doubt: Option<(Reason, String)>,
}

impl Judged {
    pub(crate) fn ratio(&self) -> f64 {
        #[allow(clippy::cast_precision_loss, reason = "pixels are below 2^53")]
        let ratio = |pixels: u64, area: u64| pixels as f64 / area as f64;
        if self.area == 0 { 0.0 } else { ratio(self.different, self.area) }
    }

    fn doubt(&mut self, reason: Reason, why: String) {
        self.doubt.get_or_insert((reason, why));
    }
}

/// Judges a screen and tells what it finds.
pub(crate) fn judge(
    settings: &Settings,
    screen: &Screen<'_>,
    work: &mut Work,
    sink: &mut dyn Sink,
) -> Result<Judged, Error> {
    let mut judge = Judge { settings, screen, work, sink, ignored: Vec::new(), judged: Judged::default() };
    judge.run()?;
    Ok(judge.judged)
}

struct Judge<'a> {
    settings: &'a Settings,
    screen: &'a Screen<'a>,
    work: &'a mut Work,
    sink: &'a mut dyn Sink,
    /// Areas that are not compared.
    ignored: Vec<Area>,
    judged: Judged,
}

impl<'a> Judge<'a> {
    fn run(&mut self) -> Result<(), Error> {
        let radius = Classes::of(self.settings, 1).radius();
        let rows = self.open(radius)?;
        let (sizes, notes) = (rows.sizes(), rows.notes());
        self.tell_notes(notes);
        self.ignored = self.areas(sizes[0]);
        let mut watched = self.watched(sizes[0])?;
        let classes = Classes::of(self.settings, rows.width());
        let pixels = rows.pixels();
        let look = self.look(rows, classes, &mut watched)?;
        self.work.spend(self.cost(pixels, look.different + look.antialiased));
        self.count(&look, sizes);
        self.hold(&look);
        self.tell_masked(&look, sizes);
        if sizes[0] != sizes[1] {
            self.size(sizes);
        }
        self.tell_regions(&look)?;
        let mut drawn = Classes::of(self.settings, look.width);
        let mut shown = look;
        let is_faint = shown.is_faint() && self.settings.judge_faint && self.judged.violated.is_empty();
        if let (true, Some(unequal)) = (is_faint, shown.unequal) {
            let count = shown.faint + shown.antialiased;
            self.work.spend(self.cost(pixels, 0));
            drawn = Classes::faint(unequal, count);
            shown = self.look_again(shown.caret, unequal, count)?;
        }
        self.judge_blank(&watched);
        if self.settings.pictures && !self.judged.violated.is_empty() {
            let areas: Vec<Area> = shown.regions.iter().map(|region| region.area).collect();
            self.draw(&areas, shown.kept.again().unwrap_or(drawn))?;
        }
        Ok(())
    }

    /// Makes the pictures of this screen, in one more walk.
    fn draw(&mut self, shown: &[Area], classes: Classes) -> Result<(), Error> {
        let rows = self.open(classes.radius())?;
        let has_room = self.work.take(self.cost(rows.pixels(), 0));
        let mut pictures = Pictures::new(rows.width(), rows.height(), shown);
        if has_room {
            self.walk(rows, classes, &mut pictures)?;
        }
        if !has_room || !pictures.attach(&self.screen.name, self.sink)? {
            let why = "its pictures were left out: there are too many, or the screens are too large";
            self.sink.emit(finding::warning("pictures-left-out", why, &self.screen.name, self.screen.actual));
        }
        Ok(())
    }

    fn open(&self, radius: usize) -> Result<Rows<'a>, Error> {
        Rows::open(self.screen.expected, self.screen.actual, self.settings.scale, radius)
    }

    /// Walks the rows and counts, to the end of all files.
    fn look(&self, mut rows: Rows<'_>, mut classes: Classes, watched: &mut [Watched]) -> Result<Look, Error> {
        let mut tally = self.tally(&rows, true, watched);
        let mut mask = self.mask(&rows)?;
        let area = walk(&mut rows, &mut classes, &mut mask, &mut tally)?;
        rows.finish()?;
        mask.finish()?;
        Ok(tally.finish(area, self.settings.ignore_caret))
    }

    /// Walks rows of files that were read to their ends before.
    fn walk(
        &self,
        mut rows: Rows<'_>,
        mut classes: Classes,
        observer: &mut dyn Observe,
    ) -> Result<u64, Error> {
        let mut mask = self.mask(&rows)?;
        walk(&mut rows, &mut classes, &mut mask, observer)
    }

    fn tally<'w>(&self, rows: &Rows<'_>, hash: bool, watched: &'w mut [Watched]) -> Tally<'w> {
        let size = [rows.width(), rows.height()];
        Tally::new(size, self.settings.window, (self.settings.pictures, hash), watched)
    }

    fn mask(&self, rows: &Rows<'_>) -> Result<Mask<'a>, Error> {
        Mask::open(self.settings, self.ignored.clone(), self.screen.mask, rows.sizes()[0])
    }

    /// What a walk over this screen costs.
    fn cost(&self, pixels: u64, marks: u64) -> u64 {
        Work::cost(self.screen.expected.info().size + self.screen.actual.info().size, pixels, marks)
    }

    fn name(&self) -> &str {
        &self.screen.name
    }

    fn tell_notes(&mut self, [expected, actual]: [Vec<String>; 2]) {
        for (side, notes) in [("expected", expected), ("actual", actual)] {
            for note in notes {
                let why = format!("of the {side} picture, {note}");
                self.sink.emit(finding::note(&why, &self.screen.name, self.screen.actual));
            }
        }
    }

    /// Areas that the config ignores on this screen.
    fn areas(&mut self, size: Size) -> Vec<Area> {
        let mut areas = Vec::new();
        for place in self.settings.ignore.iter().filter(|place| place.is_of(&self.screen.name)) {
            match place.area(size) {
                Some(area) => areas.push(area),
                None => {
                    let why = format!("an area of `ignore` lies outside of its {size} pixels");
                    self.sink.emit(finding::warning(
                        "ignore-outside",
                        &why,
                        &self.screen.name,
                        self.screen.actual,
                    ));
                }
            }
        }
        areas
    }

    /// The whole screen, and its landmarks.
    fn watched(&self, size: Size) -> Result<Vec<Watched>, Error> {
        let whole = Area { left: 0, top: 0, right: size.width(), bottom: size.height() };
        let mut watched = vec![Watched::new(whole)];
        for place in self.settings.landmarks.iter().filter(|place| place.is_of(self.name())) {
            let area = place.area(size).ok_or_else(|| {
                let why = format!("`{}`: a landmark lies outside of its {size} pixels", self.name());
                Error::Inconclusive(Reason::Config, why)
            })?;
            watched.push(Watched::new(area));
        }
        Ok(watched)
    }

    /// Takes the figures of the look. What only one picture has differs, where sizes are compared.
    fn count(&mut self, look: &Look, [expected, actual]: [Size; 2]) {
        let judged = &mut self.judged;
        (judged.area, judged.different) = (look.area, look.different);
        (judged.density, judged.antialiased) = (look.density, look.antialiased);
        judged.regions = look.regions.len() as u64;
        if self.settings.size == SizeRule::Compare {
            let box_of = |side: fn(Size) -> usize| {
                [side(expected).max(side(actual)), side(expected).min(side(actual))]
            };
            let ([width, common_width], [height, common_height]) =
                (box_of(Size::width), box_of(Size::height));
            let rest = (width * height - common_width * common_height) as u64;
            judged.different += rest;
            judged.area += rest;
        }
    }

    /// Holds the figures against the limits.
    fn hold(&mut self, look: &Look) {
        let Settings { pixels_max, ratio_max, density_max, window, .. } = *self.settings;
        let (judged, metric) = (&mut self.judged, self.settings.metric_text());
        let (different, area, ratio) = (judged.different, judged.area, judged.ratio());
        if pixels_max.is_some_and(|most| different > most) {
            let most = pixels_max.map_or(String::new(), |most| format!(", at most {most} may"));
            judged.violated.push(format!("{different} of {area} pixels differ ({metric}){most}"));
        }
        if let Some(most) = ratio_max.filter(|most| ratio > *most) {
            judged
                .violated
                .push(format!("{ratio:.6} of {area} pixels differ ({metric}), at most {most} may"));
        }
        if let Some(most) = density_max.filter(|most| look.density > *most) {
            let text = format!(
                "{} pixels differ in one window of {window}x{window} ({metric}), at most {most} may",
                look.density
            );
            judged.violated.push(text);
        }
    }

    /// Tells a person who masks so much that little is left.
    fn tell_masked(&mut self, look: &Look, [expected, actual]: [Size; 2]) {
        let all = expected.width().min(actual.width()) * expected.height().min(actual.height());
        #[allow(clippy::cast_precision_loss, reason = "pixels are below 2^53")]
        let masked = 1.0 - look.area as f64 / all as f64;
        if look.area == 0 {
            self.judged.doubt(Reason::NotExamined, "nothing is left to compare: everything is masked".into());
        }
        if masked > MASKED_PART_MAX {
            let why = format!("{:.0} % of it is masked or ignored", masked * 100.0);
            self.sink.emit(finding::warning("mostly-masked", &why, &self.screen.name, self.screen.actual));
        }
    }

    fn size(&mut self, sizes: [Size; 2]) {
        if self.settings.size == SizeRule::Fail {
            self.judged.violated.push(format!("it has {} pixels, expected {}", sizes[1], sizes[0]));
        }
        // Where sizes are compared, the limits decide, and what only one picture has counts against them.
        let decides = !self.judged.violated.is_empty();
        self.sink.emit(finding::size(sizes, decides, &self.screen.name, self.screen.actual));
    }

    /// Tells what differs: as one shift and what differs beside it, or as regions.
    fn tell_regions(&mut self, look: &Look) -> Result<(), Error> {
        let decides = !self.judged.violated.is_empty();
        let shift = look.hashes.as_ref().and_then(Hashes::shift).filter(|_| decides);
        let rows = self.open(Classes::of(self.settings, 1).radius())?;
        let cost = self.cost(rows.pixels(), 0);
        if let Some(shift) = shift.filter(|_| self.work.take(cost)) {
            let rest = self.look_shifted(rows.shifted(shift))?;
            if rest.different * 2 < look.different {
                self.judged.regions = 1 + rest.regions.len() as u64;
                let finding = finding::shift(shift, &self.screen.name, self.screen.actual);
                self.sink.emit(finding);
                self.emit_regions(&rest.regions, (decides, "screen-changed"));
                return Ok(());
            }
        }
        self.emit_regions(&look.regions, (decides, "screen-changed"));
        Ok(())
    }

    fn look_shifted(&self, mut rows: Rows<'_>) -> Result<Look, Error> {
        let mut classes = Classes::of(self.settings, rows.width());
        let mut tally = self.tally(&rows, false, &mut []);
        let mut mask = self.mask(&rows)?;
        let area = walk(&mut rows, &mut classes, &mut mask, &mut tally)?;
        Ok(tally.finish(area, false))
    }

    fn emit_regions(&mut self, regions: &[Region], (decides, rule): (bool, &str)) {
        let (mut places, metric) = (Places::default(), self.settings.metric_text());
        for region in regions {
            let how = (decides, rule, metric.as_str());
            self.sink.emit(finding::region(region, &mut places, &self.screen.name, self.screen.actual, how));
        }
    }

    /// Looks for clusters of pixels that differ faintly, among those that are not the same.
    fn look_again(&mut self, caret: Option<Area>, unequal: Area, count: u64) -> Result<Look, Error> {
        self.ignored.extend(caret);
        let mut classes = Classes::faint(unequal, count);
        let mut rows = self.open(classes.radius())?;
        let mut tally = self.tally(&rows, false, &mut []);
        let mut mask = self.mask(&rows)?;
        let area = walk(&mut rows, &mut classes, &mut mask, &mut tally)?;
        let look = tally.finish(area, false);
        let (window, most) = (self.settings.window, self.settings.faint_max);
        self.judged.faint_density = Some(look.density);
        if look.density <= most {
            return Ok(look);
        }
        let text = format!(
            "{} pixels differ faintly in one window of {window}x{window} (ssim), at most {most} may",
            look.density
        );
        self.judged.violated.push(text);
        self.judged.regions = look.regions.len() as u64;
        let mut places = Places::default();
        for region in &look.regions {
            let how = (true, "screen-faint", "ssim: faint for the metric");
            let finding = finding::region(region, &mut places, &self.screen.name, self.screen.actual, how);
            self.sink.emit(finding);
        }
        Ok(look)
    }

    /// A screen that shows nothing is not evidence, and a landmark must show something.
    fn judge_blank(&mut self, watched: &[Watched]) {
        let Some((whole, landmarks)) = watched.split_first() else { return };
        for landmark in landmarks {
            if landmark.actual.is_blank() && !landmark.expected.is_blank() {
                let at = landmark.area.to_string();
                self.judged.violated.push(format!("the landmark {at} is blank"));
                self.sink.emit(finding::landmark(&at, &self.screen.name, self.screen.actual));
            } else if landmark.expected.is_blank() {
                let why = format!("the landmark {} is blank in the expected screen too", landmark.area);
                self.judged.doubt(Reason::NotExamined, why);
            }
        }
        if !self.settings.allow_blank && whole.expected.is_blank() && whole.actual.is_blank() {
            let why =
                "both screens show one colour, or nearly; `blank = \"allow\"` lets them pass".to_owned();
            self.judged.doubt(Reason::NotExamined, why);
        }
    }
}
