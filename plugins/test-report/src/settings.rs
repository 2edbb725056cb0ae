//! The config of this checker: which outcomes a project accepts.
//!
//! Every default is the strict side where a lie is possible; only skipped tests are allowed, because most
//! projects have some and a baseline catches new ones.

use evident_checker::Config;

use crate::detect::Format;

/// Upper bound of counts in the config: more tests than any report holds.
const COUNT_MAX: u64 = 1_000_000_000;

/// The config after reading.
#[derive(Debug, Default)]
pub struct Settings {
    pub(crate) skipped_denied: bool,
    pub(crate) flaky_allowed: bool,
    pub(crate) flaky_max: Option<u64>,
    pub(crate) required: Vec<String>,
    pub(crate) tests_min: Option<u64>,
    pub(crate) removed_allowed: Vec<String>,
    pub(crate) skipped_allowed: Vec<String>,
    /// Attach the report as a baseline manifest.
    pub(crate) manifest: bool,
    /// Nothing: by content.
    pub(crate) format: Option<Format>,
    pub(crate) cases_alone: bool,
}

/// How far the counts in headers must agree with the cases.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Counting {
    /// A header that claims more is not believed, unless its writer is known to count something else.
    #[default]
    Headers,
    /// A header may claim more tests than there are cases.
    Cases {
        /// It may claim more skipped ones too.
        skipped: bool,
    },
}

impl Settings {
    /// Skipped tests that only a header counts are let through where skipped tests are allowed at all.
    pub(crate) fn counting(&self) -> Counting {
        if self.cases_alone { Counting::Cases { skipped: !self.skipped_denied } } else { Counting::Headers }
    }
}

/// Declares and reads every key.
pub(crate) fn configure(config: &mut Config) -> Settings {
    let formats = [
        ("auto", None),
        ("junit", Some(Format::Junit)),
        ("libtest", Some(Format::Libtest)),
        ("nextest", Some(Format::Nextest)),
        ("go-test", Some(Format::GoTest)),
    ];
    let policy = [("allow", true), ("deny", false)];
    let settings = Settings {
        skipped_denied: !config.choice("skipped", "whether tests may be skipped", &policy, "allow"),
        flaky_allowed: config.choice(
            "flaky",
            "whether tests may pass only after a failed attempt, which the report must mark as one",
            &policy,
            "deny",
        ),
        flaky_max: config.integer(
            "flaky_max",
            "how many tests may be flaky, with flaky = allow",
            0..=COUNT_MAX,
        ),
        required: config
            .texts("required", "ids of tests that must have passed; the end of an id after `::` will do"),
        tests_min: config.integer("min_tests", "how many tests must have been executed", 1..=COUNT_MAX),
        removed_allowed: config.texts("allow_removed", "ids of the baseline that may be missing, one test for each entry"),
        skipped_allowed: config.texts("allow_skipped", "ids that ran in the baseline and may be skipped, one test for each entry"),
        manifest: config.boolean(
            "manifest",
            "whether to attach `baseline.json`, the ids and outcomes of a whole report, for slot `baseline`",
            false,
        ),
        format: config.choice("format", "the format of the reports", &formats, "auto"),
        cases_alone: config.choice(
            "counts",
            "what counts in JUnit XML: `headers` must not claim more tests than there are cases, or `cases` alone",
            &[("headers", false), ("cases", true)],
            "headers",
        ),
    };
    for key in ["flaky_max", "min_tests"] {
        config.unit(key, "tests");
        config.absent(key, "no bound");
    }
    refuse_conflicts(config, &settings);
    settings
}

fn refuse_conflicts(config: &mut Config, settings: &Settings) {
    if !settings.flaky_allowed && settings.flaky_max.is_some_and(|most| most > 0) {
        let hint = Some("set `flaky` to `allow`, or leave `flaky_max` out".into());
        config.problem("flaky_max", "flaky tests are denied, so none can be allowed", hint);
    }
    if settings.skipped_denied && !settings.skipped_allowed.is_empty() {
        let hint = Some("set `skipped` to `allow`; a baseline still catches new ones".into());
        config.problem("allow_skipped", "skipped tests are denied, so none can be allowed", hint);
    }
    let lists = [
        ("required", &settings.required),
        ("allow_removed", &settings.removed_allowed),
        ("allow_skipped", &settings.skipped_allowed),
    ];
    for (key, ids) in lists {
        if ids.iter().any(|id| id.trim().is_empty()) {
            config.problem(key, "an id is empty", None);
        }
    }
    for id in &settings.required {
        let excused =
            [("allow_removed", &settings.removed_allowed), ("allow_skipped", &settings.skipped_allowed)];
        for (key, ids) in excused {
            if ids.contains(id) {
                config.problem(key, format!("`{id}` is required as well"), None);
            }
        }
    }
}
