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

fn main() -> ExitCode {
    // This very program is started again to compile components, within limits of its own.
    if let Some(compiled) = evident_engine::compile_child() {
        return compiled;
    }
    let arguments = match commands::Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version come this way too: they go to stdout and are no mistake. A closed pipe
            // leaves nobody to tell.
            let _closed_pipe = error.print();
            return if error.use_stderr() { exit::Exit::Usage.into() } else { exit::Exit::Met.into() };
        }
    };
    exit::of(commands::run(arguments))
}
