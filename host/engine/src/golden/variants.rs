//! Variants of golden evidence that nobody may pass: cut, empty, or with zero bytes behind it.

use std::fmt;

/// Zero bytes behind an artifact: more than any tool pads with.
const PADDING_BYTES: usize = 8 << 20;

/// The parts of four that a cut leaves.
const QUARTERS: [usize; 3] = [1, 2, 3];

/// What was changed, and in which artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    kind: Kind,
    artifact: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// So many quarters are left.
    Quarters(usize),
    /// All but the last byte that is not white space.
    WithoutEnd,
    Empty,
    Oversized,
}

impl fmt::Display for Variant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let artifact = &self.artifact;
        match self.kind {
            Kind::Quarters(quarters) => write!(formatter, "{artifact} cut to {quarters}/4"),
            Kind::WithoutEnd => write!(formatter, "{artifact} without its end"),
            Kind::Empty => write!(formatter, "{artifact} empty"),
            Kind::Oversized => write!(formatter, "{artifact} oversized"),
        }
    }
}

type Artifacts = Vec<(String, String, Vec<u8>)>;

/// Every variant, one artifact changed in each; an artifact without bytes gives none.
pub(super) fn of(artifacts: &[(String, String, Vec<u8>)]) -> impl Iterator<Item = (Variant, Artifacts)> {
    let changed = artifacts.iter().enumerate().filter(|(_, (_, _, bytes))| !bytes.is_empty());
    changed.flat_map(move |(index, (slot, name, bytes))| {
        let kinds = QUARTERS.map(Kind::Quarters).into_iter();
        let kinds = kinds.chain([Kind::WithoutEnd, Kind::Empty, Kind::Oversized]);
        kinds.map(move |kind| {
            let mut variant = artifacts.to_vec();
            variant[index].2 = change(kind, bytes);
            (Variant { kind, artifact: format!("{slot}/{name}") }, variant)
        })
    })
}

fn change(kind: Kind, bytes: &[u8]) -> Vec<u8> {
    match kind {
        Kind::Quarters(quarters) => bytes[..bytes.len() * quarters / 4].to_vec(),
        Kind::WithoutEnd => {
            let end = bytes.iter().rposition(|byte| !byte.is_ascii_whitespace()).unwrap_or(0);
            bytes[..end].to_vec()
        }
        Kind::Empty => Vec::new(),
        Kind::Oversized => {
            let mut padded = bytes.to_vec();
            padded.resize(bytes.len() + PADDING_BYTES, 0);
            padded
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_variant_differs_from_the_evidence() {
        let artifacts = vec![
            ("report".to_owned(), "a.xml".to_owned(), b"<a></a>\n".to_vec()),
            ("report".to_owned(), "b.xml".to_owned(), Vec::new()),
        ];
        let variants: Vec<_> = of(&artifacts).collect();
        assert_eq!(variants.len(), 6);
        assert!(variants.iter().all(|(_, changed)| *changed != artifacts));
        let without_end = variants.iter().find(|(variant, _)| variant.kind == Kind::WithoutEnd);
        assert_eq!(without_end.expect("is made").1[0].2, b"<a></a");
        assert_eq!(variants[0].0.to_string(), "report/a.xml cut to 1/4");
    }
}
