//! The component interface, one module for each version of the WIT package. A new version is a new
//! module that converts to the host's types; an old one is never edited.

pub(crate) mod v0_1;
