//! Programs that are started and ended: in which session they are, and who is left behind.

mod groups;
mod starts;

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use evident_process::{ChildStdout, Input, Launch};
use tokio::io::AsyncReadExt as _;

/// Longer than anything takes on a busy machine; only a failing test waits for it.
const LONG: Duration = Duration::from_secs(60);

/// A program without input, in the root folder, that finds what the tests find.
fn launch(argv: &[&str]) -> Launch {
    let path = std::env::var_os("PATH").expect("tests have one");
    Launch {
        argv: argv.iter().map(OsString::from).collect(),
        folder: "/".into(),
        environment: vec![("PATH".into(), path)],
        input: Input::Closed,
        user: None,
    }
}

/// A script for the shell.
fn sh(script: &str) -> Launch {
    launch(&["sh", "-c", script])
}

/// Everything that it writes.
async fn text(mut output: ChildStdout) -> String {
    let mut text = String::new();
    let read = tokio::time::timeout(LONG, output.read_to_string(&mut text)).await;
    read.expect("it ends").expect("is text");
    text
}

/// Its first line.
async fn line(output: &mut ChildStdout) -> String {
    let mut text = Vec::new();
    while text.last() != Some(&b'\n') {
        let byte = tokio::time::timeout(LONG, output.read_u8()).await.expect("a line comes");
        text.push(byte.expect("it goes on"));
    }
    String::from_utf8(text).expect("is text").trim().to_owned()
}

/// State, group, session and terminal of a process, as the system tells; absent where it does not, or where
/// nobody has that number.
fn about(process: &str) -> Option<(String, [i64; 3])> {
    let stat = std::fs::read_to_string(Path::new("/proc").join(process).join("stat")).ok()?;
    // Behind the name, which is in parentheses and may hold any: state, parent, group, session, terminal.
    let (_, rest) = stat.rsplit_once(") ")?;
    let fields: Vec<&str> = rest.split(' ').collect();
    let number = |at: usize| fields[at].parse().expect("is a number");
    Some((fields[0].to_owned(), [number(2), number(3), number(4)]))
}
