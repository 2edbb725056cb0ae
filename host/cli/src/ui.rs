//! Owns stdout and stderr: results go to the one, everything else to the other. Nothing that is printed is a
//! command to a build server, but what [`commands`] prints.

use std::io::{self, IsTerminal, Write};

use anstyle::{AnsiColor, Style};
use evident_core::text;

/// Styles by meaning. Whether they show is decided where they are written.
pub(crate) mod style {
    use super::{AnsiColor, Style};

    pub(crate) const PASS: Style = AnsiColor::Green.on_default().bold();
    pub(crate) const FAIL: Style = AnsiColor::Red.on_default().bold();
    pub(crate) const INCONCLUSIVE: Style = AnsiColor::Yellow.on_default().bold();
    pub(crate) const STRONG: Style = Style::new().bold();
    pub(crate) const FAINT: Style = Style::new().dimmed();
}

/// Text in a style.
pub(crate) fn styled(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// Writes a result to stdout: colours only for a terminal, and `NO_COLOR` is respected. A reader that
/// has seen enough and closed the pipe, as `head` does, is not an error and changes no exit code.
pub(crate) fn result(text: &str) -> anyhow::Result<()> {
    commands(&text::harmless(text))
}

/// Writes a result that a build server is to act on, as it stands.
pub(crate) fn commands(text: &str) -> anyhow::Result<()> {
    let mut stdout = anstream::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}

/// Writes something that is not a result to stderr. A closed stderr leaves nobody to tell.
pub(crate) fn chatter(text: &str) {
    let _closed_pipe = anstream::stderr().lock().write_all(text::harmless(text).as_bytes());
}

/// Prints an error with its causes and a hint.
pub(crate) fn error(error: &anyhow::Error, hint: Option<&str>) {
    let mut text = format!("{}: {error}\n", styled(style::FAIL, "error"));
    for cause in error.chain().skip(1) {
        text += &format!("  because: {cause}\n");
    }
    if let Some(hint) = hint {
        text += &format!("  help: {hint}\n");
    }
    chatter(&text);
}

/// True if somebody watches stderr: then progress is shown.
pub(crate) fn watched() -> bool {
    io::stderr().is_terminal()
}

/// True if somebody can type.
pub(crate) fn answers() -> bool {
    io::stdin().is_terminal()
}

/// True if stderr shows colours.
pub(crate) fn coloured() -> bool {
    anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never
}
