//! `policy.toml`: what the owner of the machine allows, whatever a contract says.
//!
//! A contract comes with the work and may be a stranger's: it only lowers limits. The owner's policy lies
//! outside of every workspace and replaces the host's own limits, most often to raise them.

use crate::contract::LimitEntries;
use crate::contract::build::limit_entries;
use crate::contract::keys::{Key, Kind, LIMITS, Presence, key};
use crate::contract::walk::walk;
use crate::problem::Problem;

/// Bytes of a policy's text.
pub const POLICY_BYTES_MAX: u64 = 64 * 1024;

/// The key table of `policy.toml`.
const ROOT: &[Key] = &[
    key("version", Kind::Version, Presence::Required, "Version of the policy's form: 1."),
    key(
        "limits",
        Kind::Table(LIMITS),
        Presence::Optional,
        "Limits of each check, in place of the host's own: what a check gets, and the most that a contract can ask for.",
    ),
];

/// What the owner of the machine allows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    /// In place of the host's own; what is absent stays.
    pub limits: LimitEntries,
}

/// Reads the text of a `policy.toml`, and everything that is wrong with it.
#[must_use]
pub fn read(text: &str) -> (Policy, Vec<Problem>) {
    let (root, problems) = walk(text, ROOT, "the policy");
    (Policy { limits: root.table("limits").map(limit_entries).unwrap_or_default() }, problems)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_and_other_keys_are_refused() {
        let (policy, problems) = read("version = 1\n[limits]\nfuel = \"100G\"\nmemory = \"1 GiB\"\n");
        assert_eq!(problems, []);
        assert_eq!(policy.limits.fuel.map(|fuel| fuel.value), Some(100_000_000_000));
        assert_eq!(policy.limits.memory.map(|memory| memory.value), Some(1 << 30));
        let messages = |text| read(text).1.into_iter().map(|problem| problem.message).collect::<Vec<_>>();
        assert_eq!(messages("version = 1\nlimit = 3\n"), ["unknown key `limit` in the policy"]);
        assert_eq!(messages("[limits]\nwall = 3\n").len(), 2);
    }
}
