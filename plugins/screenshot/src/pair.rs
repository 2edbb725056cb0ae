//! Which screens belong together: those whose files have the same name, without folder and extension.
//!
//! What a comparison tool adds to a name (`home-expected.png`, `home-actual.png`) is left out where a name
//! has no partner as it stands. Two files of one name in a slot belong to nobody, unless their folders agree
//! too.

use std::collections::BTreeMap;

use evident_checker::{Artifact, Error, Reason};

use crate::settings::Settings;

/// A screen that should look as it did.
pub(crate) struct Screen<'a> {
    pub(crate) name: String,
    pub(crate) expected: &'a Artifact,
    pub(crate) actual: &'a Artifact,
    pub(crate) mask: Option<&'a Artifact>,
}

/// All screens of a check.
pub(crate) struct Screens<'a> {
    /// In the order of the expected slot.
    pub(crate) pairs: Vec<Screen<'a>>,
    /// Names of those that were not made.
    pub(crate) missing: Vec<(String, &'a Artifact)>,
    /// Names of those without an expected one.
    pub(crate) new: Vec<(String, &'a Artifact)>,
    /// Names of masks without a screen.
    pub(crate) masks: Vec<String>,
}

impl Screens<'_> {
    /// True if there is a screen of this name, compared or not.
    pub(crate) fn has(&self, name: &str) -> bool {
        let mut names = self.pairs.iter().map(|screen| &screen.name);
        names.any(|known| known == name)
            || self.missing.iter().chain(&self.new).any(|(known, _)| known == name)
    }
}

/// Pairs the artifacts of all slots.
///
/// # Errors
/// Inconclusive where two files of a slot have the same name, or a pair of the config names no file.
pub(crate) fn pair<'a>(
    settings: &Settings,
    expected: &'a [Artifact],
    actual: &'a [Artifact],
    masks: &'a [Artifact],
) -> Result<Screens<'a>, Error> {
    let ours = named(expected, "expected")?;
    let mut theirs = named(actual, "actual")?;
    let mut masks = named(masks, "mask")?;
    let partners = partners(settings, &ours, &theirs)?;
    let mut screens = Screens { pairs: Vec::new(), missing: Vec::new(), new: Vec::new(), masks: Vec::new() };
    for (name, artifact) in in_order(&ours, expected) {
        let partner = partners.get(name).and_then(|partner| theirs.remove(partner));
        let shown = without(name, "expected").to_owned();
        let mask = masks.remove(name).or_else(|| masks.remove(&shown));
        match partner {
            Some(actual) => screens.pairs.push(Screen { name: shown, expected: artifact, actual, mask }),
            None => screens.missing.push((shown, artifact)),
        }
    }
    screens.new = in_order(&theirs, actual).map(|(name, artifact)| (name.to_owned(), artifact)).collect();
    screens.masks = masks.into_keys().collect();
    Ok(screens)
}

type Named<'a> = BTreeMap<String, &'a Artifact>;

/// The artifacts of a slot by name; by path where the names alone are not enough.
fn named<'a>(artifacts: &'a [Artifact], slot: &str) -> Result<Named<'a>, Error> {
    let mut counts = BTreeMap::<&str, u64>::new();
    for artifact in artifacts {
        *counts.entry(name_of(artifact)).or_default() += 1;
    }
    let mut named = Named::new();
    for artifact in artifacts {
        let name = name_of(artifact);
        let name = if counts[name] > 1 { path_of(artifact) } else { name };
        if named.insert(name.to_owned(), artifact).is_some() {
            let why = format!("slot `{slot}` has two screens named `{name}`");
            return Err(Error::Inconclusive(Reason::Config, why));
        }
    }
    Ok(named)
}

/// The path without the extension.
fn path_of(artifact: &Artifact) -> &str {
    let path = artifact.info().name.as_str();
    match path.rsplit_once('.') {
        Some((before, extension)) if !before.is_empty() && !extension.contains('/') => before,
        _ => path,
    }
}

/// The name without folder and extension.
fn name_of(artifact: &Artifact) -> &str {
    let path = path_of(artifact);
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

fn in_order<'n, 'a>(
    named: &'n Named<'a>,
    artifacts: &'a [Artifact],
) -> impl Iterator<Item = (&'n str, &'a Artifact)> {
    artifacts.iter().filter_map(move |artifact| {
        let name =
            [name_of(artifact), path_of(artifact)].into_iter().find_map(|name| named.get_key_value(name));
        name.filter(|(_, found)| std::ptr::eq(**found, artifact)).map(|(name, _)| (name.as_str(), artifact))
    })
}

/// Whom each expected screen belongs to: by the config, by name, or by name without what tools add.
fn partners(
    settings: &Settings,
    ours: &Named<'_>,
    theirs: &Named<'_>,
) -> Result<BTreeMap<String, String>, Error> {
    let mut partners = BTreeMap::new();
    for (left, right) in &settings.pairs {
        for (name, slot, named) in [(left, "expected", ours), (right, "actual", theirs)] {
            if !named.contains_key(name) {
                let has: Vec<&str> = named.keys().map(String::as_str).take(8).collect();
                let why = format!("`pairs` names `{name}`, but slot `{slot}` has {}", has.join(", "));
                return Err(Error::Inconclusive(Reason::Config, why));
            }
        }
        partners.insert(left.clone(), right.clone());
    }
    let mut taken: Vec<String> = partners.values().cloned().collect();
    for name in ours.keys() {
        if !partners.contains_key(name) && theirs.contains_key(name) && !taken.contains(name) {
            partners.insert(name.clone(), name.clone());
            taken.push(name.clone());
        }
    }
    let bare: BTreeMap<&str, &String> = theirs
        .keys()
        .filter(|name| !taken.contains(name))
        .map(|name| (without(name, "actual"), name))
        .collect();
    for name in ours.keys() {
        if let (false, Some(partner)) = (partners.contains_key(name), bare.get(without(name, "expected"))) {
            partners.insert(name.clone(), (*partner).clone());
        }
    }
    Ok(partners)
}

/// A name without what tools of comparison add to it.
fn without<'n>(name: &'n str, word: &str) -> &'n str {
    let bare = name.strip_suffix(word).and_then(|name| name.strip_suffix(['-', '.', '_']));
    bare.filter(|name| !name.is_empty()).unwrap_or(name)
}
