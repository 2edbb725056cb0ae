//! One screen: looked at, held against the limits, told.

use evident_checker::{Error, Reason, Sink};

use crate::blank::Watched;
use crate::classes::Classes;
use crate::decode::{Kept, Size};
use crate::finding::{self, Places};
use crate::look::{Look, Observe, Tally, Walked, walk};
use crate::mask::Mask;
use crate::pair::Screen;
use crate::picture::Pictures;
use crate::regions::{Area, Region};
use crate::rows::{Rows, Shift};
use crate::settings::{Settings, SizeRule};
use crate::shift::Hashes;
use crate::work::Work;

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

/// What a walk over pictures gave that were read before; none where there was too little work left for it.
fn affordable<T>(result: Result<T, Error>) -> Result<Option<T>, Error> {
    match result {
        Err(Error::Inconclusive(Reason::Limit, _)) => Ok(None),
        result => result.map(Some),
    }
}

/// Judges a screen and tells what it finds.
pub(crate) fn judge(
    settings: &Settings,
    screen: &Screen<'_>,
    work: &mut Work,
    sink: &mut dyn Sink,
) -> Result<Judged, Error> {
    let mut judge =
        Judge { settings, screen, work, sink, ignored: Vec::new(), kept: None, judged: Judged::default() };
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
    /// The rows of both pictures after the first walk, where they are not too large.
    kept: Option<[Kept; 2]>,
    judged: Judged,
}

impl<'a> Judge<'a> {
    fn run(&mut self) -> Result<(), Error> {
        let radius = Classes::of(self.settings, 1).radius();
        let rows = self.open(radius)?;
        let (sizes, notes, height) = (rows.sizes(), rows.notes(), rows.height());
        self.tell_notes(notes);
        self.ignored = self.areas(sizes[0]);
        let mut watched = self.watched(sizes[0])?;
        let classes = Classes::of(self.settings, rows.width());
        let look = self.look(rows, classes, &mut watched)?;
        let is_whole = look.rows == height;
        self.count(&look, sizes);
        self.hold(&look);
        if is_whole {
            self.tell_masked(&look, sizes);
        } else {
            self.tell_rest(&look, height);
        }
        if sizes[0] != sizes[1] {
            self.size(sizes);
        }
        self.tell_regions(&look, is_whole)?;
        if !is_whole {
            return Ok(());
        }
        let mut drawn = Classes::of(self.settings, look.width);
        let mut shown = look;
        let is_faint = shown.is_faint() && self.settings.judge_faint && self.judged.violated.is_empty();
        if let (true, Some(unequal)) = (is_faint, shown.unequal) {
            let count = shown.faint + shown.antialiased;
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
        let mut is_attached = false;
        if self.work.takes_pictures()
            && let Some(pictures) = self.pictures(shown, classes)?
        {
            is_attached = pictures.attach(&self.screen.name, self.sink)?;
            if !is_attached {
                self.work.no_more_pictures();
            }
        }
        if !is_attached {
            let why = "its pictures were left out: there are too many, or the screens are too large";
            self.sink.emit(finding::warning("pictures-left-out", why, &self.screen.name, self.screen.actual));
        }
        Ok(())
    }

    /// The pictures; none where there is too little work left.
    fn pictures(&mut self, shown: &[Area], classes: Classes) -> Result<Option<Pictures>, Error> {
        let Some(rows) = affordable(self.open(classes.radius()))? else { return Ok(None) };
        let mut pictures = Pictures::new(rows.width(), rows.height(), shown);
        if !self.work.draw(pictures.pixels()) {
            return Ok(None);
        }
        let height = rows.height();
        let walked = affordable(self.walk(rows, classes, &mut pictures))?;
        Ok(walked.is_some_and(|walked| walked.rows == height).then_some(pictures))
    }

    fn open(&mut self, radius: usize) -> Result<Rows<'a>, Error> {
        if let Some(kept) = &self.kept {
            let bytes = kept.iter().map(Kept::bytes).sum();
            self.work.read_kept(bytes).map_err(|problem| problem.of(self.screen.actual))?;
            return Ok(Rows::kept(self.screen.expected, self.screen.actual, kept.clone(), radius));
        }
        Rows::open(self.screen.expected, self.screen.actual, self.settings.scale, radius, self.work)
    }

    /// Walks the rows and counts, to the end of all files.
    fn look(
        &mut self,
        mut rows: Rows<'_>,
        mut classes: Classes,
        watched: &mut [Watched],
    ) -> Result<Look, Error> {
        // What a picture is made of, or what moved, is asked for in a further walk.
        if self.settings.pictures && self.work.takes_pictures() {
            rows.keep();
        }
        let mut tally = self.tally(&rows, true, watched);
        let mut mask = self.mask(&rows)?;
        let walked = walk(&mut rows, &mut classes, &mut mask, &mut tally, self.work)?;
        if walked.rows == rows.height() {
            self.kept = rows.finish()?;
            mask.finish()?;
        }
        Ok(tally.finish(walked, self.settings.ignore_caret))
    }

    /// Walks rows of files that were read to their ends before.
    fn walk(
        &mut self,
        mut rows: Rows<'_>,
        mut classes: Classes,
        observer: &mut dyn Observe,
    ) -> Result<Walked, Error> {
        let mut mask = self.mask(&rows)?;
        walk(&mut rows, &mut classes, &mut mask, observer, self.work)
    }

    fn tally<'w>(&self, rows: &Rows<'_>, hash: bool, watched: &'w mut [Watched]) -> Tally<'w> {
        let size = [rows.width(), rows.height()];
        Tally::new(size, self.settings.window, (self.settings.pictures, hash), watched)
    }

    fn mask(&mut self, rows: &Rows<'_>) -> Result<Mask<'a>, Error> {
        let size = rows.sizes()[0];
        Mask::open(self.settings, self.ignored.clone(), self.screen.mask, size, self.work)
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
        // Of a screen that was not compared whole, the part that is known to differ is of all that it has.
        let area = if look.rows < expected.height().min(actual.height()) {
            (expected.width() * expected.height()).max(actual.width() * actual.height()) as u64
        } else {
            look.area
        };
        (judged.area, judged.different) = (area, look.different);
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

    /// Tells that the work ended before the last row. What was counted until then stands, and decides where it is
    /// too much.
    fn tell_rest(&mut self, look: &Look, height: usize) {
        let why = format!("only {} of {height} rows were compared: {}", look.rows, self.work.ended());
        self.sink.emit(finding::warning("not-compared", &why, &self.screen.name, self.screen.actual));
        self.judged.doubt(Reason::Limit, why);
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
    fn tell_regions(&mut self, look: &Look, is_whole: bool) -> Result<(), Error> {
        let decides = !self.judged.violated.is_empty();
        let mut regions = &look.regions;
        let beside;
        let shift = look.hashes.as_ref().filter(|_| decides && is_whole).and_then(Hashes::shift);
        if let Some(shift) = shift
            && let Some(rest) = self.beside(shift, look)?
        {
            self.judged.regions = 1 + rest.len() as u64;
            self.sink.emit(finding::shift(shift, &self.screen.name, self.screen.actual));
            beside = rest;
            regions = &beside;
        }
        self.emit_regions(regions, (decides, "screen-changed"));
        Ok(())
    }

    /// What differs beside a shift; none where the shift explains too little, or where there is too little work left
    /// to find it out.
    fn beside(&mut self, shift: Shift, look: &Look) -> Result<Option<Vec<Region>>, Error> {
        if look.hashes.as_ref().is_some_and(|hashes| hashes.explains(shift)) {
            return Ok(Some(Vec::new()));
        }
        let rest = self.look_shifted(shift)?;
        Ok(rest.filter(|rest| rest.different * 2 < look.different).map(|rest| rest.regions))
    }

    /// A walk with the rows as they lie after a shift.
    fn look_shifted(&mut self, shift: Shift) -> Result<Option<Look>, Error> {
        let classes = Classes::of(self.settings, 1);
        let Some(rows) = affordable(self.open(classes.radius()))? else { return Ok(None) };
        let rows = rows.shifted(shift);
        let height = rows.height();
        let classes = Classes::of(self.settings, rows.width());
        let mut tally = self.tally(&rows, false, &mut []);
        let walked = affordable(self.walk(rows, classes, &mut tally))?;
        let walked = walked.filter(|walked| walked.rows == height);
        Ok(walked.map(|walked| tally.finish(walked, false)))
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
        let classes = Classes::faint(unequal, count);
        let rows = self.open(classes.radius())?;
        let height = rows.height();
        let mut tally = self.tally(&rows, false, &mut []);
        let walked = self.walk(rows, classes, &mut tally)?;
        let look = tally.finish(walked, false);
        if look.rows < height {
            let why = format!("faint differences were not looked for: {}", self.work.ended());
            self.judged.doubt(Reason::Limit, why);
            return Ok(look);
        }
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
