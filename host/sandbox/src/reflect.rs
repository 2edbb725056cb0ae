//! Reads what a component imports and exports, before anything of it is compiled.
//!
//! Imports are the exact list of what a component could ever touch, so they are the list of its
//! capabilities.

use evident_core::contract::Wasi;
use evident_core::defence::Defence;
use evident_core::outcome::FaultClass;
use wasmparser::{Encoding, Parser, Payload, Validator, WasmFeatures};

use crate::fault::{Refusal, refusal};
use crate::inert;
use crate::limits::{COMPONENT_BYTES_MAX, NESTING_MAX};
use crate::nesting;

/// The interface that a checker exports.
pub const INTERFACE: &str = "evident:checker/checker@0.1.0";

/// Interfaces of the world that a checker may import.
const WORLD_IMPORTS: &[&str] =
    &["evident:checker/evidence@0.1.0", "evident:checker/sink@0.1.0", "evident:checker/types@0.1.0"];

/// Names at the border of a component.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Interfaces {
    /// In the order of the component.
    pub imports: Vec<String>,
    /// In the order of the component.
    pub exports: Vec<String>,
}

/// Validates the bytes whole and lists imports and exports.
///
/// # Errors
/// `bad-artifact` for anything that is not a valid component, or has more than [`COMPONENT_BYTES_MAX`] bytes.
pub fn reflect(bytes: &[u8]) -> Result<Interfaces, Refusal> {
    reflect_within(bytes, COMPONENT_BYTES_MAX)
}

/// Refuses a component that is too large, before anything looks at its bytes.
pub(crate) fn check_size(bytes: &[u8], bytes_max: u64) -> Result<(), Refusal> {
    if bytes.len() as u64 <= bytes_max {
        return Ok(());
    }
    let message = format!("the component has {} bytes, at most {bytes_max} are loaded", bytes.len());
    Err(refusal(FaultClass::BadArtifact, message))
}

/// As [`reflect`], for an owner who raised the bound on the size.
///
/// # Errors
/// As [`reflect`].
pub fn reflect_within(bytes: &[u8], bytes_max: u64) -> Result<Interfaces, Refusal> {
    check_size(bytes, bytes_max)?;
    let bad = |what: String| refusal(FaultClass::BadArtifact, what);
    match Parser::new(0).parse_all(bytes).next() {
        Some(Ok(Payload::Version { encoding: Encoding::Component, .. })) => {}
        Some(Ok(Payload::Version { encoding: Encoding::Module, .. })) => {
            return Err(
                bad("a core module, not a component: `evident checker build` makes one of it".into()),
            );
        }
        _ if bytes.is_empty() => return Err(bad("the file is empty".into())),
        _ => return Err(bad("not WebAssembly: it does not begin with the magic bytes `\\0asm`".into())),
    }
    if Defence::Nesting.stands() {
        let bounded = nesting::is_bounded(bytes);
        if !bounded.map_err(|error| bad(format!("not a valid component: {error}")))? {
            return Err(bad(format!("its components or types are nested more than {NESTING_MAX} deep")));
        }
    }
    let validated = Validator::new_with_features(WasmFeatures::default()).validate_all(bytes);
    validated.map_err(|error| bad(format!("not a valid component: {error}")))?;
    let mut interfaces = Interfaces::default();
    let mut depth = 0_u32;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.map_err(|error| bad(format!("not a valid component: {error}")))? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    let import = import.map_err(|error| bad(error.to_string()))?;
                    interfaces.imports.push(import.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section {
                    let export = export.map_err(|error| bad(error.to_string()))?;
                    interfaces.exports.push(export.name.name.to_owned());
                }
            }
            _ => {}
        }
    }
    Ok(interfaces)
}

/// Refuses a component that imports more than its profile links, or is not a checker of this version.
pub(crate) fn admit(interfaces: &Interfaces, profile: Wasi) -> Result<(), Refusal> {
    let link = |message: String| Err(refusal(FaultClass::Link, message));
    let foreign: Vec<&str> = interfaces
        .imports
        .iter()
        .map(String::as_str)
        .filter(|import| !WORLD_IMPORTS.contains(import))
        .filter(|import| {
            profile == Wasi::None || !inert::PACKAGES.iter().any(|package| import.starts_with(package))
        })
        .collect();
    if Defence::Imports.stands() && !foreign.is_empty() {
        let inert_would_do = profile == Wasi::None
            && foreign.iter().all(|import| inert::PACKAGES.iter().any(|package| import.starts_with(package)));
        let hint =
            if inert_would_do { "; `wasi = \"inert\"` gives it a WASI without any effect" } else { "" };
        return link(format!(
            "imports {}, which the profile `{profile}` does not link{hint}",
            foreign.join(", ")
        ));
    }
    if interfaces.exports.iter().any(|export| export == INTERFACE) {
        return Ok(());
    }
    let other = interfaces.exports.iter().find(|export| export.starts_with("evident:checker/checker@"));
    match other {
        Some(other) => link(format!("exports `{other}`; this host speaks `{INTERFACE}`")),
        None => link(format!("does not export `{INTERFACE}`, so it is not a checker")),
    }
}
