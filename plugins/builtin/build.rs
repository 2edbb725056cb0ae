//! Builds every first-party checker once, in a build folder of its own, and writes a table of them.

use std::env;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use evident_componentize::{Build, TEST_TARGET_VARIABLE, build};

/// Names of the checkers; each has a folder beside this one and a package `evident-NAME`.
const CHECKERS: &[&str] = &["benchmark", "changes", "screenshot", "test-report"];

fn main() {
    let plugins = folder("CARGO_MANIFEST_DIR").parent().expect("lies in `plugins`").to_owned();
    let root = plugins.parent().expect("lies in the workspace").to_owned();
    let out = folder("OUT_DIR");
    watch(&plugins, &root);
    let packages: Vec<String> = CHECKERS.iter().map(|name| format!("evident-{name}")).collect();
    let arguments: Vec<&str> = packages.iter().flat_map(|package| ["--package", package]).collect();
    let target_folder = out.join("components");
    let manifest = root.join("Cargo.toml");
    match build(Build { manifest: &manifest, arguments: &arguments, target_folder: &target_folder }) {
        Ok(components) => write_table(&out, &components),
        // One sentence, without a backtrace: what is wrong and what to do.
        Err(error) => println!("cargo::error={}", error.to_string().replace('\n', "\ncargo::error=")),
    }
}

fn folder(variable: &str) -> PathBuf {
    PathBuf::from(env::var_os(variable).expect("cargo sets it"))
}

fn watch(plugins: &Path, root: &Path) {
    for name in CHECKERS.iter().copied().chain(["patterns", "sdk"]) {
        println!("cargo::rerun-if-changed={}", plugins.join(name).join("src").display());
        println!("cargo::rerun-if-changed={}", plugins.join(name).join("Cargo.toml").display());
    }
    println!("cargo::rerun-if-changed={}", root.join("wit").display());
    println!("cargo::rerun-if-changed={}", root.join("Cargo.lock").display());
    println!("cargo::rerun-if-env-changed={TEST_TARGET_VARIABLE}");
}

fn write_table(out: &Path, components: &[evident_componentize::Built]) {
    let mut table = String::from("&[\n");
    for name in CHECKERS {
        let library = format!("evident_{}", name.replace('-', "_"));
        let built = components.iter().find(|built| built.name == library);
        let built = built.unwrap_or_else(|| panic!("`evident-{name}` made no component"));
        // Beside the table, so that a build folder can be moved.
        let file = format!("{name}.wasm");
        fs::write(out.join(&file), &built.bytes).expect("the output folder is ours");
        writeln!(table, "Builtin {{ name: {name:?}, bytes: include_bytes!({file:?}) }},").expect("a string");
    }
    table.push(']');
    fs::write(out.join("table.rs"), table).expect("the output folder is ours");
}
