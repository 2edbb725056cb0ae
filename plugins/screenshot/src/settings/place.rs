//! An area as people write it: `[SCREEN:] X, Y, WIDTH, HEIGHT`, each in pixels or in percent of the picture.

use crate::decode::Size;
use crate::regions::Area;

/// A length in pixels, or a part of a side.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Length {
    Pixels(u32),
    Percent(f64),
}

/// An area of one screen or of every screen.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Place {
    /// None: every screen.
    pub(crate) screen: Option<String>,
    lengths: [Length; 4],
}

impl Place {
    /// Reads the text; an error says what is wrong with it, as the end of a sentence.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (screen, numbers) = match text.rsplit_once(':') {
            Some((screen, numbers)) => (Some(screen.trim()), numbers),
            None => (None, text),
        };
        if screen.is_some_and(str::is_empty) {
            return Err("has a colon, but no screen before it".into());
        }
        let lengths = numbers.split(',').map(length).collect::<Result<Vec<_>, _>>()?;
        let lengths: [Length; 4] =
            lengths.try_into().map_err(|lengths: Vec<_>| format!("has {} numbers, not 4", lengths.len()))?;
        if lengths[2..].iter().any(|length| matches!(length, Length::Pixels(0) | Length::Percent(0.0))) {
            return Err("has no width or no height".into());
        }
        Ok(Self { screen: screen.map(str::to_owned), lengths })
    }

    /// The pixels of a picture that it covers, also those that it covers in part; none if it lies outside.
    pub(crate) fn area(&self, size: Size) -> Option<Area> {
        let [x, y, width, height] = self.lengths;
        let (left, right) = span(x, width, size.width());
        let (top, bottom) = span(y, height, size.height());
        (left < right && top < bottom).then_some(Area { left, top, right, bottom })
    }

    /// True if it is about this screen.
    pub(crate) fn is_of(&self, screen: &str) -> bool {
        self.screen.as_deref().is_none_or(|name| name == screen)
    }
}

fn length(text: &str) -> Result<Length, String> {
    let text = text.trim();
    let number = match text.strip_suffix('%') {
        Some(number) => {
            let percent = number.trim_end().parse().ok().filter(|percent| (0.0..=100.0).contains(percent));
            percent.map(Length::Percent)
        }
        None => text.strip_suffix("px").unwrap_or(text).trim_end().parse().ok().map(Length::Pixels),
    };
    number.ok_or_else(|| format!("has `{text}`, which is neither pixels nor percent from 0 to 100"))
}

/// First pixel and the one behind the last, inside `side`.
fn span(start: Length, length: Length, side: usize) -> (usize, usize) {
    let exact = |length| match length {
        Length::Pixels(pixels) => f64::from(pixels),
        #[allow(clippy::cast_precision_loss, reason = "a side is below 2^17")]
        Length::Percent(percent) => percent * side as f64 / 100.0,
    };
    let (from, to) = (exact(start), exact(start) + exact(length));
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative, and clipped")]
    let pixel = |at: f64| (at as usize).min(side);
    (pixel(from.floor()), pixel(to.ceil()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Catches an area that lies elsewhere than it says, and a percentage that loses a part of a pixel.
    #[test]
    fn areas_cover_what_they_say() {
        let size = Size::new(200, 50).unwrap();
        for (text, screen, expected) in [
            ("10, 20, 100, 5", None, Some([10, 20, 110, 25])),
            ("home: 10,20,100,50", Some("home"), Some([10, 20, 110, 50])),
            ("a:b: 0,0,1px,1 px", Some("a:b"), Some([0, 0, 1, 1])),
            ("0, 0, 100%, 10%", None, Some([0, 0, 200, 5])),
            ("33.3%, 0, 0.1%, 1", None, Some([66, 0, 67, 1])),
            ("200, 0, 1, 1", None, None),
            ("0, 4000000000, 1, 4000000000", None, None),
        ] {
            let place = Place::parse(text).unwrap();
            assert_eq!(place.screen.as_deref(), screen, "{text}");
            let expected = expected.map(|[left, top, right, bottom]| Area { left, top, right, bottom });
            assert_eq!(place.area(size), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_area_is_refused() {
        for (text, why) in [
            ("", "has ``, which is neither"),
            ("1,2,3", "has 3 numbers"),
            ("1,2,3,4,5", "has 5 numbers"),
            ("1,2,0,4", "no width"),
            ("1,2,3,0%", "no height"),
            ("-1,2,3,4", "`-1`"),
            ("1,2,101%,4", "`101%`"),
            ("1,2,NaN%,4", "`NaN%`"),
            ("1.5,2,3,4", "`1.5`"),
            (": 1,2,3,4", "no screen"),
        ] {
            let error = Place::parse(text).expect_err(text);
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
