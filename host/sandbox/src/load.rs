//! From bytes to a checker that can be called: validate, reflect, compile, link.

use evident_core::contract::Wasi;
use evident_core::outcome::FaultClass;
use wasmtime::component::Component;

use crate::abi::v0_1::CheckerComponentPre;
use crate::call::Checker;
use crate::engine::Sandbox;
use crate::fault::{Refusal, refusal};
use crate::reflect::{admit, reflect};

impl Sandbox {
    /// Makes a checker out of component bytes. Nothing of it runs yet. Takes about a second for each
    /// megabyte.
    ///
    /// # Errors
    /// `bad-artifact` for bytes that are no component, `link` for one that imports more than `profile`
    /// links or exports another interface; both name what is wrong.
    pub fn load(&self, bytes: &[u8], profile: Wasi) -> Result<Checker, Refusal> {
        let interfaces = reflect(bytes)?;
        admit(&interfaces, profile)?;
        let component = Component::from_binary(&self.engine, bytes)
            .map_err(|error| refusal(FaultClass::BadArtifact, format!("does not compile: {error:#}")))?;
        let link = |error: wasmtime::Error| refusal(FaultClass::Link, format!("does not link: {error:#}"));
        let pre = self.linker(profile).instantiate_pre(&component).map_err(link)?;
        let pre = CheckerComponentPre::new(pre).map_err(link)?;
        Ok(Checker::new(pre, profile, interfaces))
    }
}
