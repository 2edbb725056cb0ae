//! The binary `evident`: commands and output formats. It asks the engine and shows the answer; it holds
//! no logic of its own.

#[cfg(not(unix))]
compile_error!("evident runs on Linux and macOS: it needs process groups and POSIX file access");

mod commands;
mod diagnostics;
mod exit;
mod format;
mod progress;
mod ui;

use std::process::ExitCode;

use clap::Parser;
use evident_engine::process::Orphans;

fn main() -> ExitCode {
    // This very program is started again to compile components, within limits of its own.
    if let Some(compiled) = evident_engine::compile_child() {
        return compiled;
    }
    let arguments = match commands::Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version come this way too: they go to stdout and are not mistakes. A closed pipe
            // leaves nobody to tell.
            let text = error.render().ansi().to_string();
            if error.use_stderr() {
                ui::chatter(&text);
                return exit::Exit::Usage.into();
            }
            let _closed_pipe = ui::result(&text);
            return exit::Exit::Met.into();
        }
    };
    // From here on: whatever loses its parent below this process is this one's to end.
    let orphans = Orphans::adopt().unwrap_or_else(|error| {
        ui::chatter(&format!("note: what commands leave behind cannot be ended here: {error}\n"));
        Orphans::default()
    });
    let exit = commands::run(arguments, &orphans);
    orphans.end_all();
    exit::of(exit)
}
