//! The sandbox over any bytes as a component: refused with a class that says so, or loaded as a checker that
//! reaches nothing but its world.
//!
//! Nothing is judged by what was loaded: it only describes itself, under the limits of that.

use std::sync::LazyLock;

use evident_core::contract::Wasi;
use evident_core::outcome::FaultClass;
use evident_sandbox::{INTERFACE, Sandbox, reflect};

/// Bytes of a component that is compiled: more takes too long for a run of millions.
const LOAD_BYTES_MAX: usize = 64 * 1024;

static SANDBOX: LazyLock<Sandbox> = LazyLock::new(|| Sandbox::new().expect("WebAssembly runs here"));

/// Reads the names of a component, loads it and lets it describe itself.
///
/// # Panics
/// When what comes out cannot be right.
pub fn component(bytes: &[u8]) {
    let interfaces = match reflect(bytes) {
        Ok(interfaces) => interfaces,
        Err(fault) => {
            assert_eq!(fault.class, FaultClass::BadArtifact, "{fault:?}");
            assert!(!fault.message.is_empty(), "{fault:?}");
            return;
        }
    };
    assert_eq!(reflect(bytes).as_ref(), Ok(&interfaces), "the same bytes, other names");
    if bytes.len() > LOAD_BYTES_MAX {
        return;
    }
    match SANDBOX.load(bytes, Wasi::None) {
        Ok(checker) => {
            assert_eq!(checker.interfaces(), &interfaces, "compiled as something else");
            assert!(interfaces.exports.iter().any(|export| export == INTERFACE), "{interfaces:?}");
            let foreign = interfaces.imports.iter().find(|import| !import.starts_with("evident:checker/"));
            assert_eq!(foreign, None, "reaches beyond its world");
            // An answer or a fault: the limits hold in both.
            if let Err(fault) = checker.describe() {
                assert_ne!(fault.class, FaultClass::WorkerCrash, "{fault:?}");
                assert!(!fault.message.is_empty(), "{fault:?}");
            }
        }
        Err(fault) => {
            let is_refusal = matches!(fault.class, FaultClass::BadArtifact | FaultClass::Link);
            assert!(is_refusal && !fault.message.is_empty(), "{fault:?}");
        }
    }
}
