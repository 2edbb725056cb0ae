//! Path patterns as in CODEOWNERS, which are those of `.gitignore` without exceptions.
//!
//! The host and the checkers decide by these which paths count, may change or must not, so they must
//! never disagree: this crate is all there is. It reads no file and depends on nothing.
//!
//! Source: `gitignore(5)` and GitHub's "About code owners". What the two leave open follows the table of
//! `hmarr/codeowners`: `[` is an ordinary character, and a last `*` of an anchored pattern stays in its
//! folder.

mod name;
mod parse;

use std::fmt;

use name::Name;

/// Bytes of one pattern: the longest path that Linux takes.
pub const PATTERN_BYTES_MAX: usize = 4096;

/// Parts of one pattern between slashes: more levels than a walk enters. The places of a match fit into the
/// bits of one number.
pub const PARTS_MAX: usize = 120;

/// One pattern. Matching takes time in proportion to the pattern times the path, whatever it holds.
///
/// `a` matches every file or folder of that name, and what lies in such a folder; `/a` and `a/b` begin at
/// the top; `a/` matches only what lies in a folder `a`; `*` and `?` stay in one name; `**` stands for any
/// number of folders, at the end for everything inside; `\` takes the next character as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    parts: Vec<Part>,
    end: End,
}

/// What stands between two slashes.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    /// `**`: any number of folders.
    Folders,
    /// One name.
    Name(Name),
}

/// What may follow the last part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// Nothing: `folder/*`.
    Nothing,
    /// Anything or nothing: a folder stands for all that lies in it.
    Anything,
    /// Something: `folder/`, `folder/**`.
    Something,
}

/// Why a text is not a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotAPattern {
    /// What is wrong, a lower-case fragment.
    pub problem: String,
    /// What to write instead.
    pub hint: String,
}

impl fmt::Display for NotAPattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.problem, self.hint)
    }
}

impl std::error::Error for NotAPattern {}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// Where the text is empty or too long, is an exception (`!`), names a folder above, an empty or a `.`
    /// part, or ends inside an escape.
    pub fn parse(text: &str) -> Result<Self, NotAPattern> {
        parse::pattern(text)
    }

    /// As it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// True if it matches the file at `path`, relative to the workspace with `/` between the parts.
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        self.matches_bytes(path.as_bytes())
    }

    /// Like [`Pattern::matches`], for a path that may not be UTF-8.
    #[must_use]
    pub fn matches_bytes(&self, path: &[u8]) -> bool {
        let places = self.walk(path);
        places & self.accepted() != 0
    }

    /// True if some file below `folder` could match; the workspace itself is the empty path.
    #[must_use]
    pub fn can_match_below(&self, folder: &str) -> bool {
        self.can_match_below_bytes(folder.as_bytes())
    }

    /// Like [`Pattern::can_match_below`], for a path that may not be UTF-8.
    #[must_use]
    pub fn can_match_below_bytes(&self, folder: &[u8]) -> bool {
        let places = self.walk(folder);
        match self.end {
            End::Nothing => places & !bit(self.parts.len()) != 0,
            End::Anything | End::Something => places != 0,
        }
    }

    /// The path that the pattern begins with, up to the first name with a `*` or a `?`: of `tests/unit/**` that is
    /// `tests/unit`, of `.env` the name. Empty where there is none. The bytes need not be UTF-8.
    #[must_use]
    pub fn literal_beginning(&self) -> Vec<u8> {
        let parts = self.parts.iter().skip_while(|part| **part == Part::Folders);
        let names = parts.map_while(|part| match part {
            Part::Folders => None,
            Part::Name(name) => name.literal(),
        });
        names.collect::<Vec<_>>().join(&b'/')
    }

    /// The places in the pattern that the path can lead to, one bit each: before part 0, before part 1, and
    /// so on; after the last part; and one more where something follows it.
    fn walk(&self, path: &[u8]) -> u128 {
        let mut places = self.skip_folders(bit(0));
        for name in path.split(|byte| *byte == b'/').filter(|name| !name.is_empty()) {
            places = self.skip_folders(self.step(places, name));
            if places == 0 {
                break;
            }
        }
        places
    }

    fn step(&self, places: u128, name: &[u8]) -> u128 {
        let mut next = 0;
        for (place, part) in self.parts.iter().enumerate() {
            if places & bit(place) == 0 {
                continue;
            }
            match part {
                Part::Folders => next |= bit(place),
                Part::Name(pattern) if pattern.matches(name) => next |= bit(place + 1),
                Part::Name(_) => {}
            }
        }
        let (last, beyond) = (bit(self.parts.len()), bit(self.parts.len() + 1));
        if places & (last | beyond) != 0 {
            next |= match self.end {
                End::Nothing => 0,
                End::Anything => last,
                End::Something => beyond,
            };
        }
        next
    }

    /// Adds the places after each `**` that is reached: it may stand for no folder.
    fn skip_folders(&self, mut places: u128) -> u128 {
        for (place, part) in self.parts.iter().enumerate() {
            if *part == Part::Folders && places & bit(place) != 0 {
                places |= bit(place + 1);
            }
        }
        places
    }

    fn accepted(&self) -> u128 {
        match self.end {
            End::Nothing | End::Anything => bit(self.parts.len()),
            End::Something => bit(self.parts.len() + 1),
        }
    }
}

fn bit(place: usize) -> u128 {
    1 << place
}

impl fmt::Display for Pattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}
