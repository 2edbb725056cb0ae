//! `evident checker test`: golden cases of a checker, and variants of them that must not pass.

use std::path::PathBuf;

use clap::Args;

use super::Which;
use crate::exit::Exit;
use crate::format::counted;
use crate::ui::{self, style, styled};

/// Try a checker on golden cases, and on cut, empty and oversized variants that must not pass
#[derive(Debug, Args)]
pub(crate) struct Test {
    #[command(flatten)]
    which: Which,
    /// Folder of cases, each with `evidence/SLOT/...`, `config.json` and `expected.json`
    cases: PathBuf,
}

pub(crate) fn run(arguments: &Test) -> anyhow::Result<Exit> {
    let engine = crate::commands::engine()?;
    let loaded = arguments.which.load(&engine)?;
    let cases = engine.cases(&arguments.cases)?;
    let (mut text, mut tried, mut wrong) = (String::new(), 0, 0);
    for case in &cases {
        for one in engine.try_case(&loaded, case)? {
            tried += usize::from(one.variant.is_some());
            let Some(what) = &one.wrong else { continue };
            wrong += 1;
            let variant = one.variant.as_ref().map(|variant| format!(", {variant}")).unwrap_or_default();
            let mark = styled(style::FAIL, "wrong");
            text += &format!("  {mark}  {}{variant}\n         {what}\n", one.case);
        }
    }
    let verdict = format!(
        "{}, {} of them, {wrong} wrong",
        counted(cases.len() as u64, "case"),
        counted(tried as u64, "variant")
    );
    let style = if wrong == 0 { style::PASS } else { style::FAIL };
    ui::result(&format!("{text}{}\n", styled(style, &verdict)))?;
    Ok(if wrong == 0 { Exit::Met } else { Exit::Unmet })
}
