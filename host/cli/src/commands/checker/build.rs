//! `evident checker build`: a Rust package becomes a component.

use std::fs;
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use evident_componentize as componentize;
use evident_core::contract::values::show_size;
use evident_engine::reflect;

use crate::exit::{Exit, UsageError};
use crate::ui;

/// Build a Rust checker to a component
#[derive(Debug, Args)]
pub(crate) struct Build {
    /// Folder of the package
    #[arg(default_value = ".", value_name = "FOLDER")]
    package: PathBuf,
    /// Where the component goes [default: FOLDER/target/NAME.wasm]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Build) -> anyhow::Result<Exit> {
    let manifest = arguments.package.join("Cargo.toml");
    if !manifest.is_file() {
        let missing = UsageError::new(format!("`{}` is not there", manifest.display()));
        return Err(missing.hint("name the folder of a Rust package").into());
    }
    let target_folder = arguments.package.join("target");
    let build = componentize::Build { manifest: &manifest, arguments: &[], target_folder: &target_folder };
    let components = componentize::build(build).map_err(|error| UsageError::new(error.to_string()))?;
    let several = components.len() > 1;
    for component in components {
        let output = match &arguments.output {
            Some(output) if !several => output.clone(),
            Some(_) => {
                return Err(
                    UsageError::new("`--output` names one file, and the package makes several").into()
                );
            }
            None => target_folder.join(format!("{}.wasm", component.name)),
        };
        fs::write(&output, &component.bytes)
            .with_context(|| format!("failed to write `{}`", output.display()))?;
        let interfaces = reflect(&component.bytes)
            .map_err(|fault| UsageError::new(format!("the component is refused: {}", fault.message)))?;
        let size = show_size(component.bytes.len() as u64);
        let imports = interfaces.imports.join(", ");
        ui::result(&format!("{} ({size}), imports {imports}\n", output.display()))?;
    }
    Ok(Exit::Met)
}
