//! Components that are cut off or damaged: never a panic, and never loaded as something else.

use std::panic::{AssertUnwindSafe, catch_unwind};

use evident_core::contract::Wasi;
use evident_core::outcome::FaultClass;
use evident_sandbox::{INTERFACE, reflect};
use evident_tests::{SANDBOX, beside_others, guest, hostile};

/// Pieces of chance that are the same in every run (Knuth, MMIX).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }
}

/// Refused with a class that says so, or loaded as a checker that reaches no further than the whole one.
fn load(bytes: &[u8], what: &dyn std::fmt::Display) {
    let loaded = catch_unwind(AssertUnwindSafe(|| SANDBOX.load(bytes, Wasi::None)));
    match loaded.unwrap_or_else(|_| panic!("{what}: a panic of the host")) {
        Ok(checker) => {
            assert!(checker.interfaces().exports.iter().any(|export| export == INTERFACE), "{what}");
            for import in &checker.interfaces().imports {
                assert!(import.starts_with("evident:checker/"), "{what}: {import}");
            }
        }
        Err(fault) => {
            assert!(matches!(fault.class, FaultClass::BadArtifact | FaultClass::Link), "{what}: {fault:?}");
            assert!(!fault.message.is_empty(), "{what}");
        }
    }
}

/// A small component at every byte: the names that are read first are those of the whole one, or none.
#[test]
fn a_small_component_cut_at_every_byte() {
    let _beside_others = beside_others();
    let whole = guest("foreign_import");
    let names = reflect(whole).unwrap();
    for length in 0..whole.len() {
        match reflect(&whole[..length]) {
            Ok(cut) => {
                assert!(names.imports.starts_with(&cut.imports), "{length}: {cut:?}");
                assert!(cut.exports.is_empty() || cut == names, "{length}: {cut:?}");
            }
            Err(fault) => assert_eq!(fault.class, FaultClass::BadArtifact, "{length}"),
        }
    }
}

/// The largest component that we have, 500 times with another damage: read each time, and every 23rd
/// time through compiler and linker, which takes a second where the damage is to no avail.
#[test]
fn a_large_component_cut_and_damaged() {
    const SEED: u64 = 20_261_122;
    let _beside_others = beside_others();
    let largest = evident_builtin::BUILTINS.iter().max_by_key(|builtin| builtin.bytes.len()).unwrap();
    let names = reflect(largest.bytes).unwrap();
    let mut dice = Dice(SEED);
    for run in 0..500 {
        let mut bytes = largest.bytes.to_vec();
        let at = dice.below(bytes.len());
        let what = match run % 4 {
            0 => {
                bytes.truncate(at);
                "cut"
            }
            1 => {
                bytes[at] ^= 1 << dice.below(8);
                "flipped"
            }
            2 => {
                let end = (at + 1 + dice.below(64)).min(bytes.len());
                bytes[at..end].fill(u8::try_from(dice.below(256)).unwrap());
                "painted over"
            }
            _ => {
                let end = (at + 1 + dice.below(64)).min(bytes.len());
                bytes.drain(at..end);
                "closed over a gap"
            }
        };
        let what = format!("seed {SEED}, run {run}: {what} at {at}");
        match reflect(&bytes) {
            Ok(read) => assert!(read.imports.len() <= names.imports.len() + 1, "{what}: {read:?}"),
            Err(fault) => assert_eq!(fault.class, FaultClass::BadArtifact, "{what}"),
        }
        // 23 and four have no divisor in common, so each kind of damage has its turn.
        if run % 23 == 0 {
            load(&bytes, &what);
        }
    }
}

/// Sections that no tool writes, cut at every byte behind the good ones.
#[test]
fn hostile_sections_cut_at_every_byte() {
    let _beside_others = beside_others();
    let good = guest(hostile::GOOD).len();
    for component in [hostile::nested_types(80), hostile::nested_components(40), hostile::instances(20)] {
        for length in good..component.len() {
            if let Err(fault) = reflect(&component[..length]) {
                assert_eq!(fault.class, FaultClass::BadArtifact, "{length}");
            }
        }
    }
}
