//! What is loaded, and how a refusal names what is wrong: nothing of a refused component ever runs.

use evident_core::contract::Wasi;
use evident_core::outcome::FaultClass;
use evident_sandbox::{COMPONENT_BYTES_MAX, INTERFACE, reflect};
use evident_tests::{SANDBOX, beside_others, guest, load};

const PREFIX_COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";
const PREFIX_MODULE: &[u8] = b"\0asm\x01\0\0\0";

#[track_caller]
fn refused(bytes: &[u8], class: FaultClass, message: &str) {
    let _beside_others = beside_others();
    for profile in [Wasi::None, Wasi::Inert] {
        let Err(fault) = SANDBOX.load(bytes, profile) else { panic!("loaded: {message}") };
        assert_eq!((fault.class, fault.message.as_str()), (class, message));
        assert_eq!((fault.last_words.as_str(), fault.guest_frames.len()), ("", 0), "nothing ran");
    }
}

#[test]
fn refused_with_the_name_of_what_is_missing() {
    let bad = FaultClass::BadArtifact;
    let no_wasm = "not WebAssembly: it does not begin with the magic bytes `\\0asm`";
    let module = "a core module, not a component: `evident checker build` makes one of it";
    refused(b"", bad, "the file is empty");
    refused(b"(component)", bad, no_wasm);
    refused(b"#!/bin/sh\nexit 0\n", bad, no_wasm);
    refused(&[0; 4096], bad, no_wasm);
    refused(PREFIX_MODULE, bad, module);
    refused(
        PREFIX_COMPONENT,
        FaultClass::Link,
        &format!("does not export `{INTERFACE}`, so it is not a checker"),
    );
    let size = COMPONENT_BYTES_MAX + 1;
    let large = vec![0; usize::try_from(size).unwrap()];
    refused(&large, bad, &format!("the component has {size} bytes, at most 67108864 are loaded"));
}

/// Code for this machine that somebody else compiled: never loaded, whatever it is called.
#[test]
fn precompiled_code_is_refused() {
    let beside_others = beside_others();
    let engine = wasmtime::Engine::default();
    let compiled = engine.precompile_component(guest("describe_id")).unwrap();
    drop(beside_others);
    let message = "not WebAssembly: it does not begin with the magic bytes `\\0asm`";
    refused(&compiled, FaultClass::BadArtifact, message);
}

/// A good component whose version is edited afterwards.
#[test]
fn another_version_is_refused() {
    let (ours, theirs): (&[u8], &[u8]) = (b"checker@0.1.0", b"checker@0.2.0");
    let mut bytes = guest("describe_id").to_vec();
    while let Some(at) = bytes.windows(ours.len()).position(|window| window == ours) {
        bytes[at..at + ours.len()].copy_from_slice(theirs);
    }
    let message = "exports `evident:checker/checker@0.2.0`; this host speaks `evident:checker/checker@0.1.0`";
    refused(&bytes, FaultClass::Link, message);
}

/// A component inside a component exports nothing for the outer one.
#[test]
fn a_nested_checker_is_no_checker() {
    let missing = format!("does not export `{INTERFACE}`, so it is not a checker");
    refused(&nested(guest("describe_id").to_vec()), FaultClass::Link, &missing);
    let deep = (0..10_000).fold(PREFIX_COMPONENT.to_vec(), |inner, _| nested(inner));
    let Err(fault) = SANDBOX.load(&deep, Wasi::None) else { panic!("loaded") };
    assert!(matches!(fault.class, FaultClass::Link | FaultClass::BadArtifact), "{fault:?}");
}

/// A component that holds another and nothing else.
fn nested(inner: Vec<u8>) -> Vec<u8> {
    const COMPONENT_SECTION: u8 = 4;
    let mut outer = PREFIX_COMPONENT.to_vec();
    outer.push(COMPONENT_SECTION);
    let mut size = inner.len();
    while size > 0x7f {
        outer.push(u8::try_from(size & 0x7f).unwrap() | 0x80);
        size >>= 7;
    }
    outer.push(u8::try_from(size).unwrap());
    outer.extend(inner);
    outer
}

/// Catches a download that broke off: every prefix is refused, but for one that lost nothing except
/// names behind the last export.
#[test]
fn truncated_at_every_byte() {
    let _beside_others = beside_others();
    let whole = guest("other_world");
    let expected = reflect(whole).unwrap();
    let mut accepted = 0;
    for length in 0..whole.len() {
        match reflect(&whole[..length]) {
            Err(fault) => {
                assert_eq!(fault.class, FaultClass::BadArtifact, "{length}");
                assert!(!fault.message.is_empty(), "{length}");
            }
            Ok(interfaces) => {
                assert!(interfaces.exports.is_empty() || interfaces == expected, "{length}: {interfaces:?}");
                accepted += 1;
            }
        }
    }
    assert!(accepted < 64, "only between two sections: {accepted}");
}

/// The same through compiler and linker, for a checker that would be accepted.
#[test]
fn truncated_checkers_are_not_loaded() {
    let whole = guest("describe_id");
    let expected = load("describe_id").interfaces().clone();
    let _beside_others = beside_others();
    let sample = (0..whole.len()).step_by(whole.len() / 199).chain(whole.len() - 64..whole.len());
    for length in sample {
        match SANDBOX.load(&whole[..length], Wasi::None) {
            Ok(checker) => assert_eq!(checker.interfaces(), &expected, "{length}"),
            Err(fault) => {
                assert!(matches!(fault.class, FaultClass::BadArtifact | FaultClass::Link), "{fault:?}");
            }
        }
    }
}

/// One flipped byte anywhere: refused, or a component that still cannot do more than its world.
#[test]
fn damaged_bytes_never_panic() {
    let _beside_others = beside_others();
    let whole = guest("other_world");
    for at in (0..whole.len()).step_by(7) {
        let mut bytes = whole.to_vec();
        bytes[at] ^= 0xff;
        if let Err(fault) = reflect(&bytes) {
            assert_eq!(fault.class, FaultClass::BadArtifact, "{at}");
        }
    }
}

/// What the built-in checkers could ever touch.
#[test]
fn built_in_checkers_import_nothing_but_the_world() {
    for builtin in evident_builtin::BUILTINS {
        let interfaces = reflect(builtin.bytes).unwrap();
        assert_eq!(interfaces.exports, [INTERFACE], "{}", builtin.name);
        for import in &interfaces.imports {
            assert!(import.starts_with("evident:checker/"), "{} imports {import}", builtin.name);
        }
    }
}
