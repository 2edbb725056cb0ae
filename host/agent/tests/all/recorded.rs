//! What real agents wrote, through the mappings that come along.

use std::env;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use evident_agent::{AgentSpec, Signal, open};
use evident_core::agent::{Ended, Ending, ItemKind, Usage};

use crate::fixture::*;

/// What a host hears of a turn, added up.
#[derive(Debug, PartialEq, Eq)]
struct Sum {
    session: Option<String>,
    calls: Vec<String>,
    usage: Usage,
    ended: Ended,
}

/// The recorded output; says so where there is none.
fn recorded(file: &str) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures");
    let path = env::var_os("EVIDENT_FIXTURES").map_or_else(beside, PathBuf::from).join("agents").join(file);
    if fs::metadata(&path).is_ok_and(|metadata| metadata.is_file()) {
        return Some(path);
    }
    writeln!(std::io::stderr(), "skipped: no `{}`", path.display()).expect("stderr is open");
    None
}

async fn sum(mapping: &str, file: &Path) -> Sum {
    let folder = workspace();
    let argv = ["cat".to_owned(), file.to_str().expect("is text").to_owned()];
    let spec = AgentSpec::parse(&format!("command:{mapping}"), &argv).expect("is an agent");
    let mut driver = open(&spec, &setup(&folder)).expect("opens");
    let (mut session, mut calls, mut usage) = (None, Vec::new(), Usage::default());
    for signal in act(&mut *driver, 1, "").await {
        match signal {
            Signal::Started { session: known, .. } => session = known,
            Signal::Item(item) if item.kind == ItemKind::ToolCall => calls.push(item.title),
            Signal::Usage(used) => usage = usage.plus(used),
            Signal::Ended(ended) => return Sum { session, calls, usage, ended },
            _ => {}
        }
    }
    panic!("a turn ends");
}

fn told(session: &str, calls: &[&str], usage: Usage, message: &str) -> Sum {
    Sum {
        session: Some(session.into()),
        calls: calls.iter().map(|&call| call.to_owned()).collect(),
        usage,
        ended: Ended { ending: Ending::Completed, message: message.into() },
    }
}

#[tokio::test]
async fn opencode() {
    let Some(file) = recorded("opencode-run.jsonl") else { return };
    let usage = Usage { tool_calls: 1, input_tokens: 200, output_tokens: 20, ..Usage::default() };
    let calls = ["bash echo hi > proof.txt; cat proof.txt"];
    let wanted = told("ses_dfcbf26daffesGBrnpUeelM4SD", &calls, usage, "turn one done");
    assert_eq!(sum("opencode", &file).await, wanted);
}

#[tokio::test]
async fn gemini() {
    let Some(file) = recorded("gemini-stream.jsonl") else { return };
    let usage = Usage { tool_calls: 2, input_tokens: 500, output_tokens: 50, ..Usage::default() };
    let calls = ["run_shell_command echo one", "run_shell_command false"];
    let wanted = told("5e169260-2dee-47dc-ac34-9b67f6cc2d7e", &calls, usage, "Really done (2).");
    assert_eq!(sum("gemini", &file).await, wanted);
}

#[tokio::test]
async fn copilot() {
    let Some(file) = recorded("copilot-stream.jsonl") else { return };
    let usage = Usage { tool_calls: 2, ..Usage::default() };
    let calls = ["bash echo one", "bash false"];
    let wanted = told("7834f720-c190-4714-86ee-cd6a2e85c42c", &calls, usage, "Really done (2).");
    assert_eq!(sum("copilot", &file).await, wanted);
}

#[tokio::test]
async fn qwen() {
    let Some(file) = recorded("qwen-goal-stream.jsonl") else { return };
    let usage = Usage { tool_calls: 1, input_tokens: 500, output_tokens: 50, ..Usage::default() };
    let calls = ["run_shell_command echo a"];
    let wanted = told("8d7733f7-3efe-4bdc-8d1e-cc548d38f459", &calls, usage, "t4");
    assert_eq!(sum("qwen", &file).await, wanted);
}
