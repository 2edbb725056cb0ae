//! A checker in forty lines: no line of any text may hold a forbidden word.

use std::io::BufRead;

use evident_checker::{
    Checker, Config, Description, Error, Evidence, Finding, Location, Outcome, Sink, Slot,
};

struct ForbiddenWords;

impl Checker for ForbiddenWords {
    type Settings = Vec<String>;

    fn describe() -> Description {
        Description::new("forbidden-words", env!("CARGO_PKG_VERSION"), "No line holds a forbidden word")
            .slot(Slot::new("texts", "the texts to read").many())
    }

    fn configure(config: &mut Config) -> Vec<String> {
        config.require("words");
        config.texts("words", "words that no line may hold, in lower case")
    }

    fn check(words: Vec<String>, evidence: &Evidence, sink: &mut dyn Sink) -> Result<Outcome, Error> {
        let (mut lines, mut found) = (0, 0);
        for text in evidence.all("texts") {
            for (number, line) in (1..).zip(text.reader().lines()) {
                let line = line?.to_lowercase();
                for word in words.iter().filter(|word| line.contains(*word)) {
                    let path = Some(text.info().name.clone());
                    let location = Location { path, line: Some(number), artifact: None };
                    sink.emit(Finding::error("forbidden-word", format!("`{word}` in: {line}")).at(location));
                    found += 1;
                }
                lines += 1;
            }
        }
        let summary = format!("{found} forbidden words in {lines} lines");
        Ok(Outcome::decide(found == 0, summary).examined(lines, "lines"))
    }
}

evident_checker::export!(ForbiddenWords);
