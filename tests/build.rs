//! Builds every guest of `tests/guests` to a component, and writes a table of them and a macro that
//! goes through their names: a guest without a test does not compile.

use std::collections::BTreeSet;
use std::env;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use evident_componentize::{Build, Built, build};

fn main() {
    let folder = |variable: &str| PathBuf::from(env::var_os(variable).expect("cargo sets it"));
    let tests = folder("CARGO_MANIFEST_DIR");
    let out = folder("OUT_DIR");
    for watched in ["guests/src", "guests/Cargo.toml", "../wit", "../plugins/sdk/src"] {
        println!("cargo::rerun-if-changed={}", tests.join(watched).display());
    }
    let manifest = tests.join("guests/Cargo.toml");
    let target_folder = out.join("guests");
    let built =
        build(Build { manifest: &manifest, arguments: &["--examples"], target_folder: &target_folder });
    match built {
        Ok(guests) => {
            refuse_forgotten(&tests.join("guests/src"), &guests);
            write_table(&out, &guests);
        }
        Err(error) => println!("cargo::error={}", error.to_string().replace('\n', "\ncargo::error=")),
    }
}

/// A file that `tests/guests/Cargo.toml` does not name would never be built, and nobody would miss it.
fn refuse_forgotten(sources: &Path, guests: &[Built]) {
    let built: BTreeSet<&str> = guests.iter().map(|guest| guest.name.as_str()).collect();
    for entry in fs::read_dir(sources).expect("the folder of the guests") {
        let path = entry.expect("readable").path();
        let name = path.file_stem().and_then(|stem| stem.to_str()).expect("a name in UTF-8");
        if name != "lib" && !built.contains(name) {
            println!("cargo::error=`{}` is not an example in tests/guests/Cargo.toml", path.display());
        }
    }
}

fn write_table(out: &Path, guests: &[Built]) {
    let mut table = String::from("&[\n");
    let mut names = String::new();
    for guest in guests {
        // Beside the table, so that a build folder can be moved.
        let file = format!("{}.wasm", guest.name);
        fs::write(out.join(&file), &guest.bytes).expect("the output folder is ours");
        writeln!(table, "Guest {{ name: {:?}, bytes: include_bytes!({file:?}) }},", guest.name)
            .expect("a string");
        writeln!(names, "$each!({});", guest.name).expect("a string");
    }
    table.push(']');
    fs::write(out.join("guests.rs"), table).expect("the output folder is ours");
    let each = format!(
        "/// Calls a macro with the name of each guest.\n#[macro_export]\nmacro_rules! foreach_guest {{\n\
         ($each:ident) => {{\n{names}}};\n}}\n"
    );
    fs::write(out.join("foreach.rs"), each).expect("the output folder is ours");
}
