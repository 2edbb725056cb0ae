//! Rolls the outcomes of all clauses up to one word.
//!
//! | any `fail` | any `inconclusive` | any `pass` | rolls up to |
//! |---|---|---|---|
//! | no  | no  | no  | `undecided`: nothing was judged |
//! | no  | no  | yes | `met` |
//! | no  | yes | any | `undecided` |
//! | yes | any | any | `unmet` |
//!
//! Criteria and constraints count the same. A test reads this table.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::outcome::Status;

/// What an assessment says about the whole contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RollUp {
    /// Everything passes.
    Met,
    /// Something fails.
    Unmet,
    /// Nothing fails, and not everything passes.
    Undecided,
}

impl RollUp {
    /// The word of the documents.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Unmet => "unmet",
            Self::Undecided => "undecided",
        }
    }
}

/// Applies the table above.
#[must_use]
pub fn roll_up(statuses: impl IntoIterator<Item = Status>) -> RollUp {
    let mut all_pass = true;
    let mut any = false;
    for status in statuses {
        any = true;
        match status {
            Status::Fail => return RollUp::Unmet,
            Status::Inconclusive(_) => all_pass = false,
            Status::Pass => {}
        }
    }
    if any && all_pass { RollUp::Met } else { RollUp::Undecided }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Reason;
    use proptest::prelude::*;

    const INCONCLUSIVE: Status = Status::Inconclusive(Reason::Malformed);

    /// Reads the table of the module's documentation, so that the two cannot part.
    fn documented() -> Vec<([String; 3], String)> {
        let rows = include_str!("roll_up.rs").lines().filter_map(|line| line.strip_prefix("//! | "));
        rows.skip(1)
            .map(|row| {
                let cells: Vec<String> =
                    row.trim_end_matches('|').split('|').map(|cell| cell.trim().into()).collect();
                let result = cells[3].split('`').nth(1).expect("a word in backticks").to_owned();
                ([cells[0].clone(), cells[1].clone(), cells[2].clone()], result)
            })
            .collect()
    }

    #[test]
    fn the_documented_table_holds() {
        let table = documented();
        assert_eq!(table.len(), 4);
        for bits in 0..8u8 {
            let present = [bits & 1 != 0, bits & 2 != 0, bits & 4 != 0];
            let statuses = [Status::Fail, INCONCLUSIVE, Status::Pass];
            let statuses =
                present.iter().zip(statuses).filter(|(present, _)| **present).map(|(_, status)| status);
            let matches = |cell: &str, present: bool| cell == "any" || (cell == "yes") == present;
            let row = table
                .iter()
                .find(|(cells, _)| cells.iter().zip(present).all(|(cell, present)| matches(cell, present)))
                .unwrap_or_else(|| panic!("no row for {present:?}"));
            assert_eq!(roll_up(statuses).word(), row.1, "{present:?}");
        }
    }

    fn status() -> impl Strategy<Value = Status> {
        prop_oneof![Just(Status::Pass), Just(Status::Fail), Just(INCONCLUSIVE)]
    }

    proptest! {
        #[test]
        fn met_means_that_everything_passes(statuses in prop::collection::vec(status(), 0..20)) {
            let all_pass = !statuses.is_empty() && statuses.iter().all(|status| *status == Status::Pass);
            prop_assert_eq!(roll_up(statuses.clone()) == RollUp::Met, all_pass);
            let mut shuffled = statuses.clone();
            shuffled.reverse();
            prop_assert_eq!(roll_up(shuffled), roll_up(statuses));
        }

        #[test]
        fn one_more_clause_never_makes_it_met(statuses in prop::collection::vec(status(), 1..20), more in status()) {
            let before = roll_up(statuses.clone());
            let after = roll_up(statuses.into_iter().chain([more]));
            prop_assert!(after != RollUp::Met || before == RollUp::Met);
        }
    }
}
