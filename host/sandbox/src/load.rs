//! From bytes to a checker that can be called: validate, reflect, compile or take from the cache, link.

use evident_core::contract::Wasi;
use evident_core::outcome::FaultClass;
use wasmtime::component::Component;

use crate::abi::v0_1::CheckerComponentPre;
use crate::cache::{Cache, Name};
use crate::call::Checker;
use crate::compile::{self, Compiler};
use crate::engine::Sandbox;
use crate::fault::{Refusal, refusal};
use crate::reflect::{Interfaces, admit, check_size, reflect_within};

impl Sandbox {
    /// Makes a checker out of component bytes. Nothing of it runs yet. Takes about a second for each
    /// megabyte, or a millisecond where its code is cached.
    ///
    /// # Errors
    /// `bad-artifact` for bytes that are not a component, `link` for one that imports more than `profile`
    /// links or exports another interface, `memory` and `deadline` for one that takes too much to compile;
    /// all name what is wrong.
    pub fn load(&self, bytes: &[u8], profile: Wasi) -> Result<Checker, Refusal> {
        let bytes_max = self.settings.ceilings.component_bytes;
        check_size(bytes, bytes_max)?;
        let cached = self.cache.as_deref().map(|cache| (cache, Name::of(bytes, profile, &self.engine)));
        if let Some(checker) = cached.and_then(|(cache, name)| self.load_cached(cache, name, profile)) {
            return Ok(checker);
        }
        let interfaces = reflect_within(bytes, bytes_max)?;
        admit(&interfaces, profile)?;
        let component = match (&self.settings.compiler, cached) {
            (Compiler::Here, None) => Component::from_binary(&self.engine, bytes).map_err(bad)?,
            (compiler, cached) => {
                let code = self.compile(compiler, bytes)?;
                let component = of_own_code(self, &code).map_err(bad)?;
                if let Some((cache, name)) = cached {
                    cache.put(name, &interfaces, &code);
                }
                component
            }
        };
        self.link(&component, interfaces, profile)
    }

    fn compile(&self, compiler: &Compiler, bytes: &[u8]) -> Result<Vec<u8>, Refusal> {
        match compiler {
            Compiler::Here => self.engine.precompile_component(bytes).map_err(bad),
            Compiler::Child { program } => compile::in_child(program, self.settings.compile_limits, bytes),
        }
    }

    /// The checker of an entry under its seal. One that is not of this engine after all is removed.
    fn load_cached(&self, cache: &Cache, name: Name, profile: Wasi) -> Option<Checker> {
        let entry = cache.get(name)?;
        let checker = of_own_code(self, entry.code())
            .map_err(bad)
            .and_then(|component| self.link(&component, entry.interfaces.clone(), profile));
        if checker.is_err() {
            cache.remove(name);
        }
        checker.ok()
    }

    fn link(&self, component: &Component, interfaces: Interfaces, profile: Wasi) -> Result<Checker, Refusal> {
        let link = |error: wasmtime::Error| refusal(FaultClass::Link, format!("does not link: {error:#}"));
        let pre = self.linker(profile).instantiate_pre(component).map_err(link)?;
        let pre = CheckerComponentPre::new(pre).map_err(link)?;
        Ok(Checker::new(self, pre, profile, interfaces))
    }
}

#[expect(clippy::needless_pass_by_value, reason = "is handed to `map_err`")]
fn bad(error: wasmtime::Error) -> Refusal {
    refusal(FaultClass::BadArtifact, format!("does not compile: {error:#}"))
}

/// Loads machine code that this host made.
#[expect(unsafe_code, reason = "compiled code cannot be checked, only sealed; this is the one place")]
fn of_own_code(sandbox: &Sandbox, code: &[u8]) -> wasmtime::Result<Component> {
    // SAFETY: wasmtime asks that the bytes come from its own `precompile_component`. Both callers see to
    // it: `load` has them from the compiler, in this process or through a pipe to a child that is this
    // program; `load_cached` has them from an entry whose keyed hash was taken over exactly these bytes
    // in memory, so the holder of the key, which is this host, wrote them there after compiling. Bytes
    // of a component never come here: what the caller of the sandbox hands over goes to the validator.
    // Nobody else writes to `code` meanwhile, it is memory of this process, and wasmtime copies it.
    unsafe { Component::deserialize(&sandbox.engine, code) }
}
