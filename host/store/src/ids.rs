//! The ids of the store: 128 bits that the caller draws, written as 32 hexadecimal digits.
//!
//! Nothing here makes one up.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A text that is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected 32 hexadecimal digits")]
pub struct NotAnId;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name([u8; 16]);

        impl $name {
            /// From 16 bytes that nobody else has drawn.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// The 16 bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, "{self}")
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                if text.len() != 32 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                    return Err(NotAnId);
                }
                u128::from_str_radix(text, 16).map(|bits| Self(bits.to_be_bytes())).map_err(|_| NotAnId)
            }
        }

        impl TryFrom<String> for $name {
            type Error = NotAnId;

            fn try_from(text: String) -> Result<Self, NotAnId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }
    )*};
}

ids! {
    /// Names a goal.
    GoalId;
    /// Names the conversation that a goal belongs to.
    ThreadId;
    /// Names a command, so that sending it twice is sending it once.
    CommandId;
    /// Names one run of one host: whoever holds leases.
    OwnerId;
}

/// The first and the last id whose digits begin with `prefix`.
///
/// `None` where no id can: more than 32 digits, or something else than digits.
pub(crate) fn range(prefix: &str) -> Option<(GoalId, GoalId)> {
    let is_digits = prefix.len() <= 32 && prefix.bytes().all(|byte| byte.is_ascii_hexdigit());
    let edge = |fill: &str| format!("{prefix}{}", fill.repeat(32 - prefix.len())).parse().ok();
    if is_digits { edge("0").zip(edge("f")) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        let id = GoalId::from_bytes([0xab; 16]);
        assert_eq!(id.to_string(), "ab".repeat(16));
        assert_eq!(id.to_string().to_uppercase().parse(), Ok(id));
        for text in
            ["", "+", &"a".repeat(31), &"a".repeat(33), &format!("+{}", "a".repeat(31)), &"é".repeat(16)]
        {
            assert_eq!(text.parse::<GoalId>(), Err(NotAnId), "{text}");
        }
    }

    #[test]
    fn a_prefix_has_its_range() {
        let (first, last) = range("0aB").expect("is one");
        assert_eq!(first.to_string(), format!("0ab{}", "0".repeat(29)));
        assert_eq!(last.to_string(), format!("0ab{}", "f".repeat(29)));
        assert_eq!(range(""), Some((GoalId([0; 16]), GoalId([0xff; 16]))));
        assert_eq!((range("xy"), range(&"a".repeat(33)), range("é")), (None, None, None));
    }
}
