//! Finds the test that a person means: by its full id, or by the end of it.
//!
//! Never by anything looser: a name that fits two tests fits none.

/// What an id of the config stands for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Meant<'a> {
    One(&'a str),
    None,
    /// The candidates, in order.
    Several(Vec<&'a str>),
}

/// Looks for `wanted` among `ids`.
pub(crate) fn meant<'a>(wanted: &str, ids: impl Iterator<Item = &'a str> + Clone) -> Meant<'a> {
    if let Some(exact) = ids.clone().find(|id| *id == wanted) {
        return Meant::One(exact);
    }
    let ends = |id: &str| id.strip_suffix(wanted).is_some_and(|before| before.ends_with("::"));
    let candidates: Vec<&str> = ids.filter(|id| ends(id)).collect();
    match candidates[..] {
        [] => Meant::None,
        [one] => Meant::One(one),
        _ => Meant::Several(candidates),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_id_or_a_unique_end() {
        let ids = ["a::b::works", "a::c::works", "works", "other::overworks"];
        for (wanted, expected) in [
            ("works", Meant::One("works")),
            ("b::works", Meant::One("a::b::works")),
            ("rworks", Meant::None),
            ("overworks", Meant::One("other::overworks")),
            ("a::b", Meant::None),
        ] {
            assert_eq!(meant(wanted, ids.iter().copied()), expected, "{wanted}");
        }
        assert_eq!(meant("works", ids[..2].iter().copied()), Meant::Several(ids[..2].to_vec()));
    }
}
