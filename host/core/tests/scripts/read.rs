//! The words of one line of a story: `name=value`, and flags.

/// Words that nobody took yet.
pub(crate) struct Words {
    words: Vec<String>,
    /// What stands behind ` -- `, as it is.
    pub(crate) text: Option<String>,
}

impl Words {
    pub(crate) fn of(line: &str) -> Self {
        let (words, text) = match line.split_once(" -- ") {
            Some((words, text)) => (words, Some(text.to_owned())),
            None => (line, None),
        };
        Self { words: words.split_whitespace().map(str::to_owned).collect(), text }
    }

    /// The value of `name=value`.
    pub(crate) fn take(&mut self, name: &str) -> Option<String> {
        let at =
            self.words.iter().position(|word| word.split_once('=').is_some_and(|(key, _)| key == name))?;
        self.words.remove(at).split_once('=').map(|(_, value)| value.to_owned())
    }

    /// True if the word stands there.
    pub(crate) fn flag(&mut self, name: &str) -> bool {
        let at = self.words.iter().position(|word| word == name);
        at.map(|at| self.words.remove(at)).is_some()
    }

    /// The next word.
    pub(crate) fn next(&mut self) -> Option<String> {
        (!self.words.is_empty()).then(|| self.words.remove(0))
    }

    /// A word that nobody took is a mistake of the story.
    pub(crate) fn end(self) -> Result<(), String> {
        if self.words.is_empty() { Ok(()) } else { Err(format!("what is `{}`?", self.words.join(" "))) }
    }
}
