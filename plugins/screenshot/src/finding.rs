//! The words of findings: which screen, what happened, where.

use evident_checker::{Artifact, Finding, Location};

use crate::decode::Size;
use crate::regions::Region;
use crate::rows::Shift;

/// Places of findings are told to this many pixels, so that a region keeps its name when its edge moves a bit.
const PLACE_PIXELS: usize = 32;

/// A finding about a screen, at its file.
fn about(finding: Finding, screen: &str, place: &str, artifact: &Artifact) -> Finding {
    let fingerprint = format!("{}:{screen}{place}", finding.rule);
    let location = Location { artifact: Some(artifact.info().name.clone()), ..Location::default() };
    finding.at(location).fingerprint(fingerprint)
}

/// Names findings so that no two of a screen have the same name.
#[derive(Debug, Default)]
pub(crate) struct Places {
    taken: Vec<String>,
}

impl Places {
    fn name(&mut self, region: &Region) -> String {
        let (x, y) = (region.area.left / PLACE_PIXELS, region.area.top / PLACE_PIXELS);
        let place = format!(":{}:{x},{y}", region.kind.word());
        let same = self.taken.iter().filter(|taken| **taken == place).count();
        self.taken.push(place.clone());
        if same == 0 { place } else { format!("{place}#{}", same + 1) }
    }
}

/// A region that does not look as it did. `metric` names how that was found out.
pub(crate) fn region(
    region: &Region,
    places: &mut Places,
    screen: &str,
    artifact: &Artifact,
    (decides, rule, metric): (bool, &str, &str),
) -> Finding {
    let pixels = region.area.width() as u64 * region.area.height() as u64;
    let message = format!(
        "`{screen}`: {} {}: {} of {pixels} pixels differ ({metric})",
        region.kind.word(),
        region.area,
        region.pixels
    );
    let finding = if decides { Finding::error(rule, message) } else { Finding::note(rule, message) };
    about(finding, screen, &places.name(region), artifact)
}

/// Content that moved.
pub(crate) fn shift(shift: Shift, screen: &str, artifact: &Artifact) -> Finding {
    let (by, way) = (shift.by.unsigned_abs(), if shift.by > 0 { "down" } else { "up" });
    let message = format!("`{screen}`: shifted {way} by {by} px below y = {}", shift.from);
    let place = format!(":{way}:{}", shift.from / PLACE_PIXELS);
    about(Finding::error("screen-shifted", message), screen, &place, artifact)
}

/// Another size than expected.
pub(crate) fn size(
    [expected, actual]: [Size; 2],
    decides: bool,
    screen: &str,
    artifact: &Artifact,
) -> Finding {
    let message = format!("`{screen}` has {actual} pixels, expected {expected}");
    let finding =
        if decides { Finding::error("screen-size", message) } else { Finding::note("screen-size", message) };
    about(finding, screen, "", artifact)
}

/// A screen that was not made.
pub(crate) fn missing(screen: &str, artifact: &Artifact) -> Finding {
    let message = format!("`{screen}` is expected, but there is no actual screen of this name");
    about(Finding::error("missing-screen", message), screen, "", artifact)
}

/// A screen without an expected one.
pub(crate) fn new(screen: &str, decides: bool, artifact: &Artifact) -> Finding {
    let message = format!("`{screen}` is new: no expected screen has this name");
    let finding =
        if decides { Finding::error("new-screen", message) } else { Finding::note("new-screen", message) };
    about(finding, screen, "", artifact)
}

/// A landmark that shows nothing.
pub(crate) fn landmark(at: &str, screen: &str, artifact: &Artifact) -> Finding {
    let message = format!("`{screen}`: the landmark {at} is blank");
    about(Finding::error("blank-landmark", message), screen, &format!(":{at}"), artifact)
}

/// Something that does not decide, but that a person should look at.
pub(crate) fn warning(rule: &str, why: &str, screen: &str, artifact: &Artifact) -> Finding {
    about(Finding::warning(rule, format!("`{screen}`: {why}")), screen, "", artifact)
}

/// What was not compared as it would be shown.
pub(crate) fn note(why: &str, screen: &str, artifact: &Artifact) -> Finding {
    about(Finding::note("not-applied", format!("`{screen}`: {why}")), screen, &format!(":{why}"), artifact)
}
