//! The first-party checkers as component bytes. The build script makes them; no component is in git.

/// A checker that is part of the binary.
#[derive(Debug, Clone, Copy)]
pub struct Builtin {
    /// What contracts call it.
    pub name: &'static str,
    /// The component.
    pub bytes: &'static [u8],
}

/// Every first-party checker, in the order of their names.
pub const BUILTINS: &[Builtin] = include!(concat!(env!("OUT_DIR"), "/table.rs"));
