//! The names of objects: git does not compare them with the bytes that it gives, so it is done here.
//!
//! Source: `gitformat-pack(5)` and `gitdatamodel`: the hash of `TYPE SIZE`, a zero byte, and the content.

use sha1_checked::{Digest as _, Sha1};
use sha2::{Digest as _, Sha256};

/// The name of an object that is being read. What was made to share its SHA-1 with something else has
/// none.
pub(in crate::tree) enum Naming {
    Sha1(Box<Sha1>),
    Sha256(Sha256),
}

/// True for a whole id, by SHA-1 or SHA-256, as git writes it.
pub(in crate::tree) fn is_id(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

impl Naming {
    /// For an object that shall have this id.
    pub(in crate::tree) fn new(id: &str, kind: &str, size: u64) -> Self {
        let mut naming =
            if id.len() == 64 { Self::Sha256(Sha256::new()) } else { Self::Sha1(Box::new(Sha1::new())) };
        naming.update(format!("{kind} {size}\0").as_bytes());
        naming
    }

    /// Adds bytes of the content.
    pub(in crate::tree) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha1(hash) => hash.update(bytes),
            Self::Sha256(hash) => hash.update(bytes),
        }
    }

    /// The id; nothing for bytes that were made to collide.
    pub(in crate::tree) fn finish(self) -> Option<String> {
        match self {
            Self::Sha1(hash) => {
                let result = hash.try_finalize();
                (!result.has_collision()).then(|| hex(result.hash()))
            }
            Self::Sha256(hash) => Some(hex(&hash.finalize())),
        }
    }
}

/// An id in lower case.
pub(in crate::tree) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing into a text never fails");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_git() {
        // `printf '' | git hash-object --stdin`, in a repository of either kind.
        let empty = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391";
        assert_eq!(Naming::new(empty, "blob", 0).finish().as_deref(), Some(empty));
        let empty = "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813";
        assert_eq!(Naming::new(empty, "blob", 0).finish().as_deref(), Some(empty));
    }

    #[test]
    fn an_id_is_whole() {
        assert!(is_id(&"a".repeat(40)) && is_id(&"0".repeat(64)));
        assert!(!is_id(&"a".repeat(39)) && !is_id(&"A".repeat(40)) && !is_id("HEAD"));
    }
}
