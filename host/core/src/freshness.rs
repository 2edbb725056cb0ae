//! What becomes of evidence whose ground moved: the tree changed, or a source that it needs gave nothing.
//!
//! An assessment is about one tree. Evidence about another one, and a pass that was not written down in
//! time, are not evidence and no pass; a `fail` stands.

use crate::contract::{At, Recipe, Source};
use crate::defence::Defence;
use crate::digest::Digest;
use crate::doubt::Doubt;
use crate::evidence::{Evidence, Origin, OriginKind, Shortfall, Timestamp, TreeSpan};
use crate::outcome::{NoEvidence, Outcome, Reason, Status};
use crate::text::{self, Lines};
use crate::tree::LeadsOut;

/// Paths that a message names; the rest is counted.
pub const PATHS_SHOWN: usize = 10;

/// Bytes of why a need failed, where another source is told of: a list of paths would hide the rest.
const NEED_BYTES_MAX: usize = 120;

/// What was seen of the tree that a source was collected on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watched {
    /// The tree that it should have been.
    pub expected: Digest,
    /// What it was before and after.
    pub span: TreeSpan,
    /// Paths that differ between before and after or, where these are the same, between expected and
    /// after; in byte order.
    pub changed: Vec<String>,
    /// True if the ignore files name all of these already: they count as inputs, or because git tracks them.
    pub ignored: bool,
    /// Paths that were rewritten, replaced, renamed, linked or touched between before and after, whatever they hold
    /// now, but for those where that is let through.
    pub moved: Vec<String>,
    /// Paths that count and carry bytes which no digest is taken of: links to what does not count.
    pub leads_out: Vec<LeadsOut>,
}

/// Says on which tree the evidence was collected, and refuses it where that is not the expected one.
#[must_use]
pub fn on_tree(mut evidence: Evidence, watched: &Watched) -> Evidence {
    evidence.origin.tree = Some(watched.span);
    if Defence::LinksOut.stands() {
        evidence.origin.doubts.extend(doubts(&watched.leads_out));
    }
    let is_same = watched.span.before == watched.expected && watched.span.after == watched.expected;
    let is_at_rest = watched.moved.is_empty() || !Defence::ChangeTime.stands();
    if (is_same || !Defence::TreeUnchanged.stands()) && (is_at_rest || !is_same) {
        return evidence;
    }
    let paths = listed(&watched.changed);
    let detail = if is_same {
        format!(
            "rewritten, replaced, renamed, linked or touched while it was collected (permissions and times \
             count), and then as before: {}; what counts must rest meanwhile: let tests work on copies in a \
             temporary folder",
            listed(&watched.moved)
        )
    } else if watched.span.before == watched.span.after {
        format!("collected after the tree had changed: {paths}")
    } else {
        let hint = match watched.ignored {
            true => "they are ignored and count as inputs, or because git tracks them: take them out there",
            false => "ignore them",
        };
        format!("the tree changed while it was collected: {paths}; {hint} or write to {{out}}")
    };
    // What is wrong already is the better clue.
    evidence.shortfall.get_or_insert(Shortfall { reason: Reason::TreeChanged, detail });
    evidence
}

/// One doubt about all links, and one about all special files: the first is named, the others are counted.
fn doubts(leads_out: &[LeadsOut]) -> impl Iterator<Item = Doubt> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut links = leads_out.iter().filter_map(|out| Some((&out.path, out.target.as_deref()?)));
    let link = links.next().map(|(path, target)| Doubt::LinkOut {
        link: text(path),
        target: text(target),
        more: links.count() as u64,
    });
    let mut special = leads_out.iter().filter(|out| out.target.is_none());
    let special =
        special.next().map(|out| Doubt::Special { path: text(&out.path), more: special.count() as u64 });
    link.into_iter().chain(special)
}

/// Takes back a pass where the tree is another one when the assessment is written down. `changed` are
/// the paths that differ.
#[must_use]
pub fn at_the_end(mut outcome: Outcome, changed: &[String]) -> Outcome {
    if outcome.status == Status::Pass && Defence::TreeAtTheEnd.stands() {
        let paths = listed(changed);
        outcome.status = Status::Inconclusive(Reason::TreeChanged);
        outcome.summary =
            format!("the tree changed before this was written down: {paths} (was: {})", outcome.summary);
    }
    outcome
}

/// The evidence of a source that is not collected because of what it needs: where `need` gave no evidence,
/// it would be about what is not there. A need that no clause reads (`is_read`) has nothing to say but how
/// it ended: where that supports no pass, a build for example, what follows would be about an older one.
#[must_use]
pub fn without_need(source: &Source, need: &Evidence, is_read: bool, at: Timestamp) -> Option<Evidence> {
    let name = &need.origin.source;
    let detail = match (&need.shortfall, need.origin.exit) {
        (Some(shortfall), _) => {
            let why = text::clean(&shortfall.detail, NEED_BYTES_MAX, Lines::Join);
            format!("needs `{name}`, which gave no evidence: {why}")
        }
        (None, Some(exit)) if !is_read && !need.origin.exit_accepted && Defence::ExitMismatch.stands() => {
            format!("needs `{name}`, which ended with {exit}")
        }
        _ => return None,
    };
    Some(none(source, Reason::NoEvidence(NoEvidence::Missing), &detail, at))
}

/// The evidence of a source that was not collected.
#[must_use]
pub fn none(source: &Source, reason: Reason, detail: &str, at: Timestamp) -> Evidence {
    let shortfall = Some(Shortfall { reason, detail: text::line(detail) });
    Evidence { origin: origin(source, at), artifacts: Vec::new(), shortfall }
}

/// The origin of a source, before anything is known about how it went.
#[must_use]
pub fn origin(source: &Source, at: Timestamp) -> Origin {
    let (kind, argv) = match &source.recipe {
        Recipe::Run(run) => (OriginKind::Produced, run.argv.clone()),
        Recipe::Files(_) => (OriginKind::Found, Vec::new()),
        Recipe::Changes(_) => (OriginKind::Produced, Vec::new()),
    };
    let doubts = match source.is_worker_writable() {
        true => vec![Doubt::FoundFiles { source: source.name.value.clone() }],
        false => Vec::new(),
    };
    Origin {
        source: source.name.value.clone(),
        kind,
        argv,
        at: if matches!(source.recipe, Recipe::Changes(_)) { At::Work } else { source.at },
        repeat: source.repeat,
        exit: None,
        exit_accepted: false,
        started: at,
        ended: at,
        age_ms: None,
        doubts,
        tree: None,
        prepared: None,
    }
}

/// `a`, `b` and 3 more.
#[must_use]
pub fn listed(paths: &[String]) -> String {
    let shown: Vec<String> =
        paths.iter().take(PATHS_SHOWN).map(|path| format!("`{}`", text::name(path))).collect();
    match paths.len() {
        0 => "what changed is not known".into(),
        count if count > PATHS_SHOWN => format!("{} and {} more", shown.join(", "), count - PATHS_SHOWN),
        _ => shown.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(byte: u8) -> Digest {
        Digest::from_bytes([byte; 32])
    }

    fn evidence() -> Evidence {
        let text = "[evidence.s]\nrun = [\"true\"]\n";
        let source = crate::contract::read(text).contract.sources.remove(0);
        Evidence { shortfall: None, ..none(&source, Reason::Stale, "", Timestamp(1)) }
    }

    fn watched(before: u8, after: u8) -> Watched {
        let span = TreeSpan { before: digest(before), after: digest(after) };
        let changed = (0..12).map(|number| format!("f{number}")).collect();
        Watched {
            expected: digest(1),
            span,
            changed,
            ignored: false,
            moved: Vec::new(),
            leads_out: Vec::new(),
        }
    }

    /// Catches a message that asks for what was done already.
    #[test]
    fn what_is_ignored_already_is_not_to_be_ignored() {
        let told = |ignored| on_tree(evidence(), &Watched { ignored, ..watched(1, 2) }).shortfall;
        let told = [false, true].map(|ignored| told(ignored).expect("refused").detail);
        assert!(told[0].contains("ignore them") && told[1].contains("count as inputs"), "{told:?}");
    }

    /// Catches evidence about a tree that is not the assessed one, in each of the ways that it can be.
    #[test]
    fn evidence_about_another_tree_is_none() {
        assert_eq!(on_tree(evidence(), &watched(1, 1)).shortfall, None);
        for (before, after, words) in [(1, 2, "while"), (2, 1, "while"), (2, 2, "after"), (2, 3, "while")] {
            let shortfall = on_tree(evidence(), &watched(before, after)).shortfall.expect("refused");
            assert_eq!(shortfall.reason, Reason::TreeChanged);
            assert!(shortfall.detail.contains(words), "{}", shortfall.detail);
            assert!(shortfall.detail.contains("`f9` and 2 more"), "{}", shortfall.detail);
        }
    }

    /// Catches bytes that were put back before the tree was looked at again.
    #[test]
    fn what_moved_and_holds_the_same_is_told() {
        let moved = |before, after| Watched { moved: vec!["src/a".into()], ..watched(before, after) };
        let told = |watched: &Watched| on_tree(evidence(), watched).shortfall;
        let shortfall = told(&moved(1, 1)).expect("refused");
        assert_eq!(shortfall.reason, Reason::TreeChanged);
        assert!(shortfall.detail.contains("and then as before: `src/a`"), "{}", shortfall.detail);
        assert!(shortfall.detail.contains("temporary folder"), "{}", shortfall.detail);
        let shortfall = told(&moved(1, 2)).expect("refused");
        assert!(shortfall.detail.contains("the tree changed while"), "the better clue: {}", shortfall.detail);
        #[cfg(feature = "undefended")]
        crate::defence::without(Defence::ChangeTime, || assert_eq!(told(&moved(1, 1)), None));
    }

    /// Catches a pass that is proven beside bytes of which no digest is taken.
    #[test]
    fn what_leads_out_is_a_doubt() {
        let out =
            |path: &str, target: Option<&str>| LeadsOut { path: path.into(), target: target.map(Into::into) };
        let leads_out = vec![out("a", Some("/etc/a")), out("b", None), out("c", Some("build/c"))];
        let watched = Watched { leads_out, ..watched(1, 1) };
        let told = || on_tree(evidence(), &watched).origin.doubts;
        let link = Doubt::LinkOut { link: "a".into(), target: "/etc/a".into(), more: 1 };
        assert_eq!(told(), [link, Doubt::Special { path: "b".into(), more: 0 }]);
        #[cfg(feature = "undefended")]
        crate::defence::without(Defence::LinksOut, || assert_eq!(told(), []));
    }

    #[test]
    fn only_a_pass_is_taken_back() {
        let mut outcome = Outcome::undecided(Reason::Stale, "s");
        outcome.status = Status::Fail;
        assert_eq!(at_the_end(outcome.clone(), &["a".into()]).status, Status::Fail);
        outcome.status = Status::Pass;
        let taken = at_the_end(outcome, &["a".into()]);
        assert_eq!(taken.status, Status::Inconclusive(Reason::TreeChanged));
        assert!(taken.summary.contains("`a`"), "{}", taken.summary);
    }
}
