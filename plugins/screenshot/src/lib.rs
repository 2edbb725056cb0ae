//! The checker `screenshot`: judges whether screens look as they did, and tells the regions that do not.
//!
//! It compares pictures pixel by pixel with a named metric, leaves out what is declared not to count, and tells
//! rendering noise from change. What it cannot read whole never passes, nor does a page that shows nothing.
//! It never looks at how a picture was made.
//!
//! # Noise and change
//!
//! The default metric is that of the peers (pixelmatch, threshold 0.1, anti-aliasing ignored), and no pixel may
//! differ. It is blind to what is faint: 26 of 256 levels of gray on a whole page are no difference to it. So
//! where no pixel differs and some are not the same, these are looked at again as Playwright's `ssim-cie94`
//! does: a pixel counts if its colour differs noticeably (CIE94 above 1) and it lies in an even area or where
//! the structure differs. Such pixels spread out are noise; more of them in one window than `max_faint` are a
//! change. With the default of 32 in a window of 32 by 32: the four labelled pairs of rendering noise that are
//! at hand have 0, noise of 10 levels on one pixel in a hundred has 25 (on one in fifty 42), an icon of 6 by 6
//! pixels that is 10 levels darker has 36, and a panel that is 3 levels darker has 1024; 2 levels are below what
//! is noticeable. Text that becomes lighter as a whole keeps its structure and is not seen by this look.
//! The config that states its own threshold or limits has said what is similar, and there is no second
//! look unless it asks for one.

mod about;
mod blank;
mod classes;
mod decode;
mod density;
mod finding;
mod judge;
mod list;
mod look;
mod marks;
mod mask;
mod metric;
mod pair;
mod picture;
mod regions;
mod rows;
mod screen;
mod settings;
mod shift;
mod work;

use evident_checker::{Checker, Config, Description, Error, Evidence, Outcome, Sink, Slot};

pub use settings::Settings;

/// The slot with the screens as they should look.
const EXPECTED: &str = "expected";
/// The slot with the screens as they look.
const ACTUAL: &str = "actual";
/// The slot with pictures of what does not count.
const MASK: &str = "mask";

/// The checker. Its config is described in `settings`, its outcomes in `judge`.
#[derive(Debug)]
pub struct Screenshot;

impl Checker for Screenshot {
    type Settings = Settings;

    fn describe() -> Description {
        let pictures = |slot: Slot| {
            slot.many().media_type("image/png").media_type("image/webp").media_type("image/jpeg")
        };
        let expected = Slot::new(EXPECTED, "screens as they should look").trusted();
        let actual = Slot::new(ACTUAL, "screens as they look, paired by name without folder and extension");
        let mask = Slot::new(MASK, "pictures of what does not count, named as their screens");
        Description::new("screenshot", env!("CARGO_PKG_VERSION"), "Screens that look as they did")
            .slot(pictures(expected))
            .slot(pictures(actual))
            .slot(pictures(mask.optional().trusted()))
            .example(about::EXAMPLE)
            .inconclusive(&about::INCONCLUSIVE)
    }

    fn configure(config: &mut Config) -> Settings {
        settings::configure(config)
    }

    fn check(settings: Settings, evidence: &Evidence, sink: &mut dyn Sink) -> Result<Outcome, Error> {
        let (expected, actual) = (evidence.all(EXPECTED), evidence.all(ACTUAL));
        let screens = pair::pair(&settings, expected, actual, evidence.all(MASK))?;
        if settings.manifest {
            return list::list(&settings, &screens, [expected, actual], sink);
        }
        judge::judge(&settings, &screens, sink)
    }
}

evident_checker::export!(Screenshot);
