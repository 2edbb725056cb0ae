//! The SDK for checkers written in Rust.
//!
//! A checker is one type that implements [`Checker`]: it describes itself and its slots, reads its
//! config, and judges the bound evidence. [`export!`] turns it into a WebAssembly component; the same
//! code runs natively in its own tests through [`testing`].
//!
//! What this crate never does: it collects nothing. A checker sees the artifacts bound to its slots
//! and nothing else; there is no file, clock, network, environment or randomness behind this API.
//!
//! ```
//! use evident_checker::{Checker, Config, Description, Error, Evidence, Outcome, Sink, Slot};
//!
//! struct NotEmpty;
//!
//! impl Checker for NotEmpty {
//!     type Settings = ();
//!     fn describe() -> Description {
//!         Description::new("not-empty", "0.1.0", "A file with at least one byte")
//!             .slot(Slot::new("file", "the file to look at"))
//!     }
//!     fn configure(_: &mut Config) {}
//!     fn check((): (), evidence: &Evidence, _: &mut dyn Sink) -> Result<Outcome, Error> {
//!         let size = evidence.one("file")?.info().size;
//!         Ok(Outcome::decide(size > 0, format!("{size} bytes")).examined(1, "files"))
//!     }
//! }
//! evident_checker::export!(NotEmpty);
//! ```

#[cfg(target_family = "wasm")]
pub mod component;
mod config;
mod description;
mod evidence;
mod judge;
#[cfg(all(target_family = "wasm", target_feature = "simd128"))]
mod memory;
mod outcome;
mod quantity;
mod sink;
pub mod testing;

pub use config::{Config, Problem};
pub use description::{Description, Read, Slot};
pub use evidence::{
    Artifact, Evidence, Exit, Info, Origin, OriginKind, READ_BYTES, ReadAt, ReadError, Reader,
};
pub use outcome::{Direction, Error, Finding, Location, Metric, Outcome, Reason, Severity, Status};
pub use quantity::{Quantity, QuantityError, UnitMismatch};
pub use sink::{AttachmentError, Level, Sink};

/// A checker: everything that the host asks of a component.
///
/// All three functions are called in a fresh instance, so nothing is kept between them.
pub trait Checker {
    /// The config after reading: typed, checked, defaults filled in.
    type Settings;

    /// Describes the checker: id, version, title and slots. The config schema is added from
    /// [`Checker::configure`]. Must answer the same at every call.
    fn describe() -> Description;

    /// Reads the config. Each call on `config` both declares a key (which makes the schema) and reads
    /// it; what is wrong is collected there, so the returned settings are only used when nothing is.
    fn configure(config: &mut Config) -> Self::Settings;

    /// Judges the evidence.
    ///
    /// # Errors
    /// [`Error::Inconclusive`] becomes an inconclusive outcome, [`Error::Broken`] the fault
    /// `checker-error`.
    fn check(settings: Self::Settings, evidence: &Evidence, sink: &mut dyn Sink) -> Result<Outcome, Error>;
}

/// Makes the component's exports out of a type that implements [`Checker`]. Does nothing in a native
/// build, where the type is used directly.
#[macro_export]
macro_rules! export {
    ($checker:ty) => {
        #[cfg(target_family = "wasm")]
        const _: () = {
            type Exported = $crate::component::Exported<$checker>;
    $crate::component::bindings::export_checker!(Exported with_types_in $crate::component::bindings);
        };
    };
}
