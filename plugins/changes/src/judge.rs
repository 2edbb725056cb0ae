//! Decides. Every change is held against every rule as it is read; a document that cannot be believed gives
//! no verdict at all, what violates a rule fails, what could not be looked at is inconclusive, and the rest
//! passes.
//!
//! It never passes beside a finding of severity error. Of a change it keeps what a rule about modes needs, where
//! there is one, and nothing else.

use std::collections::BTreeSet;

use evident_checker::{Direction, Finding, Metric, Outcome, Reason, Sink};
use evident_patterns::Pattern;
use memchr::memmem::Finder;

use crate::api::Difference;
use crate::change::{Change, Extent, Kind, Link, What};
use crate::finding;
use crate::modes::Modes;
use crate::settings::{Api, Denied, Settings};
use crate::words::{Names, brief, counted, number_of, shown};

/// Holds changes against the rules, one after the other.
pub(crate) struct Judge<'a> {
    settings: &'a Settings,
    sink: &'a mut dyn Sink,
    texts: Vec<Finder<'a>>,
    /// False once the host takes no more findings.
    open: bool,
    /// Numbers of the findings so far: a path of a patch may come more than once.
    told: BTreeSet<u64>,
    lines: u64,
    not_allowed: Names,
    with_text: Names,
    of_kind: Names,
    modes: Modes,
    /// The first file that could not be looked at, and how many there are.
    doubt: Option<String>,
    doubts: u64,
}

impl<'a> Judge<'a> {
    pub(crate) fn new(settings: &'a Settings, sink: &'a mut dyn Sink) -> Self {
        Self {
            settings,
            sink,
            texts: settings.added.iter().map(|text| Finder::new(text.as_bytes())).collect(),
            open: true,
            told: BTreeSet::new(),
            lines: 0,
            not_allowed: Names::default(),
            with_text: Names::default(),
            of_kind: Names::default(),
            modes: Modes::default(),
            doubt: None,
            doubts: 0,
        }
    }

    /// Takes the next change.
    pub(crate) fn change(&mut self, change: &Change) {
        self.lines = self.lines.saturating_add(change.lines_added).saturating_add(change.lines_removed);
        let is_nested = change.is(Kind::Submodule);
        self.path(&change.path, change.path_bytes(), is_nested, || finding::happened(change));
        if let Some((origin, happened)) = finding::happened_to_origin(change) {
            self.path(origin, origin.as_bytes(), is_nested, || happened.clone());
        }
        self.kinds(change);
        self.added(change);
        self.unknown(change);
    }

    /// Whether the path may change. What must not change is told once, as that.
    ///
    /// A repository inside the tree is one path that stands for all files in it, so that a pattern such as
    /// `tests/**` would not see a `tests/.git` that hides them: it counts as its `.git` too.
    fn path(&mut self, path: &str, bytes: &[u8], is_nested: bool, happened: impl Fn() -> String) {
        let settings = self.settings;
        let inside = is_nested.then(|| (format!("{path}/.git"), [bytes, b"/.git"].concat()));
        let inside = inside.as_ref().map(|(path, bytes)| (path.as_str(), bytes.as_slice()));
        let names = || std::iter::once((path, bytes)).chain(inside);
        let matching = |patterns: &'a [Pattern], bytes: &[u8]| {
            patterns.iter().find(|pattern| pattern.matches_bytes(bytes))
        };
        let denied = names().find_map(|(name, bytes)| Some((name, matching(&settings.deny, bytes)?)));
        let outside = |allowed: &&'a [Pattern]| names().find(|(_, bytes)| matching(allowed, bytes).is_none());
        let allowed = settings.allow.as_deref();
        let (name, finding) = if let Some((name, pattern)) = denied {
            (name, finding::denied(name, &happened(), pattern))
        } else if let Some((allowed, (name, _))) = allowed.and_then(|it| Some((it, outside(&it)?))) {
            (name, finding::outside(name, &happened(), allowed))
        } else {
            return;
        };
        if self.tell(bytes, finding) {
            self.not_allowed.push(name);
        }
    }

    fn kinds(&mut self, change: &Change) {
        let is = |kind: &Denied| match kind {
            Denied::Removed => change.what == What::Removed,
            Denied::Moved => matches!(change.link, Some(Link::MovedFrom(_))),
            Denied::Mode => change.mode_changed(),
            Denied::Symlink => change.is(Kind::Symlink),
            Denied::Submodule => change.is(Kind::Submodule),
            Denied::Binary => change.binary,
            Denied::Special => change.is(Kind::Special),
        };
        let kinds: Vec<Denied> = self.settings.kinds_denied.iter().copied().filter(is).collect();
        if !kinds.is_empty() && self.tell(change.path_bytes(), finding::kind(change, &kinds)) {
            self.of_kind.push(&change.path);
        }
        if self.settings.kinds_denied.contains(&Denied::Mode) {
            self.modes.take(change);
        }
    }

    /// The moves that changed a mode, which are known once all is read.
    fn moved_modes(&mut self) {
        for file in std::mem::take(&mut self.modes).changed() {
            if self.tell(file.path_bytes(), finding::moved_mode(&file)) {
                self.of_kind.push(&file.path);
            }
        }
    }

    fn added(&mut self, change: &Change) {
        if !self.is_searched(change) {
            return;
        }
        let mut any = false;
        for at in 0..self.texts.len() {
            let Some(found) = change.added.find(&self.texts[at]) else { continue };
            let finding = finding::text(&change.path, &self.settings.added[at], &found);
            any |= self.tell(change.path_bytes(), finding);
        }
        if any {
            self.with_text.push(&change.path);
        }
    }

    /// What a rule is about and nobody could look at.
    fn unknown(&mut self, change: &Change) {
        let path = shown(&change.path);
        let is_searched = self.is_searched(change) && change.what != What::Removed;
        let is_counted = self.settings.lines_max.is_some();
        let nested = "it is a repository of its own, whose files are not in the evidence";
        let is_hidden = change.after == Some(Kind::Submodule);
        let unsearched = if is_hidden { Some(nested) } else { change.unsearched.as_deref() };
        let uncounted = if change.is(Kind::Submodule) { Some(nested) } else { change.uncounted.as_deref() };
        let message = match (unsearched, uncounted) {
            (Some(why), _) if is_searched => {
                format!("the added lines of `{path}` were not searched: {}", shown(why))
            }
            (_, Some(why)) if is_counted => format!("the lines of `{path}` were not counted: {}", shown(why)),
            _ => return,
        };
        self.doubts += 1;
        self.emit(finding::unknown(&change.path, &message));
        self.doubt.get_or_insert(message);
    }

    /// True if `added` is about the file.
    fn is_searched(&self, change: &Change) -> bool {
        let path = change.path_bytes();
        let may_hold = |it: &Pattern| change.after == Some(Kind::Submodule) && it.can_match_below_bytes(path);
        let covers = |paths: &Vec<Pattern>| paths.iter().any(|it| it.matches_bytes(path) || may_hold(it));
        !self.texts.is_empty() && self.settings.added_paths.as_ref().is_none_or(covers)
    }

    /// Emits a finding about a path, once for each rule; false if it was told before.
    fn tell(&mut self, path: &[u8], finding: Finding) -> bool {
        // Two texts that give one number are two findings of which one is not told: the check fails all
        // the same.
        let identity = finding.fingerprint.as_deref().unwrap_or_default();
        let number = number_of(&[identity.as_bytes(), b"\0", path].concat());
        let is_new = self.told.insert(number);
        if is_new {
            self.emit(finding);
        }
        is_new
    }

    fn emit(&mut self, finding: Finding) {
        if self.open {
            self.open = self.sink.emit(finding);
        }
    }

    /// Decides over a document that was read whole.
    pub(crate) fn finish(mut self, extent: Extent, difference: Option<&Difference>) -> Outcome {
        self.moved_modes();
        let settings = self.settings;
        let mut reasons = Vec::new();
        let changed = extent.changed;
        if self.not_allowed.count() > 0 {
            reasons.push(self.not_allowed_of(changed));
        }
        if let Some(most) = settings.files_max.filter(|most| changed > *most) {
            let text = format!("{} changed, and at most {most} may", counted(changed, "file", "files"));
            self.emit(finding::count("too-many-files", &text));
            reasons.push(text);
        }
        if let Some(most) = settings.lines_max.filter(|most| self.lines > *most) {
            let text = format!("{} changed, and at most {most} may", counted(self.lines, "line", "lines"));
            self.emit(finding::count("too-many-lines", &text));
            reasons.push(text);
        }
        for (names, one, many) in [
            (&self.with_text, "file adds text that is not allowed", "files add text that is not allowed"),
            (
                &self.of_kind,
                "change is of a kind that is not allowed",
                "changes are of a kind that is not allowed",
            ),
        ] {
            if names.count() > 0 {
                reasons.push(format!("{}: {}", counted(names.count(), one, many), names.told()));
            }
        }
        if let Some(difference) = difference {
            self.api(difference, &mut reasons);
        }
        let outcome = if !reasons.is_empty() {
            Outcome::decide(false, reasons.join("; "))
        } else if let Some(doubt) = self.doubt.take() {
            let more =
                if self.doubts > 1 { format!(" (and {} more)", self.doubts - 1) } else { String::new() };
            Outcome::inconclusive(Reason::Limit, doubt + &more)
        } else if extent.compared.unwrap_or(changed) == 0 {
            Outcome::inconclusive(Reason::NotExamined, "no file was compared")
        } else {
            Outcome::decide(true, passed(extent))
        };
        self.measured(outcome, extent)
    }

    /// Origins of copies are not allowed without having changed, so they may outnumber what changed.
    fn not_allowed_of(&self, changed: u64) -> String {
        let (count, names) = (self.not_allowed.count(), self.not_allowed.told());
        if count > changed {
            return format!("{} not allowed: {names}", counted(count, "file is", "files are"));
        }
        let verb = if count == 1 { "is" } else { "are" };
        format!(
            "{count} of {} {verb} not allowed: {names}",
            counted(changed, "changed file", "changed files")
        )
    }

    fn api(&mut self, difference: &Difference, reasons: &mut Vec<String>) {
        let Some(rule) = self.settings.api else { return };
        let added = if rule == Api::Unchanged { difference.added.as_slice() } else { &[] };
        for (name, items, happened) in
            [("api-removed", difference.removed.as_slice(), "is gone"), ("api-added", added, "is new")]
        {
            for item in items {
                self.emit(finding::item(name, item, happened));
            }
            if let Some(first) = items.first() {
                let count = counted(items.len() as u64, "public item", "public items");
                let verb = if items.len() == 1 { happened } else { &happened.replacen("is", "are", 1) };
                let more =
                    if items.len() > 1 { format!(" and {} more", items.len() - 1) } else { String::new() };
                reasons.push(format!("{count} {verb}: {}{more}", brief(first)));
            }
        }
    }

    fn measured(&self, outcome: Outcome, extent: Extent) -> Outcome {
        let metric = |name: &str, count: u64, unit: &str, most: Option<u64>| {
            let mut metric = Metric::new(name, figure(count), unit);
            metric.limit = most.map(figure);
            metric.direction = Direction::Lower;
            metric
        };
        outcome
            .metric(metric("changed files", extent.changed, "files", self.settings.files_max))
            .metric(metric("changed lines", self.lines, "lines", self.settings.lines_max))
            .examined(extent.compared.unwrap_or(extent.changed), "files")
    }
}

fn passed(extent: Extent) -> String {
    let of = extent.compared.map_or_else(String::new, |compared| format!(" of {compared} compared"));
    match extent.changed {
        0 => format!("no file changed{of}"),
        changed => format!("{} changed{of}, all allowed", counted(changed, "file", "files")),
    }
}

/// Counts stay far below the integers that a float holds exactly.
fn figure(count: u64) -> f64 {
    u32::try_from(count).map_or(f64::from(u32::MAX), f64::from)
}
