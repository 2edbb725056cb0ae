//! The config of the checker: one call per key gives its schema, its checks and its value.
//!
//! ```toml
//! max_pixels = 20
//! ignore = ["home: 0, 0, 100%, 40", "#clock: 10, 10, 80, 20"]
//! landmarks = ["home: 0, 40, 100%, 60"]
//! ```
//!
//! Nothing needs to be set. A screen that is named here and is not in the evidence is told by the check.

mod place;

use evident_checker::{Config, Quantity};

pub(crate) use place::Place;

use crate::metric::{Blend, Metric};

/// Windows in which density is counted are 32 pixels wide: those of the figures that pixelmatch states.
const WINDOW_DEFAULT: u64 = 32;
/// A wider window costs a row of memory per row.
const WINDOW_MAX: u64 = 256;
/// More pixels than any picture has.
const COUNT_MAX: u64 = 1 << 40;
/// More than any host allows.
const WORK_MAX: u64 = 1 << 50;
/// Device factors beyond this are not in use.
const SCALE_MAX: u64 = 8;

/// What a size that is not the expected one means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SizeRule {
    /// It is a difference.
    Fail,
    /// The area that both have is compared, and the rest differs.
    Compare,
}

/// Whether what the metric finds similar is looked at again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Faint {
    /// If the config states no threshold and no limit.
    Auto,
    Judge,
    Allow,
}

/// The config after reading.
#[derive(Debug, Clone)]
pub struct Settings {
    pub(crate) metric: Metric,
    /// Of the metric; the metric's own default if none.
    pub(crate) threshold: f64,
    pub(crate) blend: Blend,
    pub(crate) count_antialias: bool,
    /// Inclusive. One of the two is there.
    pub(crate) pixels_max: Option<u64>,
    /// A fraction of the compared area, inclusive.
    pub(crate) ratio_max: Option<f64>,
    /// Differing pixels in any window, inclusive.
    pub(crate) density_max: Option<u32>,
    /// Side of a window, in pixels.
    pub(crate) window: usize,
    /// Whether faint differences are judged.
    pub(crate) judge_faint: bool,
    /// Faintly differing pixels in any window, inclusive.
    pub(crate) faint_max: u32,
    /// Names of screens: expected, actual.
    pub(crate) pairs: Vec<(String, String)>,
    pub(crate) allow_new: bool,
    pub(crate) ignore: Vec<Place>,
    pub(crate) landmarks: Vec<Place>,
    /// The word without alpha that marks what a mask ignores; none: what is opaque.
    pub(crate) mask_color: Option<u32>,
    pub(crate) ignore_caret: bool,
    pub(crate) size: SizeRule,
    pub(crate) scale: usize,
    pub(crate) allow_blank: bool,
    pub(crate) pictures: bool,
    /// List the actual screens, and compare none.
    pub(crate) manifest: bool,
    /// Units of work; as much as the host allows by default if none.
    pub(crate) work_max: Option<u64>,
}

impl Settings {
    /// Names the metric and its threshold: a threshold alone says nothing.
    pub(crate) fn metric_text(&self) -> String {
        format!("{}, threshold {}", self.metric.name(), self.threshold)
    }
}

/// Reads the config; every problem at once.
pub(crate) fn configure(config: &mut Config) -> Settings {
    let metric = config.choice("metric", "how two colours are compared", Metric::WORDS, "pixelmatch-7");
    let title = "the largest difference between two colours that counts as equal, in the metric's own scale";
    let threshold = config.number("threshold", title, 0.0..=1.0);
    let blends = [("checkerboard", Blend::Checkerboard), ("white", Blend::White)];
    let title = "what semi-transparent pixels are seen over; `oklab` and `ssim` know white alone";
    let blend = config.choice("blend", title, &blends, "checkerboard");
    let words = [("ignore", false), ("count", true)];
    let count_antialias =
        config.choice("antialias", "whether pixels of anti-aliasing differ", &words, "ignore");
    let title = "how many pixels of a screen may differ";
    let pixels_max = config.integer("max_pixels", title, 0..=COUNT_MAX);
    let title = "which part of the compared area of a screen may differ: 0.01 or `1 %`";
    let ratio_max = config.quantity("max_ratio", title);
    let title = "how many differing pixels any `window` may hold";
    let density_max = config.integer("max_density", title, 0..=WINDOW_MAX * WINDOW_MAX);
    let title = "side of the squares that `max_density` and `max_faint` are about, in pixels";
    let window = config.integer("window", title, 2..=WINDOW_MAX).unwrap_or(WINDOW_DEFAULT);
    let faint = faint(config);
    let faint_max = config.integer(
        "max_faint",
        "how many faintly differing pixels any `window` may hold",
        0..=WINDOW_MAX * WINDOW_MAX,
    );
    let pairs = pairs(config);
    let words = [("fail", false), ("allow", true)];
    let allow_new = config.choice("new", "what a screen that is not expected means", &words, "fail");
    let title = "areas that are not compared, `[SCREEN:] X, Y, WIDTH, HEIGHT`, in pixels or percent";
    let ignore = places(config, "ignore", title);
    let title = "areas that must not be blank, written as those of `ignore`";
    let landmarks = places(config, "landmarks", title);
    let mask_color = mask_color(config);
    let words = [("count", false), ("ignore", true)];
    let title = "whether one upright bar of at most 2 pixels a screen, as a text cursor is, differs";
    let ignore_caret = config.choice("caret", title, &words, "count");
    let words = [("fail", SizeRule::Fail), ("compare", SizeRule::Compare)];
    let title = "what another size means: a failure, or that what only one picture has differs";
    let size = config.choice("layout", title, &words, "fail");
    let title = "how many pixels of the actual screen, either way, are one of the expected";
    let scale = config.integer("scale", title, 1..=SCALE_MAX).unwrap_or(1);
    let words = [("refuse", false), ("allow", true)];
    let title = "whether screens of one colour, or nearly, are evidence of anything";
    let allow_blank = config.choice("blank", title, &words, "refuse");
    let words = [("write", true), ("none", false)];
    let pictures = config.choice("pictures", "whether pictures of differences are made", &words, "write");
    let title = "whether to attach `baseline-files.json`, the actual screens by name, and to compare none: for \
                 `evident baseline write`";
    let manifest = config.boolean("manifest", title, false);
    let title = "how much work the check does before it ends with what it knows, in units of the host's fuel";
    let work_max = config.integer("max_work", title, 1..=WORK_MAX);
    annotate(config);
    let has_limit = ["threshold", "max_pixels", "max_ratio", "max_density"].iter().any(|key| config.has(key));
    let settings = Settings {
        metric,
        threshold: threshold.unwrap_or(metric.threshold_default()),
        blend,
        count_antialias,
        pixels_max: pixels_max.or((!config.has("max_ratio")).then_some(0)),
        ratio_max: ratio_max.and_then(|ratio| fraction(config, &ratio)),
        density_max: density_max.and_then(|count| u32::try_from(count).ok()),
        window: usize::try_from(window).unwrap_or(usize::MAX),
        judge_faint: match faint {
            Faint::Auto => config.has("max_faint") || (!has_limit && metric != Metric::Ssim),
            Faint::Judge => true,
            Faint::Allow => false,
        },
        faint_max: u32::try_from(faint_max.unwrap_or(window)).unwrap_or(u32::MAX),
        pairs,
        allow_new,
        ignore,
        landmarks,
        mask_color,
        ignore_caret,
        size,
        scale: usize::try_from(scale).unwrap_or(1),
        allow_blank,
        pictures,
        manifest,
        work_max,
    };
    tell_nonsense(config, &settings, faint);
    settings
}

/// Units, and what holds where a key is absent.
fn annotate(config: &mut Config) {
    for key in ["max_pixels", "max_density", "window", "max_faint", "scale"] {
        config.unit(key, "pixels");
    }
    config.unit("max_ratio", "part of the compared area, or percent");
    for (key, meaning) in [
        ("threshold", "0.1; 0.01 with `ssim`"),
        ("max_pixels", "0; without a bound if `max_ratio` is set"),
        ("max_ratio", "no bound"),
        ("max_density", "no bound"),
        ("max_faint", "the number of `window`"),
        ("mask_color", "a mask ignores what is not transparent"),
    ] {
        config.absent(key, meaning);
    }
    config.absent("window", &WINDOW_DEFAULT.to_string());
    config.absent("scale", "1");
    config.unit("max_work", "units of fuel");
    config
        .absent("max_work", "three fifths of what the host allows: 12 G, or 76 for each byte of the screens");
}

fn faint(config: &mut Config) -> Faint {
    let words = [("auto", Faint::Auto), ("judge", Faint::Judge), ("allow", Faint::Allow)];
    let title = "whether what the metric finds similar is looked at again for clusters that a person sees: `auto` \
                 does where neither `threshold` nor a limit on differing pixels is set";
    config.choice("faint", title, &words, "auto")
}

fn pairs(config: &mut Config) -> Vec<(String, String)> {
    let title = "screens of different names that belong together, `EXPECTED = ACTUAL`";
    let mut pairs: Vec<(String, String)> = Vec::new();
    for text in config.texts("pairs", title) {
        let names = text.split_once('=').map(|(left, right)| (left.trim(), right.trim()));
        match names.filter(|(left, right)| !left.is_empty() && !right.is_empty()) {
            Some((left, right)) if pairs.iter().any(|(known, other)| known == left || other == right) => {
                let hint = Some("each screen belongs to one other".into());
                config.problem("pairs", format!("`{text}` names a screen that another pair names"), hint);
            }
            Some((left, right)) => pairs.push((left.into(), right.into())),
            None => {
                let hint = Some("write for example `home-v1 = home`".into());
                config.problem("pairs", format!("`{text}` is not two names"), hint);
            }
        }
    }
    pairs
}

fn places(config: &mut Config, key: &str, title: &str) -> Vec<Place> {
    let mut read = Vec::new();
    for text in config.texts(key, title) {
        match Place::parse(&text) {
            Ok(place) => read.push(place),
            Err(why) => {
                let hint = "write for example `10, 20, 100, 50`, `home: 0, 0, 100%, 10%`";
                config.problem(key, format!("`{text}` {why}"), Some(hint.into()));
            }
        }
    }
    read
}

fn mask_color(config: &mut Config) -> Option<u32> {
    let title = "the colour of what a mask ignores, `#rrggbb`";
    let text = config.text("mask_color", title)?;
    let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6);
    let number = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
    if number.is_none() {
        let hint = Some("write for example `#ff00ff`".into());
        config.problem("mask_color", format!("`{text}` is not a colour"), hint);
    }
    // Words have red in the lowest byte.
    number.map(|number| number.swap_bytes() >> 8)
}

fn fraction(config: &mut Config, ratio: &Quantity) -> Option<f64> {
    let value = match ratio.unit.as_str() {
        "" => Some(ratio.value),
        "%" => Some(ratio.value / 100.0),
        _ => None,
    };
    let value = value.filter(|value| (0.0..=1.0).contains(value));
    if value.is_none() {
        let hint = Some("write for example `0.01` or `1 %`".into());
        config.problem("max_ratio", format!("`{ratio}` is not part of an area"), hint);
    }
    value
}

/// What each key alone does not show.
fn tell_nonsense(config: &mut Config, settings: &Settings, faint: Faint) {
    if settings.metric != Metric::Pixelmatch && config.has("blend") && settings.blend == Blend::Checkerboard {
        let hint = Some("leave the key out".into());
        config.problem("blend", "only `pixelmatch-7` blends over a checkerboard", hint);
    }
    if settings.metric == Metric::Ssim && config.has("antialias") {
        let hint = Some("leave the key out".into());
        config.problem("antialias", "`ssim` has no anti-aliasing to ignore: similarity tells it", hint);
    }
    let is_ssim = settings.metric == Metric::Ssim;
    if is_ssim && (faint == Faint::Judge || config.has("max_faint")) {
        let key = if config.has("max_faint") { "max_faint" } else { "faint" };
        let hint = Some("leave the key out".into());
        config.problem(key, "`ssim` is what looks for faint differences, so there is no second look", hint);
    }
    if faint == Faint::Allow && config.has("max_faint") {
        let hint = Some("leave one of the two out".into());
        config.problem("max_faint", "`faint` allows every faint difference", hint);
    }
    if !settings.judge_faint && settings.density_max.is_none() && config.has("window") {
        let hint = Some("add `max_density`, or leave the key out".into());
        config.problem("window", "neither `max_density` nor `max_faint` is in force", hint);
    }
}
