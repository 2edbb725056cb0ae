//! Which characters nobody sees, or sees as a blank that is none. It changes no text.
//!
//! Source: `DerivedCoreProperties.txt` (`Default_Ignorable_Code_Point`) and `DerivedGeneralCategory.txt` of
//! Unicode 17.0. A test holds the tables against the same properties in `icu_properties`.

use std::cmp::Ordering;

/// A first and a last character.
type Range = (char, char);

/// `Default_Ignorable_Code_Point`: drawn as nothing. Unassigned ones are among them, for what comes later.
const IGNORABLE: &[Range] = &[
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{202a}', '\u{202e}'),
    ('\u{2060}', '\u{206f}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{fff8}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0000}', '\u{e0fff}'),
];

/// Separators (`Zs`, `Zl`, `Zp`) other than the blank that everybody types.
const SEPARATORS: &[Range] = &[
    ('\u{a0}', '\u{a0}'),
    ('\u{1680}', '\u{1680}'),
    ('\u{2000}', '\u{200a}'),
    ('\u{2028}', '\u{2029}'),
    ('\u{202f}', '\u{202f}'),
    ('\u{205f}', '\u{205f}'),
    ('\u{3000}', '\u{3000}'),
];

/// What no property names and what is drawn as nothing all the same: the empty pattern of Braille, marks of
/// annotations, controls and blanks of hieroglyphs, the filler of Khitan, and a note without a head.
const EMPTY: &[Range] = &[
    ('\u{2800}', '\u{2800}'),
    ('\u{fff9}', '\u{fffb}'),
    ('\u{13430}', '\u{13446}'),
    ('\u{16fe4}', '\u{16fe4}'),
    ('\u{1d159}', '\u{1d159}'),
];

/// True for what acts on a terminal or hides in a text: control characters, those that turn its direction
/// around, those that are drawn as nothing, and blanks that are not the usual one.
#[must_use]
pub fn is_hidden(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_control();
    }
    character.is_control() || [IGNORABLE, SEPARATORS, EMPTY].iter().any(|table| is_in(table, character))
}

fn is_in(table: &[Range], character: char) -> bool {
    let place = |(first, last): &Range| {
        if *last < character {
            Ordering::Less
        } else if *first > character {
            Ordering::Greater
        } else {
            Ordering::Equal
        }
    };
    table.binary_search_by(place).is_ok()
}

#[cfg(test)]
mod tests {
    use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory};
    use icu_properties::{CodePointMapData, CodePointSetData};

    use super::*;

    /// Every character, held against the properties of another implementation.
    #[test]
    fn the_tables_are_the_properties() {
        let ignorable = CodePointSetData::new::<DefaultIgnorableCodePoint>();
        let categories = CodePointMapData::<GeneralCategory>::new();
        for character in '\0'..=char::MAX {
            let category = categories.get(character);
            let is_separator = matches!(
                category,
                GeneralCategory::SpaceSeparator
                    | GeneralCategory::LineSeparator
                    | GeneralCategory::ParagraphSeparator
            );
            assert_eq!(is_in(IGNORABLE, character), ignorable.contains(character), "{character:?}");
            assert_eq!(is_in(SEPARATORS, character), is_separator && character != ' ', "{character:?}");
            let is_named =
                ignorable.contains(character) || is_separator || category == GeneralCategory::Control;
            assert!(!is_named || is_hidden(character) || character == ' ', "{character:?}");
            assert!(!is_in(EMPTY, character) || !is_named, "{character:?} is named twice");
        }
    }

    #[test]
    fn what_is_seen_is_not_hidden() {
        for visible in " aZ0~äß€漢字א한😀👍🏽\u{301}\u{e000}\u{fffd}".chars() {
            assert!(!is_hidden(visible), "{visible:?}");
        }
    }
}
