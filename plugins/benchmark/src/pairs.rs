//! Pairs the goes of both slots: artifact `3/...` of the evidence with `3/...` of the baseline.
//!
//! The host makes the goes of two sources in turn where the contract repeats both, so that a machine that
//! grows slower does so for both sides of a pair. Each go is one figure: samples of one go are no
//! independent witnesses. It never pairs what is not named by a number on both sides, and never leaves a
//! go out.

use std::collections::BTreeMap;

use evident_checker::Reason;

use crate::config::Pairing;
use crate::judge::Doubt;
use crate::limits::{enough, word};
use crate::series::Series;
use crate::statistics::{Statistic, sorted};

/// Goes that a message lists.
const GOES_SHOWN: usize = 5;

/// The samples of each go, in the order of goes.
type Goes = BTreeMap<u32, Vec<f64>>;

/// Whether two series are judged in pairs, and their goes if so.
///
/// # Errors
/// `config` if pairs are asked for and there are none, `contradiction` if the goes differ.
pub(crate) fn goes(
    current: &Series,
    baseline: &Series,
    pairing: Pairing,
) -> Result<Option<(Goes, Goes)>, Doubt> {
    if pairing == Pairing::Never {
        return Ok(None);
    }
    let (new, old) = (of(current), of(baseline));
    let (new, old) = match (new, old) {
        (Some(new), Some(old)) => (new, old),
        (new, _) if pairing == Pairing::Always => {
            let whose = if new.is_none() { "the evidence has" } else { "the baseline has" };
            let why = format!("pairs need the goes `1/...`, `2/...` of both slots, {whose} other names");
            return Err(Doubt::new(Reason::Config, why));
        }
        _ => return Ok(None),
    };
    if pairing == Pairing::Auto && new.len().max(old.len()) == 1 {
        return Ok(None);
    }
    let is_whole = |goes: &Goes| goes.keys().copied().eq((1..).take(goes.len()));
    if !is_whole(&new) || !is_whole(&old) || new.len() != old.len() {
        let why = format!(
            "the goes cannot be paired: {} in the evidence, {} in the baseline; `paired = \"never\"` compares all samples",
            listed(&new),
            listed(&old)
        );
        return Err(Doubt::new(Reason::Contradiction, why));
    }
    Ok(Some((new, old)))
}

/// One figure for each go, in the order of goes.
///
/// # Errors
/// `insufficient-data` if a go has fewer samples than the figure needs.
pub(crate) fn figures(goes: &Goes, statistic: Statistic, whose: &str) -> Result<Vec<f64>, Doubt> {
    let figure = |(go, samples): (&u32, &Vec<f64>)| {
        let what = format!("the {} of go {go}{whose}", word(statistic));
        enough(&what, samples.len(), statistic.samples_min())?;
        Ok(statistic.of(&sorted(samples)))
    };
    goes.iter().map(figure).collect()
}

/// None if an artifact is not named by its go.
fn of(series: &Series) -> Option<Goes> {
    let mut goes = Goes::new();
    for (artifact, samples) in series.by_artifact() {
        goes.entry(number(artifact)?).or_default().extend_from_slice(samples);
    }
    if let (true, Some(value), Some(only)) =
        (series.samples.is_empty(), series.value, goes.values_mut().next())
    {
        only.push(value);
    }
    (!goes.is_empty()).then_some(goes)
}

/// `12/bench.json`: 12. A contract has at most 1000 goes.
fn number(name: &str) -> Option<u32> {
    let digits = name.split_once('/')?.0;
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
    digits.parse().ok().filter(|number| is_plain && (1..=1000).contains(number))
}

fn listed(goes: &Goes) -> String {
    let shown: Vec<String> = goes.keys().take(GOES_SHOWN).map(u32::to_string).collect();
    let rest = goes.len() - shown.len();
    let shown = shown.join(", ");
    if rest == 0 { shown } else { format!("{shown} and {rest} more") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_number_names_a_go() {
        for (name, expected) in [
            ("1/bench.json", Some(1)),
            ("1000/a/b.json", Some(1000)),
            ("1001/bench.json", None),
            ("0/bench.json", None),
            ("01/bench.json", None),
            ("bench/1.json", None),
            ("/bench.json", None),
            ("1", None),
        ] {
            assert_eq!(number(name), expected, "{name}");
        }
    }
}
