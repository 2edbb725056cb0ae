//! Guests that describe themselves wrong, and components that are not checkers: refused with the name of
//! what is wrong.

use evident_core::contract::Wasi;
use evident_core::outcome::FaultClass;
use evident_tests::{SANDBOX, guest, load};

fn described(name: &str) -> (FaultClass, String) {
    let fault = load(name).describe().unwrap_err();
    (fault.class, fault.message)
}

fn refused(name: &str, profile: Wasi) -> (FaultClass, String) {
    let Err(fault) = SANDBOX.load(guest(name), profile) else { panic!("`{name}` is loaded") };
    (fault.class, fault.message)
}

#[test]
pub(super) fn describe_panic() {
    let fault = load("describe_panic").describe().unwrap_err();
    assert_eq!(fault.class, FaultClass::Trap);
    assert_eq!(fault.message, "wasm trap: wasm `unreachable` instruction executed");
}

#[test]
pub(super) fn describe_id() {
    let message = "does not describe itself right: its id `../test-report` is not made of lower-case letters, digits and hyphens";
    assert_eq!(described("describe_id"), (FaultClass::CheckerError, message.into()));
}

#[test]
pub(super) fn describe_slot_twice() {
    let message = "does not describe itself right: its slot `file` is named twice or is not a name";
    assert_eq!(described("describe_slot_twice"), (FaultClass::CheckerError, message.into()));
}

#[test]
pub(super) fn describe_schema() {
    let message = "does not describe itself right: its config schema is not JSON: EOF while parsing an object at line 1 column 1";
    assert_eq!(described("describe_schema"), (FaultClass::CheckerError, message.into()));
}

#[test]
pub(super) fn describe_slots_many() {
    let message = "does not describe itself right: it has 33 slots, at most 32 are bound";
    assert_eq!(described("describe_slots_many"), (FaultClass::CheckerError, message.into()));
}

#[test]
pub(super) fn wrong_version() {
    let message = "exports `evident:checker/checker@0.2.0`; this host speaks `evident:checker/checker@0.1.0`";
    assert_eq!(refused("wrong_version", Wasi::None), (FaultClass::Link, message.into()));
}

#[test]
pub(super) fn other_world() {
    let message = "does not export `evident:checker/checker@0.1.0`, so it is not a checker";
    assert_eq!(refused("other_world", Wasi::None), (FaultClass::Link, message.into()));
}

#[test]
pub(super) fn foreign_import() {
    for profile in [Wasi::None, Wasi::Inert] {
        let message =
            format!("imports evil:corporation/backdoor@1.0.0, which the profile `{profile}` does not link");
        assert_eq!(refused("foreign_import", profile), (FaultClass::Link, message));
    }
}

#[test]
pub(super) fn sockets() {
    for profile in [Wasi::None, Wasi::Inert] {
        let message = format!(
            "imports wasi:sockets/instance-network@0.2.0, which the profile `{profile}` does not link"
        );
        assert_eq!(refused("sockets", profile), (FaultClass::Link, message));
    }
}

#[test]
pub(super) fn http() {
    for profile in [Wasi::None, Wasi::Inert] {
        let message = format!("imports wasi:http/types@0.2.0, which the profile `{profile}` does not link");
        assert_eq!(refused("http", profile), (FaultClass::Link, message));
    }
}
